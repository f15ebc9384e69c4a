//! The way between the pages of training.

use askama::Template;

use crate::ui::{components::html_safe, paths};

/// One of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// `/training`
    Overview,
    /// `/training/models`
    Models,
    /// `/training/costs`
    Costs,
    /// `/training/metrics`
    Metrics,
    /// `/training/registry`
    Registry,
}

impl Tab {
    /// In the order in which they are shown.
    const ALL: [Tab; 5] = [
        Tab::Overview,
        Tab::Models,
        Tab::Costs,
        Tab::Metrics,
        Tab::Registry,
    ];

    const fn label(self) -> &'static str {
        match self {
            Tab::Overview => "Overview",
            Tab::Models => "Models",
            Tab::Costs => "Costs",
            Tab::Metrics => "Metrics",
            Tab::Registry => "Registry",
        }
    }

    const fn href(self) -> &'static str {
        match self {
            Tab::Overview => paths::TRAINING,
            Tab::Models => paths::TRAINING_MODELS,
            Tab::Costs => paths::COSTS,
            Tab::Metrics => paths::TRAINING_METRICS,
            Tab::Registry => paths::TRAINING_REGISTRY,
        }
    }
}

/// The head of each of them: title, tabs, exports.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_tabs.html")]
pub struct Tabs {
    /// The page that is shown.
    current: Tab,
}

html_safe!(Tabs);

impl Tabs {
    /// On this page.
    pub const fn new(current: Tab) -> Self {
        Self { current }
    }
}

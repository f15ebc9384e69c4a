//! `/workspaces/{id}/graph`: which job of a run needs which.

mod layers;
mod present;

use askama::Template;

use super::head::Head;
use crate::ui::{
    components::{EmptyState, Opt, Tone, html_safe},
    frame::Frame,
};

pub(super) use present::Asked;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/graph.html")]
pub struct GraphPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/head`.
    pub head: Head,
    /// `/workspaces/{id}/graph`.
    pub action: String,
    /// The experiments to choose from.
    pub experiments: Vec<Opt>,
    /// The runs of the chosen one, the newest first.
    pub runs: Vec<Opt>,
    /// Part `/workspaces/{id}/graph/view`.
    pub view: Graph,
}

/// A job, or jobs of one task in one state.
#[derive(Debug, Clone)]
pub struct GraphNode {
    /// Where it leads.
    pub href: String,
    /// What its state looks like.
    pub tone: Tone,
    /// Its task.
    pub label: String,
    /// Its tags, or how many and in which state.
    pub detail: String,
    /// All of it, for who rests on it.
    pub title: String,
    /// Where its box begins.
    pub x: u32,
    /// From above.
    pub y: u32,
}

/// The picture.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_graph.html")]
pub struct Graph {
    /// `workspace:ID`.
    pub key: String,
    /// Where this very part is.
    pub src: String,
    /// `9 jobs, 8 dependencies`.
    pub count: String,
    /// What is not as one might think: that jobs stand together, that lines are missing.
    pub notes: Vec<String>,
    /// Where the lines are drawn; none where they are.
    pub ask: Option<String>,
    /// How wide the whole is.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// From what is needed to what needs it, as paths.
    pub edges: Vec<String>,
    /// The boxes.
    pub nodes: Vec<GraphNode>,
    /// Each state's colour.
    pub legend: Vec<(Tone, &'static str)>,
    /// Instead of a picture.
    pub empty: Option<EmptyState>,
}

html_safe!(Graph);

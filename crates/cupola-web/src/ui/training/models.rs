//! `/training/models`: a card for each model.

use askama::Template;

use super::{End, SaidText, Tabs};
use crate::ui::{
    components::{Badge, EmptyState, Link, Pager, Progress, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "training/models.html")]
pub struct Models {
    /// Around it.
    pub frame: Frame,
    /// Its head.
    pub tabs: Tabs,
    /// Part `/training/cards`.
    pub cards: ModelCards,
}

/// A model.
#[derive(Debug, Clone)]
pub struct ModelCard {
    /// Made of its key; what its row in the overview leads to.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// For people.
    pub description: String,
    /// Where it is, and why.
    pub badge: Badge,
    /// How that came to be known, unless it was measured.
    pub badge_mark: SaidText,
    /// How far it is; none where nobody knows.
    pub progress: Option<Progress>,
    /// How that came to be known, or why it is not.
    pub progress_mark: SaidText,
    /// When it ends.
    pub end: End,
    /// What else is known of it: name, value.
    pub facts: Vec<(&'static str, SaidText)>,
    /// What is wrong with its samples; empty when nothing is.
    pub problem: String,
    /// Where to go on: its latest run, its runs.
    pub links: Vec<Link>,
}

/// The cards.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_cards.html")]
pub struct ModelCards {
    /// Where this very page of the cards is.
    pub src: String,
    /// In the configuration's order.
    pub cards: Vec<ModelCard>,
    /// Where among them.
    pub pager: Pager,
    /// Instead of none.
    pub empty: Option<EmptyState>,
}

html_safe!(ModelCards);

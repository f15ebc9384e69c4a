//! `/runs`: all runs, those that a filter lets through, with any of their values.

mod asked;
mod routes;

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Id, Lasting, Link, Moment, Pager, html_safe},
    frame::Frame,
};

pub(super) use self::routes::routes;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/found.html")]
pub struct FoundPage {
    /// Around it.
    pub frame: Frame,
    /// What runs satisfy, as it was written.
    pub filter: String,
    /// What is shown of them, as it was written.
    pub columns: String,
    /// How they are sorted, to keep it while filtering.
    pub order: String,
    /// The experiments whose runs they are, to keep them as well.
    pub experiments: String,
    /// The words that may stand in a filter besides names.
    pub words: String,
    /// Part `/runs/list`.
    pub list: FoundList,
}

/// The header of a column.
#[derive(Debug, Clone)]
pub struct FoundColumn {
    /// `State`, `params.lr`.
    pub label: String,
    /// Where its sorting is.
    pub href: String,
    /// `ascending`, `descending`, or empty.
    pub sorted: &'static str,
    /// Whether its cells are numbers.
    pub is_numeric: bool,
    /// Whether somebody chose it: its label is then a name.
    pub is_chosen: bool,
}

/// What a run has in a column that was chosen.
#[derive(Debug, Clone)]
pub struct FoundCell {
    /// Short; a dash for nothing.
    pub text: String,
    /// Exactly; empty where the run has nothing.
    pub exact: String,
    /// Whether it is a number.
    pub is_numeric: bool,
    /// Whether it is a number that is none.
    pub is_lost: bool,
}

/// A run.
#[derive(Debug, Clone)]
pub struct FoundRow {
    /// Its id.
    pub id: Id,
    /// What its client calls it; empty for what workers run.
    pub name: String,
    /// Its experiment.
    pub experiment: Link,
    /// Its task.
    pub task: Link,
    /// Which attempt at the task it is.
    pub attempt: u32,
    /// Its state.
    pub badge: Badge,
    /// When its program started.
    pub started: Moment,
    /// How long it took, or has been taking.
    pub duration: Lasting,
    /// What it cost, or costs so far.
    pub cost: String,
    /// One for each chosen column.
    pub cells: Vec<FoundCell>,
}

/// The runs.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_found.html")]
pub struct FoundList {
    /// `68 runs`, `more than 50 runs`.
    pub count: String,
    /// Where this very list is, its query included.
    pub src: String,
    /// What is wrong with what was asked for.
    pub errors: Vec<String>,
    /// The headers, in the order of the cells.
    pub columns: Vec<FoundColumn>,
    /// The rows.
    pub rows: Vec<FoundRow>,
    /// Where in the list.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
    /// Filters to begin with, where nothing is found.
    pub examples: Vec<Link>,
    /// The query by which just these runs are exported.
    pub exported: String,
}

html_safe!(FoundList);

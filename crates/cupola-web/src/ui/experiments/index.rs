//! `/experiments`: every experiment that no brief made.

use askama::Template;

use crate::ui::{
    components::{Badge, Column, EmptyState, Link, Moment, Opt, Pager, StackedBar, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// What is searched for; empty for all.
    pub search: String,
    /// The states to choose from, all of them first.
    pub states: Vec<Opt>,
    /// The origins to choose from, all of them first.
    pub origins: Vec<Opt>,
    /// How the list is sorted, to keep it while filtering.
    pub sort: &'static str,
    /// `asc` or `desc`.
    pub order: &'static str,
    /// Whether there may be new ones.
    pub may_make: bool,
    /// Part `/experiments/list`.
    pub list: List,
}

/// The run that was made last.
#[derive(Debug, Clone)]
pub struct LastRun {
    /// Its state.
    pub badge: Badge,
    /// When it came to that.
    pub at: Moment,
    /// Its page.
    pub href: String,
}

/// An experiment.
#[derive(Debug, Clone)]
pub struct ExperimentRow {
    /// Its id.
    pub id: String,
    /// Its name, with its page.
    pub name: Link,
    /// What it runs.
    pub template: String,
    /// Where it came from.
    pub origin: &'static str,
    /// Its tasks.
    pub bar: StackedBar,
    /// `7 / 10`.
    pub progress: String,
    /// The run that was made last.
    pub last: Option<LastRun>,
    /// When it was edited last.
    pub updated: Moment,
    /// Whether it may be changed by who looks.
    pub may_change: bool,
    /// Whether it may be started, edited and cloned as well: what is logged may not.
    pub may_start: bool,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/_list.html")]
pub struct List {
    /// `2 experiments`.
    pub count: String,
    /// Where this very list is, its query included.
    pub src: String,
    /// The headers, in the order of the cells.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<ExperimentRow>,
    /// Where in the list.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(List);

impl ExperimentRow {
    /// One of its routes.
    pub fn at(&self, part: &str) -> String {
        format!("{}{part}", self.name.href)
    }
}

//! `/workspaces/{id}/jobs`: the jobs of a run or of all, those that a filter lets through.

mod asked;

use askama::Template;

use super::head::Head;
use crate::ui::{
    components::{
        Badge, Chips, Column, EmptyState, Lasting, Link, Moment, Opt, Pager, Progress, html_safe,
    },
    frame::Frame,
};

pub(in crate::ui) use asked::columns;
pub(super) use asked::{Asked, words};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/jobs.html")]
pub struct JobsPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/head`.
    pub head: Head,
    /// `/workspaces/{id}/jobs`.
    pub action: String,
    /// What jobs satisfy, as it was written.
    pub filter: String,
    /// The words that may stand in a filter.
    pub words: &'static str,
    /// The experiments to choose from, all of them first.
    pub experiments: Vec<Opt>,
    /// The runs of the chosen experiment, the newest first; none while none is chosen.
    pub runs: Vec<Opt>,
    /// How the list is sorted, to keep it while filtering.
    pub sort: &'static str,
    /// `asc` or `desc`.
    pub order: &'static str,
    /// Part `/workspaces/{id}/jobs/list`.
    pub list: Jobs,
}

/// What is said of the run whose jobs these are.
#[derive(Debug, Clone)]
pub struct OfRun {
    /// Its experiment and its own name.
    pub name: String,
    /// How far it is.
    pub badge: Badge,
    /// `7 of 9 done, 1 failed`.
    pub jobs: String,
    /// Where it runs, what could not be read of it.
    pub notes: Vec<String>,
    /// Which of its jobs needs which.
    pub graph: String,
    /// What can be done with it; none for who may not.
    pub actions: Vec<Link>,
}

/// A job.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// A key for the row.
    pub key: String,
    /// Its state.
    pub badge: Badge,
    /// How far it is, while it runs and says so.
    pub progress: Option<Progress>,
    /// What it does: the last part of the name leads to its page.
    pub task: Link,
    /// The whole name.
    pub task_name: String,
    /// What its hash begins with.
    pub id: String,
    /// What people call it by.
    pub tags: Vec<(String, String)>,
    /// When it was given to its experiment.
    pub submitted: Moment,
    /// How long it took, or takes.
    pub duration: Lasting,
    /// What it took.
    pub co2: String,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_jobs.html")]
pub struct Jobs {
    /// `workspace:ID`.
    pub key: String,
    /// Where this very list is, its query included.
    pub src: String,
    /// What is wrong with the filter.
    pub error: String,
    /// The run that they are of, when one was chosen.
    pub of: Option<OfRun>,
    /// All, then each state that any has, and how many jobs these are.
    pub chips: Chips,
    /// The headers, in the order of the cells.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<JobRow>,
    /// Where in the list.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(Jobs);

//! `/tasks/{id}`: what a task is, what it gave, how often it was tried.

use askama::Template;

use crate::ui::{
    components::{Badge, ConfigTable, Id, Lasting, Link, Measure, Moment, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "tasks/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/tasks/{id}/header`.
    pub header: Header,
    /// Part `/tasks/{id}/result`.
    pub outcome: Outcome,
    /// Part `/tasks/{id}/attempts`.
    pub attempts: Attempts,
    /// The sampled fields.
    pub config: ConfigTable,
}

/// What a task is.
#[derive(Debug, Clone, Template)]
#[template(path = "tasks/_header.html")]
pub struct Header {
    /// `task:ID`, and the family's while it waits.
    pub key: String,
    /// `/tasks/{id}/header`.
    pub src: String,
    /// Its id.
    pub id: Id,
    /// Its place in its family.
    pub number: u32,
    /// Its state.
    pub badge: Badge,
    /// Why nobody takes it as things are; empty when somebody could.
    pub obstacle: String,
    /// `training`.
    pub kind: &'static str,
    /// Its family.
    pub family: Link,
    /// What it runs.
    pub template: String,
    /// Higher is leased first.
    pub priority: i64,
    /// How long it may take.
    pub time_budget: String,
    /// `[48]`.
    pub seeds: String,
    /// Who has or had it.
    pub worker: Option<Link>,
    /// The hash of its code; empty before it was leased.
    pub code_hash: String,
    /// `1 core, 1.0 GiB memory`.
    pub needs: String,
    /// When it was made.
    pub created: Moment,
    /// The run that counts.
    pub run: Id,
    /// Where it is cancelled; none when it ended or for who may not.
    pub cancellation: Option<Link>,
    /// Where it is tried again (by `POST`); none unless it failed or was cancelled.
    pub retry: Option<String>,
}

/// What a task gave.
#[derive(Debug, Clone, Template)]
#[template(path = "tasks/_result.html")]
pub struct Outcome {
    /// `task:ID`, and the family's while it waits.
    pub key: String,
    /// `/tasks/{id}/result`.
    pub src: String,
    /// Whether there is something to show.
    pub has_ended: bool,
    /// Whether it ended with a result.
    pub is_success: bool,
    /// Why not.
    pub reason: String,
    /// The objective's name.
    pub metric: String,
    /// The objective.
    pub value: Measure,
    /// Who ran it.
    pub worker: Option<Link>,
    /// From start to end.
    pub duration: Lasting,
    /// Where the values came from.
    pub provenance: Option<Badge>,
    /// When it ended.
    pub completed: Moment,
    /// Result key → value.
    pub metrics: ConfigTable,
}

/// One attempt at a task.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// The run.
    pub run: Id,
    /// Its state.
    pub badge: Badge,
    /// Who has or had it.
    pub worker: Option<Link>,
    /// When its program started.
    pub started: Moment,
    /// How long it took, or takes.
    pub duration: Lasting,
    /// Whether it is the run that the page shows.
    pub is_current: bool,
}

/// The attempts at a task; also part of a run's page, which leads to the others.
#[derive(Debug, Clone, Template)]
#[template(path = "tasks/_attempts.html")]
pub struct Attempts {
    /// `task:ID`, and the family's while it waits.
    pub key: String,
    /// `/tasks/{id}/attempts` or `/runs/{id}/attempts`.
    pub src: String,
    /// The latest first.
    pub rows: Vec<Attempt>,
}

html_safe!(Header, Outcome, Attempts);

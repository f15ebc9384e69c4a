//! `/workers/{id}`: a machine and what it runs.

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Id, Lasting, Link, Measure, Moment, html_safe},
    frame::Frame,
    runs::Curves,
    verification::OwnerRow,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workers/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/workers/{id}/header`.
    pub header: Header,
    /// Part `/workers/{id}/curves`: what it measures of its machine.
    pub curves: Curves,
    /// Part `/workers/{id}/runs`.
    pub runs: Runs,
}

/// What a worker is.
#[derive(Debug, Clone, Template)]
#[template(path = "workers/_header.html")]
pub struct Header {
    /// `worker:ID`, and the lists by which it is heard that its slots are used.
    pub key: String,
    /// `/workers/{id}/header`.
    pub src: String,
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What its heartbeats say.
    pub badge: Badge,
    /// What it measured of its machine and said of itself: name, value.
    pub facts: Vec<(&'static str, String)>,
    /// What is said of a copy of it that was refused; empty where there was none.
    pub rival: String,
    /// What it earned: in all, and in the last seven days.
    pub earned: (String, String),
    /// Whose it is and how far they are trusted; none of the hub's own.
    pub standing: Option<OwnerRow>,
    /// Who it belongs to.
    pub owner: String,
    /// What its token is called.
    pub token: String,
    /// That its owner is banned, and why.
    pub ban: Option<Badge>,
    /// Who drains it, and since when.
    pub drained: Option<(String, Moment)>,
    /// `2 of 4 in use`.
    pub slots: String,
    /// When it first joined.
    pub registered: Moment,
    /// The last sign of life.
    pub last_seen: Moment,
    /// Where it is drained, or, where it is, let work again (by `POST`); none for who may not.
    pub drain: Option<(Link, bool)>,
    /// Where it is removed; none for who may not.
    pub removal: Option<Link>,
}

/// A run of a worker.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// The run.
    pub run: Id,
    /// Its state.
    pub badge: Badge,
    /// Its task's number and family.
    pub task: Link,
    /// The family.
    pub family: Link,
    /// The objective.
    pub value: Measure,
    /// When its program started.
    pub started: Moment,
    /// How long it took, or takes.
    pub duration: Lasting,
}

/// What a worker runs and ran.
#[derive(Debug, Clone, Template)]
#[template(path = "workers/_runs.html")]
pub struct Runs {
    /// The same, and `run:ID` of each current run.
    pub keys: String,
    /// `/workers/{id}/runs`.
    pub src: String,
    /// The current ones.
    pub current: Vec<RunRow>,
    /// The last ones, the latest first.
    pub last: Vec<RunRow>,
    /// Instead of two empty tables.
    pub empty: Option<EmptyState>,
}

html_safe!(Header, Runs);

impl Runs {
    /// Both lists with their titles.
    pub fn groups(&self) -> [(&'static str, &[RunRow]); 2] {
        [("Current runs", &self.current), ("Last runs", &self.last)]
    }
}

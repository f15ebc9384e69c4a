//! `/runs/{id}`: one attempt, live.

use askama::Template;

use crate::ui::{
    components::{Badge, Id, Lasting, Link, Measure, Moment, html_safe},
    frame::Frame,
    runs::{Artifacts, Curves, Environment, Hardware, LevelBar, Log, Results, Stopping},
    tasks::Attempts,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/runs/{id}/header`.
    pub header: Header,
    /// Part `/runs/{id}/curves`.
    pub curves: Curves,
    /// Part `/runs/{id}/hardware`.
    pub hardware: Hardware,
    /// Loads what comes before and after from `/runs/{id}/log`.
    pub log: Log,
    /// Part `/runs/{id}/results`.
    pub results: Results,
    /// Part `/runs/{id}/artifacts`.
    pub artifacts: Artifacts,
    /// Part `/runs/{id}/environment`.
    pub environment: Environment,
    /// Part `/runs/{id}/attempts`.
    pub attempts: Attempts,
}

/// What a run costs.
#[derive(Debug, Clone)]
pub struct CostFigure {
    /// Whether there may be more.
    pub label: &'static str,
    /// How much.
    pub amount: String,
    /// How that comes.
    pub detail: String,
}

/// What a run is and how far it is.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_header.html")]
pub struct Header {
    /// `run:ID`, and the family's while it waits.
    pub key: String,
    /// `/runs/{id}/header`.
    pub src: String,
    /// Its id.
    pub id: Id,
    /// What the client that logs it calls it; empty for others.
    pub name: String,
    /// Whether a client logs it, and no worker runs it.
    pub is_logged: bool,
    /// Its state, with what that leaves out.
    pub badge: Badge,
    /// What checks found of its result, and where the evidence is; none where nobody looked.
    pub proof: Option<(Badge, String)>,
    /// Where somebody asks for a check; none where that cannot be or for who may not.
    pub check: Option<String>,
    /// How far it says it is, level by level; none unless it runs.
    pub levels: Vec<LevelBar>,
    /// `37 %` of the whole; empty where one level says it.
    pub overall: String,
    /// How long it takes yet, at the rate that was measured.
    pub ends: Option<Lasting>,
    /// `, between 4 min and 7 min`, with four chances in five; empty while that is unknown.
    pub ends_range: String,
    /// Why it waits, where nobody could take it; empty where somebody could.
    pub obstacle: String,
    /// How stopping it goes on.
    pub stopping: Option<Stopping>,
    /// How long it took, or takes.
    pub duration: Lasting,
    /// How long it may take.
    pub time_budget: String,
    /// What it cost, or costs so far; none of one that no worker had.
    pub cost: Option<CostFigure>,
    /// What it attempts.
    pub task: Link,
    /// What that belongs to.
    pub family: Link,
    /// From 1.
    pub attempt: u32,
    /// Who has or had it.
    pub worker: Option<Link>,
    /// The hash of the code it runs, whole.
    pub code_hash: String,
    /// When its program started.
    pub started: Moment,
    /// When it ended.
    pub finished: Moment,
    /// The objective's name.
    pub metric: String,
    /// The objective, once there.
    pub value: Measure,
    /// Where it is cancelled; none when it ended or for who may not.
    pub cancellation: Option<Link>,
    /// Where it is run again; none before it ended or for who may not.
    pub retry: Option<String>,
    /// Where it is compared with the other runs of its experiment.
    pub comparison: String,
    /// Where its files become a version of a model; none without files or for who may not.
    pub promotion: Option<String>,
    /// Where an experiment is made of what it ran with; none for who may not.
    pub clone: Option<String>,
}

html_safe!(Header);

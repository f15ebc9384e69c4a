//! `/experiments/{id}`: what it is, how it is set, and what came of it.

use askama::Template;

use crate::ui::{
    components::{
        Badge, CodeBlock, ConfigTable, EmptyState, Id, Lasting, Link, Measure, Moment, Pager,
        Progress, StackedBar, html_safe,
    },
    frame::Frame,
    reports::ReportOffer,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/experiments/{id}/header`.
    pub header: Header,
    /// Part `/experiments/{id}/runs`.
    pub runs: Runs,
    /// Part `/experiments/{id}/setup`.
    pub setup: SetupCard,
    /// What is compared while no runs are chosen: the experiment.
    pub comparable: String,
}

/// Name, state, what can be done, and the facts.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/_header.html")]
pub struct Header {
    /// What changes it.
    pub key: String,
    /// Its own route.
    pub src: String,
    /// Its id.
    pub id: Id,
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub badge: Badge,
    /// In its author's words, lines kept; may be empty.
    pub description: String,
    /// What it runs.
    pub template: String,
    /// Why it cannot be started as it is; empty when it can.
    pub hindrance: String,
    /// The hash of the code when it was made or edited last.
    pub code_hash: String,
    /// The hash of the template's code now, where that is another.
    pub code_hash_now: String,
    /// The device class that its tasks keep to; empty while they may run anywhere.
    pub device_class: String,
    /// Where it came from.
    pub origin: &'static str,
    /// `val_bpb, lower is better`; empty without one.
    pub objective: String,
    /// Who made it.
    pub author: String,
    /// When.
    pub created: Moment,
    /// When somebody last edited it.
    pub updated: Moment,
    /// `name=value`.
    pub tags: Vec<String>,
    /// Its tasks.
    pub bar: StackedBar,
    /// Why what waits is not taken; empty when some worker could.
    pub obstacle: String,
    /// What it cost so far; empty where nothing ran.
    pub cost: String,
    /// Whether it may be changed by who looks.
    pub may_change: bool,
    /// A button that writes a report on it.
    pub report: ReportOffer,
    /// Whether it may be edited and cloned as well: what is logged may not.
    pub may_edit: bool,
    /// Where what is left is cancelled; none when nothing is, or for who may not.
    pub cancellation: Option<Link>,
}

/// How its next run is set.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/_setup.html")]
pub struct SetupCard {
    /// What changes it.
    pub key: String,
    /// Its own route.
    pub src: String,
    /// Each value by its path.
    pub config: ConfigTable,
    /// The whole, to be copied.
    pub json: CodeBlock,
    /// How long a run may take.
    pub time_budget: String,
    /// `its own for each run`, or the number.
    pub seed: String,
    /// Higher is leased first.
    pub priority: i64,
    /// Where the program starts; empty for the run's own folder.
    pub working_folder: String,
    /// What a worker must have.
    pub needs: String,
    /// Variables for the program.
    pub environment: ConfigTable,
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunLine {
    /// Its id.
    pub id: Id,
    /// `task 3`, and which attempt when there was one before.
    pub task: Link,
    /// From 1.
    pub attempt: u32,
    /// Its state, and what it waits for.
    pub badge: Badge,
    /// When its program started.
    pub started: Moment,
    /// When it ended.
    pub finished: Moment,
    /// How long it took, or takes.
    pub duration: Lasting,
    /// What it cost, or costs so far.
    pub cost: String,
    /// How far it is, while it runs.
    pub progress: Option<Progress>,
    /// The objective.
    pub value: Measure,
}

impl RunLine {
    /// A place on its page.
    pub fn at(&self, fragment: &str) -> String {
        format!("{}#{fragment}", self.id.href)
    }
}

/// The runs.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/_runs.html")]
pub struct Runs {
    /// What changes it: the experiment, and each run that goes on.
    pub key: String,
    /// Its own route, with its page.
    pub src: String,
    /// `3 runs`.
    pub count: String,
    /// The objective's name; empty without one.
    pub metric: String,
    /// The latest first.
    pub rows: Vec<RunLine>,
    /// Where in the list.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(Header, SetupCard, Runs);

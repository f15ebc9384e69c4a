//! `/training`: counters, the models with how far they are, the runs that train them.

use askama::Template;

use super::{End, SaidText, Tabs};
use crate::ui::{
    components::{Badge, EmptyState, Id, Lasting, Link, Moment, Pager, Progress, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "training/overview.html")]
pub struct Overview {
    /// Around it.
    pub frame: Frame,
    /// Its head.
    pub tabs: Tabs,
    /// Part `/training/summary`.
    pub summary: Summary,
    /// Part `/training/table`.
    pub models: ModelTable,
    /// Part `/training/runs`.
    pub runs: RunTable,
}

/// The counters.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_summary.html")]
pub struct Summary {
    /// What all runs cost since the hub was started.
    pub cost: SaidText,
    /// What that goes by now: `0.24 USD an hour now`.
    pub rate: String,
    /// Models that have completed.
    pub completed: String,
    /// Of how many.
    pub total: String,
    /// Models that are being trained.
    pub in_progress: String,
    /// The others: `3 pending, 1 failed`.
    pub others: String,
    /// When the last of them ends.
    pub end: End,
    /// How long the hub has been up.
    pub elapsed: Lasting,
    /// Since when.
    pub started: Moment,
}

/// A model.
#[derive(Debug, Clone)]
pub struct ModelRow {
    /// Made of its key.
    pub id: String,
    /// Its name, leading to where it is shown alone.
    pub name: Link,
    /// Its key, where that is not its name.
    pub key: String,
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
    /// For how long it was trained.
    pub hours: SaidText,
    /// What it cost.
    pub cost: SaidText,
    /// What an hour costs now.
    pub rate: SaidText,
    /// How many samples it is trained with.
    pub samples: SaidText,
}

/// The models.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_table.html")]
pub struct ModelTable {
    /// Where this very page of the table is.
    pub src: String,
    /// `5 models`.
    pub count: String,
    /// In the configuration's order.
    pub rows: Vec<ModelRow>,
    /// Where in the table.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

/// A run that somebody has now.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// The run.
    pub run: Id,
    /// What its client calls it, or its task.
    pub name: String,
    /// The experiment's name.
    pub experiment: String,
    /// The model that it trains; empty where nobody said.
    pub model: String,
    /// Who has it.
    pub worker: Option<Link>,
    /// Its state.
    pub badge: Badge,
    /// How far it says it is.
    pub progress: Progress,
    /// In its words.
    pub message: String,
    /// The machine's GPUs.
    pub gpu: SaidText,
    /// What it cost so far.
    pub cost: SaidText,
    /// At what an hour.
    pub rate: String,
    /// How long it has been running.
    pub lasting: Lasting,
    /// How fast it is, and what else there is to say.
    pub note: String,
}

/// The runs.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_runs.html")]
pub struct RunTable {
    /// The latest first.
    pub rows: Vec<RunRow>,
    /// What the rows leave out; empty when nothing.
    pub more: String,
}

html_safe!(Summary, ModelTable, RunTable);

//! `/`: what there is, what runs, what came of it.

mod routes;

use askama::Template;
use cupola_domain::counts::{Counts, State};

use crate::ui::{
    components::{
        Badge, EmptyState, Id, Link, Measure, Moment, Progress, StackedBar, Tone, html_safe,
    },
    format,
    frame::Frame,
};

pub(crate) use routes::routes;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "home/show.html")]
pub struct Home {
    /// Around it.
    pub frame: Frame,
    /// Part `/overview/stats`.
    pub stats: Stats,
    /// Part `/overview/running`.
    pub running: Running,
    /// Part `/overview/latest`.
    pub latest: Latest,
    /// Part `/overview/best`.
    pub best: Best,
}

/// A state's count.
#[derive(Debug, Clone)]
pub struct StateCount {
    /// `running`.
    pub word: &'static str,
    /// Its colour.
    pub tone: Tone,
    /// How many.
    pub count: String,
    /// The tasks in that state.
    pub href: String,
}

/// The counters.
#[derive(Debug, Clone, Template)]
#[template(path = "home/_stats.html")]
pub struct Stats {
    /// Heard of just now.
    pub workers_online: String,
    /// All.
    pub workers_total: String,
    /// One for each state; they sum to the total.
    pub states: Vec<StateCount>,
    /// All tasks.
    pub tasks_total: String,
    /// The same as a bar.
    pub bar: StackedBar,
    /// How many families.
    pub families: String,
    /// How many briefs.
    pub briefs: String,
}

/// A run that runs.
#[derive(Debug, Clone)]
pub struct RunningRow {
    /// The run.
    pub run: Id,
    /// `running`, with what it leaves out.
    pub badge: Badge,
    /// Its task's number in the family.
    pub task: Link,
    /// The family.
    pub family: Link,
    /// Who has it.
    pub worker: Option<Link>,
    /// How far it says it is.
    pub progress: Progress,
    /// In its words.
    pub message: String,
    /// When its program started.
    pub started: Moment,
}

/// The runs that run.
#[derive(Debug, Clone, Template)]
#[template(path = "home/_running.html")]
pub struct Running {
    /// Keys of the live stream: `tasks`, `families`, and `run:ID` of each row.
    pub keys: String,
    /// The latest first.
    pub rows: Vec<RunningRow>,
    /// What the rows leave out: `and 12 more`; empty when nothing.
    pub more: String,
    /// Instead of an empty table while there is no brief: what to do first.
    pub empty: Option<EmptyState>,
}

/// A task that ended.
#[derive(Debug, Clone)]
pub struct LatestRow {
    /// The task.
    pub task: Id,
    /// The family.
    pub family: Link,
    /// How it ended.
    pub badge: Badge,
    /// The objective's name.
    pub metric: String,
    /// The objective.
    pub value: Measure,
    /// When.
    pub finished: Moment,
}

/// The tasks that ended last.
#[derive(Debug, Clone, Template)]
#[template(path = "home/_latest.html")]
pub struct Latest {
    /// The latest first.
    pub rows: Vec<LatestRow>,
    /// While there is no brief.
    pub is_hidden: bool,
}

/// A family and its best.
#[derive(Debug, Clone)]
pub struct BestRow {
    /// The family.
    pub family: Link,
    /// The brief's title.
    pub brief: Link,
    /// Its state.
    pub badge: Badge,
    /// How far it is.
    pub bar: StackedBar,
    /// The objective's name, with which way is better: `val_bpb ↓`.
    pub metric: String,
    /// The best so far.
    pub best: Measure,
    /// Whose that is.
    pub task: Option<Id>,
}

/// The best of the latest families.
#[derive(Debug, Clone, Template)]
#[template(path = "home/_best.html")]
pub struct Best {
    /// The latest first.
    pub rows: Vec<BestRow>,
    /// While there is no brief.
    pub is_hidden: bool,
}

html_safe!(Stats, Running, Latest, Best);

impl Stats {
    /// From the counts.
    pub fn new(online: u64, workers: u64, tasks: &Counts, families: u64, briefs: u64) -> Self {
        let state = |state: State| StateCount {
            word: state.as_str(),
            tone: state.into(),
            count: format::count(tasks.of(state)),
            href: format!("/tasks?state={state}"),
        };
        Self {
            workers_online: format::count(online),
            workers_total: format::count(workers),
            states: State::ALL.into_iter().map(state).collect(),
            tasks_total: format::count(tasks.total()),
            bar: StackedBar::new(tasks),
            families: format::count(families),
            briefs: format::count(briefs),
        }
    }
}

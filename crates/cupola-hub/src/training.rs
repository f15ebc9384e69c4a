//! Training as it is now: which models are trained, how far each is, what it costs.
//!
//! Everybody who asks shares one snapshot (`Hub::training`). It is made anew when something changed,
//! and only what changed is looked for again, so that a thousand models and any number of readers
//! cost little. What nobody measured says so: see [`Said`].

mod changes;
mod composed;
mod exported;
mod hours;
mod keeper;
mod known;
mod machines;
mod spending;
mod standing;

use std::collections::HashMap;

use cupola_domain::{
    cost::Money,
    counts::State,
    ids::{ModelId, RunId, WorkerId},
    metric::Throughput,
    model::{DeploymentStatus, Stage},
    run::Run,
    time::Timestamp,
    training::{DataFile, TrainingModel},
};

pub use cupola_domain::progress::Estimate;
pub use hours::{HoursOfMachines, HoursOfSpeed, Load, LossAt, Rates};
pub(crate) use keeper::Keeper;
pub use machines::{Machines, Used};

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// When it was so.
    pub at: Timestamp,
    /// Sums since the hub was started.
    pub session: Session,
    /// The models in the configuration's order, then those that only runs name, by key.
    pub models: Vec<ModelInTraining>,
    /// The runs that somebody has now, the latest first, at most [`RUNS_MAX`].
    pub runs: Vec<RunInTraining>,
}

/// So many runs are told of one by one.
pub const RUNS_MAX: usize = 500;

/// What happened since the hub was started, and what goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Session {
    /// When the hub was started.
    pub started: Timestamp,
    /// What was measured of all runs since then; none where something ran whose price nobody knows
    /// and nothing whose price is known.
    pub cost: Option<Money>,
    /// What an hour costs as things are now; none where nothing is known of what runs.
    pub hourly_now: Option<Money>,
    /// What an hour of all models together is planned to cost.
    pub planned_hourly: Money,
    /// Models that have completed.
    pub completed: u32,
    /// Models that are being trained.
    pub in_progress: u32,
    /// Models that wait.
    pub pending: u32,
    /// Models whose training failed.
    pub failed: u32,
    /// Models whose training was stopped.
    pub cancelled: u32,
    /// When the last of the models in progress ends; none while that is not known of one of them.
    pub estimated_end: Option<Estimate>,
}

/// A value, and how it came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// How it came to be known.
    pub basis: Basis,
}

/// How a value came to be known: what is measured stands above what somebody says, that above what
/// the configuration says, that above what is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// By a run.
    Measured,
    /// Somebody said it.
    Manual,
    /// The configuration says it.
    Configuration,
    /// Nobody measured or said it; it follows from what is planned.
    Planned,
}

/// What is true of a model, whatever is said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Where it is.
    pub status: Said<State>,
    /// How far, from 0 to 100; none where nobody knows.
    pub progress: Said<Option<f64>>,
    /// What it cost so far, or is planned to cost; none where nobody knows.
    pub cost: Said<Option<Money>>,
}

/// A model that is to be trained, is being trained, or was.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInTraining {
    /// What is configured of it.
    pub model: TrainingModel,
    /// Where it is.
    pub status: Said<State>,
    /// How far, from 0 to 100; none where nobody knows.
    pub progress: Said<Option<f64>>,
    /// What it cost so far, or is planned to cost; none where nobody knows.
    pub cost: Said<Option<Money>>,
    /// For how long machines trained it, or are planned to; none where nobody knows.
    pub hours: Said<Option<f64>>,
    /// What an hour costs as things are now: nothing while nothing runs, none where no price is known.
    pub hourly_now: Option<Money>,
    /// When it ends.
    pub estimate: Option<Estimate>,
    /// Its runs that somebody has now, the latest first.
    pub running: Vec<RunId>,
    /// Its latest run.
    pub latest: Option<RunId>,
    /// Why it is where it is, in words; empty when the word says all.
    pub reason: String,
    /// What its latest run says of its speed.
    pub throughput: Throughputs,
    /// What its latest run says of its losses.
    pub losses: Losses,
    /// The samples that it is trained with.
    pub data: Option<DataFile>,
    /// How well it did when it was last evaluated.
    pub evaluation: Option<Evaluated>,
    /// What it is in the registry.
    pub registered: Option<Registered>,
}

/// How fast something is trained, as its program says: the series and its last point. None of what it
/// does not say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Throughputs {
    /// Samples in a second.
    pub samples: Option<Last>,
    /// Tokens in a second.
    pub tokens: Option<Last>,
    /// Steps of the optimiser in a second.
    pub steps: Option<Last>,
}

/// A series and what it said last.
#[derive(Debug, Clone, PartialEq)]
pub struct Last {
    /// Its name.
    pub series: String,
    /// A finite value.
    pub value: f64,
    /// How many points it has.
    pub points: u64,
}

/// The series that say how well a run learns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Losses {
    /// On what it is trained with.
    pub training: Option<Last>,
    /// On what it has not seen.
    pub validation: Option<Last>,
}

/// A score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluated {
    /// From 0 to 1.
    pub score: f64,
    /// When it was measured.
    pub at: Timestamp,
}

/// What a model is in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub model: ModelId,
    /// The number of the version that is in use; 0 before the first.
    pub version: u32,
    /// Whether that is in use.
    pub stage: Stage,
    /// How it stands with using it.
    pub deployment: DeploymentStatus,
}

/// A run that somebody has now.
#[derive(Debug, Clone, PartialEq)]
pub struct RunInTraining {
    /// The run.
    pub run: Run,
    /// The number of its task.
    pub number: u32,
    /// The name of what it belongs to.
    pub experiment: String,
    /// The model that it trains: key and name; none where nobody said.
    pub model: Option<(String, String)>,
    /// Who has it; none for a client.
    pub worker: Option<(WorkerId, String)>,
    /// The machine's GPUs, in words; none where it has none, or nobody knows the machine.
    pub gpu: Option<String>,
    /// What an hour of it costs; none where nobody knows.
    pub hourly: Option<Money>,
    /// What it cost so far; none where nobody knows.
    pub cost: Option<Money>,
    /// How fast it is.
    pub throughput: Throughputs,
    /// When it ends.
    pub estimate: Option<Estimate>,
}

impl Training {
    /// The model with this key.
    pub fn find(&self, key: &str) -> Option<&ModelInTraining> {
        self.models.iter().find(|one| one.model.key == key)
    }
}

impl Throughputs {
    /// What is said in one unit.
    pub fn of(&self, unit: Throughput) -> Option<&Last> {
        match unit {
            Throughput::Samples => self.samples.as_ref(),
            Throughput::Tokens => self.tokens.as_ref(),
            Throughput::Steps => self.steps.as_ref(),
        }
    }
}

impl Basis {
    /// The word on pages and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Basis::Measured => "measured",
            Basis::Manual => "manual",
            Basis::Configuration => "configuration",
            Basis::Planned => "planned",
        }
    }
}

impl<T> Said<T> {
    /// A value that is known so.
    pub const fn new(value: T, basis: Basis) -> Self {
        Self { value, basis }
    }
}

/// Something of each model, by its key.
type ByKey<T> = HashMap<String, T>;

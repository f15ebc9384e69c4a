//! Experiments: what people configure, start and compare.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    costs::SpendingBody,
    families::{CountsBody, NeedsBody},
    number::Number,
    runs::RunBody,
    time::Time,
};

/// Asks for an experiment, or says what it is to be from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExperiment {
    /// Its name for people.
    #[serde(default)]
    pub name: String,
    /// In its author's words.
    #[serde(default)]
    pub description: String,
    /// What it runs: the name of a template.
    #[serde(default)]
    pub template: String,
    /// The configuration; the template's defaults fill in what is left out.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// The random seed; without one each task has its own.
    #[serde(default)]
    pub seed: Option<i64>,
    /// Seconds that a task may take.
    #[serde(default = "default_time_budget")]
    pub time_budget_secs: f64,
    /// Variables for the program. Names that begin with `CUPOLA_` are refused.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Where the program starts, as an absolute path on the worker; the run's own folder when absent.
    #[serde(default)]
    pub working_folder: Option<String>,
    /// For people: name → value.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Higher is leased first.
    #[serde(default)]
    pub priority: i64,
}

fn default_time_budget() -> f64 {
    3_600.0
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExperimentBody {
    /// Its id.
    pub experiment_id: String,
    /// Its name for people.
    pub name: String,
    /// In its author's words.
    pub description: String,
    /// `manual`, `brief`, `file`, `workspace` or `mlflow`.
    pub origin: String,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// What it runs.
    pub template: String,
    /// The hash of that code when it was made or last edited.
    pub code_hash: String,
    /// What its runs are judged by; empty when ending well is enough.
    pub metric_name: String,
    /// `minimize` or `maximize`; empty without a metric.
    pub direction: String,
    /// The configuration of its next task.
    pub config: Map<String, Value>,
    /// The random seed; without one each task has its own.
    pub seed: Option<i64>,
    /// Seconds that a task may take.
    pub time_budget_secs: f64,
    /// Variables for the program.
    pub environment: BTreeMap<String, String>,
    /// Where the program starts; the run's own folder when absent.
    pub working_folder: Option<String>,
    /// For people: name → value.
    pub tags: BTreeMap<String, String>,
    /// Higher is leased first.
    pub priority: i64,
    /// What its tasks need of a worker.
    pub minimum_resources: NeedsBody,
    /// The device class that its tasks keep to; none while they may run anywhere.
    pub device_class: Option<String>,
    /// How many of its tasks are in which state.
    pub tasks: CountsBody,
    /// The run that was made last.
    pub last_run: Option<RunBody>,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Time,
    /// When somebody last edited it.
    pub updated_at: Time,
}

/// An experiment with what can be said of it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExperimentDetail {
    /// The experiment.
    pub experiment: ExperimentBody,
    /// How many runs it has.
    pub runs: u64,
    /// Whether there still is a template of that name.
    pub has_template: bool,
    /// Why what waits will not be leased as things are; empty when some worker could take it.
    pub obstacle: String,
    /// What it cost so far.
    pub spending: SpendingBody,
}

/// How often to run an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartExperiment {
    /// From 1 to 1000.
    #[serde(default = "one")]
    pub runs: u32,
}

fn one() -> u32 {
    1
}

/// The runs that were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartedRuns {
    /// Their ids, in the order of their tasks.
    pub runs: Vec<String>,
}

/// A run of an experiment in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExperimentRunBody {
    /// The run.
    pub run: RunBody,
    /// The number of its task in the experiment, from 0.
    pub task_number: u32,
    /// The random seed given to the program.
    pub seed: i64,
    /// The name of the worker that has or had it.
    pub worker_name: Option<String>,
    /// The hash of the code that it runs.
    pub code_hash: String,
    /// What it is judged by; empty when ending well is enough.
    pub metric_name: String,
    /// The objective, once it completed its task.
    pub value: Option<Number>,
    /// Seconds from its program's start to its end, as its worker measured.
    pub duration: Option<f64>,
    /// What it cost, or costs so far, where its machine has a price.
    #[serde(default)]
    pub cost: Option<f64>,
}

/// Runs side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunComparisonBody {
    /// The runs, in the order asked for.
    pub runs: Vec<ComparedRunBody>,
    /// Every field of their configurations, with seed and time budget.
    pub config: Vec<ComparedRowBody>,
    /// Every field of their results.
    pub results: Vec<ComparedRowBody>,
    /// Rows that were left out because there are too many.
    pub omitted: u64,
}

/// One of the compared runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedRunBody {
    /// What it belongs to.
    pub experiment_id: String,
    /// The name of that.
    pub experiment_name: String,
    /// The run.
    pub run: ExperimentRunBody,
}

/// One field, with a value for each run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedRowBody {
    /// Where it stands, `layers.0.width` for instance.
    pub path: String,
    /// In the order of the runs; null where a run does not have it.
    pub values: Vec<Option<Value>>,
    /// Whether they are not all the same.
    pub differs: bool,
}

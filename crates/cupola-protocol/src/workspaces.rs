//! Workspaces: folders of experiments that a hub only looks at. The command line says the same of one
//! without a hub.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::time::Time;

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceBody {
    /// What it goes by.
    pub id: String,
    /// Where it is.
    pub place: String,
    /// Whether that is another machine.
    pub is_remote: bool,
    /// `closed` until somebody looks, `open`, `away`, or `failed`.
    pub state: String,
    /// Why it does not answer; null where it does.
    pub problem: Option<String>,
}

/// An experiment with its runs, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceExperiment {
    /// Its name.
    pub id: String,
    /// Its folder.
    pub path: String,
    /// The newest first.
    pub runs: Vec<WorkspaceRun>,
}

/// A run of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceRun {
    /// When it was started, as its folder is called.
    pub run: String,
    /// `running`, `failed`, `done`, `empty` or `stopped`.
    pub status: String,
    /// Where its program runs or ran.
    pub host: Option<String>,
    /// When that started.
    pub started_at: Option<Time>,
    /// When that ended.
    pub ended_at: Option<Time>,
    /// How many jobs it has.
    pub jobs: u64,
    /// How many ended well.
    pub done: u64,
    /// How many did not.
    pub failed: u64,
    /// How many run.
    pub running: u64,
    /// How many ended well and were deleted since.
    pub gone: u64,
    /// What people call it by.
    pub tags: Vec<String>,
    /// What its jobs took.
    pub co2_kg: Option<f64>,
    /// Its folder.
    pub path: String,
    /// What could not be read of it.
    pub problem: Option<String>,
}

/// A job with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceJob {
    /// What it does: the dotted name of its type.
    pub task: String,
    /// The hash of its parameters.
    pub id: String,
    /// Which experiments name it.
    pub experiments: Vec<String>,
    /// Which of their runs.
    pub runs: Vec<WorkspaceRunName>,
    /// `unscheduled`, `waiting`, `ready`, `scheduled`, `running`, `done`, `error`, `transient` or `phantom`.
    pub state: String,
    /// Why it did not end well.
    pub reason: Option<String>,
    /// What its scheduler says, where that differs.
    pub scheduler_state: Option<String>,
    /// What people call it by.
    pub tags: BTreeMap<String, Value>,
    /// Nested as its configuration is.
    pub parameters: Value,
    /// Which jobs it needs.
    pub dependencies: Vec<WorkspaceJobName>,
    /// When it was given to its experiment.
    pub submitted_at: Option<Time>,
    /// When its program started.
    pub started_at: Option<Time>,
    /// When that ended.
    pub ended_at: Option<Time>,
    /// What its program ended with.
    pub exit_code: Option<i32>,
    /// How often it was tried again.
    pub retries: u32,
    /// From the outermost level inwards.
    pub progress: Vec<WorkspaceProgress>,
    /// How its process does, while it has one.
    pub process: Option<WorkspaceProcess>,
    /// What it took of the air.
    pub co2_kg: Option<f64>,
    /// What it took of energy.
    pub energy_kwh: Option<f64>,
    /// Its folder.
    pub path: String,
    /// Its streams: name and file.
    pub logs: BTreeMap<String, String>,
    /// What could not be read of it.
    pub problem: Option<String>,
}

/// Which run of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceRunName {
    /// The experiment.
    pub experiment: String,
    /// Its run.
    pub run: String,
}

/// Which job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceJobName {
    /// What it does.
    pub task: String,
    /// The hash of its parameters.
    pub id: String,
}

/// One level of progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceProgress {
    /// 0 is the outermost.
    pub level: u32,
    /// What is being done.
    pub desc: String,
    /// From 0 to 1.
    pub progress: f64,
}

/// The process of a job, at this moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceProcess {
    /// `local`, `slurm`, …
    pub kind: String,
    /// Its number, or a scheduler's word for it.
    pub pid: String,
    /// Where it was started.
    pub host: Option<String>,
    /// Null where that cannot be known.
    pub is_running: Option<bool>,
    /// Of one processor.
    pub cpu_percent: Option<f64>,
    /// In memory.
    pub memory_bytes: Option<u64>,
    /// How many.
    pub threads: Option<u32>,
}

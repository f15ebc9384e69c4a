//! Tasks and their results.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{families::NeedsBody, number::Number, runs::RunBody, time::Time};

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskBody {
    /// Its id.
    pub task_id: String,
    /// `training`.
    pub task_type: String,
    /// What it belongs to.
    pub family_id: String,
    /// Its place in the family, from 0.
    pub number: u32,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// What the status leaves out.
    pub reason: String,
    /// Higher first.
    pub priority: i64,
    /// The sampled fields.
    pub config: Map<String, Value>,
    /// The random seeds given to the program.
    pub seeds: Vec<i64>,
    /// Seconds.
    pub time_budget: f64,
    /// The run that counts.
    pub run_id: String,
    /// Who has or had it.
    pub assigned_worker_id: Option<String>,
    /// The objective, once completed.
    pub value: Option<Number>,
    /// When it was made.
    pub created_at: Time,
    /// When it ended.
    pub completed_at: Option<Time>,
}

/// A task with its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskDetail {
    /// The task.
    pub task: TaskBody,
    /// What it runs.
    pub template: String,
    /// What it needs of a worker.
    pub required_resources: NeedsBody,
    /// Why nobody takes it as things are, while it waits.
    pub obstacle: String,
    /// Its attempts, the latest first.
    pub runs: Vec<RunBody>,
    /// What the completing run gave.
    pub result: Option<ResultBody>,
}

/// What a finished task gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultBody {
    /// The task.
    pub task_id: String,
    /// Its place in the family, from 0.
    pub number: u32,
    /// The run that ended it.
    pub run_id: String,
    /// Who ran it.
    pub worker_id: Option<String>,
    /// `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Whether it ended with a result.
    pub success: bool,
    /// Why not, when it did not.
    pub reason: String,
    /// Result key → value.
    pub metrics: Map<String, Value>,
    /// The sampled fields.
    pub config: Map<String, Value>,
    /// The random seeds given to the program.
    pub seeds: Vec<i64>,
    /// Seconds from start to end.
    pub duration: Option<f64>,
    /// `measured`, `planned`, `manual`, `imported` or `simulated`.
    pub provenance: String,
    /// When.
    pub completed_at: Option<Time>,
}

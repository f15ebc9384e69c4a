//! Workers as people see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    credits::WorkerEarningsBody, desk::RestingBody, time::Time, verification::StandingBody,
    work::CapabilitiesBody,
};

/// A worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkerBody {
    /// Its id.
    pub worker_id: String,
    /// Its name for people.
    pub name: String,
    /// `online`, `late` or `offline`.
    pub status: String,
    /// What it measured of its machine.
    pub capabilities: CapabilitiesBody,
    /// Why its owner lets it take no work for now; absent when it takes some.
    #[serde(default)]
    pub resting: Option<RestingBody>,
    /// `draining` while an operator lets it finish what it has and it has something, `drained` when it has
    /// nothing any more; absent while it is given work.
    #[serde(default)]
    pub drain: Option<String>,
    /// Who drains it, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drained: Option<DrainedBody>,
    /// Who it belongs to; empty where its token is gone.
    #[serde(default)]
    pub owner: String,
    /// What its token is called.
    #[serde(default)]
    pub token: String,
    /// Why its owner is banned; absent of who is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ban: Option<String>,
    /// How many runs it takes at once.
    pub slots: u32,
    /// How many it has now.
    pub running: u32,
    /// The agent's version.
    pub version: String,
    /// When it first joined.
    pub registered_at: Time,
    /// The last sign of life.
    pub last_heartbeat: Time,
    /// Another agent that said in the last day that it was this worker, and was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival: Option<RivalBody>,
    /// What it does and earned, and how far it is trusted; only of one that is asked for by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<WorkerCardBody>,
}

/// What a worker does and earned, and how far it is trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkerCardBody {
    /// What it has now.
    pub current: Vec<WorkerRunBody>,
    /// What it had last.
    pub last: Option<WorkerRunBody>,
    /// What it earned, in all, today and in seven days.
    pub earnings: WorkerEarningsBody,
    /// What is known of its owner; none of the hub's own, who are believed.
    pub standing: Option<StandingBody>,
}

/// A run of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerRunBody {
    /// The run.
    pub run_id: String,
    /// Its task.
    pub task_id: String,
    /// What that belongs to.
    pub experiment: String,
    /// How far it is, or how it ended.
    pub state: String,
    /// What the word leaves out.
    pub reason: String,
    /// When its program started.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
}

/// An operator lets a worker finish what it has and gives it nothing new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrainedBody {
    /// Who; empty where that was not noted.
    pub by: String,
    /// Since when.
    pub at: Time,
}

/// An agent that said that it was a worker which another one was: a copy of its folder or its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RivalBody {
    /// What its machine is called.
    pub hostname: String,
    /// When it came last.
    pub at: Time,
}

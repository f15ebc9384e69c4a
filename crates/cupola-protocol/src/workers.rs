//! Workers as people see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{desk::RestingBody, time::Time, work::CapabilitiesBody};

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
}

/// An agent that said that it was a worker which another one was: a copy of its folder or its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RivalBody {
    /// What its machine is called.
    pub hostname: String,
    /// When it came last.
    pub at: Time,
}

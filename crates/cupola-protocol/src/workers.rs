//! Workers as people see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{time::Time, work::CapabilitiesBody};

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
}

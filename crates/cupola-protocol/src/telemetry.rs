//! What a worker measures of its machine, on its way to the hub.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a worker measured at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SampleBody {
    /// Counts the samples of one start of the agent. Each is taken once; some may be missing.
    pub number: i64,
    /// How long ago it was, by a clock that only moves forwards; at most a day.
    pub age_millis: i64,
    /// By name, which says the unit: `cpu.percent`, `gpu.0.power_watts`. What could not be measured is
    /// not there.
    pub values: BTreeMap<String, f64>,
}

/// `POST /api/v1/workers/{id}/telemetry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TelemetryReport {
    /// Which start of the agent this is.
    pub session: String,
    /// The oldest first; at most a thousand.
    pub samples: Vec<SampleBody>,
}

/// The hub's answer to a [`TelemetryReport`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TelemetryTaken {
    /// How long to gather samples before the next report: longer where there are many workers.
    pub next_report_secs: f64,
}

//! The session and what was measured in it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;

/// `GET /api/health`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthBody {
    /// `healthy`.
    pub status: String,
    /// When this was asked.
    pub timestamp: Moment,
}

/// `GET /api/training/status`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrainingStatus {
    /// When this was read.
    pub current_time: Moment,
    /// When all that runs is expected to have ended; null while nobody can say.
    pub estimated_completion: Option<Moment>,
    /// Models that are trained. One that failed or was stopped is in none of the three counts.
    pub models_completed: u32,
    /// Models that train now.
    pub models_in_progress: u32,
    /// Models that wait.
    pub models_pending: u32,
    /// When the hub began.
    pub session_start: Moment,
    /// What all runs have cost since then, as measured; null where nobody knows what they cost.
    pub total_cost: Option<f64>,
}

/// The session within an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionTotals {
    /// When the hub began.
    pub session_start: Moment,
    /// What all runs have cost since then, as measured; null where nobody knows what they cost.
    pub total_cost: Option<f64>,
    /// Models that are trained. One that failed or was stopped is in none of the three counts.
    pub models_completed: u32,
    /// Models that train now.
    pub models_in_progress: u32,
    /// Models that wait.
    pub models_pending: u32,
}

/// An hour of the machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GpuUtilizationPoint {
    /// In GiB, what is in use on one machine, or on one graphics processor: the mean. Null where nothing
    /// was measured.
    pub memory_used_gb: Option<f64>,
    /// In degrees Celsius.
    pub temperature_c: Option<f64>,
    /// When the hour begins.
    pub timestamp: Moment,
    /// From 0 to 100.
    pub utilization_percent: Option<f64>,
}

/// `GET /api/metrics/gpu-utilization`: the last 24 hours, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GpuUtilization {
    /// `gpu`; `cpu` where no machine has a graphics processor that tells how busy it is: the values are
    /// then those of processors and main memory.
    pub basis: String,
    /// In GiB, what is in use on one machine, or on one graphics processor: the mean. Null while nothing
    /// is measured.
    pub current_memory: Option<f64>,
    /// In degrees Celsius.
    pub current_temperature: Option<f64>,
    /// From 0 to 100.
    pub current_utilization: Option<f64>,
    /// One for each hour.
    pub metrics: Vec<GpuUtilizationPoint>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LossPoint {
    /// On what it is trained with; at a step at which only the other was measured, that of the stretch
    /// in which the step lies. Null where there is none.
    pub loss: Option<f64>,
    /// The run's own count.
    pub step: i64,
    /// On what it is not trained with.
    pub validation_loss: Option<f64>,
}

/// `GET /api/metrics/training-loss`: of the run that trains a model now, or did so last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrainingLoss {
    /// In the order of the steps; empty until a run says a loss.
    pub metrics: Vec<LossPoint>,
}

/// An hour of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThroughputPoint {
    /// As programs said; null where none did.
    pub samples_per_second: Option<f64>,
    /// When the hour begins.
    pub timestamp: Moment,
    /// As programs said; null where none did.
    pub tokens_per_second: Option<f64>,
}

/// `GET /api/metrics/throughput`: the last 24 hours, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Throughput {
    /// Samples a second of all that runs now, of the 500 latest runs at most; null where no program says
    /// so.
    pub current_sps: Option<f64>,
    /// Tokens a second of the same.
    pub current_tps: Option<f64>,
    /// One for each hour.
    pub metrics: Vec<ThroughputPoint>,
}

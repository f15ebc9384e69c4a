//! Families: the experiments that briefs made, and what their results say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{costs::SpendingBody, time::Time};

/// How many tasks are in which state; the five sum to `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountsBody {
    /// Waiting for a worker.
    pub pending: u64,
    /// With a worker.
    pub running: u64,
    /// Ended with a result.
    pub completed: u64,
    /// Ended without one.
    pub failed: u64,
    /// Stopped on request.
    pub cancelled: u64,
    /// All of them.
    pub total: u64,
}

/// What a task needs of a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NeedsBody {
    /// Cores.
    pub cpu_cores: u32,
    /// GiB of main memory.
    pub ram_gb: f64,
    /// GiB of free disk.
    pub disk_gb: f64,
    /// Graphics processors.
    pub gpus: u32,
    /// GiB of memory of each.
    pub gpu_vram_gb: f64,
    /// Python.
    pub python: bool,
    /// PyTorch.
    pub torch: bool,
    /// CUDA.
    pub cuda: bool,
}

/// A family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FamilyBody {
    /// Its id.
    pub family_id: String,
    /// `campaign-…`.
    pub name: String,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// The brief that made it.
    pub brief_id: Option<String>,
    /// What its runs are judged by.
    pub metric_name: String,
    /// `minimize` or `maximize`.
    pub direction: String,
    /// The value to beat, when somebody named one.
    pub baseline_value: Option<f64>,
    /// What its tasks run.
    pub template: String,
    /// The hash of that code.
    pub code_hash: String,
    /// What a worker must have.
    pub minimum_resources: NeedsBody,
    /// The device class that its tasks keep to; none while they may run anywhere.
    pub device_class: Option<String>,
    /// Its tasks.
    pub tasks: CountsBody,
    /// When it was made.
    pub created_at: Time,
}

/// A family with its results so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FamilyDetail {
    /// The family.
    pub family: FamilyBody,
    /// Its results so far.
    pub summary: SummaryBody,
    /// What it cost so far.
    pub spending: SpendingBody,
}

/// What the results of a family say. Only measured, finite values count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SummaryBody {
    /// When it was computed.
    pub generated_at: Time,
    /// How many values count.
    pub counted: u64,
    /// How many were left out because they are NaN, infinite or absent.
    pub excluded_not_finite: u64,
    /// How many were left out because nobody measured them.
    pub excluded_not_measured: u64,
    /// Their mean.
    pub mean: Option<f64>,
    /// Their population deviation (÷ n).
    pub std: Option<f64>,
    /// The least.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// The middle one.
    pub median: Option<f64>,
    /// The winner.
    pub best: Option<RankedBody>,
    /// The check of a better result: it is not called best before that is settled.
    #[serde(default)]
    pub better_in_check: Option<String>,
    /// The best five.
    pub top_configs: Vec<RankedBody>,
    /// Parameter → how the metric varies with it, largest spread first.
    pub factor_analysis: Vec<FactorBody>,
    /// Groups of equal configuration and seed.
    pub reproducibility: Vec<ReproBody>,
    /// Values more than two deviations from the mean.
    pub anomalies: Vec<AnomalyBody>,
}

/// A task with its rank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RankedBody {
    /// From 1.
    pub rank: u32,
    /// The task.
    pub task_id: String,
    /// The objective.
    pub metric_value: f64,
    /// The sampled fields.
    pub config: Map<String, Value>,
    /// The random seeds given to the program.
    pub seeds: Vec<i64>,
}

/// How the metric varies with one parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactorBody {
    /// The parameter.
    pub parameter: String,
    /// max(mean) − min(mean) over its levels.
    pub spread: f64,
    /// The share of the variance that its levels explain (eta squared), 0 to 1.
    pub share: f64,
    /// Value or range → what its runs gave.
    pub levels: Vec<LevelBody>,
}

/// One level of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LevelBody {
    /// The value, or the range of a continuous parameter.
    pub level: String,
    /// Mean of the metric.
    pub mean: f64,
    /// Its population deviation.
    pub std: f64,
    /// How many runs.
    pub count: u64,
}

/// Runs of equal configuration and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReproBody {
    /// The seed.
    pub seed: i64,
    /// How many runs.
    pub count: u64,
    /// What they gave.
    pub values: Vec<f64>,
    /// max − min.
    pub spread: f64,
    /// Whether the spread is below the tolerance.
    pub reproducible: bool,
}

/// A value far from the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnomalyBody {
    /// The task.
    pub task_id: String,
    /// Its value.
    pub value: f64,
    /// How many deviations from the mean.
    pub z: f64,
}

/// The report of a family as the analysis script of the platform's first version exported it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportBody {
    /// The family.
    pub family_id: String,
    /// When it was computed.
    pub generated_at: Time,
    /// `mean`, `std`, `min`, `max`.
    pub summary: BTreeMap<String, Option<f64>>,
    /// Parameter → `{values: {level: {mean, std, count}}, spread}`.
    pub factor_analysis: Map<String, Value>,
    /// The best five.
    pub top_configs: Vec<RankedBody>,
    /// Groups of equal configuration and seed.
    pub reproducibility: Vec<ReproBody>,
    /// The tasks with values far from the others.
    pub anomaly_task_ids: Vec<String>,
}

/// Two groups of runs held against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparisonBody {
    /// Mean of the first group.
    pub mean_a: f64,
    /// Mean of the second.
    pub mean_b: f64,
    /// How many values the first has.
    pub n_a: u64,
    /// How many the second.
    pub n_b: u64,
    /// `welch` (means, Welch's t) or `mann_whitney` (ranks, for values that are clearly not normal).
    #[serde(default)]
    pub test: String,
    /// `mean_a` − `mean_b`; by ranks, the middle of all differences between the two.
    pub difference: f64,
    /// The 95 % interval of the difference; none with fewer than two values a group.
    pub interval: Option<[f64; 2]>,
    /// Two-sided.
    pub p_value: Option<f64>,
    /// `a_better`, `b_better` or `undecided`.
    pub verdict: String,
    /// About how many more seeds a group would decide it.
    pub more_seeds: Option<u32>,
}

//! Any runs held against each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::number::Number;

/// Runs with what they have, in groups, and what the numbers say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompareBody {
    /// The runs: those that were named first, then by experiment and number.
    pub runs: Vec<CompareRunBody>,
    /// How many runs are meant; more than there are here when there are too many.
    pub total: u64,
    /// Runs that were named and are not there.
    pub missing: Vec<String>,
    /// What they are judged by: `metrics.loss`, `objective`; none when there is nothing.
    pub metric: Option<String>,
    /// `minimize` or `maximize`.
    pub direction: String,
    /// Whether somebody said the direction; otherwise lower is taken to be better.
    pub direction_known: bool,
    /// The best run among those whose value counts.
    pub best_run_id: Option<String>,
    /// Runs whose value counts: measured or imported, and finite.
    pub counted: u64,
    /// Runs whose value is NaN or infinite.
    pub not_finite: u64,
    /// Runs whose value nobody measured.
    pub not_measured: u64,
    /// What puts runs into one group.
    pub by: Vec<String>,
    /// The groups.
    pub groups: Vec<CompareGroupBody>,
    /// Groups that are left out because there are too many.
    pub groups_omitted: u64,
    /// Two groups held against each other; none with fewer than two.
    pub verdict: Option<CompareVerdictBody>,
    /// How much of the metric's variance each parameter explains.
    pub importance: ImportanceBody,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompareRunBody {
    /// The run.
    pub run_id: String,
    /// What it belongs to.
    pub experiment_id: String,
    /// The name of that.
    pub experiment_name: String,
    /// The number of its task.
    pub task_number: u32,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Its seed, where somebody said one.
    pub seed: Option<String>,
    /// The place of its group.
    pub group: Option<u64>,
    /// What it is judged by, whether it counts or not.
    pub value: Option<Number>,
    /// Whether the value counts.
    pub counts: bool,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The last value of each of its series, of those that most runs have.
    pub metrics: BTreeMap<String, Number>,
    /// Its small results, of those that most runs have.
    pub results: BTreeMap<String, Value>,
}

/// Runs that have the same in some columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompareGroupBody {
    /// `lr 0.001, width 64`
    pub label: String,
    /// How many runs.
    pub runs: u64,
    /// How many different seeds they have.
    pub seeds: u64,
    /// Values that count.
    pub counted: u64,
    /// Their mean.
    pub mean: Option<f64>,
    /// The 95 % interval of the mean (Student's t); none below two values.
    pub mean_95: Option<[f64; 2]>,
}

/// Two groups held against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompareVerdictBody {
    /// The place of the first group.
    pub a: u64,
    /// The place of the second.
    pub b: u64,
    /// `welch` (means, Welch's t) or `mann_whitney` (ranks, for values that are clearly not normal).
    pub test: String,
    /// The mean of A less that of B; by ranks, the middle of all differences between the two.
    pub difference: Option<f64>,
    /// The 95 % interval of the difference; an end that is not known is none.
    pub interval_95: Option<[Option<f64>; 2]>,
    /// Two-sided.
    pub p_value: Option<f64>,
    /// `a_better`, `b_better` or `undecided`.
    pub verdict: String,
    /// About how many more seeds a group would decide it.
    pub more_seeds: Option<u32>,
    /// The same in words.
    pub text: String,
}

/// How much of a metric's variance parameters explain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportanceBody {
    /// On how many runs it stands.
    pub runs: u64,
    /// The share that all parameters explain together, without interactions.
    pub together: Option<f64>,
    /// The share that so many levels would explain by chance.
    pub together_by_chance: Option<f64>,
    /// Each parameter that varies, the most important first.
    pub parameters: Vec<ParameterImportanceBody>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParameterImportanceBody {
    /// Its name.
    pub parameter: String,
    /// How many values or ranges it has.
    pub levels: u64,
    /// How many runs have it.
    pub runs: u64,
    /// The share of the variance that it explains by itself; none where each value occurs once.
    pub share: Option<f64>,
    /// The share that so many levels would explain by chance.
    pub share_by_chance: Option<f64>,
    /// The chance of such a share without any effect.
    pub p_value: Option<f64>,
    /// The share that would be lost without it, all others known.
    pub beside_others: Option<f64>,
}

/// Curves of many runs on the same columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverlayBody {
    /// The series' name; empty when no run has any.
    pub series: String,
    /// `step`, `time` or `relative`.
    pub axis: String,
    /// The step or the millisecond at which each column begins.
    pub x: Vec<i64>,
    /// Single runs.
    pub curves: Vec<OverlayCurveBody>,
    /// How many curves are not listed by themselves because there are too many; the bands have them.
    pub undrawn: u64,
    /// Groups of runs; without grouping one of all.
    pub bands: Vec<OverlayBandBody>,
    /// Runs without such a series.
    pub without: u64,
    /// Runs that were not looked at because there are too many.
    pub omitted: u64,
}

/// The curve of one run: null where it has nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverlayCurveBody {
    /// The run.
    pub run_id: String,
    /// `task 7`, or what its client calls it.
    pub label: String,
    /// Its place among the compared runs: its colour.
    pub place: u64,
    /// The place of its group.
    pub group: Option<u64>,
    /// The mean of each column.
    pub mean: Vec<Option<f32>>,
    /// The least value of each column; empty where every column has one point at most.
    pub low: Vec<Option<f32>>,
    /// The largest.
    pub high: Vec<Option<f32>>,
    /// How many points the curve has.
    pub points: u64,
    /// Whether a column stands for several points.
    pub reduced: bool,
}

/// The curves of a group as one: null where there are too few.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverlayBandBody {
    /// The group.
    pub label: String,
    /// The mean over its runs.
    pub mean: Vec<Option<f32>>,
    /// The lower end of the 95 % interval of the mean (Student's t).
    pub low: Vec<Option<f32>>,
    /// The upper end.
    pub high: Vec<Option<f32>>,
    /// How many runs have a value.
    pub count: Vec<u32>,
}

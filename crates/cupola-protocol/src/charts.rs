//! What charts of a run's series show.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::number::Number;

/// Charts of some series of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChartsBody {
    /// What the window is of: `step`, `time`, `relative` or `cost` (millionths of the currency).
    pub axis: String,
    /// The run's first moment, in milliseconds since 1970: relative time is time minus this.
    pub began_at: i64,
    /// Where the axis is of costs: since when, in milliseconds since 1970, and how much a millisecond
    /// costs.
    #[serde(default)]
    pub pace: Option<(i64, f64)>,
    /// How many series the run has.
    pub names: u64,
    /// Points that were not taken, because the run had as many names as it may.
    pub refused_points: u64,
    /// How many series match what was asked for.
    pub matching: u64,
    /// The charts of this page.
    pub charts: Vec<ChartBody>,
}

/// The chart of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChartBody {
    /// The series.
    pub name: String,
    /// How many points its curve has.
    pub points_total: u64,
    /// `[step, milliseconds since 1970, value]` of its last point.
    pub last: Option<(i64, i64, Number)>,
    /// The least finite value of the curve.
    pub min: Option<f64>,
    /// The largest finite value of the curve.
    pub max: Option<f64>,
    /// How many points a program replaced by going back.
    pub superseded: u64,
    /// How often it did.
    pub restarts_total: u64,
    /// Where it went back to: `[step, milliseconds since 1970]`, the latest hundred.
    pub restarts: Vec<(i64, i64)>,
    /// Whether columns stand for several points. Where not, each is one point.
    pub reduced: bool,
    /// Whether the columns follow those before `after`, instead of being all.
    pub appended: bool,
    /// Where to go on: pass it as `after`.
    pub cursor: i64,
    /// From left to right.
    pub columns: ColumnsBody,
}

/// Columns of a chart, as one list for each of their figures. Where nothing is reduced, `step`, `time`
/// and `last` are the points, and the other lists are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ColumnsBody {
    /// The step of the first point.
    pub step: Vec<i64>,
    /// The time of the first point, in milliseconds since 1970.
    pub time: Vec<i64>,
    /// The value of the first point.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Number>,
    /// The value of the last point.
    pub last: Vec<Number>,
    /// The least finite value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub min: Vec<Option<f64>>,
    /// The largest finite value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub max: Vec<Option<f64>>,
    /// The mean of the finite values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<Option<f64>>,
    /// How many points there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub count: Vec<u64>,
    /// How many of them are finite; left out where all are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finite: Vec<u64>,
}

//! The training monitor in the words of an AFS dashboard.
//!
//! Fields stand in alphabetical order, as its programs got them. Beside its own there are only
//! `basis`, which says where values come from (`measured`, `manual`, `configuration` or `planned`),
//! `provenance` and `planned_hourly_rate`. What is not known is null, and nothing is made up.

mod session;

use std::{collections::BTreeMap, fmt};

use cupola_domain::time::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::time::Time;

pub use session::{
    GpuUtilization, GpuUtilizationPoint, HealthBody, LossPoint, SessionTotals, Throughput,
    ThroughputPoint, TrainingLoss, TrainingStatus,
};

/// A point in time as Python's `datetime.fromisoformat` and JavaScript's `Date` read it:
/// `2026-11-20T22:30:00.123+00:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Moment(Time);

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(Time(at))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_string();
        let local = text.strip_suffix('Z').unwrap_or(&text);
        serializer.collect_str(&format_args!("{local}+00:00"))
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl ToSchema for Moment {}

/// How far something is, from 0 to 100: without a fraction where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Percent(pub f64);

impl Percent {
    /// To two digits after the point; never -0.
    fn rounded(self) -> f64 {
        (self.0.clamp(0.0, 100.0) * 100.0).round() / 100.0 + 0.0
    }
}

/// As it stands in a body.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rounded().fmt(f)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rounded = self.rounded();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 0 to 100"
        )]
        if rounded.fract() == 0.0 {
            serializer.serialize_u8(rounded as u8)
        } else {
            serializer.serialize_f64(rounded)
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// In words.
    pub error: String,
}

/// Where the values of a model come from; null where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bases {
    /// Of the price of an hour.
    pub cost_per_hour: Option<String>,
    /// Of the hours.
    pub gpu_hours: Option<String>,
    /// Of how far it is.
    pub progress: String,
    /// Of the state.
    pub status: String,
    /// Of the cost.
    pub total_cost: Option<String>,
}

/// A model in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelStatus {
    /// Where its values come from.
    pub basis: Bases,
    /// What an hour costs now, or is planned to.
    pub cost_per_hour: Option<f64>,
    /// For people.
    pub description: String,
    /// When it was evaluated last.
    pub evaluation_date: Option<Moment>,
    /// How it did then, from 0 to 1.
    pub evaluation_score: Option<f64>,
    /// Of its samples, in MiB.
    pub file_size_mb: f64,
    /// How long it trained, or is planned to.
    pub gpu_hours: Option<f64>,
    /// Its name for programs.
    pub key: String,
    /// When its samples were changed.
    pub last_updated: Option<Moment>,
    /// Its name for people.
    pub name: String,
    /// How far it is; null while its program says nothing of that.
    pub progress: Option<Percent>,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// What it cost, or is planned to.
    pub total_cost: Option<f64>,
    /// How many samples it has; null where they could not be counted.
    pub training_samples: Option<u64>,
}

/// `GET /api/models/status`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelsStatus {
    /// In the configuration's order.
    pub models: Vec<ModelStatus>,
    /// When this was read.
    pub timestamp: Moment,
}

/// `GET /api/models/{key}/status`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OneModelStatus {
    /// The model.
    #[serde(flatten)]
    pub model: ModelStatus,
    /// When this was read.
    pub timestamp: Moment,
}

/// What a model costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelCost {
    /// Where its values come from.
    pub basis: CostBases,
    /// What an hour costs now, or is planned to.
    pub cost_per_hour: Option<f64>,
    /// How long it trained, or is planned to.
    pub gpu_hours: Option<f64>,
    /// Its name for people.
    pub model_name: String,
    /// What it cost, or is planned to.
    pub total_cost: Option<f64>,
}

/// Where the values of a cost come from; null where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CostBases {
    /// Of the price of an hour.
    pub cost_per_hour: Option<String>,
    /// Of the hours.
    pub gpu_hours: Option<String>,
    /// Of the cost.
    pub total_cost: Option<String>,
}

/// Where the sums come from: the weakest of what was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TotalBases {
    /// Of what an hour costs.
    pub hourly_rate: String,
    /// Of the cost; null where none is known.
    pub total_cost: Option<String>,
}

/// `GET /api/costs/breakdown`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostBreakdown {
    /// Where the sums come from.
    pub basis: TotalBases,
    /// By the models' keys.
    pub breakdown: BTreeMap<String, ModelCost>,
    /// What all that runs costs an hour now; null where nobody knows.
    pub hourly_rate: Option<f64>,
    /// What an hour of all models together is planned to cost.
    pub planned_hourly_rate: f64,
    /// When this was read.
    pub timestamp: Moment,
    /// What the models cost together.
    pub total_cost: f64,
}

/// A model in the registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisteredModel {
    /// `ready` or `pending`, or what somebody said.
    pub deployment_status: String,
    /// Where its files are.
    pub download_url: String,
    /// How it did when it was evaluated last, from 0 to 1.
    pub evaluation_score: Option<f64>,
    /// Of its samples, in MiB.
    pub file_size_mb: f64,
    /// Its name for programs.
    pub key: String,
    /// When its samples were changed.
    pub last_updated: Option<Moment>,
    /// Its name for people.
    pub name: String,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// How many samples it has; null where they could not be counted.
    pub training_samples: Option<u64>,
    /// The latest in the registry, or what the file of its samples says.
    pub version: Option<String>,
}

/// `GET /api/models/registry`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Registry {
    /// In the configuration's order.
    pub models: Vec<RegisteredModel>,
    /// When this was read.
    pub timestamp: Moment,
    /// How many models there are.
    pub total_models: usize,
}

/// `GET /api/export/json`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// When this was read.
    pub timestamp: Moment,
    /// The session.
    pub training_status: SessionTotals,
    /// In the configuration's order.
    pub models: Vec<ModelStatus>,
}

/// `POST /api/update-status`: what somebody says of a model. What is left out stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusUpdate {
    /// Which model.
    pub model_key: String,
    /// `pending`, `loading`, `running`, `completed`, `failed` or `cancelled`.
    pub status: Option<String>,
    /// From 0 to 100.
    pub progress: Option<f64>,
    /// At least 0.
    pub total_cost: Option<f64>,
}

/// A value with where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Standing<T> {
    /// `measured`, `manual`, `configuration` or `planned`.
    pub basis: String,
    /// The value.
    pub value: T,
}

/// What is true of a model now, whatever was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stands {
    /// How far it is.
    pub progress: Standing<Option<Percent>>,
    /// The state.
    pub status: Standing<String>,
    /// The cost.
    pub total_cost: Standing<Option<f64>>,
}

/// The answer to `POST /api/update-status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusUpdated {
    /// The model's key.
    pub model: String,
    /// `manual`: nothing that is said here was measured.
    pub provenance: String,
    /// Which values stand now: measured ones before those that were said.
    pub stands: Stands,
    /// The state that stands.
    pub status: String,
    /// What was said is kept.
    pub success: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_say_their_offset() {
        let at = Moment::from(Timestamp::from_millis(1_795_213_800_123));
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!(text, "\"2026-11-20T22:30:00.123+00:00\"");
        assert_eq!(serde_json::from_str::<Moment>(&text).unwrap(), at);
    }

    #[test]
    fn whole_percents_have_no_fraction() {
        let check = |value, expected| {
            assert_eq!(serde_json::to_string(&Percent(value)).unwrap(), expected);
            assert_eq!(Percent(value).to_string(), expected);
        };
        check(0.0, "0");
        check(-0.0, "0");
        check(100.0, "100");
        check(99.999, "100");
        check(33.333, "33.33");
    }
}

//! The registry: models, their versions, and what became of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::{artifacts::ArtifactBody, time::Time};

/// A model with the latest of everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelBody {
    /// Stays when it is renamed.
    pub model_id: String,
    /// No two models share one.
    pub name: String,
    /// Notes for people.
    pub description: String,
    /// Its key and name in training; none where nobody configured it.
    pub training: Option<TrainingBody>,
    /// The number of its newest version.
    pub newest_version: Option<u32>,
    /// The version that is in use: in production, else the newest.
    pub version: Option<u32>,
    /// That version's stage.
    pub stage: Option<String>,
    /// `pending`, `ready`, `active`, `failed` or `retired`; unless somebody said, whether it can be
    /// downloaded.
    pub deployment_status: String,
    /// How it did last.
    pub evaluation: Option<EvaluationBody>,
    /// Whether there is something to be downloaded.
    pub is_ready: bool,
    /// How many bytes that has.
    pub size_bytes: Option<u64>,
    /// What it is trained with.
    pub data: Option<DataFileBody>,
    /// For people: key → value.
    pub tags: BTreeMap<String, String>,
    /// Alias → the number of the version that it stands for.
    pub aliases: BTreeMap<String, u32>,
    /// Who registered it.
    pub author: String,
    /// When it was registered.
    pub created_at: Time,
    /// When anything of it changed last.
    pub updated_at: Time,
}

/// What a model is in training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrainingBody {
    /// By which runs and files name it.
    pub key: String,
    /// Its name for people.
    pub name: String,
}

/// A model with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelDetail {
    /// The latest of everything.
    pub model: ModelBody,
    /// The newest first.
    pub versions: Vec<ModelVersionBody>,
    /// The latest first.
    pub evaluations: Vec<EvaluationBody>,
    /// The latest first.
    pub deployments: Vec<DeploymentBody>,
    /// What folders hold of it, by path.
    pub data: Vec<DataFileBody>,
}

/// One version of a model. Its files never change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelVersionBody {
    /// The model's name.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// `none`, `staging`, `production` or `archived`.
    pub stage: String,
    /// Notes for people.
    pub description: String,
    /// Where it came from.
    pub source: String,
    /// The run that made it.
    pub run_id: Option<String>,
    /// What stands for it.
    pub aliases: Vec<String>,
    /// Who registered it.
    pub author: String,
    /// When it was registered.
    pub created_at: Time,
    /// When anything of it changed last.
    pub updated_at: Time,
    /// Its files by name, with their checksums.
    pub files: Vec<ArtifactBody>,
    /// What it was made with, where a run made it.
    pub lineage: Option<LineageBody>,
}

/// What a version was made with, as it was when the version was registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineageBody {
    /// The run.
    pub run_id: String,
    /// What the run belongs to.
    pub experiment_id: String,
    /// The hash of the code that it ran.
    pub code_hash: String,
    /// What it was configured with.
    #[schema(value_type = Object)]
    pub config: Map<String, Value>,
    /// What it gave: numbers, and the words for those that are not finite.
    #[schema(value_type = Object)]
    pub metrics: Map<String, Value>,
    /// The data that it was made with.
    pub data: Vec<DataUsedBody>,
}

/// Some data that a version was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DataUsedBody {
    /// Its name for people.
    pub name: String,
    /// What tells two versions of it apart.
    pub digest: String,
    /// Where it came from.
    pub source: String,
    /// How many samples it had, where they were counted.
    pub samples: Option<u64>,
}

/// How a model did once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationBody {
    /// Its id.
    pub evaluation_id: String,
    /// Which version; none where only the model was named.
    pub version: Option<u32>,
    /// What was measured.
    pub metric: String,
    /// The score.
    pub score: f64,
    /// `file`, `manual` or `run`.
    pub origin: String,
    /// The file that says it, or what somebody called the evaluation.
    pub source: String,
    /// The run that measured it.
    pub run_id: Option<String>,
    /// For people.
    pub note: String,
    /// Who noted it.
    pub author: String,
    /// When it was measured.
    pub at: Time,
}

/// What was said once of where a model is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentBody {
    /// Its id.
    pub deployment_id: String,
    /// Which version; none where only the model was named.
    pub version: Option<u32>,
    /// `pending`, `ready`, `active`, `failed` or `retired`.
    pub status: String,
    /// Where, in words or as an address.
    pub place: String,
    /// For people.
    pub note: String,
    /// Who said so.
    pub author: String,
    /// When.
    pub at: Time,
}

/// A file in a configured folder, or a folder that cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DataFileBody {
    /// Its name.
    pub name: String,
    /// The key of the model that it belongs to; empty for a folder.
    pub key: String,
    /// `samples`, `score` or `folder`.
    pub kind: String,
    /// Where it is on the hub's machine.
    pub path: String,
    /// The version that its name says.
    pub version: Option<String>,
    /// How many samples it has; none where they could not be counted.
    pub samples: Option<u64>,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// When it was changed last.
    pub updated_at: Time,
    /// What is wrong with it, in words.
    pub problem: Option<String>,
}

/// Registers a model without versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewModel {
    /// Nobody else's.
    pub name: String,
    /// Notes for people.
    #[serde(default)]
    pub description: String,
}

/// Notes on a model or a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// In place of what was there.
    pub description: String,
}

/// Makes a version of a run's files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromotionBody {
    /// The model, which is made where there is none; the run's tag `model`, where empty.
    pub model: String,
    /// Files and folders; all that the run keeps, where none is named.
    pub files: Vec<String>,
    /// Notes for people.
    pub description: String,
    /// `staging` or `production`, for instance.
    pub stage: Option<String>,
    /// What stands for it from now on.
    pub aliases: Vec<String>,
}

/// Says whether a version is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageBody {
    /// `none`, `staging`, `production` or `archived`.
    pub stage: String,
    /// Whether it takes the place of all others in that stage.
    #[serde(default)]
    pub archive_others: bool,
}

/// Lets an alias stand for a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasBody {
    /// Its number.
    pub version: u32,
}

/// Says how a model did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewEvaluation {
    /// Which version, where that matters.
    pub version: Option<u32>,
    /// What was measured; `overall_score`, or the objective of the run, where empty.
    pub metric: String,
    /// The score; what the run gave, where none.
    pub score: Option<f64>,
    /// The run that measured it.
    pub run_id: Option<String>,
    /// What the evaluation is called.
    pub source: String,
    /// For people.
    pub note: String,
    /// When it was measured; now, where none.
    pub at: Option<Time>,
}

/// Says where a model is deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewDeployment {
    /// Which version, where that matters.
    pub version: Option<u32>,
    /// `pending`, `ready`, `active`, `failed` or `retired`.
    pub status: String,
    /// Where, in words or as an address.
    pub place: String,
    /// For people.
    pub note: String,
}

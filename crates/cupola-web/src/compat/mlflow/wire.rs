//! Experiments and runs as clients read them.

use cupola_hub::logged::KnownExperiment;
use serde::Serialize;

/// A key with its value.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl From<(String, String)> for Pair {
    fn from((key, value): (String, String)) -> Self {
        Self { key, value }
    }
}

/// Nothing more is said.
#[derive(Debug, Serialize)]
pub(crate) struct Done {}

/// Whether something is deleted, in the clients' words.
pub(crate) const fn stage(is_deleted: bool) -> &'static str {
    if is_deleted { "deleted" } else { "active" }
}

/// An experiment.
#[derive(Debug, Serialize)]
pub(crate) struct Experiment {
    experiment_id: String,
    name: String,
    artifact_location: String,
    lifecycle_stage: &'static str,
    last_update_time: i64,
    creation_time: i64,
    tags: Vec<Pair>,
}

impl From<KnownExperiment> for Experiment {
    fn from(known: KnownExperiment) -> Self {
        let experiment = known.experiment;
        let tags = experiment.setup.tags.into_iter();
        Self {
            experiment_id: experiment.id.to_string(),
            artifact_location: artifact_location(&experiment.id.to_string()),
            lifecycle_stage: stage(known.deleted_at.is_some()),
            last_update_time: experiment.updated_at.millis(),
            creation_time: experiment.created_at.millis(),
            tags: tags.map(Pair::from).collect(),
            name: experiment.name,
        }
    }
}

/// Where an experiment's runs keep their files: with this hub.
pub(crate) fn artifact_location(experiment: &str) -> String {
    format!("mlflow-artifacts:/{experiment}")
}

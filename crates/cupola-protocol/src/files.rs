//! Experiment files, submitted as they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::work::BundleFile;

/// `POST /api/v1/experiments/files`: an experiment file with all that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewFile {
    /// The file's text: YAML.
    pub text: String,
    /// Where it lies on the machine that runs its tasks: its relative folders begin there.
    #[serde(default)]
    pub folder: String,
    /// The files that its commands bring along.
    #[serde(default)]
    pub files: Vec<BundleFile>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubmittedFile {
    /// The experiment.
    pub experiment_id: String,
    /// How many tasks it has.
    pub tasks: u32,
}

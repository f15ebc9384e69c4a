//! What the far side tells unasked: rows as they now are, and what to read again.

use serde::{Deserialize, Serialize};

use super::{experiments::ExperimentBody, jobs::JobBody, jobs::KeyBody};

/// Changes of a moment, summed up. What is there is as it now is; what is gone is named.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ToldBody {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) experiments: Vec<ExperimentBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) experiments_gone: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) jobs: Vec<JobBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) jobs_gone: Vec<KeyBody>,
    /// Jobs whose streams grew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) logs: Vec<KeyBody>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) services: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) warnings: bool,
    /// Everything is to be read again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
}

impl ToldBody {
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.experiments.is_empty()
            && self.experiments_gone.is_empty()
            && self.jobs.is_empty()
            && self.jobs_gone.is_empty()
            && self.logs.is_empty()
            && !(self.services || self.warnings || self.all)
    }
}

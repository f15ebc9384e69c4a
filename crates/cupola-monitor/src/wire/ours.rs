//! Bodies between two of Cupola's: the model in full. Names of fields are part of the protocol.

mod asked;
mod experiments;
mod jobs;
mod told;

pub(crate) use self::{
    asked::{ActionBody, LogAskedBody, LogPartBody, OrphanBody, SeriesBody, SheetBody},
    experiments::{ExperimentActionBody, ExperimentBody, ServiceBody, WarningBody},
    jobs::{DetailsBody, JobBody, KeyBody, RunKeyBody, owned_tags},
    told::ToldBody,
};

/// What a request is about; each method reads the fields that it needs.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Asked {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<KeyBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunKeyBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<LogAskedBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<ActionBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) with_sizes: bool,
}

/// Rows of a list, sent before the answer that ends it, so that no frame is too long.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct PartBody<T> {
    /// The request that they answer.
    pub(crate) of: serde_json::Value,
    /// In order.
    pub(crate) rows: Vec<T>,
}

#[cfg(test)]
pub(crate) mod samples;

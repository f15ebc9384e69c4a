//! Other programs' files, read by whoever has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    time::Time,
    work::{BundleFile, MetricPiece},
};

/// `POST /api/v1/imports`: a part of the event files of one folder, which are one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewImport {
    /// The experiment, made when there is none of this name.
    pub experiment: String,
    /// The run, made when the experiment has none of this name.
    pub run: String,
    /// When it began, for a run that is made.
    #[serde(default)]
    pub started_at: Option<Time>,
    /// File → bytes that were read before this part, for each file that is read in it.
    #[serde(default)]
    pub from: BTreeMap<String, u64>,
    /// File → bytes that are read with it.
    #[serde(default)]
    pub to: BTreeMap<String, u64>,
    /// Points, by series.
    #[serde(default)]
    pub points: Vec<MetricPiece>,
    /// Parts of its configuration.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// Files that it keeps.
    #[serde(default)]
    pub files: Vec<BundleFile>,
    /// When it ended, with the last part.
    #[serde(default)]
    pub finished_at: Option<Time>,
}

/// What there is of it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// The experiment.
    pub experiment_id: String,
    /// The run.
    pub run_id: String,
    /// File → bytes that were read of it.
    pub read: BTreeMap<String, u64>,
    /// What was passed over, each with why.
    #[serde(default)]
    pub left_out: Vec<String>,
}

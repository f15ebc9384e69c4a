//! What became of models: how they did, where they are deployed, what they were made with.

use serde_json::{Map, Value};

use super::{DESCRIPTION_BYTES_MAX, DeploymentStatus, EvaluationOrigin, check_text};
use crate::{
    field::FieldError,
    ids::{DeploymentId, EvaluationId, ExperimentId, ModelId, RunId},
    task::Config,
    time::Timestamp,
};

/// What a score is called unless somebody says otherwise.
pub const SCORE: &str = "overall_score";

/// Bytes of what a score is called, and of where a model is deployed.
const WORDS_BYTES_MAX: usize = 1_024;

/// How a model did once.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Its name for programs.
    pub id: EvaluationId,
    /// The model.
    pub model: ModelId,
    /// Which version; none where only the model was named.
    pub version: Option<u32>,
    /// What was measured.
    pub metric: String,
    /// A finite number.
    pub score: f64,
    /// How it came to be known.
    pub origin: EvaluationOrigin,
    /// The file that says it, or what somebody called the evaluation.
    pub source: String,
    /// The run that measured it.
    pub run: Option<RunId>,
    /// For people.
    pub note: String,
    /// Who noted it.
    pub author: String,
    /// When it was measured.
    pub at: Timestamp,
}

impl Evaluation {
    /// What is wrong with it, each named.
    pub fn check(&self) -> Vec<FieldError> {
        let score = (!self.score.is_finite()).then(|| {
            let message = format!("is {}; say a number", self.score);
            FieldError::new("score", message)
        });
        let is_outside = self.metric == SCORE && !(0.0..=1.0).contains(&self.score);
        let outside = (score.is_none() && is_outside).then(|| {
            let message = format!("is {}; say an `{SCORE}` from 0 to 1", self.score);
            FieldError::new("score", message)
        });
        let metric = self.metric.trim().is_empty();
        let metric = metric.then(|| FieldError::new("metric", "is empty"));
        let texts = [
            check_text("metric", &self.metric, WORDS_BYTES_MAX),
            check_text("source", &self.source, WORDS_BYTES_MAX),
            check_text("note", &self.note, DESCRIPTION_BYTES_MAX),
        ];
        let texts = texts.into_iter().filter_map(Result::err);
        let score = score.or(outside).into_iter();
        score.chain(metric).chain(texts).collect()
    }
}

/// What was said once of where a model is deployed. The newest is how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its name for programs.
    pub id: DeploymentId,
    /// The model.
    pub model: ModelId,
    /// Which version; none where only the model was named.
    pub version: Option<u32>,
    /// How it is.
    pub status: DeploymentStatus,
    /// Where, in words or as an address.
    pub place: String,
    /// For people.
    pub note: String,
    /// Who said so.
    pub author: String,
    /// When.
    pub at: Timestamp,
}

impl Deployment {
    /// What is wrong with it, each named.
    pub fn check(&self) -> Vec<FieldError> {
        let texts = [
            check_text("place", &self.place, WORDS_BYTES_MAX),
            check_text("note", &self.note, DESCRIPTION_BYTES_MAX),
        ];
        texts.into_iter().filter_map(Result::err).collect()
    }
}

/// What a version was made with, as it was when the version was registered: it stays when the run goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    /// The model.
    pub model: ModelId,
    /// Which version.
    pub version: u32,
    /// The run that made it.
    pub run: RunId,
    /// What the run belongs to.
    pub experiment: ExperimentId,
    /// The hash of the code that it ran.
    pub code_hash: String,
    /// What it was configured with.
    pub config: Config,
    /// What it gave: key → value.
    pub metrics: Map<String, Value>,
    /// The data that it was made with.
    pub data: Vec<DataUsed>,
}

/// Some data that a version was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataUsed {
    /// Its name for people.
    pub name: String,
    /// What tells two versions of it apart.
    pub digest: String,
    /// Where it came from.
    pub source: String,
    /// How many samples it had, where they were counted.
    pub samples: Option<u64>,
}

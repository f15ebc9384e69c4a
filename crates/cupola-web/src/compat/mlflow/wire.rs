//! Experiments and runs as clients read them.

use cupola_domain::{
    counts::State,
    dataset::Dataset,
    metric::Point,
    model::{ModelRole, ModelUse},
    time::Timestamp,
};
use cupola_hub::logged::{KnownExperiment, KnownRun};
use cupola_protocol::number::Number;
use serde::Serialize;

use super::places::logged_model_text;

/// The tag in which clients say who logs.
pub(crate) const USER_TAG: &str = "mlflow.user";

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
#[expect(
    clippy::struct_field_names,
    reason = "fields have the names of the wire"
)]
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

/// A run, whole.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    info: Info,
    data: Data,
    inputs: Inputs,
    outputs: Outputs,
}

/// What every run has.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    run_id: String,
    run_uuid: String,
    run_name: String,
    experiment_id: String,
    user_id: String,
    status: &'static str,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: String,
    lifecycle_stage: &'static str,
}

#[derive(Debug, Serialize)]
struct Data {
    metrics: Vec<Metric>,
    params: Vec<Pair>,
    tags: Vec<Pair>,
}

/// A point of a series.
#[derive(Debug, Serialize)]
pub(crate) struct Metric {
    pub(crate) key: String,
    pub(crate) value: Number,
    pub(crate) timestamp: i64,
    pub(crate) step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<String>,
}

impl Metric {
    /// A point of the series called `key`.
    pub(crate) fn of(key: &str, point: &Point) -> Self {
        Self {
            key: key.to_owned(),
            value: Number(point.value),
            timestamp: point.time_millis,
            step: point.step,
            run_id: None,
        }
    }
}

#[derive(Debug, Serialize)]
struct Inputs {
    dataset_inputs: Vec<DatasetInput>,
    model_inputs: Vec<ModelInput>,
}

#[derive(Debug, Serialize)]
struct DatasetInput {
    tags: Vec<Pair>,
    dataset: UsedData,
}

#[derive(Debug, Serialize)]
struct UsedData {
    name: String,
    digest: String,
    source_type: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

#[derive(Debug, Serialize)]
struct ModelInput {
    model_id: String,
}

#[derive(Debug, Serialize)]
struct Outputs {
    model_outputs: Vec<ModelOutput>,
}

#[derive(Debug, Serialize)]
struct ModelOutput {
    model_id: String,
    step: i64,
}

impl From<KnownRun> for Run {
    fn from(known: KnownRun) -> Self {
        let info = Info::of(&known);
        let last = known.series.iter();
        let last = last.filter_map(|series| Some((&series.name, series.last.as_ref()?)));
        let (taken, given): (Vec<_>, Vec<_>) = known
            .models
            .iter()
            .partition(|used| used.role == ModelRole::Input);
        Self {
            info,
            data: Data {
                metrics: last.map(|(name, point)| Metric::of(name, point)).collect(),
                params: known.params.into_iter().map(Pair::from).collect(),
                tags: known.tags.into_iter().map(Pair::from).collect(),
            },
            inputs: Inputs {
                dataset_inputs: known.datasets.into_iter().map(DatasetInput::from).collect(),
                model_inputs: taken.into_iter().map(ModelInput::of).collect(),
            },
            outputs: Outputs {
                model_outputs: given.into_iter().map(ModelOutput::of).collect(),
            },
        }
    }
}

impl Info {
    /// What is told of a run when the rest is not asked for.
    pub(crate) fn of(known: &KnownRun) -> Self {
        let (run, experiment) = (&known.run, known.experiment.to_string());
        let user = known.tags.iter().find(|(key, _)| key == USER_TAG);
        Self {
            run_id: run.id.to_string(),
            run_uuid: run.id.to_string(),
            run_name: run.name.clone(),
            user_id: user.map_or_else(String::new, |(_, name)| name.clone()),
            status: status(run.state.word()),
            start_time: run.started_at.unwrap_or(run.created_at).millis(),
            end_time: run.finished_at.map(Timestamp::millis),
            artifact_uri: format!("{}/{}/artifacts", artifact_location(&experiment), run.id),
            lifecycle_stage: stage(known.is_deleted),
            experiment_id: experiment,
        }
    }
}

/// A state in the clients' words.
pub(crate) const fn status(state: State) -> &'static str {
    match state {
        State::Pending => "SCHEDULED",
        State::Running => "RUNNING",
        State::Completed => "FINISHED",
        State::Failed => "FAILED",
        State::Cancelled => "KILLED",
    }
}

/// The state that clients mean.
pub(crate) fn state(status: &str) -> Option<State> {
    State::ALL
        .into_iter()
        .find(|known| self::status(*known) == status)
}

impl From<Dataset> for DatasetInput {
    fn from(dataset: Dataset) -> Self {
        Self {
            tags: dataset.tags.into_iter().map(Pair::from).collect(),
            dataset: UsedData {
                name: dataset.name,
                digest: dataset.digest,
                source_type: dataset.source_type,
                source: dataset.source,
                schema: dataset.schema,
                profile: dataset.profile,
            },
        }
    }
}

impl ModelInput {
    fn of(used: &ModelUse) -> Self {
        let model_id = logged_model_text(used.model);
        Self { model_id }
    }
}

impl ModelOutput {
    fn of(used: &ModelUse) -> Self {
        Self {
            model_id: logged_model_text(used.model),
            step: used.step,
        }
    }
}

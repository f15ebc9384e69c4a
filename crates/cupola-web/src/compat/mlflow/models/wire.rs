//! Models as clients read them.

use cupola_domain::model::{LoggedModelMetric, Readiness, Stage};
use cupola_hub::{
    logged_models::KnownLoggedModel,
    models::{KnownModel, KnownVersion},
};
use cupola_protocol::number::Number;
use serde::Serialize;

use super::super::{places, wire::Pair};

/// A registered model.
#[derive(Debug, Serialize)]
pub(super) struct Model {
    name: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    user_id: String,
    description: String,
    latest_versions: Vec<Version>,
    tags: Vec<Pair>,
    aliases: Vec<Alias>,
}

#[derive(Debug, Serialize)]
struct Alias {
    alias: String,
    version: String,
}

impl From<KnownModel> for Model {
    fn from(KnownModel { model, latest }: KnownModel) -> Self {
        let aliases = model.aliases.into_iter();
        Self {
            name: model.name,
            creation_timestamp: model.created_at.millis(),
            last_updated_timestamp: model.updated_at.millis(),
            user_id: model.author,
            description: model.description,
            latest_versions: latest.into_iter().map(Into::into).collect(),
            tags: model.tags.into_iter().map(Into::into).collect(),
            aliases: aliases
                .map(|(alias, number)| Alias {
                    alias,
                    version: number.to_string(),
                })
                .collect(),
        }
    }
}

/// A version of a registered model.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "fields have the names of the wire"
)]
pub(super) struct Version {
    name: String,
    version: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    user_id: String,
    current_stage: &'static str,
    description: String,
    source: String,
    run_id: String,
    status: &'static str,
    tags: Vec<Pair>,
    run_link: String,
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
}

impl From<KnownVersion> for Version {
    fn from(known: KnownVersion) -> Self {
        let KnownVersion {
            name,
            version,
            aliases,
        } = known;
        Self {
            name,
            version: version.number.to_string(),
            creation_timestamp: version.created_at.millis(),
            last_updated_timestamp: version.updated_at.millis(),
            user_id: version.author,
            current_stage: stage(version.stage),
            description: version.description,
            source: version.source,
            run_id: version.run.map(|run| run.to_string()).unwrap_or_default(),
            status: version_status(version.status),
            tags: version.tags.into_iter().map(Into::into).collect(),
            run_link: version.run_link,
            aliases,
            model_id: version.logged.map(places::logged_model_text),
        }
    }
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::None => "None",
        Stage::Staging => "Staging",
        Stage::Production => "Production",
        Stage::Archived => "Archived",
    }
}

const fn version_status(status: Readiness) -> &'static str {
    match status {
        Readiness::Pending => "PENDING_REGISTRATION",
        Readiness::Ready => "READY",
        Readiness::Failed => "FAILED_REGISTRATION",
    }
}

/// A logged model.
#[derive(Debug, Serialize)]
pub(super) struct LoggedModel {
    info: Info,
    data: Data,
}

#[derive(Debug, Serialize)]
struct Info {
    model_id: String,
    experiment_id: String,
    name: String,
    creation_timestamp_ms: i64,
    last_updated_timestamp_ms: i64,
    artifact_uri: String,
    status: &'static str,
    model_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_run_id: Option<String>,
    tags: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct Data {
    params: Vec<Pair>,
    metrics: Vec<Metric>,
}

#[derive(Debug, Serialize)]
struct Metric {
    key: String,
    value: Number,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    dataset_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dataset_digest: String,
    model_id: String,
    run_id: String,
}

impl From<LoggedModelMetric> for Metric {
    fn from(metric: LoggedModelMetric) -> Self {
        Self {
            key: metric.key,
            value: Number(metric.value),
            timestamp: metric.at.millis(),
            step: metric.step,
            dataset_name: metric.dataset_name,
            dataset_digest: metric.dataset_digest,
            model_id: places::logged_model_text(metric.model),
            run_id: metric.run.to_string(),
        }
    }
}

impl From<KnownLoggedModel> for LoggedModel {
    fn from(KnownLoggedModel { model, metrics }: KnownLoggedModel) -> Self {
        Self {
            info: Info {
                model_id: places::logged_model_text(model.id),
                experiment_id: model.experiment.to_string(),
                artifact_uri: places::of_logged_model(&model),
                name: model.name,
                creation_timestamp_ms: model.created_at.millis(),
                last_updated_timestamp_ms: model.updated_at.millis(),
                status: logged_status(model.status),
                model_type: model.kind,
                source_run_id: model.run.map(|run| run.to_string()),
                tags: model.tags.into_iter().map(Into::into).collect(),
            },
            data: Data {
                params: model.params.into_iter().map(Into::into).collect(),
                metrics: metrics.into_iter().map(Into::into).collect(),
            },
        }
    }
}

pub(super) const fn logged_status(status: Readiness) -> &'static str {
    match status {
        Readiness::Pending => "LOGGED_MODEL_PENDING",
        Readiness::Ready => "LOGGED_MODEL_READY",
        Readiness::Failed => "LOGGED_MODEL_UPLOAD_FAILED",
    }
}

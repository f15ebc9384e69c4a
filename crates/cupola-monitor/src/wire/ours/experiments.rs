//! Experiments, and what they offer beside jobs.

use cupola_domain::time::Timestamp;
use cupola_workspace::model::{
    Counts, Experiment, ExperimentAction, ExperimentRun, RunStatus, Service, ServiceState, Warning,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::jobs::{CarbonBody, RunKeyBody};
use crate::wire::words;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExperimentBody {
    pub(crate) id: String,
    path: String,
    runs: Vec<RunBody>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RunBody {
    key: RunKeyBody,
    path: String,
    #[serde(with = "words")]
    status: RunStatus,
    host: Option<String>,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    /// In all, done, failed, running.
    counts: [u64; 4],
    /// Of those that are neither.
    #[serde(default)]
    gone: u64,
    tags: Vec<String>,
    carbon: Option<CarbonBody>,
    problem: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ServiceBody {
    run: RunKeyBody,
    id: String,
    description: String,
    #[serde(with = "words")]
    state: ServiceState,
    url: Option<String>,
    error: Option<String>,
    class: String,
    kept: Value,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExperimentActionBody {
    id: String,
    description: String,
    class: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WarningBody {
    run: RunKeyBody,
    key: String,
    description: String,
    actions: Vec<(String, String)>,
}

impl From<Experiment> for ExperimentBody {
    fn from(experiment: Experiment) -> Self {
        Self {
            id: experiment.id,
            path: experiment.path.to_string_lossy().into_owned(),
            runs: experiment.runs.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ExperimentBody> for Experiment {
    fn from(body: ExperimentBody) -> Self {
        Self {
            id: body.id,
            path: body.path.into(),
            runs: body.runs.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ExperimentRun> for RunBody {
    fn from(run: ExperimentRun) -> Self {
        let Counts {
            total,
            done,
            failed,
            running,
            gone,
        } = run.counts;
        Self {
            key: run.key.into(),
            path: run.path.to_string_lossy().into_owned(),
            status: run.status,
            host: run.host,
            started_at: run.started_at.map(Timestamp::millis),
            ended_at: run.ended_at.map(Timestamp::millis),
            counts: [total, done, failed, running],
            gone,
            tags: run.tags,
            carbon: run.carbon.map(Into::into),
            problem: run.problem,
        }
    }
}

impl From<RunBody> for ExperimentRun {
    fn from(body: RunBody) -> Self {
        let [total, done, failed, running] = body.counts;
        Self {
            key: body.key.into(),
            path: body.path.into(),
            status: body.status,
            host: body.host,
            started_at: body.started_at.map(Timestamp::from_millis),
            ended_at: body.ended_at.map(Timestamp::from_millis),
            counts: Counts {
                total,
                done,
                failed,
                running,
                gone: body.gone,
            },
            tags: body.tags,
            carbon: body.carbon.map(Into::into),
            problem: body.problem,
        }
    }
}

impl From<Service> for ServiceBody {
    fn from(service: Service) -> Self {
        Self {
            run: service.run.into(),
            id: service.id,
            description: service.description,
            state: service.state,
            url: service.url,
            error: service.error,
            class: service.class,
            kept: service.kept,
        }
    }
}

impl From<ServiceBody> for Service {
    fn from(body: ServiceBody) -> Self {
        Self {
            run: body.run.into(),
            id: body.id,
            description: body.description,
            state: body.state,
            url: body.url,
            error: body.error,
            class: body.class,
            kept: body.kept,
            synced: None,
        }
    }
}

impl From<ExperimentAction> for ExperimentActionBody {
    fn from(action: ExperimentAction) -> Self {
        Self {
            id: action.id,
            description: action.description,
            class: action.class,
        }
    }
}

impl From<ExperimentActionBody> for ExperimentAction {
    fn from(body: ExperimentActionBody) -> Self {
        Self {
            id: body.id,
            description: body.description,
            class: body.class,
        }
    }
}

impl From<Warning> for WarningBody {
    fn from(warning: Warning) -> Self {
        Self {
            run: warning.run.into(),
            key: warning.key,
            description: warning.description,
            actions: warning.actions,
        }
    }
}

impl From<WarningBody> for Warning {
    fn from(body: WarningBody) -> Self {
        Self {
            run: body.run.into(),
            key: body.key,
            description: body.description,
            actions: body.actions,
        }
    }
}

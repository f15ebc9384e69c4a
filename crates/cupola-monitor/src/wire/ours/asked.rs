//! What is asked for by name: parts of logs, changes, orphans, curves, tables.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cupola_workspace::{
    model::{Orphan, Series, Sheet},
    source::{Action, LogAsked, LogOf, LogPart},
};
use serde::{Deserialize, Serialize};

use super::jobs::{JobBody, KeyBody, RunKeyBody};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LogAskedBody {
    of: LogOfBody,
    stream: String,
    offset: Option<u64>,
    bytes: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LogOfBody {
    Job(KeyBody),
    Service(RunKeyBody, String),
    Workspace,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogPartBody {
    offset: u64,
    base64: String,
    size: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionBody {
    Kill(KeyBody),
    Delete(KeyBody),
    DeleteExperiment {
        experiment: String,
        run: Option<String>,
        with_jobs: bool,
    },
    StartService(RunKeyBody, String),
    StopService(RunKeyBody, String),
    Warning {
        run: RunKeyBody,
        key: String,
        action: String,
    },
    KillStray(Vec<KeyBody>),
    DeleteOrphans(Vec<KeyBody>),
    Execute(RunKeyBody, String),
    Start(KeyBody),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrphanBody {
    job: JobBody,
    is_stray: bool,
    bytes: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SeriesBody {
    name: String,
    /// Null where a value was not finite.
    points: Vec<(Option<f64>, Option<f64>)>,
    is_reduced: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SheetBody {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl From<&LogAsked> for LogAskedBody {
    fn from(asked: &LogAsked) -> Self {
        Self {
            of: match asked.of.clone() {
                LogOf::Job(key) => LogOfBody::Job(key.into()),
                LogOf::Service(run, id) => LogOfBody::Service(run.into(), id),
                LogOf::Workspace => LogOfBody::Workspace,
            },
            stream: asked.stream.clone(),
            offset: asked.offset,
            bytes: asked.bytes,
        }
    }
}

impl From<LogAskedBody> for LogAsked {
    fn from(body: LogAskedBody) -> Self {
        Self {
            of: match body.of {
                LogOfBody::Job(key) => LogOf::Job(key.into()),
                LogOfBody::Service(run, id) => LogOf::Service(run.into(), id),
                LogOfBody::Workspace => LogOf::Workspace,
            },
            stream: body.stream,
            offset: body.offset,
            bytes: body.bytes,
        }
    }
}

impl From<LogPart> for LogPartBody {
    fn from(part: LogPart) -> Self {
        Self {
            offset: part.offset,
            base64: BASE64_STANDARD.encode(part.bytes),
            size: part.size,
        }
    }
}

impl TryFrom<LogPartBody> for LogPart {
    type Error = base64::DecodeError;

    fn try_from(body: LogPartBody) -> Result<Self, Self::Error> {
        Ok(Self {
            offset: body.offset,
            bytes: BASE64_STANDARD.decode(body.base64)?,
            size: body.size,
        })
    }
}

fn all<T, U: From<T>>(rows: Vec<T>) -> Vec<U> {
    rows.into_iter().map(U::from).collect()
}

impl From<Action> for ActionBody {
    fn from(action: Action) -> Self {
        match action {
            Action::Kill(key) => Self::Kill(key.into()),
            Action::Delete(key) => Self::Delete(key.into()),
            Action::DeleteExperiment {
                experiment,
                run,
                with_jobs,
            } => Self::DeleteExperiment {
                experiment,
                run,
                with_jobs,
            },
            Action::StartService(run, id) => Self::StartService(run.into(), id),
            Action::StopService(run, id) => Self::StopService(run.into(), id),
            Action::Warning { run, key, action } => Self::Warning {
                run: run.into(),
                key,
                action,
            },
            Action::KillStray(keys) => Self::KillStray(all(keys)),
            Action::DeleteOrphans(keys) => Self::DeleteOrphans(all(keys)),
            Action::Execute(run, id) => Self::Execute(run.into(), id),
            Action::Start(key) => Self::Start(key.into()),
        }
    }
}

impl From<ActionBody> for Action {
    fn from(body: ActionBody) -> Self {
        match body {
            ActionBody::Kill(key) => Self::Kill(key.into()),
            ActionBody::Delete(key) => Self::Delete(key.into()),
            ActionBody::DeleteExperiment {
                experiment,
                run,
                with_jobs,
            } => Self::DeleteExperiment {
                experiment,
                run,
                with_jobs,
            },
            ActionBody::StartService(run, id) => Self::StartService(run.into(), id),
            ActionBody::StopService(run, id) => Self::StopService(run.into(), id),
            ActionBody::Warning { run, key, action } => Self::Warning {
                run: run.into(),
                key,
                action,
            },
            ActionBody::KillStray(keys) => Self::KillStray(all(keys)),
            ActionBody::DeleteOrphans(keys) => Self::DeleteOrphans(all(keys)),
            ActionBody::Execute(run, id) => Self::Execute(run.into(), id),
            ActionBody::Start(key) => Self::Start(key.into()),
        }
    }
}

impl From<Orphan> for OrphanBody {
    fn from(orphan: Orphan) -> Self {
        Self {
            job: (&orphan.job).into(),
            is_stray: orphan.is_stray,
            bytes: orphan.bytes,
        }
    }
}

impl From<OrphanBody> for Orphan {
    fn from(body: OrphanBody) -> Self {
        Self {
            job: body.job.into(),
            is_stray: body.is_stray,
            bytes: body.bytes,
        }
    }
}

impl From<Series> for SeriesBody {
    fn from(series: Series) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        let points = series.points.into_iter();
        Self {
            name: series.name,
            points: points.map(|(x, y)| (finite(x), finite(y))).collect(),
            is_reduced: series.is_reduced,
        }
    }
}

impl From<SeriesBody> for Series {
    fn from(body: SeriesBody) -> Self {
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let points = body.points.into_iter();
        Self {
            name: body.name,
            points: points.map(|(x, y)| (number(x), number(y))).collect(),
            is_reduced: body.is_reduced,
        }
    }
}

impl From<Sheet> for SheetBody {
    fn from(sheet: Sheet) -> Self {
        Self {
            title: sheet.title,
            columns: sheet.columns,
            rows: sheet.rows,
        }
    }
}

impl From<SheetBody> for Sheet {
    fn from(body: SheetBody) -> Self {
        Self {
            title: body.title,
            columns: body.columns,
            rows: body.rows,
        }
    }
}

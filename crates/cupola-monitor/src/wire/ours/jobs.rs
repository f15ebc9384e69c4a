//! Jobs.

use std::{collections::BTreeMap, path::PathBuf};

use cupola_domain::time::Timestamp;
use cupola_workspace::model::{
    Carbon, Job, JobDetails, JobKey, JobState, LogFile, Process, ProcessNow, Progress, Reason,
    RunKey, Tags,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::words;

/// Task and id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyBody(String, String);

/// Experiment and run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RunKeyBody(String, String);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JobBody {
    key: KeyBody,
    path: String,
    #[serde(with = "words")]
    state: JobState,
    #[serde(
        with = "words::option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    reason: Option<Reason>,
    #[serde(
        with = "words::option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    scheduler: Option<JobState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    submitted_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(default)]
    retries: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    progress: Vec<ProgressBody>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<ProcessBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carbon: Option<CarbonBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    runs: Vec<RunKeyBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ProgressBody {
    level: u32,
    desc: String,
    #[serde(deserialize_with = "words::number")]
    progress: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct ProcessBody {
    kind: String,
    pid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CarbonBody {
    #[serde(deserialize_with = "words::number")]
    co2_kg: f64,
    #[serde(deserialize_with = "words::number")]
    energy_kwh: f64,
    cpu_power_w: Option<f64>,
    gpu_power_w: Option<f64>,
    ram_power_w: Option<f64>,
    #[serde(deserialize_with = "words::number")]
    duration_s: f64,
    is_final: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DetailsBody {
    job: JobBody,
    parameters: Value,
    dependencies: Vec<KeyBody>,
    process: Option<ProcessNowBody>,
    logs: Vec<LogFileBody>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ProcessNowBody {
    process: ProcessBody,
    is_running: Option<bool>,
    cpu_percent: Option<f64>,
    memory_bytes: Option<u64>,
    threads: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LogFileBody {
    name: String,
    path: String,
    bytes: u64,
}

impl From<JobKey> for KeyBody {
    fn from(JobKey { task, id }: JobKey) -> Self {
        Self(task, id)
    }
}

impl From<KeyBody> for JobKey {
    fn from(KeyBody(task, id): KeyBody) -> Self {
        Self { task, id }
    }
}

impl From<RunKey> for RunKeyBody {
    fn from(RunKey { experiment, run }: RunKey) -> Self {
        Self(experiment, run)
    }
}

impl From<RunKeyBody> for RunKey {
    fn from(RunKeyBody(experiment, run): RunKeyBody) -> Self {
        Self { experiment, run }
    }
}

impl From<&Job> for JobBody {
    fn from(job: &Job) -> Self {
        let job = job.clone();
        Self {
            key: job.key.into(),
            path: job.path.to_string_lossy().into_owned(),
            state: job.state,
            reason: job.reason,
            scheduler: job.scheduler,
            submitted_at: job.submitted_at.map(Timestamp::millis),
            started_at: job.started_at.map(Timestamp::millis),
            ended_at: job.ended_at.map(Timestamp::millis),
            exit_code: job.exit_code,
            retries: job.retries,
            progress: job.progress.into_iter().map(Into::into).collect(),
            tags: owned_tags(&job.tags),
            process: job.process.map(Into::into),
            carbon: job.carbon.map(Into::into),
            runs: job.runs.into_iter().map(Into::into).collect(),
            problem: job.problem,
        }
    }
}

impl From<JobBody> for Job {
    fn from(body: JobBody) -> Self {
        Self {
            key: body.key.into(),
            path: PathBuf::from(body.path),
            state: body.state,
            reason: body.reason,
            scheduler: body.scheduler,
            submitted_at: body.submitted_at.map(Timestamp::from_millis),
            started_at: body.started_at.map(Timestamp::from_millis),
            ended_at: body.ended_at.map(Timestamp::from_millis),
            exit_code: body.exit_code,
            retries: body.retries,
            progress: body.progress.into_iter().map(Into::into).collect(),
            tags: body.tags.into(),
            process: body.process.map(Into::into),
            carbon: body.carbon.map(Into::into),
            runs: body.runs.into_iter().map(Into::into).collect(),
            problem: body.problem,
        }
    }
}

/// Tags that a body can carry away.
pub(crate) fn owned_tags(tags: &Tags) -> BTreeMap<String, Value> {
    let owned = |(name, value): (&str, &Value)| (name.to_owned(), value.clone());
    tags.iter().map(owned).collect()
}

/// Two structs with the same fields, each made of the other.
macro_rules! alike {
    ($model:ident = $body:ident { $($field:ident),+ $(,)? }) => {
        impl From<$model> for $body {
            fn from(it: $model) -> Self {
                Self { $($field: it.$field),+ }
            }
        }
        impl From<$body> for $model {
            fn from(it: $body) -> Self {
                Self { $($field: it.$field),+ }
            }
        }
    };
}

alike!(
    Progress = ProgressBody {
        level,
        desc,
        progress
    }
);
alike!(Process = ProcessBody { kind, pid, host });
alike!(
    Carbon = CarbonBody {
        co2_kg,
        energy_kwh,
        cpu_power_w,
        gpu_power_w,
        ram_power_w,
        duration_s,
        is_final,
    }
);

impl From<ProcessNow> for ProcessNowBody {
    fn from(now: ProcessNow) -> Self {
        Self {
            process: now.process.into(),
            is_running: now.is_running,
            cpu_percent: now.cpu_percent,
            memory_bytes: now.memory_bytes,
            threads: now.threads,
        }
    }
}

impl From<ProcessNowBody> for ProcessNow {
    fn from(body: ProcessNowBody) -> Self {
        Self {
            process: body.process.into(),
            is_running: body.is_running,
            cpu_percent: body.cpu_percent,
            memory_bytes: body.memory_bytes,
            threads: body.threads,
        }
    }
}

impl From<LogFile> for LogFileBody {
    fn from(file: LogFile) -> Self {
        Self {
            name: file.name,
            path: file.path.to_string_lossy().into_owned(),
            bytes: file.bytes,
        }
    }
}

impl From<LogFileBody> for LogFile {
    fn from(body: LogFileBody) -> Self {
        Self {
            name: body.name,
            path: body.path.into(),
            bytes: body.bytes,
        }
    }
}

impl From<JobDetails> for DetailsBody {
    fn from(details: JobDetails) -> Self {
        Self {
            job: (&details.job).into(),
            parameters: details.parameters,
            dependencies: details.dependencies.into_iter().map(Into::into).collect(),
            process: details.process.map(Into::into),
            logs: details.logs.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<DetailsBody> for JobDetails {
    fn from(body: DetailsBody) -> Self {
        Self {
            job: body.job.into(),
            parameters: body.parameters,
            dependencies: body.dependencies.into_iter().map(Into::into).collect(),
            process: body.process.map(Into::into),
            logs: body.logs.into_iter().map(Into::into).collect(),
        }
    }
}

//! Jobs.

use std::{collections::BTreeMap, path::PathBuf};

use cupola_domain::time::Timestamp;
use cupola_workspace::model::{
    Carbon, Job, JobKey, JobState, Process, ProcessNow, Progress, Reason, Tags,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{ours::owned_tags, times, words, words::Word as _};

/// A job as its status file and all answers have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JobBody {
    pub(crate) job_id: String,
    pub(crate) task_id: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(with = "words::option", default)]
    failure_reason: Option<Reason>,
    #[serde(default)]
    scheduler_state: Option<String>,
    #[serde(with = "words::option", default)]
    scheduler_failure_reason: Option<Reason>,
    #[serde(default)]
    started_time: Value,
    #[serde(default)]
    ended_time: Value,
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    retry_count: u32,
    #[serde(default)]
    resumable: bool,
    #[serde(default)]
    progress: Vec<ProgressBody>,
    #[serde(default)]
    process: Option<ProcessBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carbon_metrics: Option<CarbonBody>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ProgressBody {
    level: u32,
    #[serde(default)]
    desc: Option<String>,
    #[serde(deserialize_with = "words::number", default)]
    progress: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ProcessBody {
    #[serde(rename = "type", default)]
    kind: String,
    /// A number, or a scheduler's word.
    pid: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

/// All of these and no others: the other side knows what to do with none more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct CarbonBody {
    #[serde(default)]
    co2_kg: Option<f64>,
    #[serde(default)]
    energy_kwh: Option<f64>,
    #[serde(default)]
    cpu_power_w: Option<f64>,
    #[serde(default)]
    gpu_power_w: Option<f64>,
    #[serde(default)]
    ram_power_w: Option<f64>,
    #[serde(default)]
    duration_s: Option<f64>,
    #[serde(default)]
    region: String,
    #[serde(default)]
    is_final: bool,
    #[serde(default)]
    written: bool,
}

/// What an experiment's run knows of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JobInfoBody {
    pub(crate) job_id: String,
    pub(crate) task_id: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, Value>,
    #[serde(default)]
    timestamp: Value,
}

/// How a job's process does.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProcessNowBody {
    pid: Value,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    running: bool,
    #[serde(default)]
    cpu_percent: Option<f64>,
    #[serde(default)]
    memory_mb: Option<f64>,
    #[serde(default)]
    num_threads: Option<u32>,
}

impl JobBody {
    /// As it is told.
    pub(crate) fn new(job: &Job, zone: &TimeZone) -> Self {
        let time = |at: Option<Timestamp>| -> Value {
            at.and_then(|at| times::on_the_wall(at, zone)).into()
        };
        let reason = job.reason.map(plain_reason);
        Self {
            job_id: job.key.id.clone(),
            task_id: job.key.task.clone(),
            path: Some(job.path.to_string_lossy().into_owned()),
            state: Some(plain_word(job.state).to_owned()),
            failure_reason: reason,
            scheduler_state: Some(plain_word(job.scheduler.unwrap_or(job.state)).to_owned()),
            scheduler_failure_reason: reason.filter(|_| job.scheduler == Some(JobState::Error)),
            started_time: time(job.started_at),
            ended_time: time(job.ended_at),
            exit_code: job.exit_code,
            retry_count: job.retries,
            resumable: false,
            progress: job.progress.iter().map(ProgressBody::from).collect(),
            process: job.process.as_ref().map(ProcessBody::from),
            carbon_metrics: job.carbon.map(CarbonBody::from),
        }
    }

    /// Which job it is.
    pub(crate) fn key(&self) -> JobKey {
        JobKey {
            task: self.task_id.clone(),
            id: self.job_id.clone(),
        }
    }

    /// As far as it says; tags, runs and when it was submitted stand elsewhere.
    pub(crate) fn to_job(&self, zone: &TimeZone) -> Job {
        let state = state_of(self.state.as_deref()).unwrap_or(JobState::Unscheduled);
        let scheduler = state_of(self.scheduler_state.as_deref());
        Job {
            key: self.key(),
            path: PathBuf::from(self.path.clone().unwrap_or_default()),
            state,
            reason: self.failure_reason.or(self.scheduler_failure_reason),
            scheduler: scheduler.filter(|scheduler| says_more(*scheduler, state)),
            submitted_at: None,
            started_at: times::read(&self.started_time, zone),
            ended_at: times::read(&self.ended_time, zone),
            exit_code: self.exit_code,
            retries: self.retry_count,
            progress: self.progress.iter().map(Progress::from).collect(),
            tags: Tags::default(),
            process: self.process.as_ref().map(Process::from),
            carbon: self.carbon_metrics.as_ref().map(Carbon::from),
            runs: Vec::new(),
            problem: None,
        }
    }
}

impl JobInfoBody {
    /// What a run knows of `job`.
    pub(crate) fn new(job: &Job) -> Self {
        Self {
            job_id: job.key.id.clone(),
            task_id: job.key.task.clone(),
            tags: owned_tags(&job.tags),
            timestamp: job.submitted_at.map(times::to_seconds).into(),
        }
    }

    /// When it was submitted.
    pub(crate) fn submitted_at(&self, zone: &TimeZone) -> Option<Timestamp> {
        times::read(&self.timestamp, zone)
    }
}

impl ProcessNowBody {
    /// As it is told; a process that cannot be seen counts as gone there.
    pub(crate) fn new(now: &ProcessNow) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "megabytes to look at")]
        let megabytes = |bytes: u64| bytes as f64 / 1_048_576.0;
        Self {
            pid: pid_value(&now.process.pid),
            kind: now.process.kind.clone(),
            running: now.is_running.unwrap_or(false),
            cpu_percent: now.cpu_percent,
            memory_mb: now.memory_bytes.map(megabytes),
            num_threads: now.threads,
        }
    }

    /// As far as it says.
    pub(crate) fn to_now(&self, host: Option<String>) -> ProcessNow {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float is cut to what fits"
        )]
        let bytes = |megabytes: f64| (megabytes * 1_048_576.0) as u64;
        ProcessNow {
            process: Process {
                kind: self.kind.clone(),
                pid: pid_word(&self.pid),
                host,
            },
            is_running: Some(self.running),
            cpu_percent: self.cpu_percent,
            memory_bytes: self.memory_mb.map(bytes),
            threads: self.num_threads,
        }
    }
}

/// How a run's status names the state of a job: an error with its reason.
pub(crate) fn state_word(job: &Job) -> String {
    let state = plain_word(job.scheduler.unwrap_or(job.state));
    match job.reason {
        Some(reason) if state == "error" => format!("error:{}", plain_reason(reason).word()),
        _ => state.to_owned(),
    }
}

/// The scheduler's word is worth showing where the job's files lag behind it or contradict it.
fn says_more(scheduler: JobState, state: JobState) -> bool {
    let rank = |state| match state {
        JobState::Unscheduled | JobState::Transient | JobState::Phantom => 0,
        JobState::Waiting => 1,
        JobState::Ready => 2,
        JobState::Scheduled => 3,
        JobState::Running => 4,
        JobState::Done | JobState::Error => 5,
    };
    scheduler != state && rank(scheduler) >= rank(state)
}

fn state_of(word: Option<&str>) -> Option<JobState> {
    match word? {
        // What a scheduler calls a job at first, and a word of files before 2.0.
        "submitted" => Some(JobState::Waiting),
        "failed" => Some(JobState::Error),
        word => JobState::of(word),
    }
}

fn plain_word(state: JobState) -> &'static str {
    match state {
        JobState::Phantom => JobState::Unscheduled.word(),
        state => state.word(),
    }
}

fn plain_reason(reason: Reason) -> Reason {
    match reason {
        Reason::Lost => Reason::Failed,
        reason => reason,
    }
}

fn pid_value(pid: &str) -> Value {
    pid.parse::<i64>().map_or_else(|_| pid.into(), Value::from)
}

fn pid_word(pid: &Value) -> String {
    match pid {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

impl From<&Progress> for ProgressBody {
    fn from(progress: &Progress) -> Self {
        Self {
            level: progress.level,
            desc: Some(progress.desc.clone()).filter(|desc| !desc.is_empty()),
            progress: progress.progress,
        }
    }
}

impl From<&ProgressBody> for Progress {
    fn from(body: &ProgressBody) -> Self {
        Self {
            level: body.level,
            desc: body.desc.clone().unwrap_or_default(),
            progress: body.progress,
        }
    }
}

impl From<&Process> for ProcessBody {
    fn from(process: &Process) -> Self {
        Self {
            kind: process.kind.clone(),
            pid: pid_value(&process.pid),
            host: process.host.clone(),
        }
    }
}

impl From<&ProcessBody> for Process {
    fn from(body: &ProcessBody) -> Self {
        Self {
            kind: body.kind.clone(),
            pid: pid_word(&body.pid),
            host: body.host.clone(),
        }
    }
}

impl From<Carbon> for CarbonBody {
    fn from(carbon: Carbon) -> Self {
        let known = |value: Option<f64>| Some(value.unwrap_or(0.0));
        Self {
            co2_kg: Some(carbon.co2_kg),
            energy_kwh: Some(carbon.energy_kwh),
            cpu_power_w: known(carbon.cpu_power_w),
            gpu_power_w: known(carbon.gpu_power_w),
            ram_power_w: known(carbon.ram_power_w),
            duration_s: Some(carbon.duration_s),
            region: String::new(),
            is_final: carbon.is_final,
            written: carbon.is_final,
        }
    }
}

impl From<&CarbonBody> for Carbon {
    fn from(body: &CarbonBody) -> Self {
        Self {
            co2_kg: body.co2_kg.unwrap_or(0.0),
            energy_kwh: body.energy_kwh.unwrap_or(0.0),
            cpu_power_w: body.cpu_power_w,
            gpu_power_w: body.gpu_power_w,
            ram_power_w: body.ram_power_w,
            duration_s: body.duration_s.unwrap_or(0.0),
            is_final: body.is_final,
        }
    }
}

//! What is said of a workspace's jobs and experiments: as JSON, and in words.

use std::{collections::BTreeMap, path::PathBuf};

use cupola_domain::time::Timestamp;
use cupola_protocol::time::Time;
use cupola_workspace::model::{Experiment, ExperimentRun, Job, JobDetails, JobState, Reason};
use serde::Serialize;
use serde_json::Value;

use super::wire;
use crate::output;

/// A job with all that is known of it.
#[derive(Debug, Serialize)]
pub(super) struct JobBody {
    task: String,
    id: String,
    experiments: Vec<String>,
    runs: Vec<RunName>,
    state: &'static str,
    reason: Option<&'static str>,
    scheduler_state: Option<&'static str>,
    tags: BTreeMap<String, Value>,
    parameters: Value,
    dependencies: Vec<JobName>,
    submitted_at: Option<Time>,
    started_at: Option<Time>,
    ended_at: Option<Time>,
    exit_code: Option<i32>,
    retries: u32,
    progress: Vec<ProgressBody>,
    process: Option<ProcessBody>,
    co2_kg: Option<f64>,
    energy_kwh: Option<f64>,
    path: PathBuf,
    logs: BTreeMap<String, PathBuf>,
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct RunName {
    experiment: String,
    run: String,
}

#[derive(Debug, Serialize)]
struct JobName {
    task: String,
    id: String,
}

#[derive(Debug, Serialize)]
struct ProgressBody {
    level: u32,
    desc: String,
    progress: f64,
}

#[derive(Debug, Serialize)]
struct ProcessBody {
    kind: String,
    pid: String,
    host: Option<String>,
    is_running: Option<bool>,
    cpu_percent: Option<f64>,
    memory_bytes: Option<u64>,
    threads: Option<u32>,
}

impl JobBody {
    pub(super) fn of(details: JobDetails) -> Self {
        let job = details.job;
        Self {
            experiments: experiments(&job),
            state: job.state.as_str(),
            reason: job.reason.map(Reason::as_str),
            scheduler_state: job.scheduler.map(JobState::as_str),
            tags: tags(&job),
            parameters: details.parameters,
            submitted_at: wire(job.submitted_at),
            started_at: wire(job.started_at),
            ended_at: wire(job.ended_at),
            exit_code: job.exit_code,
            retries: job.retries,
            co2_kg: job.carbon.map(|carbon| carbon.co2_kg),
            energy_kwh: job.carbon.map(|carbon| carbon.energy_kwh),
            path: job.path,
            problem: job.problem,
            task: job.key.task,
            id: job.key.id,
            runs: job
                .runs
                .into_iter()
                .map(|key| RunName {
                    experiment: key.experiment,
                    run: key.run,
                })
                .collect(),
            dependencies: details
                .dependencies
                .into_iter()
                .map(|key| JobName {
                    task: key.task,
                    id: key.id,
                })
                .collect(),
            progress: job
                .progress
                .into_iter()
                .map(|level| ProgressBody {
                    level: level.level,
                    desc: level.desc,
                    progress: level.progress,
                })
                .collect(),
            logs: details
                .logs
                .into_iter()
                .map(|log| (log.name, log.path))
                .collect(),
            process: details.process.map(|now| ProcessBody {
                kind: now.process.kind,
                pid: now.process.pid,
                host: now.process.host,
                is_running: now.is_running,
                cpu_percent: now.cpu_percent,
                memory_bytes: now.memory_bytes,
                threads: now.threads,
            }),
        }
    }

    /// For people.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let time =
            |time: &Option<Time>| output::or_dash(time.map(|time| time.to_string()).as_deref());
        let tags = self
            .tags
            .iter()
            .map(|(name, value)| format!("{name}={}", plain(value)));
        let needs = self
            .dependencies
            .iter()
            .map(|key| format!("{}/{}", key.task, key.id));
        let levels = self
            .progress
            .iter()
            .map(|level| format!("{:.0} % {}", level.progress * 100.0, level.desc));
        let logs = self.logs.values().map(|path| path.display().to_string());
        let reason = self
            .reason
            .map_or(String::new(), |reason| format!(" ({reason})"));
        let mut shown = vec![
            ("job", format!("{}/{}", self.task, self.id)),
            ("experiments", self.experiments.join(", ")),
            ("state", format!("{}{reason}", self.state)),
            ("tags", tags.collect::<Vec<_>>().join(", ")),
            ("parameters", self.parameters.to_string()),
            ("needs", needs.collect::<Vec<_>>().join("\n")),
            ("submitted", time(&self.submitted_at)),
            ("started", time(&self.started_at)),
            ("ended", time(&self.ended_at)),
            ("progress", levels.collect::<Vec<_>>().join("\n")),
            ("path", self.path.display().to_string()),
            ("logs", logs.collect::<Vec<_>>().join("\n")),
        ];
        if let Some(process) = &self.process {
            let host = process
                .host
                .as_deref()
                .unwrap_or("a host that is not noted");
            shown.push((
                "process",
                format!("{} {} on {host}", process.kind, process.pid),
            ));
        }
        shown.extend(self.problem.clone().map(|problem| ("problem", problem)));
        shown
    }
}

/// An experiment with its runs, the newest first.
#[derive(Debug, Serialize)]
pub(super) struct ExperimentBody {
    id: String,
    path: PathBuf,
    runs: Vec<RunBody>,
}

#[derive(Debug, Serialize)]
struct RunBody {
    run: String,
    status: &'static str,
    host: Option<String>,
    started_at: Option<Time>,
    ended_at: Option<Time>,
    jobs: u64,
    done: u64,
    failed: u64,
    running: u64,
    tags: Vec<String>,
    co2_kg: Option<f64>,
    path: PathBuf,
    problem: Option<String>,
}

impl ExperimentBody {
    pub(super) fn of(experiment: &Experiment) -> Self {
        Self {
            id: experiment.id.clone(),
            path: experiment.path.clone(),
            runs: experiment.runs.iter().map(RunBody::of).collect(),
        }
    }
}

impl RunBody {
    fn of(run: &ExperimentRun) -> Self {
        Self {
            run: run.key.run.clone(),
            status: run.status.as_str(),
            host: run.host.clone(),
            started_at: wire(run.started_at),
            ended_at: wire(run.ended_at),
            jobs: run.counts.total,
            done: run.counts.done,
            failed: run.counts.failed,
            running: run.counts.running,
            tags: run.tags.clone(),
            co2_kg: run.carbon.map(|carbon| carbon.co2_kg),
            path: run.path.clone(),
            problem: run.problem.clone(),
        }
    }
}

/// Each once, in the order in which they named it.
pub(super) fn experiments(job: &Job) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for run in &job.runs {
        if !names.contains(&run.experiment) {
            names.push(run.experiment.clone());
        }
    }
    names
}

/// `error (failed)`.
pub(super) fn state(job: &Job) -> String {
    match job.reason {
        Some(reason) => format!("{} ({})", job.state.as_str(), reason.as_str()),
        None => job.state.as_str().to_owned(),
    }
}

/// A text without its quotation marks.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn time(time: Option<Timestamp>) -> String {
    output::or_dash(wire(time).map(|time| time.to_string()).as_deref())
}

fn tags(job: &Job) -> BTreeMap<String, Value> {
    let tags = job.tags.iter();
    tags.map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}

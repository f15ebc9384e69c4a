//! What is said of workspaces, of their experiments and of their jobs.

use cupola_domain::time::Timestamp;
use cupola_protocol::{
    time::Time,
    workspaces::{
        WorkspaceBody, WorkspaceExperiment, WorkspaceJob, WorkspaceJobName, WorkspaceProcess,
        WorkspaceProgress, WorkspaceRun, WorkspaceRunName,
    },
};
use cupola_workspace::{
    model::{
        Experiment, ExperimentRun, Job, JobDetails, JobKey, JobState, ProcessNow, Reason, RunKey,
    },
    source::Connection,
};

use crate::workspaces::{Unanswered, Workspace};

/// A workspace, as far as it is open.
pub(crate) fn workspace(workspace: &Workspace) -> WorkspaceBody {
    let (state, problem) = match (workspace.opened_source(), workspace.connection()) {
        (Ok(_), Some(Connection::Away { why, .. })) => ("away", Some(why)),
        (Ok(_), _) => ("open", None),
        (Err(Unanswered::Closed(error) | Unanswered::Said(error)), _) => {
            ("failed", Some(error.to_string()))
        }
        (Err(_), _) => ("closed", None),
    };
    WorkspaceBody {
        id: workspace.id.clone(),
        place: workspace.title.clone(),
        is_remote: workspace.is_remote,
        state: state.to_owned(),
        problem,
    }
}

/// An experiment with its runs.
pub fn workspace_experiment(experiment: &Experiment) -> WorkspaceExperiment {
    WorkspaceExperiment {
        id: experiment.id.clone(),
        path: experiment.path.to_string_lossy().into_owned(),
        runs: experiment.runs.iter().map(run).collect(),
    }
}

/// A job's experiments, each once, in the order in which they named it.
pub fn workspace_job_experiments(job: &Job) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for run in &job.runs {
        if !names.contains(&run.experiment) {
            names.push(run.experiment.clone());
        }
    }
    names
}

/// A job with all that is known of it.
pub fn workspace_job(details: JobDetails) -> WorkspaceJob {
    let job = details.job;
    let tags = job.tags.iter();
    WorkspaceJob {
        experiments: workspace_job_experiments(&job),
        state: job.state.as_str().to_owned(),
        reason: job.reason.map(Reason::as_str).map(str::to_owned),
        scheduler_state: job.scheduler.map(JobState::as_str).map(str::to_owned),
        tags: tags
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect(),
        parameters: details.parameters,
        dependencies: details.dependencies.into_iter().map(job_name).collect(),
        submitted_at: time(job.submitted_at),
        started_at: time(job.started_at),
        ended_at: time(job.ended_at),
        exit_code: job.exit_code,
        retries: job.retries,
        progress: job
            .progress
            .into_iter()
            .map(|level| WorkspaceProgress {
                level: level.level,
                desc: level.desc,
                progress: level.progress,
            })
            .collect(),
        process: details.process.map(process),
        co2_kg: job.carbon.map(|carbon| carbon.co2_kg),
        energy_kwh: job.carbon.map(|carbon| carbon.energy_kwh),
        path: job.path.to_string_lossy().into_owned(),
        logs: details
            .logs
            .into_iter()
            .map(|log| (log.name, log.path.to_string_lossy().into_owned()))
            .collect(),
        problem: job.problem,
        runs: job.runs.into_iter().map(run_name).collect(),
        task: job.key.task,
        id: job.key.id,
    }
}

fn run(run: &ExperimentRun) -> WorkspaceRun {
    WorkspaceRun {
        run: run.key.run.clone(),
        status: run.status.as_str().to_owned(),
        host: run.host.clone(),
        started_at: time(run.started_at),
        ended_at: time(run.ended_at),
        jobs: run.counts.total,
        done: run.counts.done,
        failed: run.counts.failed,
        running: run.counts.running,
        gone: run.counts.gone,
        tags: run.tags.clone(),
        co2_kg: run.carbon.map(|carbon| carbon.co2_kg),
        path: run.path.to_string_lossy().into_owned(),
        problem: run.problem.clone(),
    }
}

fn process(now: ProcessNow) -> WorkspaceProcess {
    WorkspaceProcess {
        kind: now.process.kind,
        pid: now.process.pid,
        host: now.process.host,
        is_running: now.is_running,
        cpu_percent: now.cpu_percent,
        memory_bytes: now.memory_bytes,
        threads: now.threads,
    }
}

fn run_name(key: RunKey) -> WorkspaceRunName {
    WorkspaceRunName {
        experiment: key.experiment,
        run: key.run,
    }
}

fn job_name(key: JobKey) -> WorkspaceJobName {
    WorkspaceJobName {
        task: key.task,
        id: key.id,
    }
}

fn time(time: Option<Timestamp>) -> Option<Time> {
    time.map(Time)
}

//! Experimaestro on the far side.

mod act;
mod events;
mod logs;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use cupola_workspace::{
    copied,
    model::{
        Experiment, ExperimentAction, Job, JobDetails, JobKey, Orphan, RunKey, Service, Tags,
        Warning,
    },
    source::SourceError,
};
use serde_json::{Value, json};

pub(super) use self::{
    act::act,
    events::{Due, read_again, take_event},
    logs::log,
};
use super::{far::Far, link::Link};
use crate::wire::theirs::{
    JobBody, ProcessNowBody, RunBody, ServiceBody, WarningBody, WarningsBody,
};

/// What a run knows of its jobs, by their ids.
type Known = BTreeMap<JobKey, Job>;

pub(super) fn experiments(link: &Link, far: &Far) -> Result<Vec<Experiment>, SourceError> {
    let newest: Vec<RunBody> = link.call("get_experiments", &json!({}))?.body()?;
    let mut experiments = Vec::new();
    for body in newest {
        let runs = if body.runs_count.unwrap_or(1) > 1 {
            all_runs(link, &body)?
        } else {
            vec![body]
        };
        let mut runs: Vec<_> = runs
            .iter()
            .map(|run| run.to_run(&far.workspace, &far.zone))
            .collect();
        runs.sort_by(|a, b| b.key.run.cmp(&a.key.run));
        let Some(first) = runs.first() else {
            continue;
        };
        let id = first.key.experiment.clone();
        experiments.push(Experiment {
            path: far.workspace.join("experiments").join(&id),
            id,
            runs,
        });
    }
    Ok(experiments)
}

/// All of an experiment. What the newest run says of itself is fuller in `newest` than in their list.
fn all_runs(link: &Link, newest: &RunBody) -> Result<Vec<RunBody>, SourceError> {
    let about = json!({"experiment_id": newest.experiment_id});
    let runs: Vec<RunBody> = link.call("get_experiment_runs", &about)?.body()?;
    // The link `current` is listed as a run of its own.
    let is_other = |run: &RunBody| run.run_id != newest.run_id && run.run_id != "current";
    let mut all = vec![newest.clone()];
    all.extend(runs.into_iter().filter(is_other));
    Ok(all)
}

pub(super) fn jobs(link: &Link, far: &Far, of: Option<&RunKey>) -> Result<Vec<Job>, SourceError> {
    let (bodies, known): (Vec<JobBody>, _) = if let Some(run) = of {
        let about = json!({"experiment_id": run.experiment, "run_id": run.run});
        let bodies = link.call("get_jobs", &about)?.body()?;
        (bodies, known_of_run(link, far, run)?)
    } else {
        let bodies = link.call("get_all_jobs", &json!({}))?.body()?;
        (bodies, known_of_all(link, far)?)
    };
    let jobs = bodies.iter().map(|body| body.to_job(&far.zone));
    Ok(jobs.map(|job| with_known(job, &known)).collect())
}

fn known_of_run(link: &Link, far: &Far, run: &RunKey) -> Result<Known, SourceError> {
    let about = json!({"experiment_id": run.experiment});
    let newest: Option<RunBody> = link.call("get_experiment", &about)?.body()?;
    let Some(newest) = newest else {
        return Ok(Known::new());
    };
    if newest.run_id == run.run {
        return Ok(known_of(&[newest], far));
    }
    let runs = all_runs(link, &newest)?.into_iter();
    let wanted: Vec<_> = runs.filter(|it| it.run_id == run.run).collect();
    Ok(known_of(&wanted, far))
}

fn known_of_all(link: &Link, far: &Far) -> Result<Known, SourceError> {
    let newest: Vec<RunBody> = link.call("get_experiments", &json!({}))?.body()?;
    Ok(known_of(&newest, far))
}

/// The part of a job that stands in runs: its tags, when it was submitted, and which runs name it.
fn known_of(runs: &[RunBody], far: &Far) -> Known {
    let mut known = Known::new();
    for run in runs {
        for info in run.job_infos.values() {
            let key = JobKey {
                task: info.task_id.clone(),
                id: info.job_id.clone(),
            };
            let job = known.entry(key.clone()).or_insert_with(|| unread(key));
            job.tags = Tags::from(info.tags.clone());
            job.submitted_at = info.submitted_at(&far.zone);
            job.runs.push(run.key());
        }
    }
    known
}

fn unread(key: JobKey) -> Job {
    let body: JobBody = serde_json::from_value(json!({"task_id": key.task, "job_id": key.id}))
        .expect("only the two names are required");
    body.to_job(&jiff::tz::TimeZone::UTC)
}

fn with_known(job: Job, known: &Known) -> Job {
    match known.get(&job.key) {
        Some(known) => with_names(job, known),
        None => job,
    }
}

/// The job with what only `known` says of it.
fn with_names(job: Job, known: &Job) -> Job {
    Job {
        tags: known.tags.clone(),
        submitted_at: known.submitted_at,
        runs: known.runs.clone(),
        ..job
    }
}

pub(super) fn dependencies(
    link: &Link,
    of: &RunKey,
    jobs: &[std::sync::Arc<Job>],
) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
    let about = json!({"experiment_id": of.experiment, "run_id": of.run});
    let ids: BTreeMap<String, Vec<String>> = link.call("get_dependencies_map", &about)?.body()?;
    let keys: BTreeMap<&str, &JobKey> = jobs
        .iter()
        .map(|it| (it.key.id.as_str(), &it.key))
        .collect();
    let key = |id: &String| keys.get(id.as_str()).map(|key| (*key).clone());
    let named = |(job, needs): (String, Vec<String>)| {
        Some((key(&job)?, needs.iter().filter_map(key).collect()))
    };
    Ok(ids.into_iter().filter_map(named).collect())
}

pub(super) fn job(
    link: &Link,
    far: &Far,
    key: &JobKey,
    known: Option<&Job>,
    fetch: impl FnOnce(&Path) -> Result<PathBuf, SourceError>,
) -> Result<JobDetails, SourceError> {
    let about = about_job(key);
    let Some(job) = read_job(link, far, key)? else {
        return Err(SourceError::Unknown(format!("there is no job `{key}`")));
    };
    let job = known.map_or_else(|| job.clone(), |known| with_names(job.clone(), known));
    let now: Option<ProcessNowBody> = link.call("get_process_info", &about)?.body()?;
    let host = job.process.as_ref().and_then(|it| it.host.clone());
    // Its server has no method for parameters; the file that holds them may be fetched.
    let fetched = fetch(&job.path.join("params.json")).ok();
    let (parameters, dependencies) = fetched
        .and_then(|file| file.parent().map(copied::parameters))
        .unwrap_or_default();
    Ok(JobDetails {
        process: now.map(|now| now.to_now(host)),
        parameters,
        dependencies,
        logs: logs::files_of(&job),
        job,
    })
}

/// One row, as it now is there; without what stands in runs.
fn read_job(link: &Link, far: &Far, key: &JobKey) -> Result<Option<Job>, SourceError> {
    let body: Option<JobBody> = link.call("get_job", &about_job(key))?.body()?;
    Ok(body.map(|body| body.to_job(&far.zone)))
}

pub(super) fn services(link: &Link, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
    let about = match of {
        Some(run) => json!({"experiment_id": run.experiment, "run_id": run.run}),
        None => json!({}),
    };
    let bodies: Vec<ServiceBody> = link.call("get_services", &about)?.body()?;
    Ok(bodies.into_iter().map(Service::from).collect())
}

pub(super) fn actions(link: &Link, of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
    let about = json!({"experiment_id": of.experiment});
    let runs: Vec<RunBody> = link.call("get_experiment_runs", &about)?.body()?;
    let run = runs.iter().find(|run| run.run_id == of.run);
    Ok(run.map(RunBody::to_actions).unwrap_or_default())
}

/// Sizes are not told there.
pub(super) fn orphans(link: &Link, far: &Far) -> Result<Vec<Orphan>, SourceError> {
    let mut orphans = Vec::new();
    for (method, is_stray) in [("get_orphan_jobs", false), ("get_stray_jobs", true)] {
        let bodies: Vec<JobBody> = link.call(method, &json!({"refresh": true}))?.body()?;
        orphans.extend(bodies.iter().map(|body| Orphan {
            job: body.to_job(&far.zone),
            is_stray,
            bytes: None,
        }));
    }
    Ok(orphans)
}

pub(super) fn warnings(link: &Link) -> Result<Vec<Warning>, SourceError> {
    let body: WarningsBody = link.call("get_unresolved_warnings", &json!({}))?.body()?;
    let warnings = body.warnings.into_iter();
    Ok(warnings.map(|body: WarningBody| body.into()).collect())
}

/// There is no method for it there.
pub(super) fn unsupported(what: &str) -> SourceError {
    SourceError::Unsupported(format!("Experimaestro's server has no {what} to offer"))
}

fn about_job(key: &JobKey) -> Value {
    json!({"task_id": key.task, "job_id": key.id, "refresh": true})
}

/// The name that a job's files begin with: the last part of its task's.
fn script_of(job: &Path) -> Option<&str> {
    let task = job.parent()?.file_name()?.to_str()?;
    task.rsplit('.').next()
}

//! What Experimaestro's client asks.

use std::{collections::BTreeMap, sync::Arc};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    model::{Experiment, ExperimentRun, Job, JobKey, JobState, RunKey},
    source::{Action, Source, SourceError},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{Server, read_params};
use crate::{
    rpc::{self, Failure},
    wire::theirs::{
        JobBody, ProcessNowBody, RunBody, ServiceBody, WarningBody, WarningsBody, read_time,
        state_word,
    },
};

type Answer = Result<Box<RawValue>, Failure>;

/// All that any method asks with; each reads what it needs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    experiment_id: Option<String>,
    run_id: Option<String>,
    task_id: Option<String>,
    job_id: Option<String>,
    state: Option<String>,
    tags: Option<BTreeMap<String, Value>>,
    since: Value,
    refresh: Option<bool>,
    perform: Option<bool>,
    delete_jobs: Option<bool>,
    warning_key: Option<String>,
    action_key: Option<String>,
}

/// Whether something was done, and why not.
#[derive(Serialize)]
struct Done {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Answers one request.
pub(super) fn answer(server: &Server, method: &str, params: &RawValue) -> Answer {
    let asked: Asked = read_params(params)?;
    let source = &*server.source;
    if asked.refresh == Some(true) {
        source.refresh();
    }
    match method {
        "get_experiments" => experiments(server, &asked),
        "get_experiment" => experiment(server, &asked),
        "get_experiment_runs" => experiment_runs(server, &asked),
        "get_jobs" => jobs(server, &asked),
        "get_all_jobs" => Ok(listed(server, &source.jobs(None)?, &asked)),
        "get_job" => job(server, &asked),
        "get_orphan_jobs" => orphans(server, false),
        "get_stray_jobs" => orphans(server, true),
        "get_services" => services(source, &asked),
        "get_tags_map" => tags(source, &asked),
        "get_dependencies_map" => dependencies(source, &asked),
        "get_process_info" => process(source, &asked),
        "get_unresolved_warnings" => {
            let warnings = source.warnings()?.into_iter().map(WarningBody::from);
            let warnings = warnings.collect();
            Ok(rpc::raw(&WarningsBody { warnings }))
        }
        "kill_job" => {
            let outcome = source.act(&Action::Kill(asked.job()?));
            Ok(rpc::raw(&Done {
                success: outcome.is_ok(),
                message: None,
                error: outcome.err().map(|error| error.to_string()),
            }))
        }
        "clean_job" | "delete_job_safely" => delete_job(source, &asked),
        "delete_experiment" => delete_experiment(source, &asked),
        "execute_warning_action" => act_on_warning(source, &asked),
        other => Err(Failure::new(
            rpc::METHOD_NOT_FOUND,
            format!("Unknown method: {other}"),
        )),
    }
}

fn experiments(server: &Server, asked: &Asked) -> Answer {
    let since = read_time(&asked.since, &server.zone);
    let mut bodies = Vec::new();
    for experiment in server.source.experiments()? {
        let Some(run) = experiment.runs.first() else {
            continue;
        };
        if is_since(run.started_at, since) {
            let mut body = run_body(server, run)?;
            body.runs_count = Some(experiment.runs.len());
            bodies.push(body);
        }
    }
    Ok(rpc::raw(&bodies))
}

fn experiment(server: &Server, asked: &Asked) -> Answer {
    let experiment = find_experiment(&*server.source, asked.experiment()?)?;
    let run = experiment.as_ref().and_then(|it| it.runs.first());
    let body = run.map(|run| run_body(server, run)).transpose()?;
    Ok(rpc::raw(&body))
}

fn experiment_runs(server: &Server, asked: &Asked) -> Answer {
    let experiment = find_experiment(&*server.source, asked.experiment()?)?;
    let runs = experiment.map(|it| it.runs).unwrap_or_default();
    let bodies: Vec<_> = (runs.iter())
        .map(|run| run_body(server, run))
        .collect::<Result<_, _>>()?;
    Ok(rpc::raw(&bodies))
}

fn run_body(server: &Server, run: &ExperimentRun) -> Result<RunBody, Failure> {
    let source = &*server.source;
    let jobs = source.jobs(Some(&run.key))?;
    let services = source.services(Some(&run.key)).unwrap_or_default();
    let actions = source.actions(&run.key).unwrap_or_default();
    Ok(RunBody::new(run, &jobs, services, actions, &server.zone))
}

fn jobs(server: &Server, asked: &Asked) -> Answer {
    let source = &*server.source;
    let jobs = match &asked.experiment_id {
        None => source.jobs(None)?,
        Some(_) => match asked.run(source)? {
            Some(run) => source.jobs(Some(&run))?,
            None => Vec::new(),
        },
    };
    Ok(listed(server, &jobs, asked))
}

fn listed(server: &Server, jobs: &[Arc<Job>], asked: &Asked) -> Box<RawValue> {
    let since = read_time(&asked.since, &server.zone);
    let wanted = jobs.iter().filter(|job| asked.wants(job, since));
    let bodies: Vec<_> = wanted.map(|job| JobBody::new(job, &server.zone)).collect();
    rpc::raw(&bodies)
}

fn job(server: &Server, asked: &Asked) -> Answer {
    let details = found(server.source.job(&asked.job()?))?;
    let body = details.map(|details| JobBody::new(&details.job, &server.zone));
    Ok(rpc::raw(&body))
}

fn orphans(server: &Server, are_stray: bool) -> Answer {
    let orphans = server.source.orphans(false)?.into_iter();
    let wanted = orphans.filter(|orphan| orphan.is_stray == are_stray);
    let bodies: Vec<_> = wanted
        .map(|orphan| JobBody::new(&orphan.job, &server.zone))
        .collect();
    Ok(rpc::raw(&bodies))
}

fn services(source: &dyn Source, asked: &Asked) -> Answer {
    let run = match &asked.experiment_id {
        Some(_) => asked.run(source)?,
        None => None,
    };
    let bodies: Vec<_> = (source.services(run.as_ref())?.into_iter())
        .map(ServiceBody::from)
        .collect();
    Ok(rpc::raw(&bodies))
}

fn tags(source: &dyn Source, asked: &Asked) -> Answer {
    asked.experiment()?;
    let jobs = match asked.run(source)? {
        Some(run) => source.jobs(Some(&run))?,
        None => Vec::new(),
    };
    let tags: BTreeMap<_, BTreeMap<_, _>> = (jobs.iter())
        .map(|job| (&job.key.id, job.tags.iter().collect()))
        .collect();
    Ok(rpc::raw(&tags))
}

fn dependencies(source: &dyn Source, asked: &Asked) -> Answer {
    asked.experiment()?;
    let needs = match asked.run(source)? {
        Some(run) => source.dependencies(&run)?,
        None => BTreeMap::new(),
    };
    let ids = |keys: Vec<JobKey>| keys.into_iter().map(|key| key.id).collect::<Vec<_>>();
    let needs: BTreeMap<_, _> = (needs.into_iter())
        .map(|(job, needs)| (job.id, ids(needs)))
        .collect();
    Ok(rpc::raw(&needs))
}

fn process(source: &dyn Source, asked: &Asked) -> Answer {
    let details = found(source.job(&asked.job()?))?;
    let now = details.and_then(|details| details.process);
    Ok(rpc::raw(&now.as_ref().map(ProcessNowBody::new)))
}

fn delete_job(source: &dyn Source, asked: &Asked) -> Answer {
    let key = asked.job()?;
    let outcome = if asked.perform == Some(false) {
        source.job(&key).and_then(|details| {
            if details.job.state == JobState::Running {
                return Err(SourceError::Refused(format!("job `{key}` is running")));
            }
            Ok(format!("job `{key}` can be deleted"))
        })
    } else {
        source.act(&Action::Delete(key))
    };
    Ok(rpc::raw(&Done::told(outcome)))
}

fn delete_experiment(source: &dyn Source, asked: &Asked) -> Answer {
    let experiment = asked.experiment()?;
    let outcome = if asked.perform == Some(false) {
        match find_experiment(source, experiment)? {
            Some(_) => Ok(format!("experiment `{experiment}` can be deleted")),
            None => Err(SourceError::Unknown(format!(
                "there is no experiment `{experiment}`"
            ))),
        }
    } else {
        source.act(&Action::DeleteExperiment {
            experiment: experiment.to_owned(),
            run: None,
            with_jobs: asked.delete_jobs.unwrap_or(false),
        })
    };
    Ok(rpc::raw(&Done::told(outcome)))
}

fn act_on_warning(source: &dyn Source, asked: &Asked) -> Answer {
    let (Some(key), Some(action)) = (asked.warning_key.clone(), asked.action_key.clone()) else {
        return Err(needed("warning_key and action_key are"));
    };
    source.act(&Action::Warning {
        run: RunKey {
            experiment: asked.experiment_id.clone().unwrap_or_default(),
            run: asked.run_id.clone().unwrap_or_default(),
        },
        key,
        action,
    })?;
    Ok(rpc::raw(&json!(null)))
}

impl Asked {
    fn experiment(&self) -> Result<&str, Failure> {
        let id = self.experiment_id.as_deref().filter(|id| !id.is_empty());
        id.ok_or_else(|| needed("experiment_id is"))
    }

    fn job(&self) -> Result<JobKey, Failure> {
        match (&self.task_id, &self.job_id) {
            (Some(task), Some(id)) if !task.is_empty() && !id.is_empty() => Ok(JobKey {
                task: task.clone(),
                id: id.clone(),
            }),
            _ => Err(needed("task_id and job_id are")),
        }
    }

    /// The run that is asked for, the newest where none is named; none where there is none.
    fn run(&self, source: &dyn Source) -> Result<Option<RunKey>, Failure> {
        let Some(experiment) = find_experiment(source, self.experiment()?)? else {
            return Ok(None);
        };
        let is_asked = |run: &&ExperimentRun| {
            self.run_id
                .as_ref()
                .is_none_or(|wanted| *wanted == run.key.run)
        };
        Ok(experiment
            .runs
            .iter()
            .find(is_asked)
            .map(|run| run.key.clone()))
    }

    fn wants(&self, job: &Job, since: Option<Timestamp>) -> bool {
        let state = |wanted: &String| state_word(job).split(':').next() == Some(wanted);
        let tag = |(name, wanted): (&String, &Value)| {
            job.tags.find(name).is_some_and(|value| {
                value == wanted || wanted.as_str() == Some(value.to_string().as_str())
            })
        };
        self.task_id
            .as_ref()
            .is_none_or(|task| *task == job.key.task)
            && self.state.as_ref().is_none_or(state)
            && self.tags.iter().flatten().all(tag)
            && is_since(
                job.submitted_at.max(job.started_at).max(job.ended_at),
                since,
            )
    }
}

impl Done {
    fn told(outcome: Result<String, SourceError>) -> Self {
        Self {
            success: outcome.is_ok(),
            message: Some(outcome.unwrap_or_else(|error| error.to_string())),
            error: None,
        }
    }
}

fn find_experiment(source: &dyn Source, id: &str) -> Result<Option<Experiment>, Failure> {
    Ok(source.experiments()?.into_iter().find(|it| it.id == id))
}

/// What is not there is no failure to this client.
fn found<T>(outcome: Result<T, SourceError>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(it) => Ok(Some(it)),
        Err(SourceError::Unknown(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_since(at: Option<Timestamp>, since: Option<Timestamp>) -> bool {
    since.is_none_or(|since| at.is_some_and(|at| at >= since))
}

fn needed(what: &str) -> Failure {
    Failure::new(rpc::INVALID_PARAMS, format!("{what} required"))
}

//! What can be changed in a workspace: each thing is asked once more before it happens.

use std::collections::BTreeSet;

use cupola_workspace::{
    model::{JobKey, JobState, RunKey},
    source::{Action, Source, SourceError},
};

use super::looked::Looked;
use crate::{
    params::Params,
    ui::{
        confirmation::Confirmation, format, frame::Frame, listing::query, plain::plain,
        workspaces::present,
    },
    workspaces::hash_of_all,
};

/// What somebody asks for, as addresses say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// One thing.
    One(Action),
    /// All jobs that run astray are killed: those that were asked about.
    KillStray(Told),
    /// All folders that nothing names and nobody works in are deleted: those that were asked about.
    Clean(Told),
}

/// Of which jobs a question told, as a hash of their names; empty before it was asked.
pub(super) type Told = String;

/// So many are killed, or deleted, by one call: over SSH each call has its limit.
const KILLED_AT_ONCE: usize = 8;
const DELETED_AT_ONCE: usize = 32;

impl Asked {
    pub(super) fn kill(key: &JobKey) -> Self {
        Self::One(Action::Kill(key.clone()))
    }

    pub(super) fn delete(key: &JobKey) -> Self {
        Self::One(Action::Delete(key.clone()))
    }

    pub(super) fn delete_experiment(experiment: &str) -> Self {
        Self::One(Action::DeleteExperiment {
            experiment: experiment.to_owned(),
            run: None,
            with_jobs: true,
        })
    }

    pub(super) fn delete_run(key: &RunKey) -> Self {
        Self::One(Action::DeleteExperiment {
            experiment: key.experiment.clone(),
            run: Some(key.run.clone()),
            with_jobs: true,
        })
    }

    pub(super) fn start(run: &RunKey, id: &str) -> Self {
        Self::One(Action::StartService(run.clone(), id.to_owned()))
    }

    pub(super) fn stop(run: &RunKey, id: &str) -> Self {
        Self::One(Action::StopService(run.clone(), id.to_owned()))
    }

    pub(super) fn warning(run: &RunKey, key: &str, action: &str) -> Self {
        Self::One(Action::Warning {
            run: run.clone(),
            key: key.to_owned(),
            action: action.to_owned(),
        })
    }

    /// What an address asks for; none when that is nothing that can be done.
    pub(super) fn read(params: &Params) -> Option<Self> {
        let text = |name| params.text(name).to_owned();
        let job = || JobKey {
            task: text("task"),
            id: text("job"),
        };
        let run = || RunKey {
            experiment: text("experiment"),
            run: text("run"),
        };
        let name = text("name");
        Some(Self::One(match params.text("do") {
            "kill-stray" => return Some(Self::KillStray(text("told"))),
            "clean" => return Some(Self::Clean(text("told"))),
            "kill" => Action::Kill(job()),
            "delete" => Action::Delete(job()),
            "delete-experiment" => Action::DeleteExperiment {
                experiment: text("experiment"),
                run: Some(text("run")).filter(|run| !run.is_empty()),
                with_jobs: params.text("jobs") == "too",
            },
            "start-service" => Action::StartService(run(), name),
            "stop-service" => Action::StopService(run(), name),
            "warning" => Action::Warning {
                run: run(),
                key: name,
                action: text("action"),
            },
            _ => return None,
        }))
    }

    fn query(&self) -> String {
        let of_run = |verb: &str, run: &RunKey, name: &str, action: &str| {
            query(&[
                ("do", verb),
                ("experiment", &run.experiment),
                ("run", &run.run),
                ("name", name),
                ("action", action),
            ])
        };
        let of_job = |verb: &str, key: &JobKey| {
            query(&[("do", verb), ("task", &key.task), ("job", &key.id)])
        };
        let action = match self {
            Self::One(action) => action,
            Self::KillStray(told) => return query(&[("do", "kill-stray"), ("told", told)]),
            Self::Clean(told) => return query(&[("do", "clean"), ("told", told)]),
        };
        match action {
            Action::Kill(key) => of_job("kill", key),
            Action::Delete(key) => of_job("delete", key),
            Action::DeleteExperiment {
                experiment,
                run,
                with_jobs,
            } => query(&[
                ("do", "delete-experiment"),
                ("experiment", experiment),
                ("run", run.as_deref().unwrap_or_default()),
                ("jobs", if *with_jobs { "too" } else { "" }),
            ]),
            Action::StartService(run, name) => of_run("start-service", run, name, ""),
            Action::StopService(run, name) => of_run("stop-service", run, name, ""),
            Action::Warning { run, key, action } => of_run("warning", run, key, action),
            // Nobody asks for these by an address: no source does the first, runs of a hub are started
            // on their own pages, and many jobs do not fit.
            Action::Execute(..)
            | Action::Start(_)
            | Action::KillStray(_)
            | Action::DeleteOrphans(_) => String::new(),
        }
    }

    /// Where it is asked once more.
    pub(super) fn address(&self, looked: &Looked) -> String {
        looked.address(&format!("/action?{}", self.query()))
    }

    /// Where it leads when it is done, or is not.
    pub(super) fn back(&self, looked: &Looked) -> String {
        let Self::One(action) = self else {
            return looked.address("/orphans");
        };
        match action {
            Action::Kill(key) | Action::Start(key) => looked.job_address(key, ""),
            Action::Delete(_) => looked.address("/jobs"),
            Action::StartService(..) | Action::StopService(..) => looked.address("/services"),
            Action::DeleteExperiment { .. } | Action::Warning { .. } => looked.address(""),
            Action::Execute(run, _) => {
                looked.address(&format!("/jobs?{}", present::run_query(run)))
            }
            Action::KillStray(_) | Action::DeleteOrphans(_) => looked.address("/orphans"),
        }
    }

    /// The question.
    pub(super) fn confirmation(
        &self,
        looked: &Looked,
        source: &dyn Source,
    ) -> Result<Confirmation, SourceError> {
        let (told, words) = match self {
            Self::One(action) => (self.clone(), words(source, action)?),
            Self::KillStray(_) => {
                let jobs = stray(source)?;
                (Self::KillStray(hash_of_all(&jobs)), kill_stray(&jobs))
            }
            Self::Clean(_) => {
                let jobs = left(source)?;
                (Self::Clean(hash_of_all(&jobs)), clean(&jobs))
            }
        };
        let back = match self {
            Self::One(Action::Delete(key)) => looked.job_address(key, ""),
            _ => self.back(looked),
        };
        let frame: Frame = looked.frame(words.verb);
        Ok(Confirmation {
            frame,
            question: words.question,
            lead: "This happens:",
            consequences: words.consequences,
            remark: words.remark.to_owned(),
            verb: words.verb,
            action: told.address(looked),
            back,
        })
    }

    /// Does it; says in words what was done.
    pub(super) fn carry_out(&self, source: &dyn Source) -> Result<String, SourceError> {
        let (told, jobs, at_once, act): (_, _, _, fn(Vec<JobKey>) -> Action) = match self {
            Self::One(action) => return source.act(action),
            Self::KillStray(told) => (told, stray(source)?, KILLED_AT_ONCE, Action::KillStray),
            Self::Clean(told) => (told, left(source)?, DELETED_AT_ONCE, Action::DeleteOrphans),
        };
        if *told != hash_of_all(&jobs) {
            let words = "they are others now than those that were asked about: look again";
            return Err(SourceError::Refused(words.to_owned()));
        }
        let jobs: Vec<_> = jobs.into_iter().collect();
        let done = jobs
            .chunks(at_once)
            .map(|some| source.act(&act(some.to_vec())));
        // Those after one that is refused are done all the same.
        let refused: Vec<_> = done.filter_map(Result::err).collect();
        match refused.into_iter().next() {
            None => Ok(format::counted(jobs.len() as u64, "job", "jobs")),
            Some(first) => Err(first),
        }
    }
}

fn words(source: &dyn Source, action: &Action) -> Result<Words, SourceError> {
    Ok(match action {
        Action::Kill(key) => kill(source, key)?,
        Action::Delete(key) => delete(source, key)?,
        Action::DeleteExperiment {
            experiment,
            run,
            with_jobs,
        } => delete_experiment(source, experiment, run.as_deref(), *with_jobs)?,
        Action::StartService(_, name) => Words {
            question: format!("Start the service “{}”?", plain(name)),
            consequences: vec![
                "a program starts on the hub's machine, as the user that the hub runs as"
                    .to_owned(),
                "whoever may look at this hub can open it".to_owned(),
            ],
            remark: "It ends when it is stopped, and with the hub.",
            verb: "Start",
        },
        Action::StopService(_, name) => Words {
            question: format!("Stop the service “{}”?", plain(name)),
            consequences: vec!["its program is ended".to_owned()],
            remark: "It can be started again.",
            verb: "Stop",
        },
        Action::Warning { run, key, action } => warning(source, run, key, action)?,
        Action::Execute(..)
        | Action::Start(_)
        | Action::KillStray(_)
        | Action::DeleteOrphans(_) => {
            let words = "nobody asks for that here";
            return Err(SourceError::Unsupported(words.to_owned()));
        }
    })
}

/// Jobs that run astray.
fn stray(source: &dyn Source) -> Result<BTreeSet<JobKey>, SourceError> {
    let orphans = source.orphans(false)?.into_iter();
    let stray = orphans.filter(|orphan| orphan.is_stray);
    Ok(stray.map(|orphan| orphan.job.key).collect())
}

/// Jobs that are left behind, and over.
fn left(source: &dyn Source) -> Result<BTreeSet<JobKey>, SourceError> {
    let orphans = source.orphans(false)?.into_iter();
    let left = orphans.filter(|orphan| !orphan.is_stray && orphan.job.state != JobState::Running);
    Ok(left.map(|orphan| orphan.job.key).collect())
}

fn kill_stray(jobs: &BTreeSet<JobKey>) -> Words {
    let jobs = format::counted(jobs.len() as u64, "job", "jobs");
    Words {
        question: "Kill all jobs that run astray?".to_owned(),
        consequences: vec![
            format!("{jobs}: each is asked to end, with all that it started"),
            "what has not ended after 10 s is killed".to_owned(),
        ],
        remark: "Their folders stay. Processes of other users and hosts are left alone.",
        verb: "Kill them",
    }
}

fn clean(jobs: &BTreeSet<JobKey>) -> Words {
    let folders = format::counted(jobs.len() as u64, "folder", "folders");
    Words {
        question: "Delete all folders that no run names?".to_owned(),
        consequences: vec![
            format!("{folders} with all files in them"),
            "what changed within ten minutes stays, and what a run names by then".to_owned(),
        ],
        remark: "This cannot be undone.",
        verb: "Delete them",
    }
}

struct Words {
    question: String,
    consequences: Vec<String>,
    remark: &'static str,
    verb: &'static str,
}

/// A job as it is called in lists.
fn called(key: &JobKey) -> String {
    let (task, id) = (present::short_task(&key.task), present::short_id(&key.id));
    format!("{task} {id}")
}

fn kill(source: &dyn Source, key: &JobKey) -> Result<Words, SourceError> {
    let job = source.job(key)?.job;
    let process = job.process.map(|process| {
        let host = process
            .host
            .map_or_else(String::new, |host| format!(" on {}", plain(&host)));
        format!(
            "process {}{host} is asked to end (SIGTERM), with all that it started",
            plain(&process.pid)
        )
    });
    let mut consequences: Vec<_> = process.into_iter().collect();
    consequences.push("what has not ended after 10 s is killed".to_owned());
    Ok(Words {
        question: format!("Kill the job {}?", called(key)),
        consequences,
        remark: "Its folder with all that it wrote stays. Jobs that need it will not run.",
        verb: "Kill",
    })
}

fn delete(source: &dyn Source, key: &JobKey) -> Result<Words, SourceError> {
    let job = source.job(key)?.job;
    let mut consequences = vec![format!(
        "the folder {} with all files in it goes",
        plain(&job.path.display().to_string())
    )];
    let named = job.runs.len() as u64;
    if named > 0 {
        let runs = format::counted(named, "run names it", "runs name it");
        consequences.push(format!("{runs}, and will show it as gone"));
    }
    Ok(Words {
        question: format!("Delete the job {}?", called(key)),
        consequences,
        remark: "This cannot be undone.",
        verb: "Delete",
    })
}

fn delete_experiment(
    source: &dyn Source,
    experiment: &str,
    run: Option<&str>,
    with_jobs: bool,
) -> Result<Words, SourceError> {
    let experiments = source.experiments()?;
    let known = experiments.iter().find(|known| known.id == experiment);
    let known = known.ok_or_else(|| {
        SourceError::Unknown(format!("there is no experiment {}", plain(experiment)))
    })?;
    let runs: Vec<_> = known
        .runs
        .iter()
        .filter(|known| run.is_none_or(|run| known.key.run == run))
        .collect();
    let jobs: u64 = runs.iter().map(|run| run.counts.total).sum();
    let mut consequences = vec![format::counted(runs.len() as u64, "run goes", "runs go")];
    if with_jobs && jobs > 0 {
        consequences.push(
            "the folders of jobs that no other run names go with all files in them".to_owned(),
        );
    }
    let name = plain(experiment);
    Ok(Words {
        question: match run {
            Some(run) => format!("Delete the run {} of “{name}”?", plain(run)),
            None => format!("Delete the experiment “{name}” with all its runs?"),
        },
        consequences,
        remark: "What is under way is not deleted. This cannot be undone.",
        verb: "Delete",
    })
}

fn warning(
    source: &dyn Source,
    run: &RunKey,
    key: &str,
    action: &str,
) -> Result<Words, SourceError> {
    let gone = || SourceError::Unknown("the warning is gone".to_owned());
    let warnings = source.warnings()?;
    let mut told = warnings.iter().filter(|warning| warning.run == *run);
    let warning = told.find(|warning| warning.key == key).ok_or_else(gone)?;
    let label = warning.actions.iter().find(|(known, _)| known == action);
    let (_, label) = label.ok_or_else(gone)?;
    Ok(Words {
        question: format!("{}?", plain(label)),
        consequences: vec![plain(&warning.description)],
        remark: "Only what the hub's own user may touch is touched.",
        verb: "Do it",
    })
}

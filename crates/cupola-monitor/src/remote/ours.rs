//! Another Cupola on the far side.

use std::collections::{BTreeMap, HashSet};

use cupola_workspace::{
    model::{
        Experiment, ExperimentAction, Job, JobDetails, JobKey, Orphan, RunKey, Series, Service,
        Sheet, Warning,
    },
    source::{Action, Change, LogAsked, LogPart, SourceError},
};
use serde_json::value::RawValue;

use super::{
    Shared,
    link::{Answered, Link},
};
use crate::wire::ours::{
    ActionBody, Asked, DetailsBody, ExperimentActionBody, ExperimentBody, JobBody, KeyBody,
    LogPartBody, OrphanBody, SeriesBody, ServiceBody, SheetBody, ToldBody, WarningBody,
};

pub(super) fn experiments(link: &Link) -> Result<Vec<Experiment>, SourceError> {
    asked(link, "experiments", &Asked::default())?.rows::<ExperimentBody, _>()
}

pub(super) fn jobs(link: &Link, of: Option<&RunKey>) -> Result<Vec<Job>, SourceError> {
    asked(link, "jobs", &about_run(of))?.rows::<JobBody, _>()
}

pub(super) fn dependencies(
    link: &Link,
    of: &RunKey,
) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
    let rows: Vec<(KeyBody, Vec<KeyBody>)> =
        asked(link, "dependencies", &about_run(Some(of)))?.rows()?;
    let keys = |needs: Vec<KeyBody>| needs.into_iter().map(Into::into).collect();
    let rows = rows.into_iter();
    Ok(rows.map(|(job, needs)| (job.into(), keys(needs))).collect())
}

pub(super) fn job(link: &Link, key: &JobKey) -> Result<JobDetails, SourceError> {
    let body: DetailsBody = asked(link, "job", &about_job(key))?.body()?;
    Ok(body.into())
}

pub(super) fn services(link: &Link, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
    asked(link, "services", &about_run(of))?.rows::<ServiceBody, _>()
}

pub(super) fn actions(link: &Link, of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
    asked(link, "actions", &about_run(Some(of)))?.rows::<ExperimentActionBody, _>()
}

pub(super) fn orphans(link: &Link, with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
    let about = Asked {
        with_sizes,
        ..Asked::default()
    };
    asked(link, "orphans", &about)?.rows::<OrphanBody, _>()
}

pub(super) fn warnings(link: &Link) -> Result<Vec<Warning>, SourceError> {
    asked(link, "warnings", &Asked::default())?.rows::<WarningBody, _>()
}

pub(super) fn series(link: &Link, of: &JobKey, width: usize) -> Result<Vec<Series>, SourceError> {
    let about = Asked {
        width: Some(width),
        ..about_job(of)
    };
    asked(link, "series", &about)?.rows::<SeriesBody, _>()
}

pub(super) fn sheets(link: &Link) -> Result<Vec<Sheet>, SourceError> {
    asked(link, "sheets", &Asked::default())?.rows::<SheetBody, _>()
}

pub(super) fn log(link: &Link, log: &LogAsked) -> Result<LogPart, SourceError> {
    let about = Asked {
        log: Some(log.into()),
        ..Asked::default()
    };
    let body: LogPartBody = asked(link, "log", &about)?.body()?;
    LogPart::try_from(body)
        .map_err(|error| SourceError::Unsupported(format!("a log is not understood: {error}")))
}

pub(super) fn act(link: &Link, action: &Action) -> Result<String, SourceError> {
    let about = Asked {
        action: Some(ActionBody::from(action.clone())),
        ..Asked::default()
    };
    asked(link, "act", &about)?.body()
}

pub(super) fn refresh(link: &Link) -> Result<(), SourceError> {
    asked(link, "refresh", &Asked::default()).map(drop)
}

/// Puts what was told into the mirror, and says so to whoever shows it.
pub(super) fn take_told(shared: &Shared, params: &RawValue) {
    let told: ToldBody = match serde_json::from_str(params.get()) {
        Ok(told) => told,
        Err(_) => ToldBody {
            all: true,
            ..ToldBody::default()
        },
    };
    let changes = mirrored(shared, told);
    for change in changes {
        shared.listeners.tell(change);
    }
}

fn mirrored(shared: &Shared, told: ToldBody) -> Vec<Change> {
    let mut mirror = shared.mirror();
    let mut changes = Vec::new();
    if told.all {
        mirror.forget();
        changes.push(Change::All);
    }
    for body in told.jobs {
        let job = Job::from(body);
        changes.push(Change::Job(job.key.clone()));
        mirror.put_job(job);
    }
    let gone: HashSet<_> = told.jobs_gone.into_iter().map(JobKey::from).collect();
    mirror.remove_jobs(&gone);
    changes.extend(gone.into_iter().map(Change::Job));
    for body in told.experiments {
        changes.push(Change::Experiment(body.id.clone()));
        mirror.put_experiment(body.into());
    }
    for id in told.experiments_gone {
        mirror.remove_experiment(&id);
        changes.push(Change::Experiment(id));
    }
    changes.extend(told.logs.into_iter().map(|key| Change::Log(key.into())));
    changes.extend(told.services.then_some(Change::Services));
    changes.extend(told.warnings.then_some(Change::Warnings));
    changes
}

fn asked(link: &Link, method: &str, about: &Asked) -> Result<Answered, SourceError> {
    link.call(&format!("cupola.{method}"), about)
}

fn about_run(run: Option<&RunKey>) -> Asked {
    Asked {
        run: run.cloned().map(Into::into),
        ..Asked::default()
    }
}

fn about_job(key: &JobKey) -> Asked {
    Asked {
        job: Some(key.clone().into()),
        ..Asked::default()
    }
}

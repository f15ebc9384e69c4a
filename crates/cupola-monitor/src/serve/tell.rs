//! What a client is told unasked: changes of a tenth of a second in one go.

use std::{
    collections::BTreeSet,
    io::Write,
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use cupola_workspace::{
    model::{Experiment, JobKey},
    source::Change,
};

use super::Session;
use crate::{
    rpc::Message,
    wire::{
        ours::{ExperimentBody, JobBody, ToldBody},
        theirs::{
            EventBody, events_of_experiment, events_of_job, events_of_service, warning_event,
        },
    },
};

/// Changes are gathered for so long: a job that reports quickly is told once.
const GATHERED_FOR: Duration = Duration::from_millis(100);

/// How often the end of the session is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// So many rows are told in one frame.
const ROWS_MAX: usize = 500;

/// Tells until the session ends.
pub(super) fn tell<W: Write + Send>(session: &Session<'_, W>, changes: &Receiver<Change>) {
    while !session.has_ended.load(Ordering::Acquire) {
        match changes.recv_timeout(LOOK) {
            Ok(first) => {
                let gathered = Gathered::from(first, changes);
                if session.is_ours.load(Ordering::Acquire) {
                    tell_ours(session, gathered);
                } else {
                    tell_theirs(session, &gathered);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Changes of a moment, each once.
#[derive(Default)]
struct Gathered {
    experiments: BTreeSet<String>,
    jobs: BTreeSet<JobKey>,
    logs: BTreeSet<JobKey>,
    services: bool,
    warnings: bool,
    all: bool,
}

impl Gathered {
    fn from(first: Change, more: &Receiver<Change>) -> Self {
        let mut gathered = Self::default();
        gathered.add(first);
        let began = Instant::now();
        while let Some(left) = GATHERED_FOR.checked_sub(began.elapsed()) {
            match more.recv_timeout(left) {
                Ok(change) => gathered.add(change),
                Err(_) => break,
            }
        }
        gathered
    }

    fn add(&mut self, change: Change) {
        match change {
            Change::Experiment(id) => drop(self.experiments.insert(id)),
            Change::Job(key) => drop(self.jobs.insert(key)),
            Change::Log(key) => drop(self.logs.insert(key)),
            Change::Services => self.services = true,
            Change::Warnings => self.warnings = true,
            Change::All | Change::Connection(_) => self.all = true,
            // What a place far behind this one says is shown where that is watched.
            Change::Said => {}
        }
    }
}

/// Rows as they now are; nothing where everything is to be read again.
fn tell_ours<W: Write + Send>(session: &Session<'_, W>, gathered: Gathered) {
    let mut told = ToldBody {
        services: gathered.services,
        warnings: gathered.warnings,
        all: gathered.all,
        ..ToldBody::default()
    };
    if !gathered.all {
        told.logs = gathered.logs.iter().cloned().map(Into::into).collect();
        add_experiments(session, &mut told, &gathered.experiments);
        tell_jobs(session, &gathered.jobs);
    }
    send(session, &told);
}

fn add_experiments<W: Write + Send>(
    session: &Session<'_, W>,
    told: &mut ToldBody,
    ids: &BTreeSet<String>,
) {
    if ids.is_empty() {
        return;
    }
    let Ok(experiments) = session.server.source.experiments() else {
        told.all = true;
        return;
    };
    let mut gone = ids.clone();
    for experiment in experiments {
        if gone.remove(&experiment.id) {
            told.experiments.push(ExperimentBody::from(experiment));
        }
    }
    told.experiments_gone = gone.into_iter().collect();
}

/// Rows are shared, so that looking through all of them costs less than reading a few.
fn tell_jobs<W: Write + Send>(session: &Session<'_, W>, keys: &BTreeSet<JobKey>) {
    if keys.is_empty() {
        return;
    }
    let Ok(jobs) = session.server.source.jobs(None) else {
        return;
    };
    let mut gone = keys.clone();
    let changed: Vec<_> = jobs.iter().filter(|job| gone.remove(&job.key)).collect();
    for part in changed.chunks(ROWS_MAX) {
        let jobs = part.iter().map(|job| JobBody::from(&***job)).collect();
        send(
            session,
            &ToldBody {
                jobs,
                ..ToldBody::default()
            },
        );
    }
    let jobs_gone = gone.into_iter().map(Into::into).collect();
    send(
        session,
        &ToldBody {
            jobs_gone,
            ..ToldBody::default()
        },
    );
}

fn send<W: Write + Send>(session: &Session<'_, W>, told: &ToldBody) {
    if !told.is_empty() {
        session.send(&Message::notification("cupola.told", told));
    }
}

/// Experimaestro's client hears of events, and reads again what they name.
fn tell_theirs<W: Write + Send>(session: &Session<'_, W>, gathered: &Gathered) {
    let source = &*session.server.source;
    let now = source.now();
    let mut events = Vec::new();
    if gathered.all || !gathered.experiments.is_empty() {
        let experiments = source.experiments().unwrap_or_default().into_iter();
        let changed = |it: &Experiment| gathered.all || gathered.experiments.contains(&it.id);
        for experiment in experiments.filter(changed) {
            events.extend(events_of_experiment(&experiment, now));
        }
    }
    if !gathered.jobs.is_empty() {
        let jobs = source.jobs(None).unwrap_or_default();
        for job in jobs.iter().filter(|job| gathered.jobs.contains(&job.key)) {
            events.extend(events_of_job(job, now, &session.server.zone));
        }
    }
    if gathered.services || gathered.all {
        let services = source.services(None).unwrap_or_default();
        events.extend(
            services
                .iter()
                .map(|service| events_of_service(service, now)),
        );
    }
    if gathered.warnings || gathered.all {
        let warnings = source.warnings().unwrap_or_default().into_iter();
        events.extend(warnings.map(|warning| warning_event(warning, now)));
    }
    for event in events {
        session.send(&Message::notification::<EventBody>(
            "notification.state_event",
            &event,
        ));
    }
}

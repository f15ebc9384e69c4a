//! What Experimaestro's server tells unasked.
//!
//! Its events may come out of order, a job's end before its beginning, so that a row is read again
//! after an event; only progress says itself.

use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, Sender},
    time::{Duration, Instant},
};

use cupola_workspace::{
    model::{JobKey, RunKey},
    source::Change,
};
use serde_json::value::RawValue;

use super::{
    super::{Shared, link::Link},
    read_job, with_names,
};
use crate::wire::theirs::{EventBody, Told};

/// Jobs that are to be read again are gathered for so long.
const GATHERED_FOR: Duration = Duration::from_millis(250);

/// More of them than these are read again all at once.
const JOBS_MAX: usize = 100;

/// Where jobs go that are to be read again.
pub(crate) type Due = Sender<JobKey>;

/// Follows an event.
pub(crate) fn take_event(shared: &Shared, params: &RawValue, due: &Due) {
    let Ok(event) = serde_json::from_str::<EventBody>(params.get()) else {
        return;
    };
    let change = match event.to_told() {
        Some(Told::Job(key)) => {
            read_later(due, key);
            return;
        }
        Some(Told::Progress {
            job,
            level,
            progress,
            desc,
        }) => {
            let mut mirror = shared.mirror();
            mirror.put_progress(&job, level, progress, desc.as_deref());
            Change::Job(job)
        }
        Some(Told::JobOfRun(key, run)) => job_of_run(shared, key, &run, due),
        Some(Told::Experiment(id)) => {
            shared.mirror().forget_experiments();
            id.map_or(Change::All, Change::Experiment)
        }
        Some(Told::Services) => Change::Services,
        Some(Told::Warnings) => Change::Warnings,
        None => return,
    };
    shared.listeners.tell(change);
}

/// A run's counts have changed; a job that it did not have is found by reading its list again.
fn job_of_run(shared: &Shared, key: JobKey, run: &RunKey, due: &Due) -> Change {
    let mut mirror = shared.mirror();
    if mirror.lacks(&key, run) {
        mirror.forget();
        return Change::All;
    }
    mirror.forget_experiments();
    drop(mirror);
    read_later(due, key);
    Change::Experiment(run.experiment.clone())
}

/// Its reader lasts as long as the connection.
fn read_later(due: &Due, key: JobKey) {
    let _ = due.send(key);
}

/// Reads rows again until the connection ends.
pub(crate) fn read_again(shared: &Shared, link: &Link, due: &Receiver<JobKey>) {
    while let Ok(first) = due.recv() {
        let mut keys = BTreeSet::from([first]);
        let began = Instant::now();
        while let Some(left) = GATHERED_FOR.checked_sub(began.elapsed()) {
            match due.recv_timeout(left) {
                Ok(key) => drop(keys.insert(key)),
                Err(_) => break,
            }
        }
        if keys.len() > JOBS_MAX {
            shared.mirror().forget();
            shared.listeners.tell(Change::All);
            continue;
        }
        for key in keys {
            read_one(shared, link, key);
        }
    }
}

fn read_one(shared: &Shared, link: &Link, key: JobKey) {
    let Some(known) = shared.mirror().job(&key) else {
        // Nobody has looked at it; whoever does reads it then.
        return;
    };
    match read_job(link, link.far(), &key) {
        Ok(Some(job)) => shared.mirror().put_job(with_names(job, &known)),
        Ok(None) => shared.mirror().remove_job(&key),
        // It is read anew with everything once the connection is back.
        Err(_) => return,
    }
    shared.listeners.tell(Change::Job(key));
}

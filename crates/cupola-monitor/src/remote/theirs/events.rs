//! What Experimaestro's server tells unasked.
//!
//! Its events may come out of order, a job's end before its beginning, so that a row is read again
//! after an event; only progress says itself.

use std::{
    collections::{BTreeSet, HashSet},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

use cupola_workspace::{model::JobKey, source::Change};
use serde_json::value::RawValue;

use super::{
    super::{Shared, link::Link},
    read_job, with_names,
};
use crate::wire::theirs::{EventBody, Told};

/// What is to be read again is gathered for so long: its server sends all that it knows of an
/// experiment, jobs and all, whenever it is asked for one.
const GATHERED_FOR: Duration = Duration::from_millis(400);

/// After such a silence the jobs under way are read again: its server does not always tell that one has
/// ended.
const SILENCE: Duration = Duration::from_secs(20);

/// More jobs than these are read again all at once.
const JOBS_MAX: usize = 100;

/// Where goes what is to be read again.
pub(crate) type Due = Sender<Again>;

/// What is to be read again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Again {
    /// One row.
    Job(JobKey),
    /// An experiment; all, where the event does not say which.
    Experiment(Option<String>),
}

/// Follows an event.
pub(crate) fn take_event(shared: &Shared, params: &RawValue, due: &Due) {
    let Ok(event) = serde_json::from_str::<EventBody>(params.get()) else {
        return;
    };
    match event.to_told() {
        Some(Told::Job(key)) => read_later(due, Again::Job(key)),
        Some(Told::Progress {
            job,
            level,
            progress,
            desc,
        }) => {
            shared
                .mirror()
                .put_progress(&job, level, progress, desc.as_deref());
            shared.listeners.tell(Change::Job(job));
        }
        Some(Told::JobOfRun(key, run)) => {
            if shared.mirror().lacks(&key, &run) {
                // Its list is read again, and with it which run the job belongs to.
                read_later(due, Again::Experiment(None));
            } else {
                read_later(due, Again::Job(key));
                read_later(due, Again::Experiment(Some(run.experiment)));
            }
        }
        Some(Told::Experiment(id)) => read_later(due, Again::Experiment(id)),
        Some(Told::Services) => shared.listeners.tell(Change::Services),
        Some(Told::Warnings) => shared.listeners.tell(Change::Warnings),
        None => {}
    }
}

/// Its reader lasts as long as the connection.
fn read_later(due: &Due, again: Again) {
    let _ = due.send(again);
}

/// Reads again what is due until the connection ends.
pub(crate) fn read_again(shared: &Shared, link: &Link, due: &Receiver<Again>) {
    loop {
        let mut gathered = match due.recv_timeout(SILENCE) {
            Ok(first) => BTreeSet::from([first]),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let under_way = shared.mirror().under_way();
                under_way.into_iter().map(Again::Job).collect()
            }
        };
        let began = Instant::now();
        while let Some(left) = GATHERED_FOR.checked_sub(began.elapsed()) {
            match due.recv_timeout(left) {
                Ok(again) => drop(gathered.insert(again)),
                Err(_) => break,
            }
        }
        if gathered.len() > JOBS_MAX || gathered.contains(&Again::Experiment(None)) {
            shared.mirror().forget();
            shared.listeners.tell(Change::All);
            continue;
        }
        for again in gathered {
            match again {
                Again::Job(key) => read_one(shared, link, key),
                Again::Experiment(id) => {
                    shared.mirror().forget_experiments();
                    shared
                        .listeners
                        .tell(Change::Experiment(id.unwrap_or_default()));
                }
            }
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
        Ok(None) => shared.mirror().remove_jobs(&HashSet::from([key.clone()])),
        // It is read anew with everything once the connection is back.
        Err(_) => return,
    }
    shared.listeners.tell(Change::Job(key));
}

//! The one thread that writes.
//!
//! It takes what waits, runs each closure under a savepoint, commits once, publishes the
//! events and answers. An error whose outcome is unknown stops it for good: see
//! [`super::connection::is_fatal`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use super::{
    event::{self, EventRow},
    job::{Job, objection, panic_message},
    stats::Counters,
    store::Options,
    tx::{Tx, TxState},
};
use crate::error::StoreError;

/// When a group has taken this long it is committed, even if more closures wait.
const GROUP_TIME_MAX: Duration = Duration::from_millis(20);

const SAVEPOINT: &str = "SAVEPOINT closure";
const RELEASE: &str = "RELEASE SAVEPOINT closure";
const ROLLBACK: &str = "ROLLBACK TO SAVEPOINT closure";

pub(super) struct Writer {
    tx: Tx,
    jobs: Receiver<Box<dyn Job>>,
    options: Options,
    counters: Arc<Counters>,
    last_seq: i64,
    crashed: Option<String>,
}

/// The closures of one commit.
#[derive(Default)]
struct Group {
    jobs: Vec<Box<dyn Job>>,
    /// Of the closures that succeeded, in their order.
    events: Vec<EventRow>,
    succeeded: u64,
}

/// Why a group is not committed.
enum Failure {
    /// Nothing was kept, and that is certain.
    RolledBack(String),
    /// Nobody can say what was kept.
    Unknown(String),
}

impl Writer {
    pub(super) fn new(
        mut tx: Tx,
        jobs: Receiver<Box<dyn Job>>,
        options: Options,
        counters: Arc<Counters>,
    ) -> Result<Self, StoreError> {
        let last_seq = event::last_seq(&mut tx)?;
        Ok(Self {
            tx,
            jobs,
            options,
            counters,
            last_seq,
            crashed: None,
        })
    }

    /// Works until the store drops its end of the queue, and the queue is empty.
    pub(super) fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            match &self.crashed {
                Some(why) => refuse(job, StoreError::Crashed(why.clone())),
                None => self.write_group(job),
            }
        }
    }

    fn write_group(&mut self, first: Box<dyn Job>) {
        let mut group = Group::default();
        match self.commit_group(first, &mut group) {
            Ok(()) => self.conclude(group),
            Err(Failure::RolledBack(why)) => self.give_up(group, &why),
            Err(Failure::Unknown(why)) => self.crash(group, why),
        }
    }

    fn commit_group(&mut self, first: Box<dyn Job>, group: &mut Group) -> Result<(), Failure> {
        let started = Instant::now();
        let closures_max = self.tx.dialect().group_max();
        // A closure is in the group before anything can fail, so that it is answered.
        group.jobs.push(first);
        self.steer(&[self.tx.dialect().begin_write(), SAVEPOINT])?;
        let mut kept = self.run_job(group)?;
        while group.jobs.len() < closures_max
            && started.elapsed() < GROUP_TIME_MAX
            && let Ok(job) = self.jobs.try_recv()
        {
            group.jobs.push(job);
            if kept {
                self.steer(&[RELEASE, SAVEPOINT])?;
            }
            kept = self.run_job(group)?;
        }
        if group.succeeded == 0 {
            return self.steer(&["ROLLBACK"]);
        }
        // PostgreSQL answers COMMIT of a broken transaction as if all were well, RELEASE not.
        self.steer(&[RELEASE, "COMMIT"])
    }

    /// Runs the group's last closure, for which a savepoint stands, and says whether its writes are kept.
    /// If not, the savepoint stands again for the next.
    fn run_job(&mut self, group: &mut Group) -> Result<bool, Failure> {
        let Some(job) = group.jobs.last_mut() else {
            return Ok(false);
        };
        let mut succeeded = job.run(&mut self.tx);
        let (recorded, mut state) = self.tx.finish();
        let mut events = Vec::new();
        if succeeded {
            let mut outcome = objection(&state).map_or(Ok(()), Err);
            if outcome.is_ok() {
                events = number(self.last_seq, (self.options.now)(), recorded);
                outcome = event::insert(&mut self.tx, &events);
                state = self.tx.finish().1;
            }
            if let Err(error) = outcome {
                succeeded = false;
                job.fail(error);
            }
        }
        self.check(state)?;
        if succeeded {
            self.last_seq += i64::try_from(events.len()).unwrap_or(0);
            group.events.append(&mut events);
            group.succeeded += 1;
        } else {
            self.counters.rolled_back(1);
            self.steer(&[ROLLBACK])?;
        }
        Ok(succeeded)
    }

    fn check(&self, state: TxState) -> Result<(), Failure> {
        if let TxState::Fatal(why) = state {
            return Err(Failure::Unknown(why));
        }
        if self.tx.connection.has_lost_transaction() {
            return Err(Failure::RolledBack("another write in it failed".to_owned()));
        }
        Ok(())
    }

    fn steer(&mut self, steps: &[&'static str]) -> Result<(), Failure> {
        let result = self.tx.connection.control(steps);
        result.map_err(|error| Failure::Unknown(error.to_string()))
    }

    fn conclude(&mut self, group: Group) {
        if group.succeeded > 0 {
            self.counters.committed(group.succeeded);
        }
        if !group.events.is_empty() {
            let publish = || (self.options.on_commit)(&group.events);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(publish)) {
                let message = panic_message(panic.as_ref());
                tracing::error!(
                    message,
                    "publishing events panicked; they are in the database"
                );
            }
        }
        for job in group.jobs {
            job.answer();
        }
    }

    /// The last closure is the one whose statement did it, so it keeps its own error. The
    /// others' errors go as well: they may be about rows that are no longer there.
    fn give_up(&mut self, mut group: Group, why: &str) {
        self.last_seq -= i64::try_from(group.events.len()).unwrap_or(0);
        self.counters.rolled_back(group.succeeded + 1);
        if let Some(culprit) = group.jobs.pop() {
            culprit.answer();
        }
        for job in group.jobs {
            refuse(job, StoreError::RolledBack(why.to_owned()));
        }
    }

    /// `on_fatal` comes before the answers: a program that exits in it has answered nobody.
    fn crash(&mut self, group: Group, why: String) {
        tracing::error!(why, "the store stops: what was committed is unknown");
        self.crashed = Some(why.clone());
        (self.options.on_fatal)(&StoreError::Crashed(why.clone()));
        for job in group.jobs {
            refuse(job, StoreError::Crashed(why.clone()));
        }
    }
}

fn refuse(mut job: Box<dyn Job>, error: StoreError) {
    job.fail(error);
    job.answer();
}

fn number(last_seq: i64, at: i64, recorded: Vec<super::NewEvent>) -> Vec<EventRow> {
    (last_seq + 1..)
        .zip(recorded)
        .map(|(seq, event)| EventRow::new(seq, at, event))
        .collect()
}

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

/// The most closures that share a commit.
const GROUP_MAX: usize = 512;

/// When a group has taken this long it is committed, even if more closures wait.
const GROUP_TIME_MAX: Duration = Duration::from_millis(20);

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
        group.jobs.push(first);
        self.steer(self.tx.dialect().begin_write())?;
        self.run_job(group)?;
        while group.jobs.len() < GROUP_MAX
            && started.elapsed() < GROUP_TIME_MAX
            && let Ok(job) = self.jobs.try_recv()
        {
            group.jobs.push(job);
            self.run_job(group)?;
        }
        let end = if group.succeeded == 0 {
            "ROLLBACK"
        } else {
            "COMMIT"
        };
        self.steer(end)
    }

    /// Runs the group's last closure under a savepoint of its own.
    fn run_job(&mut self, group: &mut Group) -> Result<(), Failure> {
        self.steer("SAVEPOINT closure")?;
        let Some(job) = group.jobs.last_mut() else {
            return Ok(());
        };
        let mut events = Vec::new();
        let succeeded = job.run(&mut self.tx);
        let (recorded, mut state) = self.tx.finish();
        let mut objection = objection(&state);
        if succeeded && objection.is_none() {
            events = number(self.last_seq, (self.options.now)(), recorded);
            objection = event::insert(&mut self.tx, &events).err();
            state = self.tx.finish().1;
        }
        let keep = succeeded && objection.is_none();
        if let Some(error) = objection.filter(|_| succeeded) {
            job.fail(error);
        }
        self.check(state)?;
        if keep {
            self.last_seq += i64::try_from(events.len()).unwrap_or(0);
            group.events.append(&mut events);
            group.succeeded += 1;
        } else {
            self.counters.rolled_back(1);
            self.steer("ROLLBACK TO SAVEPOINT closure")?;
        }
        self.steer("RELEASE SAVEPOINT closure")
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

    fn steer(&mut self, sql: &'static str) -> Result<(), Failure> {
        let result = self.tx.connection.control(sql);
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

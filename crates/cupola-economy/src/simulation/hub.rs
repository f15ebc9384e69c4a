//! The hub of the simulation: what it keeps, and who asks it.

mod bans;
mod best;
mod checking;
mod leasing;
mod results;
mod tasks;

use std::collections::VecDeque;

use cupola_domain::{
    credits::Credits,
    ids::WorkerId,
    ledger::{Kind, price},
    resources::Hardware,
    run::Lease,
    task::TaskInput,
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    policy::Policy,
    prf::Key,
    pricing::{self, Speed},
    trust::Status,
    verdict::Calibration,
};

use super::{
    books::Books,
    checks::Checks,
    fleet::{CLASSES, Job, Truths},
    planted::Planted,
    setup::Setup,
    summary::Counts,
};

use tasks::{Brief, Owner, Phase, Registered, RunName, Task};

pub(super) use tasks::{Message, Order, Tally};

/// So many tasks of a brief.
const TASKS_PER_BRIEF: u32 = 1_000;

/// So many tasks with known answers are kept for spot checks.
const KNOWN_MAX: usize = 64;

pub(super) struct Hub {
    pub policy: Policy,
    key: Key,
    planted: Option<Planted>,
    truths: Truths,
    tasks: Vec<Option<Box<Task>>>,
    fresh: u32,
    ready: VecDeque<u32>,
    workers: Vec<Registered>,
    owners: Vec<Owner>,
    trusted: Vec<u32>,
    known: VecDeque<u32>,
    briefs: Vec<Brief>,
    calibrations: Vec<Calibration>,
    books: Books,
    next_run: u64,
    to_ban: Vec<u32>,
    to_release: Vec<u32>,
    to_prove: Vec<RunName>,
    to_close: Vec<u32>,
    /// What the world has to do for the hub.
    pub orders: Vec<Order>,
    pub checks: Checks,
    pub counts: Counts,
    pub tally: Tally,
    /// Tasks that are neither accepted nor failed.
    pub open: u32,
    /// Runs that go on, and what is looked at again.
    pub pending: u32,
    now: u64,
}

impl Hub {
    pub(super) fn new(setup: &Setup, truths: Truths) -> Self {
        let policy = setup.profile.policy();
        let briefs = setup.tasks.div_ceil(TASKS_PER_BRIEF);
        let wait = policy.wait;
        Self {
            policy,
            key: Key::from_seed(setup.seed ^ 0x6875_6221),
            planted: setup.planted,
            truths,
            tasks: (0..setup.tasks).map(|_| None).collect(),
            fresh: 0,
            ready: VecDeque::new(),
            workers: Vec::new(),
            owners: Vec::new(),
            trusted: Vec::new(),
            known: VecDeque::new(),
            briefs: (0..briefs).map(|_| Brief::default()).collect(),
            calibrations: vec![Calibration::default(); usize::from(CLASSES) * usize::from(CLASSES)],
            books: Books::new(),
            next_run: 0,
            to_ban: Vec::new(),
            to_release: Vec::new(),
            to_prove: Vec::new(),
            to_close: Vec::new(),
            orders: Vec::new(),
            checks: Checks::new(setup.tasks, wait),
            counts: Counts::default(),
            tally: Tally::default(),
            open: setup.tasks,
            pending: 0,
            now: 0,
        }
    }

    /// A person begins.
    pub(super) fn add_owner(&mut self) -> u32 {
        self.owners.push(Owner::default());
        self.checks.owner_joined();
        u32::try_from(self.owners.len() - 1).unwrap_or(u32::MAX)
    }

    /// A worker joins; the class is what the hub's probe found.
    pub(super) fn add_worker(&mut self, owner: u32, class: u8, slots: u8) {
        let name = u32::try_from(self.workers.len()).unwrap_or(u32::MAX);
        self.workers.push(Registered::new(owner, class, slots));
        self.owners[owner as usize].workers.push(name);
        self.checks.worker_joined();
        self.note_trust(owner, class);
    }

    /// A worker that is at `jobs` asks for more.
    pub(super) fn poll(&mut self, worker: u32, jobs: &[Job], now: u64) -> Option<Job> {
        self.now = now;
        let registered = &mut self.workers[worker as usize];
        if self.owners[registered.owner as usize]
            .reputation
            .ban()
            .is_some()
        {
            self.counts.banned_refused += 1;
            return None;
        }
        registered.is_lost = false;
        if let Some(job) = registered.leases.iter().find(|job| !jobs.contains(job)) {
            self.counts.leases_said_again += 1;
            return Some(*job);
        }
        let has_room = registered.leases.len() < usize::from(registered.slots);
        if !has_room && self.planted != Some(Planted::CapacityIgnored) {
            return None;
        }
        let job = self.next_job(worker);
        self.finish();
        job
    }

    /// All is read again from what is kept: nothing may depend on what was only known by heart.
    pub(super) fn restart(&mut self, now: u64) {
        self.now = now;
        self.counts.restarts += 1;
        self.ready.clear();
        self.trusted.clear();
        for worker in &mut self.workers {
            worker.inbox.clear();
            worker.is_listed = false;
        }
        for at in 0..self.fresh {
            let Some(task) = &self.tasks[at as usize] else {
                continue;
            };
            match task.phase {
                Phase::Open if task.is_ready() => self.ready.push_back(at),
                Phase::Checking(checking) if checking.audit.is_none() => {
                    let auditor = checking.auditor.map(|worker| worker as usize);
                    if let Some(worker) = auditor.and_then(|at| self.workers.get_mut(at)) {
                        worker.inbox.push(at);
                    }
                }
                _ => {}
            }
        }
        let all: Vec<(u32, u8)> = self.workers.iter().map(|of| (of.owner, of.class)).collect();
        for (owner, class) in all {
            self.note_trust(owner, class);
        }
    }

    /// Adds the whole ledger up.
    pub(super) fn add_up(&mut self) {
        let trial = self.books.trial();
        self.checks.trial(&trial);
    }

    /// Time passes until nothing has to wait any more; then all is settled.
    pub(super) fn close(&mut self, now: u64) {
        self.now = now;
        for owner in 0..self.owners.len() {
            self.release(u32::try_from(owner).unwrap_or(u32::MAX));
        }
        while let Some(known) = self.known.pop_front() {
            self.unpin(known);
        }
        self.finish();
        let trial = self.books.trial();
        self.checks.ended(&trial, self.tally.failed);
    }

    /// The workers of an owner.
    pub(super) fn workers_of(&self, owner: u32) -> &[u32] {
        &self.owners[owner as usize].workers
    }

    /// How many tasks were begun.
    pub(super) fn begun(&self) -> u32 {
        self.fresh
    }

    /// What a task is worth: by what it asks for.
    fn price(&self, at: u32) -> Credits {
        let needs = Hardware::Medium.needs();
        let budget = self.truths.time_budget(at);
        pricing::of(budget, &needs, Speed::REFERENCE, price::HOURLY)
    }

    fn settle(&mut self, kind: Kind, key: u64) {
        let settled = self.books.settle(kind, key);
        self.legal(settled);
    }

    fn step_task(&mut self, task: &mut Task, input: TaskInput) {
        let stepped = task.state.clone().step(input, task.attempts);
        if let Some((state, attempts)) = self.legal(stepped) {
            (task.state, task.attempts) = (state, attempts);
        }
    }

    /// A law that refuses what the hub decided is an invariant that broke.
    fn legal<T, E: std::fmt::Display>(&mut self, done: Result<T, E>) -> Option<T> {
        match done {
            Ok(done) => Some(done),
            Err(refused) => {
                self.checks.must(false, || format!("refused: {refused}"));
                None
            }
        }
    }

    /// Workers of a class that is trusted may be chosen as auditors.
    fn note_trust(&mut self, owner: u32, class: u8) {
        let of = &self.owners[owner as usize];
        if of.reputation.status(class, &self.policy) != Status::Trusted {
            return;
        }
        for name in &of.workers {
            let worker = &mut self.workers[*name as usize];
            if worker.class == class && !worker.is_listed {
                worker.is_listed = true;
                self.trusted.push(*name);
            }
        }
    }

    /// Nobody chooses a worker as auditor whose class is not trusted any more.
    fn note_distrust(&mut self, owner: u32) {
        let of = &self.owners[owner as usize];
        for name in &of.workers {
            let worker = &mut self.workers[*name as usize];
            let status = of.reputation.status(worker.class, &self.policy);
            if worker.is_listed && status != Status::Trusted {
                worker.is_listed = false;
                self.trusted.retain(|listed| listed != name);
            }
        }
    }

    fn time(&self) -> Timestamp {
        time_of(self.now)
    }
}

fn time_of(now: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(now).unwrap_or(i64::MAX))
}

fn lease_of(worker: u32, epoch: u32) -> Lease {
    Lease {
        worker: WorkerId::from(Uuid::from_u64_pair(1, u64::from(worker))),
        epoch: i64::from(epoch),
    }
}

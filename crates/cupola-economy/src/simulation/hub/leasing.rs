//! Who gets which task, under which lease, and what is reserved for it.

use cupola_domain::{
    credits::Credits,
    ledger::Refused,
    run::{RunInput, RunState},
    task::TaskInput,
};

use crate::{
    audit,
    simulation::{fleet::Job, planted::Planted},
    trust::Status,
};

use super::{
    Hub, TASKS_PER_BRIEF, lease_of,
    tasks::{Checking, Phase, Purpose, Registered, Run, Task},
};

/// A brief's first budget, and each further one, in percent of what its tasks cost once.
const BUDGET_PERCENT: i64 = 125;

/// So many of the tasks that wait again are looked through for one that fits.
const LOOKED_THROUGH: usize = 8;

impl Hub {
    pub(super) fn next_job(&mut self, worker: u32) -> Option<Job> {
        if let Some(job) = self.audit_for(worker) {
            return Some(job);
        }
        if self.open == 0 {
            return None;
        }
        if let Some(job) = self.spot_for(worker) {
            return Some(job);
        }
        self.waiting_for(worker).or_else(|| self.fresh_for(worker))
    }

    fn audit_for(&mut self, worker: u32) -> Option<Job> {
        while let Some(at) = self.workers[worker as usize].inbox.pop() {
            let Some(mut task) = self.tasks[at as usize].take() else {
                continue;
            };
            let mut job = None;
            if let Phase::Checking(checking) = task.phase
                && checking.auditor == Some(worker)
                && checking.audit.is_none()
            {
                let (run, leased) = self.lease(&mut task, at, worker, Purpose::Audit);
                task.phase = Phase::Checking(Checking {
                    audit: Some(run),
                    ..checking
                });
                self.counts.audits += 1;
                job = Some(leased);
            }
            self.tasks[at as usize] = Some(task);
            if job.is_some() {
                return job;
            }
        }
        None
    }

    /// A newcomer gets a task with a known answer now and then.
    fn spot_for(&mut self, worker: u32) -> Option<Job> {
        let Registered { owner, class, .. } = self.workers[worker as usize];
        let reputation = &self.owners[owner as usize].reputation;
        let is_new = reputation.status(class, &self.policy) == Status::Probation;
        let lease = [u64::from(worker), self.next_run];
        if !is_new || !audit::is_spot(&self.key, lease, &self.policy) {
            return None;
        }
        let fits = |at: &&u32| {
            let task = self.tasks[**at as usize].as_ref();
            task.is_some_and(|task| task.admits(owner))
        };
        let at = *self.known.iter().rev().find(fits)?;
        let mut task = self.tasks[at as usize].take()?;
        let (_, job) = self.lease(&mut task, at, worker, Purpose::Spot);
        self.tasks[at as usize] = Some(task);
        self.counts.spot_checks += 1;
        Some(job)
    }

    fn waiting_for(&mut self, worker: u32) -> Option<Job> {
        let owner = self.workers[worker as usize].owner;
        for _ in 0..self.ready.len().min(LOOKED_THROUGH) {
            let at = self.ready.pop_front()?;
            let Some(mut task) = self.tasks[at as usize].take() else {
                continue;
            };
            let mut job = None;
            if task.phase == Phase::Open && task.is_ready() {
                if task.admits(owner) {
                    job = self.lease_again(&mut task, at, worker);
                } else {
                    self.ready.push_back(at);
                }
            }
            self.tasks[at as usize] = Some(task);
            self.to_close.push(at);
            if job.is_some() {
                return job;
            }
        }
        None
    }

    fn lease_again(&mut self, task: &mut Task, at: u32, worker: u32) -> Option<Job> {
        self.supersede_lost(task);
        if task.fail_if_worn_out() {
            self.open -= 1;
            self.tally.failed += 1;
            return None;
        }
        Some(self.lease(task, at, worker, Purpose::Work).1)
    }

    fn fresh_for(&mut self, worker: u32) -> Option<Job> {
        let at = self.fresh;
        if at as usize >= self.tasks.len() {
            return None;
        }
        self.fresh += 1;
        let brief = at / TASKS_PER_BRIEF;
        let mut task = Box::new(Task::new(brief, self.price(at)));
        let (_, job) = self.lease(&mut task, at, worker, Purpose::Work);
        self.tasks[at as usize] = Some(task);
        Some(job)
    }

    /// Gives a task to a worker: a new epoch, its price reserved, a run that has begun.
    fn lease(&mut self, task: &mut Task, at: u32, worker: u32, purpose: Purpose) -> (usize, Job) {
        let Registered {
            owner,
            class,
            slots,
            ..
        } = self.workers[worker as usize];
        let is_reused = self.planted == Some(Planted::EpochReused) && task.is_released_again();
        task.epoch += u32::from(!is_reused);
        let job = Job {
            task: at,
            epoch: task.epoch,
        };
        self.checks.leased((at, task.epoch), worker, slots);
        self.checks.replicated(at, owner, task.admits(owner));
        let key = self.next_run;
        self.next_run += 1;
        self.reserve(task, at, key, owner);
        let lease = lease_of(worker, task.epoch);
        let begun = RunState::Pending
            .step(RunInput::Lease(lease), self.time())
            .and_then(|state| state.step(RunInput::Start(lease), self.time()));
        let state = self.legal(begun).unwrap_or(RunState::Pending);
        task.runs.push(Run::new(
            job.epoch,
            key,
            (worker, owner, class),
            purpose,
            state,
        ));
        if purpose == Purpose::Work {
            self.step_task(task, TaskInput::Start);
        }
        self.workers[worker as usize].leases.push(job);
        self.pending += 1;
        let run = task.runs.len() - 1;
        if purpose == Purpose::Work && self.planted == Some(Planted::AuditorBeforeCommit) {
            self.choose_auditor(task, at, run, 0);
        }
        (run, job)
    }

    fn reserve(&mut self, task: &mut Task, at: u32, key: u64, owner: u32) {
        let amount = if self.planted == Some(Planted::FloatRounding) {
            rounded(task.price)
        } else {
            task.price
        };
        self.checks.reserved(at, amount, self.price(at));
        let mut reserved = self.books.reserve(key, task.brief, owner, amount);
        if matches!(reserved, Err(Refused::Short { .. })) {
            self.fund(task.brief, task.price);
            reserved = self.books.reserve(key, task.brief, owner, amount);
        }
        self.legal(reserved);
        task.unsettled += 1;
    }

    /// A brief whose budget is spent is funded again by its researcher.
    fn fund(&mut self, brief: u32, price: Credits) {
        let is_again = std::mem::replace(&mut self.briefs[brief as usize].is_funded, true);
        self.counts.topped_up += u64::from(is_again);
        let tasks = i64::from(TASKS_PER_BRIEF.min(u32::try_from(self.tasks.len()).unwrap_or(1)));
        let whole = price.micros() * tasks * BUDGET_PERCENT / 100;
        let amount = if is_again { whole / 5 } else { whole };
        let amount = Credits::from_micros(amount.max(price.micros() * 4));
        let funded = self.books.fund(brief, amount);
        self.legal(funded);
    }
}

/// What floating point makes of an amount; only a planted bug does so.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the loss is the bug"
)]
fn rounded(amount: Credits) -> Credits {
    Credits::from_micros((amount.micros() as f32 * 1.000_001) as i64)
}

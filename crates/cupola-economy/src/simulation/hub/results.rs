//! What becomes of a result: taken or refused, checked or not, paid or not.

use cupola_domain::{
    ledger::Kind,
    run::{Outcome, RunInput},
    task::TaskInput,
};

use crate::{
    audit,
    policy::Wait,
    simulation::{fleet::Truth, planted::Planted},
    trust::Signals,
    verdict::Verdict,
};

use super::{
    Hub, KNOWN_MAX, TASKS_PER_BRIEF, lease_of,
    tasks::{Checking, Confirmed, Message, Phase, Purpose, RunName, Task},
};

impl Hub {
    /// Takes a worker's result, or refuses it.
    pub(in crate::simulation) fn deliver(&mut self, message: &Message, now: u64) {
        self.now = now;
        let at = message.job.task;
        let owner = self.workers[message.worker as usize].owner;
        if self.owners[owner as usize].reputation.ban().is_some()
            && self.planted != Some(Planted::BanKeepsLeases)
        {
            self.counts.banned_refused += 1;
            return;
        }
        let Some(mut task) = self.tasks.get_mut(at as usize).and_then(Option::take) else {
            self.counts.stale_refused += 1;
            return;
        };
        if let Some(run) = self.finished_run(&mut task, message) {
            match task.runs[run].purpose {
                Purpose::Work => self.commit(&mut task, at, run),
                Purpose::Audit => self.audited(&mut task, at, run),
                Purpose::Spot => self.spotted(&mut task, at, run),
            }
        }
        self.tasks[at as usize] = Some(task);
        self.to_close.push(at);
        self.finish();
    }

    /// The run that the message ends, if the law lets it.
    fn finished_run(&mut self, task: &mut Task, message: &Message) -> Option<usize> {
        let no_fence = self.planted == Some(Planted::NoFence);
        let named = task
            .runs
            .iter()
            .rposition(|run| run.epoch == message.job.epoch);
        let current = task.runs.len().checked_sub(1);
        let Some(at) = (if no_fence { current } else { named }) else {
            self.counts.stale_refused += 1;
            return None;
        };
        let run = &mut task.runs[at];
        let lease = if no_fence {
            lease_of(run.worker, run.epoch)
        } else {
            lease_of(message.worker, message.job.epoch)
        };
        let was_lost = run.is_lost();
        let finish = RunInput::Finish(lease, Outcome::Completed);
        let Ok(state) = run.state.clone().step(finish, super::time_of(self.now)) else {
            let is_same = run.is_completed() && run.worker == message.worker;
            self.refuse(task, at, is_same);
            return None;
        };
        run.state = state;
        run.report = Some(message.report);
        let (worker, owner, held) = (run.worker, run.owner, (run.worker, run.epoch));
        self.checks
            .result_taken(message.job.task, (message.worker, message.job.epoch), held);
        self.counts.late_accepted += u64::from(was_lost);
        self.counts.runs += 1;
        if !was_lost {
            self.end_lease(worker, held.1, message.job.task);
        }
        self.owners[owner as usize].escrow.count_result();
        self.checks.result_counted(owner);
        self.to_release.push(owner);
        Some(at)
    }

    fn refuse(&mut self, task: &mut Task, at: usize, is_same: bool) {
        if !is_same {
            self.counts.stale_refused += 1;
            return;
        }
        self.counts.duplicates_refused += 1;
        let (key, owner) = (task.runs[at].key, task.runs[at].owner);
        if self.planted == Some(Planted::RewardTwice) && task.runs[at].ticket.is_some() {
            let again = self.next_run;
            self.next_run += 1;
            let reserved = self.books.reserve(again, task.brief, owner, task.price);
            self.legal(reserved);
            self.settle(Kind::Post, again);
            self.checks.posted(key, owner, task.price, self.now);
        }
    }

    pub(super) fn end_lease(&mut self, worker: u32, epoch: u32, task: u32) {
        let leases = &mut self.workers[worker as usize].leases;
        let before = leases.len();
        leases.retain(|job| (job.task, job.epoch) != (task, epoch));
        if leases.len() < before {
            self.pending -= 1;
            self.checks.lease_ended(worker);
        }
    }

    /// A task's result is there: it is checked, or taken.
    fn commit(&mut self, task: &mut Task, at: u32, run: usize) {
        let (owner, class, key) = {
            let run = &task.runs[run];
            (run.owner, run.class, run.key)
        };
        let best_unverified = self.planted == Some(Planted::BestUnverified);
        let signals = Signals {
            oddness: 0.0,
            is_best: self.would_be_best(task, run) && !best_unverified,
        };
        let reputation = &self.owners[owner as usize].reputation;
        let probability = reputation.audit_probability(class, signals, &self.policy);
        if audit::is_drawn(&self.key, [u64::from(at), key], probability) {
            if signals.is_best {
                self.claim_best(task, run);
            }
            self.check(task, at, run, 0);
        } else {
            self.pay(task, at, run);
            self.accept(task, at, Some(run));
        }
    }

    /// A spot check's answer is compared with the known one.
    fn spotted(&mut self, task: &mut Task, at: u32, run: usize) {
        let (Some(answer), Some(report)) = (task.answer, task.runs[run].report) else {
            return;
        };
        let verdict = self.measured(&report.seen, &answer);
        self.take_verdict(task, at, run, (verdict, Confirmed::ByReferee));
        if verdict == Verdict::Valid {
            self.learn(task, run, &answer);
        }
    }

    /// One verdict about one run: what it does to trust, and whether the run is paid.
    pub(super) fn take_verdict(
        &mut self,
        task: &mut Task,
        at: u32,
        run: usize,
        (verdict, by): (Verdict, Confirmed),
    ) {
        self.judged(&task.runs[run], verdict);
        if verdict == Verdict::Valid {
            task.runs[run].confirmed = by;
            self.counts.confirmed += 1;
            self.pay(task, at, run);
        } else {
            self.counts.rejected += 1;
            self.void(task, run);
        }
    }

    /// Gives a run its price, which then waits in escrow; not to somebody who was banned meanwhile.
    fn pay(&mut self, task: &mut Task, at: u32, run: usize) {
        let name = RunName {
            task: at,
            run,
            key: task.runs[run].key,
        };
        let owner = task.runs[run].owner;
        let is_banned = self.owners[owner as usize].reputation.ban().is_some();
        if is_banned && self.planted != Some(Planted::PaidAfterBan) {
            self.void(task, run);
            return;
        }
        self.settle(Kind::Post, name.key);
        self.checks.posted(name.key, owner, task.price, self.now);
        let is_confirmed = task.runs[run].confirmed != Confirmed::No;
        let now = self.time();
        let escrow = &mut self.owners[owner as usize].escrow;
        task.runs[run].ticket = Some(escrow.hold(name, task.price, is_confirmed, now));
        self.to_release.push(owner);
    }

    /// Frees what was reserved for a run that earns nothing.
    pub(super) fn void(&mut self, task: &mut Task, run: usize) {
        let key = task.runs[run].key;
        let is_forgotten =
            self.planted == Some(Planted::VoidForgotten) && task.runs[run].report.is_none();
        if !is_forgotten {
            self.settle(Kind::Void, key);
        }
        task.unsettled -= 1;
        let stage = self.books.stage(key);
        self.checks.ended_unpaid(key, stage);
    }

    /// The task has its result: a run's, or the referee's own.
    pub(super) fn accept(&mut self, task: &mut Task, at: u32, by: Option<usize>) {
        self.step_task(task, TaskInput::Complete);
        task.phase = Phase::Accepted(by);
        self.open -= 1;
        self.checks.accepted(at);
        let report = by.and_then(|run| task.runs[run].report);
        let is_right = report.is_none_or(|report| report.truth == Truth::Right);
        self.tally.wrong_results += i64::from(!is_right);
        self.settle_best(task, at, by);
        if task.answer.is_some() && !task.is_pinned {
            self.keep_known(task, at);
        }
    }

    /// What the referee found serves to try newcomers with.
    fn keep_known(&mut self, task: &mut Task, at: u32) {
        task.is_pinned = true;
        self.known.push_back(at);
        if self.known.len() > KNOWN_MAX
            && let Some(oldest) = self.known.pop_front()
        {
            self.unpin(oldest);
        }
    }

    pub(super) fn unpin(&mut self, at: u32) {
        if let Some(task) = &mut self.tasks[at as usize] {
            task.is_pinned = false;
        }
        self.to_close.push(at);
    }

    /// Begins the check of a result.
    pub(super) fn check(&mut self, task: &mut Task, at: u32, work: usize, round: u64) {
        let auditor = self.choose_auditor(task, at, work, round);
        task.phase = Phase::Checking(Checking {
            work,
            auditor,
            audit: None,
            round,
        });
        match auditor {
            Some(worker) => self.workers[worker as usize].inbox.push(at),
            None => self.order_referee(at, None),
        }
    }

    /// All that follows from a step, once the task that it was about is back in its place.
    pub(super) fn finish(&mut self) {
        loop {
            if let Some(owner) = self.to_ban.pop() {
                self.ban(owner);
            } else if let Some(owner) = self.to_release.pop() {
                self.release(owner);
            } else if let Some(name) = self.to_prove.pop() {
                self.prove(name);
            } else if let Some(at) = self.to_close.pop() {
                self.close_task(at);
            } else {
                return;
            }
        }
    }

    /// Gives an owner what has waited long enough.
    pub(super) fn release(&mut self, owner: u32) {
        let wait = if self.planted == Some(Planted::ReleaseWithoutWaiting) {
            Wait {
                results: 0,
                time: std::time::Duration::ZERO,
                ..self.policy.wait
            }
        } else {
            self.policy.wait
        };
        let now = self.time();
        while let Some(held) = self.owners[owner as usize].escrow.release_next(now, &wait) {
            self.give(held.item, false);
        }
        let ledger = self.books.escrow(owner);
        self.checks.escrow_is(owner, ledger);
    }

    /// Credits go from escrow to their owner.
    pub(super) fn give(&mut self, name: RunName, is_farewell: bool) {
        self.settle(Kind::Release, name.key);
        self.checks.released(name.key, is_farewell, self.now);
        let Some(task) = &mut self.tasks[name.task as usize] else {
            return;
        };
        task.unsettled -= 1;
        let amount = task.price.micros();
        let truth = task.runs[name.run].report.map(|report| report.truth);
        self.tally.released += amount;
        self.tally.fake_released += if truth == Some(Truth::Fake) {
            amount
        } else {
            0
        };
        self.tally.wrong_released += if truth == Some(Truth::Wrong) {
            amount
        } else {
            0
        };
        self.to_close.push(name.task);
    }

    /// Forgets a task to which nothing more can happen, and refunds its brief after the last one.
    fn close_task(&mut self, at: u32) {
        let is_over = self.tasks[at as usize]
            .as_ref()
            .is_some_and(|task| task.is_over());
        if !is_over {
            return;
        }
        self.tasks[at as usize] = None;
        let number = at / TASKS_PER_BRIEF;
        let brief = &mut self.briefs[number as usize];
        brief.over += 1;
        let first = number * TASKS_PER_BRIEF;
        let size =
            (u32::try_from(self.tasks.len()).unwrap_or(u32::MAX) - first).min(TASKS_PER_BRIEF);
        if brief.over == size {
            let refunded = self.books.refund(number);
            self.legal(refunded);
            self.counts.refunded += 1;
        }
    }
}

//! Workers that fall silent, owners that are banned, and what becomes of what they had.

use cupola_domain::{ledger::Kind, run::RunInput, task::TaskInput};

use crate::{
    simulation::{fleet::Job, planted::Planted},
    trust::Cause,
};

use super::{
    Hub,
    tasks::{Confirmed, Order, Phase, Purpose, Task},
};

impl Hub {
    /// A worker was silent for longer than its leases allow.
    pub(in crate::simulation) fn expire(&mut self, worker: u32, now: u64) {
        self.now = now;
        self.workers[worker as usize].is_lost = true;
        for job in std::mem::take(&mut self.workers[worker as usize].leases) {
            self.counts.expired += 1;
            self.take_lease(job, worker);
        }
        self.give_audits_to_others(worker);
        self.finish();
    }

    /// A lost run ends for good, because another worker gets its task.
    pub(super) fn supersede_lost(&mut self, task: &mut Task) {
        let lost = task.runs.iter().position(super::tasks::Run::is_lost);
        if let Some(run) = lost {
            self.counts.superseded += 1;
            self.step_run(task, run, RunInput::Supersede);
            self.void(task, run);
        }
    }

    /// Carries out a ban: nothing of the owner goes on, and what nobody confirmed is not believed.
    pub(super) fn ban(&mut self, owner: u32) {
        self.counts.bans += 1;
        if self.owners[owner as usize].reputation.ban() == Some(Cause::Faults) {
            self.give_confirmed(owner);
        }
        self.checks.banned(owner);
        for worker in self.owners[owner as usize].workers.clone() {
            if self.planted != Some(Planted::BanKeepsLeases) {
                for job in std::mem::take(&mut self.workers[worker as usize].leases) {
                    self.take_lease(job, worker);
                    self.end_lost(job.task);
                }
            }
            self.give_audits_to_others(worker);
        }
        if self.planted != Some(Planted::BanKeepsEscrow) {
            self.forfeit(owner);
        }
        self.doubt_vouched(owner);
        self.orders.push(Order::Banned { owner });
        let of = &self.owners[owner as usize];
        let live = of
            .workers
            .iter()
            .map(|at| self.workers[*at as usize].leases.len());
        let (leases, held) = (live.sum::<usize>(), of.escrow.held().count());
        self.checks.after_ban(owner, leases, held);
        let ledger = self.books.escrow(owner);
        self.checks.escrow_is(owner, ledger);
    }

    /// Whose machine goes wrong too often is no cheat: what was found right is given first.
    fn give_confirmed(&mut self, owner: u32) {
        let held = self.owners[owner as usize].escrow.held();
        let confirmed: Vec<_> = held
            .filter(|held| held.is_confirmed)
            .map(|held| held.ticket)
            .collect();
        for ticket in confirmed {
            if let Some(held) = self.owners[owner as usize].escrow.take(ticket) {
                self.give(held.item, true);
            }
        }
    }

    /// All that is in escrow goes back; what was not confirmed runs again. What peers found right of
    /// somebody who made results up is looked at again: they may have agreed on it.
    fn forfeit(&mut self, owner: u32) {
        let is_fraud = self.owners[owner as usize].reputation.ban() == Some(Cause::Fraud);
        for held in self.owners[owner as usize].escrow.forfeit() {
            self.claw_back(held.item.key);
            let at = held.item.task;
            let Some(mut task) = self.tasks[at as usize].take() else {
                continue;
            };
            task.unsettled -= 1;
            let run = held.item.run;
            if !held.is_confirmed && task.phase == Phase::Accepted(Some(run)) {
                self.revoke(&mut task, at, run);
                self.ready.push_back(at);
            } else if is_fraud && task.runs[run].confirmed == Confirmed::ByPeer {
                task.rechecks += 1;
                self.counts.rechecks += 1;
                self.order_referee(at, Some(run));
            }
            self.tasks[at as usize] = Some(task);
            self.to_close.push(at);
        }
    }

    /// What a cheat found right as an auditor is not known to be right.
    fn doubt_vouched(&mut self, owner: u32) {
        for name in std::mem::take(&mut self.owners[owner as usize].vouched) {
            let Some(task) = &mut self.tasks[name.task as usize] else {
                continue;
            };
            let run = &mut task.runs[name.run];
            let is_doubtful =
                run.confirmed == Confirmed::ByPeer && task.phase == Phase::Accepted(Some(name.run));
            let Some(ticket) = run.ticket.filter(|_| is_doubtful) else {
                continue;
            };
            run.confirmed = Confirmed::No;
            task.rechecks += 1;
            let (earner, brief) = (run.owner as usize, task.brief);
            self.owners[earner].escrow.set_confirmed(ticket, false);
            self.forget_best(brief, name.key);
            self.counts.rechecks += 1;
            self.order_referee(name.task, Some(name.run));
        }
    }

    pub(super) fn claw_back(&mut self, key: u64) {
        self.counts.clawbacks += 1;
        self.settle(Kind::Clawback, key);
        self.checks.clawed_back(key);
    }

    /// A lease that was taken off its worker's list ends: the run is lost, the task waits again.
    fn take_lease(&mut self, job: Job, worker: u32) {
        self.pending -= 1;
        self.checks.lease_ended(worker);
        let Some(mut task) = self.tasks[job.task as usize].take() else {
            return;
        };
        let found = task
            .runs
            .iter()
            .rposition(|run| run.epoch == job.epoch && run.worker == worker);
        if let Some(run) = found.filter(|run| task.runs[*run].is_live()) {
            self.step_run(&mut task, run, RunInput::Expire);
            match task.runs[run].purpose {
                Purpose::Work => {
                    self.step_task(&mut task, TaskInput::Lose);
                    self.ready.push_back(job.task);
                }
                Purpose::Audit => self.lose_audit(&mut task, job.task, run),
                Purpose::Spot => self.supersede_lost(&mut task),
            }
        }
        self.tasks[job.task as usize] = Some(task);
        self.to_close.push(job.task);
    }

    /// Somebody else checks the result; the lost run earns nothing any more.
    fn lose_audit(&mut self, task: &mut Task, at: u32, run: usize) {
        self.supersede_lost(task);
        if let Phase::Checking(checking) = task.phase
            && checking.audit == Some(run)
        {
            self.check(task, at, checking.work, checking.round + 1);
        }
    }

    /// The runs of a banned owner do not come back.
    fn end_lost(&mut self, at: u32) {
        if let Some(mut task) = self.tasks[at as usize].take() {
            self.supersede_lost(&mut task);
            self.tasks[at as usize] = Some(task);
        }
    }

    fn give_audits_to_others(&mut self, worker: u32) {
        for at in std::mem::take(&mut self.workers[worker as usize].inbox) {
            let Some(mut task) = self.tasks[at as usize].take() else {
                continue;
            };
            if let Phase::Checking(checking) = task.phase
                && checking.auditor == Some(worker)
                && checking.audit.is_none()
            {
                self.check(&mut task, at, checking.work, checking.round + 1);
            }
            self.tasks[at as usize] = Some(task);
        }
    }

    fn step_run(&mut self, task: &mut Task, run: usize, input: RunInput) {
        let stepped = task.runs[run].state.clone().step(input, self.time());
        if let Some(state) = self.legal(stepped) {
            task.runs[run].state = state;
        }
    }
}

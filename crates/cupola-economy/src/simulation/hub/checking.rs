//! Second runs: who does them and what they find.

use cupola_domain::task::TaskInput;

use crate::{
    audit::{self, Auditor},
    simulation::{
        checks::Chosen,
        fleet::{CLASSES, DIRECTION, Truth},
        planted::Planted,
    },
    trust::{Effect, Status},
    verdict::{self, Judgement, Observation, Verdict},
};

use super::{
    Hub,
    tasks::{Checking, Confirmed, Order, Phase, Purpose, Run, RunName, Task},
};

/// What rounding explains between two classes.
const FLOOR: f64 = 1e-6;

/// From so many on it is looked at which of them still matter.
const VOUCHED_LOOKED_AT: usize = 256;

impl Hub {
    /// Who runs the task again: a trusted worker of another owner, or the referee (`None`).
    pub(super) fn choose_auditor(
        &mut self,
        task: &Task,
        at: u32,
        work: usize,
        round: u64,
    ) -> Option<u32> {
        let same_owner = self.planted == Some(Planted::AuditBySameOwner);
        let everybody: Vec<u32>;
        let candidates = if self.planted == Some(Planted::NewcomersVouch) {
            everybody = (0..u32::try_from(self.workers.len()).unwrap_or(0)).collect();
            &everybody
        } else {
            &self.trusted
        };
        let is_eligible = |place: usize| {
            let name = candidates[place];
            let worker = &self.workers[name as usize];
            let is_other = task.admits(worker.owner);
            !worker.is_lost && (is_other || same_owner) && self.may_check(name)
        };
        let result = [u64::from(at), task.runs[work].key];
        let count = candidates.len();
        let chosen = audit::choose(&self.key, result, round, &self.policy, count, is_eligible);
        let Auditor::Peer(place) = chosen else {
            return None;
        };
        let name = candidates[place];
        let worker = &self.workers[name as usize];
        let chosen = Chosen {
            task: at,
            is_committed: task.runs[work].report.is_some(),
            is_same_owner: worker.owner == task.runs[work].owner,
            is_trusted: self.is_trusted(name),
        };
        self.checks.auditor_chosen(&chosen);
        Some(name)
    }

    fn may_check(&self, name: u32) -> bool {
        let worker = &self.workers[name as usize];
        let is_banned = self.owners[worker.owner as usize]
            .reputation
            .ban()
            .is_some();
        let newcomers = self.planted == Some(Planted::NewcomersVouch);
        !is_banned && (newcomers || self.is_trusted(name))
    }

    fn is_trusted(&self, name: u32) -> bool {
        let worker = &self.workers[name as usize];
        let reputation = &self.owners[worker.owner as usize].reputation;
        reputation.status(worker.class, &self.policy) == Status::Trusted
    }

    pub(super) fn order_referee(&mut self, task: u32, recheck: Option<usize>) {
        self.pending += 1;
        self.orders.push(Order::Referee { task, recheck });
    }

    /// An auditor's result is there: both agree, or the referee decides.
    pub(super) fn audited(&mut self, task: &mut Task, at: u32, run: usize) {
        let Phase::Checking(checking) = task.phase else {
            return;
        };
        let results = reported(task, &[checking.work, run]);
        match self.judge(&results, None) {
            Judgement::Settled(_) => {
                for of in [checking.work, run] {
                    self.take_verdict(task, at, of, (Verdict::Valid, Confirmed::ByPeer));
                }
                let name = RunName {
                    task: at,
                    run: checking.work,
                    key: task.runs[checking.work].key,
                };
                self.note_vouched(task.runs[run].owner, name);
                self.accept(task, at, Some(checking.work));
                if self.planted == Some(Planted::AcceptedTwice) {
                    self.open += 1;
                    self.accept(task, at, Some(run));
                }
            }
            Judgement::Open => self.order_referee(at, None),
        }
    }

    /// What the auditor found right, as long as it can still be looked at again.
    fn note_vouched(&mut self, auditor: u32, name: RunName) {
        let tasks = &self.tasks;
        let vouched = &mut self.owners[auditor as usize].vouched;
        if vouched.len() >= VOUCHED_LOOKED_AT {
            vouched.retain(|name| tasks[name.task as usize].is_some());
        }
        vouched.push(name);
    }

    /// The referee has run a task.
    pub(in crate::simulation) fn refereed(&mut self, at: u32, recheck: Option<usize>, now: u64) {
        self.now = now;
        self.pending -= 1;
        self.counts.referee_runs += 1;
        let Some(mut task) = self.tasks[at as usize].take() else {
            return;
        };
        let answer = self.truths.report(at, 0).seen;
        task.answer = Some(answer);
        match (task.phase, recheck) {
            (Phase::Checking(checking), None) => self.decide(&mut task, at, checking, &answer),
            (_, Some(_)) => self.recheck(&mut task, at, &answer),
            _ => {}
        }
        self.tasks[at as usize] = Some(task);
        self.to_close.push(at);
        self.finish();
    }

    fn decide(
        &mut self,
        task: &mut Task,
        at: u32,
        checking: Checking,
        answer: &Observation<u8, u64>,
    ) {
        let runs: Vec<usize> = [Some(checking.work), checking.audit]
            .into_iter()
            .flatten()
            .filter(|run| task.runs[*run].report.is_some())
            .collect();
        let Judgement::Settled(verdicts) = self.judge(&reported(task, &runs), Some(answer)) else {
            return;
        };
        let mut accepted = None;
        for (run, verdict) in runs.into_iter().zip(verdicts) {
            self.take_verdict(task, at, run, (verdict, Confirmed::ByReferee));
            if verdict == Verdict::Valid {
                self.learn(task, run, answer);
                accepted = accepted.or(Some(run));
            }
        }
        self.accept(task, at, accepted);
    }

    /// What was accepted, or found right by a peer, is held against the referee's answer: everybody who
    /// said otherwise has lied, whoever agreed with whom.
    fn recheck(&mut self, task: &mut Task, at: u32, answer: &Observation<u8, u64>) {
        task.rechecks -= 1;
        let accepted = match task.phase {
            Phase::Accepted(by) => by,
            _ => None,
        };
        for run in 0..task.runs.len() {
            let of = &task.runs[run];
            let is_known = of.purpose == Purpose::Spot || of.confirmed == Confirmed::ByReferee;
            let Some(report) = of.report.filter(|_| !is_known) else {
                continue;
            };
            let verdict = self.measured(&report.seen, answer);
            if verdict == Verdict::Valid {
                self.confirm(task, run);
            } else {
                self.reject(task, run, verdict);
            }
            if accepted == Some(run) && verdict == Verdict::Valid {
                self.settle_best(task, at, accepted);
            } else if accepted == Some(run) {
                self.revoke(task, at, run);
                self.accept(task, at, None);
            }
        }
    }

    fn confirm(&mut self, task: &mut Task, run: usize) {
        let of = &mut task.runs[run];
        of.confirmed = Confirmed::ByReferee;
        if let Some(ticket) = of.ticket {
            let escrow = &mut self.owners[of.owner as usize].escrow;
            escrow.set_confirmed(ticket, true);
        }
    }

    fn reject(&mut self, task: &mut Task, run: usize, verdict: Verdict) {
        self.counts.rejected += 1;
        let of = &mut task.runs[run];
        of.confirmed = Confirmed::No;
        let escrow = &mut self.owners[of.owner as usize].escrow;
        if let Some(held) = of.ticket.and_then(|ticket| escrow.take(ticket)) {
            self.claw_back(held.item.key);
            task.unsettled -= 1;
        }
        self.judged(&task.runs[run], verdict);
    }

    /// An accepted result turned out wrong, or nobody knows any more whether it is right.
    pub(super) fn revoke(&mut self, task: &mut Task, at: u32, run: usize) {
        self.step_task(task, TaskInput::Revoke);
        task.phase = Phase::Open;
        self.open += 1;
        self.counts.revoked += 1;
        self.checks.revoked(at);
        let is_right = task.runs[run]
            .report
            .is_none_or(|report| report.truth == Truth::Right);
        self.tally.wrong_results -= i64::from(!is_right);
        self.forget_best(task.brief, task.runs[run].key);
    }

    /// What a verdict does to the trust in an owner.
    pub(super) fn judged(&mut self, run: &Run, verdict: Verdict) {
        let is_wrong = matches!(verdict, Verdict::WrongWorse | Verdict::WrongBetter);
        let now = self.time();
        let owner = &mut self.owners[run.owner as usize];
        if owner.reputation.ban().is_some() {
            return;
        }
        if self.planted != Some(Planted::TrustNotReset) || !is_wrong {
            match owner.reputation.take(run.class, verdict, &self.policy) {
                Effect::None => {}
                Effect::Disturbed => owner.escrow.disturb(now),
                Effect::Banned(_) => self.to_ban.push(run.owner),
            }
        }
        let passed = owner.reputation.passed(run.class);
        self.checks.judged(run.owner, verdict, passed, self.now);
        if is_wrong {
            self.note_distrust(run.owner);
        } else if passed == self.policy.probation {
            self.note_trust(run.owner, run.class);
        }
    }

    /// A result against a known answer.
    pub(super) fn measured(
        &self,
        seen: &Observation<u8, u64>,
        answer: &Observation<u8, u64>,
    ) -> Verdict {
        match self.judge(&[*seen], Some(answer)) {
            Judgement::Settled(verdicts) => verdicts[0],
            Judgement::Open => Verdict::Noisy,
        }
    }

    fn judge(
        &self,
        results: &[Observation<u8, u64>],
        referee: Option<&Observation<u8, u64>>,
    ) -> Judgement {
        let tolerance = |one: &u8, other: &u8| {
            let calibration = &self.calibrations[pair(*one, *other)];
            calibration.tolerance(FLOOR)
        };
        verdict::judge(results, referee, DIRECTION, tolerance)
    }

    /// What the referee confirmed tells how far two classes lie apart: this run beside the referee's, and
    /// beside others that it confirmed.
    pub(super) fn learn(&mut self, task: &Task, run: usize, answer: &Observation<u8, u64>) {
        let Some(seen) = task.runs[run].report.map(|report| report.seen) else {
            return;
        };
        self.learn_pair(&seen, answer);
        let confirmed = |at: &usize| *at != run && task.runs[*at].confirmed == Confirmed::ByReferee;
        for other in (0..task.runs.len()).filter(confirmed) {
            if let Some(other) = task.runs[other].report {
                self.learn_pair(&seen, &other.seen);
            }
        }
    }

    fn learn_pair(&mut self, one: &Observation<u8, u64>, other: &Observation<u8, u64>) {
        if one.class != other.class
            && let (Some(a), Some(b)) = (one.value, other.value)
        {
            self.calibrations[pair(one.class, other.class)].learn(a - b);
        }
    }
}

fn reported(task: &Task, runs: &[usize]) -> Vec<Observation<u8, u64>> {
    let reports = runs.iter().filter_map(|run| task.runs[*run].report);
    reports.map(|report| report.seen).collect()
}

/// Two classes either way round.
fn pair(one: u8, other: u8) -> usize {
    let (low, high) = (one.min(other), one.max(other));
    usize::from(low) * usize::from(CLASSES) + usize::from(high)
}

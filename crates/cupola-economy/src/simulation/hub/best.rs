//! The best result of each brief: called so only after a check.
//!
//! A result that would be the best is a *claim* while it is checked, and only what beats all claims is
//! one itself. When a claim turns out wrong, what it kept from being one is looked at again.

use crate::simulation::{fleet::DIRECTION, planted::Planted};

use super::{
    Hub,
    tasks::{Brief, Confirmed, RunName, Task},
};

/// So many of a brief's best results are kept, so that there is another one if one is taken back.
const BEST_MAX: usize = 5;

impl Hub {
    /// Whether a result beats the best one and all that may become it.
    pub(super) fn would_be_best(&self, task: &Task, run: usize) -> bool {
        let brief = &self.briefs[task.brief as usize];
        value_of(task, run).is_some_and(|value| {
            brief.beats_best(value)
                && brief
                    .claims
                    .iter()
                    .all(|(claimed, _)| beats(value, *claimed))
        })
    }

    /// A result that would be the best is checked.
    pub(super) fn claim_best(&mut self, task: &Task, run: usize) {
        if let Some(value) = value_of(task, run) {
            let claims = &mut self.briefs[task.brief as usize].claims;
            claims.push((value, task.runs[run].key));
        }
    }

    /// A task has its result, by a run or by the referee: what it is among the others of its brief.
    pub(super) fn settle_best(&mut self, task: &Task, at: u32, by: Option<usize>) {
        let brief = &mut self.briefs[task.brief as usize];
        let is_of_task = |key: u64| task.runs.iter().any(|run| run.key == key);
        brief.claims.retain(|(_, key)| !is_of_task(*key));
        match by {
            None => {
                let value = task.answer.and_then(|answer| answer.value);
                self.note_best(task.brief, at, value.map(|value| (value, None)), true);
            }
            Some(run) => self.settle_best_of_run(task, at, run),
        }
        self.prove_best(task.brief);
    }

    fn settle_best_of_run(&mut self, task: &Task, at: u32, run: usize) {
        let key = task.runs[run].key;
        let Some(value) = value_of(task, run) else {
            return;
        };
        let is_verified = task.runs[run].confirmed != Confirmed::No;
        if is_verified || self.planted == Some(Planted::BestUnverified) {
            self.note_best(task.brief, at, Some((value, Some(key))), is_verified);
            return;
        }
        let brief = &mut self.briefs[task.brief as usize];
        if brief.beats_best(value) {
            let name = RunName { task: at, run, key };
            let place = brief
                .unproven
                .partition_point(|(other, _)| !beats(value, *other));
            brief.unproven.insert(place, (value, name));
            brief.unproven.truncate(BEST_MAX);
        }
    }

    fn note_best(
        &mut self,
        brief: u32,
        at: u32,
        of: Option<(f64, Option<u64>)>,
        is_verified: bool,
    ) {
        let Some((value, key)) = of else {
            return;
        };
        let best = &mut self.briefs[brief as usize].best;
        let place = best.partition_point(|(other, _)| !beats(value, *other));
        best.insert(place, (value, key));
        best.truncate(BEST_MAX);
        if place == 0 {
            self.checks.called_best(at, is_verified);
        }
    }

    /// A result that is no longer known to be right is no longer the best.
    pub(super) fn forget_best(&mut self, brief: u32, key: u64) {
        let brief = &mut self.briefs[brief as usize];
        brief.best.retain(|(_, of)| *of != Some(key));
        brief.unproven.retain(|(_, name)| name.key != key);
    }

    /// If no claim stands before it any more, the best unchecked result is checked.
    fn prove_best(&mut self, number: u32) {
        let brief = &mut self.briefs[number as usize];
        let Some((value, name)) = brief.unproven.first().copied() else {
            return;
        };
        if !brief.beats_best(value) {
            brief.unproven.clear();
            return;
        }
        if brief.claims.is_empty() && self.policy.verify_best {
            brief.unproven.remove(0);
            self.to_prove.push(name);
        }
    }

    /// An accepted result that nobody checked is checked, because it may be the best.
    pub(super) fn prove(&mut self, name: RunName) {
        let Some(task) = &mut self.tasks[name.task as usize] else {
            return;
        };
        if !task.is_accepted_unchecked(name.run) {
            return;
        }
        task.rechecks += 1;
        let value = value_of(task, name.run);
        let claims = &mut self.briefs[task.brief as usize].claims;
        claims.extend(value.map(|value| (value, name.key)));
        self.order_referee(name.task, Some(name.run));
    }
}

impl Brief {
    fn beats_best(&self, value: f64) -> bool {
        let best = self.best.first();
        best.is_none_or(|(best, _)| beats(value, *best))
    }
}

fn beats(value: f64, other: f64) -> bool {
    DIRECTION.is_better(value, other)
}

fn value_of(task: &Task, run: usize) -> Option<f64> {
    task.runs[run].report.and_then(|report| report.seen.value)
}

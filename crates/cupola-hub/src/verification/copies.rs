//! Second runs: copies of tasks in a place that nobody is shown, each kept for whom its check names.

use cupola_domain::{
    audit::{Place, Role, Stage, Why},
    counts::Counts,
    experiment::{Experiment, Origin},
    ids::{ExperimentId, RunId, TaskId, WorkerId},
    task::{Attempts, Task, TaskState},
};
use cupola_economy::audit;
use cupola_store::{
    Tx, code, experiments, runs, tasks, verification as rows,
    verification::{Audit, Claim, Side},
};

use super::{Court, again::is_again, known, opening::words};
use crate::{
    HubError,
    transitions::{Pair, first_run, insert_run},
};

/// Whoever is chosen has one try, and may fall silent once for a while; then somebody else has.
const ONCE: Attempts = Attempts {
    failures: 0,
    losses: 0,
    failures_max: 1,
    losses_max: 2,
};

/// So many of the referee's latest answers are looked through for one to try a newcomer with.
const ANSWERS_LOOKED_AT: i64 = 16;

/// What a copy's worker is told that it belongs to: the same as the task itself.
pub(crate) fn shown_experiment(
    tx: &mut Tx,
    task: TaskId,
) -> Result<Option<ExperimentId>, HubError> {
    let Some(side) = rows::find_awaited(tx, task)? else {
        return Ok(None);
    };
    Ok(rows::find(tx, side.audit)?.map(|audit| audit.experiment))
}

impl Court {
    /// Makes a copy of what a check is of, that may take so many times as long; none when that was deleted.
    pub(super) fn copy(
        &mut self,
        tx: &mut Tx,
        audit: &Audit,
        patience: u32,
    ) -> Result<Option<(TaskId, RunId)>, HubError> {
        let Some(original) = tasks::find(tx, audit.task)? else {
            return Ok(None);
        };
        let Some(needs) = tasks::find_needs(tx, original.id)? else {
            return Ok(None);
        };
        let Some(hidden) = self.hidden(tx, original.experiment)? else {
            return Ok(None);
        };
        // Who has it sees when a task and its first run were named, and those of a family all were at once.
        let first = runs::list_of_task(tx, original.id)?.pop();
        let first = first.map_or(original.run, |run| run.id);
        let task = Task {
            id: self.ids.like(original.id),
            experiment: hidden,
            number: tasks::next_number(tx, hidden)?,
            state: TaskState::Pending,
            attempts: ONCE,
            time_budget: original.time_budget.saturating_mul(patience),
            epoch: 0,
            run: self.ids.like(first),
            worker: None,
            value: None,
            waiting_for: None,
            is_withheld: false,
            created_at: self.now,
            finished_at: None,
            ..original
        };
        let run = first_run(&task, &audit.code_hash, self.now);
        tasks::insert(tx, &task, needs)?;
        rows::save_checked(tx, task.id, Some(audit.id))?;
        insert_run(tx, &task, &run)?;
        experiments::save_changes(tx, hidden, [1, 0, 0, 0, 0])?;
        Ok(Some((task.id, run.id)))
    }

    /// Where the copies of an experiment's tasks lie.
    fn hidden(&mut self, tx: &mut Tx, of: ExperimentId) -> Result<Option<ExperimentId>, HubError> {
        if let Some(hidden) = rows::find_hidden(tx, of)? {
            return Ok(Some(hidden));
        }
        let Some(original) = experiments::find(tx, of)? else {
            return Ok(None);
        };
        let needs = code::needs_id(tx, &original.needs)?;
        let hidden = Experiment {
            id: self.id(),
            origin: Origin::Manual,
            counts: Counts::default(),
            created_at: self.now,
            updated_at: self.now,
            ..original
        };
        experiments::insert(tx, &hidden, needs)?;
        rows::save_hidden(tx, hidden.id, of, self.now)?;
        Ok(Some(hidden.id))
    }

    /// Stops what somebody was chosen for and is not needed any more.
    pub(super) fn drop_copy(&mut self, tx: &mut Tx, side: &mut Side) -> Result<(), HubError> {
        side.place = Place::Gone;
        side.at = self.now;
        rows::save_side(tx, side)?;
        let Some(task) = tasks::find(tx, side.task)? else {
            return Ok(());
        };
        if rows::find(tx, side.audit)?.is_some_and(|audit| is_again(&audit, side)) {
            // It is no copy: anybody may have it now.
            self.after.is_settled = true;
            return Ok(rows::save_checked(tx, task.id, None)?);
        }
        if !task.state.word().is_terminal() {
            let mut pair = Pair::of_task(tx, task)?;
            self.after.runs.push(pair.run.id);
            pair.cancel(tx, self.now)?;
        }
        Ok(())
    }

    /// A copy of a task with a known answer, for a newcomer, if it is drawn and there is one.
    pub(crate) fn spot_for(
        &mut self,
        tx: &mut Tx,
        worker: WorkerId,
        owner: &str,
        fits: impl Fn(i64) -> bool,
    ) -> Result<Option<TaskId>, HubError> {
        let lease: RunId = self.id();
        if !audit::is_spot(&self.key, words(lease), &self.policy) {
            return Ok(None);
        }
        for answer in rows::list_answers(tx, ANSWERS_LOOKED_AT)? {
            let Some(of) = rows::find(tx, answer.audit)? else {
                continue;
            };
            let needs = tasks::find_needs(tx, of.task)?;
            let is_free = of.stage == Stage::Settled && needs.is_some_and(&fits);
            if !is_free || rows::has_had(tx, of.task, owner)? {
                continue;
            }
            if let Some((task, run)) = self.copy(tx, &of, 1)? {
                self.open_spot(tx, &of, &answer, (task, run, worker), owner)?;
                return Ok(Some(task));
            }
        }
        Ok(None)
    }

    fn open_spot(
        &mut self,
        tx: &mut Tx,
        of: &Audit,
        answer: &Side,
        (task, run, worker): (TaskId, RunId, WorkerId),
        owner: &str,
    ) -> Result<(), HubError> {
        let audit = Audit {
            id: self.id(),
            run,
            claim: Claim {
                owner: owner.to_owned(),
                worker,
                class: known::class_of(tx, worker)?,
                ..Claim::nobodys()
            },
            why: Why::Spot,
            asked_by: String::new(),
            stage: Stage::AtWork,
            round: 1,
            is_for_referee: false,
            failures: 0,
            finding: None,
            note: String::new(),
            tolerance: None,
            opened_at: self.now,
            settled_at: None,
            ..of.clone()
        };
        rows::insert(tx, &audit)?;
        let known = Side {
            audit: audit.id,
            round: 0,
            role: Role::Known,
            at: self.now,
            ..answer.clone()
        };
        rows::insert_side(tx, &known)?;
        let side = Side {
            audit: audit.id,
            round: 1,
            role: Role::Spot,
            auditor: worker.to_string(),
            task,
            run,
            claim: Claim::nobodys(),
            finding: None,
            place: Place::Awaited,
            at: self.now,
        };
        // Nobody is told: whoever looks could see that it began with their lease.
        rows::insert_side(tx, &side)?;
        Ok(())
    }
}

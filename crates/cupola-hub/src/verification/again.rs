//! What somebody else's machine said and a second run cannot show: the hub's own machines run the task again,
//! and what they find counts.
//!
//! That is so where a task is said to fail, where the clock ended it before its steps, where two results differ
//! by too little to blame anybody, and where the referee cannot run what somebody says to have run.

use cupola_domain::{
    audit::{Finding, Place, Role, Stage, Why},
    ids::RunId,
    repeats::Replay,
    run::{Failure, Outcome, Run, RunState},
    task::{Task, TaskState},
};
use cupola_economy::verdict::Verdict;
use cupola_store::{
    Tx, experiments, ledger, runs, tasks, verification as rows,
    verification::{Audit, Claim, Side},
};

use super::{Court, REFEREE, effects::Judged, known, tell};
use crate::HubError;

/// What is said of a result that the clock ended.
pub(super) const CUT_OFF: &str = "the clock ended it before its steps were made";

/// And of one that is simulated, by its own word.
pub(super) const MADE_UP: &str = "it says that its result is simulated";

/// And of one whose machine was the hub's own when it was leased.
const NO_MORE_OWN: &str = "its machine is not the hub's own any more";

/// Who says to have run out of time has had so much of it.
const LEAST_OF_BUDGET: f64 = 0.8;

/// The task that a copy is of; none where it is the task itself that only own machines are given.
pub(crate) fn original_of(tx: &mut Tx, copy: &Task) -> Result<Option<Task>, HubError> {
    let Some(side) = rows::find_awaited(tx, copy.id)? else {
        return Ok(None);
    };
    let audit = rows::find(tx, side.audit)?;
    match audit.filter(|audit| audit.task != copy.id) {
        Some(audit) => Ok(tasks::find(tx, audit.task)?),
        None => Ok(None),
    }
}

/// Whether the task itself is waited for, and no copy of it.
pub(super) fn is_again(audit: &Audit, side: &Side) -> bool {
    side.task == audit.task && side.role == Role::Referee
}

impl Court {
    /// Whether nobody believes this worker that its program fails.
    pub(crate) fn doubts(&self, tx: &mut Tx, run: &Run) -> Result<bool, HubError> {
        if !self.rules.is_on {
            return Ok(false);
        }
        // A copy's end is its check's business.
        if let Some(side) = rows::find_awaited(tx, run.task)? {
            let audit = rows::find(tx, side.audit)?;
            if !audit.is_some_and(|audit| is_again(&audit, &side)) {
                return Ok(false);
            }
        }
        Ok(ledger::find_earning(tx, run.id)?.is_some() && !self.is_of_own(tx, run.id)?)
    }

    /// Whether a run's machine is the hub's own: as it was leased, and as `own` says now. Who is own no more
    /// decides nothing that was still at work then.
    pub(super) fn is_of_own(&self, tx: &mut Tx, run: RunId) -> Result<bool, HubError> {
        let kept = ledger::find_earning(tx, run)?;
        Ok(kept.is_some_and(|kept| self.rules.is_own(&kept.earning.earner)))
    }

    /// Somebody else's machine said that the task fails, and the task waits again.
    pub(super) fn failed(&mut self, tx: &mut Tx, run: &Run) -> Result<(), HubError> {
        let Some(failure) = failure_of(run) else {
            return Ok(());
        };
        let task = tasks::find(tx, run.task)?;
        // So does a loss that would have been the last one.
        let is_last = task.is_some_and(|task| task.attempts.losses + 1 >= task.attempts.losses_max);
        if failure.is_infrastructure() && !is_last {
            return Ok(());
        }
        let Some(claim) = known::claim_of_failed(tx, run)? else {
            return Ok(());
        };
        let note = format!("it failed there: {}", run.reason());
        self.run_again(tx, run.id, claim, &note)
    }

    /// Keeps a task that waits for the hub's own machines.
    pub(super) fn run_again(
        &mut self,
        tx: &mut Tx,
        run: RunId,
        claim: Claim,
        note: &str,
    ) -> Result<(), HubError> {
        let Some(run) = runs::find(tx, run)? else {
            return Ok(());
        };
        let task = tasks::find(tx, run.task)?.filter(|task| task.state == TaskState::Pending);
        let (Some(task), Some(experiment)) = (task, experiments::find(tx, run.experiment)?) else {
            return Ok(());
        };
        let audit = Audit {
            stage: Stage::AtWork,
            is_for_referee: true,
            note: note.to_owned(),
            ..self.audit_of(tx, (&run, &task, &experiment), claim, Why::Doubt)?
        };
        rows::insert(tx, &audit)?;
        let side = Side {
            audit: audit.id,
            round: 0,
            role: Role::Referee,
            auditor: REFEREE.to_owned(),
            task: task.id,
            run: task.run,
            claim: Claim::nobodys(),
            finding: None,
            place: Place::Awaited,
            at: self.now,
        };
        rows::insert_side(tx, &side)?;
        rows::save_checked(tx, task.id, Some(audit.id))?;
        self.after.is_settled = true;
        tell(tx, Some(experiment.id));
        Ok(())
    }

    /// The task itself may have come to an end: what the hub's own machine found counts. Says whether it had.
    pub(super) fn ran_again(
        &mut self,
        tx: &mut Tx,
        mut audit: Audit,
        (mut side, is_believed): (Side, bool),
    ) -> Result<bool, HubError> {
        let ended = tasks::find(tx, side.task)?;
        if let (false, Some(task)) = (is_believed, ended) {
            // Completed, it waits again; failed, it does so already.
            self.reject(tx, task.run, NO_MORE_OWN)?;
        }
        let task = tasks::find(tx, side.task)?;
        let state = task.as_ref().map(|task| task.state.clone());
        let is_failure = audit.claim.digest.is_empty();
        let (finding, note) = match state {
            Some(TaskState::Pending | TaskState::Running) => return Ok(false),
            Some(TaskState::Completed) if is_blamed(tx, &audit)? => (
                Finding::WrongWorse,
                "on the hub's own machine it comes to its end",
            ),
            Some(TaskState::Completed) => (
                Finding::Withdrawn,
                "the result of the hub's own machine counts",
            ),
            Some(TaskState::Failed(failure)) if is_failure && is_the_program_s(&failure) => {
                (Finding::Valid, "it fails on the hub's own machine, too")
            }
            Some(TaskState::Failed(_)) => (
                Finding::Withdrawn,
                "the hub's own machine did not bring it to its end",
            ),
            Some(TaskState::Cancelled) | None => (Finding::Withdrawn, "nobody wants it any more"),
        };
        (side.place, side.at) = (Place::Gone, self.now);
        if let Some(task) = task {
            rows::save_checked(tx, task.id, None)?;
            side.run = task.run;
            // It is an answer that others can be tried with, if it comes out again.
            if let Some(run) = runs::find(tx, task.run)?
                && let Some((claim, Replay::Whole)) = known::weigh(tx, &run, &task)?
            {
                (side.place, side.claim) = (Place::Came, claim);
            }
        }
        rows::save_side(tx, &side)?;
        self.settle(tx, &mut audit, finding, note)?;
        if finding == Finding::WrongWorse {
            let judged = Judged {
                run: audit.run,
                claim: audit.claim.clone(),
                side: None,
                verdict: Verdict::WrongWorse,
            };
            self.carry_out(tx, &audit, &judged)?;
        }
        self.to_prove.insert(audit.experiment);
        Ok(true)
    }
}

/// Whether what was said can be held against whoever said it. Memory runs out on a smaller machine without
/// anybody's fault, and time where there was as much as was asked for; what does not come out again may fail
/// once and not the next time.
fn is_blamed(tx: &mut Tx, audit: &Audit) -> Result<bool, HubError> {
    let Some(run) = runs::find(tx, audit.run)? else {
        return Ok(false);
    };
    let Some(task) = tasks::find(tx, audit.task)? else {
        return Ok(false);
    };
    let failure = failure_of(&run);
    if is_out_of_time(&run) {
        let had = run.leased_at.zip(run.finished_at);
        let had = had.map_or(task.time_budget, |(from, to)| to.since(from));
        return Ok(had < task.time_budget.mul_f64(LEAST_OF_BUDGET));
    }
    let repeats = rows::find_repeats(tx, &audit.code_hash)?;
    let comes_out_again = repeats.is_some_and(|repeats| repeats.holds_for(&task.config));
    Ok(comes_out_again && failure.is_some_and(is_the_program_s))
}

fn is_out_of_time(run: &Run) -> bool {
    match failure_of(run) {
        Some(Failure::TimedOut) => true,
        Some(Failure::Rejected(found)) => found == CUT_OFF,
        _ => false,
    }
}

/// Whether it would fail so on every machine.
pub(super) fn is_the_program_s(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::ExitCode(_) | Failure::BadOutput(_) | Failure::Reported(_)
    )
}

pub(super) fn failure_of(run: &Run) -> Option<&Failure> {
    match &run.state {
        RunState::Finished {
            outcome: Outcome::Failed(failure),
            ..
        } => Some(failure),
        _ => None,
    }
}

//! Which results are checked: decided in the transaction that takes them.

use cupola_domain::{
    audit::{Finding, Stage, Why},
    experiment::Experiment,
    ids::{AuditId, ExperimentId, RunId},
    ledger::{Kind, Stage as EarningStage},
    objective::Direction,
    repeats::Replay,
    run::Run,
    task::{Task, TaskState},
    time::Timestamp,
};
use cupola_economy::{
    audit,
    trust::{Signals, Status},
};
use cupola_store::{
    Tx, code, experiments, ledger, runs, tasks, verification as rows,
    verification::{Audit, Claim},
};

use super::{
    Court,
    again::{CUT_OFF, MADE_UP},
    known, standing, tell,
};
use crate::{
    HubError,
    ledger::{booking::advance, person_of},
};

/// So many results that nobody checked are looked at for one that can be.
const UNPROVEN_LOOKED_AT: i64 = 8;

/// A name as the draw takes it.
pub(super) fn words(id: RunId) -> [u64; 2] {
    let text = id.to_string().replace('-', "");
    let whole = u128::from_str_radix(&text, 16).unwrap_or(0);
    [
        u64::try_from(whole >> 64).unwrap_or(0),
        u64::try_from(whole & u128::from(u64::MAX)).unwrap_or(0),
    ]
}

impl Court {
    /// A result is there: it is checked, or not.
    pub(super) fn open_for(&mut self, tx: &mut Tx, run: &Run) -> Result<(), HubError> {
        let Some(task) = tasks::find(tx, run.task)?.filter(|task| task.run == run.id) else {
            return Ok(());
        };
        if task.state != TaskState::Completed {
            return Ok(());
        }
        let Some(kept) = ledger::find_earning(tx, run.id)? else {
            return Ok(());
        };
        if self.rules.is_own(&kept.earning.earner) {
            return Ok(());
        }
        if standing::is_banned(tx, &kept.earning.earner)? {
            return self.reject(tx, run.id, "its owner is banned");
        }
        if !run.provenance.counts() {
            // It says itself that this was made up.
            let Some(claim) = known::claim_of_failed(tx, run)? else {
                return Ok(());
            };
            self.reject(tx, run.id, MADE_UP)?;
            return self.run_again(tx, run.id, claim, MADE_UP);
        }
        let Some((claim, replay)) = known::weigh(tx, run, &task)? else {
            return Ok(());
        };
        match replay {
            Replay::ByClock => Ok(()),
            // A second run cannot show that it is wrong, and it may be called best.
            Replay::CutOff => {
                self.reject(tx, run.id, CUT_OFF)?;
                self.run_again(tx, run.id, claim, CUT_OFF)
            }
            Replay::Whole => self.decide(tx, run, &task, claim),
        }
    }

    fn decide(
        &mut self,
        tx: &mut Tx,
        run: &Run,
        task: &Task,
        claim: Claim,
    ) -> Result<(), HubError> {
        let Some(experiment) = experiments::find_any(tx, task.experiment)? else {
            return Ok(());
        };
        let mut is_best = false;
        if let Some(objective) = &experiment.objective
            && self.policy.verify_best
        {
            rows::save_unproven(tx, task.id, true)?;
            is_best = would_be_best(tx, experiment.id, objective.direction, claim.value)?;
        }
        let signals = Signals {
            oddness: 0.0,
            is_best,
        };
        let (probability, status) = standing::find(tx, &claim.owner, |of| {
            let probability = of.audit_probability(&claim.class, signals, &self.policy);
            (probability, of.status(&claim.class, &self.policy))
        })?;
        if !audit::is_drawn(&self.key, words(run.id), probability) {
            return Ok(());
        }
        let why = match status {
            _ if is_best => Why::Best,
            Status::Probation => Why::Probation,
            Status::Trusted | Status::Banned(_) => Why::Drawn,
        };
        self.open(tx, (run, task, &experiment), claim, why)
            .map(drop)
    }

    /// Opens a check of a result. Until it is settled, nothing is given for it.
    pub(super) fn open(
        &mut self,
        tx: &mut Tx,
        (run, task, experiment): (&Run, &Task, &Experiment),
        claim: Claim,
        why: Why,
    ) -> Result<AuditId, HubError> {
        let audit = self.audit_of(tx, (run, task, experiment), claim, why)?;
        rows::insert(tx, &audit)?;
        ledger::save_held(tx, run.id, Some(audit.id))?;
        self.after.opened.push(audit.id);
        tell(tx, Some(experiment.id));
        Ok(audit.id)
    }

    /// A check of a result before anything was done.
    pub(super) fn audit_of(
        &mut self,
        tx: &mut Tx,
        (run, task, experiment): (&Run, &Task, &Experiment),
        claim: Claim,
        why: Why,
    ) -> Result<Audit, HubError> {
        let command = code::find_command(tx, &run.code_hash)?;
        let direction = experiment.objective.as_ref().map(|of| of.direction);
        // Whoever pays their own machines loses nothing by it, and a peer would be paid for checking it: with
        // somebody else they could have as many credits issued as they like.
        let pays_itself = person_of(tx, &experiment.author)? == claim.owner;
        Ok(Audit {
            id: self.id(),
            run: run.id,
            task: task.id,
            experiment: experiment.id,
            experiment_name: experiment.name.clone(),
            task_number: task.number,
            template: command.map(|command| command.template).unwrap_or_default(),
            code_hash: run.code_hash.clone(),
            metric: task.metric.clone(),
            direction: direction.unwrap_or(Direction::Minimize),
            claim,
            why,
            asked_by: String::new(),
            stage: Stage::Open,
            round: 0,
            is_for_referee: why == Why::Doubt || pays_itself,
            failures: 0,
            finding: None,
            note: String::new(),
            tolerance: None,
            opened_at: self.now,
            settled_at: None,
        })
    }

    /// Opens a check of a result that was taken before, if it can be checked and counts.
    pub(super) fn open_again(
        &mut self,
        tx: &mut Tx,
        run: RunId,
        why: Why,
    ) -> Result<Option<AuditId>, HubError> {
        let Some(run) = runs::find(tx, run)? else {
            return Ok(None);
        };
        let task = tasks::find(tx, run.task)?.filter(|task| task.run == run.id);
        let (Some(task), Some(experiment)) = (task, experiments::find(tx, run.experiment)?) else {
            return Ok(None);
        };
        let is_open = |audit: &Audit| audit.stage != Stage::Settled;
        if rows::list_of_run(tx, run.id)?.iter().any(is_open) {
            return Ok(None);
        }
        let Some((claim, Replay::Whole)) = known::weigh(tx, &run, &task)? else {
            return Ok(None);
        };
        let audit = self.open(tx, (&run, &task, &experiment), claim, why)?;
        Ok(Some(audit))
    }

    /// Looks for what may be the best where that may be another now.
    pub(super) fn prove(&mut self, tx: &mut Tx) -> Result<(), HubError> {
        for experiment in std::mem::take(&mut self.to_prove) {
            self.prove_best(tx, experiment)?;
        }
        Ok(())
    }

    /// If nothing that may be the best is being checked any more, the best that nobody checked is.
    fn prove_best(&mut self, tx: &mut Tx, experiment: ExperimentId) -> Result<(), HubError> {
        let Some(found) = experiments::find(tx, experiment)? else {
            return Ok(());
        };
        let Some(direction) = found.objective.as_ref().map(|of| of.direction) else {
            return Ok(());
        };
        if !self.policy.verify_best || !rows::list_claims(tx, experiment)?.is_empty() {
            return Ok(());
        }
        let best = tasks::find_best(tx, experiment, direction)?;
        let unproven = rows::list_unproven(tx, experiment, direction, UNPROVEN_LOOKED_AT)?;
        for (task, value) in unproven {
            if best.is_some_and(|(_, best)| !direction.is_better(value, best)) {
                return Ok(());
            }
            let Some(task) = tasks::find(tx, task)? else {
                continue;
            };
            let before = rows::list_of_run(tx, task.run)?;
            let is_undecided = |audit: &Audit| audit.finding == Some(Finding::Undecided);
            if before.iter().any(is_undecided) {
                continue;
            }
            if self.open_again(tx, task.run, Why::Best)?.is_some() {
                return Ok(());
            }
            // It is being checked for another reason, or cannot be any more.
            if before.is_empty() {
                rows::save_unproven(tx, task.id, false)?;
            }
        }
        Ok(())
    }
}

/// Whether a value beats the best and all that may become it.
fn would_be_best(
    tx: &mut Tx,
    experiment: ExperimentId,
    direction: Direction,
    value: Option<f64>,
) -> Result<bool, HubError> {
    let Some(value) = value else {
        return Ok(false);
    };
    let best = tasks::find_best(tx, experiment, direction)?;
    let claims = rows::list_claims(tx, experiment)?;
    let mut others = claims.iter().map(|(_, claimed)| *claimed);
    let beats = |other: f64| direction.is_better(value, other);
    Ok(best.is_none_or(|(_, best)| beats(best)) && others.all(beats))
}

/// What the clock ended before its steps were made cannot be held against a second run: it earns nothing.
pub(super) fn unpaid(tx: &mut Tx, run: RunId, now: Timestamp) -> Result<(), HubError> {
    match ledger::find_earning(tx, run)? {
        Some(kept) if kept.earning.stage == EarningStage::Posted => {
            advance(tx, &[kept], Kind::Clawback, now)
        }
        _ => Ok(()),
    }
}

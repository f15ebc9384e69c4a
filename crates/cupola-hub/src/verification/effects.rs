//! What follows from a verdict, in its transaction.

use cupola_domain::{
    audit::Stage,
    counts::State,
    event::Event,
    ids::RunId,
    ledger::{Kind, Stage as EarningStage},
};
use cupola_economy::{
    trust::{Cause, Effect},
    verdict::Verdict,
};
use cupola_store::{
    Tx, events, ledger, runs, tasks, verification as rows,
    verification::{Audit, Claim, Side},
};

use super::{Court, bans::Ban, tell};
use crate::{HubError, ledger::booking::advance, transitions::Pair};

/// One result with what was found of it.
pub(super) struct Judged {
    pub(super) run: RunId,
    pub(super) claim: Claim,
    /// Where it is a second run's.
    pub(super) side: Option<Side>,
    pub(super) verdict: Verdict,
}

impl Court {
    /// What a verdict does to a run, to what it earned and to its owner.
    pub(super) fn carry_out(
        &mut self,
        tx: &mut Tx,
        audit: &Audit,
        judged: &Judged,
    ) -> Result<(), HubError> {
        let of = (judged.claim.owner.as_str(), judged.claim.class.as_str());
        let effect = self.judged(tx, of, judged.verdict)?;
        if judged.verdict == Verdict::Valid {
            confirm(tx, judged)?;
        } else {
            self.reject(tx, judged.run, &audit.note)?;
        }
        // The next machine of the same class would be as far off.
        if judged.verdict == Verdict::Noisy && judged.side.is_none() {
            self.run_again(tx, judged.run, judged.claim.clone(), &audit.note)?;
        }
        if let Effect::Banned(cause) = effect {
            let note = match cause {
                Cause::Fraud => format!("made-up results, the last one of run {}", judged.run),
                _ => format!(
                    "a machine goes wrong again and again, the last time in run {}",
                    judged.run
                ),
            };
            let ban = Ban {
                owner: judged.claim.owner.clone(),
                cause,
                note,
                by: String::new(),
            };
            self.ban(tx, &ban)?;
        }
        Ok(())
    }

    /// A result counts no more: nothing is given for it, its run has failed, and its task waits again. What
    /// was given already stays given.
    pub(super) fn reject(&mut self, tx: &mut Tx, run: RunId, found: &str) -> Result<(), HubError> {
        ledger::save_held(tx, run, None)?;
        if let Some(kept) = ledger::find_earning(tx, run)? {
            let kind = match kept.earning.stage {
                EarningStage::Posted => Some(Kind::Clawback),
                EarningStage::Reserved => Some(Kind::Void),
                EarningStage::Voided | EarningStage::Released | EarningStage::ClawedBack => None,
            };
            if let Some(kind) = kind {
                advance(tx, &[kept], kind, self.now)?;
            }
        }
        for mut audit in rows::list_of_run(tx, run)? {
            if audit.stage != Stage::Settled {
                self.withdraw_check_for(tx, &mut audit, "its result does not count any more")?;
            }
        }
        let completed = runs::find(tx, run)?.filter(|run| run.state.word() == State::Completed);
        if completed.is_none() {
            return Ok(());
        }
        let mut pair = Pair::find(tx, run)?;
        let (spare, experiment) = (self.id(), pair.task.experiment);
        pair.reject(tx, (found.to_owned(), spare), self.now)?;
        self.after.is_settled = true;
        self.to_prove.insert(experiment);
        tell(tx, Some(experiment));
        Ok(())
    }
}

fn confirm(tx: &mut Tx, judged: &Judged) -> Result<(), HubError> {
    let Some(run) = runs::find(tx, judged.run)? else {
        return Ok(());
    };
    let task = tasks::find(tx, run.task)?.filter(|task| task.run == run.id);
    if let Some(task) = task
        && judged.side.is_none()
    {
        rows::save_unproven(tx, task.id, false)?;
    }
    events::record(tx, Event::RunChanged(run.id, run.task));
    Ok(())
}

//! Bans: nothing of the owner goes on, and what nobody confirmed is not believed.

use cupola_domain::{
    audit::{Finding, Place, Role, Stage, Why},
    event::Event,
    ids::RunId,
    ledger::Kind,
    run::RunState,
};
use cupola_economy::trust::Cause;
use cupola_store::{
    Tx, events, ledger, tasks, verification as rows,
    verification::{Audit, Rest, Standing},
};

use super::{Court, standing, tell};
use crate::{Hub, HubError, ledger::booking::advance, transitions::Pair};

/// So many earnings are taken back in one transaction, so that nobody waits for long.
const TAKEN_PER_STEP: i64 = 200;

/// So many results that were given already, or that a banned owner found right, are looked at in one.
const LOOKED_AT_PER_STEP: i64 = 50;

const UNCONFIRMED: &str = "its owner was banned and nobody had confirmed it";

/// Who is banned, and why.
pub(super) struct Ban {
    pub(super) owner: String,
    pub(super) cause: Cause,
    pub(super) note: String,
    /// Who decided; empty where the hub did.
    pub(super) by: String,
}

impl Hub {
    /// Goes on with bans that left something to do. Says how much that was.
    pub(crate) fn finish_bans(&self) -> Result<usize, HubError> {
        let mut done = 0;
        // Most of the time there is nothing, and nobody waits for that.
        for owner in self.read(|tx| Ok(rows::list_unfinished_bans(tx)?))? {
            loop {
                let step = self.go_on_with_ban(owner.clone())?;
                done += step;
                if step == 0 {
                    break;
                }
            }
        }
        Ok(done)
    }

    fn go_on_with_ban(&self, owner: String) -> Result<usize, HubError> {
        let mut court = self.court();
        let (step, after) = self.write(move |tx| {
            let step = court.go_on_with_ban(tx, &owner)?;
            court.prove(tx)?;
            Ok((step, court.after))
        })?;
        self.follow_up(after)?;
        Ok(step)
    }
}

impl Court {
    /// Bans an owner: their leases end at once and others take the tasks, what is in escrow goes back, and
    /// what they had found right is looked at again.
    pub(super) fn ban(&mut self, tx: &mut Tx, ban: &Ban) -> Result<(), HubError> {
        let before = rows::find_standing(tx, &ban.owner)?;
        rows::save_standing(
            tx,
            &Standing {
                ban: Some(ban.cause.as_str().to_owned()),
                ban_note: ban.note.clone(),
                banned_by: ban.by.clone(),
                banned_at: Some(self.now),
                disturbed_at: Some(self.now),
                ..before
            },
        )?;
        let rest = match ban.cause {
            Cause::Fraud => Rest::everything(),
            Cause::Faults | Cause::Decision => Rest::vouched(),
        };
        rows::save_rest(tx, &ban.owner, &rest)?;
        self.after.is_ban = true;
        self.withdraw_leases(tx, &ban.owner)?;
        for mut audit in rows::list_open_of_owner(tx, &ban.owner)? {
            self.withdraw_check(tx, &mut audit)?;
        }
        self.forfeit(tx, &ban.owner)?;
        self.doubt_vouched(tx, &ban.owner)?;
        events::record(tx, Event::CreditsChanged);
        tell(tx, None);
        Ok(())
    }

    /// A step of what a ban left to do. Says how much that was.
    fn go_on_with_ban(&mut self, tx: &mut Tx, owner: &str) -> Result<usize, HubError> {
        let mut step = self.forfeit(tx, owner)?;
        if step == 0 {
            step = self.sweep(tx, owner)?;
        }
        if step == 0 {
            step = self.doubt_vouched(tx, owner)?;
        }
        Ok(step)
    }

    fn withdraw_leases(&mut self, tx: &mut Tx, owner: &str) -> Result<(), HubError> {
        for run in rows::list_held_of(tx, owner)? {
            let mut pair = Pair::find(tx, run)?;
            // What they fell silent about waits for others already, and they are heard no more.
            if matches!(pair.run.state, RunState::Lost { .. }) {
                continue;
            }
            let spare = self.id();
            pair.withdraw(tx, spare, self.now)?;
            self.after.runs.push(run);
        }
        Ok(())
    }

    fn withdraw_check(&mut self, tx: &mut Tx, audit: &mut Audit) -> Result<(), HubError> {
        self.to_prove.insert(audit.experiment);
        let note = "whose result it is was banned";
        self.withdraw_check_for(tx, audit, note)
    }

    /// Nobody needs to know any more what a check would find.
    pub(super) fn withdraw_check_for(
        &mut self,
        tx: &mut Tx,
        audit: &mut Audit,
        note: &str,
    ) -> Result<(), HubError> {
        for mut side in rows::list_sides(tx, audit.id)? {
            if side.place == Place::Awaited {
                self.drop_copy(tx, &mut side)?;
            }
        }
        self.settle(tx, audit, Finding::Withdrawn, note)
    }

    /// Takes back what a banned owner has in escrow, the oldest first. Whose machine goes wrong is no cheat:
    /// what was confirmed of theirs is given. Says how many earnings that were.
    pub(super) fn forfeit(&mut self, tx: &mut Tx, owner: &str) -> Result<usize, HubError> {
        let Some(cause) = standing::ban_of(tx, owner)? else {
            return Ok(0);
        };
        let posted = ledger::list_posted(tx, owner, TAKEN_PER_STEP)?;
        let count = posted.len();
        for kept in posted {
            let run = kept.run;
            let confirmed = confirmed_by(tx, run)?;
            if confirmed.is_some() && cause != Cause::Fraud {
                ledger::save_held(tx, run, None)?;
                advance(tx, &[kept], Kind::Release, self.now)?;
                continue;
            }
            match confirmed {
                None => self.reject(tx, run, UNCONFIRMED)?,
                Some(by) => {
                    ledger::save_held(tx, run, None)?;
                    advance(tx, &[kept], Kind::Clawback, self.now)?;
                    if by == Role::Peer {
                        self.doubt(tx, run)?;
                    }
                }
            }
        }
        Ok(count)
    }

    /// What was given for a cheat's results stays given; those that nobody confirmed count no more, and the
    /// referee looks at those that peers did.
    fn sweep(&mut self, tx: &mut Tx, owner: &str) -> Result<usize, HubError> {
        let rest = rows::find_rest(tx, owner)?;
        let Some(after) = rest.sweep_after.clone() else {
            return Ok(0);
        };
        let found = rows::list_results_of(tx, (owner, &after), LOOKED_AT_PER_STEP)?;
        let sweep_after = found.last().map(ToString::to_string);
        rows::save_rest(
            tx,
            owner,
            &Rest {
                sweep_after,
                ..rest
            },
        )?;
        for run in &found {
            match confirmed_by(tx, *run)? {
                None => self.reject(tx, *run, UNCONFIRMED)?,
                Some(Role::Peer) => self.doubt(tx, *run)?,
                Some(Role::Referee | Role::Known | Role::Spot) => {}
            }
        }
        Ok(found.len())
    }

    /// What a banned owner found right as a peer is not known to be right.
    fn doubt_vouched(&mut self, tx: &mut Tx, owner: &str) -> Result<usize, HubError> {
        let rest = rows::find_rest(tx, owner)?;
        let Some(before) = rest.doubt_before.clone() else {
            return Ok(0);
        };
        let found = rows::list_vouched(tx, (owner, &before), LOOKED_AT_PER_STEP)?;
        let doubt_before = found.last().map(|side| side.audit.to_string());
        let rest = Rest {
            doubt_before,
            ..rest
        };
        rows::save_rest(tx, owner, &rest)?;
        for side in &found {
            let Some(audit) = rows::find(tx, side.audit)? else {
                continue;
            };
            if audit.finding == Some(Finding::Valid)
                && confirmed_by(tx, audit.run)? == Some(Role::Peer)
            {
                self.doubt(tx, audit.run)?;
            }
        }
        Ok(found.len())
    }

    /// The referee looks at a result again that peers agreed on.
    fn doubt(&mut self, tx: &mut Tx, run: RunId) -> Result<(), HubError> {
        let Some(audit) = self.open_again(tx, run, Why::Doubt)? else {
            return Ok(());
        };
        if self.policy.verify_best
            && let Some(audit) = rows::find(tx, audit)?
            && tasks::find(tx, audit.task)?.is_some()
        {
            rows::save_unproven(tx, audit.task, true)?;
            self.after.is_settled = true;
        }
        Ok(())
    }
}

/// Who confirmed a result: the referee, if ever it ran the task for it, else a peer. A second run that agreed
/// is confirmed by what it agreed with.
fn confirmed_by(tx: &mut Tx, run: RunId) -> Result<Option<Role>, HubError> {
    let mut found = None;
    for audit in rows::list_of_run(tx, run)? {
        if audit.stage != Stage::Settled || audit.finding != Some(Finding::Valid) {
            continue;
        }
        let is_truth = |role: Role| matches!(role, Role::Referee | Role::Known);
        let sides = rows::list_sides(tx, audit.id)?;
        let by_referee = sides
            .iter()
            .any(|side| is_truth(side.role) && side.place == Place::Came);
        if by_referee {
            return Ok(Some(Role::Referee));
        }
        found = Some(Role::Peer);
    }
    let sides = rows::list_sides_of_run(tx, run)?;
    let is_valid = sides
        .iter()
        .any(|side| side.finding == Some(Finding::Valid));
    if is_valid && found.is_none() {
        found = Some(Role::Peer);
    }
    Ok(found)
}

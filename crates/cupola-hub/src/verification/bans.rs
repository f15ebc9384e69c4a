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
    verification::{Audit, Standing},
};

use super::{Court, standing, tell};
use crate::{Hub, HubError, ledger::booking::advance, transitions::Pair};

/// So many earnings are taken back in one transaction, so that nobody waits for long.
const TAKEN_PER_STEP: i64 = 200;

/// So many of the results that a banned owner found right are looked at again.
const VOUCHED_LOOKED_AT: i64 = 200;

/// Who is banned, and why.
pub(super) struct Ban {
    pub(super) owner: String,
    pub(super) cause: Cause,
    pub(super) note: String,
    /// Who decided; empty where the hub did.
    pub(super) by: String,
}

impl Hub {
    /// Takes back what is left of those who are banned. Says how many earnings that were.
    pub(crate) fn finish_bans(&self) -> Result<usize, HubError> {
        let banned = self.banned().clone();
        let mut taken = 0;
        for owner in banned {
            loop {
                let (mut court, owner) = (self.court(), owner.clone());
                let (step, after) = self.write(move |tx| {
                    let step = court.forfeit(tx, &owner)?;
                    court.prove(tx)?;
                    Ok((step, court.after))
                })?;
                self.follow_up(after)?;
                taken += step;
                if step == 0 {
                    break;
                }
            }
        }
        Ok(taken)
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
                None => self.reject(tx, run, "its owner was banned and nobody had confirmed it")?,
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

    /// What a banned owner found right as a peer is not known to be right.
    fn doubt_vouched(&mut self, tx: &mut Tx, owner: &str) -> Result<(), HubError> {
        for side in rows::list_vouched(tx, owner, VOUCHED_LOOKED_AT)? {
            let Some(audit) = rows::find(tx, side.audit)? else {
                continue;
            };
            if audit.finding == Some(Finding::Valid)
                && confirmed_by(tx, audit.run)? == Some(Role::Peer)
            {
                self.doubt(tx, audit.run)?;
            }
        }
        Ok(())
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

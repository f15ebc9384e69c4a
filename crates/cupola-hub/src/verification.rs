//! Results of other people's machines are checked by second runs, and nothing is paid before that.
//!
//! ```text
//! a run completes -- opening: is it checked? --> a check that is open
//! choosing: a trusted peer of another owner, or the referee --> a copy of the task, kept for that one
//! judging: both agree, or the referee decides --> effects: confirmed, or rejected and run again; bans
//! ```
//!
//! Every decision is `cupola_economy`'s, the same code that `cupola simulate` tries out; here is what it
//! is asked and what follows.

mod again;
mod bans;
mod choosing;
mod copies;
mod effects;
mod judging;
mod kept;
mod known;
mod opening;
mod operating;
mod reading;
mod standing;

use std::{collections::BTreeSet, sync::Arc};

use cupola_domain::{
    counts::State,
    event::Event,
    ids::{AuditId, ExperimentId, Ids, RunId, TaskId, TokenId, WorkerId},
    run::Run,
    time::Timestamp,
};
use cupola_economy::{policy::Policy, prf::Key};
use cupola_store::{Store, Tx, events, keys, tokens, verification as rows};

use crate::{Hub, HubError, ledger::Economy, world::World};

pub(crate) use again::original_of;
pub(crate) use copies::shown_experiment;
pub use cupola_economy::{policy::Profile, trust::Status};
pub use cupola_store::verification::{Audit, Claim, Side, Standing, Trust};
pub use reading::{
    AUDITS_MAX, AuditDetail, AuditPage, Curve, Filter, IN_ESCROW_MAX, NO_RUN, OwnerRow, Proof,
    Sight, cause_in_words, is_settled,
};
pub(crate) use reading::{can_be_checked, proof_of};
pub(crate) use standing::is_banned;

/// The person that the hub's own worker belongs to.
pub const ADMINISTRATOR: &str = "administrator";

/// What stands for all own workers where somebody is chosen.
const REFEREE: &str = "referee";

/// The key's name in the store.
const KEY: &str = "checks";

/// Who is believed, and how careful the hub is with everybody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// Whether any result is checked; if not, everybody is believed.
    pub is_on: bool,
    /// Whose machines they are for the most part.
    pub profile: Profile,
    /// The owners whose machines are the hub's own: they are believed, and decide.
    pub own: Vec<String>,
}

impl Default for Verification {
    fn default() -> Self {
        Self {
            is_on: false,
            profile: Profile::Lab,
            own: vec![ADMINISTRATOR.to_owned()],
        }
    }
}

impl Verification {
    /// Whether results of this owner are believed.
    pub fn is_own(&self, owner: &str) -> bool {
        !self.is_on || self.own.iter().any(|own| own == owner)
    }
}

/// The key by which is drawn who is checked and by whom, made at the first call.
pub(crate) fn load_key(store: &Store, world: &dyn World) -> Result<Key, HubError> {
    let mut fresh = [0; 16];
    world.random(&mut fresh);
    let bytes = store.write(move |tx| Ok::<_, HubError>(keys::find_or_insert(tx, KEY, &fresh)?))?;
    let bytes = <[u8; 16]>::try_from(bytes.as_slice());
    let bytes = bytes.map_err(|error| HubError::Internal(error.into()))?;
    Ok(Key::new(bytes))
}

pub(crate) fn load_banned(store: &Store) -> Result<BTreeSet<String>, HubError> {
    let banned = store.read(|tx| Ok::<_, HubError>(rows::list_banned(tx)?))?;
    Ok(banned.into_iter().collect())
}

/// Whom a token belongs to.
pub(crate) fn owner_of(tx: &mut Tx, token: TokenId) -> Result<String, HubError> {
    let found = tokens::find(tx, token)?.ok_or_else(|| HubError::not_found("token", token))?;
    Ok(found.owner().to_owned())
}

/// Refuses a worker whose owner is banned.
pub(crate) fn refuse(tx: &mut Tx, token: TokenId) -> Result<(), HubError> {
    let owner = owner_of(tx, token)?;
    refuse_owner(tx, &owner)
}

/// Refuses whoever is banned.
pub(crate) fn refuse_owner(tx: &mut Tx, owner: &str) -> Result<(), HubError> {
    let standing = rows::find_standing(tx, owner)?;
    match standing.ban {
        None => Ok(()),
        Some(_) => Err(banned(owner, &standing.ban_note)),
    }
}

fn banned(owner: &str, note: &str) -> HubError {
    let why = if note.is_empty() { "" } else { ": " };
    HubError::Forbidden(format!(
        "`{owner}` is banned{why}{note}; its workers get nothing here until an administrator lifts that"
    ))
}

/// Somebody may look at a check, or at what stands of an experiment's best.
fn tell(tx: &mut Tx, experiment: Option<ExperimentId>) {
    events::record(tx, Event::VerificationChanged);
    if let Some(experiment) = experiment {
        events::record(tx, Event::ExperimentChanged(experiment));
    }
}

/// What decides within one transaction.
pub(crate) struct Court {
    rules: Arc<Verification>,
    policy: Policy,
    key: Key,
    pub(crate) economy: Arc<Economy>,
    /// Experiments whose best may be another now.
    to_prove: BTreeSet<ExperimentId>,
    ids: Ids,
    now: Timestamp,
    pub(crate) after: Aftermath,
}

/// What is to be done once the transaction is committed.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Runs whose leases may have ended.
    runs: Vec<RunId>,
    /// Whether somebody was banned, or a ban lifted.
    is_ban: bool,
    /// What waits to be given to somebody.
    opened: Vec<AuditId>,
    /// Whether a result was found right or wrong.
    is_settled: bool,
}

impl Court {
    fn id<I: From<uuid::Uuid>>(&mut self) -> I {
        self.ids.next(self.now)
    }

    /// A run has come to its end, by its worker's word: its result may be checked, or is that of a check.
    /// What is said of the run then.
    pub(crate) fn note_ended(
        &mut self,
        tx: &mut Tx,
        run: Run,
        is_doubted: bool,
    ) -> Result<Run, HubError> {
        match rows::find_awaited(tx, run.task)? {
            None if is_doubted && run.state.word() == State::Failed => self.failed(tx, &run)?,
            Some(side) => self.take(tx, side, &run)?,
            None => self.open_for(tx, &run)?,
        }
        self.prove(tx)?;
        if !self.after.is_settled {
            return Ok(run);
        }
        let id = run.id;
        Ok(cupola_store::runs::find(tx, id)?.unwrap_or(run))
    }

    /// The copies that wait for a worker of this owner, of tasks with these needs, the oldest checks first.
    pub(crate) fn awaited_of(
        &self,
        tx: &mut Tx,
        (worker, owner): (WorkerId, &str),
        needs: impl Iterator<Item = i64>,
    ) -> Result<Vec<TaskId>, HubError> {
        let worker = worker.to_string();
        if !rows::is_any_awaited(tx, (&worker, REFEREE))? {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for needs in needs {
            let limit = choosing::LOOKED_AT;
            found.extend(rows::list_copies_of(tx, (&worker, needs), limit)?);
            if self.rules.is_own(owner) {
                // Each by itself: the one does not stand in the other's way.
                found.extend(rows::list_copies_of(tx, (REFEREE, needs), limit)?);
                found.extend(rows::list_kept_of(tx, (REFEREE, needs), limit)?);
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, task)| task).collect())
    }
}

impl Hub {
    pub(crate) fn court(&self) -> Court {
        let rules = self.verification();
        Court {
            policy: rules.profile.policy(),
            rules,
            key: self.check_key(),
            economy: self.economy(),
            to_prove: BTreeSet::new(),
            ids: self.ids(),
            now: self.now(),
            after: Aftermath::default(),
        }
    }

    /// Does what follows a transaction in which something was decided.
    pub(crate) fn follow_up(&self, after: Aftermath) -> Result<(), HubError> {
        for run in &after.runs {
            self.settle(*run)?;
        }
        if after.is_ban {
            let banned = self.read(|tx| Ok(rows::list_banned(tx)?))?;
            self.set_banned(banned.into_iter().collect());
            self.shut_out();
        }
        if after.is_settled || !after.opened.is_empty() {
            self.analyses.forget();
        }
        if !after.opened.is_empty() {
            self.tend_opened(&after.opened)?;
        }
        if after.is_settled || after.is_ban {
            self.bus.announce_work();
        }
        Ok(())
    }

    /// Refuses a worker whose owner is banned.
    pub(crate) fn refuse_banned(&self, worker: WorkerId) -> Result<(), HubError> {
        if self.banned().is_empty() {
            return Ok(());
        }
        let token = self.live().workers.get(&worker).map(|worker| worker.token);
        match token {
            Some(token) => self.read(move |tx| refuse(tx, token)),
            None => Ok(()),
        }
    }
}

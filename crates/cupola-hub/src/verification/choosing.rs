//! Who does a check: drawn after the result is there, and drawn again when that one does not come back.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    time::Duration,
};

use cupola_domain::{
    audit::{Finding, Place, Role, Stage, Why},
    ids::{AuditId, TokenId, WorkerId},
    resources::Capabilities,
    run::RunState,
    task::{Task, TaskState},
    time::Timestamp,
    worker::Presence,
};
use cupola_economy::{
    audit::{self, Auditor},
    trust::Status,
};
use cupola_store::{
    Tx, runs, tasks, tokens, verification as rows,
    verification::{Audit, Claim, Side},
};

use super::{Court, REFEREE, again::is_again, known, opening::words, standing, tell};
use crate::{Hub, HubError, scheduling::needs_of};

/// So many copies are looked at that wait for the same one.
pub(super) const LOOKED_AT: i64 = 32;

/// So many checks are moved before somebody else is asked what waits.
const PER_STEP: i64 = 100;

/// Who was chosen and takes nothing for so long is not waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// The referee may take so many times as long as others, since it may be the slower machine, where steps end
/// the task and not its time.
const REFEREE_PATIENCE: u32 = 4;

/// Who fell silent may come back for so long.
const GRACE: Duration = Duration::from_mins(5);

/// What a draw among one owner's workers is about, so that it does not follow from that among owners.
const WORKER: u64 = 101;

/// After so many who did not come back only the referee is asked.
const ROUNDS_MAX: u32 = 8;

/// A worker that is there and takes work.
#[derive(Debug, Clone)]
pub(super) struct Present {
    worker: WorkerId,
    token: TokenId,
    owner: String,
    class: String,
    capabilities: Capabilities,
}

impl Hub {
    /// Gives open checks to somebody, and to somebody else when that one did not come back. Says how many
    /// moved. Checks that are at work are only read.
    pub(crate) fn tend_checks(&self) -> Result<usize, HubError> {
        if !self.read(|tx| Ok(rows::is_open(tx)?))? {
            return Ok(0);
        }
        let present = self.present()?;
        let (mut moved, mut after) = (0, String::new());
        loop {
            let from = after.clone();
            let found = self.read(move |tx| Ok(rows::list_still(tx, &from, PER_STEP)?))?;
            let Some(last) = found.last() else {
                break;
            };
            after = last.audit.to_string();
            for still in found {
                let waits = still.is_pending
                    && is_waited_for(&still.auditor, still.at, &present, self.now());
                if !waits && self.tend(still.audit, &present)? {
                    moved += 1;
                }
            }
        }
        if moved > 0 {
            self.bus.announce_work();
        }
        Ok(moved)
    }

    /// Gives to somebody what was opened just now.
    pub(super) fn tend_opened(&self, opened: &[AuditId]) -> Result<(), HubError> {
        let present = self.present()?;
        for audit in opened {
            self.tend(*audit, &present)?;
        }
        self.bus.announce_work();
        Ok(())
    }

    fn tend(&self, id: AuditId, present: &[Present]) -> Result<bool, HubError> {
        let (mut court, present) = (self.court(), present.to_vec());
        let (is_moved, after) = self.write(move |tx| {
            let is_moved = court.tend(tx, id, &present)?;
            court.prove(tx)?;
            Ok((is_moved, court.after))
        })?;
        for run in &after.runs {
            self.settle(*run)?;
        }
        if after.is_settled {
            self.analyses.forget();
        }
        Ok(is_moved)
    }

    /// All who are there, by name, so that the same key chooses the same one.
    fn present(&self) -> Result<Vec<Present>, HubError> {
        let (now, moment) = (self.now(), self.world().monotonic());
        let mut present: Vec<Present> = {
            let live = self.live();
            let there = live.workers.iter().filter(|(_, worker)| {
                worker.left_at.is_none()
                    && worker.paused.is_none()
                    && !worker.is_leaving(moment)
                    && Presence::at(worker.last_seen, now) != Presence::Offline
            });
            let there = there.map(|(id, worker)| Present {
                worker: *id,
                token: worker.token,
                owner: String::new(),
                class: known::class_or_own(worker.capabilities.device_class.clone(), *id),
                capabilities: worker.capabilities.clone(),
            });
            there.collect()
        };
        present.sort_by_key(|one| one.worker);
        self.read(move |tx| {
            let mut owners: HashMap<TokenId, String> = HashMap::new();
            for one in &mut present {
                if !owners.contains_key(&one.token)
                    && let Some(token) = tokens::find(tx, one.token)?
                {
                    owners.insert(one.token, token.owner().to_owned());
                }
                if let Some(owner) = owners.get(&one.token) {
                    one.owner.clone_from(owner);
                }
            }
            present.retain(|one| !one.owner.is_empty());
            Ok(present)
        })
    }
}

impl Court {
    /// Moves one check on; says whether it moved.
    fn tend(&mut self, tx: &mut Tx, id: AuditId, present: &[Present]) -> Result<bool, HubError> {
        let Some(mut audit) = rows::find(tx, id)? else {
            return Ok(false);
        };
        match audit.stage {
            Stage::Settled => Ok(false),
            Stage::Open => self.choose(tx, &mut audit, present),
            Stage::AtWork => {
                let sides = rows::list_sides(tx, id)?;
                let awaited = sides.into_iter().find(|side| side.place == Place::Awaited);
                let Some(mut side) = awaited else {
                    return Ok(false);
                };
                if self.may_come(tx, &side, present)? {
                    return Ok(false);
                }
                if is_again(&audit, &side) {
                    return self.ran_again(tx, audit, (side, true));
                }
                self.drop_copy(tx, &mut side)?;
                if audit.why == Why::Spot {
                    self.settle(tx, &mut audit, Finding::Withdrawn, "its run gave nothing")?;
                    return Ok(true);
                }
                audit.round += 1;
                audit.stage = Stage::Open;
                rows::save(tx, &audit)?;
                self.choose(tx, &mut audit, present)
            }
        }
    }

    /// Whether the result of a copy may still come.
    fn may_come(&self, tx: &mut Tx, side: &Side, present: &[Present]) -> Result<bool, HubError> {
        let Some(task) = tasks::find(tx, side.task)? else {
            return Ok(false);
        };
        Ok(match task.state {
            TaskState::Running => true,
            TaskState::Pending if side.role == Role::Referee => true,
            TaskState::Pending if self.may_come_back(tx, &task)? => true,
            TaskState::Pending => is_waited_for(&side.auditor, side.at, present, self.now),
            TaskState::Completed | TaskState::Failed(_) | TaskState::Cancelled => false,
        })
    }

    /// Whether the worker fell silent so lately that it may go on.
    fn may_come_back(&self, tx: &mut Tx, task: &Task) -> Result<bool, HubError> {
        let run = runs::find(tx, task.run)?;
        Ok(match run.map(|run| run.state) {
            Some(RunState::Lost { lost_at, .. }) => self.now.since(lost_at) < GRACE,
            _ => false,
        })
    }

    /// Draws who does it, and makes the copy for that one.
    fn choose(
        &mut self,
        tx: &mut Tx,
        audit: &mut Audit,
        present: &[Present],
    ) -> Result<bool, HubError> {
        let peer = self.peer(tx, audit, present)?;
        let patience = match peer {
            None if goes_by_steps(tx, audit)? => REFEREE_PATIENCE,
            _ => 1,
        };
        let Some((task, run)) = self.copy(tx, audit, patience)? else {
            self.settle(tx, audit, Finding::Withdrawn, "its task was deleted")?;
            return Ok(true);
        };
        let side = Side {
            audit: audit.id,
            round: audit.round,
            role: if peer.is_some() {
                Role::Peer
            } else {
                Role::Referee
            },
            auditor: peer.map_or_else(|| REFEREE.to_owned(), |peer| peer.to_string()),
            task,
            run,
            claim: Claim::nobodys(),
            finding: None,
            place: Place::Awaited,
            at: self.now,
        };
        rows::insert_side(tx, &side)?;
        audit.stage = Stage::AtWork;
        rows::save(tx, audit)?;
        tell(tx, None);
        Ok(true)
    }

    /// The trusted worker of somebody else that is drawn; none for the referee. The owner is drawn first, so that
    /// nobody is chosen more often for having more workers.
    fn peer(
        &self,
        tx: &mut Tx,
        audit: &Audit,
        present: &[Present],
    ) -> Result<Option<WorkerId>, HubError> {
        if audit.is_for_referee || audit.round >= ROUNDS_MAX {
            return Ok(None);
        }
        let Some(needs) = needs_of(tx, audit.task)? else {
            return Ok(None);
        };
        let mut owners: BTreeMap<&str, Vec<&Present>> = BTreeMap::new();
        for one in self.trusted(tx, present)? {
            owners.entry(&one.owner).or_default().push(one);
        }
        let mut eligible = Vec::new();
        for (owner, workers) in owners {
            let mut fitting = workers;
            fitting.retain(|one| needs.unmet_by(&one.capabilities).is_empty());
            if owner == audit.claim.owner || rows::has_had(tx, audit.task, owner)? {
                fitting.clear();
            }
            eligible.push(fitting);
        }
        let (result, round) = (words(audit.run), u64::from(audit.round));
        let is_eligible = |place: usize| !eligible[place].is_empty();
        let chosen = audit::choose(
            &self.key,
            result,
            round,
            &self.policy,
            eligible.len(),
            is_eligible,
        );
        let Auditor::Peer(place) = chosen else {
            return Ok(None);
        };
        let workers = &eligible[place];
        let draw = [WORKER, result[0], result[1], round];
        let place = self.key.place(&draw, workers.len());
        Ok(place.map(|place| workers[place].worker))
    }

    /// Those who may check others: not the hub's own, which decide.
    fn trusted<'a>(
        &self,
        tx: &mut Tx,
        present: &'a [Present],
    ) -> Result<Vec<&'a Present>, HubError> {
        let mut known: HashMap<(&str, &str), bool> = HashMap::new();
        for one in present {
            let key = (one.owner.as_str(), one.class.as_str());
            if let Entry::Vacant(unknown) = known.entry(key) {
                let status = standing::find(tx, key.0, |of| of.status(key.1, &self.policy))?;
                unknown.insert(status == Status::Trusted && !self.rules.is_own(key.0));
            }
        }
        let is_trusted = |one: &&Present| known[&(one.owner.as_str(), one.class.as_str())];
        Ok(present.iter().filter(is_trusted).collect())
    }
}

/// Whether a task's time is no more than a limit to it.
fn goes_by_steps(tx: &mut Tx, audit: &Audit) -> Result<bool, HubError> {
    let repeats = rows::find_repeats(tx, &audit.code_hash)?;
    Ok(repeats.is_some_and(|repeats| repeats.steps.is_some()))
}

/// Whether a worker that was chosen then may still take what it was chosen for.
fn is_waited_for(auditor: &str, chosen_at: Timestamp, present: &[Present], now: Timestamp) -> bool {
    let is_there = |one: &Present| one.worker.to_string() == auditor;
    now.since(chosen_at) < PATIENCE && present.iter().any(is_there)
}

//! What people see of checks.

use cupola_domain::{
    audit::{Finding, Place, Role, Stage, Why},
    ids::{AuditId, RunId, WorkerId},
    metric::Point,
    worker::Presence,
};
use cupola_economy::{
    policy::Policy,
    trust::{Cause, Status},
};
use cupola_store::{
    Tx, code, runs, series, tasks, tokens, verification as rows,
    verification::{Audit, Side, Standing, Trust},
};

use super::standing::reputation;
use crate::{Hub, HubError};

pub use cupola_store::verification::Filter;

/// More checks than this are not listed at once.
pub const AUDITS_MAX: i64 = 200;

/// More owners than this are not listed at once.
const OWNERS_MAX: i64 = 1_000;

/// More points of a curve than this are not shown of one run.
const POINTS_MAX: usize = 2_000;

/// One page of checks, the latest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The checks.
    pub audits: Vec<Audit>,
    /// Whether there are more behind the last.
    pub has_more: bool,
    /// How many wait for somebody to be chosen, and how many for a result; whatever the filter.
    pub open: (u64, u64),
    /// Why checks wait that only the hub's own machines can make; empty where they need not.
    pub obstacle: String,
}

/// A check with its evidence.
#[derive(Debug, Clone)]
pub struct AuditDetail {
    /// The check.
    pub audit: Audit,
    /// Its second runs by round.
    pub sides: Vec<Side>,
    /// Why it goes on only when somebody does something; empty where it need not.
    pub obstacle: String,
    /// Whether the run is still there whose result it is of.
    pub has_run: bool,
    /// The objective over steps, of the run and of each second run that is still there and has any.
    pub curves: Vec<Curve>,
}

/// What a run reported on its way.
#[derive(Debug, Clone)]
pub struct Curve {
    /// The run.
    pub run: RunId,
    /// Whose it is.
    pub owner: String,
    /// Its points.
    pub points: Vec<Point>,
}

/// What is known of an owner.
#[derive(Debug, Clone)]
pub struct OwnerRow {
    /// What was found wrong, and a ban.
    pub standing: Standing,
    /// The trust in each class of their machines, and where that stands.
    pub classes: Vec<(Trust, Status)>,
}

/// What is known of a run's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A second run found it right.
    Confirmed(AuditId),
    /// It is being checked.
    InCheck(AuditId),
    /// It was found wrong, or its owner was banned before anybody looked.
    Rejected(AuditId),
    /// Nobody could say.
    Undecided(AuditId),
}

impl Proof {
    /// The word in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Proof::Confirmed(_) => "confirmed",
            Proof::InCheck(_) => "in_check",
            Proof::Rejected(_) => "rejected",
            Proof::Undecided(_) => "undecided",
        }
    }

    /// Where the evidence is.
    pub const fn audit(self) -> AuditId {
        match self {
            Proof::Confirmed(id)
            | Proof::InCheck(id)
            | Proof::Rejected(id)
            | Proof::Undecided(id) => id,
        }
    }
}

impl Hub {
    /// One page of checks, the latest first.
    pub fn list_audits(&self, filter: Filter) -> Result<AuditPage, HubError> {
        let limit = filter.limit.clamp(1, AUDITS_MAX);
        let (mut audits, open) = self.read(move |tx| {
            let filter = Filter {
                limit: limit + 1,
                ..filter
            };
            Ok((rows::list(tx, &filter)?, rows::count_open(tx)?))
        })?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = audits.len() > limit;
        audits.truncate(limit);
        let obstacle = if open.1 > 0 && !self.has_referee(None)? {
            self.no_referee()
        } else {
            String::new()
        };
        Ok(AuditPage {
            audits,
            has_more,
            open,
            obstacle,
        })
    }

    /// A check with its evidence.
    pub fn audit_detail(&self, id: AuditId) -> Result<AuditDetail, HubError> {
        let (audit, sides, has_run, curves) = self.read(move |tx| {
            // Nobody is told that a newcomer is being tried.
            let audit = rows::find(tx, id)?
                .filter(|audit| audit.why != Why::Spot || audit.stage == Stage::Settled)
                .ok_or_else(|| HubError::not_found("check", id))?;
            let sides = rows::list_sides(tx, id)?;
            let has_run = runs::find(tx, audit.run)?.is_some();
            let curves = curves(tx, &audit, &sides)?;
            Ok((audit, sides, has_run, curves))
        })?;
        let waits_for_referee = sides
            .iter()
            .any(|side| side.place == Place::Awaited && side.role == Role::Referee);
        let obstacle = if waits_for_referee && !self.has_referee(Some(&audit))? {
            self.no_referee()
        } else {
            String::new()
        };
        Ok(AuditDetail {
            audit,
            sides,
            obstacle,
            has_run,
            curves,
        })
    }

    /// The checks of a run's result, in order.
    pub fn audits_of_run(&self, run: RunId) -> Result<Vec<Audit>, HubError> {
        self.read(move |tx| Ok(rows::list_of_run(tx, run)?))
    }

    /// What is known of a run's result; nothing of most.
    pub fn proof_of_run(&self, run: RunId) -> Result<Option<Proof>, HubError> {
        let audits = self.audits_of_run(run)?;
        // What was only given up says nothing, unless nothing else was said.
        let telling = audits.iter().rev().find(|audit| {
            audit.finding != Some(Finding::Withdrawn) || audit.note.contains("banned")
        });
        Ok(telling.map(proof))
    }

    /// The second runs of a check by round.
    pub fn sides_of_audit(&self, audit: AuditId) -> Result<Vec<Side>, HubError> {
        self.read(move |tx| Ok(rows::list_sides(tx, audit)?))
    }

    /// How many checks are not settled.
    pub fn count_open_audits(&self) -> Result<u64, HubError> {
        let (open, at_work) = self.read(|tx| Ok(rows::count_open(tx)?))?;
        Ok(open + at_work)
    }

    /// What is known of an owner, and the trust in each class of their machines.
    pub fn standing_of(&self, owner: &str) -> Result<(Standing, Vec<Trust>), HubError> {
        let owner = owner.to_owned();
        self.read(move |tx| {
            let standing = rows::find_standing(tx, &owner)?;
            Ok((standing, rows::list_trust_of(tx, &owner)?))
        })
    }

    /// Everybody of whom something is known, by name.
    pub fn list_standings(&self) -> Result<Vec<OwnerRow>, HubError> {
        let policy = self.verification().profile.policy();
        self.read(move |tx| {
            let mut found = Vec::new();
            for standing in rows::list_standings(tx, "", OWNERS_MAX)? {
                let trust = rows::list_trust_of(tx, &standing.owner)?;
                found.push(row(standing, trust, &policy));
            }
            Ok(found)
        })
    }

    /// What is known of one owner.
    pub fn owner_row(&self, owner: &str) -> Result<OwnerRow, HubError> {
        let (standing, trust) = self.standing_of(owner.trim())?;
        Ok(row(standing, trust, &self.verification().profile.policy()))
    }

    /// What is known of whoever a worker belongs to; none for the hub's own, which are believed.
    pub fn standing_of_worker(&self, worker: WorkerId) -> Result<Option<OwnerRow>, HubError> {
        let rules = self.verification();
        let policy = rules.profile.policy();
        self.read(move |tx| {
            let found = cupola_store::workers::find(tx, worker)?;
            let token = match found {
                Some(worker) => tokens::find(tx, worker.token)?,
                None => None,
            };
            let Some(owner) = token.map(|token| token.owner().to_owned()) else {
                return Ok(None);
            };
            if rules.is_own(&owner) {
                return Ok(None);
            }
            let standing = rows::find_standing(tx, &owner)?;
            let trust = rows::list_trust_of(tx, &owner)?;
            Ok(Some(row(standing, trust, &policy)))
        })
    }

    /// Whether a machine of the hub's own is there, that could run the task of a check.
    fn has_referee(&self, audit: Option<&Audit>) -> Result<bool, HubError> {
        let (now, rules) = (self.now(), self.verification());
        let there: Vec<_> = {
            let live = self.live();
            let there = live.workers.values().filter(|worker| {
                worker.left_at.is_none() && Presence::at(worker.last_seen, now) != Presence::Offline
            });
            there
                .map(|worker| (worker.token, worker.capabilities.clone()))
                .collect()
        };
        let task = audit.map(|audit| audit.task);
        self.read(move |tx| {
            let wanted = match task {
                Some(task) => tasks::find_needs(tx, task)?,
                None => None,
            };
            let needs = code::list_needs(tx)?.into_iter();
            let needs = needs
                .filter(|(id, _)| Some(*id) == wanted)
                .map(|(_, needs)| needs);
            let needs: Vec<_> = needs.collect();
            for (token, capabilities) in there {
                let fits = needs
                    .iter()
                    .all(|needs| needs.unmet_by(&capabilities).is_empty());
                if fits
                    && let Some(token) = tokens::find(tx, token)?
                    && rules.is_own(token.owner())
                {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    fn no_referee(&self) -> String {
        let own = self.verification().own.clone();
        match own.as_slice() {
            [] => {
                "no machine is the hub's own: name its owner in `[verification]`, `own`".to_owned()
            }
            own => format!(
                "no worker of `{}` is there that can run it; start one: `cupola worker`",
                own.join("`, `")
            ),
        }
    }
}

fn row(standing: Standing, trust: Vec<Trust>, policy: &Policy) -> OwnerRow {
    let statuses: Vec<Status> = {
        let reputation = reputation(&standing, &trust);
        let status = |trust: &Trust| reputation.status(&trust.class, policy);
        trust.iter().map(status).collect()
    };
    OwnerRow {
        classes: trust.into_iter().zip(statuses).collect(),
        standing,
    }
}

fn proof(audit: &Audit) -> Proof {
    match audit.finding {
        None => Proof::InCheck(audit.id),
        Some(Finding::Valid) => Proof::Confirmed(audit.id),
        Some(Finding::Undecided) => Proof::Undecided(audit.id),
        Some(_) => Proof::Rejected(audit.id),
    }
}

/// The objective over steps of everybody who ran the task.
fn curves(tx: &mut Tx, audit: &Audit, sides: &[Side]) -> Result<Vec<Curve>, HubError> {
    let subject = (audit.run, audit.claim.owner.clone());
    let others = sides
        .iter()
        .filter(|side| side.place == Place::Came && side.run != audit.run);
    let others = others.map(|side| (side.run, side.claim.owner.clone()));
    let mut found = Vec::new();
    for (run, owner) in std::iter::once(subject).chain(others) {
        let Some(series) = series::find(tx, run, &audit.metric)? else {
            continue;
        };
        let points = series::points(tx, &series, 0, POINTS_MAX)?;
        if !points.is_empty() {
            found.push(Curve { run, owner, points });
        }
    }
    Ok(found)
}

/// What a ban is for, in words.
pub fn cause_in_words(word: &str) -> &'static str {
    match word.parse() {
        Ok(Cause::Fraud) => "made-up results",
        Ok(Cause::Faults) => "a machine that goes wrong again and again",
        Ok(Cause::Decision) => "an administrator's decision",
        Err(_) => "a reason that is not known",
    }
}

/// Whether a check is over.
pub fn is_settled(audit: &Audit) -> bool {
    audit.stage == Stage::Settled
}

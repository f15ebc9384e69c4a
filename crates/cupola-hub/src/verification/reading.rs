//! What people see of checks.

use cupola_domain::{
    access,
    audit::{Finding, Place, Role, Stage, Why},
    ids::{AuditId, RunId, WorkerId},
    metric::Point,
    repeats::Replay,
    run::{Failure, Outcome, Run, RunState},
    task::Task,
    time::Timestamp,
    worker::Presence,
};
use cupola_economy::{
    policy::Policy,
    trust::{Cause, Status},
};
use cupola_store::{
    Tx, code, experiments, ledger, runs, series, tasks, tokens, verification as rows,
    verification::{Audit, Claim, Side, Standing, Trust},
};

use super::{REFEREE, Verification, known, standing::reputation};
use crate::{Hub, HubError};

pub use cupola_store::verification::Filter;

/// More checks than this are not listed at once.
pub const AUDITS_MAX: i64 = 200;

/// More owners than this are not listed at once.
const OWNERS_MAX: i64 = 1_000;

/// More runs than this are not counted of those that have their earnings in escrow.
pub const IN_ESCROW_MAX: u64 = 1_000;

/// More points of a curve than this are not shown of one run.
const POINTS_MAX: usize = 2_000;

/// In place of a run that is not told.
pub const NO_RUN: &str = "00000000-0000-0000-0000-000000000000";

/// How much somebody is told of what is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// That it is being checked: nothing that helps whoever runs it again, and nothing of newcomers' trials.
    Veiled,
    /// All of it.
    Whole,
}

impl Sight {
    /// What this role is told. Volunteers may look; operators look after the hub.
    pub fn of(role: access::Role) -> Self {
        if role.includes(access::Role::Operator) {
            Self::Whole
        } else {
            Self::Veiled
        }
    }

    fn shows(self, audit: &Audit) -> bool {
        self == Self::Whole || audit.why != Why::Spot || is_settled(audit)
    }

    /// What an open check says is not told, since others are about to say it.
    fn veil(self, mut audit: Audit) -> Audit {
        if self == Self::Veiled && !is_settled(&audit) {
            audit.claim = Claim {
                owner: audit.claim.owner,
                worker: audit.claim.worker,
                ..Claim::nobodys()
            };
        }
        audit
    }

    /// Nor who said what of it, in which run.
    fn veil_side(self, audit: &Audit, side: Side) -> Side {
        if self == Self::Whole || is_settled(audit) {
            return side;
        }
        Side {
            auditor: String::new(),
            run: NO_RUN.parse().expect("the nil UUID is one"),
            claim: Claim::nobodys(),
            ..side
        }
    }
}

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
    /// How much of it is told.
    pub sight: Sight,
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
    /// How much of it is told.
    pub sight: Sight,
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
    /// How many of their runs have their earnings in escrow, [`IN_ESCROW_MAX`] at most: a ban has those of them
    /// run again that nobody confirmed.
    pub in_escrow: u64,
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
    pub fn list_audits(&self, filter: Filter, sight: Sight) -> Result<AuditPage, HubError> {
        let limit = filter.limit.clamp(1, AUDITS_MAX);
        let (audits, open, awaited) = self.read(move |tx| {
            let filter = Filter {
                limit: limit + 1,
                with_trials: sight == Sight::Whole,
                ..filter
            };
            let awaited = rows::list_needs_awaited(tx, REFEREE)?;
            let open = rows::count_open(tx, filter.with_trials)?;
            Ok((rows::list(tx, &filter)?, open, awaited))
        })?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = audits.len() > limit;
        let shown = audits.into_iter().take(limit);
        let obstacle = if self.has_referee(&awaited)? {
            String::new()
        } else {
            self.no_referee()
        };
        Ok(AuditPage {
            audits: shown.map(|audit| sight.veil(audit)).collect(),
            has_more,
            open,
            obstacle,
            sight,
        })
    }

    /// A check with its evidence.
    pub fn audit_detail(&self, id: AuditId, sight: Sight) -> Result<AuditDetail, HubError> {
        let (audit, sides, (has_run, needs), curves) = self.read(move |tx| {
            let audit = rows::find(tx, id)?
                .filter(|audit| sight.shows(audit))
                .ok_or_else(|| HubError::not_found("check", id))?;
            let sides = rows::list_sides(tx, id)?;
            let of_task = (has_page(tx, &audit)?, tasks::find_needs(tx, audit.task)?);
            let curves = if sight == Sight::Whole || is_settled(&audit) {
                curves(tx, &audit, &sides)?
            } else {
                Vec::new()
            };
            Ok((audit, sides, of_task, curves))
        })?;
        let waits_for_referee = sides
            .iter()
            .any(|side| side.place == Place::Awaited && side.role == Role::Referee);
        let obstacle = if waits_for_referee && !self.has_referee(needs.as_slice())? {
            self.no_referee()
        } else {
            String::new()
        };
        let sides = sides.into_iter();
        Ok(AuditDetail {
            sides: sides.map(|side| sight.veil_side(&audit, side)).collect(),
            audit: sight.veil(audit),
            obstacle,
            has_run,
            curves,
            sight,
        })
    }

    /// The checks of a run's result, in order.
    pub fn audits_of_run(&self, run: RunId, sight: Sight) -> Result<Vec<Audit>, HubError> {
        let found = self.read(move |tx| Ok(rows::list_of_run(tx, run)?))?;
        let shown = found.into_iter().filter(|audit| sight.shows(audit));
        Ok(shown.map(|audit| sight.veil(audit)).collect())
    }

    /// What is known of a run's result; nothing of most.
    pub fn proof_of_run(&self, run: RunId) -> Result<Option<Proof>, HubError> {
        self.read(move |tx| proof_of(tx, run))
    }

    /// The second runs of a check by round.
    pub fn sides_of_audit(&self, audit: AuditId) -> Result<Vec<Side>, HubError> {
        self.read(move |tx| Ok(rows::list_sides(tx, audit)?))
    }

    /// How many checks are not settled.
    pub fn count_open_audits(&self) -> Result<u64, HubError> {
        let (open, at_work) = self.read(|tx| Ok(rows::count_open(tx, true)?))?;
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
                found.push(row(tx, standing, &policy)?);
            }
            Ok(found)
        })
    }

    /// What is known of one owner.
    pub fn owner_row(&self, owner: &str) -> Result<OwnerRow, HubError> {
        let policy = self.verification().profile.policy();
        let owner = owner.trim().to_owned();
        self.read(move |tx| {
            let standing = rows::find_standing(tx, &owner)?;
            row(tx, standing, &policy)
        })
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
            row(tx, standing, &policy).map(Some)
        })
    }

    /// Whether machines of the hub's own are there that can run tasks with each of these needs.
    pub(super) fn has_referee(&self, wanted: &[i64]) -> Result<bool, HubError> {
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
        let wanted = wanted.to_vec();
        self.read(move |tx| {
            let mut own = Vec::new();
            for (token, capabilities) in there {
                if let Some(token) = tokens::find(tx, token)?
                    && rules.is_own(token.owner())
                {
                    own.push(capabilities);
                }
            }
            let known = code::list_needs(tx)?.into_iter();
            let mut wanted = known.filter(|(id, _)| wanted.contains(id));
            Ok(wanted.all(|(_, needs)| own.iter().any(|one| needs.unmet_by(one).is_empty())))
        })
    }

    pub(super) fn no_referee(&self) -> String {
        let own = self.verification().own.clone();
        match own.as_slice() {
            [] => {
                "no machine is the hub's own: name its owner in `[verification]`, `own`".to_owned()
            }
            own => format!(
                "no worker of `{}` is there that can run it; make a join code with `cupola token worker --owner {}` \
                 and run on such a machine the line that it prints",
                own.join("`, `"),
                own[0]
            ),
        }
    }
}

fn row(tx: &mut Tx, standing: Standing, policy: &Policy) -> Result<OwnerRow, HubError> {
    let trust = rows::list_trust_of(tx, &standing.owner)?;
    let ever = Timestamp::from_millis(0);
    let most = i64::try_from(IN_ESCROW_MAX).unwrap_or(i64::MAX);
    let in_escrow = ledger::count_posted_since(tx, &standing.owner, ever, most)?;
    let statuses: Vec<Status> = {
        let reputation = reputation(&standing, &trust);
        let status = |trust: &Trust| reputation.status(&trust.class, policy);
        trust.iter().map(status).collect()
    };
    Ok(OwnerRow {
        classes: trust.into_iter().zip(statuses).collect(),
        in_escrow: in_escrow.cast_unsigned(),
        standing,
    })
}

/// What is known of a run's result: what the latest check said that was not given up. That a newcomer is being
/// tried is nobody's business.
pub(crate) fn proof_of(tx: &mut Tx, run: RunId) -> Result<Option<Proof>, HubError> {
    let mut audits = rows::list_of_run(tx, run)?;
    audits.retain(|audit| Sight::Veiled.shows(audit));
    let Some(last) = audits.last() else {
        return Ok(None);
    };
    // Also with its owner, before anybody looked.
    if runs::find(tx, run)?.is_some_and(|run| is_rejected(&run)) {
        return Ok(Some(Proof::Rejected(last.id)));
    }
    let is_said = |audit: &&Audit| audit.finding != Some(Finding::Withdrawn);
    Ok(audits.iter().rev().find(is_said).map(proof))
}

fn is_rejected(run: &Run) -> bool {
    let found = |failure: &Failure| matches!(failure, Failure::Rejected(_));
    match &run.state {
        RunState::Finished { outcome, .. } => match outcome {
            Outcome::Failed(failure) => found(failure),
            Outcome::Completed | Outcome::Cancelled => false,
        },
        _ => false,
    }
}

/// Whether somebody may ask for a check of a run's result: it came out of what comes out again, counts, and
/// is not being checked.
pub(crate) fn can_be_checked(
    tx: &mut Tx,
    rules: &Verification,
    (run, task): (&Run, &Task),
) -> Result<bool, HubError> {
    if !rules.is_on || task.run != run.id {
        return Ok(false);
    }
    if !matches!(known::weigh(tx, run, task)?, Some((_, Replay::Whole))) {
        return Ok(false);
    }
    Ok(rows::list_of_run(tx, run.id)?.iter().all(is_settled))
}

fn proof(audit: &Audit) -> Proof {
    match audit.finding {
        None => Proof::InCheck(audit.id),
        Some(Finding::Valid) => Proof::Confirmed(audit.id),
        Some(Finding::Undecided) => Proof::Undecided(audit.id),
        Some(_) => Proof::Rejected(audit.id),
    }
}

/// Whether the run has a page whose result a check is of. A second run has none.
fn has_page(tx: &mut Tx, audit: &Audit) -> Result<bool, HubError> {
    let run = runs::find(tx, audit.run)?;
    Ok(match run {
        Some(run) => experiments::find(tx, run.experiment)?.is_some(),
        None => false,
    })
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

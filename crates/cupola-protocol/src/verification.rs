//! Checks of results by second runs, and what is known of owners.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// A page of checks, the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChecksBody {
    /// The checks.
    pub items: Vec<CheckBody>,
    /// Ask with this as `before` for those before; none at the end.
    pub next_before: Option<String>,
    /// How many of all wait for somebody to be chosen.
    pub open: u64,
    /// How many of all wait for a result.
    pub at_work: u64,
    /// Why checks wait that only the hub's own machines can make; empty where they need not.
    pub obstacle: String,
    /// `lab`, `friends` or `open`: how careful the hub is; empty where nothing is checked.
    pub profile: String,
    /// The owners whose machines are the hub's own.
    pub own: Vec<String>,
}

/// A check of one result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckBody {
    /// Its name.
    pub id: String,
    /// The run whose result it is; it may be deleted.
    pub run_id: String,
    /// What that attempted; of a spot check the task whose answer was known.
    pub task_id: String,
    /// What the task belongs to.
    pub experiment_id: String,
    /// How that was called then.
    pub experiment: String,
    /// The task's number in it.
    pub task_number: u32,
    /// What was run.
    pub template: String,
    /// What it is judged by.
    pub metric: String,
    /// What the result says; before it is settled only operators are told more than whose it is.
    pub claim: ClaimBody,
    /// `probation`, `drawn`, `best`, `asked`, `doubt` or `spot`.
    pub why: String,
    /// Who asked for it; empty where the hub decided.
    pub asked_by: String,
    /// `open`, `at_work` or `settled`.
    pub stage: String,
    /// Counts those who were chosen, from 0.
    pub round: u32,
    /// `valid`, `noisy`, `wrong_worse`, `wrong_better`, `undecided` or `withdrawn`, once it is settled.
    pub finding: Option<String>,
    /// What was found, in words.
    pub note: String,
    /// How far the objectives of the two classes could lie apart.
    pub tolerance: Option<f64>,
    /// When it began.
    pub opened_at: Time,
    /// When it was settled.
    pub settled_at: Option<Time>,
}

/// What one run says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClaimBody {
    /// Whose worker it was; empty before anybody had it.
    pub owner: String,
    /// Which; empty before anybody had it.
    pub worker_id: String,
    /// The device class of its machine.
    pub class: String,
    /// SHA-256, in hex, over all that has to be equal inside a class.
    pub digest: String,
    /// The objective; none where it is not finite, or not there yet.
    pub value: Option<f64>,
}

/// A check with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckDetailBody {
    /// The check.
    pub check: CheckBody,
    /// Its second runs by round.
    pub runs: Vec<CheckRunBody>,
    /// Why it goes on only when somebody does something; empty where it need not.
    pub obstacle: String,
}

/// A second run of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckRunBody {
    /// From 0.
    pub round: u32,
    /// `peer`, `referee`, `spot` or `known`.
    pub role: String,
    /// The run; it may be deleted. Empty for who is no operator before the check is settled.
    pub run_id: String,
    /// What it says.
    pub claim: ClaimBody,
    /// What was found of it.
    pub finding: Option<String>,
    /// `awaited`, `came` or `gone`.
    pub place: String,
    /// Since when.
    pub at: Time,
}

/// What is known of a run's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProofBody {
    /// `confirmed`, `in_check`, `rejected` or `undecided`; none where nobody looked.
    pub proof: Option<String>,
    /// Its checks, in order.
    pub checks: Vec<CheckBody>,
}

/// What is known of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingBody {
    /// Who.
    pub owner: String,
    /// How often something was made up.
    pub frauds: u32,
    /// How often a machine went wrong, those left out that are forgotten.
    pub faults: u32,
    /// `fraud`, `faults` or `decision`; none of who is not banned.
    pub ban: Option<String>,
    /// What was said of the ban, or of its end.
    pub note: String,
    /// Who decided; empty where the hub did.
    pub by: String,
    /// Since when the owner is banned.
    pub banned_at: Option<Time>,
    /// Each device class of their machines.
    pub classes: Vec<TrustBody>,
    /// How many of their runs have their earnings in escrow, 1,000 at most: a ban has those run again that nobody
    /// confirmed.
    #[serde(default)]
    pub in_escrow: u64,
}

/// The trust in one device class of an owner's machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrustBody {
    /// The class.
    pub class: String,
    /// How many checks in a row found its results right.
    pub passed: u32,
    /// `probation`, `trusted` or `banned`.
    pub status: String,
}

/// Asks for a check of a run's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCheck {
    /// The run.
    pub run_id: String,
}

/// Bans an owner, or lifts a ban.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBan {
    /// Who.
    pub owner: String,
    /// Why.
    pub note: String,
}

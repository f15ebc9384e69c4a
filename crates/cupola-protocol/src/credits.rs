//! Credits. Amounts are texts with six decimals, so that nothing is lost: `12.345678`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// All credits at a glance, and what the bearer of the token has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditsBody {
    /// How many transfers there are: up to which everything here is added up.
    pub transfers: i64,
    /// All that was issued, less what was taken back.
    pub issued: String,
    /// What people have together.
    pub people: String,
    /// How many people have an account.
    pub people_count: u64,
    /// What briefs have left of their budgets.
    pub briefs: String,
    /// How much of what people and briefs have is held for runs that go on.
    pub held: String,
    /// What is earned and not given yet.
    pub escrow: String,
    /// Whether a person's balance may not fall below zero.
    pub enforce: bool,
    /// What an hour of the reference machine costs.
    pub credits_per_hour: String,
    /// What you have.
    pub you: PersonBody,
}

/// What a person has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonBody {
    /// Who.
    pub person: String,
    /// What they have.
    pub balance: String,
    /// How much of it is held for runs that go on.
    pub held: String,
    /// What they can spend.
    pub available: String,
    /// What they earned and were not given yet.
    #[serde(default)]
    pub escrow: String,
}

/// Credits that went from one account to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferBody {
    /// Its place in the ledger, from 1.
    pub number: i64,
    /// `grant`, `fund`, `reserve`, `post`, `void`, `release`, `clawback`, `refund` or `correction`.
    pub kind: String,
    /// What it is known by; unique for its kind.
    #[serde(rename = "ref")]
    pub key: String,
    /// The account that it took from.
    pub from: String,
    /// The account that it added to.
    pub to: String,
    /// How much.
    pub amount: String,
    /// When.
    pub at: Time,
    /// Who did it; empty for the hub itself.
    pub author: String,
    /// Why, in the words of whoever did it; empty for the hub itself.
    pub note: String,
    /// Why, in words, whoever did it.
    #[serde(default)]
    pub why: String,
    /// Its receipt.
    pub hash: String,
}

/// What somebody has, with the latest transfers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementBody {
    /// Whose; none where it is everybody's.
    pub you: Option<PersonBody>,
    /// What they earned and were not given yet.
    pub escrow: String,
    /// The latest first.
    pub items: Vec<TransferBody>,
    /// Ask with this as `before` for those before; none at the end.
    pub next_before: Option<i64>,
}

/// What somebody or a team earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EarnedBody {
    /// Who; empty for those without a team.
    pub name: String,
    /// By how many runs.
    pub runs: u64,
    /// How much.
    pub amount: String,
}

/// Asks for credits to be moved by an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransfer {
    /// `issued`, or `person:NAME`.
    pub from: String,
    /// `person:NAME`, or `issued` to take back a grant.
    pub to: String,
    /// How much, with up to six decimals.
    pub amount: String,
    /// Why; it stands in the ledger for good.
    pub note: String,
    /// What it is known by, so that asking twice moves it once. Left out, each time is another one.
    #[serde(default)]
    pub key: String,
}

/// A transfer, and what whoever wants to check it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptBody {
    /// The transfer.
    pub transfer: TransferBody,
    /// The hash of the one before it; empty for the first.
    pub previous_hash: String,
    /// Its line. The hash is SHA-256, in hex, of the previous hash, a line feed and this line.
    pub line: String,
}

/// What going through the whole ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedBody {
    /// Whether nothing is wrong.
    pub is_sound: bool,
    /// How many transfers.
    pub transfers: i64,
    /// The newest receipt: whoever notes it sees later whether anything before it was changed.
    pub head: String,
    /// How many accounts.
    pub accounts: u64,
    /// The sum of all balances in millionths; 0.
    pub sum_micros: i64,
    /// What is wrong, in words.
    pub problems: Vec<String>,
}

/// Asks for a higher budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaisedBudget {
    /// How much may be spent in all, with up to six decimals.
    #[schema(value_type = f64)]
    pub budget_credits: serde_json::Number,
}

/// What became of a brief's budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BriefBudgetBody {
    /// What it may spend; none where nothing limits it.
    pub budget: Option<String>,
    /// What its runs earned.
    pub spent: String,
    /// What is held for runs that go on.
    pub held: String,
    /// What went back when it had ended.
    pub refunded: String,
    /// Why its tasks wait for credits; empty where they do not.
    pub waiting: String,
}

/// What a worker earned, as it is told itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnEarningsBody {
    /// In all, today, and in seven days.
    pub earnings: WorkerEarningsBody,
    /// What the first run that was asked for earns; 0 when it came to nothing, none when it was not this worker's.
    pub run: Option<String>,
    /// The same of each run that was asked for, as it stands now: what was taken back is 0.
    #[serde(default)]
    pub runs: BTreeMap<String, String>,
}

/// What a worker earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerEarningsBody {
    /// In all.
    pub total: EarnedBody,
    /// Today, by UTC.
    pub today: EarnedBody,
    /// In the last seven days, today included.
    pub week: EarnedBody,
}

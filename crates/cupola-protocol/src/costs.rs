//! What runs cost, and budgets. Amounts are in the hub's currency; what is not known is none, not zero.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// What a run cost, or costs so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunCostBody {
    /// Three letters, for instance `USD`.
    pub currency: String,
    /// What it cost.
    pub cost: Option<f64>,
    /// What an hour of its part of the machine costs.
    pub hourly: Option<f64>,
    /// How long a worker had it, in hours.
    pub hours: f64,
    /// Which part of the machine it has, from 0 to 1.
    pub share: f64,
    /// Where the price comes from: `book`, `model` or `none`.
    pub basis: String,
    /// In watt-hours.
    pub energy_wh: Option<f64>,
    /// Grams of carbon dioxide.
    pub carbon_g: Option<f64>,
    /// Whether the energy was measured, and not said by the price book.
    pub is_energy_measured: bool,
    /// Whether the run has ended and this does not change any more.
    pub is_final: bool,
}

/// Costs added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostTotalBody {
    /// How many runs ended.
    pub runs: u64,
    /// How long they and those that still run took, in hours.
    pub hours: f64,
    /// What they cost, as far as they have a price.
    pub cost: Option<f64>,
    /// What an hour cost on average, of the time that has a price.
    pub hourly: Option<f64>,
    /// In watt-hours, as far as it is known.
    pub energy_wh: Option<f64>,
    /// Grams of carbon dioxide, as far as it is known.
    pub carbon_g: Option<f64>,
}

/// What an experiment cost so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpendingBody {
    /// Three letters, for instance `USD`.
    pub currency: String,
    /// What it cost.
    #[serde(flatten)]
    pub total: CostTotalBody,
    /// What all tasks of its brief cost on the cheapest worker that fits, if each uses up its time once.
    pub planned_least: Option<f64>,
    /// The same on the dearest one.
    pub planned_most: Option<f64>,
}

/// What one model, experiment, brief or person cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubjectCostBody {
    /// Which one: a key, an id or a name. Empty for the runs that have none.
    pub subject: String,
    /// For people; none when it is deleted.
    pub name: Option<String>,
    /// What it cost.
    #[serde(flatten)]
    pub total: CostTotalBody,
    /// How many of its runs go on now.
    pub running: u64,
    /// What an hour costs as it goes now.
    pub hourly_now: f64,
}

/// What all cost together that are not told one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OtherCostsBody {
    /// How many there are.
    pub count: u64,
    /// What they cost.
    #[serde(flatten)]
    pub total: CostTotalBody,
    /// How many of their runs go on now.
    pub running: u64,
    /// What an hour costs as it goes now.
    pub hourly_now: f64,
}

/// What one day cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayCostBody {
    /// By UTC, for instance `2026-11-20`.
    pub day: String,
    /// What it cost.
    #[serde(flatten)]
    pub total: CostTotalBody,
}

/// Costs of a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostsBody {
    /// Three letters, for instance `USD`.
    pub currency: String,
    /// Until when.
    pub at: Time,
    /// By what they are told apart: `all`, `model`, `experiment`, `brief` or `person`.
    pub by: String,
    /// All together.
    pub total: CostTotalBody,
    /// One for each of the 200 dearest, the dearest first.
    pub subjects: Vec<SubjectCostBody>,
    /// The others together; none where there are none.
    pub others: Option<OtherCostsBody>,
    /// Every day of the time, in order.
    pub days: Vec<DayCostBody>,
    /// What an hour costs as it goes now, of the runs that have a price.
    pub hourly_now: f64,
    /// How many runs go on now.
    pub running: u64,
    /// How many of them have no price.
    pub unpriced: u64,
}

/// Asks for a budget, or for a change of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    /// For people; empty for one that follows from the rest.
    #[serde(default)]
    pub name: String,
    /// Of what: `all`, `model`, `experiment`, `brief` or `person`; empty for `all`.
    #[serde(default)]
    pub scope: String,
    /// Which one; empty for `all`.
    #[serde(default)]
    pub subject: String,
    /// How much.
    pub limit: f64,
    /// `total`, `month` or `day`; empty for `total`.
    #[serde(default)]
    pub period: String,
    /// Whether nothing new is started once it is spent.
    #[serde(default)]
    pub hard: bool,
}

/// A budget, and how far it is spent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BudgetBody {
    /// Its id.
    pub budget_id: String,
    /// For people.
    pub name: String,
    /// Of what.
    pub scope: String,
    /// Which one; empty for `all`.
    pub subject: String,
    /// What people call that; none when it is deleted.
    pub subject_name: Option<String>,
    /// How much.
    pub limit: f64,
    /// Three letters, for instance `USD`.
    pub currency: String,
    /// `total`, `month` or `day`.
    pub period: String,
    /// The first day that counts; none where all do.
    pub since: Option<String>,
    /// Whether nothing new is started once it is spent.
    pub hard: bool,
    /// What was spent, with what runs now.
    pub spent: f64,
    /// The same in per cent of the limit.
    pub percent: f64,
    /// The highest level that is reached: 0, 50, 75, 90 or 100.
    pub level: u8,
    /// Whether it keeps tasks from being started now.
    pub is_stopping: bool,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

//! Costs and budgets on the wire.

use cupola_domain::cost::{Day, Kind, Money, Total};
use cupola_hub::{
    budgets::BudgetRow,
    costs::{Costs, OtherCosts, RunCost, Spending, SubjectCost},
};
use cupola_protocol::costs::{
    BudgetBody, CostTotalBody, CostsBody, DayCostBody, OtherCostsBody, RunCostBody, SpendingBody,
    SubjectCostBody,
};

const SECS_PER_HOUR: f64 = 3_600.0;

/// What a run cost.
pub fn run_cost(cost: &RunCost, currency: &str) -> RunCostBody {
    RunCostBody {
        currency: currency.to_owned(),
        cost: cost.cost.money.map(Money::units),
        hourly: cost.hourly.map(Money::units),
        hours: cost.span.as_secs_f64() / SECS_PER_HOUR,
        share: cost.share,
        basis: cost.basis.as_str().to_owned(),
        energy_wh: cost.cost.energy_wh,
        carbon_g: cost.cost.carbon_g,
        is_energy_measured: cost.is_energy_measured,
        is_final: cost.is_final,
    }
}

/// Costs of a time.
pub fn costs(costs: &Costs, by: Kind, currency: &str) -> CostsBody {
    CostsBody {
        currency: currency.to_owned(),
        at: costs.at.into(),
        by: by.as_str().to_owned(),
        total: total(&costs.total),
        subjects: costs.subjects.iter().map(subject).collect(),
        others: costs.others.as_ref().map(others),
        days: costs.days.iter().map(day).collect(),
        hourly_now: costs.hourly_now.units(),
        running: costs.running as u64,
        unpriced: costs.unpriced as u64,
    }
}

/// A budget, and how far it is spent.
pub fn budget(row: &BudgetRow, currency: &str) -> BudgetBody {
    let (budget, wanted) = (&row.budget, &row.budget.wanted);
    BudgetBody {
        budget_id: budget.id.to_string(),
        name: wanted.name.clone(),
        scope: wanted.scope.kind.as_str().to_owned(),
        subject: wanted.scope.subject.clone(),
        subject_name: row.subject.clone(),
        limit: wanted.limit.units(),
        currency: currency.to_owned(),
        period: wanted.period.as_str().to_owned(),
        since: row.since.map(|day| day.to_string()),
        hard: wanted.is_hard,
        spent: row.spent.money.units(),
        percent: row.percent(),
        level: row.level,
        is_stopping: row.is_stopping(),
        author: budget.author.clone(),
        created_at: budget.created_at.into(),
        updated_at: budget.updated_at.into(),
    }
}

/// What an experiment cost so far.
pub fn spending(of: &Spending) -> SpendingBody {
    SpendingBody {
        currency: of.currency.clone(),
        total: total(&of.total),
        planned_least: of.planned.map(|planned| planned.least.units()),
        planned_most: of.planned.map(|planned| planned.most.units()),
    }
}

fn subject(of: &SubjectCost) -> SubjectCostBody {
    SubjectCostBody {
        subject: of.subject.clone(),
        name: of.name.clone(),
        total: total(&of.total),
        running: of.running as u64,
        hourly_now: of.hourly_now.units(),
    }
}

fn others(of: &OtherCosts) -> OtherCostsBody {
    OtherCostsBody {
        count: of.count as u64,
        total: total(&of.total),
        running: of.running as u64,
        hourly_now: of.hourly_now.units(),
    }
}

fn day((day, of): &(Day, Total)) -> DayCostBody {
    DayCostBody {
        day: day.to_string(),
        total: total(of),
    }
}

fn total(of: &Total) -> CostTotalBody {
    let cost = of.cost();
    CostTotalBody {
        runs: of.runs,
        hours: of.hours(),
        cost: cost.money.map(Money::units),
        hourly: of.hourly().map(Money::units),
        energy_wh: cost.energy_wh,
        carbon_g: cost.carbon_g,
    }
}

//! What runs cost.

use cupola_domain::{
    access::{Principal, Role},
    cost::{Budget, Day, Draft, Kind, Money, Total, Wanted},
    ids::{BudgetId, Ids},
};
use cupola_hub::{
    budgets::BudgetRow,
    costs::{Costs, CostsQuery, Prices, SubjectCost},
};

use super::{
    Sample,
    things::{HOSTILE, at, family, frame},
};
use crate::ui::costs::{self, Index};

pub(super) fn samples() -> Vec<Sample> {
    let many = of_models(&["majora", "veran", "agahnim", "", HOSTILE]);
    let budgets = [budget(1, 40.0), budget(2, 80.0), budget(3, 140.0)];
    let deleted = SubjectCost {
        name: None,
        ..subject(&family(1).to_string(), 3)
    };
    let by_experiment = Costs {
        subjects: vec![deleted],
        ..of_models(&[])
    };
    vec![
        Sample::new("costs", &page(&many, &budgets, Kind::Model)),
        Sample::new("costs-empty", &page(&nothing(), &[], Kind::Model)),
        Sample::new(
            "costs-deleted",
            &page(&by_experiment, &[], Kind::Experiment),
        ),
        Sample::new(
            "costs-budget",
            &costs::new_form(&Draft::default(), &[], "USD", &operator()),
        ),
    ]
}

fn page(costs: &Costs, budgets: &[BudgetRow], kind: Kind) -> Index {
    let query = CostsQuery {
        kind,
        days: Some(30),
    };
    let frame = frame("Costs", costs::SECTION).with_curves();
    costs::index(
        frame,
        (costs, budgets),
        &query,
        &Prices::default(),
        &operator(),
    )
}

fn operator() -> Principal {
    Principal {
        token: Ids::new(9).next(at(0)),
        name: "ada".to_owned(),
        owner: "ada".to_owned(),
        role: Role::Operator,
    }
}

fn total(n: u64) -> Total {
    let time = std::time::Duration::from_mins(37 * n);
    Total {
        runs: n,
        time,
        priced: time,
        powered: time,
        money: Money::from_micros(i64::try_from(n).unwrap_or(0) * 148_000),
        energy_mwh: i64::try_from(n).unwrap_or(0) * 215_000,
        carbon_mg: i64::try_from(n).unwrap_or(0) * 86_000,
    }
}

fn subject(key: &str, n: u64) -> SubjectCost {
    SubjectCost {
        subject: key.to_owned(),
        name: Some(key.to_owned()),
        total: total(n),
        hourly_now: Money::from_micros(240_000),
        running: usize::from(n == 5),
    }
}

fn of_models(keys: &[&str]) -> Costs {
    let subjects = (1..=5).rev().zip(keys).map(|(n, key)| subject(key, n));
    let today = Day::of(at(0));
    let days = (0..30).map(|n: i64| (today.plus(n - 29), total(n.unsigned_abs() % 7)));
    Costs {
        at: at(0),
        total: total(15),
        subjects: subjects.collect(),
        others: None,
        days: days.collect(),
        hourly_now: Money::from_micros(240_000),
        running: 1,
        unpriced: 0,
    }
}

fn nothing() -> Costs {
    Costs {
        total: Total::default(),
        subjects: Vec::new(),
        days: Vec::new(),
        running: 0,
        hourly_now: Money::default(),
        ..of_models(&[])
    }
}

fn budget(n: u64, percent: f64) -> BudgetRow {
    let limit = Money::from_micros(20_000_000);
    let spent = Money::of(percent / 5.0).unwrap_or_default();
    BudgetRow {
        budget: Budget {
            id: Ids::new(n).next::<BudgetId>(at(n)),
            wanted: Wanted {
                name: HOSTILE.to_owned(),
                scope: cupola_domain::cost::Scope::default(),
                limit,
                period: cupola_domain::cost::Period::Month,
                is_hard: n == 3,
            },
            author: "ada".to_owned(),
            created_at: at(0),
            updated_at: at(0),
            told: (0, None),
        },
        subject: Some("All runs".to_owned()),
        since: None,
        spent: Total {
            money: spent,
            ..total(3)
        },
        level: cupola_domain::cost::level(limit, spent),
    }
}

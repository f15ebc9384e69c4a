//! Costs and budgets as rows.

use std::time::Duration;

use cupola_domain::{
    cost::{Basis, Budget, Cost, Day, Kind, Money, Period, Rate, Scope, Taken, Total, Wanted},
    ids::{BudgetId, ExperimentId, Ids, RunId, WorkerId},
};
use cupola_store::{
    Store, StoreError, Tx, budgets,
    costs::{self, RunCost},
};
use cupola_testkit::{Database, on_each_database};

use crate::rows::at;

on_each_database! {
    a_cost_reads_back_open_and_settled,
    a_cost_is_settled_once,
    totals_add_up_by_subject_and_day,
    budgets_read_back,
}

fn write<T: Send + 'static>(
    store: &Store,
    change: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
) -> T {
    store.write(change).unwrap()
}

fn cost() -> RunCost {
    let mut ids = Ids::new(1);
    RunCost {
        run: ids.next::<RunId>(at(0)),
        experiment: ids.next::<ExperimentId>(at(0)),
        worker: ids.next::<WorkerId>(at(0)),
        model: String::new(),
        brief: String::new(),
        person: "ada".to_owned(),
        taken: Taken {
            rate: Rate {
                basis: Basis::Book,
                hourly: Some(Money::from_micros(240_000)),
                per_kwh: Some(Money::from_micros(300_000)),
                watts: Some(350.5),
                carbon_g_per_kwh: None,
            },
            share: 0.25,
            since: at(10),
        },
        settled: None,
        is_energy_measured: false,
    }
}

fn settled() -> RunCost {
    let of = Cost {
        money: Some(Money::from_micros(7)),
        energy_wh: Some(1.5),
        carbon_g: None,
    };
    RunCost {
        model: "=majora".to_owned(),
        settled: Some((Duration::from_secs(5), of)),
        is_energy_measured: true,
        ..cost()
    }
}

fn a_cost_reads_back_open_and_settled(database: &Database) {
    let store = database.open();
    let (open, after) = write(&store, |tx| {
        costs::insert(tx, &cost())?;
        let open = costs::find(tx, cost().run)?;
        costs::save_counted(tx, &[(cost().run, Money::from_micros(3))])?;
        costs::save_settled(tx, &settled())?;
        Ok((open, costs::find(tx, cost().run)?))
    });
    assert_eq!(open, Some(cost()));
    assert_eq!(after, Some(settled()));
}

fn a_cost_is_settled_once(database: &Database) {
    let store = database.open();
    write(&store, |tx| {
        costs::insert(tx, &cost())?;
        costs::save_settled(tx, &settled())
    });
    let again: Result<(), StoreError> = store.write(|tx| costs::save_settled(tx, &settled()));
    assert!(
        matches!(again, Err(StoreError::RowsAffected { .. })),
        "{again:?}"
    );
    // What is counted while it goes on does not come after its end.
    write(&store, |tx| {
        costs::save_counted(tx, &[(cost().run, Money::from_micros(9))])
    });
    let kept = write(&store, |tx| costs::find(tx, cost().run));
    assert_eq!(kept, Some(settled()));
}

fn totals_add_up_by_subject_and_day(database: &Database) {
    let store = database.open();
    let total = |micros: i64| Total {
        runs: 1,
        time: Duration::from_millis(5),
        priced: Duration::from_millis(4),
        powered: Duration::from_millis(3),
        money: Money::from_micros(micros),
        energy_mwh: 2,
        carbon_mg: 1,
    };
    let scope = |subject: &str| Scope {
        kind: Kind::Model,
        subject: subject.to_owned(),
    };
    let day = Day::from_number(20_000);
    let added = vec![
        (scope("a\0"), day, total(1)),
        (scope("a\0"), day, total(2)),
        (scope("a\0"), day.plus(1), total(4)),
        (scope("b"), day.plus(-400), total(8)),
    ];
    let (days, all, since) = write(&store, move |tx| {
        costs::add(tx, &added)?;
        Ok((
            costs::list_days(tx, &scope("a\0"), None)?,
            costs::list_subjects(tx, Kind::Model, None)?,
            costs::list_subjects(tx, Kind::Model, Some(day.plus(1)))?,
        ))
    });
    assert_eq!(days, [(day, total(1) + total(2)), (day.plus(1), total(4))]);
    let subjects: Vec<_> = all
        .iter()
        .map(|(key, of)| (key.as_str(), of.money.micros()))
        .collect();
    assert_eq!(subjects, [("a\u{2400}", 7), ("b", 8)]);
    assert_eq!(since.len(), 1);
}

fn budgets_read_back(database: &Database) {
    let store = database.open();
    let budget = Budget {
        id: Ids::new(2).next::<BudgetId>(at(0)),
        wanted: Wanted {
            name: "b".to_owned(),
            scope: Scope {
                kind: Kind::Person,
                subject: "ada".to_owned(),
            },
            limit: Money::from_micros(5),
            period: Period::Month,
            is_hard: true,
        },
        author: "eve".to_owned(),
        created_at: at(1),
        updated_at: at(2),
        told: (0, None),
    };
    let told = Budget {
        told: (75, Some(Day::from_number(20_000))),
        ..budget.clone()
    };
    let (id, made) = (budget.id, budget.clone());
    let (before, after, is_gone) = write(&store, move |tx| {
        budgets::insert(tx, &made)?;
        let before = budgets::list(tx)?;
        let edited = Budget {
            updated_at: at(3),
            ..made.clone()
        };
        budgets::save_told(tx, &made, (75, Some(Day::from_number(20_000))))?;
        budgets::save_told(tx, &edited, (100, None))?;
        let after = budgets::find(tx, id)?;
        Ok((
            before,
            after,
            budgets::delete(tx, id)? && !budgets::delete(tx, id)?,
        ))
    });
    assert_eq!(before, [budget]);
    assert_eq!(after, Some(told));
    assert!(is_gone);
}

//! Every statement is understood by every database.

use cupola_store::{Location, Options, Store, StoreError, ToValue};
use cupola_testkit::{Database, on_each_database};

/// With nothing proven, or all of it, the best is one look.
#[test]
fn the_best_that_was_checked_is_not_looked_for_among_the_others() {
    let store = Database::sqlite().open();
    let best = [
        "FIND_LEAST",
        "FIND_GREATEST",
        "LIST_UNPROVEN_LEAST",
        "LIST_UNPROVEN_GREATEST",
    ];
    for (module, name, sql) in cupola_store::statements() {
        if !best.contains(&name) {
            continue;
        }
        let plan = store.write(move |tx| {
            let nothing: Option<String> = None;
            let params: Vec<&dyn ToValue> = (0..params_of(sql))
                .map(|_| &nothing as &dyn ToValue)
                .collect();
            let explained = format!("EXPLAIN QUERY PLAN {sql}");
            tx.query_dynamic(&explained, &params, |row| row.text("detail"))
        });
        let plan: Result<Vec<String>, StoreError> = plan;
        let plan = plan.unwrap().join("; ");
        assert!(
            plan.contains("task_proven (experiment_id=? AND is_unproven=? AND value>?)"),
            "{module}::{name}: {plan}"
        );
    }
}

on_each_database! {
    every_statement_prepares_against_the_fresh_schema,
}

fn every_statement_prepares_against_the_fresh_schema(database: &Database) {
    let store = database.open();
    let mut checked = 0;
    for (module, name, sql) in cupola_store::statements() {
        let explained = store.write(move |tx| -> Result<(), StoreError> {
            let nothing: Option<String> = None;
            let params: Vec<&dyn ToValue> = (0..params_of(sql))
                .map(|_| &nothing as &dyn ToValue)
                .collect();
            tx.query_dynamic(&format!("EXPLAIN {sql}"), &params, |_| Ok(()))
                .map(drop)
        });
        assert!(
            explained.is_ok(),
            "{module}::{name}: {:?}",
            explained.unwrap_err()
        );
        checked += 1;
    }
    assert!(checked > 60, "only {checked} statements were found");
}

/// What a lease asks costs the same however many tasks wait: no statement of it walks through them.
#[test]
fn what_is_asked_for_a_lease_goes_through_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("cupola.db"));
    let store = Store::open(&location, Options::new(|| 0)).unwrap();
    let mut seen = 0;
    for (module, name, sql) in cupola_store::statements() {
        let is_counting = matches!(
            name,
            "COUNT_LOADS" | "DELETE_LOADS" | "LIST_LOADS" | "COUNT_OWNERS"
        );
        if module != "scheduling" || is_counting {
            continue;
        }
        let plan = store.read(move |tx| -> Result<Vec<String>, StoreError> {
            let params = (0..params_of(sql)).map(|_| &0_i64 as &dyn ToValue);
            let params: Vec<&dyn ToValue> = params.collect();
            tx.query_dynamic(&format!("EXPLAIN QUERY PLAN {sql}"), &params, |row| {
                row.text("detail")
            })
        });
        let plan = plan.unwrap();
        let walks = plan
            .iter()
            .any(|step| step.starts_with("SCAN task") || step.contains("TEMP B-TREE"));
        assert!(!walks, "{name}: {plan:#?}");
        seen += 1;
    }
    assert!(seen > 5, "{seen}");
    store.close();
}

/// The highest `$n`.
fn params_of(sql: &str) -> usize {
    let numbers = sql.split('$').skip(1).map(|rest| {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..digits].parse().unwrap_or(0)
    });
    numbers.max().unwrap_or(0)
}

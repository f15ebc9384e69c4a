//! When the outcome of a commit is unknown nothing is acknowledged any more.

use std::sync::{Arc, Mutex};

use cupola_store::{Store, StoreError};
use cupola_testkit::{Database, on_each_database};

use crate::things::{SCHEMA, names_in, open, write_thing};

on_each_database! {
    a_failed_commit_stops_the_store,
    a_crashed_store_still_reads_and_closes,
    a_transaction_inside_another_is_refused,
    a_panic_in_a_read_is_answered,
}

/// What `on_fatal` was told.
pub(crate) type Fatal = Arc<Mutex<Vec<String>>>;

pub(crate) fn open_with_fatal(database: &Database) -> (Store, Fatal) {
    let fatal = Fatal::default();
    let told = Arc::clone(&fatal);
    let mut options = database.options();
    options.migrations = SCHEMA;
    options.on_fatal = Arc::new(move |error| {
        told.lock().expect("no panic").push(error.to_string());
    });
    (database.open_with(options).expect("opens"), fatal)
}

/// The constraint is checked by COMMIT, which therefore fails.
fn fail_a_commit(store: &Store) -> Result<(), StoreError> {
    store.write(|tx| tx.execute_one("INSERT INTO late (name) VALUES ('nobody')", &[]))
}

pub(crate) fn assert_crashed(store: &Store, fatal: &Fatal) {
    for _ in 0..2 {
        let result = write_thing(store, "after");
        assert!(matches!(result, Err(StoreError::Crashed(_))), "{result:?}");
    }
    let told = fatal.lock().expect("no panic");
    assert_eq!(told.len(), 1, "{told:?}");
}

fn a_failed_commit_stops_the_store(database: &Database) {
    let (store, fatal) = open_with_fatal(database);
    let result = fail_a_commit(&store);
    assert!(matches!(result, Err(StoreError::Crashed(_))), "{result:?}");
    assert_crashed(&store, &fatal);
}

fn a_crashed_store_still_reads_and_closes(database: &Database) {
    let (store, _) = open_with_fatal(database);
    write_thing(&store, "a").expect("written");
    fail_a_commit(&store).expect_err("checked at COMMIT");
    assert_eq!(names_in(&store), ["a"]);
    drop(store);
    let store = open(database);
    write_thing(&store, "b").expect("a new store works");
    assert_eq!(names_in(&store), ["a", "b"]);
}

fn a_transaction_inside_another_is_refused(database: &Database) {
    let store = Arc::new(open(database));
    let inner = Arc::clone(&store);
    let result = store.write(move |_| {
        let nested = inner.last_seq();
        assert!(matches!(nested, Err(StoreError::Nested)), "{nested:?}");
        inner.write(|_| Ok(()))
    });
    assert!(matches!(result, Err(StoreError::Nested)), "{result:?}");
}

fn a_panic_in_a_read_is_answered(database: &Database) {
    let store = open(database);
    let result = store.read(|_| -> Result<(), StoreError> { panic!("on purpose") });
    assert!(matches!(result, Err(StoreError::Panicked(_))), "{result:?}");
    assert!(names_in(&store).is_empty());
}

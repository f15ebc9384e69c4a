//! The schema only moves forwards, one whole step at a time.

use cupola_store::{Migration, Store, StoreError};
use cupola_testkit::{Database, on_each_database};

use crate::things::{SCHEMA, names_in, open, write_thing};

on_each_database! {
    the_programs_own_schema_is_made,
    a_database_is_reopened_as_it_was,
    a_new_step_is_applied_to_an_old_database,
    a_newer_database_is_refused,
    another_history_is_refused,
    a_step_that_fails_leaves_the_step_before,
}

const NEXT: Migration = Migration {
    version: 3,
    name: "other",
    sql: "CREATE TABLE other (name TEXT NOT NULL); CREATE TABLE more (name TEXT NOT NULL);",
};

const NEWER: &[Migration] = &[SCHEMA[0], SCHEMA[1], NEXT];

const RENAMED: &[Migration] = &[
    SCHEMA[0],
    Migration {
        version: 2,
        name: "renamed",
        sql: "",
    },
];

const BROKEN: &[Migration] = &[
    SCHEMA[0],
    SCHEMA[1],
    Migration {
        version: 3,
        name: "other",
        sql: "CREATE TABLE other (name TEXT NOT NULL); CREATE TABLE thing (name TEXT NOT NULL);",
    },
];

fn reopen(database: &Database, schema: &'static [Migration]) -> Result<Store, StoreError> {
    let mut options = database.options();
    options.migrations = schema;
    database.open_with(options)
}

fn the_programs_own_schema_is_made(database: &Database) {
    assert_eq!(database.open().last_seq().expect("read"), 0);
}

fn a_database_is_reopened_as_it_was(database: &Database) {
    write_thing(&open(database), "a").expect("written");
    assert_eq!(names_in(&open(database)), ["a"]);
}

fn a_new_step_is_applied_to_an_old_database(database: &Database) {
    write_thing(&open(database), "a").expect("written");
    let store = reopen(database, NEWER).expect("migrates");
    let count = store.read(|tx| {
        let sql = "SELECT COUNT(*) AS count FROM other";
        tx.query_one(sql, &[], |row| row.i64("count"))
    });
    assert_eq!(count.expect("the table is there"), 0);
    assert_eq!(names_in(&store), ["a"]);
}

fn a_newer_database_is_refused(database: &Database) {
    drop(reopen(database, NEWER).expect("migrates"));
    let error = reopen(database, SCHEMA).expect_err("it is newer");
    let StoreError::SchemaVersion { found, known } = error else {
        panic!("{error:?}");
    };
    assert_eq!((found, known), (3, 2));
}

fn another_history_is_refused(database: &Database) {
    drop(open(database));
    let error = reopen(database, RENAMED).expect_err("it has another step 2");
    assert!(matches!(error, StoreError::SchemaHistory(_)), "{error:?}");
}

fn a_step_that_fails_leaves_the_step_before(database: &Database) {
    write_thing(&open(database), "a").expect("written");
    reopen(database, BROKEN).expect_err("the table exists");
    assert_eq!(names_in(&open(database)), ["a"]);
    reopen(database, NEWER).expect("nothing of the failed step was left");
}

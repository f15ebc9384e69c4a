//! A small schema and the words to use it.

use cupola_store::{Migration, NewEvent, Store, StoreError, ToValue, Tx, migrations::MIGRATIONS};
use cupola_testkit::Database;

/// The program's first step, for the events, and a table of every type.
pub(crate) const SCHEMA: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        version: 2,
        name: "thing",
        sql: "
            -- One column of each type.
            CREATE TABLE thing (
                name   TEXT NOT NULL PRIMARY KEY,
                size   BIGINT NOT NULL CHECK (size >= 0),
                weight DOUBLE PRECISION,
                body   BYTEA,
                done   BOOLEAN NOT NULL,
                owner  TEXT REFERENCES thing (name)
            );
            CREATE INDEX thing_size ON thing (size) WHERE done;
            -- Breaks its law at COMMIT only, which no real table does.
            CREATE TABLE late (
                name TEXT NOT NULL REFERENCES thing (name) DEFERRABLE INITIALLY DEFERRED
            );",
    },
];

pub(crate) fn open(database: &Database) -> Store {
    database.open_with_schema(SCHEMA)
}

pub(crate) fn insert(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    insert_sized(tx, name, 1)
}

pub(crate) fn insert_sized(tx: &mut Tx, name: &str, size: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO thing (name, size, done) VALUES ($1, $2, $3)";
    let params: &[&dyn ToValue] = &[&name, &size, &false];
    tx.execute_one(sql, params)?;
    tx.record(changed(name));
    Ok(())
}

pub(crate) fn changed(subject: &str) -> NewEvent {
    NewEvent {
        kind: "thing",
        subject: subject.to_owned(),
        parent: None,
    }
}

pub(crate) fn names(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    tx.query("SELECT name FROM thing ORDER BY name", &[], |row| {
        row.text("name")
    })
}

pub(crate) fn names_in(store: &Store) -> Vec<String> {
    store.read(names).expect("things can be read")
}

pub(crate) fn write_thing(store: &Store, name: &'static str) -> Result<(), StoreError> {
    store.write(move |tx| insert(tx, name))
}

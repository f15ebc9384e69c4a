//! What is PostgreSQL's alone: connections that break.

use cupola_store::{Store, StoreError};
use cupola_testkit::Database;

use crate::{
    failures::{assert_crashed, open_with_fatal},
    things::{names_in, open, write_thing},
};

/// Ends the other connections to this database, of which the writer's is one.
fn cut_the_writer(store: &Store) {
    let cut = store.read(|tx| {
        let sql = "SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        tx.query(sql, &[], |row| row.bool("cut"))
    });
    assert_eq!(cut.expect("cut"), [true]);
}

#[test]
fn a_lost_writer_stops_the_store() {
    let database = Database::postgres();
    let (store, fatal) = open_with_fatal(&database);
    write_thing(&store, "a").expect("written");
    cut_the_writer(&store);
    assert_crashed(&store, &fatal);
}

#[test]
fn a_lost_reader_is_replaced() {
    let database = Database::postgres();
    let mut options = database.options();
    options.readers = 1;
    options.migrations = crate::things::SCHEMA;
    let store = database.open_with(options).expect("opens");
    write_thing(&store, "a").expect("written");
    let lost = store.read(|tx| {
        tx.query(
            "SELECT pg_terminate_backend(pg_backend_pid()) AS cut",
            &[],
            |row| row.bool("cut"),
        )
    });
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(names_in(&store), ["a"]);
}

#[test]
fn a_backup_is_left_to_its_own_tool() {
    let database = Database::postgres();
    let result = open(&database).backup_to("copy.db".as_ref());
    assert!(
        matches!(result, Err(StoreError::Unsupported(_))),
        "{result:?}"
    );
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let database = Database::sqlite();
    let location = cupola_store::Location::parse("postgres://nobody@127.0.0.1:1/none");
    let result = Store::open(&location, database.options());
    assert!(
        matches!(result, Err(StoreError::Driver { .. })),
        "{result:?}"
    );
}

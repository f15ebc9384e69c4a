//! One hub at a time, and an orderly end.

use std::sync::mpsc::channel;

use cupola_store::StoreError;
use cupola_testkit::{Database, on_each_database};

use crate::things::{SCHEMA, insert, names_in, open, write_thing};

on_each_database! {
    a_second_hub_is_refused_and_told_who_is_there,
    a_closed_store_gives_the_database_back,
    a_closed_store_answers_that_it_is_closed,
    closing_finishes_what_waits,
    a_store_that_could_not_open_gives_the_database_back,
}

fn a_second_hub_is_refused_and_told_who_is_there(database: &Database) {
    let _first = open(database);
    let error = database
        .open_with(database.options())
        .expect_err("a hub is there");
    let StoreError::Locked { holder, .. } = error else {
        panic!("{error:?}");
    };
    let pid = format!("pid {}", std::process::id());
    assert!(holder.contains(&pid), "{holder}");
}

fn a_closed_store_gives_the_database_back(database: &Database) {
    let first = open(database);
    write_thing(&first, "a").expect("written");
    first.close();
    assert_eq!(names_in(&open(database)), ["a"]);
}

fn a_closed_store_answers_that_it_is_closed(database: &Database) {
    let store = open(database);
    store.close();
    store.close();
    let write = write_thing(&store, "a");
    assert!(matches!(write, Err(StoreError::Closed)), "{write:?}");
    let read = store.last_seq();
    assert!(matches!(read, Err(StoreError::Closed)), "{read:?}");
}

fn closing_finishes_what_waits(database: &Database) {
    let store = open(database);
    let (release, released) = channel::<()>();
    let names = ["a", "b", "c"];
    drop(store.write_async(move |_| {
        released.recv().expect("the test releases");
        Ok::<_, StoreError>(())
    }));
    for name in names {
        drop(store.write_async(move |tx| insert(tx, name)));
    }
    release.send(()).expect("the writer waits");
    drop(store);
    assert_eq!(names_in(&open(database)), names);
}

fn a_store_that_could_not_open_gives_the_database_back(database: &Database) {
    drop(open(database));
    let mut options = database.options();
    options.migrations = &SCHEMA[..1];
    database.open_with(options).expect_err("it is newer");
    assert!(names_in(&open(database)).is_empty());
}

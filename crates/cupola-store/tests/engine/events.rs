//! Events are rows first: numbered without gaps, told after the commit, never lost.

use std::sync::{Arc, Mutex};

use cupola_store::{EventRow, NewEvent, Store, StoreError};
use cupola_testkit::{Database, database::CLOCK_START, on_each_database};

use crate::things::{SCHEMA, changed, insert, open, write_thing};

on_each_database! {
    an_event_is_stored_as_recorded,
    numbers_have_no_gaps_after_rollbacks,
    numbers_go_on_after_a_restart,
    a_page_of_events_goes_on_where_the_last_ended,
    listeners_hear_what_is_stored_before_the_writer_is_answered,
    a_rolled_back_event_is_not_told,
    a_listener_that_panics_loses_nothing,
}

fn seqs(store: &Store) -> Vec<i64> {
    let events = store.events_after(0, 1_000).expect("read");
    events.iter().map(|event| event.seq).collect()
}

fn an_event_is_stored_as_recorded(database: &Database) {
    let store = open(database);
    let event = NewEvent {
        kind: "run",
        subject: "r1".to_owned(),
        parent: Some("e1".to_owned()),
    };
    let written = store.write(move |tx| {
        tx.record(event);
        Ok::<_, StoreError>(())
    });
    written.expect("written");
    let expected = EventRow {
        seq: 1,
        // One reading was for the migrations.
        at: CLOCK_START + 1,
        kind: "run".to_owned(),
        subject: "r1".to_owned(),
        parent: Some("e1".to_owned()),
    };
    assert_eq!(store.events_after(0, 10).expect("read"), [expected]);
}

fn numbers_have_no_gaps_after_rollbacks(database: &Database) {
    let store = open(database);
    write_thing(&store, "a").expect("written");
    write_thing(&store, "a").expect_err("there is one already");
    write_thing(&store, "b").expect("written");
    assert_eq!(seqs(&store), [1, 2]);
}

fn numbers_go_on_after_a_restart(database: &Database) {
    let store = open(database);
    write_thing(&store, "a").expect("written");
    drop(store);
    let store = open(database);
    assert_eq!(store.last_seq().expect("read"), 1);
    write_thing(&store, "b").expect("written");
    assert_eq!(seqs(&store), [1, 2]);
}

fn a_page_of_events_goes_on_where_the_last_ended(database: &Database) {
    let store = open(database);
    let written = store.write(|tx| {
        (0..5).for_each(|n| tx.record(changed(&n.to_string())));
        Ok::<_, StoreError>(())
    });
    written.expect("written");
    let page = store.events_after(2, 2).expect("read");
    let subjects: Vec<_> = page.iter().map(|e| (e.seq, e.subject.as_str())).collect();
    assert_eq!(subjects, [(3, "2"), (4, "3")]);
}

fn open_with_listener(
    database: &Database,
    listener: impl Fn(&[EventRow]) + Send + Sync + 'static,
) -> Store {
    let mut options = database.options();
    options.migrations = SCHEMA;
    options.on_commit = Arc::new(listener);
    database.open_with(options).expect("opens")
}

fn listeners_hear_what_is_stored_before_the_writer_is_answered(database: &Database) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let store = open_with_listener(database, move |events| {
        listener.lock().expect("no panic").extend_from_slice(events);
    });
    for name in ["a", "b"] {
        write_thing(&store, name).expect("written");
        let stored = store.events_after(0, 10).expect("read");
        assert_eq!(*heard.lock().expect("no panic"), stored);
    }
}

fn a_rolled_back_event_is_not_told(database: &Database) {
    let heard = Arc::new(Mutex::new(0));
    let listener = Arc::clone(&heard);
    let store = open_with_listener(database, move |events| {
        *listener.lock().expect("no panic") += events.len();
    });
    let result = store.write(|tx| {
        insert(tx, "a")?;
        insert(tx, "a")
    });
    result.expect_err("there is one already");
    assert_eq!(*heard.lock().expect("no panic"), 0);
}

fn a_listener_that_panics_loses_nothing(database: &Database) {
    let store = open_with_listener(database, |_| panic!("a listener's own fault"));
    write_thing(&store, "a").expect("written");
    write_thing(&store, "b").expect("written");
    assert_eq!(seqs(&store), [1, 2]);
}

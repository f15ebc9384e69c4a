//! Writes that wait share a commit, and nothing else.

use std::{
    sync::{Arc, mpsc::channel},
    thread,
};

use cupola_store::{Durability, Store, StoreError};
use cupola_testkit::{Database, on_each_database};

use crate::{
    reading::block_on,
    things::{SCHEMA, insert, names_in, open},
};

on_each_database! {
    waiting_writes_share_a_commit,
    a_failing_closure_leaves_its_neighbours_alone,
    a_panicking_closure_leaves_its_neighbours_alone,
    closures_see_the_neighbours_before_them,
    writes_of_many_threads_are_all_kept,
    a_write_whose_caller_is_gone_still_runs,
    a_store_that_does_not_wait_for_the_disk_keeps_the_same_rules,
}

/// Holds the writer until all of `names` wait, then answers how each ended. A name that
/// starts with `fail` or `panic` does.
fn write_together(store: &Store, names: &[&'static str]) -> Vec<Result<(), StoreError>> {
    let (release, released) = channel::<()>();
    let blocker = store.write_async(move |_| {
        released.recv().expect("the test releases");
        Ok::<_, StoreError>(())
    });
    let waiting: Vec<_> = (names.iter().copied())
        .map(|name| {
            store.write_async(move |tx| {
                insert(tx, name)?;
                assert!(!name.starts_with("panic"), "as its name says");
                if name.starts_with("fail") {
                    return Err(StoreError::Value(name.to_owned()));
                }
                Ok(())
            })
        })
        .collect();
    release.send(()).expect("the writer waits");
    block_on(async {
        blocker.await.expect("held");
        let mut results = Vec::new();
        for write in waiting {
            results.push(write.await);
        }
        results
    })
}

fn waiting_writes_share_a_commit(database: &Database) {
    let store = open(database);
    let results = write_together(&store, &["a", "b", "c", "d", "e", "f", "g", "h"]);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let stats = store.stats();
    assert_eq!(stats.writes, 9);
    assert!(stats.commits <= 4, "{stats:?}");
    assert!(stats.group_max >= 2, "{stats:?}");
}

fn a_failing_closure_leaves_its_neighbours_alone(database: &Database) {
    let store = open(database);
    let results = write_together(&store, &["a", "fail", "b", "a", "c"]);
    let succeeded: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(succeeded, [true, false, true, false, true]);
    assert_eq!(names_in(&store), ["a", "b", "c"]);
    assert_eq!(store.last_seq().expect("read"), 3);
    assert_eq!(store.stats().rollbacks, 2);
}

fn a_panicking_closure_leaves_its_neighbours_alone(database: &Database) {
    let store = open(database);
    let results = write_together(&store, &["a", "panic", "b"]);
    let Err(StoreError::Panicked(message)) = &results[1] else {
        panic!("{results:?}");
    };
    assert_eq!(message, "as its name says");
    assert_eq!(names_in(&store), ["a", "b"]);
}

fn closures_see_the_neighbours_before_them(database: &Database) {
    let store = open(database);
    let results = write_together(&store, &["a", "a"]);
    assert!(results[0].is_ok(), "{results:?}");
    assert!(
        results[1]
            .as_ref()
            .is_err_and(StoreError::is_unique_violation)
    );
}

const THREADS: u32 = 16;
const WRITES_PER_THREAD: u32 = 25;

fn writes_of_many_threads_are_all_kept(database: &Database) {
    let store = Arc::new(open(database));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                for write in 0..WRITES_PER_THREAD {
                    let name = format!("{thread}-{write}");
                    let read_back = name.clone();
                    store.write(move |tx| insert(tx, &name)).expect("written");
                    let names = names_in(&store);
                    assert!(names.contains(&read_back), "acknowledged, not readable");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    let total = u64::from(THREADS * WRITES_PER_THREAD);
    let stats = store.stats();
    assert_eq!(stats.writes, total);
    assert!(stats.commits < total, "{stats:?}");
    let events = store.events_after(0, 1_000).expect("read");
    let seqs: Vec<i64> = events.iter().map(|event| event.seq).collect();
    let expected: Vec<i64> = (1..=i64::from(THREADS * WRITES_PER_THREAD)).collect();
    assert_eq!(seqs, expected);
}

fn a_write_whose_caller_is_gone_still_runs(database: &Database) {
    let store = open(database);
    drop(store.write_async(|tx| insert(tx, "a")));
    store.write(|tx| insert(tx, "b")).expect("written");
    assert_eq!(names_in(&store), ["a", "b"]);
}

fn a_store_that_does_not_wait_for_the_disk_keeps_the_same_rules(database: &Database) {
    let mut options = database.options();
    options.migrations = SCHEMA;
    options.durability = Durability::Off;
    let store = database.open_with(options).expect("opens");
    let results = write_together(&store, &["a", "fail", "b"]);
    assert!(results[1].is_err(), "{results:?}");
    assert_eq!(names_in(&store), ["a", "b"]);
}

//! Transactions as one caller sees them.

use std::sync::mpsc::channel;

use cupola_store::{StoreError, Tx};
use cupola_testkit::{Database, on_each_database};

use crate::things::{changed, insert, names, names_in, open, write_thing};

on_each_database! {
    an_acknowledged_write_is_read,
    an_error_rolls_the_write_back,
    a_read_sees_one_snapshot,
    a_read_cannot_write,
    a_read_cannot_record_an_event,
    a_refused_read_leaves_the_reader_usable,
    an_ignored_refusal_is_no_success,
    nothing_runs_after_a_refusal,
    a_guarded_update_that_touches_nothing_is_an_error,
    more_rows_than_one_are_an_error,
    a_row_that_must_be_there_is_an_error_when_it_is_not,
    a_composed_filter_takes_parameters,
    many_rows_are_written_by_one_call,
    the_store_works_inside_async_code,
}

fn an_acknowledged_write_is_read(database: &Database) {
    let store = open(database);
    write_thing(&store, "a").expect("written");
    assert_eq!(names_in(&store), ["a"]);
}

fn an_error_rolls_the_write_back(database: &Database) {
    let store = open(database);
    let result = store.write(|tx| -> Result<(), StoreError> {
        insert(tx, "a")?;
        Err(StoreError::Value("changed my mind".to_owned()))
    });
    assert!(matches!(result, Err(StoreError::Value(_))), "{result:?}");
    assert!(names_in(&store).is_empty());
}

fn a_read_sees_one_snapshot(database: &Database) {
    let store = open(database);
    let (looked, has_looked) = channel();
    let (written, has_written) = channel::<()>();
    let reading = store.read_async(move |tx| {
        let before = names(tx)?;
        looked.send(()).expect("the test waits");
        has_written.recv().expect("the test writes");
        Ok::<_, StoreError>((before, names(tx)?))
    });
    has_looked.recv().expect("the read starts");
    write_thing(&store, "a").expect("a reader does not hold up a writer");
    written.send(()).expect("the read waits");
    let (before, after) = block_on(reading).expect("read");
    assert_eq!((before, after), (vec![], vec![]));
    assert_eq!(names_in(&store), ["a"]);
}

fn a_read_cannot_write(database: &Database) {
    let store = open(database);
    let result = store.read(|tx| insert(tx, "a"));
    assert!(matches!(result, Err(StoreError::WriteInRead)), "{result:?}");
}

fn a_read_cannot_record_an_event(database: &Database) {
    let store = open(database);
    let result = store.read(|tx| {
        tx.record(changed("a"));
        Ok::<_, StoreError>(())
    });
    assert!(matches!(result, Err(StoreError::WriteInRead)), "{result:?}");
}

fn a_refused_read_leaves_the_reader_usable(database: &Database) {
    let mut options = database.options();
    options.readers = 1;
    options.migrations = crate::things::SCHEMA;
    let store = database.open_with(options).expect("opens");
    store.read(|tx| insert(tx, "a")).expect_err("a write");
    assert!(names_in(&store).is_empty());
}

fn an_ignored_refusal_is_no_success(database: &Database) {
    let store = open(database);
    let result = store.write(|tx| {
        insert(tx, "a")?;
        let twin = insert(tx, "a").expect_err("there is one already");
        assert!(twin.is_unique_violation(), "{twin:?}");
        Ok::<_, StoreError>(())
    });
    assert!(matches!(result, Err(StoreError::Aborted)), "{result:?}");
    assert!(names_in(&store).is_empty());
}

fn nothing_runs_after_a_refusal(database: &Database) {
    let store = open(database);
    let result = store.write(|tx| {
        insert(tx, "a")?;
        insert(tx, "a").expect_err("there is one already");
        insert(tx, "b")
    });
    assert!(matches!(result, Err(StoreError::Aborted)), "{result:?}");
}

fn a_guarded_update_that_touches_nothing_is_an_error(database: &Database) {
    let store = open(database);
    write_thing(&store, "a").expect("written");
    let result = store.write(|tx| {
        let sql = "UPDATE thing SET done = $2 WHERE name = $1 AND NOT done";
        tx.execute_one(sql, &[&"a", &true])?;
        tx.execute_one(sql, &[&"a", &true])
    });
    let Err(StoreError::RowsAffected { expected, actual }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((expected, actual), (1, 0));
}

fn more_rows_than_one_are_an_error(database: &Database) {
    let store = open(database);
    write_thing(&store, "a").expect("written");
    write_thing(&store, "b").expect("written");
    let result = store.read(|tx| tx.query_optional("SELECT name FROM thing", &[], |_| Ok(())));
    assert!(
        matches!(result, Err(StoreError::RowsAffected { actual: 2, .. })),
        "{result:?}"
    );
}

fn a_row_that_must_be_there_is_an_error_when_it_is_not(database: &Database) {
    let store = open(database);
    let find = |tx: &mut Tx| tx.query_optional("SELECT name FROM thing", &[], |_| Ok(()));
    assert!(store.read(find).expect("read").is_none());
    let result = store.read(|tx| tx.query_one("SELECT name FROM thing", &[], |_| Ok(())));
    assert!(
        matches!(result, Err(StoreError::RowsAffected { actual: 0, .. })),
        "{result:?}"
    );
}

fn a_composed_filter_takes_parameters(database: &Database) {
    let store = open(database);
    for name in ["a", "b", "c"] {
        write_thing(&store, name).expect("written");
    }
    let found = store.read(|tx| {
        let sql = ["SELECT name FROM thing WHERE size = $1", "name IN ($2, $3)"].join(" AND ");
        let sql = format!("{sql} ORDER BY name");
        tx.query_dynamic(&sql, &[&1_i64, &"c", &"a"], |row| row.text("name"))
    });
    assert_eq!(found.expect("read"), ["a", "c"]);
}

fn many_rows_are_written_by_one_call(database: &Database) {
    let store = open(database);
    let touched = store.write(|tx| {
        let sql = "INSERT INTO thing (name, size, done) VALUES ($1, $2, TRUE)";
        let names: Vec<String> = (0..100_u32).map(|n| format!("{n:03}")).collect();
        let rows = names
            .iter()
            .map(|name| [name as &dyn cupola_store::ToValue, &7_i64]);
        tx.execute_many(sql, rows)
    });
    assert_eq!(touched.expect("written"), 100);
    assert_eq!(names_in(&store).len(), 100);
}

/// Opening, both ways of asking, and dropping: none may need a thread without a runtime.
fn the_store_works_inside_async_code(database: &Database) {
    runtime().block_on(async {
        let store = open(database);
        write_thing(&store, "a").expect("written");
        let write = store.write_async(|tx| insert(tx, "b"));
        write.await.expect("written");
        let read = store.read_async(names);
        assert_eq!(read.await.expect("read"), ["a", "b"]);
        assert_eq!(names_in(&store), ["a", "b"]);
        let store = tokio::task::spawn_blocking(move || {
            write_thing(&store, "c").expect("written");
            assert_eq!(names_in(&store), ["a", "b", "c"]);
            store
        });
        drop(store.await.expect("no panic"));
    });
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(future)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime starts")
}

//! What is SQLite's alone: its files, its full disk, its broken file.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{FileExt, PermissionsExt},
    path::Path,
};

use cupola_store::{Location, Store, StoreError, ToValue, Tx};
use cupola_testkit::Database;

use crate::{
    failures::{assert_crashed, open_with_fatal},
    things::{SCHEMA, insert, names_in, open, write_thing},
};

fn mode_of(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("the file exists");
    metadata.permissions().mode() & 0o777
}

fn file_of(database: &Database) -> &Path {
    match database.location() {
        Location::Sqlite(path) => path,
        Location::Postgres(_) => panic!("a SQLite database was asked for"),
    }
}

#[test]
fn nobody_else_may_read_the_files() {
    let database = Database::sqlite();
    let folder = database.folder().expect("a SQLite database").join("data");
    let location = Location::Sqlite(folder.join("cupola.db"));
    let store = Store::open(&location, database.options()).expect("makes the folder");
    assert_eq!(mode_of(&folder), 0o700);
    for file in ["cupola.db", "cupola.db-wal", "cupola.db-shm", "hub.lock"] {
        assert_eq!(mode_of(&folder.join(file)), 0o600, "{file}");
    }
    drop(store);
}

#[test]
fn tables_are_strict() {
    let store = open(&Database::sqlite());
    let result = store.write(|tx| {
        tx.execute(
            "INSERT INTO thing (name, size, done) VALUES ('a', 'wide', FALSE)",
            &[],
        )
    });
    assert!(result.is_err(), "{result:?}");
}

#[test]
fn a_backup_is_a_private_database_of_its_own() {
    let database = Database::sqlite();
    let store = open(&database);
    write_thing(&store, "a").expect("written");
    let target = database
        .folder()
        .expect("a SQLite database")
        .join("copy/cupola.db");
    fs::create_dir(target.parent().expect("a folder")).expect("made");
    store.backup_to(&target).expect("copied");
    write_thing(&store, "b").expect("written");
    assert_eq!(mode_of(&target), 0o600);
    let mut options = database.options();
    options.migrations = SCHEMA;
    let copy = Store::open(&Location::Sqlite(target.clone()), options).expect("opens");
    assert_eq!(names_in(&copy), ["a"]);
    let again = store.backup_to(&target);
    assert!(matches!(again, Err(StoreError::Io { .. })), "{again:?}");
}

/// A limit on the database's size stands in for a full disk: the same code of SQLite.
fn allow_pages(tx: &mut Tx, sql: &'static str) -> Result<(), StoreError> {
    tx.query(sql, &[], |_| Ok(())).map(drop)
}

fn fill(tx: &mut Tx) -> Result<(), StoreError> {
    let body = vec![7_u8; 1_000_000];
    let sql = "INSERT INTO thing (name, size, done, body) VALUES ('big', 1, FALSE, $1)";
    let params: &[&dyn ToValue] = &[&body];
    tx.execute_one(sql, params)
}

#[test]
fn a_full_disk_refuses_the_write_and_nothing_else() {
    let database = Database::sqlite();
    let (store, fatal) = open_with_fatal(&database);
    write_thing(&store, "a").expect("written");
    let limited = store.write(|tx| allow_pages(tx, "PRAGMA max_page_count = 100"));
    limited.expect("limited");
    let result = store.write(fill);
    assert!(matches!(result, Err(StoreError::Full(_))), "{result:?}");
    write_thing(&store, "b").expect("a small one still fits");
    let freed = store.write(|tx| allow_pages(tx, "PRAGMA max_page_count = 100000"));
    freed.expect("freed");
    store.write(fill).expect("there is room again");
    assert_eq!(names_in(&store), ["a", "b", "big"]);
    assert!(fatal.lock().expect("no panic").is_empty());
    assert_eq!(store.last_seq().expect("read"), 2);
}

#[test]
fn a_corrupt_file_stops_the_store() {
    let database = Database::sqlite();
    let store = open(&database);
    let written = store.write(|tx| (0..2_000_u32).try_for_each(|n| insert(tx, &n.to_string())));
    written.expect("written");
    drop(store);
    let (store, fatal) = open_with_fatal(&database);
    let file = OpenOptions::new()
        .write(true)
        .open(file_of(&database))
        .expect("opens");
    let length = file.metadata().expect("has a length").len();
    let rest = usize::try_from(length).expect("small") - 4_096;
    file.write_all_at(&vec![0xff; rest], 4_096)
        .expect("overwritten");
    let result = store.write(|tx| tx.execute("UPDATE thing SET size = size + 1", &[]));
    assert!(matches!(result, Err(StoreError::Crashed(_))), "{result:?}");
    assert_crashed(&store, &fatal);
}

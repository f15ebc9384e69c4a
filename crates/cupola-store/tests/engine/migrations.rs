//! The schema only moves forwards, one whole step at a time.

use cupola_domain::{
    ids::{Ids, RunId},
    ledger::Account,
    log::{Level, level_of},
    metric::Point,
    time::Timestamp,
};
use cupola_store::{
    Migration, Store, StoreError, ToValue, ledger,
    migrations::MIGRATIONS,
    series::{self, Owner},
};
use cupola_testkit::{Database, on_each_database};

use crate::things::{SCHEMA, names_in, open, write_thing};

on_each_database! {
    the_programs_own_schema_is_made,
    a_database_is_reopened_as_it_was,
    a_new_step_is_applied_to_an_old_database,
    a_newer_database_is_refused,
    another_history_is_refused,
    a_step_that_fails_leaves_the_step_before,
    lines_of_before_are_as_loud_as_their_streams,
    points_of_before_are_folded_into_curves,
    series_of_before_belong_to_their_runs,
    what_briefs_of_before_were_given_is_known_by_giver,
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

const STREAMS: [&str; 3] = ["stdout", "stderr", "event"];

/// As much of the tables of before as the step that counts lines by level reads: two lines a stream.
const UNCOUNTED: &[Migration] = &[Migration {
    version: 1,
    name: "initial",
    sql: "
        CREATE TABLE event (seq BIGINT NOT NULL PRIMARY KEY);
        CREATE TABLE run (id TEXT NOT NULL PRIMARY KEY, log_lines BIGINT NOT NULL);
        CREATE TABLE log_chunk (
            run_id TEXT NOT NULL, number BIGINT NOT NULL, stream TEXT NOT NULL,
            first_line BIGINT NOT NULL, PRIMARY KEY (run_id, number)
        );
        INSERT INTO run (id, log_lines) VALUES ('r', 6);
        INSERT INTO log_chunk (run_id, number, stream, first_line)
        VALUES ('r', 0, 'stdout', 1), ('r', 1, 'stderr', 3), ('r', 2, 'event', 5);",
}];

const COUNTED: &[Migration] = &[
    UNCOUNTED[0],
    Migration {
        version: 2,
        ..MIGRATIONS[2]
    },
];

fn lines_of_before_are_as_loud_as_their_streams(database: &Database) {
    drop(reopen(database, UNCOUNTED).expect("made"));
    let store = reopen(database, COUNTED).expect("migrates");
    let found = store.read(|tx| {
        let sql = "SELECT from_warn FROM log_chunk ORDER BY number";
        let chunks = tx.query(sql, &[], |row| row.i64("from_warn"))?;
        let sql = "SELECT log_from_warn FROM run";
        Ok::<_, StoreError>((
            chunks,
            tx.query_one(sql, &[], |row| row.i64("log_from_warn"))?,
        ))
    });
    let expected: Vec<i64> = STREAMS
        .iter()
        .map(|stream| 2 * i64::from(level_of(stream, b"words") >= Level::Warn))
        .collect();
    let in_all = expected.iter().sum();
    assert_eq!(found.expect("the columns are there"), (expected, in_all));
}

/// As much of the tables of before as the step that folds points reads.
const UNFOLDED: &[Migration] = &[Migration {
    version: 1,
    name: "initial",
    sql: "
        CREATE TABLE event (seq BIGINT NOT NULL PRIMARY KEY);
        CREATE TABLE run (id TEXT NOT NULL PRIMARY KEY);
        CREATE TABLE worker (id TEXT NOT NULL PRIMARY KEY);
        CREATE TABLE metric_block (
            run_id TEXT NOT NULL, name TEXT NOT NULL, seq BIGINT NOT NULL,
            points BYTEA NOT NULL, PRIMARY KEY (run_id, name, seq)
        );",
}];

/// The step that folds points, and as much as the step that lets workers have series reads.
const UNOWNED: &[Migration] = &[
    UNFOLDED[0],
    Migration {
        version: 2,
        ..MIGRATIONS[4]
    },
    Migration {
        version: 3,
        name: "index",
        sql: "CREATE INDEX series_by_value
              ON series (name, last_value, run_id, min_value, max_value);",
    },
];

const OWNED: &[Migration] = &[
    UNOWNED[0],
    UNOWNED[1],
    UNOWNED[2],
    Migration {
        version: 4,
        ..MIGRATIONS[9]
    },
];

fn points_of_before_are_folded_into_curves(database: &Database) {
    let run: RunId = Ids::new(1).next(Timestamp::from_millis(0));
    let store = reopen(database, UNFOLDED).expect("made");
    let kept = store.write(move |tx| {
        tx.execute_one("INSERT INTO run (id) VALUES ($1)", &[&run.to_string()])?;
        let sql = "INSERT INTO metric_block (run_id, name, seq, points) VALUES ($1, $2, $3, $4)";
        for (seq, steps) in [(3_i64, 0..2_i64), (7, 2..5)] {
            let point = |step: i64| [step.to_le_bytes(), [0; 8], 0.5_f64.to_le_bytes()].concat();
            let points: Vec<u8> = steps.flat_map(point).collect();
            let params: [&dyn ToValue; 4] = [&run.to_string(), &"loss", &seq, &points];
            tx.execute_one(sql, &params)?;
        }
        Ok::<_, StoreError>(())
    });
    kept.expect("written");
    drop(store);
    let store = reopen(database, OWNED).expect("migrates");
    let steps = store.write(move |tx| {
        series::fold(tx, run, "loss")?;
        let found = series::find(tx, run, "loss")?.expect("it is there");
        assert_eq!(found.last.map(|last| last.step), Some(4));
        let points = series::points(tx, &found, 0, 10)?;
        Ok::<_, StoreError>(points.iter().map(|point| point.step).collect::<Vec<_>>())
    });
    assert_eq!(steps.expect("read"), [0, 1, 2, 3, 4]);
}

fn series_of_before_belong_to_their_runs(database: &Database) {
    let run: RunId = Ids::new(1).next(Timestamp::from_millis(0));
    let store = reopen(database, UNOWNED).expect("made");
    let kept = store.write(move |tx| {
        tx.execute_one("INSERT INTO run (id) VALUES ($1)", &[&run.to_string()])?;
        let sql = "INSERT INTO series (id, run_id, name, folded, pending_points, pending_blocks,
                                       arrivals, superseded, restarts, revision, is_disordered,
                                       last_step, last_time, last_value, min_value, max_value)
                   VALUES (7, $1, 'loss', 0, 1, 1, 1, 5, 2, 3, FALSE, 4, 40, 0.5, 0.25, 2.0)";
        tx.execute_one(sql, &[&run.to_string()])?;
        let point = [
            4_i64.to_le_bytes(),
            40_i64.to_le_bytes(),
            0.5_f64.to_le_bytes(),
        ]
        .concat();
        let sql = "INSERT INTO series_arrival (series_id, number, points) VALUES (7, 1, $1)";
        tx.execute_one(sql, &[&point])
    });
    kept.expect("written");
    drop(store);
    let store = reopen(database, OWNED).expect("migrates");
    let read = store.read(move |tx| {
        let found = series::find(tx, run, "loss")?.expect("it is there");
        let points = series::points(tx, &found, 0, 10)?;
        Ok::<_, StoreError>((found, points))
    });
    let (found, points) = read.expect("read");
    let point = Point {
        step: 4,
        time_millis: 40,
        value: 0.5,
    };
    assert_eq!((found.owner, found.last), (Owner::Run(run), Some(point)));
    assert_eq!((found.points, points), (1, vec![point]));
    let counts = (found.superseded, found.restarts, found.revision);
    assert_eq!(counts, (5, 2, 3));
    assert_eq!((found.min, found.max), (Some(0.25), Some(2.0)));
}

/// As much of the tables of before as the step that knows givers reads. Of the first brief's 15, which two gave,
/// 4 are spent and 11 went back to the one who holds it; the second one has all that one gave.
const UNGIVEN: &[Migration] = &[Migration {
    version: 1,
    name: "initial",
    sql:
        "
        CREATE TABLE event (seq BIGINT NOT NULL PRIMARY KEY);
        CREATE TABLE task (experiment_id TEXT, needs_id BIGINT, audit_id TEXT, state TEXT);
        CREATE TABLE ledger_account (
            name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, refunded_micros BIGINT NOT NULL
        );
        CREATE TABLE ledger_transfer (
            number BIGINT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, debit TEXT NOT NULL,
            credit TEXT NOT NULL, amount_micros BIGINT NOT NULL
        );
        INSERT INTO ledger_account (name, holder, refunded_micros)
        VALUES ('brief:1', 'ann', 11), ('brief:2', 'bob', 0);
        INSERT INTO ledger_transfer (number, kind, debit, credit, amount_micros)
        VALUES (1, 'fund', 'person:ann', 'brief:1', 10), (2, 'fund', 'person:bob', 'brief:1', 5),
               (3, 'fund', 'person:bob', 'brief:2', 3), (4, 'refund', 'brief:1', 'person:ann', 11);",
}];

const GIVEN: &[Migration] = &[
    UNGIVEN[0],
    Migration {
        version: 2,
        ..MIGRATIONS[23]
    },
];

fn what_briefs_of_before_were_given_is_known_by_giver(database: &Database) {
    drop(reopen(database, UNGIVEN).expect("made"));
    let store = reopen(database, GIVEN).expect("migrates");
    let check = |brief: &'static str, expected: &[(&str, i64, i64)]| {
        let account = Account::Brief(brief.to_owned());
        let givers = store.read(move |tx| ledger::list_givers(tx, &account));
        let givers = givers.expect("read");
        let found = givers.iter().map(|giver| {
            let (given, again) = (giver.given.micros(), giver.again.micros());
            (giver.person.as_str(), given, again)
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{brief}");
    };
    // Nobody gave less than nothing.
    check("1", &[("ann", 0, 11), ("bob", 5, 0)]);
    check("2", &[("bob", 3, 0)]);
}

//! What goes in comes out, or is refused; never changed.

use cupola_store::{Row, Store, StoreError, ToValue};
use cupola_testkit::{Database, on_each_database};

use crate::things::{insert, open};

on_each_database! {
    integers_come_back,
    doubles_come_back_bit_by_bit,
    doubles_that_would_change_are_refused,
    texts_come_back,
    a_text_with_nul_is_refused,
    texts_are_sorted_by_their_bytes,
    blobs_come_back,
    truth_values_come_back,
    nulls_come_back,
    parameters_repeat_and_come_in_any_order,
    a_dollar_in_a_string_is_no_parameter,
    a_wrong_number_of_parameters_is_refused,
    a_column_of_another_type_is_named,
    a_column_that_is_not_there_is_named,
    a_null_where_none_may_be_is_named,
    a_sum_is_an_integer,
    each_constraint_is_told_apart,
}

/// Writes `value` into `column` of a new row and reads it back.
fn round_trip<T: Send + 'static>(
    store: &Store,
    sql: &'static str,
    value: impl ToValue + Send + 'static,
    read: fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    store.write(move |tx| {
        tx.execute("DELETE FROM thing", &[])?;
        insert(tx, "a")?;
        tx.execute_one(sql, &[&value])
    })?;
    let sql = "SELECT size, weight, body, done, owner FROM thing";
    store.read(move |tx| tx.query_one(sql, &[], read))
}

fn integers_come_back(database: &Database) {
    let store = open(database);
    for integer in [0, 1, i64::from(i32::MAX) + 1, i64::MAX] {
        let back = round_trip(&store, "UPDATE thing SET size = $1", integer, |row| {
            row.i64("size")
        });
        assert_eq!(back.expect("stored"), integer);
    }
}

const SET_WEIGHT: &str = "UPDATE thing SET weight = $1";

fn doubles_come_back_bit_by_bit(database: &Database) {
    let store = open(database);
    let doubles = [
        0.0,
        0.1,
        1.0,
        -1.0,
        1e15,
        9_007_199_254_740_993.0,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
    ];
    for double in doubles {
        let back = round_trip(&store, SET_WEIGHT, double, |row| row.f64("weight"));
        let back = back.expect("stored");
        assert_eq!(
            back.to_bits(),
            double.to_bits(),
            "{double:e} became {back:e}"
        );
    }
}

fn doubles_that_would_change_are_refused(database: &Database) {
    let store = open(database);
    for double in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
        let result = round_trip(&store, SET_WEIGHT, double, |row| row.f64("weight"));
        assert!(matches!(result, Err(StoreError::Value(_))), "{result:?}");
    }
}

const SET_NAME: &str = "UPDATE thing SET name = $1, owner = $1";

fn texts_come_back(database: &Database) {
    let store = open(database);
    for text in [
        "",
        "a",
        "'; DROP TABLE thing; --",
        "ÿ\u{1F525}\u{1}\n$1",
        "12",
    ] {
        let back = round_trip(&store, SET_NAME, text, |row| row.text("owner"));
        assert_eq!(back.expect("stored"), text);
    }
}

fn a_text_with_nul_is_refused(database: &Database) {
    let store = open(database);
    let result = round_trip(&store, SET_NAME, "a\0b", |row| row.text("owner"));
    assert!(matches!(result, Err(StoreError::Value(_))), "{result:?}");
}

fn texts_are_sorted_by_their_bytes(database: &Database) {
    let store = open(database);
    let sorted = ["", " b", "B", "_a", "a", "aB", "a_", "b", "ä"];
    let written =
        store.write(move |tx| (sorted.iter().rev()).try_for_each(|name| insert(tx, name)));
    written.expect("written");
    assert_eq!(crate::things::names_in(&store), sorted);
}

fn blobs_come_back(database: &Database) {
    let store = open(database);
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [vec![], vec![0], all, vec![7; 100_000]] {
        let back = round_trip(&store, "UPDATE thing SET body = $1", bytes.clone(), |row| {
            row.blob("body")
        });
        assert_eq!(back.expect("stored"), bytes);
    }
}

fn truth_values_come_back(database: &Database) {
    let store = open(database);
    for truth in [true, false] {
        let back = round_trip(&store, "UPDATE thing SET done = $1", truth, |row| {
            row.bool("done")
        });
        assert_eq!(back.expect("stored"), truth);
    }
}

fn nulls_come_back(database: &Database) {
    let store = open(database);
    let back = round_trip(&store, SET_WEIGHT, None::<f64>, |row| {
        Ok((
            row.optional_f64("weight")?,
            row.optional_blob("body")?,
            row.optional_text("owner")?,
        ))
    });
    assert_eq!(back.expect("stored"), (None, None, None));
}

fn parameters_repeat_and_come_in_any_order(database: &Database) {
    let store = open(database);
    let sql = "SELECT CAST($3 AS BIGINT) AS c, CAST($1 AS BIGINT) AS a,
                      CAST($3 AS BIGINT) + CAST($2 AS BIGINT) AS sum";
    let found = store.read(move |tx| {
        tx.query_one(sql, &[&1_i64, &10_i32, &100_u32], |row| {
            Ok((row.i64("c")?, row.i64("a")?, row.i64("sum")?))
        })
    });
    assert_eq!(found.expect("read"), (100, 1, 110));
}

fn a_dollar_in_a_string_is_no_parameter(database: &Database) {
    let store = open(database);
    let found = store.read(|tx| {
        let sql = "SELECT '$2 ?1 :a' AS text, CAST($1 AS TEXT) AS given -- $3";
        tx.query_one(sql, &[&"x"], |row| {
            Ok((row.text("text")?, row.text("given")?))
        })
    });
    assert_eq!(
        found.expect("read"),
        ("$2 ?1 :a".to_owned(), "x".to_owned())
    );
}

fn a_wrong_number_of_parameters_is_refused(database: &Database) {
    let store = open(database);
    for given in [0, 1, 3] {
        let result = store.write(move |tx| {
            let params: [&dyn ToValue; 3] = [&"a", &1_i64, &true];
            let sql = "INSERT INTO thing (name, size, done) VALUES ($1, $2, FALSE)";
            tx.execute(sql, &params[..given])
        });
        assert!(matches!(result, Err(StoreError::Value(_))), "{result:?}");
    }
}

/// Reads `size`, an integer, and `weight`, a NULL.
fn check_column(database: &Database, read: fn(&Row<'_>) -> Result<(), StoreError>, message: &str) {
    let store = open(database);
    let result = round_trip(&store, SET_WEIGHT, None::<f64>, read);
    let error = result.expect_err("the column is not what was asked for");
    let expected = format!("column {message}");
    assert_eq!(error.to_string(), expected);
}

const SELECT: &str = "of `SELECT size, weight, body, done, owner FROM thing`";

fn a_column_of_another_type_is_named(database: &Database) {
    check_column(
        database,
        |row| row.text("size").map(drop),
        &format!("`size` {SELECT} is an integer, not a text"),
    );
}

fn a_column_that_is_not_there_is_named(database: &Database) {
    let store = open(database);
    let result = round_trip(&store, SET_WEIGHT, 1.0, |row| row.i64("height"));
    assert!(
        matches!(
            result,
            Err(StoreError::Column {
                column: "height",
                ..
            })
        ),
        "{result:?}"
    );
}

fn a_null_where_none_may_be_is_named(database: &Database) {
    check_column(
        database,
        |row| row.f64("weight").map(drop),
        &format!("`weight` {SELECT} is NULL, not a double"),
    );
}

fn a_sum_is_an_integer(database: &Database) {
    let store = open(database);
    let sum = store.read(|tx| {
        let sql = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS sum FROM thing";
        tx.query_one(sql, &[], |row| row.i64("sum"))
    });
    assert_eq!(sum.expect("read"), 0);
}

fn each_constraint_is_told_apart(database: &Database) {
    use cupola_store::ConstraintKind::{Check, ForeignKey, NotNull, Unique};
    let store = open(database);
    crate::things::write_thing(&store, "a").expect("written");
    for (sql, expected) in [
        (
            "INSERT INTO thing (name, size, done) VALUES ('a', 1, TRUE)",
            Unique,
        ),
        (
            "INSERT INTO thing (name, size, done) VALUES ('b', -1, TRUE)",
            Check,
        ),
        ("INSERT INTO thing (name, size) VALUES ('b', 1)", NotNull),
        ("UPDATE thing SET owner = 'nobody'", ForeignKey),
    ] {
        let result = store.write(move |tx| tx.execute(sql, &[]));
        match result {
            Err(StoreError::Constraint { kind, .. }) => assert_eq!(kind, expected),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

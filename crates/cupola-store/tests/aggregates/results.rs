//! Results are listed without their values, and found whole.

use cupola_domain::result::{Glance, Kind};
use cupola_store::results::{self, SMALL_BYTES_MAX, Sort};
use cupola_testkit::{Database, on_each_database};
use serde_json::{Value, json};

use crate::rows::{Sample, at, kept, object};

on_each_database! {
    results_are_listed_by_key_and_by_time,
    a_large_value_stands_apart,
    what_is_said_again_keeps_its_time,
}

fn save(sample: &Sample, secs: i64, said: Value) {
    let run = sample.runs[0].id;
    let kept = kept(&object(said));
    sample.write(move |tx| results::save(tx, run, &kept, at(secs)));
}

fn heads(sample: &Sample, sort: (Sort, bool), limit: i64, offset: i64) -> (String, i64) {
    let run = sample.runs[0].id;
    let list = move |tx: &mut _| results::list_heads(tx, run, sort, limit, offset);
    let (heads, total) = sample.read(list);
    let shown = heads.iter().map(|head| {
        let secs = (head.at.millis() - at(0).millis()) / 1000;
        format!("{}@{secs} {} {}", head.key, head.glance.kind, head.bytes)
    });
    (shown.collect::<Vec<_>>().join(", "), total)
}

fn results_are_listed_by_key_and_by_time(database: &Database) {
    let sample = Sample::new(database);
    save(&sample, 1, json!({"z": 1, "B": [1, 2]}));
    save(&sample, 2, json!({"a": {"x": "NaN"}}));
    let (z, big, a) = ("z@1 Number 1", "B@1 Array(2) 5", "a@2 Object{1} 11");
    for (sort, expected) in [
        ((Sort::Key, false), [big, a, z]),
        ((Sort::Key, true), [z, a, big]),
        ((Sort::Time, false), [big, z, a]),
        ((Sort::Time, true), [a, big, z]),
    ] {
        assert_eq!(heads(&sample, sort, 9, 0), (expected.join(", "), 3));
        assert_eq!(heads(&sample, sort, 1, 1), (expected[1].to_owned(), 3));
    }
}

fn a_large_value_stands_apart(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let text = "ü\u{0}".repeat(SMALL_BYTES_MAX);
    save(&sample, 1, json!({"large": text, "small": 1}));
    assert_eq!(
        sample.read(move |tx| results::list(tx, run)),
        object(json!({"small": 1}))
    );
    let find = move |tx: &mut _| results::find(tx, run, "large");
    let (found, when) = sample.read(find).unwrap();
    assert_eq!((found, when), (json!(text).to_string(), at(1)));
    save(&sample, 2, json!({"large": [3]}));
    assert_eq!(sample.read(find), Some(("[3]".to_owned(), at(2))));
    assert_eq!(sample.read(move |tx| results::find(tx, run, "other")), None);
    let (heads, _) = sample.read(move |tx| results::list_heads(tx, run, (Sort::Key, false), 1, 0));
    let glance = Glance {
        kind: Kind::Array(1),
        preview: "[3]".to_owned(),
    };
    assert_eq!(heads[0].glance, glance);
}

fn what_is_said_again_keeps_its_time(database: &Database) {
    let sample = Sample::new(database);
    save(&sample, 1, json!({"same": 1, "other": 1}));
    save(&sample, 2, json!({"same": 1, "other": 2}));
    let (shown, _) = heads(&sample, (Sort::Key, false), 9, 0);
    assert_eq!(shown, "other@2 Number 1, same@1 Number 1");
}

//! Parameters keep what was said first, tags what was said last.

use cupola_domain::labels::PARAM_BYTES_MAX;
use cupola_store::{params, tags, unlabelled};
use cupola_testkit::{Database, on_each_database};

use crate::rows::Sample;

on_each_database! {
    a_parameter_keeps_its_first_value,
    a_tag_takes_its_last_value,
    what_no_database_keeps_is_shown_or_cut,
    runs_of_now_are_not_waiting,
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    owned.collect()
}

/// What is said of the first run; the answer shows a contradiction.
fn say(sample: &Sample, said: &[(&str, &str)]) -> String {
    let (run, said) = (sample.runs[0].id, pairs(said));
    let found = sample.write(move |tx| params::save(tx, run, &said));
    found.map_or_else(String::new, |c| format!("{} {} {}", c.key, c.value, c.said))
}

fn a_parameter_keeps_its_first_value(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    assert_eq!(say(&sample, &[("lr", "0.1"), ("name", "x")]), "");
    assert_eq!(say(&sample, &[("lr", "0.1"), ("depth", "3")]), "");
    assert_eq!(say(&sample, &[("new", "1"), ("lr", "0.2")]), "lr 0.1 0.2");
    let listed = sample.read(move |tx| params::list(tx, run));
    let expected = [("depth", "3"), ("lr", "0.1"), ("name", "x"), ("new", "1")];
    assert_eq!(listed, pairs(&expected));
    assert_eq!(sample.read(move |tx| params::count(tx, run)), 4);
}

fn a_tag_takes_its_last_value(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    for said in [[("a", "1"), ("b", "2")], [("b", "3"), ("c", "")]] {
        let said = pairs(&said);
        sample.write(move |tx| tags::save(tx, run, &said));
    }
    assert!(sample.write(move |tx| tags::delete(tx, run, "a")));
    assert!(!sample.write(move |tx| tags::delete(tx, run, "a")));
    let listed = sample.read(move |tx| tags::list(tx, run));
    assert_eq!(listed, pairs(&[("b", "3"), ("c", "")]));
}

fn what_no_database_keeps_is_shown_or_cut(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let long = "ä".repeat(PARAM_BYTES_MAX);
    assert_eq!(say(&sample, &[("a\0", "\0"), ("long", &long)]), "");
    let listed = sample.read(move |tx| params::list(tx, run));
    let expected = [
        ("a\u{2400}", "\u{2400}"),
        ("long", &long[..PARAM_BYTES_MAX]),
    ];
    assert_eq!(listed, pairs(&expected));
}

fn runs_of_now_are_not_waiting(database: &Database) {
    let sample = Sample::new(database);
    assert_eq!(sample.read(|tx| unlabelled::list(tx, 10)), []);
}

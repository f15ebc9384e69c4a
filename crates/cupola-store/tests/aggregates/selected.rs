//! What is read of many runs at once is what is read of each.

use cupola_domain::{ids::RunId, metric::Point};
use cupola_series::{chart::Axis, summary::Summary};
use cupola_store::{
    params, results, selected,
    series::{self, Asked},
    tags,
};
use cupola_testkit::{Database, on_each_database};
use serde_json::json;

use crate::rows::{Sample, at, kept, object};

on_each_database! {
    runs_are_found_with_what_they_have,
    an_experiment_names_the_runs_that_count,
    an_outline_has_an_entry_a_column_and_every_point,
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    owned.collect()
}

fn points(count: i64) -> Vec<Point> {
    let point = |step: i64| Point {
        step,
        time_millis: 1_795_000_000_000 + step,
        #[expect(clippy::cast_precision_loss, reason = "steps are small")]
        value: step as f64,
    };
    (0..count).map(point).collect()
}

fn runs_are_found_with_what_they_have(database: &Database) {
    let mut sample = Sample::new(database);
    let mut ids: Vec<RunId> = sample.runs.iter().map(|run| run.id).collect();
    let (first, last) = (ids[0], ids[4]);
    // More than one statement takes, most of them nobody's.
    ids.extend((0..150).map(|_| sample.ids.next::<RunId>(at(9))));
    let names = ["accuracy", "note", "whole"].map(str::to_owned);
    let found = sample.write(move |tx| {
        for run in [first, last] {
            params::save(tx, run, &pairs(&[("lr", "0.1"), ("name", "x")]))?;
            tags::save(tx, run, &pairs(&[("team", "a")]))?;
            series::append(tx, run, "loss", &points(3))?;
            series::append(tx, run, "other", &points(2))?;
            let given = json!({"accuracy": 0.5, "note": "ä".repeat(250), "rest": 1});
            results::save(tx, run, &kept(&object(given)), at(1))?;
        }
        Ok((
            selected::list(tx, &ids)?,
            selected::params(tx, &ids)?,
            selected::tags(tx, &ids)?,
            selected::series(tx, &ids, &["loss".to_owned()])?,
            selected::results(tx, &ids, &names)?,
        ))
    });
    let (runs, params, tags, mut series, results) = found;
    assert_eq!(runs.len(), 5);
    let one = runs.iter().find(|one| one.run.id == last).unwrap();
    assert_eq!((one.number, one.run == sample.runs[4]), (4, true));
    assert_eq!((params.len(), params[&last]["lr"].as_str()), (2, "0.1"));
    assert_eq!((tags.len(), tags[&first]["team"].as_str()), (2, "a"));
    series.sort_by_key(|series| series.owner);
    let seen: Vec<_> = series
        .iter()
        .map(|s| (s.owner.run().unwrap(), s.points, s.max))
        .collect();
    let mut expected = vec![(first, 3, Some(2.0)), (last, 3, Some(2.0))];
    expected.sort_by_key(|(run, ..)| *run);
    assert_eq!(seen, expected);
    let seen: Vec<_> = results
        .iter()
        .map(|(_, name, value)| (name.as_str(), value))
        .collect();
    assert_eq!(seen, [("accuracy", &json!(0.5)); 2]);
}

fn an_experiment_names_the_runs_that_count(database: &Database) {
    let sample = Sample::new(database);
    let family = sample.family.id;
    let (ids, total) = sample.read(move |tx| selected::list_current(tx, family, 3));
    let first: Vec<RunId> = sample.tasks[..3].iter().map(|task| task.run).collect();
    assert_eq!((ids, total), (first, 5));
}

fn an_outline_has_an_entry_a_column_and_every_point(database: &Database) {
    let sample = Sample::new(database);
    for (at, count) in [1, 5_000, 60_000].into_iter().enumerate() {
        let run = sample.runs[at].id;
        let outline = sample.write(move |tx| {
            series::append(tx, run, "loss", &points(count))?;
            let series = series::find(tx, run, "loss")?.expect("it was appended");
            let asked = Asked {
                axis: Axis::Step,
                from: None,
                to: None,
                columns: 200,
            };
            series::outline(tx, &series, asked)
        });
        let all = outline.iter().copied().reduce(Summary::and).unwrap();
        assert_eq!(
            (all.count, all.last.step),
            (count.unsigned_abs(), count - 1)
        );
        let least = usize::try_from(count).unwrap().min(200);
        assert!(
            (least..=20_000).contains(&outline.len()),
            "{count}: {}",
            outline.len()
        );
    }
}

//! A series in a store is the curve of its points, however they came.

use cupola_domain::{ids::RunId, metric::Point};
use cupola_series::{chart::Axis, curve, summary::Summary};
use cupola_store::series::{self, Asked, Series};
use cupola_testkit::{Database, on_each_database};

use crate::rows::Sample;

on_each_database! {
    points_in_order_are_the_curve,
    a_program_that_goes_back_leaves_its_points_behind,
    stragglers_find_their_place_in_earlier_blocks,
    what_was_kept_before_is_folded,
    charts_show_every_extreme_at_every_width,
    a_series_goes_with_its_run,
}

const NAME: &str = "loss";

fn point(step: i64) -> Point {
    #[expect(clippy::cast_precision_loss, reason = "steps are small")]
    let value = ((step * 7_919) % 1_000) as f64 / 8.0;
    Point {
        step,
        time_millis: 1_795_000_000_000 + step * 10,
        value,
    }
}

fn append(sample: &Sample, run: RunId, points: &[Point]) {
    let points = points.to_vec();
    sample.write(move |tx| series::append(tx, run, NAME, &points));
}

fn found(sample: &Sample, run: RunId) -> Series {
    let found = sample.read(move |tx| series::find(tx, run, NAME));
    found.expect("it was appended")
}

/// Appends each list of steps as one report and compares with the law.
fn check(database: &Database, reports: impl IntoIterator<Item = Vec<i64>>) -> Series {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let (mut expected, mut left) = (Vec::new(), 0);
    for (report, steps) in reports.into_iter().enumerate() {
        let points: Vec<Point> = steps.into_iter().map(point).collect();
        append(&sample, run, &points);
        left += curve::extend(&mut expected, &points).superseded.len() as u64;
        let read = found(&sample, run);
        assert_eq!(read.last, expected.last().copied(), "after report {report}");
        assert_eq!(read.points, expected.len() as u64, "after report {report}");
    }
    let series = found(&sample, run);
    let whole = Summary::of(&expected).expect("there are points");
    assert_eq!((series.min, series.max), (Some(whole.min), Some(whole.max)));
    assert_eq!(series.superseded, left);
    for (from, limit) in [
        (0, usize::MAX),
        (1, 10),
        (4_090, 20),
        (expected.len() as u64, 5),
    ] {
        let asked = series.clone();
        let read = sample.read(move |tx| series::points(tx, &asked, from, limit));
        let start = usize::try_from(from).unwrap().min(expected.len());
        let end = start.saturating_add(limit).min(expected.len());
        assert_eq!(read, expected[start..end], "{limit} points from {from}");
    }
    let asked = series.clone();
    let superseded = sample.read(move |tx| series::superseded(tx, &asked));
    assert_eq!(superseded.len() as u64, left);
    series
}

fn points_in_order_are_the_curve(database: &Database) {
    let one_by_one = (0..200).map(|step| vec![step]);
    check(database, one_by_one);
}

fn a_program_that_goes_back_leaves_its_points_behind(database: &Database) {
    let reports = [
        (0..6_000).collect(),
        (6_000..9_000).collect(),
        // From a checkpoint in the first block.
        (1_000..1_010).collect::<Vec<_>>(),
        (1_010..5_500).collect(),
        vec![5_400, 5_401],
    ];
    let series = check(database, reports);
    assert_eq!(series.superseded, 8_000 + 100);
    assert_eq!(series.revision, 2);
}

fn stragglers_find_their_place_in_earlier_blocks(database: &Database) {
    let even = |from: i64, to: i64| (from..to).map(|half| 2 * half).collect::<Vec<_>>();
    let reports = [
        even(0, 5_000),
        vec![101, 9_001],
        even(5_000, 5_100),
        vec![7, 3],
    ];
    let series = check(database, reports);
    assert_eq!(series.superseded, 0);
}

/// As a database of an earlier version has it after its migration.
fn what_was_kept_before_is_folded(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    append(&sample, run, &[point(1), point(2)]);
    append(&sample, run, &[point(3)]);
    sample.write(move |tx| series::fold(tx, run, NAME));
    append(&sample, run, &[point(4)]);
    let series = found(&sample, run);
    let read = sample.read(move |tx| series::points(tx, &series, 0, 9));
    assert_eq!(read, [1, 2, 3, 4].map(point));
}

fn charts_show_every_extreme_at_every_width(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let mut points: Vec<Point> = (0..150_000).map(point).collect();
    points[77_777].value = 1e9;
    points[3].value = f64::NAN;
    for report in points.chunks(9_999) {
        append(&sample, run, report);
    }
    let series = found(&sample, run);
    for columns in [1, 30, 200, 1_000] {
        for axis in [Axis::Step, Axis::Time] {
            let asked = Asked {
                axis,
                from: None,
                to: None,
                columns,
            };
            let series = series.clone();
            let chart = sample.read(move |tx| series::chart(tx, &series, asked));
            assert!(chart.is_reduced && chart.entries.len() <= columns as usize);
            let all = chart
                .entries
                .into_iter()
                .reduce(Summary::and)
                .expect("some");
            assert_eq!(
                (all.count, all.finite),
                (150_000, 149_999),
                "{columns} columns"
            );
            assert_eq!(
                (all.min.to_bits(), all.max.to_bits()),
                (0, 1e9_f64.to_bits())
            );
        }
    }
    let close = Asked {
        axis: Axis::Step,
        from: Some(77_700),
        to: Some(77_799),
        columns: 200,
    };
    let chart = sample.read(move |tx| series::chart(tx, &series, close));
    assert!(!chart.is_reduced);
    let steps: Vec<i64> = chart.entries.iter().map(|entry| entry.first.step).collect();
    assert_eq!(steps, (77_700..77_800).collect::<Vec<_>>());
}

fn a_series_goes_with_its_run(database: &Database) {
    let sample = Sample::new(database);
    let (run, experiment) = (sample.runs[0].id, sample.runs[0].experiment);
    append(&sample, run, &(0..5_000).map(point).collect::<Vec<_>>());
    sample.write(move |tx| cupola_store::tasks::delete_some(tx, experiment, 99));
    assert_eq!(sample.read(move |tx| series::find(tx, run, NAME)), None);
}

//! A series in a store is the curve of its points, however they came.

use cupola_domain::{
    access::{Role, Token},
    ids::{Ids, RunId, WorkerId},
    metric::Point,
    resources::Capabilities,
    worker::Worker,
};
use cupola_series::{
    chart::{Axis, Window},
    curve,
    summary::Summary,
};
use cupola_store::{
    StoreError, Tx,
    run_search::{self, NameKind},
    series::{self, Asked, Owner, Series},
    telemetry::{self, Intake},
    tokens, workers,
};
use cupola_testkit::{Database, on_each_database};

use crate::rows::{Sample, at};

on_each_database! {
    points_in_order_are_the_curve,
    a_program_that_goes_back_leaves_its_points_behind,
    stragglers_find_their_place_in_earlier_blocks,
    what_was_kept_before_is_folded,
    charts_show_every_extreme_at_every_width,
    the_points_of_a_window_come_part_by_part,
    a_window_is_covered_by_few_summaries,
    restarts_are_told_in_order,
    names_are_searched_by_page,
    a_name_too_many_is_refused_and_counted,
    a_series_goes_with_its_run,
    a_worker_has_series_beside_those_of_runs,
    what_was_taken_of_a_workers_samples_reads_back,
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

fn the_points_of_a_window_come_part_by_part(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let all: Vec<Point> = (0..150_010).map(point).collect();
    append(&sample, run, &all[..150_000]);
    // These wait to be folded.
    append(&sample, run, &all[150_000..]);
    let series = found(&sample, run);
    let check =
        |axis: Axis, from: Option<i64>, to: Option<i64>, expected: std::ops::Range<usize>| {
            let asked = Asked {
                axis,
                from,
                to,
                columns: 1,
            };
            let (mut read, mut next, mut parts) = (Vec::new(), Some(0), 0);
            while let Some(at) = next {
                let series = series.clone();
                let (points, after) =
                    sample.read(move |tx| series::points_within(tx, &series, asked, at));
                read.extend(points);
                (next, parts) = (after, parts + 1);
            }
            assert_eq!(read, all[expected], "{asked:?}");
            parts
        };
    assert!(check(Axis::Step, None, None, 0..150_010) > 1);
    check(Axis::Step, Some(-9), Some(4), 0..5);
    check(Axis::Step, Some(70_000), Some(140_000), 70_000..140_001);
    check(Axis::Step, Some(149_999), None, 149_999..150_010);
    check(Axis::Step, Some(200_000), Some(200_001), 0..0);
    let at = |step: i64| Some(point(step).time_millis);
    check(Axis::Time, at(100), at(5_000), 100..5_001);
}

fn a_window_is_covered_by_few_summaries(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let all: Vec<Point> = (0..150_010).map(point).collect();
    append(&sample, run, &all[..150_000]);
    append(&sample, run, &all[150_000..]);
    let series = found(&sample, run);
    let check = |axis: Axis, (from, to): (i64, i64), expected: std::ops::Range<usize>| {
        let (series, columns) = (series.clone(), 1);
        let window = Window {
            axis,
            from,
            to,
            columns,
        };
        let covering = sample.read(move |tx| series::cover(tx, &series, window));
        assert!(covering.len() < 600, "{} for {window:?}", covering.len());
        let together = covering.into_iter().reduce(Summary::and);
        let shown = |of: Summary| {
            let values = [of.min, of.max, of.sum].map(f64::to_bits);
            (of.first, of.last, of.count, values)
        };
        let expected = Summary::of(&all[expected]);
        assert_eq!(together.map(shown), expected.map(shown), "{window:?}");
    };
    check(Axis::Step, (i64::MIN, i64::MAX), 0..150_010);
    check(Axis::Step, (70_000, 140_000), 70_000..140_001);
    check(Axis::Step, (3, 149_997), 3..149_998);
    check(Axis::Step, (4_095, 4_096), 4_095..4_097);
    check(Axis::Step, (149_999, 150_003), 149_999..150_004);
    check(Axis::Step, (200_000, 200_001), 0..0);
    let at = |step: i64| point(step).time_millis;
    check(Axis::Time, (at(100), at(66_000)), 100..66_001);
}

fn restarts_are_told_in_order(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    for steps in [0..10, 4..8, 5..6, 6..9] {
        append(&sample, run, &steps.map(point).collect::<Vec<_>>());
    }
    let series = found(&sample, run);
    assert_eq!((series.restarts, series.superseded), (2, 6 + 3));
    let check = |limit: i64, expected: &[i64]| {
        let series = series.clone();
        let told = sample.read(move |tx| series::restarts(tx, &series, limit));
        let told: Vec<_> = told.iter().map(|one| (one.step, one.time_millis)).collect();
        let expected = expected
            .iter()
            .map(|step| (*step, point(*step).time_millis));
        assert_eq!(told, expected.collect::<Vec<_>>());
    };
    check(9, &[4, 5]);
    check(1, &[5]);
}

fn names_are_searched_by_page(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    for n in 0..30 {
        let name = format!("{}/{n:02}", if n % 3 == 0 { "loss" } else { "acc" });
        sample.write(move |tx| series::append(tx, run, &name, &[point(1), point(2)]));
    }
    let names = sample.read(move |tx| series::find_names(tx, run));
    assert_eq!((names.count, names.refused_points), (30, 0));
    let check = |offset: u64, limit: usize, expected: &[&str]| {
        let wanted = |name: &str| name.starts_with("loss");
        let found = sample.read(move |tx| series::search_names(tx, run, &wanted, (offset, limit)));
        assert_eq!(
            (found.0, found.1),
            (expected.iter().map(ToString::to_string).collect(), 10)
        );
    };
    check(0, 2, &["loss/00", "loss/03"]);
    check(8, 5, &["loss/24", "loss/27"]);
    check(10, 5, &[]);
    check(3, 0, &[]);
}

/// A count of names instead of the names, which take a minute.
const FILL: &str = "UPDATE series_of_run SET names = $2 WHERE run_id = $1";

fn a_name_too_many_is_refused_and_counted(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    sample.write(move |tx| series::append(tx, run, "first", &[point(1)]));
    let fill = series::NAMES_MAX - 1;
    sample.write(move |tx| tx.execute_one(FILL, &[&run.to_string(), &fill]));
    for name in ["last", "one more", "another", "first"] {
        sample.write(move |tx| series::append(tx, run, name, &[point(2), point(3)]));
    }
    let names = sample.read(move |tx| series::find_names(tx, run));
    assert_eq!((names.count, names.refused_points), (100_000, 4));
    let points = |name: &'static str| {
        let found = sample.read(move |tx| series::find(tx, run, name));
        found.map(|series| series.points)
    };
    assert_eq!(
        (points("first"), points("last"), points("one more")),
        (Some(3), Some(2), None)
    );
}

fn a_series_goes_with_its_run(database: &Database) {
    let sample = Sample::new(database);
    let (run, experiment) = (sample.runs[0].id, sample.runs[0].experiment);
    append(&sample, run, &(0..5_000).map(point).collect::<Vec<_>>());
    sample.write(move |tx| cupola_store::tasks::delete_some(tx, experiment, 99));
    assert_eq!(sample.read(move |tx| series::find(tx, run, NAME)), None);
}

fn a_worker_has_series_beside_those_of_runs(database: &Database) {
    let sample = Sample::new(database);
    let (run, worker) = (sample.runs[0].id, sample.worker);
    append(&sample, run, &[point(1)]);
    let measured: Vec<Point> = (0..9_000).map(point).collect();
    for report in measured.chunks(700) {
        let report = report.to_vec();
        sample.write(move |tx| series::append(tx, worker, "cpu.percent", &report));
    }
    let found = sample.read(move |tx| series::find(tx, worker, "cpu.percent"));
    let found = found.expect("it was appended");
    assert_eq!(
        (found.owner, found.points),
        (Owner::Worker(worker), measured.len() as u64)
    );
    assert_eq!(
        sample.read(move |tx| series::points(tx, &found, 0, usize::MAX)),
        measured
    );
    assert_eq!(sample.read(move |tx| series::find(tx, worker, NAME)), None);
    let names = sample.read(move |tx| series::find_names(tx, worker));
    assert_eq!((names.count, names.refused_points), (1, 0));
    let searched = |prefix: &'static str| {
        sample.read(move |tx| run_search::list_names(tx, NameKind::Metric, prefix, 9))
    };
    assert_eq!(searched(""), [NAME], "searches are about runs");
    assert!(searched("cpu").is_empty());
}

fn save_worker(tx: &mut Tx, id: WorkerId) -> Result<(), StoreError> {
    let token = Token {
        id: Ids::new(9).next(at(0)),
        name: "w".into(),
        role: Role::Worker,
        prefix: String::new(),
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        belonging: cupola_domain::access::Belonging::default(),
    };
    tokens::insert(tx, &token, "digest")?;
    let worker = Worker {
        id,
        name: "box".into(),
        token: token.id,
        session: "s".into(),
        capabilities: Capabilities::default(),
        slots: 1,
        version: String::new(),
        registered_at: at(0),
        last_seen_at: at(0),
        left_at: None,
        drained: None,
    };
    workers::save(tx, &worker)
}

fn what_was_taken_of_a_workers_samples_reads_back(database: &Database) {
    let sample = Sample::new(database);
    let worker = sample.worker;
    sample.write(move |tx| save_worker(tx, worker));
    assert_eq!(sample.read(move |tx| telemetry::find(tx, worker)), None);
    for (session, next) in [("one", 3), ("one", 9), ("two", 0)] {
        let intake = Intake {
            session: session.to_owned(),
            next,
            newest_at: at(next),
        };
        let said = intake.clone();
        sample.write(move |tx| telemetry::save(tx, worker, &said));
        let found = sample.read(move |tx| telemetry::find(tx, worker));
        assert_eq!(found, Some(intake));
    }
    let since = |secs: i64| sample.read(move |tx| telemetry::list_since(tx, at(secs)));
    assert_eq!((since(0), since(1)), (vec![worker], Vec::new()));
}

//! Other programs' files: each part once, and what cannot be kept does not stop the rest.

use std::{collections::BTreeMap, sync::Barrier, thread};

use cupola_domain::{artifact::ARTIFACTS_MAX, metric::Point, time::Timestamp};
use cupola_hub::{
    HubError,
    imports::{Import, Imported},
    work::Report,
};

use crate::support::{TestHub, start};

fn point(step: i64) -> Point {
    Point {
        step,
        time_millis: step,
        value: 0.5,
    }
}

/// The part of `events` from one byte to another, with a point.
fn part(from: u64, to: u64) -> Import {
    let file = |at: u64| BTreeMap::from([("events".to_owned(), at)]);
    Import {
        experiment: "logs".to_owned(),
        run: "train".to_owned(),
        from: file(from),
        to: file(to),
        points: vec![("loss".to_owned(), vec![point(i64::try_from(to).unwrap())])],
        ..Import::default()
    }
}

fn import(hub: &TestHub, part: Import) -> Imported {
    hub.import(part, "ada").unwrap()
}

fn steps(hub: &TestHub, imported: &Imported, name: &str) -> Vec<i64> {
    let (points, _) = hub.run_series(imported.run, name, 0).unwrap();
    points.into_iter().map(|point| point.step).collect()
}

#[test]
fn a_part_that_two_send_at_once_is_taken_once() {
    const PARTS: u64 = 30;
    let hub = TestHub::new();
    let both = Barrier::new(2);
    for at in 0..PARTS {
        let send = || {
            both.wait();
            hub.import(part(at, at + 1), "ada").is_ok()
        };
        let taken = thread::scope(|scope| {
            let senders = [scope.spawn(send), scope.spawn(send)];
            senders.map(|sender| sender.join().unwrap())
        });
        assert_ne!(taken[0], taken[1], "part {at}");
    }
    let known = import(
        &hub,
        Import {
            from: BTreeMap::new(),
            to: BTreeMap::new(),
            points: Vec::new(),
            ..part(0, 0)
        },
    );
    assert_eq!(known.read["events"], PARTS);
    let expected: Vec<_> = (1..=i64::try_from(PARTS).unwrap()).collect();
    assert_eq!(steps(&hub, &known, "loss"), expected);
    assert_eq!(hub.known_experiments().unwrap().len(), 1);
}

#[test]
fn a_part_that_is_refused_leaves_nothing() {
    let hub = TestHub::new();
    let wrong = Import {
        params: vec![("x".repeat(300), "1".to_owned())],
        files: vec![("a".to_owned(), vec![1])],
        ..part(0, 1)
    };
    let refused = hub.import(wrong, "ada");
    assert!(matches!(refused, Err(HubError::Invalid(_))), "{refused:?}");
    assert_eq!(hub.known_experiments().unwrap(), []);
    let late = Import {
        started_at: Some(Timestamp::from_millis(1_700_000_000_000_000_000)),
        ..part(0, 1)
    };
    let refused = hub.import(late, "ada").unwrap_err().to_string();
    assert_eq!(refused, "`started_at`: is not between 1970 and 9999");
}

#[test]
fn files_beyond_the_room_of_a_run_are_passed_over() {
    let hub = TestHub::new();
    let file = |at: usize| (format!("images/{at}.png"), vec![1]);
    let full = Import {
        files: (0..ARTIFACTS_MAX).map(file).collect(),
        ..part(0, 1)
    };
    assert_eq!(import(&hub, full).left_out, [""; 0]);
    let more = Import {
        files: vec![
            file(0),
            file(ARTIFACTS_MAX),
            ("large".to_owned(), vec![0; 1_001]),
        ],
        ..part(1, 2)
    };
    let imported = import(&hub, more);
    assert_eq!(
        imported.left_out,
        [
            "`large` has 1001 bytes",
            "`images/1000.png` is one file too many"
        ]
    );
    let kept = hub.list_artifacts(imported.run).unwrap();
    assert_eq!(kept.len(), ARTIFACTS_MAX);
    assert_eq!(steps(&hub, &imported, "loss"), [1, 2]);
}

#[test]
fn what_is_no_name_of_a_series_is_passed_over_and_said() {
    let hub = TestHub::new();
    let (fits, long) = ("x".repeat(1_000), "x".repeat(1_001));
    let mut named = part(0, 1);
    for name in ["", &fits, &long] {
        named.points.push((name.to_owned(), vec![point(1)]));
    }
    let imported = import(&hub, named);
    let series = hub.run_detail(imported.run).unwrap().series;
    assert_eq!(series, ["loss", &fits]);
    assert_eq!(imported.left_out.len(), 2);
    let said = &imported.left_out[0];
    assert_eq!(said, "`` is no name of a series, which has 1 to 1000 bytes");
    assert!(imported.left_out[1].len() < 200);
}

#[test]
fn much_that_is_passed_over_is_counted() {
    let hub = TestHub::new();
    let large = |at: usize| (at.to_string(), vec![0; 1_001]);
    let many = Import {
        files: (0..25).map(large).collect(),
        ..part(0, 1)
    };
    let left_out = import(&hub, many).left_out;
    assert_eq!((left_out.len(), left_out[20].as_str()), (21, "5 more"));
}

#[test]
fn a_report_is_taken_without_the_series_that_have_no_names() {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    start(&hub, &order).unwrap();
    let names = ["", "loss", &"x".repeat(5_000)];
    let report = Report {
        metrics: names.map(|name| (name.to_owned(), vec![point(1)])).to_vec(),
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    assert_eq!(hub.run_detail(order.run.id).unwrap().series, ["loss"]);
}

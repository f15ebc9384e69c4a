//! Tables of runs while the runs change.

use std::io::{self, Write};

use cupola_domain::{
    experiment::Origin,
    ids::{ExperimentId, RunId},
    metric::Point,
    provenance::Provenance,
};
use cupola_hub::{
    HubError,
    exports::{Filter, Format, Selection, Table},
    logged::{LoggedBatch, NewLogged},
};

use crate::support::TestHub;

fn experiment(hub: &TestHub) -> ExperimentId {
    let made = hub.create_logged_experiment("mine", Origin::Mlflow, "mlflow", Vec::new(), "ada");
    made.unwrap().id
}

fn open(hub: &TestHub, experiment: ExperimentId) -> RunId {
    let new = NewLogged {
        experiment,
        name: String::new(),
        started_at: None,
        params: vec![("lr".to_owned(), "0.1".to_owned())],
        tags: Vec::new(),
        provenance: Provenance::Measured,
    };
    hub.open_logged_run(new).unwrap().id
}

fn log(hub: &TestHub, run: RunId, steps: std::ops::Range<i64>) {
    let point = |step: i64| Point {
        step,
        time_millis: step,
        value: 0.5,
    };
    let batch = LoggedBatch {
        points: vec![("loss".to_owned(), steps.map(point).collect())],
        ..LoggedBatch::default()
    };
    hub.log_to_run(run, batch).unwrap();
}

/// Bytes that go nowhere; once there are so many of them, something happens.
struct Meddled<F>(usize, Option<F>);

impl<F: FnOnce()> Write for Meddled<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_sub(bytes.len());
        if self.0 == 0
            && let Some(meddle) = self.1.take()
        {
            meddle();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn which_runs_a_filter_finds_is_settled_before_the_first_is_written() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let runs: Vec<_> = (0..600).map(|_| open(&hub, experiment)).collect();
    let selection = Selection {
        filter: Filter::parse("params.lr = 0.1").unwrap(),
        ..Selection::default()
    };
    let export = hub.plan_export(Table::Runs, selection).unwrap();
    open(&hub, experiment);
    let written = hub.write_export(&export, Format::Csv, Vec::new()).unwrap();
    let written = String::from_utf8(written).unwrap();
    let ids: Vec<_> = written
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    let latest_first: Vec<_> = runs.iter().rev().map(ToString::to_string).collect();
    assert_eq!(ids, latest_first);
}

#[test]
fn an_experiment_that_is_named_twice_is_written_once() {
    let hub = TestHub::new();
    let made = ["b", "a"].map(|name| {
        let made = hub.create_logged_experiment(name, Origin::Mlflow, "mlflow", Vec::new(), "ada");
        made.unwrap().id
    });
    let runs = made.map(|experiment| open(&hub, experiment));
    for table in [Table::Runs, Table::Params] {
        let selection = Selection {
            experiments: vec![made[1], made[0], made[1], made[1]],
            ..Selection::default()
        };
        let export = hub.plan_export(table, selection).unwrap();
        let written = hub.write_export(&export, Format::Csv, Vec::new()).unwrap();
        let written = String::from_utf8(written).unwrap();
        let ids: Vec<_> = written.lines().skip(1).map(|line| &line[..36]).collect();
        assert_eq!(ids, [runs[1].to_string(), runs[0].to_string()]);
    }
}

#[test]
fn a_curve_that_is_rewritten_while_it_is_read_breaks_the_table_off() {
    let hub = TestHub::new();
    let run = open(&hub, experiment(&hub));
    log(&hub, run, 0..150_000);
    let export = hub.plan_export(Table::Metrics, Selection::default());
    let export = export.unwrap();
    let whole = hub.write_export(&export, Format::Csv, Vec::new()).unwrap();
    assert_eq!(whole.split(|byte| *byte == b'\n').count(), 150_002);

    let restart = Meddled(100_000, Some(|| log(&hub, run, 10..11)));
    let broken = hub.write_export(&export, Format::Csv, restart);
    match broken.map(drop) {
        Err(HubError::Conflict(message)) => assert!(message.contains("restarted"), "{message}"),
        other => panic!("{other:?}"),
    }
}

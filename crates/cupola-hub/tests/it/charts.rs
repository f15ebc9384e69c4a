//! Charts of a run's series: found by name, drawn of columns or points, going on from a cursor.

use cupola_domain::{ids::RunId, metric::Point};
use cupola_hub::{
    HubError,
    charts::{Across, SeriesChart, SeriesQuery, Shown},
    loops,
    work::{Order, Report},
};
use proptest::prelude::*;

use crate::{
    costs::prices,
    support::{TestHub, completed, finish, start},
};

/// A run whose program says points.
struct Program {
    hub: TestHub,
    order: Order,
    seq: i64,
}

impl Program {
    fn new() -> Self {
        let hub = TestHub::new();
        hub.submit(1);
        let order = hub.join("w").take(&hub);
        start(&hub, &order).unwrap();
        Self { hub, order, seq: 0 }
    }

    fn run(&self) -> RunId {
        self.order.run.id
    }

    fn say(&mut self, name: &str, points: &[(i64, f64)]) {
        let began = self.hub.now().millis();
        let point = |(step, value): &(i64, f64)| Point {
            step: *step,
            time_millis: began + step,
            value: *value,
        };
        let report = Report {
            seq: self.seq,
            metrics: vec![(name.to_owned(), points.iter().map(point).collect())],
            ..Report::default()
        };
        self.seq += 1;
        self.hub
            .take_report(self.hub.token, self.run(), self.order.lease, report)
            .unwrap();
    }

    fn chart(&self, name: &str, after: Option<i64>, shown: Shown) -> SeriesChart {
        let wanted = vec![(name.to_owned(), after)];
        let charts = self.hub.run_charts(self.run(), wanted, shown).unwrap();
        charts.charts.into_iter().next().unwrap()
    }

    /// The names of a page, and how many match.
    fn names(
        &self,
        matching: &str,
        first: &[&str],
        (offset, limit): (u64, usize),
    ) -> (String, u64) {
        let query = SeriesQuery {
            matching: (!matching.is_empty()).then(|| matching.parse().unwrap()),
            first: first.iter().map(ToString::to_string).collect(),
            offset,
            limit,
        };
        let page = self.hub.search_series(self.run(), query).unwrap();
        let names: Vec<_> = page
            .series
            .iter()
            .map(|series| series.name.as_str())
            .collect();
        (names.join(" "), page.matching)
    }
}

fn whole(columns: u32) -> Shown {
    Shown {
        columns,
        ..Shown::default()
    }
}

fn ramp(steps: std::ops::Range<i32>) -> Vec<(i64, f64)> {
    steps
        .map(|step| (i64::from(step), f64::from(step)))
        .collect()
}

fn steps(chart: &SeriesChart) -> Vec<i64> {
    chart.entries.iter().map(|entry| entry.first.step).collect()
}

#[test]
fn pinned_series_come_first_on_every_page() {
    let mut program = Program::new();
    for name in ["acc", "loss", "lr", "val/acc", "val/loss"] {
        program.say(name, &[(1, 1.0)]);
    }
    let check = |matching: &str, first: &[&str], part: (u64, usize), expected: (&str, u64)| {
        let found = program.names(matching, first, part);
        assert_eq!((found.0.as_str(), found.1), expected);
    };
    check("", &[], (0, 3), ("acc loss lr", 5));
    check("", &["val/loss", "lr"], (0, 3), ("val/loss lr acc", 5));
    check("", &["val/loss", "lr"], (3, 3), ("loss val/acc", 5));
    check("", &["val/loss", "lr"], (1, 1), ("lr", 5));
    check("", &["lr", "gone", "lr"], (0, 2), ("lr acc", 5));
    check("LOSS$", &["lr"], (0, 9), ("loss val/loss", 2));
    check("LOSS$", &["val/loss"], (0, 9), ("val/loss loss", 2));
    check("^(val|l)", &[], (1, 2), ("lr val/acc", 4));
    check("nothing", &["lr"], (0, 9), ("", 0));
}

#[test]
fn what_finished_runs_left_waiting_is_folded_once() {
    let mut program = Program::new();
    for series in 0..120 {
        program.say(&format!("metric-{series}"), &ramp(0..3));
    }
    assert_eq!(loops::series::tick(&program.hub).unwrap(), 0);
    finish(&program.hub, &program.order, completed(1.0)).unwrap();
    assert_eq!(loops::series::tick(&program.hub).unwrap(), 120);
    assert_eq!(loops::series::tick(&program.hub).unwrap(), 0);
    assert_eq!(
        steps(&program.chart("metric-7", None, whole(10))),
        [0, 1, 2]
    );
}

#[test]
fn many_charts_share_the_columns() {
    let mut program = Program::new();
    program.say("loss", &ramp(0..5_000));
    let check = |charts: usize, is_reduced: bool| {
        let wanted = vec![("loss".to_owned(), None); charts];
        let shown = whole(10_000);
        let charts = program.hub.run_charts(program.run(), wanted, shown);
        let charts = charts.unwrap().charts;
        assert!(charts.iter().all(|chart| chart.is_reduced == is_reduced));
    };
    check(1, false);
    check(8, false);
    check(50, true);
}

#[test]
fn a_chart_goes_on_from_its_cursor_until_the_program_goes_back() {
    let mut program = Program::new();
    program.say("loss", &ramp(0..100));
    let first = program.chart("loss", None, whole(1_000));
    assert!(!first.is_appended && !first.is_reduced);
    program.say("loss", &ramp(100..103));
    let next = program.chart("loss", Some(first.cursor), whole(1_000));
    assert_eq!(
        (next.is_appended, steps(&next)),
        (true, vec![100, 101, 102])
    );
    let nothing = program.chart("loss", Some(next.cursor), whole(1_000));
    assert_eq!((nothing.is_appended, steps(&nothing)), (true, Vec::new()));
    // More than fits: all of it comes anew, in columns.
    program.say("loss", &ramp(103..2_000));
    let many = program.chart("loss", Some(next.cursor), whole(50));
    assert_eq!(
        (many.is_appended, many.is_reduced, many.entries.len()),
        (false, true, 50)
    );

    program.say("loss", &ramp(60..70));
    let back = program.chart("loss", Some(many.cursor), whole(1_000));
    assert_eq!((back.is_appended, back.entries.len()), (false, 70));
    assert_eq!((back.series.restarts, back.series.superseded), (1, 1_940));
    assert_eq!(back.restarts[0].step, 60);
    // A window is whole, whatever was read before.
    let window = Shown {
        from: Some(65),
        to: Some(66),
        ..whole(9)
    };
    let part = program.chart("loss", Some(back.cursor), window);
    assert_eq!((part.is_appended, steps(&part)), (false, vec![65, 66]));
}

#[test]
fn costs_go_on_with_time_where_there_is_a_price() {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    start(&hub, &order).unwrap();
    let asked = |from| Shown {
        across: Across::Cost,
        from,
        columns: 100,
        ..Shown::default()
    };
    let wanted = || vec![("loss".to_owned(), None)];
    let refused = hub.run_charts(order.run.id, wanted(), asked(None));
    assert!(matches!(refused, Err(HubError::Invalid(_))), "{refused:?}");

    let hub = TestHub::new();
    hub.use_prices(prices(3.6));
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    let began = hub.now().millis();
    let points = (0..4).map(|step| Point {
        step,
        time_millis: began + 1_000 * step,
        value: 1.0,
    });
    let report = Report {
        metrics: vec![("loss".to_owned(), points.collect())],
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    // A quarter of 3.6 an hour is 250 millionths a second.
    let charts = hub
        .run_charts(order.run.id, wanted(), asked(Some(500)))
        .unwrap();
    assert_eq!(charts.charts[0].entries.len(), 2);
    let pace = charts.pace.expect("it has a price");
    assert_eq!((pace.since.millis(), pace.micros_per_milli), (began, 0.25));
}

#[test]
fn relative_time_begins_with_the_run() {
    let mut program = Program::new();
    program.say("loss", &ramp(0..100));
    let window = Shown {
        across: Across::Relative,
        from: Some(10),
        to: Some(12),
        columns: 100,
    };
    assert_eq!(steps(&program.chart("loss", None, window)), [10, 11, 12]);
    let open = Shown {
        from: Some(97),
        to: None,
        ..window
    };
    assert_eq!(steps(&program.chart("loss", None, open)), [97, 98, 99]);
}

#[test]
fn a_download_breaks_off_when_the_program_goes_back() {
    let mut program = Program::new();
    program.say("loss", &ramp(0..100_000));
    let read = |at: Option<i64>| {
        program
            .hub
            .series_points(program.run(), "loss", whole(1), at)
    };
    let (points, next) = read(None).unwrap();
    assert!(points.len() < 100_000 && next.is_some());
    let (more, _) = read(next).unwrap();
    assert_eq!(points.last().unwrap().step + 1, more[0].step);
    program.say("loss", &[(5, 5.0)]);
    let refused = program
        .hub
        .series_points(program.run(), "loss", whole(1), next);
    assert!(matches!(refused, Err(HubError::Conflict(_))), "{refused:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the windows and widths, a chart shows all that lies in it and nothing else, as long as
    /// points are what is read: in 40 columns or fewer, so many are shown by their summaries.
    #[test]
    fn a_chart_shows_its_window(
        count in 1i32..20_000, from in 0i32..20_000, width in 0i32..20_000, columns in 41u32..900
    ) {
        let mut program = Program::new();
        program.say("loss", &ramp(0..count));
        let to = from.saturating_add(width);
        let window = Shown { from: Some(from.into()), to: Some(to.into()), ..whole(columns) };
        let chart = program.chart("loss", None, window);
        prop_assert!(chart.entries.len() <= columns as usize);
        let (first, last) = (from.min(count), to.min(count - 1));
        let inside = u64::try_from((last - first + 1).max(0)).unwrap();
        let shown: u64 = chart.entries.iter().map(|entry| entry.count).sum();
        prop_assert_eq!(shown, inside);
        prop_assert_eq!(chart.is_reduced, inside > u64::from(columns));
        if let (Some(left), Some(right)) = (chart.entries.first(), chart.entries.last()) {
            prop_assert_eq!((left.first.step, right.last.step), (first.into(), last.into()));
        }
    }
}

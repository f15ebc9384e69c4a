//! Comparisons: of groups of seeds, of a few runs, of thousands, hostile, and of nothing.

use cupola_domain::counts::State;

use super::{
    Sample,
    things::{HOSTILE, family, family_link, frame, run, task_link, value},
};
use crate::ui::{
    compare::{
        Beside, Chart, Column, Controls, Empty, FieldCell, FieldLine, GroupLine, Header,
        ImportanceLine, LegendEntry, Line, Section as Kind, Show, Table, TableCell, VerdictCard,
        View,
    },
    components::{Badge, Dot, Measure, Opt, Pager, Parallel, Scale, Scatter, Strand, X},
    frame::Section,
    paths,
    reports::ReportOffer,
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("compare-groups", &page(view(12, "lr", true))),
        Sample::new("compare-runs", &page(single())),
        Sample::new("compare-many", &page(many())),
        Sample::new("compare-hostile", &page(view(4, HOSTILE, false))),
        Sample::new("compare-empty", &page(empty(true))),
        Sample::new("compare-nowhere", &page(empty(false))),
    ]
}

fn page(view: View) -> Show {
    Show {
        frame: frame("Compare", Section::Experiments)
            .under("Experiments", paths::EXPERIMENTS)
            .with_curves(),
        report: ReportOffer::default(),
        view,
    }
}

fn address() -> String {
    format!("{}?experiment={}", paths::COMPARE, family(1))
}

fn options(texts: &[&str], chosen: &str) -> Vec<Opt> {
    texts
        .iter()
        .map(|text| Opt::new(*text, *text, chosen))
        .collect()
}

/// Runs in two groups; `name` is what they are grouped by.
fn view(runs: u64, name: &str, is_decided: bool) -> View {
    let labels = [format!("{name} 0.001"), format!("{name} 0.01")];
    View {
        key: format!("experiment:{},run:{}", family(1), run(2)),
        src: format!("{}?experiment={}", paths::COMPARE_VIEW, family(1)),
        about: vec![format!("{runs} runs"), "1 diverged".to_owned()],
        experiments: vec![family_link(1)],
        controls: Some(controls(name, &labels)),
        empty: None,
        chart: Some(chart("groups", &labels)),
        verdict: verdict(&labels, is_decided),
        groups: labels
            .iter()
            .enumerate()
            .map(|(at, label)| group(at, label))
            .collect(),
        importance: vec![important(name, 0.62, false), important("width", 0.04, true)],
        importance_note: "The share of the variance over 11 runs that goes along with a parameter \
                          by itself."
            .to_owned(),
        parallel: Some(parallel(runs, name)),
        scatter: Some(scatter(runs, name)),
        table: Some(table(runs, name)),
        beside: (runs <= 4).then(|| beside(name)),
    }
}

fn single() -> View {
    let labels = ["task 1 0001".to_owned(), "task 2 0002".to_owned()];
    let mut view = view(4, "lr", false);
    view.chart = Some(chart("runs", &labels));
    view.groups = Vec::new();
    view.verdict = VerdictCard {
        text: "Choose above what puts runs into groups.".to_owned(),
        tone: "quiet",
        ..VerdictCard::default()
    };
    if let Some(controls) = &mut view.controls {
        controls.a = Vec::new();
        controls.b = Vec::new();
        controls.by = options(&["", "params.lr"], "");
    }
    view
}

fn many() -> View {
    let mut view = view(2_400, "lr", true);
    view.about = vec![
        "10\u{202f}000 runs".to_owned(),
        "the first of 12\u{202f}000: more are not compared at once".to_owned(),
    ];
    view.chart = Some(chart("many", &[]));
    if let Some(table) = &mut view.table {
        table.notes = vec!["7 more columns are left out: there are too many to read.".to_owned()];
    }
    view
}

fn empty(has_experiments: bool) -> View {
    let experiments = if has_experiments {
        vec![Opt::new(family(1).to_string(), HOSTILE, "")]
    } else {
        Vec::new()
    };
    View {
        key: "experiments".to_owned(),
        src: paths::COMPARE_VIEW.to_owned(),
        about: Vec::new(),
        experiments: Vec::new(),
        controls: None,
        empty: Some(Empty {
            title: "Nothing is compared yet".to_owned(),
            text: "Choose an experiment here, or mark runs in any list of runs.".to_owned(),
            experiments,
        }),
        chart: None,
        verdict: VerdictCard::default(),
        groups: Vec::new(),
        importance: Vec::new(),
        importance_note: String::new(),
        parallel: None,
        scatter: None,
        table: None,
        beside: None,
    }
}

fn controls(name: &str, labels: &[String]) -> Controls {
    let param = format!("params.{name}");
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let metrics = ["metrics.loss", "metrics.loss.min", "objective"];
    Controls {
        hidden: vec![("experiment", family(1).to_string())],
        metrics: options(&metrics, "metrics.loss"),
        better: options(&["", "lower", "higher"], ""),
        by: options(&["", &param, "tags.team"], &param),
        and_by: options(&["", "tags.team"], ""),
        a: options(&labels, labels[0]),
        b: options(&labels, labels[1]),
        curves: options(&["loss", "accuracy"], "loss"),
        axes: options(&["step", "time", "relative"], "step"),
        is_log: false,
        smoothing: options(&["0", "500"], "0"),
        x: options(&[&param], &param),
        y: options(&metrics, "metrics.loss"),
        parallel: options(&[&param, "metrics.loss"], &param),
    }
}

fn chart(kind: &'static str, labels: &[String]) -> Chart {
    let entry = |(place, label): (usize, &String)| LegendEntry {
        place,
        label: label.clone(),
        colour: format!("curve-{}", place + 1),
        is_shown: place == 0,
    };
    Chart {
        src: format!("/api/v1/compare/curves?experiment={}&curve=loss", family(1)),
        key: String::new(),
        series: "loss".to_owned(),
        is_log: false,
        smoothing: "0".to_owned(),
        kind,
        legend: labels.iter().enumerate().map(entry).collect(),
    }
}

fn verdict(labels: &[String], is_decided: bool) -> VerdictCard {
    VerdictCard {
        text: if is_decided {
            format!(
                "“{}” is better than “{}”: its loss is lower by about 0.3.",
                labels[0], labels[1]
            )
        } else {
            "Not decided yet: about 12 more seeds in each group would show it.".to_owned()
        },
        tone: if is_decided { "good" } else { "warning" },
        facts: vec![
            ("Difference", "-0.3".to_owned()),
            ("95 % interval", "-0.5 to -0.1".to_owned()),
        ],
        notes: vec!["Nobody said which way is better: lower is, by the metric’s name.".to_owned()],
    }
}

fn group(at: usize, label: &str) -> GroupLine {
    GroupLine {
        label: label.to_owned(),
        colour: format!("curve-{}", at + 1),
        runs: 6,
        seeds: 6,
        counted: 5,
        mean: value(2).into(),
        interval: "3.2 to 3.9".to_owned(),
        is_best: at == 0,
    }
}

fn important(name: &str, share: f64, is_noise: bool) -> ImportanceLine {
    ImportanceLine {
        parameter: name.to_owned(),
        share,
        alone: "62 %".to_owned(),
        by_chance: "9.1 %".to_owned(),
        beside: "58 %".to_owned(),
        about: "2 values or ranges, 11 runs".to_owned(),
        is_noise,
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn parallel(runs: u64, name: &str) -> Parallel {
    let strand = |n: u64| Strand {
        values: vec![
            Some(X::Number(0.0001 * (1 + n % 7 * 20) as f64)),
            Some(X::Word(format!("{name} {}", n % 3))),
            (!n.is_multiple_of(5)).then_some(X::Number((n % 11) as f64)),
        ],
        run: run(n).to_string(),
        href: paths::run(run(n), ""),
        title: format!("task {n}"),
        shade: (!n.is_multiple_of(5)).then_some((n % 11) as f64),
    };
    let strands: Vec<Strand> = (0..runs).map(strand).collect();
    let names = [
        format!("params.{name}"),
        format!("params.{name} 2"),
        "metrics.loss".to_owned(),
    ];
    Parallel::new(&names, &strands, "metrics.loss", "")
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn scatter(runs: u64, name: &str) -> Scatter {
    let dot = |n: u64| Dot {
        x: X::Number((1 + n % 9) as f64),
        y: (!n.is_multiple_of(5)).then_some((n % 11) as f64),
        href: paths::run(run(n), ""),
        title: format!("task {n}: {name}"),
        is_best: n == 1,
        colour: format!("curve-{}", n % 2 + 1),
        run: run(n).to_string(),
    };
    let dots = (0..runs.min(500)).map(dot).collect();
    let total = usize::try_from(runs).unwrap_or(usize::MAX);
    Scatter::new(
        (name, Scale::Linear),
        "metrics.loss",
        dots,
        total,
        ("run", "runs"),
    )
}

fn table(runs: u64, name: &str) -> Table {
    let header = |label: &str, sorted, is_numeric| Header {
        label: label.to_owned(),
        title: format!("params.{label}"),
        href: format!("{}&sort=params.lr", address()),
        sorted,
        is_numeric,
        differs: true,
    };
    let cell = |text: &str, is_numeric| TableCell {
        text: text.to_owned(),
        exact: text.to_owned(),
        is_numeric,
    };
    let line = |n: u64| Line {
        id: run(n).into(),
        label: if n == 3 {
            HOSTILE.to_owned()
        } else {
            format!("task {n}")
        },
        experiment: family_link(1),
        colour: format!("curve-{}", n % 2 + 1),
        badge: Badge::state(State::Completed, ""),
        is_best: n == 2,
        cells: vec![cell("3.5705", true), cell("0.001", true), cell(name, false)],
    };
    Table {
        headers: vec![
            header("loss", "ascending", true),
            header("lr", "", true),
            header(name, "", false),
        ],
        lines: (1..=runs.min(50)).map(line).collect(),
        pager: Pager::new(1, 50, runs, |page| format!("{}&page={page}", address())),
        turned: format!("{}&columns=all#table", address()),
        is_all: false,
        notes: Vec::new(),
    }
}

fn beside(name: &str) -> Beside {
    let column = |n: u64| Column {
        id: run(n).into(),
        name: format!("run-{n}"),
        task: task_link(n),
        badge: Badge::state(State::Completed, ""),
        value: Measure::from(value(n)),
        is_best: n == 2,
        colour: format!("curve-{n}"),
    };
    let cell = |text: &str, is_best| FieldCell {
        text: text.to_owned(),
        exact: text.to_owned(),
        is_best,
    };
    let field = |path: &str, differs| FieldLine {
        path: path.to_owned(),
        differs,
        cells: vec![cell("0.001", true), cell(name, false)],
    };
    Beside {
        columns: vec![column(2), column(3)],
        sections: vec![Kind {
            title: "Configuration",
            lines: vec![field(name, true), field("seed", false)],
            count: "1 of 2 differ".to_owned(),
        }],
        omitted: 3,
    }
}

//! `/runs`

use std::time::Duration;

use cupola_domain::{counts::State, provenance::Provenance};
use serde_json::{Map, Value, json};

use super::{
    Sample, logs, tasks,
    things::{
        HOSTILE, config, family, family_link, frame, lasted, moment, never, run, task, task_link,
        worker_link,
    },
};
use crate::ui::{
    components::{
        Along, Badge, CodeBlock, Lasting, Link, Pager, Progress, RunCurve, RunCurves, Tone,
    },
    frame::Section,
    listing::escaped,
    paths,
    runs::{
        ArtifactRow, Artifacts, CostFigure, CurveCard, CurvePages, Curves, Environment, Hardware,
        Header, LevelBar, Log, Node, Place, Results, Row, Show, SortLink, Stopping,
    },
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("run", &running()),
        Sample::new("run-wide", &wide()),
        Sample::new("run-pending", &pending()),
        Sample::new("run-failed", &failed()),
    ]
}

fn header(badge: Badge) -> Header {
    let id = run(2);
    Header {
        key: format!("run:{id}"),
        src: paths::run(id, "/header"),
        id: id.into(),
        name: String::new(),
        is_logged: false,
        badge,
        proof: Some((
            Badge::word("confirmed", Tone::Good),
            paths::VERIFICATION.to_owned(),
        )),
        check: Some(paths::run(id, "/check")),
        levels: Vec::new(),
        overall: String::new(),
        ends: None,
        ends_range: String::new(),
        obstacle: String::new(),
        stopping: None,
        duration: Lasting::none(),
        time_budget: "10 s".to_owned(),
        cost: Some(CostFigure {
            label: "Cost",
            amount: "$0.0007".to_owned(),
            detail: "$0.2400 an hour · 1.0 Wh, measured · 0.4 g CO₂".to_owned(),
        }),
        task: task_link(2),
        family: family_link(1),
        attempt: 1,
        worker: Some(worker_link(2)),
        code_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        started: never(),
        finished: never(),
        metric: "val_bpb".to_owned(),
        value: None.into(),
        cancellation: None,
        retry: None,
        comparison: format!("{}?experiment={}", paths::COMPARE, family(1)),
        promotion: Some(paths::run(run(2), "/promotion")),
        clone: Some("/experiments/new?run=1".to_owned()),
    }
}

fn level(fraction: Option<f64>, count: &str, message: &str) -> LevelBar {
    LevelBar {
        bar: Progress::new(fraction, message),
        count: count.to_owned(),
        message: message.to_owned(),
    }
}

fn artifacts(names: &[&str]) -> Artifacts {
    let id = run(2);
    let row = |name: &&str| ArtifactRow {
        file: Link::new(*name, paths::run(id, "/artifacts/x")),
        size: "1.2 MiB".to_owned(),
        hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        kept: moment(9),
    };
    Artifacts {
        key: format!("run:{id}"),
        src: paths::run(id, "/artifacts"),
        rows: names.iter().map(row).collect(),
    }
}

fn environment(command: &str, blocks: Vec<CodeBlock>) -> Environment {
    let id = run(2);
    Environment {
        key: format!("run:{id}"),
        src: paths::run(id, "/environment"),
        template: "char-lm".to_owned(),
        template_href: Some("/templates/char-lm".to_owned()),
        changed: "changed since",
        code_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        worker: Some(worker_link(2)),
        facts: vec![
            ("Command", command.to_owned()),
            ("Processor", "AMD EPYC".to_owned()),
        ],
        is_logged: false,
        tags: vec![("team".to_owned(), command.to_owned())],
        blocks,
    }
}

fn card(name: &str, value: Option<f64>) -> CurveCard {
    CurveCard {
        id: format!("curve-{}", escaped(name)),
        name: name.to_owned(),
        is_pinned: name == "val_bpb",
        last: value.into(),
        step: "999".to_owned(),
        min: value.filter(|value| value.is_finite()).into(),
        max: value.filter(|value| value.is_finite()).into(),
        points: "1,000 points".to_owned(),
        csv: paths::run(run(2), "/points?name=x"),
    }
}

fn curves(names: u64, cards: Vec<CurveCard>) -> Curves {
    let id = run(2);
    Curves {
        title: "Curves",
        along: Along::Step,
        example: "loss, ^val/, acc|f1",
        nothing: "The program has sent no points yet.",
        key: format!("run:{id}"),
        points_key: format!("metrics:{id}"),
        src: paths::run(id, "/curves?pin=val_bpb"),
        page: paths::run(id, ""),
        route: paths::run(id, "/curves"),
        charts: paths::run(id, "/charts"),
        points: paths::run(id, "/points"),
        template: "char-lm".to_owned(),
        names,
        pattern: String::new(),
        error: String::new(),
        count: format!("{names} curves"),
        refused: String::new(),
        cards,
        pages: None,
        has_cost: true,
    }
}

fn hardware() -> Hardware {
    let id = run(2);
    let worker = worker_link(2);
    let curve = |n: usize, series: &str, label: &str| RunCurve {
        charts: format!("{}/charts?from=0", worker.href),
        href: worker.href.clone(),
        series: series.to_owned(),
        label: label.to_owned(),
        colour: n,
        is_dashed: false,
        last: "mean 34 %, at most 98 %".to_owned(),
        stamp: "1".to_owned(),
    };
    Hardware {
        key: format!("run:{id}"),
        src: paths::run(id, "/hardware"),
        is_shown: true,
        worker: Some(Link::new("All that is measured of it", worker.href.clone())),
        facts: vec![("Throughput", "51,204 tokens/s".to_owned())],
        charts: vec![RunCurves {
            id: "hardware-use",
            name: "Utilisation of the machine".to_owned(),
            along: Along::Time,
            across_label: "",
            unit: "%",
            curves: vec![
                curve(0, "cpu.percent", "CPU"),
                curve(1, "gpu.0.percent", "GPU 0"),
            ],
        }],
        nothing: "Its machine has not been measured yet.",
    }
}

pub(super) fn usual_curves() -> Curves {
    curves(
        3,
        vec![
            card("val_bpb", Some(3.570_512)),
            card("train_loss", Some(0.25)),
            card("learning_rate", Some(f64::NAN)),
        ],
    )
}

fn hostile_curves() -> Curves {
    let mut curves = curves(1, vec![card(HOSTILE, Some(f64::INFINITY))]);
    HOSTILE.clone_into(&mut curves.pattern);
    curves.error = format!("is `{HOSTILE}`, no regular expression: unclosed group");
    curves
}

/// As many names as a run may have, and more.
fn many_curves() -> Curves {
    let name = |n: u32| card(&format!("layers/{n}/gradient_norm"), Some(f64::from(n)));
    let mut curves = curves(100_000, (24..48).map(name).collect());
    "gradient".clone_into(&mut curves.pattern);
    "50,000 of 100,000 curves".clone_into(&mut curves.count);
    "12 points were not taken: the run has 100,000 names, which is as many as a \
                      run may have."
        .clone_into(&mut curves.refused);
    let page = |n: u32| paths::run(run(2), &format!("?curves={n}#curves"));
    curves.pages = Some(CurvePages {
        previous: Some(page(1)),
        text: "25–48 of 50,000".to_owned(),
        next: Some(page(3)),
    });
    curves
}

fn results(rows: Vec<Row>) -> Results {
    let id = run(2);
    let sort = |label, sorted| SortLink {
        label,
        href: paths::run(id, "?sort=key&order=asc#results"),
        sorted,
    };
    Results {
        key: format!("run:{id}"),
        src: paths::run(id, "/results"),
        route: paths::run(id, "/results"),
        sorts: vec![sort("Key", ""), sort("Time", "ascending")],
        pager: Pager::new(1, 200, rows.len() as u64, |page| page.to_string()),
        provenance: (!rows.is_empty()).then(|| Badge::provenance(Provenance::Measured)),
        rows,
        is_complete: false,
    }
}

fn result(key: &str, word: &'static str, kind: &str, shown: &str) -> Row {
    let id = run(2);
    let place = Place {
        id: format!("level.{}..", escaped(key)),
        src: paths::run(id, "/result/level?key=report"),
        page: paths::run(id, "/result?key=report"),
        version: 1,
    };
    Row {
        id: format!("result.{}.{word}", escaped(key)),
        node: Node {
            key: key.to_owned(),
            word,
            kind: kind.to_owned(),
            shown: shown.to_owned(),
            exact: (word == "string").then(|| shown.to_owned()),
            place: (!kind.is_empty()).then_some(place),
        },
        at: moment(3),
        size: "1.2 KiB".to_owned(),
        download: paths::run(id, "/result.json?key=report"),
    }
}

fn show(header: Header, log: Log, results: Results) -> Show {
    let id = run(2);
    Show {
        frame: frame(format!("Run {}", id.short()), Section::Tasks)
            .with_curves()
            .under("Tasks", paths::TASKS)
            .under(family_link(1).text, family_link(1).href)
            .under("task 2", paths::task(task(2), "")),
        header,
        curves: usual_curves(),
        hardware: hardware(),
        log,
        results,
        artifacts: artifacts(&["model.bin", "plots/loss.png"]),
        environment: environment(
            "cupola train char-lm",
            vec![CodeBlock::json("config.json", &Value::Object(config(2)))],
        ),
        attempts: tasks::attempts(paths::run(id, "/attempts"), 2),
    }
}

fn running() -> Show {
    let mut header = header(Badge::state(State::Running, ""));
    header.levels = vec![
        level(Some(0.6), "3 of 5", "epoch 3"),
        level(Some(0.25), "122 of 488", "batches"),
    ];
    header.overall = "65 %".into();
    header.ends_range = ", between 3 s and 6 s".into();
    header.ends = Some(Lasting::running_out(Duration::from_secs(4)));
    header.stopping = Some(Stopping {
        phase: "asked",
        next: Some(("SIGTERM", Lasting::running_out(Duration::from_secs(7)))),
    });
    HOSTILE.clone_into(&mut header.obstacle);
    header.duration = Lasting::ticking(Duration::from_millis(6_400));
    header.started = moment(0);
    header.value = 3.570_512.into();
    header.cancellation = Some(Link::new("Cancel", paths::run(run(2), "/cancellation")));
    let rows = vec![
        result("val_bpb", "number", "", "3.570512"),
        result("diverged", "boolean", "", "false"),
        result(
            "report",
            "object",
            "Object{3}",
            "{layers: Array(4), best: 312, …}",
        ),
        result("lr", "number", "", "NaN"),
        result("note", "string", "", "\"warm-up over\""),
    ];
    show(header, logs::running(), results(rows))
}

fn wide() -> Show {
    let mut page = running();
    page.curves = many_curves();
    page
}

fn pending() -> Show {
    let mut page = show(
        header(Badge::state(State::Pending, "")),
        logs::log(Vec::new(), [0; 4]),
        results(Vec::new()),
    );
    page.header.worker = None;
    page.header.code_hash = String::new();
    page.curves = curves(0, Vec::new());
    page.environment = environment("", Vec::new());
    page.artifacts = artifacts(&[]);
    page.attempts = tasks::attempts(paths::run(run(2), "/attempts"), 1);
    page
}

fn failed() -> Show {
    let mut header = header(Badge::state(State::Failed, HOSTILE));
    header.started = moment(0);
    header.finished = moment(12);
    header.duration = lasted(12.2);
    header.levels = vec![level(None, "", HOSTILE)];
    header.retry = Some(paths::run(run(2), "/retry"));
    header.metric = HOSTILE.chars().take(30).collect();
    let log = logs::hostile();
    let mut results = Map::new();
    results.insert(HOSTILE.to_owned(), json!({"nested": HOSTILE}));
    let hostile = vec![
        result(HOSTILE, "string", "", HOSTILE),
        result(HOSTILE, "object", "Object{1}", HOSTILE),
    ];
    let mut page = show(header, log, self::results(hostile));
    page.curves = hostile_curves();
    page.artifacts = artifacts(&[HOSTILE]);
    let block = CodeBlock::json("config.json", &Value::Object(results));
    page.environment = environment(HOSTILE, vec![block]);
    page
}

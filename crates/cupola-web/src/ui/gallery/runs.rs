//! `/runs`

use std::time::Duration;

use cupola_domain::{counts::State, provenance::Provenance};
use serde_json::{Map, Value, json};

use super::{
    Sample, logs, tasks,
    things::{
        HOSTILE, config, family_link, frame, lasted, moment, never, results, run, task, task_link,
        worker_link,
    },
};
use crate::ui::{
    components::{Badge, CodeBlock, ConfigTable, Lasting, Link, Measure, Opt, Progress},
    frame::Section,
    paths,
    runs::{
        ArtifactRow, Artifacts, Curve, Environment, Header, LevelBar, Log, Outcome, Show, Stopping,
    },
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("run", &running()),
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
        badge,
        levels: Vec::new(),
        overall: String::new(),
        ends: None,
        stopping: None,
        duration: Lasting::none(),
        time_budget: "10 s".to_owned(),
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
        blocks,
    }
}

fn curve(series: &str, last: Measure) -> Curve {
    let id = run(2);
    let choices = [
        "val_bpb",
        "train_loss",
        "learning_rate",
        "<script>alert(1)</script>",
    ];
    Curve {
        key: format!("run:{id}"),
        points_key: format!("metrics:{id}"),
        src: paths::run(id, &format!("/curve?series={series}")),
        page: paths::run(id, ""),
        series: series.to_owned(),
        points_src: paths::run(id, &format!("/series?name={series}")),
        choices: choices.map(|name| Opt::new(name, name, series)).to_vec(),
        last,
        is_complete: false,
    }
}

fn show(header: Header, log: Log, results: &Map<String, Value>) -> Show {
    let id = run(2);
    Show {
        frame: frame(format!("Run {}", id.short()), Section::Tasks)
            .with_curves()
            .under("Tasks", paths::TASKS)
            .under(family_link(1).text, family_link(1).href)
            .under("task 2", paths::task(task(2), "")),
        header,
        curve: curve("val_bpb", 3.570_512.into()),
        log,
        outcome: Outcome {
            key: format!("run:{id}"),
            src: paths::run(id, "/outcome"),
            results: ConfigTable::new("Results", results),
            provenance: Some(Badge::provenance(Provenance::Measured)),
        },
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
    header.ends = Some(Lasting::running_out(Duration::from_secs(4)));
    header.stopping = Some(Stopping {
        phase: "asked",
        next: Some(("SIGTERM", Lasting::running_out(Duration::from_secs(7)))),
    });
    header.duration = Lasting::ticking(Duration::from_millis(6_400));
    header.started = moment(0);
    header.value = 3.570_512.into();
    header.cancellation = Some(Link::new("Cancel", paths::run(run(2), "/cancellation")));
    show(header, logs::running(), &results())
}

fn pending() -> Show {
    let mut page = show(
        header(Badge::state(State::Pending, "")),
        logs::log(Vec::new(), [0; 4]),
        &Map::new(),
    );
    page.header.worker = None;
    page.header.code_hash = String::new();
    page.curve = curve("", None.into());
    page.environment = environment("", Vec::new());
    page.artifacts = artifacts(&[]);
    page.outcome.provenance = None;
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
    let mut page = show(header, log, &results);
    page.artifacts = artifacts(&[HOSTILE]);
    let block = CodeBlock::json("config.json", &Value::Object(results));
    page.environment = environment(HOSTILE, vec![block]);
    page
}

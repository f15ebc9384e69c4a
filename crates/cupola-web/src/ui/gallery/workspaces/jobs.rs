//! Jobs, their logs and what they need.

use serde_json::json;

use super::{HOSTILE, KEY, STATES, address, badge, framed, head, tags};
use crate::ui::{
    components::{Lasting, Link, Opt, Progress},
    gallery::things::{lasted, moment, never},
    runs::Span,
    workspaces::{
        Details, Fact, FactValue, Graph, GraphNode, GraphPage, JobPage, Lines, Log, LogPage,
        Needed, Other, Parameters, Stream, parameters,
    },
};

fn facts(is_running: bool) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value };
    let copied = |text: &str| FactValue::Copied(text.to_owned());
    let text = |text: &str| FactValue::Text(text.to_owned());
    vec![
        fact("Task", copied("ir.models.m.learn")),
        fact(
            "Id",
            copied("0a1b2c3d4e5f60718293a4b5c6d7e8f900112233445566778899aabbccddeeff"),
        ),
        fact(
            "Folder",
            copied("/scratch/me/xp/jobs/ir.models.m.learn/0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        ),
        fact("Submitted", FactValue::At(moment(3_600))),
        fact("Started", FactValue::At(moment(3_660))),
        fact(
            "Ended",
            FactValue::At(if is_running { never() } else { moment(5_000) }),
        ),
        fact(
            "Duration",
            FactValue::For(if is_running {
                Lasting::ticking(std::time::Duration::from_secs(90))
            } else {
                lasted(1_340.0)
            }),
        ),
        fact(
            "Process",
            text("local 4711 on node-17: runs, 98 % of a processor, 1.2 GiB, 4 threads"),
        ),
        fact("CO₂", text("12.3 g, 31.2 Wh so far")),
    ]
}

pub(super) fn job(is_running: bool) -> JobPage {
    let other = |at: usize| Other {
        link: Link::new(
            format!("prepare 00{at}"),
            address(&format!("/jobs/m.prepare/00{at}")),
        ),
        task: "ir.m.prepare".to_owned(),
        badge: (at < 2).then(|| badge(at)),
    };
    let at = |part: &str| address(&format!("/jobs/m.learn/0a1b{part}"));
    let level = |fraction, label: &str, words: &str| {
        (Progress::new(Some(fraction), label), words.to_owned())
    };
    JobPage {
        frame: framed("learn 0a1b2c3d").under("Jobs", address("/jobs")),
        head: head("Jobs"),
        details: Details {
            key: "workspace-job:xp:0a1b".to_owned(),
            src: at("/details"),
            title: "learn 0a1b2c3d".to_owned(),
            badge: badge(if is_running { 0 } else { 2 }),
            tags: tags(),
            levels: vec![
                level(0.25, "Progress, level 0", "epoch 1 of 4"),
                level(0.5, "Progress, level 1", HOSTILE),
            ],
            is_running,
            facts: facts(is_running),
            runs: vec![Link::new(
                "grid · 20261121_101500",
                address("/jobs?experiment=grid"),
            )],
            problem: if is_running {
                String::new()
            } else {
                HOSTILE.to_owned()
            },
            kill: is_running.then(|| address("/action?do=kill&task=m.learn&job=0a1b")),
            deletion: (!is_running).then(|| address("/action?do=delete&task=m.learn&job=0a1b")),
        },
        parameters: shown_parameters(),
        needed: Needed {
            key: "workspace-job:xp:0a1b".to_owned(),
            src: at("/needed"),
            needs: (0..3).map(other).collect(),
            needed_by: is_running.then(Vec::new),
            ask: at("?dependents=all#needed"),
            left_out: String::new(),
        },
        log: log(true),
    }
}

fn shown_parameters() -> Parameters {
    parameters(&json!({
        "lr": 0.01,
        "model": {"name": "bm25", "layers": [{"width": 3}, {"width": 4}], "note": HOSTILE},
        "data": {"job": "m.prepare/aaa1"},
        "debug": false,
        "seed": null,
    }))
}

fn log(is_of_job: bool) -> Log {
    let texts = [
        "step 1 of 10",
        "loss 3.57 ± 0.02",
        HOSTILE,
        "Traceback (most recent call last):",
    ];
    let line = |(at, text): (u64, &&str)| Lines {
        offset: at * 64,
        spans: vec![Span {
            text: (*text).to_owned(),
            class: if at == 3 {
                "ansi-9 ansi-bold".to_owned()
            } else {
                String::new()
            },
        }],
        cut: if at == 2 {
            "9.5 MiB more".to_owned()
        } else {
            String::new()
        },
    };
    let stream = |name: &str, is_current| Stream {
        name: name.to_owned(),
        href: address(&format!("/log?stream={name}#log")),
        is_current,
    };
    Log {
        keys: "workspace-log:xp:0a1b".to_owned(),
        src: address("/log/lines?task=m.learn&job=0a1b"),
        title: "Log".to_owned(),
        streams: if is_of_job {
            vec![stream("stdout", true), stream("stderr", false)]
        } else {
            Vec::new()
        },
        lines: (0..).zip(&texts).map(line).collect(),
        is_end: is_of_job,
        is_looked_at: false,
        first: Some(address("/log?from=0#log")),
        earlier: Some(address("/log?before=4096#log")),
        later: (!is_of_job).then(|| address("/log?from=8192#log")),
        last: address("/log#log"),
        download: address("/log/file?task=m.learn&job=0a1b"),
        place: "64.0 KiB of 3.4 MiB".to_owned(),
        nothing: "Nothing has been written here.".to_owned(),
    }
}

pub(super) fn log_page() -> LogPage {
    LogPage {
        frame: framed("Log"),
        head: head("Log"),
        log: log(false),
    }
}

pub(super) fn graph() -> GraphPage {
    let node = |at: u32| {
        let (word, tone, _) = STATES[at as usize % STATES.len()];
        GraphNode {
            href: address(&format!("/jobs/m.learn/0a1b{at}")),
            tone,
            label: if at == 3 { HOSTILE } else { "learn" }.to_owned(),
            detail: "lr=0.01 model=bm25".to_owned(),
            title: format!("ir.m.learn 0a1b{at}: {word}"),
            x: 12 + 260 * (at / 3),
            y: 12 + 60 * (at % 3),
        }
    };
    let opt = |value: &str, label: &str| Opt::new(value, label, "grid");
    GraphPage {
        frame: framed("Graph"),
        head: head("Graph"),
        action: address("/graph"),
        experiments: vec![opt("grid", "grid"), opt("x", HOSTILE)],
        runs: vec![opt("20261121_101500", "20261121_101500")],
        view: Graph {
            key: KEY.to_owned(),
            src: address("/graph/view?experiment=grid"),
            count: "6 jobs, 3 dependencies".to_owned(),
            notes: vec![
                "More than 300 jobs: those of one task in one state stand together.".to_owned(),
            ],
            ask: None,
            width: 474,
            height: 190,
            edges: vec!["M202 35C237 35 237 35 272 35".to_owned()],
            nodes: (0..6).map(node).collect(),
            legend: STATES
                .iter()
                .map(|(word, tone, _)| (*tone, *word))
                .collect(),
            empty: None,
        },
    }
}

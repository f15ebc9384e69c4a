//! `/workspaces`

mod jobs;

use super::{
    Sample,
    things::{HOSTILE, busy, done, frame, lasted, moment},
};
use crate::ui::{
    components::{
        Badge, Chip, Chips, EmptyState, Link, Opt, Pager, Progress, Sorting, StackedBar, Tone,
    },
    frame::{Frame, Section},
    paths,
    workspaces::{
        ExperimentRow, Experiments, ExperimentsPage, Head, Index, JobRow, Jobs, JobsPage, List,
        Notice, OfRun, OrphanRow, Orphans, OrphansPage, PastRun, Row, ServiceRow, Services,
        ServicesPage, Waiting, WaitingPage, columns,
    },
};

const KEY: &str = "workspace:xp";
const STATES: [(&str, Tone, &str); 6] = [
    ("running", Tone::Glowing, ""),
    ("done", Tone::Good, ""),
    ("error", Tone::Bad, "memory"),
    ("waiting", Tone::Waiting, ""),
    ("error", Tone::Warning, "dependency"),
    ("phantom", Tone::Quiet, ""),
];

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("workspaces", &index(true)),
        Sample::new("workspaces-empty", &index(false)),
        Sample::new("workspace-waiting", &waiting()),
        Sample::new("workspace", &experiments(3)),
        Sample::new("workspace-empty", &experiments(0)),
        Sample::new("workspace-jobs", &jobs("state = running", "", 12)),
        Sample::new("workspace-jobs-empty", &jobs("state = done", "", 0)),
        Sample::new(
            "workspace-jobs-wrong",
            &jobs(HOSTILE, "Filter, column 3: there is `<`; name a field", 0),
        ),
        Sample::new("workspace-job", &jobs::job(true)),
        Sample::new("workspace-job-failed", &jobs::job(false)),
        Sample::new("workspace-graph", &jobs::graph()),
        Sample::new("workspace-services", &services()),
        Sample::new("workspace-orphans", &orphans()),
        Sample::new("workspace-log", &jobs::log_page()),
    ]
}

fn address(part: &str) -> String {
    paths::workspace("xp", part)
}

fn framed(title: &str) -> Frame {
    frame(title, Section::Workspaces)
        .under("Workspaces", paths::WORKSPACES)
        .under("/scratch/me/xp", address(""))
}

fn head(current: &str) -> Head {
    let tabs = [("Experiments", ""), ("Jobs", "/jobs"), ("Log", "/log")];
    let link = |(label, part): (&str, &str)| (Link::new(label, address(part)), label == current);
    let action =
        "/action?do=warning&experiment=grid&run=20261121_101500&name=stray_jobs_2&action=kill";
    Head {
        key: KEY.to_owned(),
        src: address("/head?tab=Jobs"),
        title: "cluster:/scratch/me/xp".to_owned(),
        connection: Some(Badge {
            label: "away".to_owned(),
            tone: Tone::Warning,
            reason: "the connection was closed; tried again after 5 s".to_owned(),
        }),
        tabs: tabs.map(link).into(),
        notices: vec![Notice {
            run: HOSTILE.to_owned(),
            text: "2 jobs run that its newest run does not name".to_owned(),
            actions: vec![Link::new("Kill them", address(action))],
        }],
    }
}

fn index(is_filled: bool) -> Index {
    let row = |name: &str, place: &str, badge, experiments: &str, running: &str, jobs: &str| Row {
        name: Link::new(name, paths::workspace(name, "")),
        place: place.to_owned(),
        badge,
        experiments: experiments.to_owned(),
        running: running.to_owned(),
        jobs: jobs.to_owned(),
    };
    let here = Badge::word("here", Tone::Good);
    let failed = Badge {
        label: "not open".to_owned(),
        tone: Tone::Bad,
        reason: HOSTILE.to_owned(),
    };
    let rows = vec![
        row(
            "xp",
            "/scratch/me/xp",
            here,
            "12",
            "2",
            "71 of 96 done, 3 failed, 8 running",
        ),
        row(
            "cluster",
            "me@login.cluster:/scratch/me/xp",
            Badge::word("not opened yet", Tone::Quiet),
            "–",
            "–",
            "–",
        ),
        row("old", HOSTILE, failed, "–", "–", "–"),
    ];
    let empty = EmptyState::new("No workspaces", "A folder of experiments and their jobs.");
    Index {
        frame: frame("Workspaces", Section::Workspaces),
        list: List {
            keys: KEY.to_owned(),
            rows: if is_filled { rows } else { Vec::new() },
            empty: (!is_filled).then(|| empty.with_command("cupola up --workdir FOLDER")),
        },
    }
}

fn waiting() -> WaitingPage {
    WaitingPage {
        frame: framed("cluster:/scratch/me/xp"),
        waiting: Waiting {
            key: KEY.to_owned(),
            src: address("/waiting"),
            text: format!("ssh: connect to host {HOSTILE} port 22: No route to host"),
            again: Some(address("")),
        },
    }
}

fn experiments(number: usize) -> ExperimentsPage {
    let row = |at: usize| {
        let (word, tone, _) = STATES[at % 3];
        let name = ["grid", "ablation-of-everything", HOSTILE][at % 3];
        ExperimentRow {
            name: Link::new(name, address(&format!("/jobs?experiment=grid-{at}"))),
            badge: Badge::word(word, tone),
            run: "20261121_101500".to_owned(),
            graph: address("/graph?experiment=grid&run=20261121_101500"),
            past: (0..at)
                .map(|at| PastRun {
                    link: Link::new(
                        format!("2026112{at}_090000"),
                        address(&format!("/jobs?experiment=grid&run=2026112{at}_090000")),
                    ),
                    badge: Badge::word("done", Tone::Good),
                    jobs: "9 of 9 done".to_owned(),
                })
                .collect(),
            bar: StackedBar::new(&if at == 0 { busy() } else { done() }),
            jobs: "7 of 9 done, 1 failed, 1 running".to_owned(),
            host: "node-17.cluster".to_owned(),
            started: moment(3_600),
            duration: lasted(5_400.0),
            co2: "12.3 g".to_owned(),
            problem: if at == 2 {
                HOSTILE.to_owned()
            } else {
                String::new()
            },
            deletion: Some(address(
                "/action?do=delete-experiment&experiment=grid&jobs=too",
            )),
        }
    };
    let empty = || {
        EmptyState::new(
            "No experiments yet",
            "What runs in this folder appears here.",
        )
    };
    ExperimentsPage {
        frame: framed("Experiments"),
        head: head("Experiments"),
        list: Experiments {
            key: KEY.to_owned(),
            src: address("/experiments"),
            count: format!("{number} experiments"),
            rows: (0..number).map(row).collect(),
            empty: (number == 0).then(empty),
        },
    }
}

fn badge(at: usize) -> Badge {
    let (word, tone, reason) = STATES[at % STATES.len()];
    Badge {
        reason: reason.to_owned(),
        ..Badge::word(word, tone)
    }
}

fn tags() -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        pair("lr", "0.01"),
        pair("model", "bm25"),
        pair("note", HOSTILE),
    ]
}

fn job_row(at: usize) -> JobRow {
    JobRow {
        key: format!("workspace-job:xp:{at}"),
        badge: badge(at),
        progress: at
            .is_multiple_of(6)
            .then(|| Progress::new(Some(0.4), "Progress of the job")),
        task: Link::new(
            if at == 1 { HOSTILE } else { "learn" },
            address(&format!("/jobs/m.learn/0a1b2c3d{at}")),
        ),
        task_name: "ir.models.m.learn".to_owned(),
        id: format!("0a1b2c3{at}"),
        tags: if at.is_multiple_of(3) {
            tags()
        } else {
            tags()[..2].to_vec()
        },
        submitted: moment(3_600),
        duration: lasted(5_400.0),
        co2: "1.2 g".to_owned(),
    }
}

fn jobs(filter: &str, error: &str, number: usize) -> JobsPage {
    let sorting = Sorting {
        path: address("/jobs"),
        query: "experiment=grid".to_owned(),
        key: "submitted".to_owned(),
        is_descending: true,
    };
    let chip = |word, tone, count: &str, is_current| Chip {
        word,
        tone,
        count: count.to_owned(),
        href: address("/jobs?experiment=grid&filter=state%20%3D%20done"),
        is_current,
    };
    let opt = |value: &str, label: &str| Opt::new(value, label, "grid");
    let graph = address("/graph?experiment=grid&run=20261121_101500");
    let list = Jobs {
        key: KEY.to_owned(),
        src: address("/jobs/list?experiment=grid"),
        error: error.to_owned(),
        of: Some(OfRun {
            name: "grid · 20261121_101500".to_owned(),
            badge: badge(0),
            jobs: "7 of 12 done, 1 failed, 1 running".to_owned(),
            notes: vec!["on node-17".to_owned(), HOSTILE.to_owned()],
            graph,
            actions: vec![Link::new(
                "Delete this run",
                address("/action?do=delete-experiment&experiment=grid&run=20261121_101500"),
            )],
        }),
        chips: Chips {
            chips: vec![
                chip("all", Tone::Quiet, "12", false),
                chip("running", Tone::Glowing, "1", true),
                chip("done", Tone::Good, "7", false),
                chip("error", Tone::Bad, "1", false),
            ],
            count: format!("{number} jobs"),
        },
        columns: columns(&sorting),
        rows: (0..number).map(job_row).collect(),
        pager: Pager::new(2, 100, 312, |page| sorting.page(page)),
        empty: (number == 0).then(|| EmptyState::new("No job matches", "Ask for less.")),
    };
    JobsPage {
        frame: framed("Jobs"),
        head: head("Jobs"),
        action: address("/jobs"),
        filter: filter.to_owned(),
        words: "state task and or not",
        experiments: vec![
            opt("", "All experiments"),
            opt("grid", "grid"),
            opt("x", HOSTILE),
        ],
        runs: vec![
            opt("", "20261121_101500 (newest)"),
            opt("1", "20261120_090000"),
        ],
        sort: "submitted",
        order: "desc",
        list,
    }
}

fn services() -> ServicesPage {
    let row = |at: usize| {
        let (word, tone, error) = [
            ("running", Tone::Glowing, ""),
            ("stopped", Tone::Quiet, ""),
            ("error", Tone::Bad, HOSTILE),
        ][at];
        let action = |verb: &str| {
            address(&format!(
                "/action?do={verb}-service&experiment=grid&run=1&name=board"
            ))
        };
        ServiceRow {
            badge: Badge {
                reason: error.to_owned(),
                ..Badge::word(word, tone)
            },
            id: ["tensorboard", "board", HOSTILE][at].to_owned(),
            description: "Curves of all runs".to_owned(),
            of: "grid · 20261121_101500".to_owned(),
            gate: (at == 0).then(|| address("/services/open?service=board&experiment=grid&run=1")),
            url: String::new(),
            start: (at > 0).then(|| action("start")),
            stop: (at == 0).then(|| action("stop")),
            log: address("/log?service=board&experiment=grid&run=1"),
        }
    };
    ServicesPage {
        frame: framed("Services"),
        head: head("Services"),
        list: Services {
            key: KEY.to_owned(),
            src: address("/services/list"),
            rows: (0..3).map(row).collect(),
            empty: None,
        },
    }
}

fn orphans() -> OrphansPage {
    let row = |at: usize, verb: &str| OrphanRow {
        badge: badge(at),
        task: Link::new("learn", address(&format!("/jobs/m.learn/0a1b{at}"))),
        id: "0a1b2c3d".to_owned(),
        started: moment(3_600),
        size: "1.2 GiB".to_owned(),
        path: format!("/scratch/me/xp/jobs/{HOSTILE}"),
        action: Some(Link::new(
            verb,
            address("/action?do=kill&task=m.learn&job=0a1b"),
        )),
    };
    OrphansPage {
        frame: framed("Orphans"),
        head: head("Orphans"),
        list: Orphans {
            tables: vec![
                ("Astray", vec![row(0, "Kill")]),
                ("Left behind", vec![row(1, "Delete"), row(2, "Delete")]),
            ],
            count: "2 folders, 2.4 GiB".to_owned(),
            left_out: String::new(),
            sizes: Some(address("/orphans?sizes=counted")),
            kill_all: Some(address("/action?do=kill-stray")),
            delete_all: Some(address("/action?do=clean")),
            empty: None,
        },
    }
}

//! `/tasks`

use cupola_domain::{counts::State, provenance::Provenance};
use serde_json::{Map, Value};

use super::{
    Sample,
    things::{
        HOSTILE, config, family, family_link, frame, lasted, moment, never, results, run, task,
        task_id, value, worker_link,
    },
};
use crate::ui::{
    components::{
        Badge, Chip, Chips, Column, ConfigTable, EmptyState, Lasting, Link, Opt, Pager, Sorting,
        Tone,
    },
    format,
    frame::Section,
    paths,
    tasks::{Attempt, Attempts, Header, Index, List, Outcome, Show, TaskRow},
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("tasks", &index(1, 0..12, 12)),
        Sample::new("tasks-empty", &index(1, 0..0, 0)),
        Sample::new("tasks-large", &index(2, 50..100, 10_000)),
        Sample::new("tasks-hostile", &hostile_index()),
        Sample::new("task", &completed()),
        Sample::new("task-pending", &pending()),
        Sample::new("task-failed", &failed()),
    ]
}

fn sorting() -> Sorting {
    Sorting {
        path: paths::TASKS.to_owned(),
        query: "q=lr&state=".to_owned(),
        key: "created".to_owned(),
        is_descending: true,
    }
}

fn columns() -> Vec<Column> {
    let sorting = sorting();
    vec![
        Column::plain("Task"),
        Column::plain("State"),
        Column::number("No."),
        Column::plain("Type"),
        Column::plain("Experiment"),
        sorting.column("priority", "Priority", true),
        Column::plain("Worker"),
        sorting.column("value", "Value", true),
        sorting.column("created", "Created", false),
        sorting.column("completed", "Completed", false),
    ]
}

fn chips(total: u64) -> Vec<Chip> {
    let chip = |word, tone, count| Chip {
        word,
        tone,
        count: format::count(count),
        href: format!("/tasks?state={word}"),
        is_current: word == "all",
    };
    let counts = [
        total / 10,
        3.min(total),
        total - total / 10 - 3.min(total),
        0,
        0,
    ];
    let states = State::ALL.into_iter().zip(counts);
    std::iter::once(chip("all", Tone::Quiet, total))
        .chain(states.map(|(state, count)| chip(state.as_str(), state.into(), count)))
        .collect()
}

fn index(page: u64, rows: std::ops::Range<u64>, total: u64) -> Index {
    let all = Opt::new("", "All families", "");
    let families = (1..4).map(|n| Opt::new(family(n).to_string(), family_link(n).text, ""));
    let rows: Vec<_> = rows.map(row).collect();
    Index {
        frame: frame("Tasks", Section::Tasks),
        search: String::new(),
        state: String::new(),
        families: std::iter::once(all).chain(families).collect(),
        sort: "created".to_owned(),
        order: "desc",
        list: List {
            src: format!("/tasks/list?sort=created&order=desc&page={page}"),
            chips: Chips {
                chips: chips(total),
                count: format::counted(total, "task", "tasks"),
            },
            columns: columns(),
            empty: rows.is_empty().then(|| {
                EmptyState::new(
                    "No tasks here",
                    "None match the filter, or no brief was written yet.",
                )
                .with_action("All tasks", paths::TASKS)
            }),
            rows,
            pager: Pager::new(page, 50, total, |page| sorting().page(page)),
        },
    }
}

fn row(n: u64) -> TaskRow {
    let (state, reason) = match n % 12 {
        0 | 1 => (State::Running, ""),
        2 => (State::Pending, ""),
        5 => (State::Failed, "exit code 1"),
        6 => (State::Cancelled, ""),
        _ => (State::Completed, ""),
    };
    let is_over = state.is_terminal();
    TaskRow {
        id: task_id(n),
        number: u32::try_from(n).unwrap_or(0),
        kind: "training",
        family: family_link(n % 3),
        badge: Badge::state(state, reason),
        priority: 0,
        worker: (state != State::Pending).then(|| worker_link(n)),
        metric: "val_bpb".to_owned(),
        value: value(n).filter(|_| state == State::Completed).into(),
        created: moment(n),
        completed: if is_over { moment(n * 60) } else { never() },
    }
}

fn hostile_index() -> Index {
    let mut page = index(1, 0..4, 4);
    page.search = HOSTILE.into();
    page.families[1].label = HOSTILE.into();
    for row in &mut page.list.rows {
        row.family.text = HOSTILE.into();
        row.badge.reason = HOSTILE.into();
        row.worker = row
            .worker
            .take()
            .map(|worker| Link::new(HOSTILE, worker.href));
        row.metric = HOSTILE.chars().take(40).collect();
    }
    page
}

fn header(state: State, reason: &str) -> Header {
    let id = task(2);
    Header {
        key: format!("task:{id}"),
        src: paths::task(id, "/header"),
        id: id.into(),
        number: 2,
        badge: Badge::state(state, reason),
        obstacle: if state == State::Pending {
            "`ada` has 8 tasks at work and a quota of 8".to_owned()
        } else {
            String::new()
        },
        kind: "training",
        family: family_link(1),
        template: "char-lm".to_owned(),
        priority: 0,
        time_budget: "10 s".to_owned(),
        seeds: "[48]".to_owned(),
        worker: (state != State::Pending).then(|| worker_link(2)),
        code_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        needs: "1 core, 1.0 GiB memory".to_owned(),
        created: moment(0),
        run: run(2).into(),
        cancellation: (!state.is_terminal())
            .then(|| Link::new("Cancel", paths::task(id, "/cancellation"))),
        retry: (state == State::Failed).then(|| paths::task(id, "/retry")),
    }
}

fn outcome(value: Option<f64>, metrics: &Map<String, Value>) -> Outcome {
    let id = task(2);
    Outcome {
        key: format!("task:{id}"),
        src: paths::task(id, "/result"),
        has_ended: true,
        is_success: value.is_some(),
        reason: String::new(),
        metric: "val_bpb".to_owned(),
        value: value.into(),
        worker: Some(worker_link(2)),
        duration: lasted(9.3),
        provenance: Some(Badge::provenance(Provenance::Measured)),
        completed: moment(60),
        metrics: ConfigTable::new("Metrics", metrics),
    }
}

pub(super) fn attempts(src: String, rows: u64) -> Attempts {
    let row = |n: u64| Attempt {
        number: u32::try_from(n).unwrap_or(0),
        run: run(n + 1).into(),
        badge: if n == rows {
            Badge::state(State::Running, "")
        } else {
            Badge::state(State::Failed, "worker lost")
        },
        worker: Some(worker_link(n)),
        started: moment(n * 30),
        duration: if n == rows {
            Lasting::ticking(std::time::Duration::from_millis(4_200))
        } else {
            lasted(12.0)
        },
        is_current: n == rows,
    };
    Attempts {
        key: format!("task:{}", task(2)),
        src,
        rows: (1..=rows).rev().map(row).collect(),
    }
}

fn show(header: Header, outcome: Outcome) -> Show {
    let id = task(2);
    Show {
        frame: frame(format!("Task {}", id.short()), Section::Tasks)
            .under("Tasks", paths::TASKS)
            .under(family_link(1).text, family_link(1).href),
        header,
        outcome,
        attempts: attempts(paths::task(id, "/attempts"), 2),
        config: ConfigTable::new("Configuration", &config(2)),
    }
}

fn completed() -> Show {
    show(header(State::Completed, ""), outcome(value(2), &results()))
}

fn pending() -> Show {
    let mut page = show(header(State::Pending, ""), outcome(None, &Map::new()));
    page.outcome.has_ended = false;
    page
}

fn failed() -> Show {
    let mut hostile = Map::new();
    hostile.insert(HOSTILE.to_owned(), Value::from(HOSTILE));
    let mut page = show(header(State::Failed, HOSTILE), outcome(None, &hostile));
    page.outcome.reason = HOSTILE.into();
    page.outcome.provenance = Some(Badge::provenance(Provenance::Simulated));
    page.header.family.text = HOSTILE.into();
    page.config = ConfigTable::new("Configuration", &hostile);
    page
}

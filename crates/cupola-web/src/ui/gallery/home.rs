//! `/`

use cupola_domain::counts::{Counts, State};

use super::{
    Sample,
    things::{
        HOSTILE, busy, done, family_link, frame, moment, run, task, task_link, value, worker_link,
    },
};
use crate::ui::{
    components::{Badge, EmptyState, Link, Progress, StackedBar},
    frame::Section,
    home::{Best, BestRow, Home, Latest, LatestRow, Running, RunningRow, Stats},
    paths,
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("home", &usual()),
        Sample::new("home-empty", &empty()),
        Sample::new("home-hostile", &hostile()),
    ]
}

fn usual() -> Home {
    let tasks = Counts {
        pending: 14,
        running: 3,
        completed: 47,
        failed: 3,
        cancelled: 1,
    };
    Home {
        frame: frame("Overview", Section::Overview),
        stats: Stats::new(2, 3, &tasks, 7, 7),
        running: running((1..4).map(running_row).collect()),
        latest: Latest {
            rows: (0..8).map(latest_row).collect(),
            is_hidden: false,
        },
        best: Best {
            rows: (1..6).map(best_row).collect(),
            is_hidden: false,
        },
    }
}

fn empty() -> Home {
    let empty = EmptyState::new(
        "Write your first brief",
        "Say what you want to find out; Cupola turns it into runs and shows what comes of them.",
    );
    Home {
        frame: frame("Overview", Section::Overview),
        stats: Stats::new(1, 1, &Counts::default(), 0, 0),
        running: Running {
            empty: Some(
                empty
                    .with_action("Create brief", paths::NEW_BRIEF)
                    .with_command("cupola demo"),
            ),
            ..running(Vec::new())
        },
        latest: Latest {
            rows: Vec::new(),
            is_hidden: true,
        },
        best: Best {
            rows: Vec::new(),
            is_hidden: true,
        },
    }
}

fn hostile() -> Home {
    let mut page = usual();
    for row in &mut page.running.rows {
        row.message = HOSTILE.into();
        row.family.text = HOSTILE.into();
        row.badge.reason = HOSTILE.into();
    }
    for row in &mut page.latest.rows {
        row.family.text = HOSTILE.into();
        row.metric = HOSTILE.chars().take(40).collect();
    }
    for row in &mut page.best.rows {
        row.brief.text = HOSTILE.into();
    }
    page
}

fn running(rows: Vec<RunningRow>) -> Running {
    let runs = rows.iter().map(|row| format!(",run:{}", row.run.full));
    Running {
        keys: std::iter::once("tasks".to_owned()).chain(runs).collect(),
        more: if rows.is_empty() { "" } else { "and 2 more" }.to_owned(),
        rows,
        empty: None,
    }
}

fn running_row(n: u64) -> RunningRow {
    let fraction = [None, Some(0.12), Some(0.64), Some(0.97)][usize::try_from(n % 4).unwrap_or(0)];
    RunningRow {
        run: run(n).into(),
        badge: Badge::state(State::Running, if n == 1 { "preparing" } else { "" }),
        task: task_link(n),
        family: family_link(n),
        worker: Some(worker_link(n)),
        progress: Progress::new(fraction, "Progress of the run"),
        message: format!("step {} of 800, loss 1.83", n * 120),
        started: moment(n * 40),
    }
}

fn latest_row(n: u64) -> LatestRow {
    let (state, reason) = match n {
        3 => (State::Failed, "exit code 1"),
        _ => (State::Completed, ""),
    };
    LatestRow {
        task: task(n).into(),
        family: family_link(n / 3),
        badge: Badge::state(state, reason),
        metric: "val_bpb".to_owned(),
        value: value(n).filter(|_| n != 3).into(),
        finished: moment(n * 60),
    }
}

fn best_row(n: u64) -> BestRow {
    let counts = if n == 1 { busy() } else { done() };
    BestRow {
        family: family_link(n),
        brief: Link::new(
            "Best tiny character model in ten seconds",
            paths::brief(super::things::brief(n), ""),
        ),
        badge: Badge::state(counts.overall(), ""),
        bar: StackedBar::new(&counts),
        metric: "val_bpb ↓".to_owned(),
        best: value(n).into(),
        task: Some(task(n).into()),
    }
}

//! `/workers`

use cupola_domain::{counts::State, worker::Presence};

use super::{
    Sample,
    things::{
        HOSTILE, family_link, frame, lasted, moment, run, task_link, value, worker, worker_link,
    },
};
use crate::ui::{
    components::{Along, Badge, EmptyState, Link},
    frame::Section,
    paths,
    runs::Curves,
    workers::{Header, Index, List, RunRow, Runs, Show, WorkerRow},
};

const JOIN: &str = "cupola worker --hub http://127.0.0.1:7171 --token TOKEN";

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("workers", &index((0..3).map(row).collect())),
        Sample::new("workers-empty", &index(Vec::new())),
        Sample::new("workers-hostile", &hostile_index()),
        Sample::new("worker", &show(3)),
        Sample::new("worker-idle", &show(0)),
    ]
}

fn index(rows: Vec<WorkerRow>) -> Index {
    let empty = EmptyState::new(
        "No workers",
        "Tasks wait until a machine joins. Make a token with the role worker, then start one.",
    );
    Index {
        frame: frame("Workers", Section::Workers),
        list: List {
            count: format!("{} online of {}", rows.len().min(1), rows.len()),
            empty: rows.is_empty().then(|| {
                empty
                    .with_action("Make a token", paths::TOKENS)
                    .with_command(JOIN)
            }),
            rows,
        },
        join_command: JOIN.to_owned(),
    }
}

fn row(n: u64) -> WorkerRow {
    let at = usize::try_from(n % 3).unwrap_or(0);
    let presence = [Presence::Online, Presence::Late, Presence::Offline][at];
    let id = worker(n);
    WorkerRow {
        name: worker_link(n),
        id: id.into(),
        badge: Badge::presence(presence),
        cpu: "16 cores".to_owned(),
        cpu_model: "AMD Ryzen 9 5950X".to_owned(),
        memory: "31.4 GiB".to_owned(),
        gpu: ["–", "–", "NVIDIA GeForce RTX 3080, 10.0 GiB"][at].to_owned(),
        python: ["3.11.7 · torch 2.15.0", "–", "3.12.1 · torch 2.15.0 (CUDA)"][at].to_owned(),
        platform: "linux-x86_64".to_owned(),
        slots: format!("{n} / 4"),
        last_seen: moment(n * 10),
        removal: Some(Link::new("Remove", paths::worker(id, "/removal"))),
    }
}

fn hostile_index() -> Index {
    let mut rows: Vec<_> = (0..2).map(row).collect();
    for row in &mut rows {
        row.name.text = HOSTILE.into();
        row.gpu = HOSTILE.into();
        row.cpu_model = HOSTILE.into();
        row.platform = "<script>alert(1)</script>".into();
    }
    index(rows)
}

fn show(rows: u64) -> Show {
    let id = worker(2);
    let run_row = |n: u64, state| RunRow {
        run: run(n).into(),
        badge: Badge::state(state, ""),
        task: task_link(n),
        family: family_link(1),
        value: value(n).into(),
        started: moment(n * 20),
        duration: lasted(9.4),
    };
    let current: Vec<_> = (0..rows).map(|n| run_row(n, State::Running)).collect();
    let keys = current.iter().map(|row| format!(",run:{}", row.run.full));
    Show {
        frame: frame(worker_link(2).text, Section::Workers).under("Workers", paths::WORKERS),
        header: Header {
            key: format!("worker:{id}"),
            src: paths::worker(id, "/header"),
            id: id.into(),
            name: worker_link(2).text,
            badge: Badge::presence(Presence::Online),
            facts: vec![
                ("Host name", HOSTILE.to_owned()),
                ("Platform", "linux-x86_64".to_owned()),
                ("CPU", "AMD Ryzen 9 5950X, 16 cores".to_owned()),
                ("RAM", "31.4 GiB".to_owned()),
                ("Free disk", "412.0 GiB".to_owned()),
                ("GPU", "NVIDIA GeForce RTX 3080, 10.0 GiB".to_owned()),
                ("Python", "3.12.1 · torch 2.15.0 (CUDA)".to_owned()),
                ("Agent", "0.0.0".to_owned()),
            ],
            slots: format!("{rows} of 4 in use"),
            registered: moment(0),
            last_seen: moment(600),
            removal: Some(Link::new("Remove", paths::worker(id, "/removal"))),
        },
        curves: Curves {
            title: "Hardware",
            along: Along::Time,
            page: paths::worker(id, ""),
            has_cost: false,
            ..super::runs::usual_curves()
        },
        runs: Runs {
            keys: std::iter::once(format!("worker:{id}"))
                .chain(keys)
                .collect(),
            src: paths::worker(id, "/runs"),
            empty: current
                .is_empty()
                .then(|| EmptyState::new("No runs yet", "It takes the next task that fits it.")),
            last: (10..15).map(|n| run_row(n, State::Completed)).collect(),
            current,
        },
    }
}

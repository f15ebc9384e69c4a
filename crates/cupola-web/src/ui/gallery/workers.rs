//! `/workers`

use cupola_domain::{counts::State, worker::Presence};

use super::{
    Sample,
    things::{
        HOSTILE, family_link, frame, lasted, moment, run, task_link, value, worker, worker_link,
    },
};
use crate::ui::{
    components::{Along, Badge, EmptyState, Field, Input, Link, Tone},
    frame::Section,
    paths,
    runs::Curves,
    workers::{
        CreatedCode, Header, Index, Joining, List, RunRow, Runs, Show, WayRow, Ways, WorkerRow,
    },
};

const RIVAL: &str = "another agent, on spare-box, said that it is this worker, and was refused.";

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("workers", &index((0..3).map(row).collect())),
        Sample::new("workers-empty", &index(Vec::new())),
        Sample::new("workers-hostile", &hostile_index()),
        Sample::new("workers-joining", &joining(None, Vec::new())),
        Sample::new("workers-joined", &joining(Some(created()), ways())),
        Sample::new("worker", &show(3)),
        Sample::new("worker-idle", &show(0)),
    ]
}

fn index(rows: Vec<WorkerRow>) -> Index {
    let empty = EmptyState::new("No workers", "Tasks wait until a machine joins.");
    Index {
        frame: frame("Workers", Section::Workers),
        list: List {
            count: format!("{} online of {}", rows.len().min(1), rows.len()),
            rivals: rows
                .iter()
                .skip(2)
                .map(|row| format!("{}: {RIVAL}", row.name.text))
                .collect(),
            empty: rows
                .is_empty()
                .then(|| empty.with_action("Add a worker", paths::JOINING)),
            rows,
        },
        adding: Some(Link::new("Add a worker", paths::JOINING)),
    }
}

fn row(n: u64) -> WorkerRow {
    let at = usize::try_from(n % 3).unwrap_or(0);
    let presence = [Presence::Online, Presence::Late, Presence::Offline][at];
    let id = worker(n);
    WorkerRow {
        name: worker_link(n),
        id: id.into(),
        badge: Badge::worker(
            presence,
            (n == 2).then_some("draining"),
            (n == 1).then_some("paused by its owner"),
        ),
        owner: ["ann", "administrator", "bob"][at].to_owned(),
        ban: (n == 2).then(banned),
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

fn banned() -> Badge {
    Badge {
        reason: "made-up results: the last one of run 1".to_owned(),
        ..Badge::word("banned", Tone::Bad)
    }
}

fn hostile_index() -> Index {
    let mut rows: Vec<_> = (0..2).map(row).collect();
    for row in &mut rows {
        row.name.text = HOSTILE.into();
        row.gpu = HOSTILE.into();
        row.owner = HOSTILE.into();
        row.cpu_model = HOSTILE.into();
        row.platform = "<script>alert(1)</script>".into();
    }
    index(rows)
}

fn joining(created: Option<CreatedCode>, rows: Vec<WayRow>) -> Joining {
    let number = |name: &str, label: &str| Field::new(name, label, "1").with(Input::Number);
    Joining {
        frame: frame("Add a worker", Section::Workers).under("Workers", paths::WORKERS),
        created,
        fields: vec![
            Field::new("owner", "Person", "ann").hint("Whose the machines are."),
            Field::new("team", "Team", "").hint("Left empty for none."),
            number("uses", "Machines").hint("How many may join by it."),
            number("hours", "Hours").hint("How long it can be used."),
        ],
        ways: Ways { rows },
    }
}

fn created() -> CreatedCode {
    let code = "cupola-join-1.eyJodWJzIjpbImh0dHBzOi8vaHViLmxhYjo3MTcxI3NoYTI1Nj0wMGZmIl0sImtleSI6ImFiMTIifQ";
    CreatedCode {
        command: format!("cupola worker --join {code}"),
        service: format!("cupola worker install --join {code}"),
        whose: format!("5 machines of {HOSTILE}"),
        expires: moment(1),
        warning: "Nothing is encrypted on the way to the hub: start it with --tls.",
    }
}

fn ways() -> Vec<WayRow> {
    let way = |owner: &str, badge: Badge, n: u64| WayRow {
        name: "the lab's spare machines".to_owned(),
        owner: owner.to_owned(),
        team: "lab".to_owned(),
        used: format!("{n} of 5"),
        closure: (n == 1).then(|| Link::new("Close", paths::JOINING)),
        badge,
        author: "administrator".to_owned(),
        expires: moment(n),
    };
    vec![
        way("ann", Badge::word("open", Tone::Good), 1),
        way(HOSTILE, Badge::word("used up", Tone::Quiet), 5),
        way("bob", Badge::word("revoked", Tone::Bad), 0),
    ]
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
            rival: format!("{}: {RIVAL}", worker_link(2).text),
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
            earned: (
                "120 credits by 12 runs".to_owned(),
                "40 in 7 days".to_owned(),
            ),
            standing: (rows > 0).then(super::verification::owner),
            owner: HOSTILE.to_owned(),
            token: HOSTILE.to_owned(),
            ban: (rows == 0).then(banned),
            drained: Some((HOSTILE.to_owned(), moment(5))),
            slots: format!("{rows} of 4 in use"),
            registered: moment(0),
            last_seen: moment(600),
            drain: Some((Link::new("Drain", paths::worker(id, "/drain")), false)),
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

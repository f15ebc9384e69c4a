//! From workers to what pages show of them.

use cupola_domain::{
    access::{Principal, Role},
    counts::State,
    ids::WorkerId,
    resources::{Capabilities, Python},
    run::Run,
    sandbox::Confinement,
    time::Timestamp,
    worker::Presence,
};
use cupola_hub::{
    ledger::WorkerEarnings,
    verification::OwnerRow,
    workers::{self, Drain},
};

use super::{Header, List, RunRow, Runs, WorkerRow};
use crate::ui::{
    components::{Along, Badge, EmptyState, Link, Moment, Tone},
    format, paths,
    present::{family_link, lasting, may, run_badge, task_link},
    runs::ShownCurves,
    verification,
};

pub(super) fn list(rows: &[workers::WorkerRow], who: &Principal) -> List {
    let online = rows
        .iter()
        .filter(|row| row.presence == Presence::Online)
        .count();
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_key(|row| match row.presence {
        Presence::Online => 0,
        Presence::Late => 1,
        Presence::Offline => 2,
    });
    let empty = || {
        if may(who, Role::Admin) {
            let text = "Tasks wait until a machine joins.";
            EmptyState::new("No workers", text).with_action("Add a worker", paths::JOINING)
        } else {
            let text = "Tasks wait until a machine joins. An administrator makes join codes.";
            EmptyState::new("No workers", text)
        }
    };
    List {
        count: format!(
            "{} online of {}",
            format::count(online as u64),
            format::count(rows.len() as u64)
        ),
        rows: sorted.into_iter().map(|found| row(found, who)).collect(),
        rivals: rows.iter().filter_map(rival).collect(),
        empty: rows.is_empty().then(empty),
    }
}

fn row(row: &workers::WorkerRow, who: &Principal) -> WorkerRow {
    let worker = &row.worker;
    let has = &worker.capabilities;
    WorkerRow {
        name: Link::new(&worker.name, paths::worker(worker.id, "")),
        id: worker.id.into(),
        badge: badge(row),
        owner: owner(row),
        ban: ban(row),
        cpu: format::counted(has.cpu_cores.into(), "core", "cores"),
        cpu_model: has.cpu_model.clone(),
        memory: format::bytes(has.memory_bytes),
        gpu: gpus(has),
        python: has.python.as_ref().map_or_else(nothing, python),
        platform: has.platform.clone(),
        slots: format!("{} / {}", row.running, worker.slots),
        last_seen: worker.last_seen_at.into(),
        removal: removal(row, who),
    }
}

fn badge(row: &workers::WorkerRow) -> Badge {
    let why = row.paused.as_ref().map(|paused| paused.why.as_str());
    Badge::worker(row.presence, row.drain.as_ref().map(Drain::as_str), why)
}

fn owner(row: &workers::WorkerRow) -> String {
    match row.owner.as_str() {
        "" => nothing(),
        owner => owner.to_owned(),
    }
}

fn ban(row: &workers::WorkerRow) -> Option<Badge> {
    let why = row.ban.as_ref()?;
    Some(Badge {
        reason: why.clone(),
        ..Badge::word("banned", Tone::Bad)
    })
}

/// Who drains it, in words; empty where nobody does.
fn drained(row: &workers::WorkerRow) -> Option<(String, Moment)> {
    let drained = &row.drain.as_ref()?.drained;
    let by = match drained.by.as_str() {
        "" => "an operator".to_owned(),
        by => by.to_owned(),
    };
    Some((by, drained.at.into()))
}

/// What is said of a copy of a worker that was refused.
fn rival(row: &workers::WorkerRow) -> Option<String> {
    let rival = row.rival.as_ref()?;
    Some(format!(
        "{}: another agent, on {}, said that it is this worker, and was refused. Somebody copied its folder or \
         its machine; a copy joins with a join code of its own.",
        row.worker.name, rival.hostname
    ))
}

fn nothing() -> String {
    format::NOTHING.to_owned()
}

fn removal(row: &workers::WorkerRow, who: &Principal) -> Option<Link> {
    let link = || Link::new("Remove", paths::worker(row.worker.id, "/removal"));
    may(who, Role::Operator).then(link)
}

fn gpus(has: &Capabilities) -> String {
    let gpus: Vec<_> = has
        .gpus
        .iter()
        .map(|gpu| format!("{}, {}", gpu.name, format::bytes(gpu.memory_bytes)))
        .collect();
    if gpus.is_empty() {
        nothing()
    } else {
        gpus.join("; ")
    }
}

/// `3.11.7 · torch 2.15.0 (CUDA)`.
fn python(python: &Python) -> String {
    let cuda = if python.has_cuda { " (CUDA)" } else { "" };
    match &python.torch {
        Some(torch) => format!("{} · torch {torch}{cuda}", python.version),
        None => python.version.clone(),
    }
}

/// `strict, network when asked for, may read /data`.
fn confinement(kept: &Confinement) -> String {
    let network = if kept.network {
        "network when asked for"
    } else {
        "no network"
    };
    let mut parts = vec![kept.level.clone(), network.to_owned()];
    if !kept.reads.is_empty() {
        parts.push(format!("may read {}", kept.reads.join(", ")));
    }
    parts.join(", ")
}

pub(super) fn header(
    row: &workers::WorkerRow,
    (earnings, standing): (&WorkerEarnings, Option<&OwnerRow>),
    who: &Principal,
) -> Header {
    let (total, week) = (&earnings.total, &earnings.week);
    let runs = format::counted(total.runs, "run", "runs");
    let worker = &row.worker;
    Header {
        key: format!("worker:{},tasks,families", worker.id),
        src: paths::worker(worker.id, "/header"),
        id: worker.id.into(),
        name: worker.name.clone(),
        badge: badge(row),
        facts: facts(&worker.capabilities, &worker.version),
        rival: rival(row).unwrap_or_default(),
        earned: (
            format!("{} credits by {runs}", total.amount),
            format!("{} in 7 days", week.amount),
        ),
        standing: standing.map(verification::standing),
        owner: owner(row),
        token: row.token.clone(),
        ban: ban(row),
        drained: drained(row),
        slots: format!("{} of {} in use", row.running, worker.slots),
        registered: worker.registered_at.into(),
        last_seen: worker.last_seen_at.into(),
        drain: drain(row, who),
        removal: removal(row, who),
    }
}

/// Where it is drained, or let work again by a button.
fn drain(row: &workers::WorkerRow, who: &Principal) -> Option<(Link, bool)> {
    let id = row.worker.id;
    let link = if row.drain.is_some() {
        let undrain = paths::worker(id, "/undrain");
        (Link::new("Let work again", undrain), true)
    } else {
        (Link::new("Drain", paths::worker(id, "/drain")), false)
    };
    may(who, Role::Operator).then_some(link)
}

fn facts(has: &Capabilities, version: &str) -> Vec<(&'static str, String)> {
    let cores = format::counted(has.cpu_cores.into(), "core", "cores");
    let cpu = match has.cpu_model.as_str() {
        "" => cores,
        model => format!("{model}, {cores}"),
    };
    vec![
        ("Host name", has.hostname.clone()),
        ("Platform", has.platform.clone()),
        ("CPU", cpu),
        ("RAM", format::bytes(has.memory_bytes)),
        ("Free disk", format::bytes(has.disk_bytes)),
        ("GPU", gpus(has)),
        ("Python", has.python.as_ref().map_or_else(nothing, python)),
        (
            "Sandbox",
            has.confinement.as_ref().map_or_else(nothing, confinement),
        ),
        (
            "Device class",
            has.device_class.clone().unwrap_or_else(nothing),
        ),
        ("Agent", version.to_owned()),
    ]
}

/// What comes first of a worker's curves.
pub(super) const USUAL: [&str; 3] = ["cpu.percent", "gpu.0.percent", "memory.used_bytes"];

/// How its curves are shown: all workers' are pinned together.
pub(super) fn shown_curves(id: WorkerId) -> ShownCurves {
    ShownCurves {
        title: "Hardware",
        along: Along::Time,
        example: "gpu, celsius|watts",
        nothing: "Nothing of its machine has been measured yet.",
        keys: (format!("worker:{id}"), format!("telemetry:{id}")),
        page: paths::worker(id, ""),
        template: "worker".to_owned(),
        has_cost: false,
    }
}

pub(super) fn runs(detail: &workers::WorkerDetail, now: Timestamp) -> Runs {
    let id = detail.row.worker.id;
    let rows = |is_current: bool| -> Vec<RunRow> {
        let runs = detail.runs.iter();
        runs.filter(|run| (run.state.word() == State::Running) == is_current)
            .filter_map(|run| run_row(run, detail, now))
            .collect()
    };
    let (current, last) = (rows(true), rows(false));
    let keys = current.iter().map(|row| format!(",run:{}", row.run.full));
    let empty = || EmptyState::new("No runs yet", "It takes the next task that fits it.");
    Runs {
        keys: std::iter::once(format!("worker:{id},tasks,families"))
            .chain(keys)
            .collect(),
        src: paths::worker(id, "/runs"),
        empty: (current.is_empty() && last.is_empty()).then(empty),
        current,
        last,
    }
}

fn run_row(run: &Run, detail: &workers::WorkerDetail, now: Timestamp) -> Option<RunRow> {
    let task = detail.tasks.get(&run.task)?;
    let family = detail.experiments.get(&run.experiment)?;
    Some(RunRow {
        run: run.id.into(),
        badge: run_badge(run),
        task: task_link(task),
        family: family_link(family),
        value: task.value.filter(|_| task.run == run.id).into(),
        started: run.started_at.into(),
        duration: lasting(run, now),
    })
}

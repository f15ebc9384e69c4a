//! What several pages say in the same words.

use std::{collections::HashMap, time::Duration};

use cupola_domain::{
    access::{Principal, Role},
    counts::{Counts, State},
    experiment::Experiment,
    ids::WorkerId,
    objective::{Direction, Objective},
    resources::Needs,
    run::{Run, RunState},
    task::Task,
    time::Timestamp,
};
use cupola_hub::costs::Spending;

use crate::ui::{
    components::{Badge, Lasting, Link},
    format, paths,
};

/// What tasks are, until there are others.
pub(crate) const KIND: &str = "training";

/// Whether `who` may do what `needed` may.
pub(crate) fn may(who: &Principal, needed: Role) -> bool {
    who.role.includes(needed)
}

/// The keys of a task's or a run's part: its own, and while it waits its family's, since what waits
/// is cancelled with the whole family at once.
pub(crate) fn keys(own: String, state: State, family: &Experiment) -> String {
    match state {
        State::Pending => format!("{own},experiment:{}", family.id),
        _ => own,
    }
}

/// Which way is better, in words; empty without an objective.
pub(crate) fn better(objective: Option<&Objective>) -> &'static str {
    match objective.map(|objective| objective.direction) {
        None => "",
        Some(Direction::Minimize) => "lower is better",
        Some(Direction::Maximize) => "higher is better",
    }
}

/// `val_bpb ↓`; empty without an objective.
pub(crate) fn metric(objective: Option<&Objective>) -> String {
    let Some(objective) = objective else {
        return String::new();
    };
    let arrow = match objective.direction {
        Direction::Minimize => '↓',
        Direction::Maximize => '↑',
    };
    format!("{} {arrow}", objective.metric)
}

/// `[48]`.
pub(crate) fn seeds(seed: i64) -> String {
    format!("[{seed}]")
}

/// `7 / 10`.
pub(crate) fn progress(counts: &Counts) -> String {
    format!(
        "{} / {}",
        format::count(counts.finished()),
        format::count(counts.total())
    )
}

/// `1 core, 1.0 GiB memory`.
pub(crate) fn needs(needs: &Needs) -> String {
    let size =
        |bytes: u64, what: &str| (bytes > 0).then(|| format!("{}{what}", format::bytes(bytes)));
    let word = |needed: bool, word: &str| needed.then(|| word.to_owned());
    let gpus = match needs.gpus {
        0 => None,
        1 => Some("1 GPU".to_owned()),
        number => Some(format!("{number} GPUs")),
    };
    let gpus = gpus.map(|gpus| match needs.gpu_memory_bytes {
        0 => gpus,
        bytes => format!("{gpus} with {}", format::bytes(bytes)),
    });
    let cores =
        (needs.cpu_cores > 0).then(|| format::counted(needs.cpu_cores.into(), "core", "cores"));
    let parts: Vec<String> = [
        cores,
        size(needs.memory_bytes, " memory"),
        size(needs.disk_bytes, " free disk"),
        gpus,
        word(needs.python, "Python"),
        word(needs.torch, "PyTorch"),
        word(needs.cuda, "CUDA"),
        word(needs.access.network, "network"),
        (!needs.access.reads.is_empty()).then(|| needs.access.reads.join(", ")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "anything".to_owned()
    } else {
        parts.join(", ")
    }
}

/// An experiment by its name; those that briefs made have pages of their own.
pub(crate) fn family_link(experiment: &Experiment) -> Link {
    let page = match experiment.origin.brief() {
        Some(_) => paths::family(experiment.id, ""),
        None => paths::experiment(experiment.id, ""),
    };
    Link::new(&experiment.name, page)
}

/// A task by its number.
pub(crate) fn task_link(task: &Task) -> Link {
    Link::new(format!("task {}", task.number), paths::task(task.id, ""))
}

/// A worker by its name.
pub(crate) fn worker_link(
    names: &HashMap<WorkerId, String>,
    worker: Option<WorkerId>,
) -> Option<Link> {
    worker.map(|id| {
        let name = names.get(&id).cloned().unwrap_or_else(|| id.short());
        Link::new(name, paths::worker(id, ""))
    })
}

/// A family's state.
pub(crate) fn family_badge(family: &Experiment) -> Badge {
    Badge::state(family.state(), "")
}

/// A task's state with why.
pub(crate) fn task_badge(task: &Task) -> Badge {
    Badge::state(task.state.word(), task.reason())
}

/// A run's state with what that leaves out.
pub(crate) fn run_badge(run: &Run) -> Badge {
    Badge::state(run.state.word(), run.reason())
}

/// What an experiment cost so far; empty where nothing ran.
pub(crate) fn spending(of: &Spending) -> String {
    if of.total.time.is_zero() {
        return String::new();
    }
    let money = |amount| format::money(amount, &of.currency);
    let cost = of.total.cost();
    let amount = cost
        .money
        .map_or_else(|| "no price is known".to_owned(), money);
    let energy = cost.energy_wh.map(|energy| format!("{energy:.1} Wh"));
    let time = format::duration(of.total.time);
    let parts = [Some(amount), Some(time), energy].into_iter().flatten();
    parts.collect::<Vec<_>>().join(" · ")
}

/// About what a brief would cost; empty where that is not known.
pub(crate) fn planned(of: &Spending) -> String {
    let money = |amount| format::money(amount, &of.currency);
    match of.planned {
        None => String::new(),
        Some(planned) if planned.least == planned.most => {
            format!("about {} for one attempt each", money(planned.most))
        }
        Some(planned) => {
            let (least, most) = (money(planned.least), money(planned.most));
            format!("about {least} to {most} for one attempt each, as the worker costs")
        }
    }
}

/// How long a run's program has been running; `None` unless it does.
pub(crate) fn running_for(run: &Run, now: Timestamp) -> Option<Duration> {
    let is_running = matches!(
        run.state,
        RunState::Running { .. } | RunState::Cancelling { .. } | RunState::Logging { .. }
    );
    let started = run.started_at.filter(|_| is_running)?;
    Some(now.since(started))
}

/// How long a run took, as its worker measured it; or takes. Nobody measured a run that was lost.
pub(crate) fn lasting(run: &Run, now: Timestamp) -> Lasting {
    if let Some(so_far) = running_for(run, now) {
        return Lasting::ticking(so_far);
    }
    run.wall_time.map_or_else(Lasting::none, Lasting::ended)
}

#[cfg(test)]
mod tests {
    use cupola_domain::resources::{GIB, Hardware};

    use super::*;

    #[test]
    fn needs_are_said_in_a_line() {
        assert_eq!(needs(&Hardware::Small.needs()), "1 core, 1.0 GiB memory");
        assert_eq!(
            needs(&Hardware::Large.needs()),
            "8 cores, 16.0 GiB memory, 1 GPU with 8.0 GiB"
        );
        let torch = Needs {
            disk_bytes: GIB,
            gpus: 2,
            torch: true,
            ..Needs::default()
        };
        assert_eq!(needs(&torch), "1.0 GiB free disk, 2 GPUs, PyTorch");
        assert_eq!(needs(&Needs::default()), "anything");
    }
}

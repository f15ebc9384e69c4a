//! What the samples are made of.

use std::time::Duration;

use cupola_domain::{
    counts::Counts,
    ids::{BriefId, ExperimentId, Ids, RunId, TaskId, WorkerId},
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use crate::ui::{
    components::{Id, Lasting, Link, Moment},
    frame::{Frame, Section, Who},
    paths,
};

/// A text that wants to be a program, is long, and runs from right to left.
pub(super) const HOSTILE: &str = "<script>alert(1)</script> \" onmouseover=alert(1) ' & \
    \u{202e}تجربة طويلة جدا\u{202c} averyveryveryveryveryveryveryverylongwordwithoutanyspaceinit";

pub(super) const GOAL: &str = "Find the best character-level language model that trains in ten \
    seconds on one core.\nWhich matters more at this budget: width, depth or the learning rate?";

const START: i64 = 1_795_132_800_000;

pub(super) fn at(secs: u64) -> Timestamp {
    Timestamp::from_millis(START + i64::try_from(secs * 1000).unwrap_or(0))
}

pub(super) fn moment(secs: u64) -> Moment {
    at(secs).into()
}

pub(super) fn never() -> Moment {
    None.into()
}

pub(super) fn lasted(secs: f64) -> Lasting {
    Lasting::ended(Duration::from_secs_f64(secs))
}

pub(super) fn brief(n: u64) -> BriefId {
    Ids::new(n).next(at(n))
}

pub(super) fn family(n: u64) -> ExperimentId {
    Ids::new(n + 1000).next(at(n))
}

pub(super) fn task(n: u64) -> TaskId {
    Ids::new(n + 20_000).next(at(n))
}

pub(super) fn run(n: u64) -> RunId {
    Ids::new(n + 400_000).next(at(n))
}

pub(super) fn worker(n: u64) -> WorkerId {
    Ids::new(n + 6_000_000).next(at(n))
}

pub(super) fn family_link(n: u64) -> Link {
    let name = format!("campaign-{}", brief(n).short());
    Link::new(name, paths::family(family(n), ""))
}

pub(super) fn task_link(n: u64) -> Link {
    Link::new(format!("task {n}"), paths::task(task(n), ""))
}

pub(super) fn worker_link(n: u64) -> Link {
    let name = ["kiln", "forge-2", "lab-rtx3080"][usize::try_from(n % 3).unwrap_or(0)];
    Link::new(name, paths::worker(worker(n), ""))
}

pub(super) fn task_id(n: u64) -> Id {
    task(n).into()
}

pub(super) fn who() -> Who {
    Who {
        name: "admin".to_owned(),
        role: "admin",
        is_researcher: true,
        is_admin: true,
    }
}

pub(super) fn frame(title: impl Into<String>, section: Section) -> Frame {
    Frame::new(title, section, Some(who())).at(4711)
}

pub(super) fn done() -> Counts {
    Counts {
        completed: 10,
        ..Counts::default()
    }
}

pub(super) fn busy() -> Counts {
    Counts {
        pending: 3,
        running: 2,
        completed: 4,
        failed: 1,
        cancelled: 0,
    }
}

/// The objective of the n-th task: repeatable, and with one that diverged.
pub(super) fn value(n: u64) -> Option<f64> {
    const VALUES: [f64; 10] = [
        4.1127, 3.8885, 3.570_512, 4.0213, 5.2261, 3.9914, 4.4402, 3.6688, 4.7021, 3.8532,
    ];
    match n {
        7 => Some(f64::NAN),
        n if n % 23 == 5 => None,
        n => VALUES.get(usize::try_from(n % 10).unwrap_or(0)).copied(),
    }
}

pub(super) fn config(n: u64) -> Map<String, Value> {
    const RATES: [f64; 5] = [0.000_316_227_766, 0.001, 0.002_8, 0.01, 0.000_14];
    let at = usize::try_from(n % 5).unwrap_or(0);
    let value = json!({
        "learning_rate": (RATES[at]),
        "n_embd": ([64, 128, 256][at % 3]),
        "n_layer": (1 + at),
        "dropout": (0.05 * f64::from(u32::try_from(at).unwrap_or(0))),
        "lr_schedule": (["cosine", "step_decay"][at % 2]),
        "batch_size": 16,
    });
    value.as_object().cloned().unwrap_or_default()
}

pub(super) fn results() -> Map<String, Value> {
    let value = json!({
        "val_bpb": 3.570_512_4,
        "train_loss": 1.740_912_3,
        "steps": 312,
        "tokens_per_second": 51_204.7,
        "parameters": 220_544,
        "diverged": "NaN",
    });
    value.as_object().cloned().unwrap_or_default()
}

pub(super) fn space() -> Vec<(String, String)> {
    [
        ("learning_rate", "log_uniform(1e-4, 1e-2)"),
        ("n_embd", "choice(64, 128, 256)"),
        ("n_layer", "integer(1, 6)"),
        ("dropout", "uniform(0, 0.2)"),
        ("lr_schedule", "choice(cosine, step_decay)"),
        (
            "decay_steps",
            "integer(2, 10) if lr_schedule in (step_decay)",
        ),
        ("batch_size", "fixed(16)"),
    ]
    .map(|(name, expression)| (name.to_owned(), expression.to_owned()))
    .to_vec()
}

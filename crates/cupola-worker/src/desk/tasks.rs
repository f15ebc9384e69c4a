//! What a worker has now, for its owner.

use std::sync::{Mutex, Weak};

use cupola_domain::time::Timestamp;
use cupola_protocol::{
    desk::DeskTaskBody,
    work::{Held, RunOrder},
};
use serde_json::Value;

use super::history::{Ended, Past};
use crate::{
    executor::{Phase, SharedOutbox},
    output::outbox::Outbox,
};

/// So many parts of a configuration are shown.
const CONFIG_MAX: usize = 40;

/// How much of a value is shown.
const VALUE_CHARS_MAX: usize = 80;

/// What a worker has now.
#[derive(Debug, Default)]
pub(super) struct Tasks(Vec<Current>);

#[derive(Debug)]
struct Current {
    held: Held,
    body: DeskTaskBody,
    /// Where it says how far it is; gone when it has ended.
    outbox: Weak<Mutex<Outbox>>,
}

impl Tasks {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn begin(&mut self, order: &RunOrder, now: Timestamp) {
        let config = order.config.iter().take(CONFIG_MAX);
        self.0.push(Current {
            held: Held {
                run_id: order.run_id.clone(),
                epoch: order.epoch,
            },
            body: DeskTaskBody {
                run_id: order.run_id.clone(),
                task_id: order.task_id.clone(),
                template: order.template.clone(),
                attempt: order.attempt,
                phase: word(Phase::Preparing).to_owned(),
                started_at: now.into(),
                time_budget_secs: order.time_budget_secs,
                metric_name: order.metric_name.clone(),
                config: config.map(|(name, value)| part(name, value)).collect(),
                progress: Vec::new(),
            },
            outbox: Weak::new(),
        });
    }

    pub(super) fn enter(&mut self, held: &Held, phase: Phase) {
        if let Some(current) = self.find(held) {
            word(phase).clone_into(&mut current.body.phase);
        }
    }

    pub(super) fn follow(&mut self, held: &Held, outbox: &SharedOutbox) {
        if let Some(current) = self.find(held) {
            current.outbox = SharedOutbox::downgrade(outbox);
        }
    }

    /// Takes it out, if it was here.
    pub(super) fn end(&mut self, held: &Held, ended: Ended) -> Option<Past> {
        let at = self.0.iter().position(|current| current.held == *held)?;
        let task = self.0.remove(at).body;
        Some(Past { task, ended })
    }

    /// Each with how far it says that it is now.
    pub(super) fn bodies(&self) -> Vec<DeskTaskBody> {
        let body = |current: &Current| {
            let outbox = current.outbox.upgrade();
            let progress = outbox.map(|outbox| crate::executor::locked(&outbox).progress());
            DeskTaskBody {
                progress: progress.unwrap_or_default(),
                ..current.body.clone()
            }
        };
        self.0.iter().map(body).collect()
    }

    fn find(&mut self, held: &Held) -> Option<&mut Current> {
        self.0.iter_mut().find(|current| current.held == *held)
    }
}

const fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "preparing",
        Phase::Running => "running",
        Phase::Terminating => "terminating",
        Phase::Reporting => "reporting",
    }
}

fn part(name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let shown: String = text.chars().take(VALUE_CHARS_MAX).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{name} = {shown}{rest}")
}

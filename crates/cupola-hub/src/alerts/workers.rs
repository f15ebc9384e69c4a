//! Workers as rules see them.

use std::{collections::HashMap, time::Duration};

use cupola_domain::{alert::Subject, ids::WorkerId, time::Timestamp, worker::OFFLINE_AFTER};
use cupola_search::alert::{Condition, Rule, Watched};

use crate::{Hub, HubError};

/// The workers, where a rule asks for them.
#[derive(Debug, Default)]
pub(super) struct Workers(HashMap<WorkerId, Seen>);

#[derive(Debug)]
struct Seen {
    name: String,
    /// Since it was heard; since the hub looks, where it was not heard since.
    silence: Duration,
    /// Whether it was heard since.
    was_heard: bool,
    has_left: bool,
}

impl Workers {
    /// `up` is how long this hub has been looking: before that nobody could be heard.
    pub(super) fn of(hub: &Hub, rules: &[Rule], up: Duration) -> Result<Self, HubError> {
        let asks = |rule: &Rule| match &rule.condition {
            Condition::WorkerGone { .. } => true,
            condition => matches!(condition.watched(), Some(Watched::Telemetry(_))),
        };
        if !rules.iter().any(asks) {
            return Ok(Self::default());
        }
        let now: Timestamp = hub.now();
        let rows = hub.list_workers()?.into_iter().map(|row| {
            let worker = row.worker;
            let has_left = worker
                .left_at
                .is_some_and(|left| left >= worker.last_seen_at);
            let silence = now.since(worker.last_seen_at);
            let seen = Seen {
                silence: silence.min(up),
                was_heard: silence < up,
                has_left,
                name: worker.name,
            };
            (worker.id, seen)
        });
        Ok(Self(rows.collect()))
    }

    /// All of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.0.keys().copied()
    }

    /// What a worker is called.
    pub(super) fn name(&self, id: WorkerId) -> Option<&str> {
        self.0.get(&id).map(|seen| seen.name.as_str())
    }

    /// Whether a subject is a worker that was heard since this hub looks, or that said goodbye.
    pub(super) fn was_heard(&self, subject: &Subject) -> bool {
        let seen = match subject {
            Subject::Worker(id) => self.0.get(id),
            _ => None,
        };
        seen.is_none_or(|seen| seen.was_heard || seen.has_left)
    }

    /// Whether what it measured last may still be so.
    pub(super) fn is_there(&self, id: WorkerId) -> bool {
        let seen = self.0.get(&id);
        seen.is_some_and(|seen| !seen.has_left && seen.silence <= OFFLINE_AFTER)
    }

    /// Those that are silent for so long and did not say goodbye.
    pub(super) fn gone(&self, silence: Duration) -> HashMap<Subject, String> {
        let gone = self
            .0
            .iter()
            .filter(|(_, seen)| !seen.has_left && seen.silence >= silence);
        let said = gone.map(|(id, seen)| {
            let minutes = seen.silence.as_secs() / 60;
            let text = match minutes {
                0 => format!("nothing was heard of it for {} s", seen.silence.as_secs()),
                _ => format!("nothing was heard of it for {minutes} min"),
            };
            (Subject::Worker(*id), text)
        });
        said.collect()
    }
}

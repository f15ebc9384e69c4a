//! What happened since the snapshot was made, as far as it shows.

use std::collections::HashSet;

use cupola_domain::ids::{ExperimentId, RunId, TaskId};
use cupola_store::EventRow;

/// More runs than these are not looked at one by one: all models are.
const RUNS_MAX: usize = 1_000;

/// What to look for again.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of another thing that it is looked at again"
)]
pub(super) struct Changes {
    /// Up to this change all is noted.
    pub(super) seq: i64,
    /// Runs that moved, or said how far they are.
    pub(super) runs: HashSet<RunId>,
    /// Tasks that moved: each may have another run.
    pub(super) tasks: HashSet<TaskId>,
    /// Runs that measured something.
    pub(super) measured: HashSet<RunId>,
    /// Experiments that came, went or came back.
    pub(super) experiments: HashSet<ExperimentId>,
    /// Whether something is configured, said, found or registered anew.
    pub(super) has_models: bool,
    /// Whether too much happened to be looked at one by one.
    pub(super) is_all: bool,
    /// Whether something else did.
    has_more: bool,
    /// Whether something happened that nobody should have to wait for: a state, not a measured value.
    is_news: bool,
}

impl Changes {
    /// None yet after change `seq`.
    pub(super) fn after(seq: i64) -> Self {
        Self {
            seq,
            ..Self::default()
        }
    }

    /// Everything may have changed.
    pub(super) fn everything(seq: i64) -> Self {
        Self {
            seq,
            is_all: true,
            is_news: true,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let is_none = self.runs.is_empty() && self.measured.is_empty();
        is_none && !self.has_models && !self.is_all && !self.has_more && !self.is_news
    }

    pub(super) fn is_news(&self) -> bool {
        self.is_news
    }

    /// Notes changes in their order. Numbers have no gaps: where one is missing, it was forgotten.
    pub(super) fn note(&mut self, rows: &[EventRow]) {
        for row in rows {
            if row.seq != self.seq + 1 {
                self.is_all = true;
                self.is_news = true;
            }
            self.seq = row.seq;
            self.note_one(row);
        }
        let most = self
            .runs
            .len()
            .max(self.measured.len())
            .max(self.tasks.len());
        self.is_all |= most > RUNS_MAX;
    }

    fn note_one(&mut self, row: &EventRow) {
        match row.kind.as_str() {
            "run" => {
                self.runs.extend(row.subject.parse::<RunId>().ok());
            }
            "ended" => {
                self.runs.extend(row.subject.parse::<RunId>().ok());
                self.is_news = true;
            }
            "metrics" => {
                self.measured.extend(row.subject.parse::<RunId>().ok());
            }
            "experiment" => {
                self.experiments
                    .extend(row.subject.parse::<ExperimentId>().ok());
                self.is_news = true;
            }
            "task" => {
                self.tasks.extend(row.subject.parse::<TaskId>().ok());
                self.is_news = true;
            }
            "model" | "training" => {
                self.has_models = true;
                self.is_news = true;
            }
            "telemetry" | "worker" => self.has_more = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: i64, kind: &str, subject: &str) -> EventRow {
        EventRow {
            seq,
            at: 0,
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            parent: None,
        }
    }

    /// What is noted of one change after number 7.
    fn check(seq: i64, kind: &str, expected: &str) {
        let mut changes = Changes::after(7);
        let id = RunId::from(uuid::Uuid::from_u128(5)).to_string();
        changes.note(&[row(seq, kind, &id)]);
        let words = [
            (!changes.runs.is_empty(), "run"),
            (!changes.measured.is_empty(), "points"),
            (!changes.experiments.is_empty(), "experiment"),
            (changes.has_models, "models"),
            (changes.is_all, "all"),
            (changes.is_news(), "news"),
            (changes.is_empty(), "nothing"),
        ];
        let noted: Vec<_> = words
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, word)| *word)
            .collect();
        assert_eq!(noted.join(" "), expected, "{kind}");
        assert_eq!(changes.seq, seq);
    }

    #[test]
    fn what_a_run_says_may_wait_and_how_it_ends_may_not() {
        check(8, "run", "run");
        check(8, "ended", "run news");
        check(8, "task", "news");
        check(8, "metrics", "points");
        check(8, "telemetry", "");
    }

    #[test]
    fn what_is_said_of_models_is_news() {
        check(8, "training", "models news");
        check(8, "model", "models news");
        check(8, "experiment", "experiment news");
    }

    #[test]
    fn what_does_not_show_is_passed_over() {
        for kind in ["log", "token", "monitor", "templates", "brief"] {
            check(8, kind, "nothing");
        }
    }

    #[test]
    fn where_changes_were_forgotten_all_is_looked_at() {
        check(10, "log", "all news");
    }
}

//! What a worker had done, for its owner: in `history.jsonl`, one line for each run.

use std::{
    collections::VecDeque,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use cupola_domain::{metric::json_number, time::Timestamp};
use cupola_protocol::{
    desk::{DeskEndedBody, DeskTaskBody},
    work::Finished,
};

use crate::private::replace;

/// So many runs are shown, and kept when a worker starts.
const RUNS_MAX: usize = 200;

/// The hub is asked of so many at once what they are worth.
const RUNS_ASKED: usize = 100;

/// A file that has so many lines is written anew: most say again what others said.
const LINES_MAX: usize = 2 * RUNS_MAX;

/// How a run ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    status: String,
    reason: String,
    value: Option<f64>,
    wall_time_secs: f64,
}

impl Ended {
    /// As the hub was told it.
    pub(crate) fn told(finished: &Finished, metric_name: &str) -> Self {
        let value = finished.results.get(metric_name).and_then(json_number);
        let reason = match (finished.failure.as_str(), finished.failure_detail.as_str()) {
            ("", _) => String::new(),
            (failure, "") => failure.to_owned(),
            (failure, detail) => format!("{failure}: {detail}"),
        };
        Self {
            status: finished.outcome.clone(),
            reason,
            value: value.filter(|value| value.is_finite()),
            wall_time_secs: finished.wall_time_secs,
        }
    }

    /// In a way that is nobody's business.
    pub(crate) fn stopped(wall_time_secs: f64) -> Self {
        Self {
            status: "stopped".to_owned(),
            reason: String::new(),
            value: None,
            wall_time_secs,
        }
    }
}

/// A run of which all is known.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) task: DeskTaskBody,
    pub(super) ended: Ended,
}

impl Past {
    /// As it is kept.
    pub(super) fn body(self, now: Timestamp) -> DeskEndedBody {
        let Past { task, ended } = self;
        DeskEndedBody {
            run_id: task.run_id,
            task_id: task.task_id,
            template: task.template,
            status: ended.status,
            reason: ended.reason,
            metric_name: task.metric_name,
            value: ended.value,
            wall_time_secs: ended.wall_time_secs,
            credits: None,
            ended_at: now.into(),
        }
    }
}

/// What a worker had done.
#[derive(Debug)]
pub(super) struct History {
    path: PathBuf,
    runs: VecDeque<DeskEndedBody>,
    /// How many lines the file has.
    lines: usize,
}

impl History {
    /// Of the worker whose folder this is. Lines that are not understood are passed over.
    pub(super) fn read(folder: &Path) -> Self {
        let path = folder.join("history.jsonl");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut runs: VecDeque<DeskEndedBody> = VecDeque::new();
        for line in text.lines() {
            let Ok(ended) = serde_json::from_str::<DeskEndedBody>(line) else {
                continue;
            };
            // Said again once it is known what it earns.
            match runs.iter_mut().rev().find(|run| run.run_id == ended.run_id) {
                Some(run) => *run = ended,
                None => runs.push_back(ended),
            }
            if runs.len() > RUNS_MAX {
                runs.pop_front();
            }
        }
        let lines = text.lines().count();
        Self { path, runs, lines }
    }

    /// One more.
    pub(super) fn push(&mut self, ended: DeskEndedBody) {
        // A worker works on although its history cannot be written.
        let _ = self.append(&ended);
        self.runs.push_back(ended);
        if self.runs.len() > RUNS_MAX {
            self.runs.pop_front();
        }
    }

    /// What a run earns, which the hub says a moment later, and again when it takes that back. Says whether it
    /// is news.
    pub(super) fn earned(&mut self, run: &str, amount: &str) -> bool {
        let mut runs = self.runs.iter_mut().rev();
        let ended = runs.find(|ended| ended.run_id == run);
        let Some(ended) = ended.filter(|ended| ended.credits.as_deref() != Some(amount)) else {
            return false;
        };
        ended.credits = Some(amount.to_owned());
        let ended = ended.clone();
        let _ = self.append(&ended);
        true
    }

    /// The latest runs that are worth asking for: that earned something, or of which nothing is known yet.
    pub(super) fn to_ask(&self) -> Vec<String> {
        let is_open = |ended: &&DeskEndedBody| ended.credits.as_deref() != Some("0");
        let runs = self.runs.iter().rev().filter(is_open);
        runs.take(RUNS_ASKED)
            .map(|ended| ended.run_id.clone())
            .collect()
    }

    /// The latest first.
    pub(super) fn latest_first(&self) -> Vec<DeskEndedBody> {
        self.runs.iter().rev().cloned().collect()
    }

    fn append(&mut self, ended: &DeskEndedBody) -> io::Result<()> {
        if self.lines >= LINES_MAX {
            self.cut()?;
        }
        let line = serde_json::to_string(ended)?;
        let mut options = OpenOptions::new();
        let mut file = options
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        writeln!(file, "{line}")?;
        self.lines += 1;
        Ok(())
    }

    fn cut(&mut self) -> io::Result<()> {
        let lines: Result<Vec<_>, _> = self.runs.iter().map(serde_json::to_string).collect();
        replace(&self.path, &format!("{}\n", lines?.join("\n")))?;
        self.lines = self.runs.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(number: usize) -> DeskEndedBody {
        DeskEndedBody {
            run_id: format!("r{number}"),
            task_id: "t".to_owned(),
            template: "x".to_owned(),
            status: "completed".to_owned(),
            reason: String::new(),
            metric_name: String::new(),
            value: None,
            wall_time_secs: 1.0,
            credits: None,
            ended_at: Timestamp::from_millis(0).into(),
        }
    }

    #[test]
    fn the_latest_are_known_after_a_restart_and_the_file_is_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::read(folder.path());
        for number in 0..=2 * RUNS_MAX {
            history.push(ended(number));
        }
        let again = History::read(folder.path());
        assert_eq!(again.latest_first(), history.latest_first());
        assert_eq!(again.latest_first()[0], ended(2 * RUNS_MAX));
        let text = fs::read_to_string(folder.path().join("history.jsonl")).unwrap();
        assert!(text.lines().count() < LINES_MAX);
    }

    #[test]
    fn what_a_run_earns_is_kept_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::read(folder.path());
        history.push(ended(1));
        history.push(ended(2));
        assert!(history.earned("r1", "0.25"));
        assert!(!history.earned("r1", "0.25"));
        let again = History::read(folder.path()).latest_first();
        assert_eq!(again, history.latest_first());
        assert_eq!(again[1].credits.as_deref(), Some("0.25"));
    }

    #[test]
    fn what_is_known_to_be_worth_nothing_is_not_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::read(folder.path());
        for number in 1..=3 {
            history.push(ended(number));
        }
        history.earned("r1", "0.25");
        history.earned("r2", "0");
        // Of the third one the hub's answer was lost.
        assert_eq!(history.to_ask(), ["r3", "r1"]);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let line = serde_json::to_string(&ended(1)).unwrap();
        let text = format!("nonsense\n{line}\n{{\"run_id\"");
        fs::write(folder.path().join("history.jsonl"), text).unwrap();
        assert_eq!(History::read(folder.path()).latest_first(), [ended(1)]);
    }
}

//! What lies in the folder of an experiment, and how it stands to what the store has.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use cupola_domain::ids::{ExperimentId, RunId};
use serde_json::{Map, Value};

use super::{
    ahead::is_ahead,
    places::NEW,
    record::{Kind, Record},
    tables::text,
};

/// What is to be done where the store is an older copy.
pub(super) const OLDER: &str = "the database is older than this folder; sync into a new one (move this \
                                one aside), or move the folder away to go on without it";

/// The runs of an experiment's folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Those that the store lacks; of each task the latest first.
    pub(super) absent: Vec<Known>,
    /// The tasks of all of them, those that the store has included.
    pub(super) tasks: BTreeSet<String>,
    /// Tasks of which a run stays out.
    kept_out: BTreeSet<String>,
    /// Runs that the store lacks and that cannot be read.
    unread: BTreeSet<String>,
}

/// A run as its folder says.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) folder: PathBuf,
    task: String,
    /// The run of the task that followed, or this one.
    latest: String,
    attempt: i64,
    pub(super) bytes: u64,
}

impl Found {
    /// Takes note of a folder that is called like a run, which the store has as `there`. Says what keeps
    /// it out, or from being what the store has.
    pub(super) fn take(
        &mut self,
        folder: &Path,
        name: &str,
        experiment: ExperimentId,
        there: Option<&Map<String, Value>>,
        is_unsynced: bool,
    ) -> Option<String> {
        let record = record(folder, name, experiment);
        let Some(there) = there else {
            match record {
                Ok(record) => {
                    let known = Known::of(folder, &record);
                    self.tasks.insert(known.task.clone());
                    self.absent.push(known);
                }
                // A hub died while it wrote the first of it.
                Err(_) if is_unwritten(folder) => {}
                Err(reason) => {
                    self.unread.insert(name.to_owned());
                    return Some(reason);
                }
            }
            return None;
        };
        self.tasks.insert(text(there, "task_id").to_owned());
        match record {
            // The hub writes anew what it has, but not what may be later than that.
            Err(reason) => (is_unsynced && text(there, "phase") != "finished").then_some(reason),
            Ok(record) => {
                let said = record.one("run")?;
                let state = |row| match text(row, "phase") {
                    "finished" => text(row, "outcome").to_owned(),
                    phase => phase.to_owned(),
                };
                is_ahead(said, there, is_unsynced).then(|| {
                    let (said, known) = (state(said), state(there));
                    format!("it is {said} here and {known} in the database: {OLDER}")
                })
            }
        }
    }

    /// Sorts what the store lacks: the latest run of a task knows it best.
    pub(super) fn put_in_order(&mut self) {
        let by = |known: &Known| (known.task.clone(), Reverse(known.attempt));
        self.absent.sort_by_cached_key(by);
    }

    /// Whether a later run of the same task stays out. Without it the task would be tried again.
    pub(super) fn stays_out(&mut self, known: &Known) -> bool {
        if self.unread.contains(&known.latest) {
            self.keep_out(known);
        }
        self.kept_out.contains(&known.task)
    }

    /// Takes note of a run that cannot come in.
    pub(super) fn keep_out(&mut self, known: &Known) {
        self.kept_out.insert(known.task.clone());
    }

    /// Whether all that the store lacked came in.
    pub(super) fn is_whole(&self) -> bool {
        self.kept_out.is_empty() && self.unread.is_empty()
    }
}

impl Known {
    fn of(folder: &Path, record: &Record) -> Self {
        let row = |table: &str| record.one(table).cloned().unwrap_or_default();
        let (run, task) = (row("run"), row("task"));
        let attempt = run.get("attempt").and_then(Value::as_i64);
        Self {
            folder: folder.to_owned(),
            task: text(&run, "task_id").to_owned(),
            latest: text(&task, "run_id").to_owned(),
            attempt: attempt.unwrap_or_default(),
            bytes: record.files.iter().map(|file| file.bytes).sum(),
        }
    }
}

fn record(folder: &Path, name: &str, experiment: ExperimentId) -> Result<Record, String> {
    let record = Record::read(folder, "run.json", Kind::Run)?;
    let run = record.one("run").ok_or("run.json: has no run")?;
    if text(run, "id") != name || name.parse::<RunId>().is_err() {
        return Err("run.json: is of another run than its folder".to_owned());
    }
    if text(run, "experiment_id") != experiment.to_string() {
        return Err("run.json: is of another experiment than its folder".to_owned());
    }
    Ok(record)
}

/// Whether nothing in a folder ever got its name.
fn is_unwritten(folder: &Path) -> bool {
    let is_new = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(NEW))
    };
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(is_new))
}

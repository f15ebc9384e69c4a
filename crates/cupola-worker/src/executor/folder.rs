//! A run's folder: all that is needed to know what it used and gave, without the hub.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use cupola_protocol::work::{Finished, RunOrder};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    foreign::DEPTH_MAX,
    output::{
        outbox::{STREAMS, Stream, file_of},
        points::{EVENTS_FILE, EVENTS_FILE_BYTES_MAX},
        spool::LOG_FILE_BYTES_MAX,
    },
};

/// More than what a hub sends as a configuration, and what it takes as results.
const JSON_BYTES_MAX: u64 = 64 << 20;

/// The folder of one run, by a path without links. Kept after its end; where
/// programs are those of strangers, without what they made.
///
/// `config.json` is what the program gets, `environment.json` which run it is and what it ran in,
/// `results.json` how it ended; the logs and events lie beside them.
#[derive(Debug)]
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes the folder of `order` in `runs_folder` and writes what is known before the start.
    pub(super) fn create(runs_folder: &Path, order: &RunOrder) -> io::Result<Self> {
        if !is_folder_name(&order.run_id) {
            let text = format!("`{}` is not the id of a run", order.run_id);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        fs::create_dir_all(runs_folder)?;
        let folder = Self(runs_folder.canonicalize()?.join(&order.run_id));
        fs::create_dir_all(&folder.0)?;
        if !fs::symlink_metadata(&folder.0)?.is_dir() {
            return Err(io::Error::other("something else lies in its place"));
        }
        // The same run may have been here before, under an older lease.
        let _ = fs::remove_file(folder.cancel_path());
        replace(&folder.config_path(), &json(&order.config)?)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file that a program reads its configuration from.
    pub(super) fn config_path(&self) -> PathBuf {
        self.0.join("config.json")
    }

    /// The file that is there once somebody asked to cancel.
    pub(super) fn cancel_path(&self) -> PathBuf {
        self.0.join("cancel")
    }

    pub(super) async fn write_cancel(&self) -> io::Result<()> {
        self.write("cancel", Vec::new()).await
    }

    pub(super) async fn write_environment(
        &self,
        environment: &Map<String, Value>,
    ) -> io::Result<()> {
        self.write("environment.json", json(environment)?).await
    }

    pub(super) async fn write_results(&self, finished: &Finished) -> io::Result<()> {
        self.write("results.json", json(finished)?).await
    }

    /// Writes away from the threads on which everything else waits.
    async fn write(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.0.join(name);
        let writing = tokio::task::spawn_blocking(move || replace(&path, &bytes));
        writing.await.map_err(io::Error::other)?
    }
}

/// Removes from the folder of a run that is over all but what this worker wrote there itself.
pub(super) fn keep_ours(runs_folder: &Path, run_id: &str) -> io::Result<()> {
    if !is_folder_name(run_id) {
        return Ok(());
    }
    for entry in fs::read_dir(runs_folder.join(run_id))? {
        let entry = entry?;
        let about = entry.metadata()?;
        let most = entry.file_name().to_str().and_then(length_max_of_ours);
        if about.is_file() && most.is_some_and(|most| about.len() <= most) {
            continue;
        }
        // One that cannot be removed keeps no other one here.
        let _ = if about.is_dir() {
            remove_folder(&entry.path())
        } else {
            fs::remove_file(entry.path())
        };
    }
    Ok(())
}

/// Removes what is left of runs that were given back or broken off, and the folders of those that ended before
/// then. No run may have begun before that.
pub(super) fn clear_old(runs_folder: &Path, ended_before: Option<SystemTime>) {
    for entry in fs::read_dir(runs_folder).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else {
            continue;
        };
        let is_old = || about.modified().ok().zip(ended_before);
        // What is in the way of either is so the next time, too.
        let _ = if !about.is_dir() {
            fs::remove_file(entry.path())
        } else if is_old().is_some_and(|(modified, before)| modified < before) {
            remove_folder(&entry.path())
        } else {
            let name = entry.file_name();
            keep_ours(runs_folder, name.to_str().unwrap_or_default())
        };
    }
}

/// How long a file of this worker's own is at most; a longer one is the program's.
fn length_max_of_ours(name: &str) -> Option<u64> {
    let is_log = |(_, stream): &(Stream, &str)| file_of(stream) == name;
    match name {
        "cancel" | "config.json" | "environment.json" | "results.json" => Some(JSON_BYTES_MAX),
        EVENTS_FILE => Some(EVENTS_FILE_BYTES_MAX),
        _ => STREAMS.iter().any(is_log).then_some(LOG_FILE_BYTES_MAX),
    }
}

/// Removes a folder, which the program may have closed against that.
fn remove_folder(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder).or_else(|_| {
        open_up(folder, DEPTH_MAX);
        fs::remove_dir_all(folder)
    })
}

fn open_up(folder: &Path, depth_left: usize) {
    let for_its_owner = fs::Permissions::from_mode(0o700);
    let _ = fs::set_permissions(folder, for_its_owner);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if depth_left > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path(), depth_left - 1);
        }
    }
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

/// Writes beside the file and renames over it: the folder is the program's too, and opening what it
/// may have put in the file's place, a pipe that nobody reads for instance, could wait for ever.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("cupola-new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::File::create_new(&beside)?;
    file.write_all(bytes)?;
    fs::rename(&beside, path)
}

/// Whether a hub's id may name a folder.
fn is_folder_name(id: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=64).contains(&id.len()) && id.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_files_place_is_replaced_and_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "kept").unwrap();
        let path = folder.path().join("cancel");
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read(&elsewhere).unwrap(), b"kept");
    }

    #[test]
    fn of_runs_that_were_broken_off_nothing_of_the_program_stays() {
        let place = tempfile::tempdir().unwrap();
        let runs = place.path().join("runs");
        for run in ["new", "old"] {
            fs::create_dir_all(runs.join(run).join("checkpoints")).unwrap();
            fs::write(runs.join(run).join("checkpoints/1"), "many bytes").unwrap();
            fs::write(runs.join(run).join("config.json"), "{}").unwrap();
        }
        let now = fs::metadata(runs.join("new")).unwrap().modified().unwrap();
        let hour = std::time::Duration::from_hours(1);
        let old = fs::File::open(runs.join("old")).unwrap();
        old.set_modified(now - 2 * hour).unwrap();
        clear_old(&runs, Some(now - hour));
        let left: Vec<_> = fs::read_dir(&runs).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert!(runs.join("new/config.json").exists());
        assert!(!runs.join("new/checkpoints").exists());
    }

    #[test]
    fn what_an_older_lease_left_in_the_folder_s_place_is_not_written_into() {
        let place = tempfile::tempdir().unwrap();
        let (runs, elsewhere) = (place.path().join("runs"), place.path().join("elsewhere"));
        let order = || -> RunOrder {
            serde_json::from_value(serde_json::json!({
                "run_id": "r1", "task_id": "t", "experiment_id": "e", "attempt": 1, "epoch": 1,
                "template": "t", "command": [], "code_hash": "", "has_bundle": false, "config": {},
                "metric_name": "", "environment": {}, "working_folder": null,
                "time_budget_secs": 1.0, "hard_deadline_secs": 1.0,
            }))
            .unwrap()
        };
        assert!(RunFolder::create(&runs, &order()).is_ok());
        assert!(RunFolder::create(&runs, &order()).is_ok());
        fs::create_dir(&elsewhere).unwrap();
        fs::remove_dir_all(runs.join("r1")).unwrap();
        std::os::unix::fs::symlink(&elsewhere, runs.join("r1")).unwrap();
        assert!(RunFolder::create(&runs, &order()).is_err());
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    }

    #[test]
    fn what_a_program_made_goes_and_what_we_wrote_stays() {
        let runs = tempfile::tempdir().unwrap();
        let at = |path: &str| runs.path().join("r1").join(path);
        fs::create_dir_all(at("closed/deep")).unwrap();
        fs::write(runs.path().join("beside"), "stays").unwrap();
        for file in [
            "config.json",
            "results.json",
            "stdout.log",
            "events.jsonl",
            "model.bin",
            "other.log",
            "closed/deep/file",
        ] {
            fs::write(at(file), "x").unwrap();
        }
        std::os::unix::fs::symlink(runs.path().join("beside"), at("worker.log")).unwrap();
        let large = fs::File::create(at("event.log")).unwrap();
        large.set_len(LOG_FILE_BYTES_MAX + 1).unwrap();
        for folder in ["closed/deep", "closed"] {
            fs::set_permissions(at(folder), fs::Permissions::from_mode(0o000)).unwrap();
        }
        keep_ours(runs.path(), "r1").unwrap();
        keep_ours(runs.path(), "../r1").unwrap();
        let left = fs::read_dir(at("")).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let ours = ["config.json", "events.jsonl", "results.json", "stdout.log"];
        assert_eq!(left, ours);
        assert!(runs.path().join("beside").is_file());
    }

    #[test]
    fn only_plain_ids_name_folders() {
        assert!(is_folder_name("0192f-a"));
        for refused in ["", ".", "..", "a/b", "a b", &"x".repeat(65)] {
            assert!(!is_folder_name(refused), "{refused}");
        }
    }
}

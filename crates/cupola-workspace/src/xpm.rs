//! Experimaestro's workspaces of version 2, as they lie on disk. Everything here reads, nothing
//! writes, and what is half written, missing or wrong becomes a word about it.

pub(crate) mod events;
pub(crate) mod file;
pub(crate) mod job;
pub(crate) mod objects;
pub(crate) mod params;
pub(crate) mod run;
pub(crate) mod value;

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::model::JobKey;

/// Where things lie below a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The workspace.
    pub(crate) root: PathBuf,
}

impl Layout {
    pub(crate) fn jobs(&self) -> PathBuf {
        self.root.join("jobs")
    }

    pub(crate) fn experiments(&self) -> PathBuf {
        self.root.join("experiments")
    }

    pub(crate) fn live_jobs(&self) -> PathBuf {
        self.root.join(".events/jobs")
    }

    pub(crate) fn live_runs(&self) -> PathBuf {
        self.root.join(".events/experiments")
    }

    pub(crate) fn scheduler(&self) -> PathBuf {
        self.root.join(".scheduler")
    }

    /// None where its names would lead out of the folder of jobs.
    pub(crate) fn job(&self, key: &JobKey) -> Option<PathBuf> {
        (is_name(&key.task) && is_name(&key.id)).then(|| {
            let mut path = self.jobs();
            path.push(&key.task);
            path.push(&key.id);
            path
        })
    }

    /// Where a job's events are while it is under way: beside those of all others, by a hash of its
    /// task.
    pub(crate) fn live_job(&self, key: &JobKey) -> impl Fn(u64) -> Option<PathBuf> {
        use sha2::Digest as _;
        move |number| {
            let hash = sha2::Sha256::digest(key.task.as_bytes());
            let hash = u32::from_be_bytes(hash.first_chunk().copied()?);
            is_name(&key.id).then(|| {
                self.live_jobs()
                    .join(format!("{hash:08x}-{}-{number}.jsonl", key.id))
            })
        }
    }

    /// Whether this looks like a workspace at all.
    pub(crate) fn is_there(&self) -> bool {
        [".__experimaestro__", "experiments", "jobs"]
            .iter()
            .any(|name| self.root.join(name).exists())
    }

    /// By what it is told from another folder of its name; none while it is away.
    pub(crate) fn identity(&self) -> Option<(u64, u64)> {
        let metadata = self.root.metadata().ok().filter(|_| self.is_there())?;
        Some((metadata.dev(), metadata.ino()))
    }
}

/// Whether `name` can stand for one entry of a folder.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && name.len() <= 255
        && !name.contains(['/', '\0'])
}

/// What the files of a job begin with: the last part of its task's name.
pub(crate) fn script(task: &str) -> &str {
    task.rsplit('.').next().unwrap_or(task)
}

/// Names of the folders below `path` that are no links and not hidden, sorted. Unreadable: the error.
pub(crate) fn folders(path: &Path) -> std::io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        // A list that breaks off must not pass for a whole one.
        let entry = entry?;
        let is_folder = match entry.file_type() {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            kind => kind.is_ok_and(|kind| kind.is_dir()),
        };
        let name = entry.file_name().into_string();
        names.extend(name.ok().filter(|name| is_folder && !name.starts_with('.')));
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_folder() {
        for name in ["", ".", "..", "a/b", "../x", "/etc", "a\0b"] {
            assert!(!is_name(name), "{name:?}");
        }
        for name in ["a", "...", "__main__.learn", "\u{1b}[31mred"] {
            assert!(is_name(name), "{name:?}");
        }
    }

    #[test]
    fn live_events_are_found_by_the_hash_of_the_task() {
        let layout = Layout { root: "/w".into() };
        let key = JobKey {
            task: "__main__.patient".into(),
            id: "1afe".into(),
        };
        let path = Path::new("/w/.events/jobs/7ece56a5-1afe-0.jsonl");
        assert_eq!(layout.live_job(&key)(0).as_deref(), Some(path));
    }

    #[test]
    fn a_script_is_called_by_the_last_part_of_its_task() {
        assert_eq!(script("a.b.learn"), "learn");
        assert_eq!(script("learn"), "learn");
    }
}

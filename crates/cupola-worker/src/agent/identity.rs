//! Who this worker is, kept in its folder from one start to the next.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    WorkerError,
    executor::{bundles_folder, runs_folder},
    private,
};

/// Where who it is stands in it.
const FILE: &str = "worker.json";

/// Is there while its owner lets it leave the hub.
const LEAVING: &str = "leaving";

/// What its owner calls it.
const NAME: &str = "name";

/// The worker's folder, while this agent has it.
#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    /// Locked: another agent with this folder would be the same worker.
    _lock: File,
}

impl Identity {
    /// Makes the folder if need be and takes it.
    pub(super) fn open(state_dir: &Path) -> Result<Self, WorkerError> {
        for folder in [
            state_dir,
            &bundles_folder(state_dir),
            &runs_folder(state_dir),
        ] {
            private::make_folder(folder).map_err(at(folder))?;
        }
        let lock_path = state_dir.join("worker.lock");
        let lock = private::create(&lock_path).map_err(at(&lock_path))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                at(state_dir)(io::Error::other("another worker is running in it"))
            }
            TryLockError::Error(error) => at(&lock_path)(error),
        })?;
        Ok(Self {
            path: state_dir.join(FILE),
            _lock: lock,
        })
    }

    /// The id that was kept, if one was.
    pub(super) fn worker_id(&self) -> Option<String> {
        self.kept("worker_id")
    }

    /// The key of the hub that it joined first, if that has one.
    pub(super) fn hub_key(&self) -> Option<String> {
        self.kept("hub_key").filter(|key| !key.is_empty())
    }

    /// A hub turns away whom their owner lets leave, and whoever was in it before it had somebody shut them out.
    pub(super) fn explained(&self, error: WorkerError) -> WorkerError {
        match error {
            WorkerError::TurnedAway(_) if self.path.with_file_name(LEAVING).exists() => {
                WorkerError::Left
            }
            WorkerError::TurnedAway(error)
                if error.status() == Some(401) && self.worker_id().is_some() =>
            {
                WorkerError::ShutOut(error)
            }
            error => error,
        }
    }

    /// Forgets all of it.
    fn forget(&self) -> Result<(), WorkerError> {
        remove(&self.path)?;
        remove(&self.path.with_file_name(LEAVING))
    }

    /// Keeps the id, and whose it is.
    pub(super) fn keep(&self, worker_id: &str, hub_key: &str) -> Result<(), WorkerError> {
        let kept = (self.worker_id(), self.kept("hub_key"));
        if kept == (Some(worker_id.to_owned()), Some(hub_key.to_owned())) {
            return Ok(());
        }
        let text = json!({ "worker_id": worker_id, "hub_key": hub_key }).to_string();
        private::replace(&self.path, &text).map_err(at(&self.path))
    }

    fn kept(&self, name: &str) -> Option<String> {
        kept(&self.path, name)
    }
}

/// A worker's folder, taken: nobody else works in it.
#[derive(Debug)]
pub struct Folder(pub(super) Identity);

impl Folder {
    /// Takes it, and makes it if need be. Where another agent has it, that is the error.
    pub fn take(state_dir: &Path) -> Result<Self, WorkerError> {
        Identity::open(state_dir).map(Self)
    }
}

/// The id of the worker whose folder this is, if it joined.
pub fn worker_id(state_dir: &Path) -> Option<String> {
    kept(&state_dir.join(FILE), "worker_id")
}

/// Notes that the worker with this folder leaves its hub, so that an agent that is turned away knows why;
/// [`forget`] forgets that, too.
pub fn note_leaving(state_dir: &Path) -> Result<(), WorkerError> {
    let path = state_dir.join(LEAVING);
    private::create(&path).map(drop).map_err(at(&path))
}

/// What its owner calls the worker with this folder, if they said so.
pub fn kept_name(state_dir: &Path) -> Option<String> {
    let name = fs::read_to_string(state_dir.join(NAME)).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Keeps what its owner calls it, for the next start. The folder is made if need be.
pub fn keep_name(state_dir: &Path, name: &str) -> Result<(), WorkerError> {
    let path = state_dir.join(NAME);
    private::make_folder(state_dir).map_err(at(state_dir))?;
    private::replace(&path, name).map_err(at(&path))
}

/// It did not leave after all.
pub fn note_staying(state_dir: &Path) -> Result<(), WorkerError> {
    remove(&state_dir.join(LEAVING))
}

/// Forgets which worker's folder this is, so that it joins as a new one. An agent that runs there is in the way.
pub fn forget(state_dir: &Path) -> Result<(), WorkerError> {
    Identity::open(state_dir)?.forget()
}

fn remove(path: &Path) -> Result<(), WorkerError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

fn kept(path: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let kept: Value = serde_json::from_str(&text).ok()?;
    kept.get(name)?.as_str().map(str::to_owned)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WorkerError {
    let path = path.to_owned();
    move |source| WorkerError::State { path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn an_id_is_kept_for_the_next_start_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::open(folder.path()).unwrap();
        assert_eq!(identity.worker_id(), None);
        identity.keep("w1", "").unwrap();
        assert_eq!(identity.hub_key(), None);
        identity.keep("w1", "k1").unwrap();
        drop(identity);
        let identity = Identity::open(folder.path()).unwrap();
        assert_eq!(identity.worker_id().as_deref(), Some("w1"));
        assert_eq!(identity.hub_key().as_deref(), Some("k1"));
        let mode = fs::metadata(&identity.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_name_is_kept_for_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("worker");
        assert_eq!(kept_name(&place), None);
        keep_name(&place, "attic").unwrap();
        keep_name(&place, "cellar").unwrap();
        assert_eq!(kept_name(&place).as_deref(), Some("cellar"));
        // Whoever leaves a hub is still called so.
        forget(&place).unwrap();
        assert_eq!(kept_name(&place).as_deref(), Some("cellar"));
    }

    #[test]
    fn what_is_forgotten_is_forgotten_by_nobody_else_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::open(folder.path()).unwrap();
        identity.keep("w1", "k1").unwrap();
        assert!(forget(folder.path()).is_err(), "an agent runs there");
        drop(identity);
        assert_eq!(worker_id(folder.path()).as_deref(), Some("w1"));
        forget(folder.path()).unwrap();
        forget(folder.path()).unwrap();
        assert_eq!(worker_id(folder.path()), None);
    }

    #[test]
    fn a_second_agent_in_the_same_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Identity::open(folder.path()).unwrap();
        let error = Identity::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("another worker"), "{error}");
    }
}

//! Who this worker is, kept in its folder from one start to the next.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    WorkerError,
    executor::{bundles_folder, runs_folder},
};

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
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(at(folder))?;
        }
        let lock_path = state_dir.join("worker.lock");
        let lock = private_file(&lock_path).map_err(at(&lock_path))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                at(state_dir)(io::Error::other("another worker is running in it"))
            }
            TryLockError::Error(error) => at(&lock_path)(error),
        })?;
        Ok(Self {
            path: state_dir.join("worker.json"),
            _lock: lock,
        })
    }

    /// The id that was kept, if one was.
    pub(super) fn worker_id(&self) -> Option<String> {
        let text = fs::read_to_string(&self.path).ok()?;
        let kept: Value = serde_json::from_str(&text).ok()?;
        kept.get("worker_id")?.as_str().map(str::to_owned)
    }

    /// Keeps the id.
    pub(super) fn keep(&self, worker_id: &str) -> Result<(), WorkerError> {
        if self.worker_id().as_deref() == Some(worker_id) {
            return Ok(());
        }
        let temporary = self.path.with_extension("json.new");
        let text = json!({ "worker_id": worker_id }).to_string();
        private_file(&temporary)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&temporary, &self.path))
            .map_err(at(&self.path))
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
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
        identity.keep("w1").unwrap();
        drop(identity);
        let identity = Identity::open(folder.path()).unwrap();
        assert_eq!(identity.worker_id().as_deref(), Some("w1"));
        let mode = fs::metadata(&identity.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_second_agent_in_the_same_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Identity::open(folder.path()).unwrap();
        let error = Identity::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("another worker"), "{error}");
    }
}

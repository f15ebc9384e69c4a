//! Every run has a folder of open files, from which its rows can be made again.
//!
//! ```text
//! folder.json                         the mark of it all, and which change was followed last
//! code/HASH.json                      programs: command and files
//! SLUG-ID/experiment.json             an experiment, with its brief
//! SLUG-ID/RUN/run.json                a run with its task, parameters, results, worker, costs
//! SLUG-ID/RUN/details.jsonl           curves as compressed blocks, large results, where lines of logs begin
//! SLUG-ID/RUN/stdout.log, stderr.log  what it wrote, byte for byte
//! ```
//!
//! A run that has begun has a `run.json`; the rest comes when it has ended. Files that runs keep
//! are not here: they lie beside, called by their hashes.

mod ahead;
mod details;
mod filling;
mod found;
mod going;
mod keeping;
mod mark;
mod places;
mod record;
mod syncing;
mod tables;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cupola_domain::time::Timestamp;
use cupola_store::Store;

use crate::{Hub, HubError, world::World};
use keeping::Keeping;
use mark::Mark;

pub use syncing::{Problem, Synced};

/// The file by which such a folder is known.
const MARK: &str = "folder.json";

/// Of this form of folders.
const VERSION: i64 = 1;

/// The folder of all runs, if there is one.
pub(crate) struct RunFolders {
    root: Option<PathBuf>,
    /// As it was at the start.
    mark: Mark,
    /// When that was.
    since: Timestamp,
    /// What the loop knows by heart; nothing before its first tick.
    keeping: Mutex<Option<Keeping>>,
}

impl RunFolders {
    pub(crate) fn open(
        root: Option<PathBuf>,
        store: &Store,
        world: &dyn World,
    ) -> Result<Self, HubError> {
        let mark = match &root {
            Some(root) => Mark::find(root, store, world)?,
            None => Mark::default(),
        };
        Ok(Self {
            root,
            mark,
            since: world.now(),
            keeping: Mutex::default(),
        })
    }

    /// Whether there may be runs on the disk that the store does not have. Files that they keep must
    /// not go meanwhile.
    pub(crate) fn are_unsynced(&self) -> bool {
        self.mark.is_unsynced
    }

    /// Whether there may be tasks on the disk, of an experiment that was made then, that the store does
    /// not have.
    pub(crate) fn may_have_more(&self, made_at: Timestamp) -> bool {
        self.are_unsynced() && made_at <= self.since
    }

    fn root(&self) -> Result<&Path, HubError> {
        let none = || HubError::Conflict("this hub keeps no folders of runs".to_owned());
        self.root.as_deref().ok_or_else(none)
    }
}

impl Hub {
    /// Whether there may be folders of runs that the store does not have, until somebody calls
    /// [`Hub::sync_run_folders`].
    pub fn has_unsynced_runs(&self) -> bool {
        self.run_folders.are_unsynced()
    }

    /// Follows all that changed: what was deleted must not come back from its folder. What cannot be
    /// written now holds up nothing.
    fn catch_up_run_folders(&self) -> Result<(), HubError> {
        if self.run_folders.mark.seq < 0 {
            // They are another store's, or of later than this one: nothing in them was deleted here.
            return Ok(());
        }
        loop {
            let kept = self.keep_run_folders();
            let keeping = &self.run_folders.keeping;
            let keeping = keeping.lock().unwrap_or_else(PoisonError::into_inner);
            match keeping.as_ref() {
                Some(keeping) if keeping.is_behind(self) => kept?,
                _ => return Ok(()),
            };
        }
    }

    /// Writes what ended and is not in its folder yet, for as long as that may take: a folder outlives its
    /// hub.
    pub fn finish_run_folders(&self, limit: Duration) -> Result<(), HubError> {
        let until = self.monotonic().plus(limit);
        while self.monotonic() < until {
            let kept = self.keep_run_folders();
            let keeping = &self.run_folders.keeping;
            let keeping = keeping.lock().unwrap_or_else(PoisonError::into_inner);
            match keeping.as_ref() {
                Some(keeping) if !keeping.is_done(self) => drop(kept?),
                _ => return kept.map(drop),
            }
        }
        Ok(())
    }

    /// Brings the folders of runs up to what the store has, as far as a short while allows; says how
    /// many were written or removed.
    pub(crate) fn keep_run_folders(&self) -> Result<usize, HubError> {
        let Some(root) = &self.run_folders.root else {
            return Ok(0);
        };
        let keeping = &self.run_folders.keeping;
        let mut keeping = keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if keeping.is_none() {
            *keeping = Some(Keeping::begin(self, root)?);
        }
        keeping.as_mut().map_or(Ok(0), |keeping| keeping.tick(self))
    }
}

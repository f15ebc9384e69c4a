//! Files of a workspace on another machine: brought here for a service, and brought again while it runs.

use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use cupola_domain::time::Timestamp;

use super::{life::Life, relay::leash};
use crate::source::{Source, SourceError};

/// Between two looks whether the service is wanted still.
const LOOK: Duration = Duration::from_millis(50);

/// What a service shows of its workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Files {
    /// A file, or a folder with all that is in it.
    All(PathBuf),
    /// The event files of a folder.
    Events(PathBuf),
}

impl Files {
    fn of(&self, place: &dyn Source) -> Result<PathBuf, SourceError> {
        match self {
            Self::All(path) => place.fetched(path),
            Self::Events(folder) => place.fetched_events(folder),
        }
    }
}

impl Life {
    /// Where they lie here. Bringing them may take minutes, which nobody waits for who does not want
    /// the service any more.
    pub(super) fn bring(&self, files: &Files) -> Result<PathBuf, String> {
        let (to, came) = channel();
        let (fetching, wanted) = (self.clone(), files.clone());
        let fetch = move || {
            // Where it is not waited for, nobody listens.
            let _ = to.send(fetching.fetched(&wanted));
        };
        self.spawn(fetch)?;
        loop {
            match came.recv_timeout(LOOK) {
                Ok(found) => return found.map_err(|error| error.to_string()),
                Err(RecvTimeoutError::Disconnected) => return Err("it could not be read".into()),
                Err(RecvTimeoutError::Timeout) if self.is_unwanted() => {
                    return Err("nobody wants it any more".into());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Brings them again and again, until what is returned is dropped. Nobody waits for that thread: a
    /// fetch may hang.
    pub(super) fn keep_fetched(&self, files: Vec<Files>) -> Option<Sender<()>> {
        if files.is_empty() {
            return None;
        }
        let (leash, until) = leash();
        let fetching = self.clone();
        let started = self.spawn(move || fetching.fetch_until(&files, &until));
        started.ok().map(|()| leash)
    }

    fn fetch_until(&self, files: &[Files], until: &Receiver<()>) {
        let every = self.settings.fetch_every;
        while until.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
            for files in files {
                // Why it did not work stands beside the service.
                let _ = self.fetched(files);
            }
        }
    }

    /// The same, said while that takes its time.
    fn fetched(&self, files: &Files) -> Result<PathBuf, SourceError> {
        let away = || SourceError::Away("its workspace is closed".to_owned());
        let place = self.place.upgrade().ok_or_else(away)?;
        if !self.is_elsewhere() {
            return files.of(&*place);
        }
        self.board.sync(&self.key, |synced| {
            synced.next = None;
            synced.problem = None;
        });
        let found = files.of(&*place);
        let now = (self.settings.here.now)();
        let every = i64::try_from(self.settings.fetch_every.as_millis()).unwrap_or(i64::MAX);
        self.board.sync(&self.key, |synced| {
            synced.next = Some(Timestamp::from_millis(now.millis().saturating_add(every)));
            match &found {
                Ok(_) => synced.last = Some(now),
                Err(error) => synced.problem = Some(error.to_string()),
            }
        });
        found
    }

    fn spawn(&self, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
        let thread = thread::Builder::new().name("service-files".to_owned());
        let started = thread.spawn(work);
        let failed = |error| format!("no thread can be started for {}: {error}", self.key.1);
        started.map(drop).map_err(failed)
    }

    /// Whether its workspace lies on another machine.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.settings.workdir.is_none()
    }

    /// The folder of its run, where that is here.
    pub(super) fn run_folder(&self) -> Result<Option<PathBuf>, String> {
        let Some(place) = self.place.upgrade().filter(|_| !self.is_elsewhere()) else {
            return Ok(None);
        };
        let experiments = place.experiments().map_err(|error| error.to_string())?;
        let mut runs = experiments.into_iter().flat_map(|it| it.runs);
        let found = runs.find(|run| run.key == self.key.0);
        Ok(found.map(|run| run.path))
    }
}

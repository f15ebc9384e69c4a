//! What was started from here, and how it stands.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread::JoinHandle,
};

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::OwnedFd,
};
use sha2::{Digest as _, Sha256};

use super::{
    Settings,
    life::{self, Life},
    moves::{Input, Stand},
    recipe::Recipe,
    relay::Relay,
};
use crate::{
    model::{RunKey, Service, Synced},
    source::{Change, Serving, Source, SourceError},
};

/// More programs at once are a mistake.
const RUNNING_MAX: usize = 64;

/// Which service.
pub(super) type Key = (RunKey, String);

/// Starts services and ends them; all of them when it is dropped.
pub(super) struct Runner {
    pub(super) settings: Arc<Settings>,
    pub(super) board: Arc<Board>,
}

/// How everything stands that was ever started.
#[derive(Default)]
pub(super) struct Board {
    entries: Mutex<Entries>,
    pub(super) relay: Relay,
}

#[derive(Default)]
struct Entries {
    by_key: BTreeMap<Key, Entry>,
    /// Nothing is started any more.
    is_closed: bool,
}

struct Entry {
    /// As it was when it was started.
    service: Service,
    stand: Stand,
    serving: Option<Arc<Serving>>,
    synced: Option<Synced>,
    /// The thread that attends to it, and what wakes that.
    thread: Option<(Arc<OwnedFd>, JoinHandle<()>)>,
}

impl Runner {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            board: Arc::default(),
        }
    }

    /// Begins to start a service; how that goes is told.
    pub(super) fn start(
        &self,
        service: &Service,
        recipe: Recipe,
        place: Weak<dyn Source>,
    ) -> Result<(), SourceError> {
        let key = (service.run.clone(), service.id.clone());
        let failed = |error: std::io::Error| SourceError::Refused(format!("{}: {error}", key.1));
        let mut entries = self.board.entries();
        entries.may_start(&key)?;
        let wake = Arc::new(
            eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
                .map_err(|error| failed(error.into()))?,
        );
        let life = Life {
            key: key.clone(),
            recipe,
            place,
            folder: self.folder(&key),
            wake: Arc::clone(&wake),
            settings: Arc::clone(&self.settings),
            board: Arc::clone(&self.board),
        };
        let thread = std::thread::Builder::new()
            .name("service".to_owned())
            .spawn(move || life::live(&life))
            .map_err(failed)?;
        entries.by_key.insert(
            key,
            Entry {
                service: service.clone(),
                stand: Stand::Starting,
                serving: None,
                synced: None,
                thread: Some((wake, thread)),
            },
        );
        drop(entries);
        self.board.relay.tell(Change::Services);
        Ok(())
    }

    /// Asks a service to end; none of ours when it was never started from here.
    pub(super) fn stop(&self, key: &Key) -> Option<Result<(), SourceError>> {
        let mut entries = self.board.entries();
        let entry = entries.by_key.get_mut(key)?;
        let stepped = entry.step(Input::Stop, &key.1);
        if stepped.is_ok() {
            entry.wake();
        }
        drop(entries);
        self.board.relay.tell(Change::Services);
        Some(stepped)
    }

    /// Those of a run, or all, that were ever started from here.
    pub(super) fn started(&self, of: Option<&RunKey>) -> Vec<Service> {
        let entries = self.board.entries();
        let wanted = entries.by_key.values().map(|entry| &entry.service);
        let wanted = wanted.filter(|service| of.is_none_or(|run| service.run == *run));
        wanted.cloned().collect()
    }

    /// Says of a service how it stands here; whether it was ever started from here.
    pub(super) fn overlay(&self, service: &mut Service) -> bool {
        let entries = self.board.entries();
        let key = (service.run.clone(), service.id.clone());
        let Some(entry) = entries.by_key.get(&key) else {
            return false;
        };
        service.state = entry.stand.state();
        service.synced.clone_from(&entry.synced);
        service.error = match &entry.stand {
            Stand::Failed(why) => Some(why.clone()),
            _ => None,
        };
        let serving = entry.serving.as_ref();
        service.url = serving.map(|it| format!("http://{}{}", it.address, it.begin));
        true
    }

    pub(super) fn serving(&self, key: &Key) -> Option<Weak<Serving>> {
        let entries = self.board.entries();
        let entry = entries.by_key.get(key)?;
        entry.serving.as_ref().map(Arc::downgrade)
    }

    /// Whether it was ever started from here, so that its logs are.
    pub(super) fn knows(&self, key: &Key) -> bool {
        self.board.entries().by_key.contains_key(key)
    }

    /// Where a service's files are. Names may be anything, so they are only said in part.
    pub(super) fn folder(&self, (run, id): &Key) -> PathBuf {
        let mut digest = Sha256::new();
        for part in [&run.experiment, &run.run, id] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        let digest = digest.finalize();
        let name = digest[..16].iter().fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
        self.settings.folder.join(name)
    }

    /// Ends everything and waits for it; their logs go too.
    pub(super) fn end(&self) {
        let mut entries = self.board.entries();
        entries.is_closed = true;
        let mut threads = Vec::new();
        for entry in entries.by_key.values_mut() {
            // Those that do not run have nothing to stop.
            let _ = entry.step(Input::Stop, "");
            entry.wake();
            threads.extend(entry.thread.take());
        }
        drop(entries);
        for (_, thread) in threads {
            // A panic of it was shown when it happened.
            let _ = thread.join();
        }
        // Where it was never made, nothing was started.
        let _ = std::fs::remove_dir_all(&self.settings.folder);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.end();
    }
}

impl Board {
    /// Something happened to a service; what cannot follow from how it stands is nothing.
    pub(super) fn take(&self, key: &Key, input: Input) {
        if let Some(entry) = self.entries().by_key.get_mut(key) {
            let _ = entry.step(input, &key.1);
        }
        self.relay.tell(Change::Services);
    }

    pub(super) fn stand(&self, key: &Key) -> Stand {
        let entries = self.entries();
        let entry = entries.by_key.get(key);
        entry.map_or(Stand::Stopped, |entry| entry.stand.clone())
    }

    /// Changes how far its files are here.
    pub(super) fn sync(&self, key: &Key, change: impl FnOnce(&mut Synced)) {
        if let Some(entry) = self.entries().by_key.get_mut(key) {
            change(entry.synced.get_or_insert_default());
        }
        self.relay.tell(Change::Services);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn may_start(&self, key: &Key) -> Result<(), SourceError> {
        let refused = |why: String| Err(SourceError::Refused(why));
        if self.is_closed {
            return refused("everything is being stopped".to_owned());
        }
        let is_over = |stand: &Stand| matches!(stand, Stand::Stopped | Stand::Failed(_));
        let entries = self.by_key.values();
        if entries.filter(|entry| !is_over(&entry.stand)).count() >= RUNNING_MAX {
            return refused(format!(
                "{RUNNING_MAX} services run here already: stop one first"
            ));
        }
        match self
            .by_key
            .get(key)
            .map(|entry| entry.stand.step(Input::Start))
        {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(why)) => refused(format!("service `{}` {why}", key.1)),
        }
    }
}

impl Entry {
    fn step(&mut self, input: Input, id: &str) -> Result<(), SourceError> {
        let stepped = self.stand.step(input);
        self.stand =
            stepped.map_err(|why| SourceError::Refused(format!("service `{id}` {why}")))?;
        self.serving = match &self.stand {
            Stand::Running(answer) => answer.address.map(|address| {
                Arc::new(Serving {
                    address,
                    begin: answer.begin.clone(),
                })
            }),
            _ => None,
        };
        Ok(())
    }

    fn wake(&self) {
        if let Some((wake, _)) = &self.thread {
            // A counter that is full wakes as well.
            let _ = rustix::io::write(wake, &1u64.to_ne_bytes());
        }
    }
}

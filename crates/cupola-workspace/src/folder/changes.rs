//! Telling what changes to whoever listens, from a thread that watches.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::{AsFd as _, OwnedFd},
};

use super::Shared;
use crate::{
    source::Change,
    watch::{Eyes, Place, Watching},
};

/// Changes that wait for a listener before they are summed up.
const WAITING: usize = 1024;

/// Who listens.
#[derive(Default)]
pub(super) struct Listeners(Vec<Listener>);

struct Listener {
    sender: SyncSender<Change>,
    /// It has not taken what it was told: the next word is that all may have changed.
    has_missed: bool,
}

impl Listeners {
    pub(super) fn add(&mut self) -> Receiver<Change> {
        let (sender, receiver) = sync_channel(WAITING);
        self.0.push(Listener {
            sender,
            has_missed: false,
        });
        receiver
    }

    /// Forgets those who are gone.
    pub(super) fn tell(&mut self, changes: &[Change]) {
        self.0.retain_mut(|listener| listener.tell(changes));
    }
}

impl Listener {
    /// Whether it still listens.
    fn tell(&mut self, changes: &[Change]) -> bool {
        if self.has_missed {
            match self.sender.try_send(Change::All) {
                Ok(()) => self.has_missed = false,
                Err(TrySendError::Full(_)) => return true,
                Err(TrySendError::Disconnected(_)) => return false,
            }
        }
        for change in changes {
            match self.sender.try_send(change.clone()) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => {
                    self.has_missed = true;
                    return true;
                }
                Err(TrySendError::Disconnected(_)) => return false,
            }
        }
        true
    }
}

/// The thread that watches; it ends with its folder.
pub(super) struct Watcher {
    stop: Option<Arc<OwnedFd>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Without room for another thread nothing is noticed until somebody refreshes.
    pub(super) fn start(shared: Arc<Shared>, watching: Watching) -> Self {
        let stop = eventfd(0, EventfdFlags::CLOEXEC).ok().map(Arc::new);
        let thread = stop.clone().and_then(|stop| {
            let eyes = Eyes::open(&shared.layout.root, watching);
            let watch = move || watch(&shared, eyes, &stop);
            std::thread::Builder::new()
                .name("workspace".to_owned())
                .spawn(watch)
                .ok()
        });
        Self { stop, thread }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            let _ = rustix::io::write(stop, &1u64.to_ne_bytes());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(shared: &Shared, mut eyes: Eyes, stop: &OwnedFd) {
    loop {
        // What is new to look at may bring more that is new: a run its jobs, for instance.
        loop {
            let fresh = eyes.follow(places(shared));
            if fresh.is_empty() {
                break;
            }
            shared.notice(&fresh);
        }
        let Some(noticed) = eyes.wait(stop.as_fd()) else {
            return;
        };
        shared.notice(&noticed);
    }
}

fn places(shared: &Shared) -> BTreeMap<Place, std::path::PathBuf> {
    let index = shared.index.read().unwrap_or_else(PoisonError::into_inner);
    let mut places: BTreeMap<_, _> = index
        .places()
        .into_iter()
        .filter_map(|place| Some((place.clone(), index.path(&place)?)))
        .collect();
    for task in crate::xpm::folders(&shared.layout.jobs()).unwrap_or_default() {
        let path = shared.layout.jobs().join(&task);
        places.insert(Place::Task(task), path);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_summed_up() {
        let mut listeners = Listeners::default();
        let receiver = listeners.add();
        let many: Vec<Change> = (0..WAITING + 10)
            .map(|n| Change::Experiment(n.to_string()))
            .collect();
        listeners.tell(&many);
        listeners.tell(&[Change::Services]);
        assert_eq!(receiver.try_iter().count(), WAITING);
        listeners.tell(&[]);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [Change::All]);
        listeners.tell(&[Change::Services]);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [Change::Services]);
        drop(receiver);
        listeners.tell(&[Change::Services]);
        assert!(listeners.0.is_empty());
    }
}

//! The thread that watches a folder.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    thread::JoinHandle,
};

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::{AsFd as _, OwnedFd},
};

use super::Shared;
use crate::watch::{Eyes, Place, Watching};

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

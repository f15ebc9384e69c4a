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
use crate::{
    source::{Change, Connection},
    watch::{Eyes, Noticed, Place, TICK, Watching},
};

/// The thread that watches; it ends with its folder.
pub(super) struct Watcher {
    stop: Option<Arc<OwnedFd>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Without room for another thread nothing is noticed until somebody refreshes.
    pub(super) fn start(shared: Arc<Shared>, watching: Watching) -> Self {
        let stop = eventfd(0, EventfdFlags::CLOEXEC).ok().map(Arc::new);
        let root = shared.layout.identity();
        let thread = stop.clone().and_then(|stop| {
            let watch = move || watch(&shared, watching, root, &stop);
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

/// While the folder is away what was read of it stays: that nothing is found then says nothing.
fn watch(shared: &Shared, watching: Watching, mut known: Option<(u64, u64)>, stop: &OwnedFd) {
    let root = &shared.layout.root;
    let mut eyes = Eyes::open(root, watching);
    loop {
        if known.is_some() {
            follow(shared, &mut eyes);
        }
        let Some(noticed) = eyes.wait(stop.as_fd()) else {
            return;
        };
        let found = shared.layout.identity();
        match (known, found) {
            (Some(before), Some(now)) if before == now => shared.notice(&noticed),
            (_, Some(_)) => {
                // Folders that went with it are others now, or are watched elsewhere.
                eyes = Eyes::open(root, watching);
                shared.notice(&[Noticed::Everything].into());
                shared.tell(&[Change::Connection(Connection::Live)]);
            }
            (Some(_), None) => shared.tell(&[Change::Connection(Connection::Away {
                why: "the folder is gone".to_owned(),
                next: TICK,
            })]),
            (None, None) => {}
        }
        known = found;
    }
}

/// What is new to look at may bring more that is new: a run its jobs, for instance.
fn follow(shared: &Shared, eyes: &mut Eyes) {
    loop {
        let fresh = eyes.follow(places(shared));
        if fresh.is_empty() {
            return;
        }
        shared.notice(&fresh);
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

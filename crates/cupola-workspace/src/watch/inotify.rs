//! The kernel's word on folders.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem::MaybeUninit,
    path::Path,
};

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags},
    io::Errno,
};

use super::{Noticed, Place};

/// Room for some hundred words at once.
const ROOM: usize = 64 << 10;

/// Watches on folders.
pub(crate) struct Inotify {
    fd: OwnedFd,
    /// A folder may be two places when somebody links one to the other.
    places: HashMap<i32, Vec<Place>>,
    watches: BTreeMap<Place, i32>,
}

impl Inotify {
    pub(crate) fn open() -> rustix::io::Result<Self> {
        Ok(Self {
            fd: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?,
            places: HashMap::new(),
            watches: BTreeMap::new(),
        })
    }

    /// Whether it is watched only from now on; an error when the kernel watches no more. A folder that
    /// is not there is watched later: its parent tells when it comes.
    pub(crate) fn watch(&mut self, place: &Place, path: &Path) -> rustix::io::Result<bool> {
        if self.watches.contains_key(place) {
            return Ok(false);
        }
        let mut flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE_SELF
            | WatchFlags::ONLYDIR;
        // Only these hold files that grow.
        if matches!(
            place,
            Place::LiveJobs | Place::LiveRuns | Place::Run(_) | Place::Job(_)
        ) {
            flags |= WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE;
        }
        let watch = match inotify::add_watch(&self.fd, path, flags) {
            Ok(watch) => watch,
            Err(error @ (Errno::NOSPC | Errno::NOMEM)) => return Err(error),
            Err(_) => return Ok(false),
        };
        self.places.entry(watch).or_default().push(place.clone());
        self.watches.insert(place.clone(), watch);
        Ok(true)
    }

    pub(crate) fn forget(&mut self, place: &Place) {
        let Some(watch) = self.watches.remove(place) else {
            return;
        };
        let places = self.places.entry(watch).or_default();
        places.retain(|known| known != place);
        if places.is_empty() {
            self.places.remove(&watch);
            // It may be gone with its folder already.
            let _ = inotify::remove_watch(&self.fd, watch);
        }
    }

    /// Takes all that the kernel has to say now.
    pub(crate) fn read(&mut self, noticed: &mut BTreeSet<Noticed>) {
        let mut room = vec![MaybeUninit::uninit(); ROOM];
        let mut gone = Vec::new();
        let mut reader = inotify::Reader::new(&self.fd, &mut room);
        while let Ok(word) = reader.next() {
            let flags = word.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                noticed.insert(Noticed::Everything);
                continue;
            }
            if flags.contains(ReadFlags::IGNORED) {
                gone.push(word.wd());
                continue;
            }
            let name = word
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            for place in self.places.get(&word.wd()).into_iter().flatten() {
                noticed.insert(Noticed::At(place.clone(), name.clone()));
            }
        }
        for watch in gone {
            for place in self.places.remove(&watch).into_iter().flatten() {
                self.watches.remove(&place);
                noticed.insert(Noticed::At(place, None));
            }
        }
    }
}

impl AsFd for Inotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

//! Noticing what changes on disk: by the kernel's word where the file system gives it, by looking
//! again and again where it does not.

mod inotify;
mod polling;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fd::{AsFd as _, BorrowedFd};

use crate::model::RunKey;
use inotify::Inotify;
use polling::Polling;

/// Where something may change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The workspace itself, for folders that come.
    Root,
    /// The folder of live events.
    Events,
    /// Live events of jobs.
    LiveJobs,
    /// Live events of runs.
    LiveRuns,
    /// Which experiments there are.
    Experiments,
    /// Which runs an experiment has.
    Experiment(String),
    /// A run's own files.
    Run(RunKey),
    /// Which tasks have jobs.
    Tasks,
    /// Which jobs of a task there are.
    Task(String),
    /// A job that is under way, by its number.
    Job(u32),
}

/// What was noticed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Noticed {
    /// Something in a place; a name where it is known.
    At(Place, Option<String>),
    /// Some time has passed.
    Tick,
    /// More than can be told.
    Everything,
}

/// How a workspace is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Watching {
    /// As its file system suggests.
    #[default]
    Auto,
    /// By the kernel's word.
    Inotify,
    /// By looking each time that long has passed.
    Polling(Duration),
}

/// Between looks at what gives no word: processes, locks, and files where the kernel is silent.
pub(crate) const TICK: Duration = Duration::from_secs(1);
/// What comes at once is told at once: so long is waited for more.
const GATHER: Duration = Duration::from_millis(15);
/// But not longer than that.
const GATHER_MOST: u32 = 4;

/// What looks.
pub(crate) struct Eyes {
    kind: Kind,
    watched: BTreeMap<Place, PathBuf>,
    ticked_at: Instant,
}

enum Kind {
    Inotify(Inotify),
    Polling(Polling, Duration),
}

impl Eyes {
    /// Of the kind that suits `root`.
    pub(crate) fn open(root: &Path, watching: Watching) -> Self {
        let poll_each = match watching {
            Watching::Polling(each) => Some(each),
            Watching::Auto if is_remote(root) => Some(TICK),
            Watching::Auto | Watching::Inotify => None,
        };
        let inotify = poll_each.is_none().then(Inotify::open).and_then(Result::ok);
        let kind = match inotify {
            Some(inotify) => Kind::Inotify(inotify),
            None => Kind::Polling(Polling::default(), poll_each.unwrap_or(TICK)),
        };
        Self {
            kind,
            watched: BTreeMap::new(),
            ticked_at: Instant::now(),
        }
    }

    /// Looks at exactly these from now on; those that are new, which must be read once more, since
    /// they may have changed before.
    pub(crate) fn follow(&mut self, places: BTreeMap<Place, PathBuf>) -> BTreeSet<Noticed> {
        let gone: Vec<Place> = self
            .watched
            .keys()
            .filter(|place| !places.contains_key(*place))
            .cloned()
            .collect();
        for place in gone {
            self.watched.remove(&place);
            match &mut self.kind {
                Kind::Inotify(inotify) => inotify.forget(&place),
                Kind::Polling(polling, _) => polling.forget(&place),
            }
        }
        let mut fresh = BTreeSet::new();
        for (place, path) in places.clone() {
            let is_new = match &mut self.kind {
                Kind::Inotify(inotify) => inotify.watch(&place, &path),
                Kind::Polling(polling, _) => Ok(polling.watch(&place, &path)),
            };
            if is_new == Ok(true) {
                fresh.insert(Noticed::At(place.clone(), None));
            }
            self.watched.insert(place, path);
            if is_new.is_err() {
                return self.look_instead(places);
            }
        }
        fresh
    }

    /// The kernel watches no more folders for this user: from now on all are looked at, those that it
    /// watched too.
    fn look_instead(&mut self, places: BTreeMap<Place, PathBuf>) -> BTreeSet<Noticed> {
        self.kind = Kind::Polling(Polling::default(), TICK);
        self.watched.clear();
        self.follow(places)
    }

    /// Waits until something is noticed, some time has passed, or `stop` says so: then none.
    pub(crate) fn wait(&mut self, stop: BorrowedFd<'_>) -> Option<BTreeSet<Noticed>> {
        let mut noticed = BTreeSet::new();
        match &mut self.kind {
            Kind::Inotify(inotify) => {
                let mut patience = TICK.saturating_sub(self.ticked_at.elapsed());
                for _ in 0..GATHER_MOST {
                    match ready(stop, Some(inotify.as_fd()), patience) {
                        Ready::Stop => return None,
                        Ready::Nothing => break,
                        Ready::Something => inotify.read(&mut noticed),
                    }
                    patience = GATHER;
                }
                // However much is written, time passes.
                if self.ticked_at.elapsed() >= TICK {
                    self.ticked_at = Instant::now();
                    noticed.insert(Noticed::Tick);
                }
            }
            Kind::Polling(polling, each) => {
                if matches!(ready(stop, None, *each), Ready::Stop) {
                    return None;
                }
                polling.look(&self.watched, &mut noticed);
                noticed.insert(Noticed::Tick);
            }
        }
        Some(noticed)
    }
}

enum Ready {
    Stop,
    Something,
    Nothing,
}

fn ready(stop: BorrowedFd<'_>, eyes: Option<BorrowedFd<'_>>, patience: Duration) -> Ready {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut asked = vec![PollFd::from_borrowed_fd(stop, PollFlags::IN)];
    asked.extend(eyes.map(|eyes| PollFd::from_borrowed_fd(eyes, PollFlags::IN)));
    let patience = Timespec::try_from(patience).ok();
    match poll(&mut asked, patience.as_ref()) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Ready::Nothing,
        Ok(_) if asked[0].revents().is_empty() => Ready::Something,
        // Whoever cannot even wait must not spin.
        Ok(_) | Err(_) => Ready::Stop,
    }
}

/// File systems of which another machine may change what the kernel here does not hear of.
fn is_remote(root: &Path) -> bool {
    const SILENT: [u32; 12] = [
        0x6969,      // NFS
        0x517b,      // SMB
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB 2
        0x0bd0_0bd0, // Lustre
        0x4750_4653, // GPFS
        0x1983_0326, // BeeGFS
        0x0102_1997, // 9p
        0x6573_5546, // FUSE
        0x00c3_6400, // Ceph
        0x5346_414f, // AFS
        0x6a65_6a63, // a host's folder in a guest
    ];
    let kind = rustix::fs::statfs(root).ok().map(|stat| stat.f_type);
    // The number is signed on some machines and not on others; its lower half is what counts.
    kind.is_some_and(|kind| {
        SILENT
            .iter()
            .any(|silent| i128::from(kind) & 0xffff_ffff == i128::from(*silent))
    })
}

#[cfg(test)]
mod tests;

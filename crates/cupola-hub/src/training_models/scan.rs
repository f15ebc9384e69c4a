//! Looks through the configured folders. A file is read when its size or its time of change is another than
//! before, and nobody waits for the store meanwhile.

mod listing;

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cupola_domain::{
    event::Event,
    ids::EvaluationId,
    time::Instant,
    training::{Found, TrainingFile},
};
use cupola_store::{Tx, events, training_files};

use super::{
    all_models, note_score,
    reading::{self, Read, Stamp},
    tell_data,
};
use crate::{Hub, HubError};
use listing::{Listing, Seen};

/// What was read is written together until it is so many bytes, so that a scan that is broken off does not
/// begin anew.
const BYTES_PER_STEP: u64 = 256 << 20;

/// Or so many files.
const FILES_PER_STEP: usize = 64;

/// A file that took a while to read rests for so many times as long, however often it changes.
const REST: u32 = 10;

/// The folders, with what is known of them beside the store.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    all: Mutex<Vec<PathBuf>>,
    /// Held while they are looked through: the files that rest, and until when.
    resting: Mutex<HashMap<PathBuf, Instant>>,
}

impl Folders {
    pub(super) fn set(&self, mut folders: Vec<PathBuf>) {
        folders.sort();
        folders.dedup();
        *self.all.lock().unwrap_or_else(PoisonError::into_inner) = folders;
    }

    pub(crate) fn all(&self) -> Vec<PathBuf> {
        let all = self.all.lock();
        all.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a scan did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scan {
    /// Files that belong to models.
    pub files: usize,
    /// Of those the ones that were read.
    pub read: usize,
    /// How many bytes of them.
    pub bytes: u64,
    /// What is known otherwise than before.
    pub changed: usize,
}

impl Hub {
    /// Looks through the configured folders once. Only one does so at a time.
    pub fn scan_training_folders(&self) -> Result<Scan, HubError> {
        let resting = self.folders.resting.lock();
        let mut resting = resting.unwrap_or_else(PoisonError::into_inner);
        let (models, known) = self.read(|tx| Ok((all_models(tx)?, training_files::list(tx)?)))?;
        let folders = self.folders.all();
        if folders.is_empty() && known.is_empty() {
            return Ok(Scan::default());
        }
        let models: HashMap<_, _> = models.into_iter().map(|it| (it.key.clone(), it)).collect();
        let listing = Listing::of(&folders, &models);
        let mut scan = Scan {
            files: listing.seen.len(),
            ..Scan::default()
        };
        scan.changed += self.forget(&listing, &known)?;
        let now = self.monotonic();
        resting.retain(|_, until| *until > now);
        let mut step = Step::default();
        for seen in due(listing, &known) {
            if resting.contains_key(&seen.path) {
                continue;
            }
            let began = self.monotonic();
            let read = reading::read(&seen.path, &folders, (seen.kind, &seen.key), seen.stamp);
            let took = self.monotonic().since(began);
            if took > Duration::ZERO {
                let until = self.monotonic().plus(took * REST);
                resting.insert(seen.path.clone(), until);
            }
            scan.read += 1;
            scan.bytes += read.bytes;
            step.take(self, seen, read);
            if step.is_full() {
                scan.changed += self.write_step(std::mem::take(&mut step), &known)?;
            }
        }
        scan.changed += self.write_step(step, &known)?;
        Ok(scan)
    }

    /// Forgets files that are gone, and notes folders that cannot be read; says how many.
    fn forget(&self, listing: &Listing, known: &[TrainingFile]) -> Result<usize, HubError> {
        let broken: Vec<_> = listing.broken.iter().map(|it| self.broken(it)).collect();
        let gone = gone(listing, &broken, known);
        let is_news = |folder: &&TrainingFile| {
            let before = known.iter().find(|file| file.path == folder.path);
            before.is_none_or(|file| file.problem != folder.problem)
        };
        let news: Vec<_> = broken.iter().filter(is_news).cloned().collect();
        let changed = gone.len() + news.len();
        if changed == 0 {
            return Ok(0);
        }
        self.write(move |tx| {
            for file in &gone {
                training_files::delete(tx, &file.path)?;
            }
            for folder in &news {
                training_files::save(tx, folder)?;
            }
            tell(tx, gone.iter().map(|file| file.key.as_str()))
        })?;
        Ok(changed)
    }

    fn broken(&self, (path, error): &(PathBuf, std::io::Error)) -> TrainingFile {
        TrainingFile {
            path: shown(path),
            name: name(path),
            key: String::new(),
            found: Found::Nothing,
            bytes: 0,
            modified_nanos: 0,
            problem: Some(format!("cannot be read: {error}")),
            is_settled: false,
            scanned_at: self.now(),
        }
    }

    /// Writes what is known otherwise now, and says how many files that is.
    fn write_step(&self, step: Step, known: &[TrainingFile]) -> Result<usize, HubError> {
        let known: HashMap<_, _> = known.iter().map(|it| (it.path.as_str(), it)).collect();
        let mut files = step.files;
        files.retain(|(file, _)| {
            let before = known.get(file.path.as_str());
            before.is_none_or(|before| !is_same(before, file))
        });
        if files.is_empty() {
            return Ok(0);
        }
        let changed = files.len();
        self.write(move |tx| {
            for (file, id) in &files {
                training_files::save(tx, file)?;
                note_score(tx, file, *id)?;
            }
            tell(tx, files.iter().map(|(file, _)| file.key.as_str()))
        })?;
        Ok(changed)
    }
}

/// Files that were read and are not written yet.
#[derive(Default)]
struct Step {
    files: Vec<(TrainingFile, EvaluationId)>,
    bytes: u64,
}

impl Step {
    fn take(&mut self, hub: &Hub, seen: Seen, read: Read) {
        self.bytes += read.bytes;
        let file = TrainingFile {
            path: shown(&seen.path),
            name: name(&seen.path),
            key: seen.key,
            found: read.found,
            bytes: read.stamp.bytes,
            modified_nanos: read.stamp.modified,
            problem: read.problem,
            is_settled: read.is_settled,
            scanned_at: hub.now(),
        };
        self.files.push((file, hub.next_id()));
    }

    fn is_full(&self) -> bool {
        self.bytes >= BYTES_PER_STEP || self.files.len() >= FILES_PER_STEP
    }
}

/// Whether the same was found as before, whenever that was.
fn is_same(before: &TrainingFile, now: &TrainingFile) -> bool {
    let dated = TrainingFile {
        scanned_at: before.scanned_at,
        ..now.clone()
    };
    *before == dated
}

/// What was known and is not there any more. What is in a folder that cannot be read now stays as it was.
fn gone(listing: &Listing, broken: &[TrainingFile], known: &[TrainingFile]) -> Vec<TrainingFile> {
    let seen: HashSet<_> = listing.seen.iter().map(|seen| shown(&seen.path)).collect();
    let is_hidden = |file: &TrainingFile| {
        let mut folders = broken.iter().map(|folder| Path::new(&folder.path));
        folders.any(|folder| Path::new(&file.path).starts_with(folder))
    };
    let is_gone = |file: &&TrainingFile| match file.found {
        // A folder: what holds nothing and is of a model is seen among its files.
        Found::Nothing if file.key.is_empty() => {
            broken.iter().all(|folder| folder.path != file.path)
        }
        _ => !seen.contains(&file.path) && !is_hidden(file),
    };
    known.iter().filter(is_gone).cloned().collect()
}

/// The files that are not as they were, and those that could not be read. Small ones first: nobody waits for
/// a large one with them.
fn due(listing: Listing, known: &[TrainingFile]) -> Vec<Seen> {
    let settled = known.iter().filter(|file| file.is_settled);
    let settled: HashMap<_, _> = settled
        .map(|file| {
            let stamp = Stamp {
                bytes: file.bytes,
                modified: file.modified_nanos,
            };
            (file.path.as_str(), (stamp, file.key.as_str()))
        })
        .collect();
    let is_due = |seen: &Seen| {
        let before = settled.get(shown(&seen.path).as_str());
        before.is_none_or(|before| *before != (seen.stamp, seen.key.as_str()))
    };
    let mut due: Vec<_> = listing.seen.into_iter().filter(is_due).collect();
    due.sort_by(|a, b| (a.stamp.bytes, &a.path).cmp(&(b.stamp.bytes, &b.path)));
    due
}

/// Tells whoever shows these models, and clients that read tags.
fn tell<'a>(tx: &mut Tx, keys: impl Iterator<Item = &'a str>) -> Result<(), HubError> {
    events::record(tx, Event::TrainingChanged);
    let keys: HashSet<_> = keys.collect();
    keys.into_iter().try_for_each(|key| tell_data(tx, key))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn name(path: &Path) -> String {
    shown(Path::new(path.file_name().unwrap_or_default()))
}

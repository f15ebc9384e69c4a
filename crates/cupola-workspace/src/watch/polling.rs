//! Looking again: what a place looked like is kept as one number.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, Metadata},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{Noticed, Place};

/// What each place looked like, and each file of events in it.
#[derive(Default)]
pub(crate) struct Polling {
    seen: BTreeMap<Place, HashMap<String, u64>>,
}

impl Polling {
    /// Whether it is looked at only from now on.
    pub(crate) fn watch(&mut self, place: &Place, path: &Path) -> bool {
        if self.seen.contains_key(place) || !path.is_dir() {
            return false;
        }
        self.seen.insert(place.clone(), look(place, path));
        true
    }

    pub(crate) fn forget(&mut self, place: &Place) {
        self.seen.remove(place);
    }

    /// What looks otherwise than before.
    pub(crate) fn look(
        &mut self,
        watched: &BTreeMap<Place, PathBuf>,
        noticed: &mut BTreeSet<Noticed>,
    ) {
        for (place, before) in &mut self.seen {
            let Some(path) = watched.get(place) else {
                continue;
            };
            let now = look(place, path);
            let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
            for name in names
                .into_iter()
                .filter(|name| before.get(*name) != now.get(*name))
            {
                let name = (!name.is_empty()).then(|| name.clone());
                noticed.insert(Noticed::At(place.clone(), name));
            }
            *before = now;
        }
    }
}

/// Names with numbers that change with what they stand for; the folder itself has no name.
fn look(place: &Place, path: &Path) -> HashMap<String, u64> {
    match place {
        Place::LiveJobs | Place::LiveRuns => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            let entries = entries.filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                Some((name, mark(&entry.metadata().ok()?)))
            });
            entries.collect()
        }
        Place::Run(_) => some(path, &["status.json", "jobs.jsonl"]),
        // What a job writes into its folder may be a million files, so they are not listed.
        Place::Job(_) => {
            let mut seen = some(path, &[""]);
            let logs = path
                .parent()
                .and_then(Path::file_name)
                .map(|task| task.to_string_lossy());
            if let Some(task) = logs {
                let script = crate::xpm::script(&task);
                seen.extend(some(
                    path,
                    &[".out", ".err"].map(|end| format!("{script}{end}")),
                ));
            }
            seen
        }
        _ => some(path, &[""]),
    }
}

fn some(path: &Path, names: &[impl AsRef<str>]) -> HashMap<String, u64> {
    let marks = names.iter().filter_map(|name| {
        let name = name.as_ref();
        let metadata = fs::metadata(path.join(name)).ok()?;
        Some((name.to_owned(), mark(&metadata)))
    });
    marks.collect()
}

fn mark(metadata: &Metadata) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        metadata.ino(),
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    )
        .hash(&mut hasher);
    hasher.finish()
}

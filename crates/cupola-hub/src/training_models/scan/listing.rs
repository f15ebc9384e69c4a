//! Which files of models the folders hold, without a look inside.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use cupola_domain::training::TrainingModel;
use cupola_formats::afs::{dataset_keys, evaluated};

use crate::training_models::reading::{Kind, Stamp};

/// A file of a model, as it stands in its folder.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) key: String,
    pub(super) stamp: Stamp,
}

/// What the folders hold.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) seen: Vec<Seen>,
    /// Folders that could not be read, and why.
    pub(super) broken: Vec<(PathBuf, io::Error)>,
}

impl Listing {
    /// Of these folders, for models with these keys.
    pub(super) fn of(folders: &[PathBuf], models: &HashMap<String, TrainingModel>) -> Self {
        let mut listing = Self::default();
        for folder in folders {
            if let Err(error) = fs::read_dir(folder) {
                listing.broken.push((folder.clone(), error));
                continue;
            }
            listing.look(&folder.join("models"), Kind::Samples, |name| {
                // Of `din` and `dinosaur` the longer one is meant; what somebody configured comes before
                // what a run is tagged with.
                let fitting = dataset_keys(name).filter_map(|key| models.get(key));
                let meant = fitting.max_by_key(|it| (it.is_configured(), it.key.len()));
                meant.map(|it| it.key.clone())
            });
            let results = folder.join("evaluations").join("results");
            listing.look(&results, Kind::Score, |name| {
                let key = evaluated(name)?;
                models.contains_key(key).then(|| key.to_owned())
            });
        }
        listing
    }

    /// Notes the files of a folder that belong to models. A folder that is not there holds none.
    fn look(&mut self, folder: &Path, kind: Kind, key_of: impl Fn(&str) -> Option<String>) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.broken.push((folder.to_owned(), error)),
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => return self.broken.push((folder.to_owned(), error)),
            };
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(key) = name.and_then(&key_of) else {
                continue;
            };
            // What cannot be seen is opened all the same, to say why.
            let stamp = path
                .metadata()
                .map_or_else(|_| Stamp::default(), |it| Stamp::of(&it));
            self.seen.push(Seen {
                path,
                kind,
                key,
                stamp,
            });
        }
    }
}

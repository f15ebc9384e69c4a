//! Where things lie, and how they are written so that they are there or not.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::record::Record;
use crate::{HubError, archive::wrong};

/// Programs lie here.
pub(super) const CODE: &str = "code";

/// What is on its way out is called so meanwhile.
const GONE: &str = ".gone-";

/// What is on its way in ends so.
pub(super) const NEW: &str = ".new";

/// A slug is so long at most.
const SLUG_MAX: usize = 40;

/// The digits of an id that a folder's name ends with.
const SHORT: usize = 12;

/// The folders of experiments.
#[derive(Debug)]
pub(super) struct Places {
    root: PathBuf,
    /// The names of folders by what they end with.
    names: HashMap<String, String>,
    /// Files that are written and do not have their names yet, by these. They get them together, once
    /// all that they speak of is on the disk: waiting for the disk takes longer than writing.
    waiting: BTreeMap<PathBuf, Record>,
}

impl Places {
    /// Those that are there. What was on its way out when a hub died goes now.
    pub(super) fn find(root: &Path) -> Result<Self, HubError> {
        let mut places = Self {
            root: root.to_owned(),
            names: HashMap::new(),
            waiting: BTreeMap::new(),
        };
        for name in folders(root).map_err(|error| failed(root, &error))? {
            if name.starts_with(GONE) {
                remove(&root.join(name))?;
            } else if let Some((_, short)) = name.rsplit_once('-') {
                places.names.insert(short.to_owned(), name);
            }
        }
        Ok(places)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of an experiment, if it has one.
    pub(super) fn of(&self, experiment: &str) -> Option<PathBuf> {
        let name = self.names.get(short(experiment).as_str())?;
        Some(self.root.join(name))
    }

    /// The same, made where it is not there. It keeps the name that it began with.
    pub(super) fn make(&mut self, experiment: &str, name: &str) -> Result<PathBuf, HubError> {
        if let Some(place) = self.of(experiment) {
            return Ok(place);
        }
        let short = short(experiment);
        let called = format!("{}-{short}", slug(name));
        let place = self.root.join(&called);
        make(&place)?;
        self.names.insert(short, called);
        Ok(place)
    }

    /// Writes a record, which is there after [`Places::settle`].
    pub(super) fn put(
        &mut self,
        folder: &Path,
        name: &str,
        record: Record,
    ) -> Result<(), HubError> {
        let path = folder.join(name);
        let written = fs::write(new(&path), record.to_text());
        written.map_err(|error| failed(&path, &error))?;
        self.waiting.insert(path, record);
        Ok(())
    }

    /// Whether a record is there, or will be.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.waiting.contains_key(path) || path.exists()
    }

    /// Gives the records that were put their names. After a loss of power each is what it was or what
    /// it is now, with all files that it names.
    pub(super) fn settle(&mut self) -> Result<(), HubError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.sync()?;
        for (path, record) in std::mem::take(&mut self.waiting) {
            fs::rename(new(&path), &path).map_err(|error| failed(&path, &error))?;
            record.tidy(&path);
        }
        Ok(())
    }

    /// All that was written stays, and so do the names.
    pub(super) fn sync(&self) -> Result<(), HubError> {
        let root = File::open(&self.root);
        let synced = root.and_then(|root| sync_all_around(&root));
        synced.map_err(|error| failed(&self.root, &error))
    }

    /// Removes the folder of a run; says whether there was one.
    pub(super) fn remove_run(&mut self, experiment: &str, run: &str) -> Result<bool, HubError> {
        let folder = self.of(experiment).map(|folder| folder.join(run));
        let Some(folder) = folder.filter(|folder| folder.exists()) else {
            return Ok(false);
        };
        self.forget(&folder);
        remove(&folder)?;
        Ok(true)
    }

    /// What waits in a folder does so no longer.
    fn forget(&mut self, folder: &Path) {
        self.waiting.retain(|path, _| !path.starts_with(folder));
    }

    /// Removes the folder of an experiment; says whether there was one.
    pub(super) fn remove(&mut self, experiment: &str) -> Result<bool, HubError> {
        let Some(name) = self.names.get(short(experiment).as_str()).cloned() else {
            return Ok(false);
        };
        let (place, gone) = (
            self.root.join(&name),
            self.root.join(GONE.to_owned() + &name),
        );
        self.forget(&place);
        // Moved first, so that nobody finds half of it.
        match fs::rename(&place, &gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&place, &error));
            }
            _ => {}
        }
        remove(&gone)?;
        self.names.remove(short(experiment).as_str());
        Ok(true)
    }
}

/// The names of the folders in a folder, in order; links are none.
pub(super) fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Makes a folder, and those above it.
pub(super) fn make(folder: &Path) -> Result<(), HubError> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))
}

/// Removes a folder with all in it, if it is there.
pub(super) fn remove(folder: &Path) -> Result<(), HubError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(folder, &error)),
        _ => Ok(()),
    }
}

/// Writes a file at once: after a loss of power it is what it was or what it is now.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<(), HubError> {
    let path = folder.join(name);
    let new = new(&path);
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    });
    written.map_err(|error| failed(&path, &error))
}

/// What a file is called until it is whole.
pub(super) fn new(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(NEW);
    name.into()
}

/// All that lies on the disk of a folder stays as it is.
#[cfg(target_os = "linux")]
fn sync_all_around(folder: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(folder)?)
}

/// The same where it cannot be said which disk.
#[cfg(not(target_os = "linux"))]
fn sync_all_around(_folder: &File) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}

pub(super) fn failed(place: &Path, error: &io::Error) -> HubError {
    wrong(&place.display().to_string(), error)
}

fn short(id: &str) -> String {
    let digits = id.bytes().filter(u8::is_ascii_hexdigit).map(char::from);
    let digits: String = digits.collect();
    digits[digits.len().saturating_sub(SHORT)..].to_owned()
}

fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars() {
        if slug.len() == SLUG_MAX {
            break;
        }
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "experiment" } else { slug }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs() {
        for (name, expected) in [
            ("LR sweep (small)", "lr-sweep-small"),
            ("../../etc", "etc"),
            ("  ", "experiment"),
            ("é", "experiment"),
            (&"x".repeat(100), &"x".repeat(SLUG_MAX)),
        ] {
            assert_eq!(slug(name), expected);
        }
    }

    #[test]
    fn a_folder_keeps_its_name_and_goes_whole() {
        let root = tempfile::tempdir().unwrap();
        let id = "0193b5a8-0000-7000-8000-0123456789ab";
        let mut places = Places::find(root.path()).unwrap();
        let first = places.make(id, "First").unwrap();
        assert_eq!(first, root.path().join("first-0123456789ab"));
        fs::write(first.join("file"), "x").unwrap();
        fs::create_dir(root.path().join(".gone-x")).unwrap();
        let mut places = Places::find(root.path()).unwrap();
        assert_eq!(places.make(id, "Second").unwrap(), first);
        assert!(places.remove(id).unwrap());
        assert!(!places.remove(id).unwrap());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}

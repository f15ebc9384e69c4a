//! Where things lie, and how they are written so that they are there or not.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

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
}

impl Places {
    /// Those that are there. What was on its way out when a hub died goes now.
    pub(super) fn find(root: &Path) -> Result<Self, HubError> {
        let mut places = Self {
            root: root.to_owned(),
            names: HashMap::new(),
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

    /// Removes the folder of an experiment; says whether there was one.
    pub(super) fn remove(&mut self, experiment: &str) -> Result<bool, HubError> {
        let Some(name) = self.names.get(short(experiment).as_str()).cloned() else {
            return Ok(false);
        };
        let (place, gone) = (
            self.root.join(&name),
            self.root.join(GONE.to_owned() + &name),
        );
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

/// Makes a folder, and those above it, to stay.
pub(super) fn make(folder: &Path) -> Result<(), HubError> {
    if folder.is_dir() {
        return Ok(());
    }
    let made = fs::create_dir_all(folder);
    let made = made.and_then(|()| sync(folder.parent().unwrap_or(folder)));
    made.map_err(|error| failed(folder, &error))
}

/// Removes a folder with all in it, if it is there.
pub(super) fn remove(folder: &Path) -> Result<(), HubError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(folder, &error)),
        _ => Ok(()),
    }
}

/// Writes a file: after a loss of power it is what it was or what it is now.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<(), HubError> {
    let path = folder.join(name);
    let new = folder.join(name.to_owned() + NEW);
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        sync(folder)
    });
    written.map_err(|error| failed(&path, &error))
}

/// Names in a folder stay as they are.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
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

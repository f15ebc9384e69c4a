//! The event files below a job's folder.

use std::{
    collections::{HashSet, VecDeque},
    fs::{self, DirEntry},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// So many entries are looked at, those of upper folders first: a job may write a million files.
const ENTRIES: usize = 20_000;

/// Folders lie within each other at most so deeply.
const DEPTH: usize = 16;

/// So many event files are read.
const FILES: usize = 1_000;

/// The part by which `TensorBoard` itself knows an event file.
const MARK: &str = "tfevents";

/// Where event files are looked for.
pub(super) struct Place {
    folder: PathBuf,
    /// Of the folder: a link is followed only to what belongs to the same user, so that a job cannot
    /// show what its viewer alone may read.
    pub(super) owner: u32,
}

/// One event file.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// The folder that it lies in, from the job's folder.
    pub(super) within: String,
    /// It was reached by a link.
    pub(super) is_linked: bool,
}

struct Folder {
    path: PathBuf,
    within: String,
    depth: usize,
    is_linked: bool,
}

impl Place {
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        let owner = folder.metadata()?.uid();
        Ok(Self { folder, owner })
    }

    /// In order of their paths. A link is followed where none was followed before it.
    pub(super) fn find(&self) -> Vec<Found> {
        let mut walk = Walk {
            place: self,
            found: Vec::new(),
            seen: HashSet::new(),
            waiting: VecDeque::new(),
        };
        walk.enter(Folder {
            path: self.folder.clone(),
            within: String::new(),
            depth: 0,
            is_linked: false,
        });
        let mut left = ENTRIES;
        while let Some(folder) = walk.waiting.pop_front() {
            let entries = fs::read_dir(&folder.path).into_iter().flatten().flatten();
            for entry in entries {
                if left == 0 || walk.found.len() == FILES {
                    break;
                }
                left -= 1;
                walk.visit(&folder, &entry);
            }
        }
        walk.found.sort_by(|a, b| a.path.cmp(&b.path));
        walk.found
    }
}

struct Walk<'a> {
    place: &'a Place,
    found: Vec<Found>,
    seen: HashSet<(u64, u64)>,
    waiting: VecDeque<Folder>,
}

impl Walk<'_> {
    /// Each folder once, however many ways lead to it.
    fn enter(&mut self, folder: Folder) {
        let metadata = fs::metadata(&folder.path);
        let is_new = metadata.is_ok_and(|it| self.seen.insert((it.dev(), it.ino())));
        if is_new && folder.depth <= DEPTH {
            self.waiting.push_back(folder);
        }
    }

    fn visit(&mut self, folder: &Folder, entry: &DirEntry) {
        let Ok(mut kind) = entry.file_type() else {
            return;
        };
        let path = entry.path();
        let is_link = kind.is_symlink();
        if is_link {
            let target = (!folder.is_linked).then(|| self.target(&path)).flatten();
            let Some(target) = target else {
                return;
            };
            kind = target;
        }
        let is_linked = folder.is_linked || is_link;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if kind.is_dir() {
            let within = match folder.within.as_str() {
                "" => name.into_owned(),
                above => format!("{above}/{name}"),
            };
            let depth = folder.depth + 1;
            self.enter(Folder {
                path,
                within,
                depth,
                is_linked,
            });
        } else if kind.is_file() && name.contains(MARK) {
            self.found.push(Found {
                path,
                within: folder.within.clone(),
                is_linked,
            });
        }
    }

    /// What a link leads to, where it may be followed: not to what the folder itself lies in.
    fn target(&self, link: &Path) -> Option<fs::FileType> {
        let target = link.canonicalize().ok()?;
        let metadata = target.metadata().ok()?;
        let is_above = self.place.folder.starts_with(&target);
        (metadata.uid() == self.place.owner && !is_above).then(|| metadata.file_type())
    }
}

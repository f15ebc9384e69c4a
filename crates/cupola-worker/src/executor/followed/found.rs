//! The event files below a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::foreign::{DEPTH_MAX, ENTRIES_MAX};

/// So many event files are followed.
pub(super) const FILES_MAX: usize = 1_000;

/// The part by which `TensorBoard` itself knows an event file.
const MARK: &str = "tfevents";

/// The event files below `folder` in order of their paths, without going through links, and whether
/// there may be more.
pub(super) fn find(folder: &Path) -> (Vec<PathBuf>, bool) {
    let mut walk = Walk {
        found: Vec::new(),
        entries_left: ENTRIES_MAX,
        is_cut: false,
    };
    // What cannot be read now may be the next time.
    let _ = walk.visit(folder, DEPTH_MAX);
    walk.found.sort();
    (walk.found, walk.is_cut)
}

struct Walk {
    found: Vec<PathBuf>,
    entries_left: usize,
    is_cut: bool,
}

impl Walk {
    fn visit(&mut self, folder: &Path, depth_left: usize) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if self.entries_left == 0 || self.found.len() == FILES_MAX {
                self.is_cut = true;
                return Ok(());
            }
            self.entries_left -= 1;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if depth_left == 0 {
                    self.is_cut = true;
                } else {
                    let _ = self.visit(&entry.path(), depth_left - 1);
                }
            } else if kind.is_file() && entry.file_name().to_string_lossy().contains(MARK) {
                self.found.push(entry.path());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_event_files_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("run/logs/train")).unwrap();
        fs::create_dir_all(at("elsewhere")).unwrap();
        for file in [
            "run/logs/train/events.out.tfevents.2",
            "run/events.out.tfevents.1",
            "run/stdout.log",
            "elsewhere/events.out.tfevents.3",
        ] {
            fs::write(at(file), "").unwrap();
        }
        std::os::unix::fs::symlink(at("elsewhere"), at("run/link")).unwrap();
        let file = at("elsewhere/events.out.tfevents.3");
        std::os::unix::fs::symlink(file, at("run/events.out.tfevents.4")).unwrap();
        let (found, is_cut) = find(&at("run"));
        let expected = [
            "run/events.out.tfevents.1",
            "run/logs/train/events.out.tfevents.2",
        ];
        assert_eq!(found, expected.map(at));
        assert!(!is_cut);
    }
}

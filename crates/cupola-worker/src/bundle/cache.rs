//! Bundles on disk, one folder for each hash, unpacked once.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use cupola_domain::{template::CodeFile, time::Timestamp};

use super::{BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX, bundle_hash};
use crate::backoff::random;

/// Files are for reading: the next run must find what the hash stands for.
const FILE_MODE: u32 = 0o444;

/// What was not used for so long is not kept.
const UNUSED_MAX: Duration = Duration::from_hours(30 * 24);

/// The folders of unpacked bundles.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Hash → the command with which its folder was verified since the agent started.
    verified: Mutex<HashMap<String, Vec<String>>>,
}

impl Cache {
    /// Keeps its folders in `folder`.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            verified: Mutex::default(),
        }
    }

    /// The folder of `hash`, if it is here and is what `hash` stands for together with `command`.
    pub(crate) fn find(&self, hash: &str, command: &[String]) -> Option<PathBuf> {
        let folder = self.folder.join(hash);
        let known = self.known().get(hash).is_some_and(|with| with == command);
        if known && folder.is_dir() {
            return Some(folder);
        }
        let files = read_files(&folder).ok()?;
        if bundle_hash(command, &files) != hash {
            return None;
        }
        self.known().insert(hash.to_owned(), command.to_vec());
        Some(folder)
    }

    /// Unpacks verified `files` as the folder of `hash`.
    pub(crate) fn insert(&self, hash: &str, files: &[CodeFile]) -> io::Result<PathBuf> {
        let folder = self.folder.join(hash);
        let temporary = self.folder.join(format!("{hash}.{:016x}", random()));
        unpack(&temporary, files)
            .and_then(|()| self.put_in_place(hash, &temporary, &folder))
            .inspect_err(|_| {
                let _ = fs::remove_dir_all(&temporary);
            })?;
        Ok(folder)
    }

    /// Renames `temporary` to `folder`. What is there already stays if it is the same, put there by a
    /// run that started at the same time and may be reading it; what was refused is replaced.
    fn put_in_place(&self, hash: &str, temporary: &Path, folder: &Path) -> io::Result<()> {
        if fs::rename(temporary, folder).is_ok() {
            return Ok(());
        }
        let (new, there) = (read_files(temporary)?, read_files(folder));
        if there.is_ok_and(|there| there == new) {
            return fs::remove_dir_all(temporary);
        }
        let old = self.folder.join(format!("{hash}.{:016x}.old", random()));
        fs::rename(folder, &old)?;
        fs::rename(temporary, folder)?;
        fs::remove_dir_all(&old)
    }

    /// Notes that the folder of `hash` is used.
    pub(crate) fn mark_used(&self, hash: &str, now: Timestamp) {
        let folder = fs::File::open(self.folder.join(hash));
        // Otherwise it is only fetched again one day.
        let _ = folder.and_then(|folder| folder.set_modified(system(now)));
    }

    /// Removes what was not used for long. No run may have begun before that.
    pub(crate) fn forget_unused(&self, now: Timestamp) {
        let since = long_ago(now);
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let used = entry.metadata().and_then(|about| about.modified()).ok();
            if used.is_some_and(|used| since.is_some_and(|since| used < since)) {
                // What is in the way of that is so the next time, too.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was not touched since then is not needed any more.
pub(crate) fn long_ago(now: Timestamp) -> Option<SystemTime> {
    system(now).checked_sub(UNUSED_MAX)
}

fn system(now: Timestamp) -> SystemTime {
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

fn unpack(folder: &Path, files: &[CodeFile]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, &file.bytes)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(FILE_MODE))?;
    }
    Ok(())
}

/// All files below `folder`. Links are refused: they could lead anywhere.
fn read_files(folder: &Path) -> io::Result<Vec<CodeFile>> {
    let (mut files, mut folders, mut bytes_left) =
        (Vec::new(), vec![folder.to_owned()], BUNDLE_BYTES_MAX);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let (entry, path) = entry.map(|entry| (entry.metadata(), entry.path()))?;
            let entry = entry?;
            if entry.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(folder).ok().and_then(Path::to_str);
            let (Some(inside), true) = (inside, entry.is_file()) else {
                return Err(io::Error::other("not a plain file"));
            };
            bytes_left = bytes_left
                .checked_sub(entry.len())
                .filter(|_| files.len() < BUNDLE_FILES_MAX)
                .ok_or_else(|| io::Error::other("too much"))?;
            files.push(CodeFile {
                path: inside.to_owned(),
                bytes: fs::read(&path)?,
            });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<CodeFile> {
        ["a.py", "lib/b.py"]
            .map(|path| CodeFile {
                path: path.to_owned(),
                bytes: path.as_bytes().to_vec(),
            })
            .to_vec()
    }

    /// A cache with a bundle, as an agent finds it that was started anew.
    fn restarted() -> (tempfile::TempDir, Cache, String, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let hash = bundle_hash(&[], &files());
        let unpacked = Cache::new(folder.path().to_owned())
            .insert(&hash, &files())
            .unwrap();
        let cache = Cache::new(folder.path().to_owned());
        (folder, cache, hash, unpacked)
    }

    #[test]
    fn what_was_unpacked_is_found_after_a_restart() {
        let (_folder, cache, hash, unpacked) = restarted();
        assert_eq!(cache.find(&hash, &[]), Some(unpacked.clone()));
        assert_eq!(fs::read(unpacked.join("lib/b.py")).unwrap(), b"lib/b.py");
    }

    #[test]
    fn another_command_is_another_bundle() {
        let (_folder, cache, hash, _) = restarted();
        assert_eq!(cache.find(&hash, &["sh".to_owned()]), None);
    }

    #[test]
    fn a_changed_folder_is_not_taken_and_can_be_replaced() {
        let (_folder, cache, hash, unpacked) = restarted();
        fs::write(unpacked.join("extra"), b"x").unwrap();
        assert_eq!(cache.find(&hash, &[]), None);
        cache.insert(&hash, &files()).unwrap();
        assert_eq!(cache.find(&hash, &[]), Some(unpacked));
    }

    #[test]
    fn what_is_not_used_for_a_month_is_forgotten() {
        let (_folder, cache, hash, unpacked) = restarted();
        let day = |day: i64| Timestamp::from_millis(day * 24 * 3600 * 1000);
        cache.mark_used(&hash, day(20_000));
        cache.forget_unused(day(20_030));
        assert_eq!(cache.find(&hash, &[]), Some(unpacked.clone()));
        cache.mark_used(&hash, day(20_010));
        cache.forget_unused(day(20_031));
        assert!(unpacked.is_dir());
        cache.forget_unused(day(20_041));
        assert!(!unpacked.exists());
    }

    #[test]
    fn a_link_is_not_followed() {
        let (_folder, cache, hash, unpacked) = restarted();
        fs::remove_file(unpacked.join("a.py")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", unpacked.join("a.py")).unwrap();
        assert_eq!(cache.find(&hash, &[]), None);
    }
}

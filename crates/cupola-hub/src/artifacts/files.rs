//! Files called by the hashes of their bytes.
//!
//! ```text
//! incoming/7       on its way in; gone with whoever writes it
//! ab/abcdef…       whole, and on the disk
//! ```

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use cupola_domain::text::hex;
use sha2::{Digest as _, Sha256};

use crate::HubError;

/// Where files are on their way in.
const INCOMING: &str = "incoming";

/// Files called by the hashes of their bytes, in one folder. Nobody else writes there.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    next: AtomicU64,
    in_hand: Arc<InHands>,
}

/// Hashes whose files are there, or about to be, while their rows may not be yet; how many each.
#[derive(Debug, Default)]
struct InHands(Mutex<HashMap<String, usize>>);

/// Keeps a file from being removed for as long as this is held.
#[derive(Debug)]
pub(crate) struct InHand {
    hash: String,
    all: Arc<InHands>,
}

/// A file on its way in. Letting go of it removes it.
#[derive(Debug)]
pub(crate) struct Incoming {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    size: u64,
}

impl Files {
    /// Files in `folder`, which is made with the first of them. What a hub that died was in the
    /// middle of writing is removed.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(folder.join(INCOMING)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self {
            folder,
            next: AtomicU64::new(0),
            in_hand: Arc::default(),
        })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A new file.
    pub(crate) fn begin(&self) -> io::Result<Incoming> {
        let folder = self.folder.join(INCOMING);
        if !folder.is_dir() {
            fs::create_dir_all(&folder)?;
            sync_folder(self.folder.parent().unwrap_or(&self.folder))?;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(number.to_string());
        Ok(Incoming {
            file: File::create_new(&path)?,
            path,
            hasher: Sha256::new(),
            size: 0,
        })
    }

    /// Gives a whole file the name of its hash; when this returns, that survives a loss of power.
    pub(crate) fn keep(&self, incoming: Incoming, hash: &str) -> io::Result<InHand> {
        incoming.file.sync_all()?;
        let in_hand = self.in_hand.take(hash);
        let path = self.path(hash);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        fs::rename(&incoming.path, &path)?;
        sync_folder(folder)?;
        sync_folder(&self.folder)?;
        Ok(in_hand)
    }

    /// The file with this hash.
    pub(super) fn open_hash(&self, hash: &str) -> io::Result<File> {
        File::open(self.path(hash))
    }

    /// The folders of whole files, two digits each.
    pub(crate) fn prefixes(&self) -> io::Result<Vec<String>> {
        let names = names_in(&self.folder)?;
        Ok(names.into_iter().filter(|name| name.len() == 2).collect())
    }

    /// The hashes in one of these folders.
    pub(crate) fn hashes(&self, prefix: &str) -> io::Result<Vec<String>> {
        names_in(&self.folder.join(prefix))
    }

    /// Removes a file, unless it is in somebody's hands or `is_kept` says that a row refers to it.
    pub(crate) fn remove_unless(
        &self,
        hash: &str,
        is_kept: impl FnOnce() -> Result<bool, HubError>,
    ) -> Result<bool, HubError> {
        // Nobody takes a hash in hand while this is looked at.
        let in_hand = self.in_hand.lock();
        if in_hand.contains_key(hash) || is_kept()? {
            return Ok(false);
        }
        fs::remove_file(self.path(hash)).map_err(|error| HubError::Internal(error.into()))?;
        Ok(true)
    }

    fn path(&self, hash: &str) -> PathBuf {
        self.folder.join(&hash[..2]).join(hash)
    }
}

impl Incoming {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Of what came so far.
    pub(crate) fn hash(&self) -> String {
        hex(&self.hasher.clone().finalize())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // One that was kept is not there any more.
        let _ = fs::remove_file(&self.path);
    }
}

impl InHands {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        // Each change under this lock is a single step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, hash: &str) -> InHand {
        *self.lock().entry(hash.to_owned()).or_default() += 1;
        InHand {
            hash: hash.to_owned(),
            all: Arc::clone(self),
        }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        if let Some(count) = all.get_mut(&self.hash) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.hash);
            }
        }
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn files() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().join("artifacts")).unwrap();
        (folder, files)
    }

    fn incoming(files: &Files, bytes: &[u8]) -> Incoming {
        let mut incoming = files.begin().unwrap();
        incoming.write(bytes).unwrap();
        incoming
    }

    #[test]
    fn what_comes_is_called_by_its_hash() {
        let (_folder, files) = files();
        for _ in 0..2 {
            let incoming = incoming(&files, b"abc");
            assert_eq!(
                (incoming.size(), incoming.hash().as_str()),
                (3, HASH_OF_ABC)
            );
            files.keep(incoming, HASH_OF_ABC).unwrap();
        }
        let text = io::read_to_string(files.open_hash(HASH_OF_ABC).unwrap()).unwrap();
        assert_eq!(text, "abc");
        assert_eq!(files.prefixes().unwrap(), ["ba"]);
        assert_eq!(files.hashes("ba").unwrap(), [HASH_OF_ABC]);
    }

    #[test]
    fn what_is_let_go_of_or_left_by_a_crash_is_gone() {
        let (folder, files) = files();
        drop(incoming(&files, b"abc"));
        let lost = incoming(&files, b"abc");
        let coming = folder.path().join("artifacts").join(INCOMING);
        assert_eq!(names_in(&coming).unwrap(), ["1"]);
        std::mem::forget(lost);
        Files::open(folder.path().join("artifacts")).unwrap();
        assert_eq!(names_in(&coming).unwrap(), [""; 0]);
    }

    #[test]
    fn a_file_is_removed_only_when_nobody_needs_it() {
        let (_folder, files) = files();
        let in_hand = files.keep(incoming(&files, b"abc"), HASH_OF_ABC).unwrap();
        let again = files.keep(incoming(&files, b"abc"), HASH_OF_ABC).unwrap();
        drop(in_hand);
        assert!(!files.remove_unless(HASH_OF_ABC, || Ok(false)).unwrap());
        drop(again);
        assert!(!files.remove_unless(HASH_OF_ABC, || Ok(true)).unwrap());
        assert!(files.open_hash(HASH_OF_ABC).is_ok());
        assert!(files.remove_unless(HASH_OF_ABC, || Ok(false)).unwrap());
        assert!(files.open_hash(HASH_OF_ABC).is_err());
    }
}

//! Opens files of the configured folders, and nothing else: whoever may write to a folder may not thereby
//! read all that the hub can.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::{
        fd::AsRawFd as _,
        unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
};

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// A folder, a device or a pipe.
    #[error("it is not a file")]
    NoFile,
    /// A link leads to it from elsewhere.
    #[error("it lies outside the configured folders")]
    Outside,
    /// The system's words.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Opens a regular file that lies in one of these folders. Devices and pipes are not opened at all. A file is
/// opened before it is asked where it lies, so that nothing else takes its place once it was looked at.
pub(crate) fn open(path: &Path, folders: &[PathBuf]) -> Result<File, OpenError> {
    check_file(&path.metadata()?)?;
    let file = open_at_once(path)?;
    let place = place_of(&file, path)?;
    let is_inside = |folder: &PathBuf| {
        let folder = folder.canonicalize();
        folder.is_ok_and(|folder| place.starts_with(folder))
    };
    if folders.iter().any(is_inside) {
        return Ok(file);
    }
    Err(OpenError::Outside)
}

/// A pipe that took the file's place meanwhile is not waited for.
fn open_at_once(path: &Path) -> Result<File, OpenError> {
    let flags = libc::O_NONBLOCK | libc::O_CLOEXEC;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path)?;
    check_file(&file.metadata()?)?;
    Ok(file)
}

fn check_file(found: &Metadata) -> Result<(), OpenError> {
    if found.is_file() {
        return Ok(());
    }
    Err(OpenError::NoFile)
}

/// Where a file is that was opened by this name, as the system says; where it says nothing, by the name.
fn place_of(file: &File, path: &Path) -> io::Result<PathBuf> {
    let known = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    known.or_else(|_| place_by_name(file, path))
}

/// Where the name leads to, if that is the file still.
fn place_by_name(file: &File, path: &Path) -> io::Result<PathBuf> {
    let place = path.canonicalize()?;
    let (opened, named) = (file.metadata()?, place.symlink_metadata()?);
    if (opened.dev(), opened.ino()) == (named.dev(), named.ino()) {
        return Ok(place);
    }
    Err(io::Error::other("another took its place meanwhile"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_is_replaced_once_it_was_opened_hides_nothing() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (folder, elsewhere) = (folder.path(), elsewhere.path().canonicalize().unwrap());
        let (link, secret) = (folder.join("din_merged.jsonl"), elsewhere.join("secret"));
        fs::write(&secret, "secret").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        let file = open_at_once(&link).unwrap();
        assert_eq!(place_of(&file, &link).unwrap(), secret);
        assert_eq!(place_by_name(&file, &link).unwrap(), secret);
        fs::remove_file(&link).unwrap();
        fs::write(&link, "samples").unwrap();
        assert_eq!(place_of(&file, &link).unwrap(), secret);
        assert_eq!(
            place_by_name(&file, &link).unwrap_err().to_string(),
            "another took its place meanwhile"
        );
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("din_merged.jsonl");
        #[expect(clippy::disallowed_methods, reason = "std makes no pipes with names")]
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let folders = [folder.path().to_owned()];
        for opened in [open(&pipe, &folders), open_at_once(&pipe)] {
            assert_eq!(opened.unwrap_err().to_string(), "it is not a file");
        }
    }
}

//! Folders that programs may change while they are looked at: how far they are looked through, and how what
//! lies in them is reached through no link.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    os::{fd::AsRawFd as _, unix::fs::OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
};

/// So many files and folders are looked at in one folder.
pub(crate) const ENTRIES_MAX: usize = 20_000;

/// Folders lie within each other at most so deeply.
pub(crate) const DEPTH_MAX: usize = 16;

/// A folder that is held: what is named in it lies there, wherever its path leads in the meantime.
#[derive(Debug)]
pub(crate) struct Folder(File);

impl Folder {
    /// The folder at `path`, which begins at the root and leads through no link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut parts = path.components();
        let mut folder = match parts.next() {
            Some(Component::RootDir) => Self::at_path(Path::new("/"))?,
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        };
        for part in parts {
            folder = match part {
                Component::Normal(name) => folder.folder(name)?,
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            };
        }
        Ok(folder)
    }

    /// A folder in it.
    pub(crate) fn folder(&self, name: &OsStr) -> io::Result<Self> {
        Self::at_path(&self.at(name))
    }

    /// The same; it is made where there is nothing of that name.
    pub(crate) fn made_folder(&self, name: &OsStr) -> io::Result<Self> {
        match fs::create_dir(self.at(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.folder(name),
        }
    }

    /// Where something in it is reached as long as this is held.
    pub(crate) fn at(&self, name: &OsStr) -> PathBuf {
        let held = self.0.as_raw_fd().to_string();
        Path::new("/proc/self/fd").join(held).join(name)
    }

    fn at_path(path: &Path) -> io::Result<Self> {
        let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
        let mut options = OpenOptions::new();
        let opened = options.read(true).custom_flags(flags).open(path);
        opened.map(Self)
    }
}

/// Opens the regular file at `path`, which begins at the root and leads through no link.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    // A pipe that nobody writes to would be waited for.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .custom_flags(flags)
        .open(Folder::open(folder)?.at(name))?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        fs::create_dir_all(path.join("run/deep")).unwrap();
        fs::write(path.join("run/deep/file"), "x").unwrap();
        symlink(path.join("run"), path.join("link")).unwrap();
        symlink("deep/file", path.join("run/last")).unwrap();
        (folder, path)
    }

    #[test]
    fn no_link_is_gone_through_wherever_it_stands() {
        let (_folder, path) = place();
        let check = |below: &str, expected: bool| {
            assert_eq!(open_file(&path.join(below)).is_ok(), expected, "{below}");
        };
        check("run/deep/file", true);
        check("link/deep/file", false);
        check("run/last", false);
        check("run/deep/../deep/file", false);
        check("run/deep", false);
        assert!(open_file(Path::new("run/deep/file")).is_err());
        assert!(open_file(Path::new("/dev/null")).is_err());
    }

    #[test]
    fn what_is_held_stays_the_same_folder() {
        let (_folder, path) = place();
        let held = Folder::open(&path.join("run")).unwrap();
        fs::rename(path.join("run"), path.join("moved")).unwrap();
        symlink("/usr", path.join("run")).unwrap();
        fs::write(held.at(OsStr::new("new")), "x").unwrap();
        assert!(path.join("moved/new").is_file());
        assert!(held.made_folder(OsStr::new("deep")).is_ok());
        symlink("/usr", path.join("moved/out")).unwrap();
        assert!(held.made_folder(OsStr::new("out")).is_err());
    }
}

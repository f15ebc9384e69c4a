//! The folder of a SQLite database: made private, kept for one hub, refused when it is on a network.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use crate::error::StoreError;

const LOCK_FILE: &str = "hub.lock";

/// Filesystems on which SQLite's log or its locks are not safe.
const NETWORK_FILESYSTEMS: [&str; 10] = [
    "nfs",
    "nfs4",
    "cifs",
    "smbfs",
    "smb3",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.s3fs",
    "afs",
    "ncpfs",
];

/// The right to be the folder's only hub, given back when dropped, or by the system when the process ends.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "holds the lock while it is open")] File);

/// Makes the folder and the file if they are missing and takes the folder's lock.
pub(super) fn prepare(database: &Path) -> Result<FolderLock, StoreError> {
    let folder = match database.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    create_folder(folder).map_err(|source| io_error(folder, source))?;
    refuse_network(folder)?;
    let lock = lock(folder)?;
    make_private(database).map_err(|source| io_error(database, source))?;
    Ok(lock)
}

/// Takes the lock of a data folder whose hub has its database elsewhere.
pub fn lock_folder(folder: &Path) -> Result<FolderLock, StoreError> {
    lock(folder)
}

pub(super) fn io_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Writes through to the disk a file that something else has just made, and its folder's entry of it.
pub(super) fn make_durable(file: &Path) -> Result<(), StoreError> {
    let sync = |path: &Path| {
        let opened = File::open(path).and_then(|file| file.sync_all());
        opened.map_err(|source| io_error(path, source))
    };
    sync(file)?;
    file.parent()
        .filter(|folder| *folder != Path::new(""))
        .map_or(Ok(()), sync)
}

/// Makes a file that only its owner may read, unless it exists; an existing one is closed to others.
/// SQLite gives its log the same rights as the file.
pub(super) fn make_private(file: &Path) -> io::Result<()> {
    let opened = private_file().open(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        opened.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    drop(opened);
    Ok(())
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn lock(folder: &Path) -> Result<FolderLock, StoreError> {
    let path = folder.join(LOCK_FILE);
    let mut file = private_file()
        .open(&path)
        .map_err(|source| io_error(&path, source))?;
    match file.try_lock() {
        Ok(()) => {
            note_holder(&mut file).map_err(|source| io_error(&path, source))?;
            Ok(FolderLock(file))
        }
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
            database: format!("the folder `{}`", folder.display()),
            holder: holder(&mut file),
        }),
        Err(TryLockError::Error(source)) => Err(io_error(&path, source)),
    }
}

fn note_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    write!(file, "pid {}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(64).read_to_string(&mut text) {
        Ok(_) if !text.is_empty() => text,
        _ => "which is just starting".to_owned(),
    }
}

/// Only Linux tells; elsewhere the folder is taken as local.
fn refuse_network(folder: &Path) -> Result<(), StoreError> {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else {
        return Ok(());
    };
    let path = fs::canonicalize(folder).map_err(|source| io_error(folder, source))?;
    match filesystem_of(&mounts, &path) {
        Some(kind) if NETWORK_FILESYSTEMS.contains(&kind) => Err(StoreError::NetworkFilesystem {
            path,
            kind: kind.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// The type of the filesystem that holds `path`: the longest mount point above it, the last one
/// mounted there.
fn filesystem_of<'a>(mountinfo: &'a str, path: &Path) -> Option<&'a str> {
    mountinfo
        .lines()
        .filter_map(mount)
        .filter(|(point, _)| path.starts_with(point))
        .max_by_key(|(point, _)| point.components().count())
        .map(|(_, kind)| kind)
}

/// Point and type of one line: `36 35 98:0 /root /point options tags… - type source options`.
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let point = line.split(' ').nth(4)?;
    let kind = line.split(" - ").nth(1)?.split(' ').next()?;
    let point = point.replace("\\040", " ").replace("\\134", "\\");
    Some((PathBuf::from(point), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:40 / /home rw shared:2 - nfs4 server:/home rw
41 40 254:1 / /home/local\\040disk rw - xfs /dev/vdb rw
42 22 0:41 / /mnt/lab rw - fuse.sshfs lab: rw
43 22 0:42 / /mnt/twice rw - ext4 /dev/vdc rw
44 43 0:43 / /mnt/twice rw - cifs //server/share rw";

    fn check(path: &str, kind: &str) {
        assert_eq!(filesystem_of(MOUNTS, Path::new(path)), Some(kind));
    }

    #[test]
    fn the_longest_mount_point_decides() {
        check("/var/lib/cupola", "ext4");
        check("/home/ada/cupola", "nfs4");
        check("/home/local disk/cupola", "xfs");
    }

    #[test]
    fn a_mount_point_is_no_prefix_of_another_name() {
        check("/homes/ada", "ext4");
    }

    #[test]
    fn the_last_mount_on_a_point_covers_the_earlier() {
        check("/mnt/twice/data", "cifs");
    }

    #[test]
    fn network_filesystems_are_known_by_name() {
        for path in ["/home/ada", "/mnt/lab/x", "/mnt/twice"] {
            let kind = filesystem_of(MOUNTS, Path::new(path)).expect("listed above");
            assert!(NETWORK_FILESYSTEMS.contains(&kind), "{kind}");
        }
    }
}

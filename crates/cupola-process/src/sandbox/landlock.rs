//! Files, connections and signals, by the kernel's Landlock.
//!
//! The three calls are made here and not through a crate: the rules are made before the fork, where
//! memory may be taken, and between fork and exec there is the one call that enforces them.

use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io,
    os::{
        fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
        unix::{ffi::OsStrExt as _, fs::OpenOptionsExt as _},
    },
    path::Path,
    ptr,
};

use super::{Profile, Reach, SHARED_MEMORY};

const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const MAKE_CHAR: u64 = 1 << 6;
const MAKE_BLOCK: u64 = 1 << 11;
/// What the first version knows.
const FIRST: u64 = (1 << 13) - 1;
/// Renaming and linking from one folder into another. Denied by any ruleset that does not handle it.
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEV: u64 = 1 << 15;

/// What may be allowed of something that is no folder.
const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;

const READ: u64 = EXECUTE | READ_FILE | READ_DIR;

/// All but making devices, which would be a way around these rules for the administrator.
const WRITE: u64 = !(MAKE_CHAR | MAKE_BLOCK);

const BIND_AND_CONNECT_TCP: u64 = 0b11;

const SCOPE_ABSTRACT_SOCKETS: u64 = 1;
const SCOPE_SIGNALS: u64 = 1 << 1;

/// From these versions on there is what their names say.
pub(super) const WITH_REFER: u32 = 2;
pub(super) const WITH_TRUNCATE: u32 = 3;
pub(super) const WITH_TCP: u32 = 4;
const WITH_IOCTL: u32 = 5;
pub(super) const WITH_SCOPES: u32 = 6;

const VERSION_FLAG: u32 = 1;
const PATH_BENEATH: u32 = 1;

#[repr(C)]
#[derive(Default)]
struct Handled {
    files: u64,
    connections: u64,
    scopes: u64,
}

#[repr(C, packed)]
struct Beneath {
    allowed: u64,
    parent: i32,
}

/// Rules that a process can put itself under.
#[derive(Debug)]
pub(super) struct Ruleset {
    rules: OwnedFd,
    /// The files that they are about.
    files: u64,
}

/// Which version the kernel has; zero when it has none.
#[expect(unsafe_code, reason = "a system call without a safe form")]
pub(super) fn version() -> u32 {
    let none = ptr::null::<Handled>();
    // SAFETY: with this flag nothing is read.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            none,
            0usize,
            VERSION_FLAG,
        )
    };
    u32::try_from(version).unwrap_or(0)
}

impl Ruleset {
    /// The rules of `profile`, as far as `version` knows of them.
    pub(super) fn new(profile: &Profile, version: u32) -> io::Result<Option<Self>> {
        let least = if profile.is_strict() { 1 } else { WITH_REFER };
        if version < least {
            return Ok(None);
        }
        let handled = handled(profile, version);
        let ruleset = Self::of(&handled)?;
        match &profile.reach {
            // Nothing is denied; but whoever is under rules sees nothing of the processes that are not.
            Reach::AllBut { .. } => ruleset.allow(Path::new("/"), handled.files)?,
            Reach::Only { read, write } => {
                for path in read {
                    ruleset.allow(path, (READ | of_devices(path)) & handled.files)?;
                }
                for path in write {
                    ruleset.allow(path, WRITE & handled.files)?;
                }
            }
        }
        Ok(Some(ruleset))
    }

    /// Allows everything in `/dev/shm`, whichever the calling process has now. Takes no memory, and may stand
    /// between fork and exec.
    pub(super) fn allow_shared_memory(&self) -> io::Result<()> {
        let shared = OsStr::from_bytes(SHARED_MEMORY.to_bytes());
        self.allow(Path::new(shared), WRITE & self.files)
    }

    #[expect(unsafe_code, reason = "a system call without a safe form")]
    fn of(handled: &Handled) -> io::Result<Self> {
        let (at, size) = (ptr::from_ref(handled), size_of::<Handled>());
        // SAFETY: the structure is as long as is said, and an older kernel takes a longer one whose
        // rest is zero.
        let made = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, at, size, 0u32) };
        let made = i32::try_from(made).ok().filter(|fd| *fd >= 0);
        let made = made.ok_or_else(io::Error::last_os_error)?;
        // SAFETY: the descriptor was just made and is nobody else's.
        Ok(Self {
            rules: unsafe { OwnedFd::from_raw_fd(made) },
            files: handled.files,
        })
    }

    /// Allows `access` to `path` and all below. What is not there, or may not be looked at, is no rule.
    #[expect(unsafe_code, reason = "a system call without a safe form")]
    fn allow(&self, path: &Path, access: u64) -> io::Result<()> {
        let Some(opened) = open(path) else {
            return Ok(());
        };
        let is_folder = opened.metadata().is_ok_and(|about| about.is_dir());
        let rule = Beneath {
            allowed: if is_folder { access } else { access & OF_FILES },
            parent: opened.as_raw_fd(),
        };
        // SAFETY: the structure is what the kind of rule asks for, and both descriptors are open.
        let added = unsafe {
            libc::syscall(
                libc::SYS_landlock_add_rule,
                self.rules.as_raw_fd(),
                PATH_BENEATH,
                ptr::from_ref(&rule),
                0u32,
            )
        };
        if added == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Puts the calling process under the rules.
    #[expect(unsafe_code, reason = "a system call without a safe form")]
    pub(super) fn enforce(&self) -> io::Result<()> {
        // SAFETY: a plain system call on an open descriptor.
        let done = unsafe {
            libc::syscall(
                libc::SYS_landlock_restrict_self,
                self.rules.as_raw_fd(),
                0u32,
            )
        };
        if done == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_PATH);
    options.open(path).ok()
}

fn handled(profile: &Profile, version: u32) -> Handled {
    let from = |least: u32, what: u64| if version >= least { what } else { 0 };
    let files = from(WITH_REFER, REFER);
    let (files, scopes) = if profile.is_strict() {
        let later = from(WITH_TRUNCATE, TRUNCATE) | from(WITH_IOCTL, IOCTL_DEV);
        (
            FIRST | files | later,
            SCOPE_SIGNALS | SCOPE_ABSTRACT_SOCKETS,
        )
    } else {
        (files, SCOPE_SIGNALS)
    };
    Handled {
        files,
        connections: if profile.network {
            0
        } else {
            from(WITH_TCP, BIND_AND_CONNECT_TCP)
        },
        scopes: from(WITH_SCOPES, scopes),
    }
}

/// Devices are used by writing to them and by calls of their own.
fn of_devices(path: &Path) -> u64 {
    if path.starts_with("/dev") {
        WRITE_FILE | IOCTL_DEV
    } else {
        0
    }
}

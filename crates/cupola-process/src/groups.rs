//! Control groups: what holds for all processes of a run together.
//!
//! Only the kernel's second version of them, and only below the group that this process is in, if that is
//! its own to divide: in a service or scope that was delegated (`Delegate=yes`), or where no systemd divides
//! them and this user may.

use std::{
    ffi::{CStr, CString},
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::{
        fd::{AsFd as _, AsRawFd as _, BorrowedFd, RawFd},
        unix::ffi::OsStrExt as _,
    },
    path::{Path, PathBuf},
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::sandbox::Limits;

/// Where the owner of the programs goes itself: a group that is divided holds no processes.
const OWNER: &str = "cupola-owner";

/// What the groups of runs begin with; which numbers of processes are meant, the owner's and one of its own
/// follow.
const RUN: &str = "cupola-run-";

/// Marks of systemd on groups that it leaves to somebody.
const DELEGATED: [&CStr; 2] = [c"trusted.delegate", c"user.delegate"];

/// No two groups of one process have the same number.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What control groups can do on a machine, beyond ending all that is in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grouping {
    /// Whether the memory of a group can be limited.
    pub memory: bool,
    /// Whether the processes of a group can be limited.
    pub processes: bool,
}

/// Where groups of runs are made.
#[derive(Debug)]
pub struct Groups {
    base: PathBuf,
    /// Which numbers of processes are meant.
    space: String,
    grouping: Grouping,
    remains: Remains,
}

/// Groups that could not be removed at once, because what was killed in them was not gone yet.
type Remains = Arc<Mutex<Vec<PathBuf>>>;

/// The processes of one run. Letting go of it kills what is in it.
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    /// Writing to it takes the writer in.
    door: File,
    remains: Remains,
}

impl Groups {
    /// Below the group of this process, if it may be divided. Goes into a group of its own where that has to
    /// be, and removes what an owner has left that is no more.
    pub fn of_this_process() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let membership = fs::read_to_string("/proc/self/cgroup").ok()?;
        let base = folder(&mounts, &membership)?;
        let is_ours = is_delegated(&base) || !Path::new("/run/systemd/system").exists();
        let space = space()?;
        if !is_ours || !may_divide(&base, &space) {
            return None;
        }
        clear(&base, &space);
        Some(Self {
            grouping: divide(&base),
            base,
            space,
            remains: Remains::default(),
        })
    }

    /// What they can do.
    pub fn grouping(&self) -> Grouping {
        self.grouping
    }

    /// A group for one run.
    pub fn make(&self, limits: &Limits) -> io::Result<Group> {
        locked(&self.remains).retain(|group| fs::remove_dir(group).is_err());
        let path = self.new_folder()?;
        let door = OpenOptions::new()
            .write(true)
            .open(path.join("cgroup.procs"))
            .inspect_err(|_| drop(fs::remove_dir(&path)))?;
        let remains = Arc::clone(&self.remains);
        let group = Group {
            path,
            door,
            remains,
        };
        if let Some(most) = limits.memory_bytes.filter(|_| self.grouping.memory) {
            group.set("memory.max", most)?;
            // A kernel that does not swap has no such file.
            let _ = group.set("memory.swap.max", 0);
            // Half a run is of no use: all of it ends.
            let _ = group.set("memory.oom.group", 1);
        }
        if let Some(most) = limits.processes.filter(|_| self.grouping.processes) {
            group.set("pids.max", most)?;
        }
        Ok(group)
    }

    /// Somebody before us may have had the same number, and left something.
    fn new_folder(&self) -> io::Result<PathBuf> {
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = self.base.join(named(&self.space, &number.to_string()));
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| path),
            }
        }
    }
}

impl Group {
    /// What a process enters it by.
    pub(crate) fn door(&self) -> BorrowedFd<'_> {
        self.door.as_fd()
    }

    fn set(&self, name: &str, value: u64) -> io::Result<()> {
        write(&self.path.join(name), &value.to_string())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !end(&self.path) {
            locked(&self.remains).push(self.path.clone());
        }
    }
}

/// Takes the calling process in by a group's door. Makes nothing but a system call: it is for a process
/// between fork and exec.
#[expect(unsafe_code, reason = "a system call without a safe form")]
pub(crate) fn enter(door: RawFd) -> io::Result<()> {
    // SAFETY: one byte of static memory is written; a descriptor that is not open is an error.
    match unsafe { libc::write(door, c"0".as_ptr().cast(), 1) } {
        1 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn locked(remains: &Remains) -> std::sync::MutexGuard<'_, Vec<PathBuf>> {
    remains.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills all that is in a group, and removes it; whether it is gone.
fn end(group: &Path) -> bool {
    // Kernels before 5.14 have no such file: what is in it is the supervisor's to kill.
    let _ = write(&group.join("cgroup.kill"), "1");
    fs::remove_dir(group).is_ok()
}

/// Ends the groups of owners that are no more.
fn clear(base: &Path, space: &str) {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| owner(name, space));
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            end(&entry.path());
        }
    }
}

/// The name of a group of this process.
fn named(space: &str, which: &str) -> String {
    format!("{RUN}{space}-{}-{which}", process::id())
}

/// The namespace in which processes are numbered: another container's process 7 is not ours.
fn space() -> Option<String> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    let number: String = link
        .to_str()?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    (!number.is_empty()).then_some(number)
}

/// Whose group of a run it is, by its name; nobody's who is numbered elsewhere.
fn owner(group: &str, space: &str) -> Option<u32> {
    let group = group.strip_prefix(RUN)?.strip_prefix(space)?;
    let (owner, _) = group.strip_prefix('-')?.split_once('-')?;
    owner.parse().ok()
}

/// Where the group lies that this process is in, or that it has divided already.
fn folder(mounts: &str, membership: &str) -> Option<PathBuf> {
    let path = membership
        .lines()
        .find_map(|line| line.strip_prefix("0::/"))?;
    let path = Path::new(path);
    let path = if path.ends_with(OWNER) {
        path.parent()?
    } else {
        path
    };
    // "36 35 0:30 ROOT MOUNT options … - cgroup2 …": other characters are written as octal numbers.
    let (root, mount) = mounts.lines().find_map(|line| {
        let (about, kind) = line.split_once(" - ")?;
        let mut about = about.split(' ').skip(3);
        let is_it = kind.starts_with("cgroup2 ");
        is_it.then_some((about.next()?, about.next()?))
    })?;
    let below = path.strip_prefix(root.trim_start_matches('/')).ok()?;
    Some(Path::new(mount).join(below))
}

/// Whether systemd has left a group to whoever is in it.
#[expect(unsafe_code, reason = "a system call without a safe form")]
fn is_delegated(group: &Path) -> bool {
    let Ok(path) = CString::new(group.as_os_str().as_bytes()) else {
        return false;
    };
    DELEGATED.iter().any(|name| {
        let mut value = [0u8; 1];
        // SAFETY: both texts end with zeros, and the buffer is as long as is said.
        let length = unsafe {
            libc::getxattr(
                path.as_ptr(),
                name.as_ptr(),
                value.as_mut_ptr().cast(),
                value.len(),
            )
        };
        length == 1 && value == *b"1"
    })
}

/// Whether this process may make groups there and move processes among them.
fn may_divide(group: &Path, space: &str) -> bool {
    let procs = OpenOptions::new()
        .write(true)
        .open(group.join("cgroup.procs"));
    let probe = group.join(named(space, "probe"));
    if procs.is_err() || fs::create_dir(&probe).is_err() {
        return false;
    }
    let door = OpenOptions::new()
        .write(true)
        .open(probe.join("cgroup.procs"));
    let may_enter = door.is_ok_and(|door| tries_to_enter(door.as_raw_fd()));
    // Whoever was in it has ended by now.
    may_enter && fs::remove_dir(&probe).is_ok()
}

/// Whether a process may go in: it is tried by one that ends at once.
#[expect(
    unsafe_code,
    reason = "between fork and exit is nothing but a system call"
)]
fn tries_to_enter(door: RawFd) -> bool {
    // SAFETY: the child makes one system call and ends.
    unsafe {
        match libc::fork() {
            -1 => false,
            0 => libc::_exit(libc::c_int::from(enter(door).is_err())),
            child => {
                let mut status = -1;
                while libc::waitpid(child, &raw mut status, 0) == -1
                    && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
                {
                }
                status == 0
            }
        }
    }
}

/// Lets the groups below limit what they can, for which none but this process may be in it.
fn divide(base: &Path) -> Grouping {
    let own = process::id().to_string();
    let is_alone =
        fs::read_to_string(base.join("cgroup.procs")).is_ok_and(|in_it| in_it.trim() == own);
    if is_alone {
        let place = base.join(OWNER);
        let _ = fs::create_dir(&place);
        let _ = write(&place.join("cgroup.procs"), &own);
    }
    let may = |controller: &str| {
        // The kernel refuses what it has not, or while others are in it.
        let _ = write(
            &base.join("cgroup.subtree_control"),
            &format!("+{controller}"),
        );
        fs::read_to_string(base.join("cgroup.subtree_control"))
            .is_ok_and(|list| list.split_whitespace().any(|word| word == controller))
    };
    Grouping {
        memory: may("memory"),
        processes: may("pids"),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // Never made where it is not: the kernel's files are there.
    OpenOptions::new()
        .write(true)
        .open(path)?
        .write_all(text.as_bytes())
}

#[cfg(test)]
mod tests;

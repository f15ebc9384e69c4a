//! How much a program may take.

use std::{fs, io, os::unix::fs::MetadataExt as _};

/// How much a program may take; `None` is as much as its user may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Memory that each of its processes may have of its own, and all together where there are control groups.
    pub memory_bytes: Option<u64>,
    /// Processes and threads that it may have. Without control groups they are counted with those of others of
    /// its user, see [`tasks_of_user`], which does not bind the administrator.
    pub processes: Option<u64>,
    /// How long a file may get.
    pub file_bytes: Option<u64>,
    /// Files that each of its processes may have open.
    pub open_files: Option<u64>,
    /// Cores that it may use, together with others that have this limit here.
    pub cores: Option<u32>,
}

/// One limit as the system knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    resource: Resource,
    most: libc::rlim_t,
}

#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

impl Limits {
    /// They, as the system counts each, for a user who has so many processes and threads already.
    pub(super) fn list(&self, tasks_of_user: impl FnOnce() -> u64) -> Vec<Limit> {
        let processes = self.processes.map(|most| tasks_of_user() + most);
        let limits = [
            (libc::RLIMIT_DATA, self.memory_bytes),
            (libc::RLIMIT_NPROC, processes),
            (libc::RLIMIT_FSIZE, self.file_bytes),
            (libc::RLIMIT_NOFILE, self.open_files),
            // An image of a program's memory may be as large as that, and holds its token. With one byte
            // there is none, and none is handed to a program that collects them, which zero does not stop.
            (libc::RLIMIT_CORE, Some(1)),
        ];
        let limit =
            |(resource, most): (Resource, Option<u64>)| most.map(|most| Limit { resource, most });
        limits.into_iter().filter_map(limit).collect()
    }
}

impl Limit {
    /// Sets it for the calling process, unless a lower one holds already.
    #[expect(unsafe_code, reason = "system calls without a safe form")]
    pub(super) fn set(&self) -> io::Result<()> {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: plain system calls on a structure of this stack.
        let done = unsafe {
            libc::getrlimit(self.resource, &raw mut limit);
            limit.rlim_max = limit.rlim_max.min(self.most);
            limit.rlim_cur = limit.rlim_cur.min(limit.rlim_max);
            libc::setrlimit(self.resource, &raw const limit)
        };
        if done == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

/// How many processes and threads this process's user has now, as the limit on them counts.
#[expect(unsafe_code, reason = "a system call without a safe form")]
pub fn tasks_of_user() -> u64 {
    // SAFETY: a plain system call that cannot fail.
    let user = unsafe { libc::getuid() };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == user));
    let threads = own.filter_map(|entry| {
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("Threads:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    threads.sum()
}

//! Everything that is needed to keep a program to its profile, ready to be used after a fork.

use std::{
    ffi::OsStr,
    io,
    os::{fd::RawFd, unix::ffi::OsStrExt as _},
    path::{Path, PathBuf},
};

use super::{
    Limits, Profile, Reach, SHARED_MEMORY, Support, calls, capability, cores::Cores,
    hiding::Hiding, landlock, limits::Limit, sockets, tasks_of_user,
};
use crate::groups;

/// What a barrier is made of, by whoever makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// There is none.
    Nothing,
    /// Limits alone.
    Limits(Limits),
    /// A profile, as far as the machine can, for a program that starts in a folder.
    Profile {
        /// What the program may do.
        profile: Profile,
        /// What the machine can do about it.
        support: Support,
        /// Where it starts.
        folder: PathBuf,
    },
}

impl Keeping {
    /// Makes it.
    pub(crate) fn barrier(&self) -> io::Result<Option<Barrier>> {
        match self {
            Self::Nothing => Ok(None),
            Self::Limits(limits) => Barrier::of_limits(limits).map(Some),
            Self::Profile {
                profile,
                support,
                folder,
            } => Barrier::new(profile, *support, folder).map(Some),
        }
    }
}

/// All that keeps a program to its profile, made before the fork.
#[derive(Debug)]
pub struct Barrier {
    /// What its control group is entered by.
    door: Option<RawFd>,
    limits: Vec<Limit>,
    cores: Option<Cores>,
    /// What keeps it in beyond these; none where its owner wants nothing kept from it.
    walls: Option<Walls>,
}

#[derive(Debug)]
struct Walls {
    hiding: Option<Hiding>,
    ruleset: Option<landlock::Ruleset>,
    is_strict: bool,
    filter: Vec<libc::sock_filter>,
    keeps_rights: u64,
}

impl Barrier {
    /// What keeps a program that starts in `folder` to `profile`, as far as `support` goes.
    pub fn new(profile: &Profile, support: Support, folder: &Path) -> io::Result<Self> {
        let hiding = match &profile.reach {
            _ if !support.can_hide() => None,
            Reach::AllBut { hidden, kept } => Hiding::new(hidden, &[], kept, folder)?,
            Reach::Only { read, write } => {
                let kept = [read.as_slice(), write].concat();
                let hiding = Hiding::new(&sockets::folders(), &sockets::all(), &kept, folder)?;
                // What it needs there would be covered.
                let shared = OsStr::from_bytes(SHARED_MEMORY.to_bytes());
                let is_used = |path: &PathBuf| path.starts_with(shared);
                if kept.iter().any(is_used) || folder.starts_with(shared) {
                    hiding
                } else {
                    let hiding = hiding.map_or_else(|| Hiding::nothing(folder), Ok)?;
                    Some(hiding.with_shared_memory(profile.limits.memory_bytes)?)
                }
            }
        };
        let walls = Walls {
            hiding,
            ruleset: landlock::Ruleset::new(profile, support.landlock)?,
            is_strict: profile.is_strict(),
            filter: if support.has_filters {
                calls::filter(profile)
            } else {
                Vec::new()
            },
            keeps_rights: if profile.is_strict() {
                capability::NONE
            } else {
                capability::HARMLESS
            },
        };
        Ok(Self {
            walls: Some(walls),
            ..Self::of_limits(&profile.limits)?
        })
    }

    /// What keeps a program to `limits` and from nothing else.
    pub fn of_limits(limits: &Limits) -> io::Result<Self> {
        Ok(Self {
            door: None,
            limits: limits.list(tasks_of_user),
            cores: limits.cores.map(Cores::last).transpose()?.flatten(),
            walls: None,
        })
    }

    /// In the group that this leads into.
    #[must_use]
    pub(crate) fn by_door(mut self, door: RawFd) -> Self {
        self.door = Some(door);
        self
    }

    /// Puts the calling process behind the barrier for good. Makes nothing but system calls: it is
    /// for a process between fork and exec. An error leaves it half behind it, to be ended.
    pub(crate) fn raise(&mut self) -> io::Result<()> {
        if let Some(door) = self.door {
            groups::enter(door)?;
        }
        for limit in &self.limits {
            limit.set()?;
        }
        if let Some(cores) = &self.cores {
            cores.keep()?;
        }
        match &mut self.walls {
            Some(walls) => walls.raise(),
            None => Ok(()),
        }
    }
}

impl Walls {
    fn raise(&mut self) -> io::Result<()> {
        if let Some(hiding) = &mut self.hiding {
            hiding.hide()?;
        }
        no_new_privileges()?;
        capability::keep(self.keeps_rights)?;
        if let Some(ruleset) = &self.ruleset {
            if self.is_strict {
                // Only now is it the program's own.
                ruleset.allow_shared_memory()?;
            }
            ruleset.enforce()?;
        }
        // Last, because it denies some of the calls above.
        if self.filter.is_empty() {
            return Ok(());
        }
        calls::install(&mut self.filter)
    }
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn no_new_privileges() -> io::Result<()> {
    // SAFETY: a plain system call.
    match unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

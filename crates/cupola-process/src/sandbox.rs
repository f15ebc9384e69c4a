//! What keeps a program to what it may do.
//!
//! A [`Profile`] says what that is, a [`Support`] what this machine can do about it, [`level()`] what
//! comes of both, in words. The [`Barrier`] is all that is needed to bring it about, made before the
//! fork, so that what runs after it only makes system calls.

mod barrier;
mod calls;
mod capability;
mod cores;
mod hiding;
mod landlock;
mod level;
mod limits;
mod sockets;
mod support;

use std::{ffi::CStr, path::PathBuf};

pub use barrier::{Barrier, Keeping};
pub use level::{Level, level};
pub use limits::{Limits, tasks_of_user};
pub use support::Support;

/// Where programs share memory by files.
const SHARED_MEMORY: &CStr = c"/dev/shm";

/// What a program may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Which files it reaches.
    pub reach: Reach,
    /// Whether it may speak to other machines.
    pub network: bool,
    /// How much it may take.
    pub limits: Limits,
}

/// Which files a program reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All that its user does, but for what lies in some folders.
    AllBut {
        /// Folders that look empty to it.
        hidden: Vec<PathBuf>,
        /// What it sees in them all the same.
        kept: Vec<PathBuf>,
    },
    /// Nothing but these files and folders, with all that is in them. What is not there is passed over.
    Only {
        /// For reading, and for running programs.
        read: Vec<PathBuf>,
        /// For everything.
        write: Vec<PathBuf>,
    },
}

impl Profile {
    /// One that names no folders and limits nothing.
    #[cfg(test)]
    pub(crate) fn bare(is_strict: bool, network: bool) -> Self {
        let (read, write) = (Vec::new(), Vec::new());
        let (hidden, kept) = (Vec::new(), Vec::new());
        Self {
            reach: if is_strict {
                Reach::Only { read, write }
            } else {
                Reach::AllBut { hidden, kept }
            },
            network,
            limits: Limits::default(),
        }
    }

    /// Whether it is for programs that nobody here vouches for.
    pub(crate) fn is_strict(&self) -> bool {
        matches!(self.reach, Reach::Only { .. })
    }
}

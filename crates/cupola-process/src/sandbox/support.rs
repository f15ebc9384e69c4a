//! What this machine can do to keep a program in.

use super::{calls, hiding, landlock};
use crate::groups::Grouping;

/// What this machine can do to keep a program in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// The version of Landlock; zero when the kernel has none.
    pub landlock: u32,
    /// Whether system calls can be filtered.
    pub has_filters: bool,
    /// Whether folders can be hidden by namespaces.
    pub has_namespaces: bool,
    /// Whether programs run as the administrator, whom some limits do not bind.
    pub is_root: bool,
    /// What control groups can do here; `None` where none can be made.
    pub groups: Option<Grouping>,
}

impl Support {
    /// Tries it out, control groups excepted. Takes a millisecond.
    #[expect(unsafe_code, reason = "a system call without a safe form")]
    pub fn probe() -> Self {
        Self {
            landlock: landlock::version(),
            has_filters: calls::are_supported(),
            has_namespaces: hiding::is_supported(),
            // SAFETY: a plain system call that cannot fail.
            is_root: unsafe { libc::geteuid() } == 0,
            groups: None,
        }
    }

    /// Whether what is hidden cannot be reached through another process, either.
    pub(super) fn can_hide(self) -> bool {
        self.has_namespaces && self.landlock >= landlock::WITH_REFER
    }
}

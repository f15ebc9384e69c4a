//! Which cores a program may use.

use std::{io, mem};

/// A set of cores, made before the fork.
#[derive(Clone, Copy)]
pub(super) struct Cores(libc::cpu_set_t);

impl Cores {
    /// The last `count` of those that this process may use; `None` when it may use no more anyway. The
    /// last, because the system's own work is mostly on the first.
    pub(super) fn last(count: u32) -> io::Result<Option<Self>> {
        let own = own()?;
        let own: Vec<usize> = (0..size()).filter(|core| has(&own, *core)).collect();
        let count = usize::try_from(count.max(1)).unwrap_or(usize::MAX);
        if own.len() <= count {
            return Ok(None);
        }
        let mut set = empty();
        for core in &own[own.len() - count..] {
            add(&mut set, *core);
        }
        Ok(Some(Self(set)))
    }

    /// Keeps the calling process to them; a system call and nothing else.
    #[expect(unsafe_code, reason = "a system call without a safe form")]
    pub(super) fn keep(&self) -> io::Result<()> {
        // SAFETY: the set is as large as is said.
        match unsafe { libc::sched_setaffinity(0, mem::size_of_val(&self.0), &raw const self.0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl std::fmt::Debug for Cores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cores = (0..size()).filter(|core| has(&self.0, *core));
        f.debug_set().entries(cores).finish()
    }
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn own() -> io::Result<libc::cpu_set_t> {
    let mut set = empty();
    // SAFETY: the set is as large as is said.
    match unsafe { libc::sched_getaffinity(0, mem::size_of_val(&set), &raw mut set) } {
        0 => Ok(set),
        _ => Err(io::Error::last_os_error()),
    }
}

#[expect(unsafe_code, reason = "a set of bits has no other constructor")]
fn empty() -> libc::cpu_set_t {
    // SAFETY: all bits clear is the empty set.
    unsafe { mem::zeroed() }
}

#[expect(unsafe_code, reason = "a macro of C")]
fn has(set: &libc::cpu_set_t, core: usize) -> bool {
    // SAFETY: `core` is below the size of the set.
    unsafe { libc::CPU_ISSET(core, set) }
}

#[expect(unsafe_code, reason = "a macro of C")]
fn add(set: &mut libc::cpu_set_t, core: usize) {
    // SAFETY: `core` is below the size of the set.
    unsafe { libc::CPU_SET(core, set) }
}

fn size() -> usize {
    usize::try_from(libc::CPU_SETSIZE).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_the_cores_are_taken_and_no_more_than_there_are() {
        let own = own().unwrap();
        let count = (0..size()).filter(|core| has(&own, *core)).count();
        assert!(Cores::last(u32::MAX).unwrap().is_none());
        let one = Cores::last(1).unwrap();
        assert_eq!(one.is_some(), count > 1);
        if let Some(one) = one {
            let last = (0..size()).rfind(|core| has(&own, *core)).unwrap();
            assert!(has(&one.0, last), "{one:?}");
            assert_eq!((0..size()).filter(|core| has(&one.0, *core)).count(), 1);
        }
    }
}

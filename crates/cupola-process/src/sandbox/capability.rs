//! What the administrator's programs may do beyond others.

use std::{io, ptr};

/// The newest form of the structures, in which sets have two parts.
const VERSION_3: u32 = 0x2008_0522;

/// Rights by which everything else here could be got around: `SYS_MODULE`, `SYS_RAWIO`, `SYS_PTRACE`,
/// `SYS_ADMIN`, `SYS_BOOT`, `MKNOD`, `PERFMON` (which reads any process) and `BPF`.
const POWERFUL: [u32; 8] = [16, 17, 19, 21, 22, 27, 38, 39];

/// No right at all.
pub(super) const NONE: u64 = 0;

/// All rights but the powerful ones.
pub(super) const HARMLESS: u64 = {
    let (mut all, mut at) = (u64::MAX, 0);
    while at < POWERFUL.len() {
        all &= !(1 << POWERFUL[at]);
        at += 1;
    }
    all
};

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Default)]
struct Part {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Gives up what is not in `kept`. With no new privileges, no program gets it back.
#[expect(unsafe_code, reason = "system calls without a safe form")]
pub(super) fn keep(kept: u64) -> io::Result<()> {
    let header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let mut parts = [Part::default(), Part::default()];
    let at = ptr::from_ref(&header);
    // SAFETY: both structures are as the version says and live for the time of the calls.
    let done = unsafe {
        match libc::syscall(libc::SYS_capget, at, parts.as_mut_ptr()) {
            0 => {
                for (part, kept) in parts.iter_mut().zip([kept, kept >> 32]) {
                    #[expect(clippy::cast_possible_truncation, reason = "each has its half")]
                    let kept = kept as u32;
                    part.effective &= kept;
                    part.permitted &= kept;
                    part.inheritable &= kept;
                }
                libc::syscall(libc::SYS_capset, at, parts.as_ptr())
            }
            refused => refused,
        }
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

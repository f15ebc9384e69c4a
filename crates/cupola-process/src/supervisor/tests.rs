//! A supervisor on a system that closes descriptors only one by one.

use std::{
    io::{self, PipeWriter},
    os::{
        fd::AsRawFd as _,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::supervise;

/// What hangs does so for as long as its program lives, which is longer.
const LIMIT: Duration = Duration::from_secs(20);

/// Makes the calling process one for which there is no `close_range`.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn forget_close_range() -> io::Result<()> {
    const NUMBER_AT: u32 = 0;
    let statement = |code: u32, jt, jf, k| libc::sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt,
        jf,
        k,
    };
    let number = u32::try_from(libc::SYS_close_range).unwrap_or_default();
    let missing = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    let mut filter = [
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, NUMBER_AT),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, missing),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: 4,
        filter: filter.as_mut_ptr(),
    };
    let (yes, nothing): (libc::c_ulong, libc::c_ulong) = (1, 0);
    let mode = libc::c_ulong::from(libc::SECCOMP_MODE_FILTER);
    // SAFETY: the filter lives on this stack for the time of the calls.
    let refused = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, yes, nothing, nothing, nothing) != 0
            || libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) != 0
    };
    if refused {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[expect(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "`forget_close_range` only makes system calls, as the forked child must; a `Launch` has \
              no place for it"
)]
fn started() -> (Child, PipeWriter) {
    let (obeyed, control) = io::pipe().unwrap();
    let mut command = Command::new("sleep");
    command.arg("120").stdin(Stdio::null());
    // SAFETY: see the reason above.
    unsafe {
        command.pre_exec(forget_close_range);
    }
    supervise(&mut command, obeyed.as_raw_fd(), None);
    let (to, started) = mpsc::channel();
    thread::spawn(move || {
        let child = command.spawn().unwrap();
        drop(obeyed);
        to.send(child)
    });
    let child = started.recv_timeout(LIMIT);
    (child.expect("it is said that it started"), control)
}

#[test]
fn without_close_range_a_program_starts_and_ends_with_its_owner() {
    let (mut child, control) = started();
    let (to, ended) = mpsc::channel();
    thread::spawn(move || to.send(child.wait().unwrap()));
    // As when the owner is killed: all that it had is closed.
    drop(control);
    let status = ended.recv_timeout(LIMIT).expect("it ended");
    assert_eq!(status.signal(), Some(libc::SIGKILL));
}

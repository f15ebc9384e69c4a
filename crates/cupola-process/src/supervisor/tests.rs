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
    reason = "what is set up only makes system calls, as the forked child must; a `Launch` has no place \
              for it"
)]
fn started(program: &[&str], setup: fn() -> io::Result<()>) -> (Child, PipeWriter) {
    let (obeyed, control) = io::pipe().unwrap();
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).stdin(Stdio::null());
    command.stdout(Stdio::piped());
    // SAFETY: see the reason above.
    unsafe {
        command.pre_exec(setup);
    }
    supervise(&mut command, obeyed.as_raw_fd(), None, None);
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
    let (mut child, control) = started(&["sleep", "120"], forget_close_range);
    let (to, ended) = mpsc::channel();
    thread::spawn(move || to.send(child.wait().unwrap()));
    // As when the owner is killed: all that it had is closed.
    drop(control);
    let status = ended.recv_timeout(LIMIT).expect("it ended");
    assert_eq!(status.signal(), Some(libc::SIGKILL));
}

/// Leaves a descriptor open that nobody has marked, as a shell may have left it to the owner.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn inherit() -> io::Result<()> {
    // SAFETY: plain system calls on descriptors of this process.
    match unsafe { libc::dup2(2, INHERITED) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn inherit_without_close_range() -> io::Result<()> {
    inherit()?;
    forget_close_range()
}

/// No other descriptor of this process has this number.
const INHERITED: libc::c_int = 987;

#[test]
fn what_the_owner_inherited_is_not_the_program_s() {
    for setup in [inherit, inherit_without_close_range] {
        let (mut child, control) = started(&["ls", "/proc/self/fd"], setup);
        let mut said = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        io::Read::read_to_string(stdout, &mut said).unwrap();
        assert!(child.wait().unwrap().success());
        drop(control);
        let open: Vec<_> = said.split_whitespace().collect();
        // The last is the folder that is being listed.
        assert_eq!(open, ["0", "1", "2", "3"]);
    }
}

//! The supervisor: what runs between the owner's fork and the end of the program.
//!
//! Everything in this file, [`supervise`] and [`kill`] excepted, runs in a forked copy of an owner
//! with many threads. It may therefore call nothing but the system: no allocation, no lock, no panic.

use std::{
    io,
    os::{fd::RawFd, unix::process::CommandExt as _},
    process::Command,
    ptr,
};

use crate::sandbox::Barrier;

/// The descriptor on which a program writes events.
pub const EVENTS_FD: RawFd = 3;

/// The byte on the control pipe that asks for a polite end. Any other, or its closing, kills.
pub const TERMINATE: u8 = b'T';

/// How long the supervisor rests between two looks at processes that do not die.
const SWEEP_PAUSE_MAX_MILLIS: i64 = 100;

/// No system gives a process more descriptors than this, unless somebody raised its own limit.
const DESCRIPTORS_MAX: libc::rlim_t = 1 << 20;

/// After this many looks it gives up where it cannot list its children (no `/proc`).
const SWEEPS_BLIND_MAX: u32 = 50;

/// Makes `command`, once forked, split into a supervisor that obeys `control` and the program,
/// which gets `events` as [`EVENTS_FD`] and runs behind `barrier`. Both descriptors must stay open until
/// it is started.
#[expect(
    unsafe_code,
    reason = "`split` and all it calls only makes system calls, as the forked child must"
)]
pub fn supervise(
    command: &mut Command,
    control: RawFd,
    events: Option<RawFd>,
    mut barrier: Option<Barrier>,
) {
    // SAFETY: see the head of the file; both descriptors are open until after the fork.
    unsafe {
        command.pre_exec(move || {
            split(control, events)?;
            barrier.as_mut().map_or(Ok(()), Barrier::raise)
        });
    }
}

/// Returns in the program, which goes on to its executable. Never returns in the supervisor.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn split(control: RawFd, events: Option<RawFd>) -> io::Result<()> {
    // SAFETY: plain system calls on values of our own. A second fork is allowed: the C library
    // has set its locks right in this child.
    unsafe {
        // Away from the terminal, so that Ctrl-C reaches the owner alone.
        libc::setsid();
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
        let supervisor = libc::getpid();
        match libc::fork() {
            -1 => Err(io::Error::last_os_error()),
            0 => become_program(supervisor, events),
            program => stand_by(program, control),
        }
    }
}

#[expect(unsafe_code, reason = "system calls without a safe form")]
fn become_program(supervisor: libc::pid_t, events: Option<RawFd>) -> io::Result<()> {
    // SAFETY: plain system calls. Descriptor 3 is one of the owner's own, taken long before the
    // pipe on which the failure of `exec` is told.
    unsafe {
        libc::setpgid(0, 0);
        // The supervisor has one thread, so its death is the death of the parent, not of a thread.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::getppid() != supervisor {
            libc::_exit(127);
        }
        let kept = match events {
            None => 0,
            Some(EVENTS_FD) => libc::fcntl(EVENTS_FD, libc::F_SETFD, 0),
            Some(events) => libc::dup2(events, EVENTS_FD),
        };
        if kept == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    keep_to_ourselves(events.map_or(EVENTS_FD, |_| EVENTS_FD + 1));
    Ok(())
}

/// From `first` on, no descriptor gets into the program: the owner may have inherited some that are not marked
/// so, and no rule looks at what is open already.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn keep_to_ourselves(first: RawFd) {
    // SAFETY: plain system calls; what is marked stays open for this process.
    unsafe {
        let flag = libc::CLOSE_RANGE_CLOEXEC;
        if libc::syscall(libc::SYS_close_range, first, u32::MAX, flag) != 0 {
            for descriptor in first..descriptors_end() {
                libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
    }
}

/// The supervisor's life: wait for the program or for an order, then leave nothing behind.
fn stand_by(program: libc::pid_t, control: RawFd) -> ! {
    detach(program, control);
    while !has_ended(program) {
        match next_order() {
            Order::None => {}
            Order::Terminate => signal_group(program, libc::SIGTERM),
            Order::Kill => break,
        }
    }
    end_as(sweep(program))
}

enum Order {
    None,
    Terminate,
    Kill,
}

/// Lets go of all that belongs to the owner or the program, the control pipe excepted.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn detach(program: libc::pid_t, control: RawFd) {
    extern "C" fn wake(_: libc::c_int) {}
    // SAFETY: plain system calls on zeroed structures, for which zero is a valid value.
    unsafe {
        libc::setpgid(program, program);
        libc::dup2(control, 0);
        close_from(1);
        let no_core = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core);
        // It still has the owner's memory and variables, secrets among them, and is the program's parent.
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        // Whoever ends the owner's service by signalling all of its processes must not take the
        // supervisor away before the program had its time to stop.
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
            libc::signal(signal, libc::SIG_IGN);
        }
        // Blocked except while waiting in `ppoll`, so that no child's end is missed.
        let mut child: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut child);
        libc::sigaddset(&raw mut child, libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const child, ptr::null_mut());
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = wake as *const () as libc::sighandler_t;
        libc::sigaction(libc::SIGCHLD, &raw const action, ptr::null_mut());
    }
}

/// Closes all descriptors from this one on. One that stayed open would be the owner's own end of a pipe.
#[expect(unsafe_code, reason = "system calls without a safe form")]
pub(crate) fn close_from(first: RawFd) {
    // SAFETY: whatever they are, they are no longer needed.
    unsafe {
        // Kernels before 5.9, and some that filter calls, do not close them at once.
        if libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) != 0 {
            for descriptor in first..descriptors_end() {
                libc::close(descriptor);
            }
        }
    }
}

/// No descriptor of this process has this number or a higher one.
#[expect(unsafe_code, reason = "a system call without a safe form")]
fn descriptors_end() -> RawFd {
    let mut limit = libc::rlimit {
        rlim_cur: DESCRIPTORS_MAX,
        rlim_max: DESCRIPTORS_MAX,
    };
    // SAFETY: the structure lives on this stack.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    let end = limit.rlim_max.min(DESCRIPTORS_MAX);
    RawFd::try_from(end).unwrap_or(RawFd::MAX)
}

/// Whether the program has ended. It is not reaped, so that its group's number stays its own;
/// orphans that ended before it are.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn has_ended(program: libc::pid_t) -> bool {
    loop {
        // SAFETY: zero is a valid `siginfo_t`, and `waitid` fills it for a child.
        let ended = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            libc::waitid(libc::P_ALL, 0, &raw mut info, flags);
            info.si_pid()
        };
        if ended == program {
            return true;
        }
        if ended == 0 {
            return false;
        }
        // SAFETY: reaps one child that is known to have ended.
        unsafe { libc::waitpid(ended, ptr::null_mut(), 0) };
    }
}

/// Waits for the owner or for a child's end.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn next_order() -> Order {
    let mut byte = 0u8;
    // SAFETY: the structures live on this stack for the time of the calls.
    let got = unsafe {
        let mut any: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut any);
        let mut control = libc::pollfd {
            fd: 0,
            events: libc::POLLIN,
            revents: 0,
        };
        if libc::ppoll(&raw mut control, 1, ptr::null(), &raw const any) <= 0 {
            return Order::None;
        }
        libc::read(0, (&raw mut byte).cast(), 1)
    };
    match (got, byte) {
        (1, TERMINATE) => Order::Terminate,
        _ => Order::Kill,
    }
}

/// Kills all that is left and gives the program's status.
///
/// The group goes at once, which no fork outruns. What left the group is found as a child: orphans
/// fall back to this process generation by generation, until there is none.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn sweep(program: libc::pid_t) -> libc::c_int {
    signal_group(program, libc::SIGKILL);
    let (mut status, mut pause_millis, mut blind) = (0, 1, 0);
    loop {
        if !kill_children() {
            blind += 1;
        }
        // SAFETY: plain system calls on values of this stack.
        let gone = unsafe {
            let mut ended_with = 0;
            loop {
                match libc::waitpid(-1, &raw mut ended_with, libc::WNOHANG) {
                    0 => break false,
                    -1 => break true,
                    ended if ended == program => status = ended_with,
                    _ => pause_millis = 1,
                }
            }
        };
        if gone || blind > SWEEPS_BLIND_MAX {
            return status;
        }
        rest(pause_millis);
        pause_millis = (pause_millis * 2).min(SWEEP_PAUSE_MAX_MILLIS);
    }
}

/// Kills each child of this process; `false` when the system does not list them.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn kill_children() -> bool {
    // SAFETY: the path ends with a zero, the buffer is as long as is said, and a listed child is
    // this process's to reap, so that its number is not taken by another.
    unsafe {
        let file = libc::open(c"/proc/thread-self/children".as_ptr(), libc::O_RDONLY);
        if file == -1 {
            return false;
        }
        let (mut buffer, mut pid) = ([0u8; 4096], 0);
        loop {
            let got = libc::read(file, buffer.as_mut_ptr().cast(), buffer.len());
            for &byte in buffer.iter().take(usize::try_from(got).unwrap_or(0)) {
                if byte.is_ascii_digit() {
                    pid = pid * 10 + libc::pid_t::from(byte - b'0');
                } else if pid > 0 {
                    libc::kill(pid, libc::SIGKILL);
                    pid = 0;
                }
            }
            if got <= 0 {
                libc::close(file);
                return true;
            }
        }
    }
}

/// Waits for a child's end, or for that long.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn rest(millis: i64) {
    let pause = libc::timespec {
        tv_sec: 0,
        tv_nsec: millis * 1_000_000,
    };
    // SAFETY: the structures live on this stack for the time of the calls.
    unsafe {
        let mut any: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut any);
        libc::ppoll(ptr::null_mut(), 0, &raw const pause, &raw const any);
    }
}

#[expect(unsafe_code, reason = "system calls without a safe form")]
fn signal_group(program: libc::pid_t, signal: libc::c_int) {
    // SAFETY: the group's number is held by its leader, which is not reaped yet.
    unsafe { libc::kill(-program, signal) };
}

/// Ends this process as the program did, so that the owner reads the program's own status.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn end_as(status: libc::c_int) -> ! {
    // SAFETY: plain system calls.
    unsafe {
        if libc::WIFSIGNALED(status) {
            let signal = libc::WTERMSIG(status);
            libc::signal(signal, libc::SIG_DFL);
            libc::kill(libc::getpid(), signal);
            libc::_exit(128 + signal);
        }
        libc::_exit(libc::WEXITSTATUS(status))
    }
}

/// Keeps other processes of the same user from reading this one's memory and variables.
#[expect(unsafe_code, reason = "a system call without a safe form")]
pub fn hide_from_others() {
    // SAFETY: a plain system call.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0) };
}

/// Kills `pid`, which was just seen to belong to a run.
#[expect(unsafe_code, reason = "system calls without a safe form")]
pub fn kill(pid: libc::pid_t) {
    // SAFETY: a plain system call.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

#[cfg(test)]
mod tests;

//! The starter itself: a process with one thread, which may therefore do in its forks what others may not.
//!
//! It begins as a fork of its owner. Where the owner's program knows how ([`attend`]), that becomes the program
//! anew: each program that is started costs two forks, and what these copy is then not the owner's memory.

use std::{
    collections::HashMap,
    env,
    fs::File,
    io::{self, Write as _},
    os::{
        fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd, RawFd},
        unix::{net::UnixStream, process::CommandExt as _},
    },
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command, Stdio},
    ptr,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    messages::{Reply, Request},
    nothing, socket,
};
use crate::supervisor::{close_from, supervise};

/// Where its socket is: where each program has the pipe of its events.
const SOCKET: RawFd = 3;

/// What a program that is to be the starter is called with, in place of its own name.
const NAME: &str = "cupola-starter";

/// Where this program is found, also when another has taken its place on disk.
const OURSELVES: &str = "/proc/self/exe";

/// Whether this program, run anew under that name, is the starter.
static ATTENDS: AtomicBool = AtomicBool::new(false);

/// How a supervisor ends that supervises nothing.
const FAILED: libc::c_int = 127;

/// What it does not die of, and what wakes it. Programs begin with all of them as they are by default.
const SIGNALS: [libc::c_int; 9] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGWINCH,
    libc::SIGCHLD,
];

/// To be called first of all in a program that starts others: where it was run to be the starter, it is that and
/// never comes back.
pub fn attend() {
    if env::args_os().next().is_some_and(|name| name == NAME) {
        let _ = catch_unwind(serve);
        end(0);
    }
    ATTENDS.store(true, Ordering::Relaxed);
}

/// Makes it. What follows in it never returns.
#[expect(unsafe_code, reason = "system calls without a safe form")]
pub(super) fn fork(socket: UnixStream) -> io::Result<libc::pid_t> {
    // SAFETY: the C library has set the locks of its memory right in the child, which uses nothing else that
    // another thread may have held.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let _ = catch_unwind(AssertUnwindSafe(|| become_starter(socket)));
            end(0)
        }
        pid => Ok(pid),
    }
}

fn become_starter(socket: UnixStream) {
    if leave_owner(socket).is_err() {
        return;
    }
    if ATTENDS.load(Ordering::Relaxed) {
        // Without its variables, which may be secret. Where it fails, this fork will do.
        let mut anew = own_program();
        let _ = anew.exec();
    }
    serve();
}

#[expect(
    clippy::disallowed_methods,
    reason = "no program of anybody's: this one, which gets nothing but a socket"
)]
fn own_program() -> Command {
    let mut anew = Command::new(OURSELVES);
    anew.arg0(NAME).env_clear();
    anew
}

/// Waits for its end.
#[expect(unsafe_code, reason = "a system call without a safe form")]
pub(super) fn reap(pid: libc::pid_t) {
    // SAFETY: a plain system call; the process is a child of this one that nobody else waits for.
    unsafe { libc::waitpid(pid, ptr::null_mut(), 0) };
}

/// Starts what it is asked to until its owner is gone; the supervisors see that by themselves.
fn serve() {
    let socket = settle();
    let mut programs: HashMap<libc::pid_t, u64> = HashMap::new();
    loop {
        while let Some((pid, status)) = ended() {
            let number = programs.remove(&pid);
            let told = number.map(|number| tell(&socket, Reply { number, status }));
            if told.is_some_and(|told| told.is_err()) {
                return;
            }
        }
        if !is_asked() {
            continue;
        }
        let Ok(Some((frame, descriptors))) = socket::receive(&socket) else {
            return;
        };
        let Some(request) = Request::read(&frame) else {
            return;
        };
        let number = request.number;
        match start(request, descriptors) {
            Some(pid) => drop(programs.insert(pid, number)),
            None if tell(
                &socket,
                Reply {
                    number,
                    status: FAILED << 8,
                },
            )
            .is_err() =>
            {
                return;
            }
            None => {}
        }
    }
}

fn tell(socket: &UnixStream, reply: Reply) -> io::Result<()> {
    socket::send(socket, &reply.bytes(), &[])
}

/// Away from the terminal and from all that is the owner's: a file that stayed open would keep its locks, a
/// socket its port.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn leave_owner(socket: UnixStream) -> io::Result<()> {
    let socket = socket.into_raw_fd();
    // SAFETY: plain system calls on plain values; nothing of this process uses the descriptors that are closed.
    unsafe {
        libc::setsid();
        if libc::dup2(socket, SOCKET) == -1 {
            return Err(io::Error::last_os_error());
        }
        // It was to be closed, if it was there already.
        libc::fcntl(SOCKET, libc::F_SETFD, 0);
        close_from(SOCKET + 1);
        let nothing = nothing()?;
        for standard in 0..SOCKET {
            libc::dup2(nothing.as_raw_fd(), standard);
        }
    }
    Ok(())
}

/// Takes the socket, and is woken by its children's ends.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn settle() -> UnixStream {
    extern "C" fn wake(_: libc::c_int) {}
    // SAFETY: plain system calls on values of this stack; the socket is where it was put, and nobody else's.
    unsafe {
        libc::fcntl(SOCKET, libc::F_SETFD, libc::FD_CLOEXEC);
        libc::prctl(libc::PR_SET_NAME, c"cupola-starter".as_ptr());
        keep_memory();
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = wake as *const () as libc::sighandler_t;
        // Waiting in `ppoll` ends all the same.
        action.sa_flags = libc::SA_RESTART;
        for signal in SIGNALS {
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
        // Blocked but while it waits, so that no child's end is missed.
        let mut child: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut child);
        libc::sigaddset(&raw mut child, libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const child, ptr::null_mut());
        UnixStream::from_raw_fd(SOCKET)
    }
}

/// It may have the owner's memory and variables, secrets among them: nobody reads it, and no image of it is written.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn keep_memory() {
    // SAFETY: plain system calls on a structure of this stack.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        let mut core = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        libc::getrlimit(libc::RLIMIT_CORE, &raw mut core);
        core.rlim_cur = 0;
        libc::setrlimit(libc::RLIMIT_CORE, &raw const core);
    }
}

/// A child that has ended.
#[expect(unsafe_code, reason = "a system call without a safe form")]
fn ended() -> Option<(libc::pid_t, libc::c_int)> {
    let mut status = 0;
    // SAFETY: a plain system call on a value of this stack.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    (pid > 0).then_some((pid, status))
}

/// Waits for the owner or for a child's end; whether the owner has said something, or is gone.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn is_asked() -> bool {
    // SAFETY: the structures live on this stack for the time of the call.
    unsafe {
        let mut any: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut any);
        let mut socket = libc::pollfd {
            fd: SOCKET,
            events: libc::POLLIN,
            revents: 0,
        };
        libc::ppoll(&raw mut socket, 1, ptr::null(), &raw const any) > 0
    }
}

/// Forks off a program's supervisor. It waits for nothing, so that a program that takes long to be loaded holds
/// up no other.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn start(request: Request, descriptors: Vec<OwnedFd>) -> Option<libc::pid_t> {
    // SAFETY: this process has one thread.
    match unsafe { libc::fork() } {
        -1 => {
            let error = io::Error::last_os_error();
            let fault = descriptors.into_iter().nth(FAULT);
            if let Some(fault) = fault {
                say(fault, &error);
            }
            None
        }
        0 => {
            let _ = catch_unwind(AssertUnwindSafe(|| launch(request, descriptors)));
            end(FAILED)
        }
        pid => Some(pid),
    }
}

/// Which of the descriptors a failure is told by.
const FAULT: usize = 4;

/// No signal is kept from this process, nor from what it becomes.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn hear_all() {
    // SAFETY: the structure lives on this stack for the time of the calls.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
    }
}

/// The owner is to hear when the starter is gone, however long this one takes; the number stays taken.
#[expect(unsafe_code, reason = "a system call without a safe form")]
fn leave_socket() {
    // SAFETY: a plain system call; nothing of this process uses the socket any more.
    unsafe { libc::dup3(0, SOCKET, libc::O_CLOEXEC) };
}

/// Becomes the supervisor and, in a fork of it, the program; comes back from neither but where that fails.
fn launch(request: Request, descriptors: Vec<OwnedFd>) {
    hear_all();
    leave_socket();
    let mut descriptors = descriptors.into_iter();
    let mut next = || descriptors.next();
    let (Some(control), Some(events), Some(stdout), Some(stderr), Some(fault)) =
        (next(), next(), next(), next(), next())
    else {
        return;
    };
    let door = next();
    let launched = || -> io::Result<io::Error> {
        let barrier = request.keeping.barrier()?;
        let barrier = match &door {
            Some(door) => barrier.map(|barrier| barrier.by_door(door.as_raw_fd())),
            None => barrier,
        };
        let (name, arguments) = (request.command.split_first())
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the request says folder, environment and descriptors"
        )]
        let mut command = Command::new(name);
        command
            .args(arguments)
            .current_dir(&request.folder)
            .env_clear()
            .envs(request.environment)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr);
        supervise(
            &mut command,
            control.as_raw_fd(),
            Some(events.as_raw_fd()),
            barrier,
        );
        Ok(command.exec())
    };
    let error = launched().unwrap_or_else(|error| error);
    say(fault, &error);
}

/// Tells the owner why a program could not be started.
fn say(fault: OwnedFd, error: &io::Error) {
    let code = error.raw_os_error().unwrap_or(libc::EINVAL);
    // Who does not listen is gone.
    let _ = File::from(fault).write_all(&code.to_le_bytes());
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn end(status: libc::c_int) -> ! {
    // SAFETY: a plain system call.
    unsafe { libc::_exit(status) }
}

//! The hostile program itself. It tries everything, and says how each ended.

use std::{
    env, fs,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{
        fd::RawFd,
        linux::net::SocketAddrExt as _,
        unix::{fs::symlink, net::UnixStream},
    },
    path::PathBuf,
    time::Duration,
};

use super::ATTEMPTS;

/// Nobody waits longer for somebody who does not answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// More than any machine has, and less than what a process can address.
const MEMORY_MAX: usize = 1 << 40;

/// A share of it.
const PIECE: usize = 1 << 30;

/// On top of what the user has already: enough to see that a limit binds.
const FORKS: u64 = 32;

#[test]
#[ignore = "is started by a worker in the tests of escapes"]
fn hostile() {
    println!();
    for (name, _, _) in ATTEMPTS {
        match attempt(name) {
            Ok(()) => println!("attempt: {name}: done"),
            Err(error) => println!("attempt: {name}: refused: {error}"),
        }
    }
    // Unix's files are not worth waiting for.
    io::stdout().flush().expect("somebody listens");
}

fn attempt(name: &str) -> io::Result<()> {
    match name {
        "connect by TCP"
        | "connect by TCP over IPv6"
        | "ask 169.254.169.254"
        | "listen on a TCP port"
        | "send by UDP"
        | "open a raw socket"
        | "open a netlink socket"
        | "connect to an abstract socket"
        | "connect to a socket in a folder" => network(name),
        "fork without end"
        | "fill the memory"
        | "fill the disk with a file"
        | "open files without end"
        | "raise its own limits"
        | "leave an image of its memory"
        | "gain privileges by a program"
        | "outlive its run by forking twice" => limits(name),
        _ => match reading(name).or_else(|| writing(name)) {
            Some(outcome) => outcome,
            None => calls(name),
        },
    }
}

fn told(name: &str) -> String {
    env::var(name).expect("the test says it")
}

fn home(below: &str) -> PathBuf {
    PathBuf::from(told("HOME")).join(below)
}

fn worker(file: &str) -> PathBuf {
    PathBuf::from("/proc")
        .join(told("HOSTILE_WORKER"))
        .join(file)
}

fn worker_pid() -> libc::pid_t {
    told("HOSTILE_WORKER").parse().expect("it is a number")
}

fn state(below: &str) -> PathBuf {
    PathBuf::from(told("HOSTILE_STATE")).join(below)
}

/// Whether a program that is refused more than that reads on does not matter here.
fn read(path: PathBuf) -> io::Result<()> {
    File::open(path).and_then(|mut file| {
        let mut byte = [0];
        io::Read::read(&mut file, &mut byte).map(drop)
    })
}

fn reading(name: &str) -> Option<io::Result<()>> {
    Some(match name {
        "read a file in the owner's home" => read(home("notes")),
        "list the owner's home" => fs::read_dir(home("")).map(drop),
        "read a key in ~/.ssh" => read(home(".ssh/id")),
        "read the worker's token" => read(state("worker.token")),
        "read the worker's token by .. from its folder" => read("../../worker.token".into()),
        "read the hub's database" => read(PathBuf::from(told("HOSTILE_HUB")).join("cupola.db")),
        "read the folder of another run" => read(state("runs/another/config.json")),
        "read through a link of its own" => {
            symlink(home("notes"), "link").and_then(|()| read("link".into()))
        }
        "read the variables of its parent" => {
            let parent = std::os::unix::process::parent_id();
            read(format!("/proc/{parent}/environ").into())
        }
        "read the variables of the worker" => read(worker("environ")),
        "read the memory of the worker" => read_memory(),
        "see which file the worker has open" => fs::read_link(worker("fd/0")).map(drop),
        "read the worker's token by the root of the worker" => {
            let below = state("worker.token");
            read(worker("root").join(below.strip_prefix("/").unwrap_or(&below)))
        }
        _ => return None,
    })
}

/// Where its program lies there is something to read.
fn read_memory() -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    let maps = fs::read_to_string(worker("maps"))?;
    let first = maps.split('-').next().unwrap_or_default();
    let at = u64::from_str_radix(first, 16).map_err(io::Error::other)?;
    File::open(worker("mem"))?.read_exact_at(&mut [0], at)
}

fn writing(name: &str) -> Option<io::Result<()>> {
    let append = |path: PathBuf| {
        let file = OpenOptions::new().append(true).open(path);
        file.and_then(|mut file| file.write_all(b"x"))
    };
    Some(match name {
        "make a file in the owner's home" => fs::write(home("made"), "x"),
        "make a file in /tmp" => {
            let name = format!("cupola-hostile-{}", std::process::id());
            let path = PathBuf::from(told("HOSTILE_TMP")).join(name);
            fs::write(&path, "x").and_then(|()| fs::remove_file(path))
        }
        "append to a file in the owner's home" => append(home("notes")),
        "cut off a file in the owner's home" => truncate(&home("cut")),
        "remove a file in the owner's home" => fs::remove_file(home("gone")),
        "move a file of its own into the owner's home" => {
            fs::write("own", "x").and_then(|()| fs::rename("own", home("moved")))
        }
        "link a file of the owner into its own folder" => fs::hard_link(home("notes"), "linked"),
        "write through a link of its own" => {
            symlink(home("notes"), "way").and_then(|()| append("way".into()))
        }
        "change the worker's token" => append(state("worker.token")),
        "make a device" => make_device(),
        _ => return None,
    })
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn truncate(path: &std::path::Path) -> io::Result<()> {
    let path = std::ffi::CString::new(path.to_string_lossy().into_owned())?;
    // SAFETY: the path ends with a zero.
    check(unsafe { libc::truncate(path.as_ptr(), 0) }.into())
}

/// The machine's first disk, by its numbers.
#[expect(unsafe_code, reason = "a system call without a safe form")]
fn make_device() -> io::Result<()> {
    // SAFETY: the path ends with a zero.
    check(
        unsafe { libc::mknod(c"disk".as_ptr(), libc::S_IFBLK | 0o600, libc::makedev(8, 0)) }.into(),
    )
}

fn network(name: &str) -> io::Result<()> {
    let port: u16 = told("HOSTILE_PORT").parse().expect("it is a number");
    let connect = |address: &str| {
        let address: SocketAddr = address.parse().map_err(io::Error::other)?;
        TcpStream::connect_timeout(&address, PATIENCE).map(drop)
    };
    match name {
        "connect by TCP" => connect(&format!("127.0.0.1:{port}")),
        "connect by TCP over IPv6" => connect(&format!("[::1]:{port}")),
        "ask 169.254.169.254" => connect("169.254.169.254:80"),
        "listen on a TCP port" => TcpListener::bind("127.0.0.1:0").map(drop),
        "send by UDP" => {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.send_to(b"x", ("127.0.0.1", port)).map(drop)
        }
        "open a raw socket" => socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
        "open a netlink socket" => socket(libc::AF_NETLINK, libc::SOCK_RAW, 0),
        "connect to a socket in a folder" => UnixStream::connect(home("socket")).map(drop),
        _ => {
            let address =
                std::os::unix::net::SocketAddr::from_abstract_name(told("HOSTILE_SOCKET"));
            UnixStream::connect_addr(&address?).map(drop)
        }
    }
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn socket(family: libc::c_int, kind: libc::c_int, protocol: libc::c_int) -> io::Result<()> {
    // SAFETY: a plain system call.
    check(unsafe { libc::socket(family, kind, protocol) }.into())
}

/// Some have arguments that the kernel refuses as well: that the filter does so before is tested where it is
/// made.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn calls(name: &str) -> io::Result<()> {
    let parent = std::os::unix::process::parent_id().cast_signed();
    let pid = worker_pid();
    let namespace = libc::CLONE_NEWUSER;
    // SAFETY: no memory is named but what lives here; a child that is made ends at once.
    let answer = unsafe {
        match name {
            "trace its parent" => libc::ptrace(libc::PTRACE_SEIZE, parent, 0, 0),
            "trace the worker" => libc::ptrace(libc::PTRACE_SEIZE, pid, 0, 0),
            "read the worker's memory by process_vm_readv" => read_of_worker(pid),
            "take an open file of the worker" => take_of_worker(pid),
            "send a signal to its parent" => libc::kill(parent, libc::SIGCONT).into(),
            "send a signal to the worker" => libc::kill(pid, libc::SIGCONT).into(),
            "change the worker's limits" => limit_of_worker(pid),
            "change the worker's priority" => priority_of_worker(pid),
            "change the worker's priority at the disk" => {
                let (process, none) = (1, 0);
                libc::syscall(libc::SYS_ioprio_set, process, pid, none)
            }
            "change how the worker is scheduled" => {
                let mut now: libc::sched_param = std::mem::zeroed();
                libc::sched_getparam(pid, &raw mut now);
                let policy = libc::sched_getscheduler(pid);
                libc::sched_setscheduler(pid, policy, &raw const now).into()
            }
            "make a user namespace by unshare" => in_a_child(|| libc::unshare(namespace).into()),
            "make a user namespace by clone" => {
                let flags = libc::c_long::from(namespace | libc::SIGCHLD);
                cloned(libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0))
            }
            "make a user namespace by clone3" => {
                let mut arguments = [0u64; 8];
                arguments[0] = namespace.cast_unsigned().into();
                arguments[4] = libc::SIGCHLD.cast_unsigned().into();
                let size = size_of_val(&arguments);
                cloned(libc::syscall(libc::SYS_clone3, arguments.as_ptr(), size))
            }
            "mount a file system" => in_a_child(|| {
                // By itself only the administrator may.
                let _ = libc::unshare(namespace | libc::CLONE_NEWNS);
                let kind = c"tmpfs".as_ptr();
                libc::mount(kind, c"/usr".as_ptr(), kind, 0, std::ptr::null()).into()
            }),
            "change its root" => in_a_child(|| {
                let _ = libc::unshare(namespace);
                libc::chroot(c"/usr".as_ptr()).into()
            }),
            "use io_uring" => {
                let parameters = [0u32; 30];
                libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_ptr())
            }
            "load a program into the kernel" => libc::syscall(libc::SYS_bpf, 0, 0, 0),
            "watch the machine by perf" => {
                libc::syscall(libc::SYS_perf_event_open, 0, 0, -1, -1, 0)
            }
            "look at the session's keys" => libc::syscall(libc::SYS_keyctl, 0, -3, 0),
            "load another kernel" => libc::syscall(libc::SYS_kexec_load, 0, 0, 0, 0),
            "open a file by its number" => libc::syscall(libc::SYS_open_by_handle_at, -1, 0, 0),
            "catch page faults" => libc::syscall(libc::SYS_userfaultfd, 1),
            "call by the numbers of x32" => libc::syscall(0x4000_0000 | 0x27),
            other => panic!("nobody knows how to {other}"),
        }
    };
    check(answer)
}

#[expect(unsafe_code, reason = "system calls without a safe form")]
fn read_of_worker(pid: libc::pid_t) -> libc::c_long {
    let mut here = 0u8;
    let to = libc::iovec {
        iov_base: (&raw mut here).cast(),
        iov_len: 1,
    };
    // The worker is this same program, so that this may even be mapped there.
    let from = libc::iovec {
        iov_base: (&raw mut here).cast(),
        iov_len: 1,
    };
    // SAFETY: writes one byte of this stack.
    let got = unsafe { libc::process_vm_readv(pid, &raw const to, 1, &raw const from, 1, 0) };
    got.try_into().unwrap_or(-1)
}

#[expect(unsafe_code, reason = "system calls without a safe form")]
fn take_of_worker(pid: libc::pid_t) -> libc::c_long {
    // SAFETY: plain system calls.
    unsafe {
        match libc::syscall(libc::SYS_pidfd_open, pid, 0) {
            -1 => -1,
            process => libc::syscall(libc::SYS_pidfd_getfd, process, 0, 0),
        }
    }
}

/// It is given the priority that it has.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn priority_of_worker(pid: libc::pid_t) -> libc::c_long {
    let (process, pid) = (libc::PRIO_PROCESS, pid.cast_unsigned());
    // SAFETY: plain system calls.
    unsafe { libc::setpriority(process, pid, libc::getpriority(process, pid)).into() }
}

/// It is given the limits that it has.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn limit_of_worker(pid: libc::pid_t) -> libc::c_long {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: reads and writes a structure of this stack.
    unsafe {
        let kind = libc::RLIMIT_NOFILE;
        match libc::prlimit(pid, kind, std::ptr::null(), &raw mut limit) {
            0 => libc::prlimit(pid, kind, &raw const limit, std::ptr::null_mut()).into(),
            refused => refused.into(),
        }
    }
}

/// What `call` answers in a process of its own, which may come to be in another world by it.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn in_a_child(call: impl FnOnce() -> libc::c_long) -> libc::c_long {
    // SAFETY: the child makes one call and ends.
    unsafe {
        match libc::fork() {
            -1 => -1,
            0 => libc::_exit(match call() {
                -1 => *libc::__errno_location(),
                _ => 0,
            }),
            child => {
                let mut status = 0;
                libc::waitpid(child, &raw mut status, 0);
                match libc::WEXITSTATUS(status) {
                    0 => 0,
                    errno => {
                        *libc::__errno_location() = errno;
                        -1
                    }
                }
            }
        }
    }
}

/// The child ends at once.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn cloned(answer: libc::c_long) -> libc::c_long {
    if answer == 0 {
        // SAFETY: nothing of a forked child is left behind.
        unsafe { libc::_exit(0) };
    }
    answer
}

fn limits(name: &str) -> io::Result<()> {
    match name {
        "fork without end" => fork_without_end(),
        "fill the memory" => fill_the_memory(),
        "fill the disk with a file" => {
            let limit = limit_of(libc::RLIMIT_FSIZE);
            if limit.rlim_cur == libc::RLIM_INFINITY {
                return Ok(());
            }
            // More than that is refused with a signal first.
            ignore(libc::SIGXFSZ);
            let file = File::create("large")?;
            let grown = file.set_len(limit.rlim_cur + 1);
            fs::remove_file("large")?;
            grown
        }
        "open files without end" => open_without_end(),
        "raise its own limits" => set_limit(
            libc::RLIMIT_CORE,
            libc::rlimit {
                rlim_cur: 1,
                rlim_max: 2,
            },
        ),
        "leave an image of its memory" => match limit_of(libc::RLIMIT_CORE).rlim_max {
            0 | 1 => Err(io::Error::other("none is left")),
            _ => Ok(()),
        },
        "gain privileges by a program" => no_new_privileges(),
        _ => outlive(),
    }
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn no_new_privileges() -> io::Result<()> {
    // SAFETY: a plain system call.
    match unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) } {
        1 => Err(io::Error::other("programs gain none")),
        _ => Ok(()),
    }
}

/// The limit is there, and it binds: with less room it is met, and without one there is no end.
fn fork_without_end() -> io::Result<()> {
    let limit = limit_of(libc::RLIMIT_NPROC);
    let had = cupola_process::sandbox::tasks_of_user();
    let is_set = limit.rlim_max != libc::RLIM_INFINITY && limit.rlim_max <= had + 8_192;
    if !is_set {
        return Ok(());
    }
    let near = libc::rlimit {
        rlim_cur: had + FORKS / 2,
        ..limit
    };
    set_limit(libc::RLIMIT_NPROC, near)?;
    // In a world of its own a user has fewer than it seems.
    let outcome = fork(had + FORKS);
    set_limit(libc::RLIMIT_NPROC, limit)?;
    outcome
}

#[expect(unsafe_code, reason = "system calls without a safe form")]
fn fork(times: u64) -> io::Result<()> {
    let mut children = Vec::new();
    let mut outcome = Ok(());
    for _ in 0..times {
        // SAFETY: a child waits for its end and does nothing else.
        match unsafe { libc::fork() } {
            -1 => {
                outcome = Err(io::Error::last_os_error());
                break;
            }
            0 => loop {
                // SAFETY: a plain system call.
                unsafe { libc::pause() };
            },
            child => children.push(child),
        }
    }
    for child in children {
        // SAFETY: they are this process's own.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
    }
    outcome
}

#[expect(unsafe_code, reason = "system calls without a safe form")]
fn fill_the_memory() -> io::Result<()> {
    let (mut pieces, mut outcome) = (Vec::new(), Ok(()));
    while pieces.len() * PIECE < MEMORY_MAX {
        let (access, flags) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
        );
        // SAFETY: a new mapping, that nobody else knows of.
        let piece = unsafe { libc::mmap(std::ptr::null_mut(), PIECE, access, flags, -1, 0) };
        if piece == libc::MAP_FAILED {
            outcome = Err(io::Error::last_os_error());
            break;
        }
        pieces.push(piece);
    }
    for piece in pieces {
        // SAFETY: it was mapped above, as long.
        unsafe { libc::munmap(piece, PIECE) };
    }
    outcome
}

fn open_without_end() -> io::Result<()> {
    let limit = limit_of(libc::RLIMIT_NOFILE);
    let all = libc::rlimit {
        rlim_cur: limit.rlim_max,
        ..limit
    };
    set_limit(libc::RLIMIT_NOFILE, all)?;
    let mut files = Vec::new();
    let outcome = loop {
        match File::open("/dev/null") {
            Ok(file) if files.len() < 100_000 => files.push(file),
            Ok(_) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop(files);
    set_limit(libc::RLIMIT_NOFILE, limit)?;
    outcome
}

/// Away from parent, session and terminal. What is left of it is found by the test.
#[expect(unsafe_code, reason = "system calls without a safe form")]
fn outlive() -> io::Result<()> {
    // SAFETY: the children make system calls alone.
    unsafe {
        match libc::fork() {
            -1 => return Err(io::Error::last_os_error()),
            0 => {
                libc::setsid();
                if libc::fork() != 0 {
                    libc::_exit(0);
                }
                libc::prctl(libc::PR_SET_PDEATHSIG, 0);
                for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGINT] {
                    libc::signal(signal, libc::SIG_IGN);
                }
                for file in 0..RawFd::from(64u8) {
                    libc::close(file);
                }
                loop {
                    libc::pause();
                }
            }
            child => {
                libc::waitpid(child, std::ptr::null_mut(), 0);
            }
        }
    }
    Err(io::Error::other("it is killed with the run"))
}

type Kind = libc::__rlimit_resource_t;

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn limit_of(kind: Kind) -> libc::rlimit {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: writes a structure of this stack.
    unsafe { libc::getrlimit(kind, &raw mut limit) };
    limit
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn set_limit(kind: Kind, limit: libc::rlimit) -> io::Result<()> {
    // SAFETY: reads a structure of this stack.
    check(unsafe { libc::setrlimit(kind, &raw const limit) }.into())
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn ignore(signal: libc::c_int) {
    // SAFETY: a plain system call.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

fn check(answer: libc::c_long) -> io::Result<()> {
    if answer == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

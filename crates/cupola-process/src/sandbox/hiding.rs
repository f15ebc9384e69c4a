//! Folders that look empty to a program: covered in a view of the file system that is its own.

use std::{
    ffi::{CStr, CString},
    io,
    os::{fd::RawFd, unix::ffi::OsStrExt as _},
    path::{Path, PathBuf},
    ptr,
};

use super::SHARED_MEMORY;

/// What the program sees where something is hidden: nothing, and nothing can be put there.
const COVER: libc::c_ulong = libc::MS_NOSUID | libc::MS_NODEV;

/// What is there instead of a socket.
const NOBODY: &CStr = c"/dev/null";

/// A folder that is there on every machine.
const ANY_FOLDER: &CStr = c"/usr";

const CLONE_TREE: libc::c_uint = 1 | libc::O_CLOEXEC.cast_unsigned();
const EMPTY_PATH: libc::c_uint = 4;

/// What is to be hidden, and what stays.
#[derive(Debug)]
pub(super) struct Hiding {
    view: View,
    hidden: Vec<CString>,
    /// Sockets, in the place of which there is something that nobody listens on.
    closed: Vec<CString>,
    kept: Vec<Kept>,
    /// How large the shared memory of its own may get that the program has, as an option of its mount; `None`
    /// leaves it that of its user.
    shared_memory: Option<CString>,
    /// Where the program starts; it would stand below the cover otherwise.
    folder: CString,
}

/// The user as the program's own world has it: the same.
#[derive(Debug)]
struct View {
    users: CString,
    groups: CString,
    /// What else than files it has of its own.
    also: libc::c_int,
}

#[derive(Debug)]
struct Kept {
    path: CString,
    /// The folders on the way to it, the last being itself, to be made on the cover.
    way: Vec<CString>,
    /// It, held while it is being covered.
    tree: RawFd,
}

impl Hiding {
    /// Hides `hidden` and the sockets `closed` but for what lies in `kept`, from a program that starts in
    /// `folder`. What is not there is passed over; `None` when nothing is left.
    pub(super) fn new(
        hidden: &[PathBuf],
        closed: &[PathBuf],
        kept: &[PathBuf],
        folder: &Path,
    ) -> io::Result<Option<Self>> {
        let mut covers: Vec<_> = hidden.iter().filter_map(|path| there(path)).collect();
        covers.sort();
        // What is below another one is covered with it.
        covers.dedup_by(|path, above| path.starts_with(above));
        let is_open = |path: &&PathBuf| {
            let mut hiding = covers.iter().chain(kept);
            !hiding.any(|folder| path.starts_with(folder))
        };
        let closed: Vec<_> = closed.iter().filter(is_open).collect();
        if covers.is_empty() && closed.is_empty() {
            return Ok(None);
        }
        let mut stay: Vec<_> = kept.iter().filter_map(|path| there(path)).collect();
        stay.sort();
        stay.dedup_by(|path, above| path.starts_with(above));
        let stay = stay.iter().filter_map(|path| {
            let above = covers.iter().find(|cover| path.starts_with(cover))?;
            Some(Kept::new(path, above))
        });
        Ok(Some(Self {
            view: View::of_this_user(0)?,
            shared_memory: None,
            kept: stay.collect::<io::Result<_>>()?,
            closed: closed
                .iter()
                .map(|path| text(path))
                .collect::<io::Result<_>>()?,
            hidden: covers
                .iter()
                .map(|path| text(path))
                .collect::<io::Result<_>>()?,
            folder: text(folder)?,
        }))
    }

    /// Hides nothing from a program that starts in `folder`.
    pub(super) fn nothing(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            view: View::of_this_user(0)?,
            hidden: Vec::new(),
            closed: Vec::new(),
            kept: Vec::new(),
            shared_memory: None,
            folder: text(folder)?,
        })
    }

    /// The program has shared memory of its own, which goes with its last process: `/dev/shm`, as large as half
    /// of the machine's memory at most, and System V's and the queues of messages beside it.
    pub(super) fn with_shared_memory(mut self, most: Option<u64>) -> io::Result<Self> {
        self.view.also = libc::CLONE_NEWIPC;
        let half = memory_bytes() / 2;
        // Zero would be without end.
        let size = most.unwrap_or(half).min(half).max(1);
        self.shared_memory = Some(CString::new(format!("size={size},mode=1777"))?);
        Ok(self)
    }

    /// Hides it from the calling process and those that it starts. Makes nothing but system calls.
    #[expect(unsafe_code, reason = "system calls without a safe form")]
    pub(super) fn hide(&mut self) -> io::Result<()> {
        self.view.enter()?;
        for kept in &mut self.kept {
            // SAFETY: the path ends with a zero.
            let tree = unsafe {
                libc::syscall(
                    libc::SYS_open_tree,
                    libc::AT_FDCWD,
                    kept.path.as_ptr(),
                    CLONE_TREE,
                )
            };
            kept.tree = i32::try_from(tree).unwrap_or(-1);
            check(kept.tree.min(0))?;
        }
        for path in &self.closed {
            match mount(Some(NOBODY), path, libc::MS_BIND, None) {
                // Whoever listened there has left.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
        for path in &self.hidden {
            cover(path)?;
        }
        for kept in &self.kept {
            kept.put_back()?;
        }
        if let Some(options) = &self.shared_memory {
            match mount(Some(c"tmpfs"), SHARED_MEMORY, COVER, Some(options)) {
                // Where there is none, programs do without.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
        for path in &self.hidden {
            let flags = COVER | libc::MS_RDONLY | libc::MS_REMOUNT | libc::MS_BIND;
            mount(None, path, flags, None)?;
        }
        // SAFETY: the path ends with a zero.
        check(unsafe { libc::chdir(self.folder.as_ptr()) })
    }
}

/// Whether this machine lets this user hide anything: it is tried by a process that ends at once.
#[expect(
    unsafe_code,
    reason = "between fork and exit are nothing but system calls"
)]
pub(super) fn is_supported() -> bool {
    let Ok(view) = View::of_this_user(libc::CLONE_NEWIPC) else {
        return false;
    };
    // SAFETY: the child makes system calls on what was made before, and ends.
    unsafe {
        match libc::fork() {
            -1 => false,
            0 => {
                let hides = view.enter().is_ok() && cover(ANY_FOLDER).is_ok();
                libc::_exit(libc::c_int::from(!hides))
            }
            child => {
                let mut status = -1;
                while libc::waitpid(child, &raw mut status, 0) == -1
                    && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
                {
                }
                status == 0
            }
        }
    }
}

impl View {
    #[expect(unsafe_code, reason = "system calls without a safe form")]
    fn of_this_user(also: libc::c_int) -> io::Result<Self> {
        // SAFETY: plain system calls that cannot fail.
        let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
        Ok(Self {
            users: CString::new(format!("{user} {user} 1"))?,
            groups: CString::new(format!("{group} {group} 1"))?,
            also,
        })
    }

    /// Says who this user is in a world of its own.
    fn map_users(&self) -> io::Result<()> {
        write(c"/proc/self/setgroups", c"deny")?;
        write(c"/proc/self/uid_map", &self.users)?;
        write(c"/proc/self/gid_map", &self.groups)
    }

    /// A view of the file system of the process's own: by right, or else as the one user of a world of
    /// its own.
    #[expect(unsafe_code, reason = "system calls without a safe form")]
    fn enter(&self) -> io::Result<()> {
        // SAFETY: plain system calls.
        unsafe {
            let own = libc::CLONE_NEWNS | self.also;
            if libc::unshare(own) != 0 {
                check(libc::unshare(libc::CLONE_NEWUSER | own))?;
                // Of a process that others may not look into, these files are the administrator's.
                let is_open = libc::prctl(libc::PR_GET_DUMPABLE);
                libc::prctl(libc::PR_SET_DUMPABLE, 1);
                let done = self.map_users();
                libc::prctl(libc::PR_SET_DUMPABLE, is_open);
                done?;
            }
        }
        // What is mounted elsewhere later comes in; nothing goes out.
        mount(None, c"/", libc::MS_REC | libc::MS_SLAVE, None)
    }
}

impl Kept {
    fn new(path: &Path, above: &Path) -> io::Result<Self> {
        let below = path.ancestors().take_while(|folder| *folder != above);
        let mut way = below.map(text).collect::<io::Result<Vec<_>>>()?;
        way.reverse();
        Ok(Self {
            path: text(path)?,
            way,
            tree: -1,
        })
    }

    #[expect(unsafe_code, reason = "system calls without a safe form")]
    fn put_back(&self) -> io::Result<()> {
        // SAFETY: the paths end with zeros, and the descriptor is this process's own.
        unsafe {
            for folder in &self.way {
                // Another one may have made it.
                libc::mkdir(folder.as_ptr(), 0o755);
            }
            let moved = libc::syscall(
                libc::SYS_move_mount,
                self.tree,
                c"".as_ptr(),
                libc::AT_FDCWD,
                self.path.as_ptr(),
                EMPTY_PATH,
            );
            check(i32::try_from(moved).unwrap_or(-1))?;
            check(libc::close(self.tree))
        }
    }
}

/// How much memory the machine has.
#[expect(unsafe_code, reason = "a system call without a safe form")]
fn memory_bytes() -> u64 {
    // SAFETY: zero is a valid `sysinfo`, which lives on this stack.
    let about = unsafe {
        let mut about: libc::sysinfo = std::mem::zeroed();
        libc::sysinfo(&raw mut about);
        about
    };
    about.totalram.saturating_mul(about.mem_unit.into())
}

/// Where it really lies, if it is a folder.
fn there(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().filter(|path| path.is_dir())
}

fn text(path: &Path) -> io::Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

fn cover(path: &CStr) -> io::Result<()> {
    let options = c"size=64k,mode=0755";
    mount(Some(c"tmpfs"), path, COVER, Some(options))
}

#[expect(unsafe_code, reason = "a system call without a safe form")]
fn mount(
    kind: Option<&CStr>,
    path: &CStr,
    flags: libc::c_ulong,
    options: Option<&CStr>,
) -> io::Result<()> {
    let kind = kind.map_or(ptr::null(), CStr::as_ptr);
    let options = options.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: all texts end with zeros, and nothing is asked for where there is none.
    check(unsafe { libc::mount(kind, path.as_ptr(), kind, flags, options.cast()) })
}

#[expect(unsafe_code, reason = "system calls without a safe form")]
fn write(path: &CStr, text: &CStr) -> io::Result<()> {
    let bytes = text.to_bytes();
    // SAFETY: the path ends with a zero, and the buffer is as long as is said.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        check(file.min(0))?;
        let written = libc::write(file, bytes.as_ptr().cast(), bytes.len());
        let written = if written < 0 { -1 } else { 0 };
        let done = check(written);
        libc::close(file);
        done
    }
}

fn check(done: libc::c_int) -> io::Result<()> {
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

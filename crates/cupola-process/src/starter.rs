//! A small process that starts programs for a large one.
//!
//! A fork copies the tables of all of a process's memory, and each page that the process writes to afterwards:
//! tens of milliseconds for a hub at work, whose threads all wait for it. The starter is forked once, becomes a
//! process that has next to no memory of its own, and then forks in its place. It is told what to start by a socket, with the descriptors that the program gets.
//!
//! ```text
//! owner ──socket──▶ starter ──parent of──▶ supervisor ──parent of──▶ program
//!   └──────────────control pipe───────────────▲
//! ```
//!
//! Nothing of what the supervisor does changes by it: its pipe comes from the owner.

mod inside;
mod messages;
mod socket;

use std::{
    collections::HashMap,
    fs::File,
    io::{self, PipeReader, Read as _},
    net::Shutdown,
    os::{
        fd::{AsFd as _, BorrowedFd},
        unix::{net::UnixStream, process::ExitStatusExt as _},
    },
    process::ExitStatus,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

pub use inside::attend;
pub use messages::Order;
use messages::Reply;

use crate::groups::Group;

/// What starts programs for this process; begins when it is first needed, and anew when it is gone.
#[derive(Debug, Default)]
pub struct Starter(Mutex<Option<Arc<Begun>>>);

/// What a program is started with.
#[derive(Debug)]
pub struct Descriptors<'a> {
    /// By this its supervisor is told what to do, see [`crate::TERMINATE`].
    pub control: BorrowedFd<'a>,
    /// What it gets as [`crate::EVENTS_FD`].
    pub events: BorrowedFd<'a>,
    /// Where its output goes.
    pub stdout: BorrowedFd<'a>,
    /// Where its complaints go.
    pub stderr: BorrowedFd<'a>,
    /// The group that it runs in, which must be there until it is not.
    pub group: Option<&'a Group>,
}

/// What is called with how a program ended, once all that it started is gone.
type Ended = Box<dyn FnOnce(io::Result<ExitStatus>) + Send>;

/// A starter that runs.
#[derive(Debug)]
struct Begun {
    socket: Mutex<UnixStream>,
    waiting: Arc<Mutex<Waiting>>,
}

/// The programs that are waited for.
#[derive(Default)]
struct Waiting {
    last: u64,
    programs: HashMap<u64, Ended>,
    /// Nobody answers any more.
    is_gone: bool,
}

impl Starter {
    /// Begins it before it is needed: the less memory this process has by then, the quicker programs start.
    pub fn begin(&self) -> io::Result<()> {
        self.begun().map(drop)
    }

    /// Starts a program behind a supervisor. Blocks until it runs or could not be started; `ended` is called
    /// later, on another thread.
    pub fn start(
        &self,
        order: &Order<'_>,
        with: &Descriptors<'_>,
        ended: impl FnOnce(io::Result<ExitStatus>) + Send + 'static,
    ) -> io::Result<()> {
        let (fault, faults) = io::pipe()?;
        let door = with.group.map(Group::door);
        let mut descriptors = vec![
            with.control,
            with.events,
            with.stdout,
            with.stderr,
            faults.as_fd(),
        ];
        descriptors.extend(door);
        let begun = self.begun()?;
        let number = begun.ask(order, &descriptors, Box::new(ended))?;
        drop(faults);
        started(fault)?;
        // It may have been gone before it read what it was asked: then nobody says how that ended.
        let waiting = locked(&begun.waiting);
        if waiting.is_gone && !waiting.programs.contains_key(&number) {
            return Err(gone());
        }
        Ok(())
    }

    fn begun(&self) -> io::Result<Arc<Begun>> {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match begun.as_ref() {
            Some(begun) if !locked(&begun.waiting).is_gone => Ok(Arc::clone(begun)),
            _ => {
                let new = Arc::new(Begun::new()?);
                *begun = Some(Arc::clone(&new));
                Ok(new)
            }
        }
    }
}

/// Whether the program runs: what it is told of is a failure, and the end of the pipe is its first instruction.
fn started(mut fault: PipeReader) -> io::Result<()> {
    let mut code = Vec::new();
    fault.read_to_end(&mut code)?;
    match <[u8; 4]>::try_from(code.as_slice()) {
        Ok(code) => Err(io::Error::from_raw_os_error(i32::from_le_bytes(code))),
        Err(_) => Ok(()),
    }
}

impl Begun {
    fn new() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let reader = ours.try_clone()?;
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let told = Arc::clone(&waiting);
        let (begun, begins) = mpsc::channel();
        thread::Builder::new()
            .name("starter".to_owned())
            .spawn(move || {
                if let Ok(pid) = begins.recv() {
                    listen(&reader, &told);
                    inside::reap(pid);
                }
            })?;
        let _ = begun.send(inside::fork(theirs)?);
        Ok(Self {
            socket: Mutex::new(ours),
            waiting,
        })
    }

    /// Asks for a program; the number that it is known by.
    fn ask(
        &self,
        order: &Order<'_>,
        descriptors: &[BorrowedFd<'_>],
        ended: Ended,
    ) -> io::Result<u64> {
        let number = {
            let mut waiting = locked(&self.waiting);
            if waiting.is_gone {
                return Err(gone());
            }
            waiting.last += 1;
            let number = waiting.last;
            waiting.programs.insert(number, ended);
            number
        };
        let request = order.request(number);
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = socket::send(&socket, &request, descriptors);
        drop(socket);
        if sent.is_err() {
            locked(&self.waiting).programs.remove(&number);
        }
        sent.map(|()| number)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        // It ends by this, and with it who listens.
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// Tells of ends until the starter is gone. Of its programs nobody says any more how they end then; those who
/// wait for them let go of them.
fn listen(socket: &UnixStream, waiting: &Mutex<Waiting>) {
    while let Ok(Some((reply, _))) = socket::receive(socket) {
        let Some(Reply { number, status }) = Reply::read(&reply) else {
            break;
        };
        let ended = locked(waiting).programs.remove(&number);
        if let Some(ended) = ended {
            ended(Ok(ExitStatus::from_raw(status)));
        }
    }
    let left = {
        let mut waiting = locked(waiting);
        waiting.is_gone = true;
        std::mem::take(&mut waiting.programs)
    };
    for ended in left.into_values() {
        ended(Err(gone()));
    }
}

fn gone() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the process that starts programs is gone",
    )
}

fn locked(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting")
            .field("programs", &self.programs.len())
            .field("is_gone", &self.is_gone)
            .finish_non_exhaustive()
    }
}

/// What a program reads and writes nothing by.
fn nothing() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

#[cfg(test)]
mod tests;

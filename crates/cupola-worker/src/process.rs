//! Programs of other people: how they are started, stopped and cleaned up after.
//!
//! Between the agent and each program stands a supervisor (`cupola-process`), which kills all that is
//! left when the agent lets go or is killed.
//!
//! This is the only place that starts programs.

pub(crate) mod marked;

use std::{
    ffi::{OsStr, OsString},
    io::{self, PipeWriter, Write as _},
    os::{fd::AsRawFd as _, unix::process::ExitStatusExt as _},
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    net::unix::pipe,
    process::{Child, ChildStderr, ChildStdout, Command},
};

pub(crate) use cupola_process::{EVENTS_FD, allowed};
use cupola_process::{TERMINATE, groups::Group, supervise};

use crate::sandbox::Kept;

/// What is to be started.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    /// The program and its arguments; at least one.
    pub(crate) command: &'a [String],
    /// Where it runs.
    pub(crate) folder: &'a Path,
    /// All of its environment.
    pub(crate) environment: &'a [(OsString, OsString)],
    /// What keeps it in, if anything.
    pub(crate) kept: &'a Kept,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Code(-1),
        }
    }
}

/// The reading ends of what a program writes.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
    pub(crate) events: pipe::Receiver,
}

/// A program that was started. Letting go of it kills it with all its descendants.
#[derive(Debug)]
pub(crate) struct Program {
    supervisor: Child,
    /// The supervisor holds the other end.
    control: Option<PipeWriter>,
    /// Goes last, with what is left in it.
    _group: Option<Group>,
}

impl Program {
    /// Starts a program. Blocks until it runs or could not be started: a few milliseconds.
    pub(crate) fn spawn(launch: &Launch<'_>) -> io::Result<(Self, Streams)> {
        let (name, arguments) = launch
            .command
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"))?;
        let (control_reader, control) = io::pipe()?;
        let (events_reader, events) = io::pipe()?;
        let mut command = command(name);
        command
            .args(arguments)
            .current_dir(launch.folder)
            .env_clear()
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (barrier, group) = launch.kept.barrier()?;
        supervise(
            command.as_std_mut(),
            control_reader.as_raw_fd(),
            Some(events.as_raw_fd()),
            barrier,
        );
        let mut supervisor = command.spawn()?;
        let streams = Streams {
            stdout: taken(supervisor.stdout.take())?,
            stderr: taken(supervisor.stderr.take())?,
            events: pipe::Receiver::from_owned_fd(events_reader.into())?,
        };
        let program = Self {
            supervisor,
            control: Some(control),
            _group: group,
        };
        Ok((program, streams))
    }

    /// Asks the program's process group to stop.
    pub(crate) fn terminate(&mut self) {
        if let Some(control) = &mut self.control {
            // A supervisor that is gone has nothing left to stop.
            let _ = control.write_all(&[TERMINATE]);
        }
    }

    /// Kills the program and all its descendants.
    pub(crate) fn kill(&mut self) {
        self.control = None;
    }

    /// Waits for the end of the program, by when its descendants are gone too.
    pub(crate) async fn wait(&mut self) -> io::Result<Exit> {
        self.supervisor.wait().await.map(Exit::from)
    }
}

/// What a short program of our own choice prints, when it succeeds within `timeout`.
pub(crate) async fn capture(
    program: &OsStr,
    arguments: &[&str],
    environment: &[(OsString, OsString)],
    timeout: Duration,
) -> Option<Vec<u8>> {
    let output = command(program)
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(timeout, output).await.ok()?.ok()?;
    output.status.success().then_some(output.stdout)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place: every caller above fixes folder, environment and descriptors"
)]
fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

fn taken<T>(stream: Option<T>) -> io::Result<T> {
    stream.ok_or_else(|| io::Error::other("the stream was not piped"))
}

//! Programs of other people: how they are started, stopped and cleaned up after.
//!
//! Between the agent and each program stands a supervisor (`cupola-process`), which kills all that is
//! left when the agent lets go or is killed.
//!
//! This is the only place that starts programs.

pub(crate) mod marked;

use std::{
    ffi::{OsStr, OsString},
    io::{self, PipeReader, PipeWriter, Write as _},
    os::{fd::AsFd as _, unix::process::ExitStatusExt as _},
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{net::unix::pipe, process::Command, sync::oneshot};

pub(crate) use cupola_process::{EVENTS_FD, allowed};
use cupola_process::{
    TERMINATE,
    groups::Group,
    starter::{Descriptors, Order, Starter},
};

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
    /// What starts it.
    pub(crate) starter: &'a Starter,
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
    pub(crate) stdout: pipe::Receiver,
    pub(crate) stderr: pipe::Receiver,
    pub(crate) events: pipe::Receiver,
}

/// A program that was started. Letting go of it kills it with all its descendants.
#[derive(Debug)]
pub(crate) struct Program {
    ending: oneshot::Receiver<io::Result<ExitStatus>>,
    /// How it ended, or why that is not known, once that was asked for.
    exit: Option<Result<Exit, String>>,
    /// The supervisor holds the other end.
    control: Option<PipeWriter>,
    /// Goes last, with what is left in it.
    _group: Option<Group>,
}

impl Program {
    /// Starts a program. Blocks until it runs or could not be started: a few milliseconds.
    pub(crate) fn spawn(launch: &Launch<'_>) -> io::Result<(Self, Streams)> {
        let (obeyed, control) = io::pipe()?;
        let (events_read, events) = io::pipe()?;
        let (stdout_read, stdout) = io::pipe()?;
        let (stderr_read, stderr) = io::pipe()?;
        let (keeping, group) = launch.kept.keeping()?;
        let order = Order {
            command: launch.command,
            folder: launch.folder,
            environment: launch.environment,
            keeping: &keeping,
        };
        let descriptors = Descriptors {
            control: obeyed.as_fd(),
            events: events.as_fd(),
            stdout: stdout.as_fd(),
            stderr: stderr.as_fd(),
            group: group.as_ref(),
        };
        let (ended, ending) = oneshot::channel();
        launch
            .starter
            .start(&order, &descriptors, move |how| drop(ended.send(how)))?;
        let reading = |pipe: PipeReader| pipe::Receiver::from_owned_fd(pipe.into());
        let streams = Streams {
            stdout: reading(stdout_read)?,
            stderr: reading(stderr_read)?,
            events: reading(events_read)?,
        };
        let program = Self {
            ending,
            exit: None,
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
        if let Some(exit) = &self.exit {
            return exit.clone().map_err(io::Error::other);
        }
        let how = (&mut self.ending).await.map_err(io::Error::other);
        let exit = how.flatten().map(Exit::from);
        let exit = exit.map_err(|error| error.to_string());
        self.exit = Some(exit.clone());
        exit.map_err(io::Error::other)
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

//! A program whose output goes into files.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, PipeWriter, Write as _},
    os::fd::AsRawFd as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use crate::{
    sandbox::Barrier,
    supervisor::{TERMINATE, supervise},
};

/// What is to be started.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program and its arguments; at least one.
    pub command: &'a [String],
    /// Where it runs.
    pub folder: &'a Path,
    /// All of its environment.
    pub environment: &'a [(OsString, OsString)],
    /// Where its output goes.
    pub stdout: File,
    /// Where its complaints go.
    pub stderr: File,
    /// What keeps it to what it may do; `None` leaves it all that its user may.
    pub barrier: Option<Barrier>,
}

/// A program that was started. Letting go of it kills it with all its descendants.
#[derive(Debug)]
pub struct Program {
    supervisor: Child,
    /// The supervisor holds the other end.
    control: Option<PipeWriter>,
}

impl Program {
    /// Starts a program. Blocks until it runs or could not be started: a few milliseconds.
    pub fn start(launch: Launch<'_>) -> io::Result<Self> {
        let Some((name, arguments)) = launch.command.split_first() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the command is empty",
            ));
        };
        let (obeyed, control) = io::pipe()?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the launch says folder, environment and descriptors"
        )]
        let mut command = Command::new(name);
        command
            .args(arguments)
            .current_dir(launch.folder)
            .env_clear()
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(launch.stdout)
            .stderr(launch.stderr);
        supervise(&mut command, obeyed.as_raw_fd(), None, launch.barrier);
        Ok(Self {
            supervisor: command.spawn()?,
            control: Some(control),
        })
    }

    /// Its supervisor's number, which ends after all that the program has started.
    pub fn supervisor(&self) -> u32 {
        self.supervisor.id()
    }

    /// Asks the program's process group to stop.
    pub fn terminate(&mut self) {
        if let Some(control) = &mut self.control {
            // A supervisor that is gone has nothing left to stop.
            let _ = control.write_all(&[TERMINATE]);
        }
    }

    /// Kills the program and all its descendants.
    pub fn kill(&mut self) {
        self.control = None;
    }

    /// How it ended, once it has, by when its descendants are gone too.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.supervisor.try_wait()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        // A zombie would be left otherwise; the supervisor is about to end.
        let _ = self.supervisor.wait();
    }
}

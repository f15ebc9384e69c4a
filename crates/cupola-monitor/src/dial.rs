//! How the far side is reached: a program with three streams.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cupola_workspace::source::SourceError;

/// A program gets so long to end by itself after its input has.
const GRACE: Duration = Duration::from_secs(2);

/// A way to the far side.
pub trait Dial: Send + Sync {
    /// What it leads to: `cluster:/scratch/me/xp`.
    fn title(&self) -> String;

    /// Goes there. Once somebody watches, nobody can be asked for a password any more.
    fn dial(&self, is_watched: bool) -> io::Result<Wire>;

    /// Brings a file here, whose path there is below `workspace`.
    fn fetch(&self, path: &Path, workspace: &Path) -> Result<PathBuf, SourceError> {
        let _ = (path, workspace);
        Err(SourceError::Unsupported(
            "files cannot be fetched from there".to_owned(),
        ))
    }

    /// Brings a file, or a folder with all that is in it.
    fn fetch_all(&self, path: &Path, workspace: &Path) -> Result<PathBuf, SourceError> {
        self.fetch(path, workspace)
    }

    /// Brings what of a folder says what was measured: event files of `TensorBoard`, however deep.
    fn fetch_events(&self, folder: &Path, workspace: &Path) -> Result<PathBuf, SourceError> {
        self.fetch(folder, workspace)
    }

    /// Nobody goes there any more: what it keeps on this machine for that goes.
    fn close(&self) {}
}

/// The streams of a program that leads to the far side.
pub struct Wire {
    /// What it answers.
    pub input: Box<dyn Read + Send>,
    /// What it is asked.
    pub output: Box<dyn Write + Send>,
    /// What it says to people.
    pub said: Box<dyn Read + Send>,
    /// The program itself; letting go of it ends it.
    pub program: Option<Program>,
}

/// A program that was started; it ends with this value.
#[derive(Debug)]
pub struct Program(Child);

impl Program {
    /// Waits until it has ended or `limit` is over; its exit code, as far as it has one.
    pub fn wait(&mut self, limit: Duration) -> Option<i32> {
        self.wait_while(limit, || true)
    }

    /// The same, for as long as somebody wants it.
    pub(crate) fn wait_while(
        &mut self,
        limit: Duration,
        is_wanted: impl Fn() -> bool,
    ) -> Option<i32> {
        let began = Instant::now();
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return status.code(),
                Ok(None) if began.elapsed() < limit && is_wanted() => {
                    thread::sleep(Duration::from_millis(5));
                }
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.wait(GRACE);
        if let Ok(None) = self.0.try_wait() {
            // It may have ended in between, which is what is wanted.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// A program of this machine that serves a workspace: for instance another one's monitor.
#[derive(Debug, Clone)]
pub struct Local {
    /// The program and its arguments; at least one.
    pub words: Vec<String>,
}

impl Dial for Local {
    fn title(&self) -> String {
        self.words.join(" ")
    }

    fn dial(&self, _: bool) -> io::Result<Wire> {
        start(&self.words)
    }
}

/// Starts a program without a shell, with pipes for all three streams.
pub(crate) fn start(words: &[String]) -> io::Result<Wire> {
    let mut command = command(words)?;
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = spawned(&mut command, words)?;
    let (Some(input), Some(output), Some(said)) =
        (child.stdout.take(), child.stdin.take(), child.stderr.take())
    else {
        return Err(without_pipes());
    };
    Ok(Wire {
        input: Box::new(input),
        output: Box::new(output),
        said: Box::new(said),
        program: Some(Program(child)),
    })
}

/// The same for a program that answers nothing: all that it writes is said to people.
pub(crate) fn start_talking(words: &[String]) -> io::Result<Wire> {
    let (said, saying) = io::pipe()?;
    let mut command = command(words)?;
    command.stdout(saying.try_clone()?).stderr(saying);
    let mut child = spawned(&mut command, words)?;
    let output = child.stdin.take().ok_or_else(without_pipes)?;
    Ok(Wire {
        input: Box::new(io::empty()),
        output: Box::new(output),
        said: Box::new(said),
        program: Some(Program(child)),
    })
}

fn spawned(command: &mut Command, words: &[String]) -> io::Result<Child> {
    let child = command.stdin(Stdio::piped()).spawn();
    child.map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", words[0])))
}

fn without_pipes() -> io::Error {
    io::Error::other("a program was started without pipes")
}

/// The one place of this crate where programs begin.
pub(crate) fn command(words: &[String]) -> io::Result<Command> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(io::Error::other("no program is named"));
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "`ssh` and `rsync` are the person's own, with their environment, agent and terminal"
    )]
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

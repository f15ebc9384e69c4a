//! Services that are started from here: `TensorBoard`, other services of experiments, and commands
//! that whoever runs this has declared.
//!
//! [`Served`] is a source whose services can be started, stopped and read, over one that only tells of
//! them. Each runs under a supervisor that ends it with its owner, keeps its logs in a folder of the
//! owner and writes nothing into the workspace.

mod address;
mod fetching;
mod life;
mod listener;
mod moves;
mod recipe;
mod relay;
mod runner;
mod served;
mod words;

use std::{ffi::OsString, path::PathBuf, time::Duration};

pub use listener::{is_ours, programs_at};
pub use served::Served;

use crate::Here;

/// Names that a command may have in braces.
pub const NAMES: [&str; 5] = ["port", "workdir", "experiment", "run", "run_folder"];

/// A command that is a service: of the workspace, or, when it names `{experiment}`, `{run}` or
/// `{run_folder}`, of each experiment's newest run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// What it goes by; that of an experiment's own service stands for that one.
    pub name: String,
    /// In a few words.
    pub description: String,
    /// The program and its arguments, with names in braces.
    pub words: Vec<String>,
    /// The port that it takes whatever it is told; without one it is told by `{port}`, or prints
    /// where it answers.
    pub port: Option<u16>,
}

/// How services are started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Below it each has a folder for its logs; it goes with whoever starts them.
    pub folder: PathBuf,
    /// All of their environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The program that shows event files, if not `tensorboard` of the path.
    pub tensorboard: Option<String>,
    /// The Python that has Experimaestro, if not `python3` of the path.
    pub python: Option<String>,
    /// What is declared besides.
    pub commands: Vec<Command>,
    /// Where the workspace lies; none when that is another machine.
    pub workdir: Option<PathBuf>,
    /// This machine.
    pub here: Here,
    /// So long one may take until it answers.
    pub patience: Duration,
    /// So often files are fetched anew that lie on another machine.
    pub fetch_every: Duration,
}

impl Settings {
    /// The usual ones.
    pub fn new(folder: PathBuf, environment: Vec<(OsString, OsString)>, here: Here) -> Self {
        Self {
            folder,
            environment,
            tensorboard: None,
            python: None,
            commands: Vec::new(),
            workdir: None,
            here,
            patience: Duration::from_mins(2),
            fetch_every: Duration::from_secs(30),
        }
    }
}

//! The options of `cupola run` with a command: what is asked of runs.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Connect, Paging, Read, Workdir};

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// List runs, those that a filter lets through: `state = completed and params.lr < 0.01`.
    List {
        /// What runs satisfy; docs/search.md has the language.
        #[arg(short, long)]
        filter: Option<String>,
        /// By what they are sorted: `metrics.loss, created desc`. The latest first, unless given.
        #[arg(short, long)]
        order: Option<String>,
        /// What is shown of each: `params.lr, metrics.loss.min`. With --json all, unless given.
        #[arg(short, long)]
        columns: Option<String>,
        /// Only runs of this experiment, named by its id, a part of that, or its name.
        #[arg(short, long)]
        experiment: Vec<String>,
        /// Of a workspace: the jobs that no run names instead.
        #[arg(long, requires = "workdir", conflicts_with = "experiment")]
        orphans: bool,
        #[command(flatten)]
        workdir: Workdir,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        read: Read,
    },
    /// Show a run with its results.
    Show {
        /// A run's id or a part of it; of a job in a workspace also `task/id`.
        id: String,
        #[command(flatten)]
        workdir: Workdir,
        #[command(flatten)]
        read: Read,
    },
    /// Print a run's log.
    Logs {
        /// A run's id or a part of it; of a job in a workspace also `task/id`.
        id: String,
        #[command(flatten)]
        workdir: Workdir,
        /// Of a job in a workspace: `stdout` or `stderr`; `stdout` unless given.
        #[arg(long, value_parser = ["stdout", "stderr"], requires = "workdir")]
        stream: Option<String>,
        /// Go on until the run ends.
        #[arg(short, long)]
        follow: bool,
        /// Only lines of this level and louder ones: `debug`, `info`, `warn` or `error`.
        #[arg(long)]
        level: Option<String>,
        /// Only lines with this text in them, in whatever case.
        #[arg(long, value_name = "TEXT")]
        grep: Option<String>,
        /// Print exactly the program's bytes, terminal codes included.
        #[arg(long, conflicts_with_all = ["follow", "level", "grep"])]
        raw: bool,
        #[command(flatten)]
        connect: Connect,
    },
    /// Stop a run.
    Cancel {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Run it again: another attempt, or, where it completed, the same task anew.
    Retry {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the files that a run keeps.
    Artifacts {
        id: String,
        #[command(flatten)]
        read: Read,
    },
    /// Fetch a file that a run keeps.
    Download {
        id: String,
        /// Its name.
        name: String,
        /// Where to, `-` for standard output; a new file here with the last part of the name,
        /// unless given.
        #[arg(short, long)]
        output: Option<PathBuf>,
        #[command(flatten)]
        connect: Connect,
    },
}

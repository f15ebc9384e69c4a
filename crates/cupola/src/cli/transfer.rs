//! The options of `cupola export` and `cupola import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Connect;

/// What goes out.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The table.
    #[arg(value_enum, required_unless_present = "all")]
    pub what: Option<Table>,
    /// Everything that the hub keeps, into this folder, which must be empty or not there; the hub
    /// must not be running.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["what", "experiment", "run", "filter", "format", "output"])]
    pub all: Option<PathBuf>,
    /// With what lets people in: the hashes of tokens, and sessions.
    #[arg(long, requires = "all")]
    pub with_secrets: bool,
    /// The database of the hub, if it is not a file in its data folder: `postgres://…`.
    #[arg(long, env = "CUPOLA_DATABASE", requires = "all")]
    pub database: Option<String>,
    /// Only the runs of this experiment or family; may be given several times.
    #[arg(long)]
    pub experiment: Vec<String>,
    /// Only this run; may be given several times.
    #[arg(long)]
    pub run: Vec<String>,
    /// Only runs that satisfy this, as in a search: `params.lr < 0.01 and state = completed`.
    #[arg(long)]
    pub filter: Option<String>,
    /// As what it is written: what the file's name ends with, else CSV.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The file; standard output, unless named.
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub connect: Connect,
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Table {
    /// A row a run: how it went, its parameters, its tags, the last value of each series.
    Runs,
    /// A row a parameter.
    Params,
    /// A row a point.
    Metrics,
}

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For spreadsheets.
    Csv,
    /// One array of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// Columns, compressed.
    Parquet,
}

/// What comes in.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub command: Option<ImportCommand>,
    /// A folder that `cupola export --all` wrote; it comes into a hub that was never started.
    #[arg(required = true)]
    pub folder: Option<PathBuf>,
    /// The data folder of that hub.
    #[arg(long, env = "CUPOLA_DATA")]
    pub data: Option<PathBuf>,
    /// Its database, if not a file in the data folder: `postgres://…`.
    #[arg(long, env = "CUPOLA_DATABASE")]
    pub database: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Bring in `TensorBoard`'s event files: each folder that has some becomes a run. The same again
    /// adds only what is new.
    Tensorboard {
        /// The folder; those in it are looked at, too.
        folder: PathBuf,
        /// What the experiment is called; as the folder, unless named.
        #[arg(long)]
        experiment: Option<String>,
        #[command(flatten)]
        connect: Connect,
    },
}

/// What comes back.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The data folder of the hub.
    #[arg(long, env = "CUPOLA_DATA")]
    pub data: Option<PathBuf>,
    /// Its database, if not a file in the data folder: `postgres://…`.
    #[arg(long, env = "CUPOLA_DATABASE")]
    pub database: Option<String>,
    /// Change nothing; only say what would come in.
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

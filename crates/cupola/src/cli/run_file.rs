//! `cupola run`: an experiment file, or what there is of runs.

use std::path::PathBuf;

use clap::Args;

use super::{Connect, RunCommand};

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub(crate) struct Run {
    #[command(subcommand)]
    pub command: Option<RunCommand>,
    #[command(flatten)]
    pub file: RunFile,
}

/// How an experiment file is run: by a hub and a worker of its own, unless `--hub` names another.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct RunFile {
    /// An experiment file; `docs/experiment-files.md` says what stands in it.
    #[arg(required_unless_present = "schema", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// How many tasks run at a time: the file's `max_parallel` unless given, else one.
    #[arg(long, conflicts_with = "hub", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub slots: Option<u32>,
    /// A folder with templates besides the built-in ones; may be given several times.
    #[arg(long, conflicts_with = "hub")]
    pub templates: Vec<PathBuf>,
    #[command(flatten)]
    pub connect: Connect,
    /// Show what runs in this terminal while it does, with logs and curves. Where there is no terminal
    /// each task is told of as it ends, which is the default unless `--web` is given.
    #[arg(long)]
    pub console: bool,
    /// Show the pages of the hub that runs the file; prints where and how to log in.
    #[arg(long, conflicts_with = "hub")]
    pub web: bool,
    /// The address of the pages. Anything but this machine needs `--allow-remote`.
    #[arg(long, requires = "web")]
    pub host: Option<String>,
    /// The port of the pages: a free one unless given.
    #[arg(long, requires = "web")]
    pub port: Option<u16>,
    /// Listen beyond this machine although nothing is encrypted.
    #[arg(long, requires = "web")]
    pub allow_remote: bool,
    /// Do not open a browser.
    #[arg(long, requires = "web")]
    pub no_browser: bool,
    /// Keep the pages up when the work is done, until Ctrl-C.
    #[arg(long, requires = "web")]
    pub keep: bool,
    /// Print the outcome as JSON at the end; what else there is to say goes to stderr.
    #[arg(long)]
    pub json: bool,
    /// Print the tasks and run none.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the JSON Schema of experiment files.
    #[arg(long, conflicts_with = "file")]
    pub schema: bool,
}

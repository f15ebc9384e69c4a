//! `cupola monitor`: a workspace or a hub in a terminal.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Connect;

/// What is watched: the folder that is named, else a hub.
#[derive(Debug, Args)]
pub(crate) struct Monitor {
    /// A workspace of Experimaestro: a folder with experiments and their jobs.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["hub", "token"], value_hint = clap::ValueHint::DirPath)]
    pub workdir: Option<PathBuf>,
    #[command(flatten)]
    pub connect: Connect,
    /// Show it in this terminal, which is the default.
    #[arg(long)]
    pub console: bool,
    /// How a folder is watched.
    #[arg(long, value_enum, default_value_t = Watcher::Auto, requires = "workdir")]
    pub watcher: Watcher,
    /// Seconds between looks, with `--watcher polling`.
    #[arg(long, default_value_t = 1.0, requires = "workdir")]
    pub polling_interval: f64,
}

/// How a folder is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Watcher {
    /// As its file system suggests.
    Auto,
    /// By the kernel's word.
    Inotify,
    /// By looking now and then.
    Polling,
}

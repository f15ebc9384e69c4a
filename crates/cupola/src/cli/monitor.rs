//! `cupola monitor`: a workspace or a hub in a terminal.

use std::path::PathBuf;

use clap::Args;

use super::{Connect, Events, Watch};

/// What is watched: the folder that is named, else a hub.
#[derive(Debug, Args)]
pub(crate) struct Monitor {
    /// A workspace of Experimaestro: a folder with experiments and their jobs.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["hub", "token"], value_hint = clap::ValueHint::DirPath)]
    pub workdir: Option<PathBuf>,
    #[command(flatten)]
    pub connect: Connect,
    /// Show it in this terminal, which is the default.
    #[arg(long, conflicts_with = "events_viewer")]
    pub console: bool,
    #[command(flatten)]
    pub watch: Watch,
    #[command(flatten)]
    pub events: Events,
}

//! `cupola monitor`: a workspace or a hub in a terminal, or a workspace in a browser.

use std::path::PathBuf;

use clap::Args;

use super::{Connect, Events, Watch};

/// What is watched: the folder that is named, else a hub.
#[derive(Debug, Args)]
pub(crate) struct Monitor {
    /// A workspace of Experimaestro: a folder with experiments and their jobs.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workdir: Option<PathBuf>,
    /// A workspace of this machine that `cupola.toml` or Experimaestro's settings name.
    #[arg(long, value_name = "ID", conflicts_with = "workdir")]
    pub workspace: Option<String>,
    #[command(flatten)]
    pub connect: Connect,
    /// Show it in this terminal, which is the default.
    #[arg(long, conflicts_with_all = ["events_viewer", "web"])]
    pub console: bool,
    #[command(flatten)]
    pub pages: Pages,
    #[command(flatten)]
    pub watch: Watch,
    #[command(flatten)]
    pub events: Events,
}

/// Pages in place of the terminal.
#[derive(Debug, Clone, Args)]
pub(crate) struct Pages {
    /// Show it as pages for a browser, until Ctrl-C.
    #[arg(long, conflicts_with = "events_viewer")]
    pub web: bool,
    /// The port of the pages; 0 picks a free one.
    #[arg(long, default_value_t = 12_345, requires = "web")]
    pub port: u16,
    /// The address that they listen on. Anything but this machine needs `--allow-remote`.
    #[arg(
        id = "listen",
        long = "host",
        value_name = "HOST",
        default_value = "127.0.0.1",
        requires = "web"
    )]
    pub host: String,
    /// Listen beyond this machine although nothing is encrypted.
    #[arg(long, requires = "web")]
    pub allow_remote: bool,
    /// Another host name by which the pages may be asked for; may be given several times.
    #[arg(long, requires = "web")]
    pub allow_host: Vec<String>,
    /// Do not open a browser.
    #[arg(long, requires = "web")]
    pub no_browser: bool,
}

//! Watching from afar: `cupola ssh-monitor` here, `cupola monitor-server` there.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The far side of `ssh-monitor`.
#[derive(Debug, Args)]
pub(crate) struct MonitorServer {
    /// The workspace; `~` is the home folder.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workdir: PathBuf,
}

/// What Experimaestro's client says to the program that `--remote-xpm` names.
#[derive(Debug, Args)]
pub(crate) struct Experiments {
    #[command(flatten)]
    pub server: MonitorServer,
    #[command(subcommand)]
    pub command: ExperimentsCommand,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ExperimentsCommand {
    /// Serve the workspace on the standard streams.
    MonitorServer,
}

/// A workspace on another machine.
#[derive(Debug, Args)]
pub(crate) struct SshMonitor {
    /// As `ssh` calls it: `user@host`, or an alias of its configuration.
    #[arg(required_unless_present = "workspace")]
    pub host: Option<String>,
    /// The workspace there; `~` is the home folder there.
    #[arg(required_unless_present = "workspace")]
    pub remote_workdir: Option<String>,
    /// A workspace that `cupola.toml` describes; what else is given here counts for more.
    #[arg(long, value_name = "ID")]
    pub workspace: Option<String>,
    /// An option of `ssh`: `Port=2222`, `"-p 2222"`, `"-i ~/.ssh/key"`; may be given several times.
    #[arg(
        short = 'o',
        long = "ssh-option",
        value_name = "OPT",
        allow_hyphen_values = true
    )]
    pub ssh_options: Vec<String>,
    /// The `cupola` there.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["remote_xpm", "uv_offline", "remote_python"])]
    pub remote_cupola: Option<String>,
    /// The `experimaestro` there, in place of a `cupola`.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["uv_offline", "remote_python"])]
    pub remote_xpm: Option<String>,
    /// Run Experimaestro there by `uv`, from what its cache has.
    #[arg(long)]
    pub uv_offline: bool,
    /// Run Experimaestro there by `uv`, with this interpreter.
    #[arg(long, value_name = "PYTHON")]
    pub remote_python: Option<String>,
    /// Said to the shell there before: `source /etc/profile; module load python`.
    #[arg(long, value_name = "COMMANDS")]
    pub remote_shell_init: Option<String>,
    /// Seconds that an answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub request_timeout: u32,
    /// How much is kept of files that were fetched, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub cache_mib_max: u32,
    /// The configuration file; `cupola.toml` here, else the user's.
    #[arg(long, env = "CUPOLA_CONFIG")]
    pub config: Option<PathBuf>,
}

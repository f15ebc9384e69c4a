//! Watching from afar: `cupola ssh-monitor` here, `cupola monitor-server` there.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Command, Events, Monitor, Pages, Watch};

/// The far side of `ssh-monitor`.
#[derive(Debug, Args)]
pub(crate) struct MonitorServer {
    /// The workspace; `~` is the home folder.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workdir: PathBuf,
    #[command(flatten)]
    pub watch: Watch,
}

/// The commands that are called so in Experimaestro: its client starts this program like that where
/// `--remote-xpm` names it.
#[derive(Debug, Args)]
pub(crate) struct Experiments {
    /// The workspace, here or after the command.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workdir: Option<PathBuf>,
    #[command(subcommand)]
    pub command: ExperimentsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExperimentsCommand {
    /// Serve the workspace on the standard streams.
    MonitorServer(NamedLater),
    /// Watch a workspace.
    Monitor(Box<Monitor>),
    /// Watch a workspace of another machine.
    SshMonitor(Box<SshMonitor>),
}

/// The far side of `ssh-monitor` where the workspace may have been named before.
#[derive(Debug, Args)]
pub(crate) struct NamedLater {
    /// The workspace; `~` is the home folder.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workdir: Option<PathBuf>,
    #[command(flatten)]
    pub watch: Watch,
}

impl Experiments {
    /// The command that is meant, with the workspace wherever it was named.
    pub(crate) fn meant(self) -> Result<Command, clap::Error> {
        Ok(match self.command {
            ExperimentsCommand::MonitorServer(server) => {
                let workdir = server.workdir.or(self.workdir).ok_or_else(|| {
                    let words = "`--workdir` is missing: say which workspace\n";
                    clap::Error::raw(clap::error::ErrorKind::MissingRequiredArgument, words)
                })?;
                let watch = server.watch;
                Command::MonitorServer(MonitorServer { workdir, watch })
            }
            ExperimentsCommand::Monitor(mut monitor) => {
                if monitor.workspace.is_none() {
                    monitor.workdir = monitor.workdir.or(self.workdir);
                }
                Command::Monitor(*monitor)
            }
            ExperimentsCommand::SshMonitor(monitor) => Command::SshMonitor(monitor),
        })
    }
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
    /// Run exactly the Experimaestro there that this program was tried with, by `uv`.
    #[arg(long, conflicts_with_all = ["remote_cupola", "remote_xpm"])]
    pub force_version: bool,
    /// Said to the shell there before: `source /etc/profile; module load python`.
    #[arg(long, value_name = "COMMANDS")]
    pub remote_shell_init: Option<String>,
    /// Seconds that an answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub request_timeout: u32,
    #[command(flatten)]
    pub watch: Watch,
    #[command(flatten)]
    pub events: Events,
    /// How much is kept of files that were fetched, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub cache_mib_max: u32,
    #[command(flatten)]
    pub pages: Pages,
    /// The configuration file; `cupola.toml` here, else the user's.
    #[arg(long, env = "CUPOLA_CONFIG")]
    pub config: Option<PathBuf>,
}

//! The command line. One struct per command; what they do stands in `commands`.

mod alerts;
mod assistant;
mod briefs;
mod costs;
mod credits;
mod desk;
mod experiments;
mod far;
mod joining;
mod models;
mod monitor;
mod reports;
mod run_file;
mod runs;
mod simulate;
mod templates;
mod tokens;
mod transfer;
mod verification;
mod viewing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use alerts::{Alert, How as AlertHow, Rule as AlertRule, Target as AlertTarget};
pub(crate) use assistant::{Ask, Mcp};
pub(crate) use briefs::{Brief, BriefCreate};
pub(crate) use costs::{Budget, BudgetSettings, Cost};
pub(crate) use credits::{Credits, Why};
pub(crate) use desk::{DeskCommand, DeskSettings, Here, LimitFlags, Pause};
pub(crate) use experiments::{Experiment, ExperimentEdit, ExperimentNew, Settings};
pub(crate) use far::{Experiments, MonitorServer, SshMonitor};
pub(crate) use joining::{Install, Join, Leave, Place};
pub(crate) use models::{Evaluate, Model, Promote};
pub(crate) use monitor::{Monitor, Pages};
pub(crate) use reports::{Report, ReportForm, ReportFormat};
pub(crate) use run_file::{Run, RunFile};
pub(crate) use runs::RunCommand;
pub(crate) use simulate::Simulate;
pub(crate) use templates::{Kind, Template};
pub(crate) use tokens::Token;
pub(crate) use transfer::{Export, Format, Import, ImportCommand, Sync};
pub(crate) use verification::Verification;
pub(crate) use viewing::{Events, EventsFormat, Watch, Watcher};

/// Runs, watches and accounts for machine-learning experiments.
///
/// Without a command it starts a hub and a worker on this machine, as `cupola up` does.
#[derive(Debug, Parser)]
#[command(
    name = "cupola",
    version,
    propagate_version = true,
    subcommand_precedence_over_arg = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Options of `up`, when no command is given.
    #[command(flatten)]
    pub up: Up,

    /// Say more on stderr; twice for much more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a hub with one worker on this machine (the default).
    Up(Up),
    /// Start a hub alone.
    Hub(Up),
    /// Start a worker that joins a hub, or look at workers.
    Worker(Worker),
    /// Do the main job end to end on this machine: a brief, real training, a winner.
    Demo(Demo),
    /// Look at templates, check one, begin a new one.
    #[command(subcommand)]
    Template(Template),
    /// Write briefs and see what came of them.
    #[command(subcommand)]
    Brief(Brief),
    /// Look at families: the tasks that a brief made.
    #[command(subcommand)]
    Family(Family),
    /// Make experiments by hand, start them, compare their runs.
    #[command(subcommand)]
    Experiment(Experiment),
    /// Look at tasks, stop them, try them again.
    #[command(subcommand)]
    Task(Task),
    /// Run an experiment file, or look at runs and their logs and stop them.
    Run(Box<Run>),
    /// Look at the registry, promote runs, say how models did and where they are.
    #[command(subcommand)]
    Model(Model),
    /// Watch a workspace or a hub in this terminal, or a workspace in a browser.
    Monitor(Monitor),
    /// Watch a workspace on another machine by `ssh`, in this terminal or in a browser.
    SshMonitor(Box<SshMonitor>),
    /// The far side of that: serves a workspace on the standard streams.
    MonitorServer(MonitorServer),
    /// The same, as Experimaestro's client calls it.
    #[command(hide = true)]
    Experiments(Experiments),
    /// Write runs, their parameters or their points as CSV, JSON, JSON lines or Parquet.
    Export(Box<Export>),
    /// Bring in what other programs wrote.
    Import(Import),
    /// Bring back into the hub's database what lies in its folders of runs and is not there; the hub must
    /// not be running.
    Sync(Sync),
    /// What runs cost: by model, experiment, brief, person and day, and now.
    Cost(Cost),
    /// Make budgets of money, change them, see how far they are spent.
    #[command(subcommand)]
    Budget(Budget),
    /// Look at credits: balances, transfers, receipts; grant some, raise budgets of briefs.
    #[command(subcommand)]
    Credits(Credits),
    /// Look at checks of results and at what is known of owners; ask for a check, ban, lift a ban.
    #[command(subcommand)]
    Verification(Verification),
    /// Ask about experiments, runs, workers and costs in plain words.
    Ask(Ask),
    /// Write reports, keep them, have them made by themselves.
    #[command(subcommand)]
    Report(Report),
    /// Serve the tools behind `ask` on the standard streams to an assistant that speaks MCP.
    Mcp(Mcp),
    /// Look at alerts, say that you look after them, make rules and targets.
    #[command(subcommand)]
    Alert(Alert),
    /// Make and revoke access tokens.
    #[command(subcommand)]
    Token(Token),
    /// Let simulated workers, honest and not, work for a hub: what fraud and checking cost, and whether
    /// anything breaks.
    Simulate(Simulate),
    /// Check that this machine has what a hub and a worker need.
    Doctor(Doctor),
    /// Run a built-in training program (what workers run).
    #[command(disable_help_flag = true)]
    Train {
        /// The program and its arguments; `cupola train char-lm --help` says more.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measure this program on this machine, each figure beside a baseline of the same run.
    Bench(Bench),
    /// Print a completion script for a shell.
    Completion {
        /// Which shell.
        shell: Shell,
    },
}

/// How a hub is started.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Up {
    /// The address to listen on. Anything but this machine needs `--allow-remote`.
    #[arg(long, env = "CUPOLA_HOST")]
    pub host: Option<String>,
    /// The port; 0 picks a free one.
    #[arg(long, env = "CUPOLA_PORT")]
    pub port: Option<u16>,
    /// The folder for all that is kept: `.cupola` here or above, else the user's data folder.
    #[arg(long, env = "CUPOLA_DATA")]
    pub data: Option<PathBuf>,
    /// The database, if not a file in the data folder: `postgres://…`.
    #[arg(long, env = "CUPOLA_DATABASE")]
    pub database: Option<String>,
    /// A folder with templates besides the built-in ones; may be given several times.
    #[arg(long)]
    pub templates: Vec<PathBuf>,
    /// Another host name by which the pages may be asked for; may be given several times.
    #[arg(long)]
    pub allow_host: Vec<String>,
    /// Listen beyond this machine although nothing is encrypted: behind a proxy, or in a closed network.
    #[arg(long)]
    pub allow_remote: bool,
    /// Browsers come through a proxy with TLS: the session's cookie is for encrypted connections only.
    #[arg(long)]
    pub behind_tls: bool,
    #[command(flatten)]
    pub tls: Tls,
    /// A token that opens `/metrics` and nothing else, for a scraper.
    #[arg(long, env = "CUPOLA_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Do not open a browser.
    #[arg(long)]
    pub no_browser: bool,
    /// How many runs the local worker takes at once.
    #[arg(long)]
    pub slots: Option<u32>,
    /// How much is kept of one file of a run, in MiB; 1024 unless given.
    #[arg(long)]
    pub artifact_mib_max: Option<u32>,
    /// A workspace that the pages show, besides those of the configuration; may be given several times.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workdir: Vec<PathBuf>,
    /// A workspace to show that Experimaestro's settings name; may be repeated.
    #[arg(long, value_name = "ID")]
    pub workspace: Vec<String>,
    /// A configuration file: `cupola.toml` here or in the user's configuration folder.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// How a hub encrypts.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Tls {
    /// Encrypt by TLS: with a certificate of its own, which is made at the first start.
    #[arg(long = "tls")]
    pub own: bool,
    /// Encrypt with this certificate, and those between it and its authority, in PEM.
    #[arg(long = "tls-cert", value_name = "FILE", requires = "key", value_hint = clap::ValueHint::FilePath)]
    pub certificate: Option<PathBuf>,
    /// The certificate's private key in PEM.
    #[arg(long = "tls-key", value_name = "FILE", requires = "certificate", value_hint = clap::ValueHint::FilePath)]
    pub key: Option<PathBuf>,
}

/// How a hub is reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct Connect {
    /// The hub's address: the one that runs here, unless another is named.
    #[arg(long, env = "CUPOLA_HUB")]
    pub hub: Option<String>,
    /// An access token: the one for this machine's command line, unless another is given.
    #[arg(long, env = "CUPOLA_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The data folder of the hub that runs here.
    #[arg(long, env = "CUPOLA_DATA")]
    pub data: Option<PathBuf>,
}

/// How what is read is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct Read {
    #[command(flatten)]
    pub connect: Connect,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Which part of a list.
#[derive(Debug, Clone, Args)]
pub(crate) struct Paging {
    /// Which page, from 1; the first unless given.
    #[arg(long)]
    pub page: Option<u32>,
    /// How many a page; 50 unless given.
    #[arg(long)]
    pub per_page: Option<u32>,
}

/// Where to look instead of asking a hub.
#[derive(Debug, Clone, Args)]
pub(crate) struct Workdir {
    /// Look at the workspace in this folder, ours or Experimaestro's; no hub is asked.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub workdir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Worker {
    #[command(subcommand)]
    pub command: Option<WorkerCommand>,
    #[command(flatten)]
    pub join: Join,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkerCommand {
    /// List workers.
    List(Read),
    /// Show one worker; without a name, watch the one on this machine in this terminal.
    Show {
        /// Its name, its id, or a part of that.
        id: Option<String>,
        #[command(flatten)]
        here: Here,
        #[command(flatten)]
        read: Read,
    },
    #[command(flatten)]
    Desk(DeskCommand),
    /// Leave the hub that this machine joined, and forget it.
    Leave(Leave),
    /// Let the system start this machine's worker: with systemd, launchd or the Windows service manager.
    Install(Install),
    /// Take that back; the worker stays a member of its hub.
    Uninstall(Place),
    /// Let a worker finish what it has and give it nothing new.
    Drain {
        /// Its name, its id, or a part of that.
        name: String,
        /// Let it work again.
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        connect: Connect,
    },
    /// Take a worker off the lists and shut it out.
    Remove {
        /// Its name, its id, or a part of that.
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

/// The demonstration.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many tasks.
    #[arg(long, default_value_t = 10)]
    pub tasks: u32,
    /// Seconds for each.
    #[arg(long, default_value_t = 10.0)]
    pub time_budget: f64,
    /// Print one JSON object as the last line instead of a table.
    #[arg(long)]
    pub json: bool,
    /// The folder for all that is kept.
    #[arg(long, env = "CUPOLA_DATA")]
    pub data: Option<PathBuf>,
    /// How many tasks train at the same time.
    #[arg(long, default_value_t = 1)]
    pub slots: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Family {
    /// List families, the latest first.
    List {
        /// Only those whose name or id contains this.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        read: Read,
    },
    /// Show a family with its results.
    Show {
        id: String,
        #[command(flatten)]
        read: Read,
    },
    /// Stop what is left of a family.
    Cancel {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Print what its results say, as JSON.
    Report {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// List tasks.
    List {
        /// Only those of this family.
        #[arg(long)]
        family: Option<String>,
        /// Only those in this state.
        #[arg(long)]
        status: Option<String>,
        /// Only those whose id or configuration contains this.
        #[arg(long)]
        search: Option<String>,
        /// `created`, `priority`, `value` or `finished`; with `-` before it the other way round.
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        read: Read,
    },
    /// Show a task with its runs.
    Show {
        id: String,
        #[command(flatten)]
        read: Read,
    },
    /// Stop a task for good.
    Cancel {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Try a failed or cancelled task again.
    Retry {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

/// The check of a machine.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[arg(long, env = "CUPOLA_DATA")]
    pub data: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// The measurements.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Which: `protocol`, `backlog`, `fleet` (only when named), `dispatch`, `pages`, `logs`, `streams`, `live` (needs Chromium),
    /// `charts`, `ingest`, `size`, `search`, `events`, `alerts`, `training` (needs Chromium), `folder`,
    /// `telemetry`, `interface`, `workspace`, `assistant`; all, unless named.
    pub only: Vec<String>,
    /// Runs of each figure; the median is printed.
    #[arg(long, default_value_t = 5)]
    pub runs: usize,
    /// Tasks in the store for `pages`, runs for `search` and `assistant`, models for `training`, workers for `telemetry`,
    /// jobs for `interface` and `workspace`,
    /// and the larger number for `backlog`.
    #[arg(long)]
    pub tasks: Option<u32>,
    /// Simulated workers for `fleet`; 10,000 unless given.
    #[arg(long)]
    pub workers: Option<u32>,
    /// How much is in the folder of `folder`, in MiB; 2048 unless given.
    #[arg(long)]
    pub mib: Option<u32>,
    /// The address of `MLflow`'s own server, to be measured beside; bench/mlflow/compare.sh starts one.
    #[arg(long, value_name = "URL")]
    pub mlflow: Option<String>,
    /// The event file for `events`, the folder for `workspace`, made first where there is none; a
    /// temporary one, unless named.
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

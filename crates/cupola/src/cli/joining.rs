//! The options of a worker that joins a hub, leaves it, or is made a service.

use std::path::PathBuf;

use clap::Args;
use cupola_worker::{Admits, Mode, Network};

use super::LimitFlags;
use crate::service::Manager;

/// How a worker joins a hub.
#[derive(Debug, Clone, Args)]
pub(crate) struct Join {
    /// A join code, as `cupola token worker` prints it on the hub; `-` reads it from the standard input. Needed
    /// once: the worker's folder keeps what comes of it.
    #[arg(
        long = "join",
        env = "CUPOLA_JOIN",
        hide_env_values = true,
        value_name = "CODE"
    )]
    pub code: Option<String>,
    /// The hub's address, with the fingerprint of a certificate of its own: `https://HOST:PORT#sha256=…`.
    #[arg(long, env = "CUPOLA_HUB")]
    pub hub: Option<String>,
    /// A token with the role `worker`: `cupola token create NAME --role worker` on the hub.
    #[arg(long, env = "CUPOLA_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Its name for people, kept in its folder: the machine's, unless another is given.
    #[arg(long)]
    pub name: Option<String>,
    /// How many runs it takes at once, kept in its settings: one, unless more are given.
    #[arg(long)]
    pub slots: Option<u32>,
    /// The folder for its runs, and for what it keeps of its hub.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// The Python for templates that need one: found by itself, unless one is named.
    #[arg(long, env = "CUPOLA_PYTHON")]
    pub python: Option<PathBuf>,
    /// How far programs are kept in: `off`, `relaxed`, `best` or `require`. Unless given, `relaxed` for a hub
    /// of yours on this machine and `best` for any other. Kept in its folder, as are the next three.
    #[arg(long)]
    pub sandbox: Option<Mode>,
    /// Whether programs may use the network: `never`, `ask` (those that ask for it) or `always`.
    #[arg(long)]
    pub network: Option<Network>,
    /// A folder that programs may read when their template names it; may be given several times.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub read: Vec<PathBuf>,
    /// Which orders it runs: `built-in`, `signed` (by the hub it first joined) or `any`.
    /// Unless given, `signed`.
    #[arg(long)]
    pub run: Option<Admits>,
    #[command(flatten)]
    pub limits: LimitFlags,
    /// The hub's key, as `cupola token create` shows it: without it the hub's word at the first joining counts.
    #[arg(long)]
    pub hub_key: Option<String>,
}

/// How a worker leaves its hub.
#[derive(Debug, Clone, Args)]
pub(crate) struct Leave {
    /// The worker's folder.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// Finish what it has first, and take nothing new; otherwise other workers take that at once.
    #[arg(long)]
    pub finish: bool,
    /// Forget the hub even if it does not answer. It takes the worker for lost then.
    #[arg(long)]
    pub force: bool,
    /// The hub's address, for a worker that did not join by a code.
    #[arg(long, env = "CUPOLA_HUB")]
    pub hub: Option<String>,
    /// Its token, for a worker that did not join by a code.
    #[arg(long, env = "CUPOLA_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// How a worker is made a service, or stops being one.
#[derive(Debug, Clone, Args)]
pub(crate) struct Install {
    /// Join with this code first, as `cupola worker --join` does; `-` reads it from the standard input.
    #[arg(
        long = "join",
        env = "CUPOLA_JOIN",
        hide_env_values = true,
        value_name = "CODE"
    )]
    pub code: Option<String>,
    #[command(flatten)]
    pub place: Place,
    /// What the worker is told besides: `-- --slots 2 --sandbox require`.
    #[arg(last = true, value_name = "OPTIONS")]
    pub options: Vec<String>,
}

/// Which service is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The worker's folder.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// A service of the user's own; this is what is meant unless something else is said.
    #[arg(long, conflicts_with = "system")]
    pub user: bool,
    /// A service of the machine, which starts with it; as the owner of the worker's folder on Linux.
    #[arg(long)]
    pub system: bool,
    /// Print what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// For whom: what this machine has, unless another is named (with `--dry-run`).
    #[arg(long = "for", value_name = "MANAGER", requires = "dry_run")]
    pub manager: Option<Manager>,
}

//! The options of the commands about the worker on this machine.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What is said to the worker that runs on this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum DeskCommand {
    /// What the worker on this machine does, and where its page is.
    Status {
        #[command(flatten)]
        here: Here,
        /// Print JSON instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Take no more work on this machine; remembered over a restart.
    Pause(Pause),
    /// Take work on this machine again.
    Resume(Here),
    /// Show what the worker on this machine may have, or change it.
    Settings(Box<DeskSettings>),
    /// Ask the hub of the worker on this machine for a sign of life.
    Test(Here),
}

/// Which worker of this machine.
#[derive(Debug, Clone, Args)]
pub(crate) struct Here {
    /// The worker's folder, as it was started with; found by itself, unless named.
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub state: Option<PathBuf>,
}

/// For how long no work is taken.
#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    pub here: Here,
    /// For so long, such as `90m`, `8h` or `2d`; until told otherwise, unless given.
    #[arg(long = "for", value_name = "SPAN")]
    pub span: Option<String>,
    /// Until that time of the day, such as `18:00`.
    #[arg(long, value_name = "TIME", conflicts_with = "span")]
    pub until: Option<String>,
    /// Stop the programs that run, and give their runs back; otherwise they run to their end.
    #[arg(long)]
    pub stop: bool,
}

/// What the worker on this machine may have. Zero is as much as there is.
#[derive(Debug, Args)]
pub(crate) struct DeskSettings {
    #[command(flatten)]
    pub here: Here,
    #[command(flatten)]
    pub limits: LimitFlags,
    /// How many runs it takes at once.
    #[arg(long)]
    pub slots: Option<u32>,
    /// Print JSON instead of words.
    #[arg(long)]
    pub json: bool,
}

/// What a worker may have, and when.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LimitFlags {
    /// Cores that its programs have together.
    #[arg(long)]
    pub cores: Option<u32>,
    /// Main memory, in GiB.
    #[arg(long, value_name = "GIB")]
    pub memory: Option<f64>,
    /// Whether its programs have the graphics processors.
    #[arg(long, value_name = "BOOL")]
    pub gpu: Option<bool>,
    /// Disk that its folder may take, in GiB.
    #[arg(long, value_name = "GIB")]
    pub disk: Option<f64>,
    /// What its transfers may take, in Mbit/s.
    #[arg(long, value_name = "MBIT")]
    pub bandwidth: Option<f64>,
    /// When it works, such as `mon-fri 18:00-08:00`; may be given several times, and `always` is always.
    #[arg(long)]
    pub hours: Vec<String>,
    /// It works only when nobody has used the machine for so many minutes.
    #[arg(long, value_name = "MINUTES")]
    pub only_idle: Option<u32>,
    /// Whether it works only on mains power.
    #[arg(long, value_name = "BOOL")]
    pub only_on_mains: Option<bool>,
    /// Whether programs are stopped when it begins to rest.
    #[arg(long, value_name = "BOOL")]
    pub stops_running: Option<bool>,
}

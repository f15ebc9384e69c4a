//! A worker at its owner's machine: what its owner sees of it there, and says to it.
//!
//! These bodies travel on the owner's machine alone, between the worker and who looks at it; of them the
//! hub hears only that a worker rests, and why.

use serde::{Deserialize, Serialize};

use crate::{runs::ProgressLevelBody, time::Time, work::CapabilitiesBody};

/// Why a worker rests that its owner told to.
pub const PAUSED: &str = "paused by its owner";

/// The addresses of a worker's desk.
pub mod paths {
    /// `GET`: a [`DeskBody`](super::DeskBody).
    pub const DESK: &str = "/api/desk";
    /// `POST` a [`PauseBody`](super::PauseBody): no more work is taken.
    pub const PAUSE: &str = "/api/desk/pause";
    /// `POST`: work is taken again.
    pub const RESUME: &str = "/api/desk/resume";
    /// `PUT` a [`LimitsBody`](super::LimitsBody) in place of the one that holds.
    pub const SETTINGS: &str = "/api/desk/settings";
    /// `POST`: asks the hub for a sign of life, and answers a [`TestBody`](super::TestBody).
    pub const TEST: &str = "/api/desk/test";
}

/// What a worker's owner lets it have; also what stands in its `settings.toml`. Zero is as much as there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsBody {
    /// How many runs it takes at once; zero is as many as it was started with.
    pub slots: u32,
    /// Cores that its programs have together.
    pub cores: u32,
    /// Main memory that is offered, and that each process of its programs may have, in GiB.
    pub memory_gib: f64,
    /// Whether its programs have the graphics processors.
    pub gpu: bool,
    /// Disk that its folder may take, in GiB.
    pub disk_gib: f64,
    /// What its transfers may take, in Mbit/s.
    pub bandwidth_mbit: f64,
    /// When it works, by the clocks of its machine, such as `mon-fri 18:00-08:00`; always when empty.
    pub hours: Vec<String>,
    /// It works only when nobody has used the machine for so many minutes.
    pub only_idle_minutes: u32,
    /// It works only on mains power.
    pub only_on_mains: bool,
    /// Programs that run when it begins to rest are stopped; without it they run to their end.
    pub stops_running: bool,
}

impl Default for LimitsBody {
    /// All of the machine, always.
    fn default() -> Self {
        Self {
            slots: 0,
            cores: 0,
            memory_gib: 0.0,
            gpu: true,
            disk_gib: 0.0,
            bandwidth_mbit: 0.0,
            hours: Vec::new(),
            only_idle_minutes: 0,
            only_on_mains: false,
            stops_running: false,
        }
    }
}

/// Why a worker takes no work for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RestingBody {
    /// In words, such as `paused by its owner`.
    pub why: String,
    /// Until when at least, where that is known.
    #[serde(default)]
    pub until: Option<Time>,
}

/// The owner wants no work taken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PauseBody {
    /// Until then; until told otherwise when absent.
    pub until: Option<Time>,
    /// Programs that run are stopped and their runs given back; without it they run to their end.
    pub stops_running: bool,
}

/// A worker as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskBody {
    /// `disconnected`, `connected`, `working` or `paused`.
    pub state: String,
    /// Why it is disconnected or paused.
    pub why: String,
    /// Until when it is paused, where that is known.
    pub until: Option<Time>,
    /// Its name for people.
    pub name: String,
    /// Its id at the hub; none before it joined.
    pub worker_id: Option<String>,
    /// The hub's address.
    pub hub: String,
    /// The agent's version.
    pub version: String,
    /// What was measured of the machine.
    pub measured: Option<CapabilitiesBody>,
    /// What of that is offered to the hub.
    pub offered: Option<CapabilitiesBody>,
    /// How many runs it takes at once.
    pub slots: u32,
    /// What it found out about its machine's use, in words.
    pub observed: Vec<String>,
    /// What it has now.
    pub tasks: Vec<DeskTaskBody>,
    /// What it had, the latest first.
    pub history: Vec<DeskEndedBody>,
    /// Credits that it earned in all, today, and in seven days, as the hub says.
    pub earned: Option<DeskEarnedBody>,
    /// What it did, the latest last.
    pub log: Vec<DeskLineBody>,
    /// What its owner lets it have.
    pub settings: LimitsBody,
    /// What is wrong with `settings.toml`; then the last good settings hold.
    pub settings_error: String,
}

/// A task that a worker has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskTaskBody {
    /// The run.
    pub run_id: String,
    /// Its task.
    pub task_id: String,
    /// What it runs.
    pub template: String,
    /// From 1.
    pub attempt: u32,
    /// `preparing`, `running`, `terminating` or `reporting`.
    pub phase: String,
    /// When it began.
    pub started_at: Time,
    /// Seconds that its program may take.
    pub time_budget_secs: f64,
    /// The result that it is judged by; empty when there is none.
    pub metric_name: String,
    /// `lr = 0.1`, one line for each part of its configuration.
    pub config: Vec<String>,
    /// How far its program says it is, the outermost level first.
    pub progress: Vec<ProgressLevelBody>,
}

/// A task that a worker had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskEndedBody {
    /// The run.
    pub run_id: String,
    /// Its task.
    pub task_id: String,
    /// What it ran.
    pub template: String,
    /// `completed`, `failed`, `cancelled`, or `stopped` when its end is nobody's business: it was given back,
    /// or its lease had gone.
    pub status: String,
    /// Why it failed.
    #[serde(default)]
    pub reason: String,
    /// The result that it is judged by.
    #[serde(default)]
    pub metric_name: String,
    /// Its value, where there is one.
    #[serde(default)]
    pub value: Option<f64>,
    /// From the program's start to its end.
    pub wall_time_secs: f64,
    /// Credits that it earns as far as the hub says, such as `0.25`.
    #[serde(default)]
    pub credits: Option<String>,
    /// When it ended.
    pub ended_at: Time,
}

/// What a worker earned, in credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskEarnedBody {
    /// In all.
    pub total: String,
    /// Today, by UTC.
    pub today: String,
    /// In the last seven days, today included.
    pub week: String,
}

/// A line of a worker's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskLineBody {
    /// When.
    pub at: Time,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// What.
    pub text: String,
}

/// Whether the hub answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestBody {
    /// How long its answer took, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Why there was none.
    pub error: String,
}

//! Runs, their logs and their curves.

use cupola_domain::progress::Level;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{number::Number, time::Time};

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunBody {
    /// Its id.
    pub run_id: String,
    /// What it attempts.
    pub task_id: String,
    /// What the task belongs to.
    pub family_id: String,
    /// From 1.
    pub attempt: u32,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// What the status leaves out.
    pub reason: String,
    /// Who has or had it.
    pub worker_id: Option<String>,
    /// From 0 to 1, as the program says.
    pub progress: Option<f64>,
    /// In its words.
    pub progress_message: String,
    /// Level by level, the outermost first.
    #[serde(default)]
    pub progress_levels: Vec<ProgressLevelBody>,
    /// When it ends at the rate that was measured so far.
    #[serde(default)]
    pub ends_at: Option<Time>,
    /// How far stopping its program went: `asked`, `terminated` or `killed`.
    #[serde(default)]
    pub stop: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When its program started.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
}

/// One level of a program's progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProgressLevelBody {
    /// How many are done.
    pub current: f64,
    /// Out of how many; none when unknown.
    pub total: Option<f64>,
    /// In the program's words.
    #[serde(default)]
    pub message: String,
}

impl From<&Level> for ProgressLevelBody {
    fn from(level: &Level) -> Self {
        Self {
            current: level.current,
            total: level.total,
            message: level.message.clone(),
        }
    }
}

impl ProgressLevelBody {
    /// The level within the bounds of what is kept.
    pub fn level(&self) -> Option<Level> {
        Level::new(self.current, self.total, &self.message)
    }
}

/// A run with what it used and gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    /// The run.
    pub run: RunBody,
    /// The configuration as the program got it.
    pub config: Map<String, Value>,
    /// The hash of the code it runs.
    pub code_hash: String,
    /// What the worker said of the program's surroundings.
    pub environment: Option<Value>,
    /// Result key → value, without those of more than 16 KiB: `runs/{id}/results` lists all.
    pub results: Map<String, Value>,
    /// The names of its series, the first thousand of them.
    pub series: Vec<String>,
    /// Bytes of log so far.
    pub log_bytes: u64,
}

/// A series of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesBody {
    /// Its name.
    pub name: String,
    /// `[step, milliseconds since 1970, value]`, in order of step.
    pub points: Vec<(i64, i64, Number)>,
    /// Whether points were left out to fit the width asked for.
    pub reduced: bool,
    /// How many points there are.
    pub points_total: u64,
    /// Where to go on: pass it as `after`.
    pub next: i64,
}

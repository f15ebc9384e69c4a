//! Runs, their logs and their curves.

use std::collections::BTreeMap;

use cupola_domain::progress::Level;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{costs::RunCostBody, number::Number, time::Time};

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
    /// Why its worker has it no more, where that did not end it: `silent`, `cut_off`, `overdue`, `restarted`,
    /// `removed`, `revoked`, `stopped`, `returned`, `drained` or `not_prepared`.
    #[serde(default)]
    pub loss: Option<String>,
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
    /// Tag → value.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Bytes of log so far.
    pub log_bytes: u64,
    /// What it cost, or costs so far; none of one that no worker had.
    #[serde(default)]
    pub cost: Option<RunCostBody>,
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

/// A metric of a run without its points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricBody {
    /// The value of the last point.
    pub value: Option<Number>,
    /// The step of the last point.
    pub step: Option<i64>,
    /// The time of the last point, by the machine that measured.
    pub time: Option<Time>,
    /// The least finite value.
    pub min: Option<f64>,
    /// The largest finite value.
    pub max: Option<f64>,
    /// How many points there are.
    pub points: u64,
}

/// A run that was searched for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundRunBody {
    /// The run.
    #[serde(flatten)]
    pub run: RunBody,
    /// What its client calls it; empty for what workers run.
    pub name: String,
    /// The number of its task.
    pub task_number: u32,
    /// What its experiment is called.
    pub experiment_name: String,
    /// What it cost, or costs so far, where its machine has a price.
    #[serde(default)]
    pub cost: Option<f64>,
    /// Parameters that were asked for, by key.
    pub params: BTreeMap<String, String>,
    /// Tags that were asked for, by key.
    pub tags: BTreeMap<String, String>,
    /// Metrics that were asked for, by name.
    pub metrics: BTreeMap<String, MetricBody>,
}

/// One page of the runs that were searched for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundRunsBody {
    /// In the order asked for.
    pub items: Vec<FoundRunBody>,
    /// How many there are in all pages; none where counting them is not cheap.
    pub total: Option<u64>,
    /// Whether there is another page.
    pub has_more: bool,
    /// Which page this is, from 1.
    pub page: u32,
    /// How many items a page has.
    pub per_page: u32,
}

/// Names that a filter may speak of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunNamesBody {
    /// As a filter says them: `params.lr`, `metrics.val_loss`.
    pub names: Vec<String>,
}

//! Reports that are kept, and schedules that make them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::time::Time;

/// A report that is to be made and kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// Experiments, families or briefs by their ids or names; the first is held against the others.
    pub subjects: Vec<String>,
}

/// A report that is kept, without what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptReportBody {
    /// Its id.
    pub report_id: String,
    /// Its title.
    pub title: String,
    /// The experiments that it is about. They may be gone by now.
    pub experiment_ids: Vec<String>,
    /// Who made it.
    pub author: String,
    /// The schedule that made it, if one did.
    pub schedule_id: Option<String>,
    /// When.
    pub made_at: Time,
    /// How long its document is, in bytes.
    pub bytes: u64,
}

/// A report with all its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportDetail {
    /// What it is.
    #[serde(flatten)]
    pub report: KeptReportBody,
    /// Title, sections and blocks, as docs/reports.md says.
    #[schema(value_type = Object)]
    pub document: Value,
}

/// A schedule that is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReportSchedule {
    /// Experiments, families or briefs by their ids or names; the first is held against the others.
    pub subjects: Vec<String>,
    /// `hour`, `day`, `week`, a time from `10m` to `366d`, or `done` for once when all of it has ended.
    pub every: String,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportScheduleBody {
    /// Its id.
    pub schedule_id: String,
    /// The experiments that its reports are about.
    pub experiment_ids: Vec<String>,
    /// Their names, or the titles of their briefs, as far as they are still there.
    #[serde(default)]
    pub about: Vec<String>,
    /// How often, as it was said.
    pub every: String,
    /// When it is looked at next.
    pub due_at: Time,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Time,
    /// What became of it the last time; empty before.
    pub note: String,
}

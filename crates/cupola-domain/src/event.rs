//! What changed: subjects, never payloads. Whoever shows the subject reads it again.

use crate::ids::{
    AlertId, BriefId, BudgetId, ExperimentId, ModelId, RunId, TaskId, TokenId, WorkerId,
};

/// One thing that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A brief was made or deleted.
    BriefChanged(BriefId),
    /// An experiment was made or deleted, or one of its tasks changed state.
    ExperimentChanged(ExperimentId),
    /// A task changed state.
    TaskChanged(TaskId, ExperimentId),
    /// A run changed state or reported progress.
    RunChanged(RunId, TaskId),
    /// A run came to its end.
    RunEnded(RunId, TaskId),
    /// A run has more points.
    MetricsAppended(RunId, ExperimentId),
    /// A run has more log.
    LogAppended(RunId),
    /// A worker joined, left or was removed.
    WorkerChanged(WorkerId),
    /// A worker told what it measured of its machine.
    TelemetryAppended(WorkerId),
    /// A token was made or revoked.
    TokenChanged(TokenId),
    /// A model of the registry or one of its versions came, went or changed.
    ModelChanged(ModelId),
    /// What is configured, said or found of training models changed.
    TrainingChanged,
    /// A budget was made, changed or deleted, or reached another level.
    BudgetChanged(BudgetId),
    /// A template came, went, changed, or could not be read any more.
    TemplatesChanged,
    /// What is shown of training as a whole was made anew.
    MonitorChanged,
    /// An alert was opened, acknowledged or resolved.
    AlertChanged(AlertId),
    /// A rule, a target or a delivery of alerts came, went or changed.
    AlertingChanged,
    /// Credits were given, or given back. What runs earn is told by the runs alone.
    CreditsChanged,
    /// A check of a result was opened, given to somebody or settled, or what is known of an owner changed.
    VerificationChanged,
    /// A report or a schedule of reports came, went, or was looked at.
    ReportsChanged,
}

impl Event {
    /// The word in the event's row.
    pub const fn kind(self) -> &'static str {
        match self {
            Event::BriefChanged(_) => "brief",
            Event::ExperimentChanged(_) => "experiment",
            Event::TaskChanged(..) => "task",
            Event::RunChanged(..) => "run",
            Event::RunEnded(..) => "ended",
            Event::MetricsAppended(..) => "metrics",
            Event::LogAppended(_) => "log",
            Event::WorkerChanged(_) => "worker",
            Event::TelemetryAppended(_) => "telemetry",
            Event::TokenChanged(_) => "token",
            Event::ModelChanged(_) => "model",
            Event::TrainingChanged => "training",
            Event::BudgetChanged(_) => "budget",
            Event::TemplatesChanged => "templates",
            Event::MonitorChanged => "monitor",
            Event::AlertChanged(_) => "alert",
            Event::AlertingChanged => "alerting",
            Event::CreditsChanged => "credits",
            Event::VerificationChanged => "verification",
            Event::ReportsChanged => "reports",
        }
    }

    /// The id of what changed.
    pub fn subject(self) -> String {
        match self {
            Event::BriefChanged(id) => id.to_string(),
            Event::ExperimentChanged(id) => id.to_string(),
            Event::TaskChanged(id, _) => id.to_string(),
            Event::RunChanged(id, _)
            | Event::RunEnded(id, _)
            | Event::MetricsAppended(id, _)
            | Event::LogAppended(id) => id.to_string(),
            Event::WorkerChanged(id) | Event::TelemetryAppended(id) => id.to_string(),
            Event::TokenChanged(id) => id.to_string(),
            Event::ModelChanged(id) => id.to_string(),
            Event::BudgetChanged(id) => id.to_string(),
            Event::TrainingChanged
            | Event::TemplatesChanged
            | Event::MonitorChanged
            | Event::AlertingChanged
            | Event::CreditsChanged
            | Event::VerificationChanged
            | Event::ReportsChanged => "all".to_owned(),
            Event::AlertChanged(id) => id.to_string(),
        }
    }

    /// The id of what it belongs to, when that is shown together with it.
    pub fn parent(self) -> Option<String> {
        match self {
            Event::TaskChanged(_, experiment) | Event::MetricsAppended(_, experiment) => {
                Some(experiment.to_string())
            }
            Event::RunChanged(_, task) | Event::RunEnded(_, task) => Some(task.to_string()),
            _ => None,
        }
    }
}

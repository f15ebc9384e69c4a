//! The pages that show what an answer says.

use cupola_domain::{
    experiment::Experiment,
    ids::{AuditId, ExperimentId, ReportId, RunId, WorkerId},
};

/// The reports that are kept.
pub const REPORTS: &str = "/reports";

/// What is running and what came out last.
pub const OVERVIEW: &str = "/overview";

/// All runs.
pub const RUNS: &str = "/runs";

/// All workers.
pub const WORKERS: &str = "/workers";

/// What everything cost.
pub const COSTS: &str = "/training/costs";

/// What people have and earned.
pub const CREDITS: &str = "/credits";

/// Results that were run again, and their owners.
pub const VERIFICATION: &str = "/verification";

/// All experiments that no brief made.
pub const EXPERIMENTS: &str = "/experiments";

/// All briefs.
pub const BRIEFS: &str = "/briefs";

/// What wants attention.
pub const ALERTS: &str = "/alerts";

/// A form for a new brief.
pub const NEW_BRIEF: &str = "/briefs/new";

/// The page of an experiment, or of the family that it is.
pub fn experiment(experiment: &Experiment) -> String {
    match experiment.origin.brief() {
        Some(_) => format!("/families/{}", experiment.id),
        None => format!("/experiments/{}", experiment.id),
    }
}

/// A run's page.
pub fn run(id: RunId) -> String {
    format!("/runs/{id}")
}

/// A worker's page.
pub fn worker(id: WorkerId) -> String {
    format!("/workers/{id}")
}

/// The page of a check with its evidence.
pub fn check(id: AuditId) -> String {
    format!("/verification/{id}")
}

/// The page of a report that is kept.
pub fn report(id: ReportId) -> String {
    format!("/reports/{id}")
}

/// A template's page.
pub fn template(name: &str) -> String {
    format!("/templates/{name}")
}

/// Experiments side by side.
pub fn comparison(ids: &[ExperimentId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!("experiment={id}")).collect();
    format!("/compare?{}", ids.join("&"))
}

/// Runs side by side.
pub fn comparison_of_runs(ids: &[RunId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!("runs={id}")).collect();
    format!("/compare?{}", ids.join("&"))
}

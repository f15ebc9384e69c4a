//! The live stream: keys of what changed, never payloads.
//!
//! `GET /events?keys=run:ID,family:ID` answers server-sent events. Each has an `id` (pass it back as
//! `Last-Event-ID` to miss nothing) and a JSON array of keys. A client shows a part again when one
//! of the part's keys comes by.

use cupola_domain::event::Event;

/// Where the stream is.
pub const STREAM: &str = "/events";

/// The key of all runs that come to their end.
pub const ENDINGS: &str = "endings";

/// The key of training as a whole: told at most twice a second, however much changes.
pub const MONITOR: &str = "monitor:all";
/// The key of all alerts.
pub const ALERTS: &str = "alerts";

/// The key of a workspace: its experiments, jobs, services and warnings, and whether it answers.
pub fn workspace(id: &str) -> String {
    format!("workspace:{id}")
}

/// The key of a job in a workspace; `job` is its hash.
pub fn workspace_job(id: &str, job: &str) -> String {
    format!("workspace-job:{id}:{job}")
}

/// The key of the logs of a job in a workspace.
pub fn workspace_log(id: &str, job: &str) -> String {
    format!("workspace-log:{id}:{job}")
}

/// Whether changes of `key` are told as they come, and not kept for who was away.
pub fn is_unkept(key: &str) -> bool {
    key.starts_with("workspace")
}

/// The keys that `event` touches: the thing itself, what it belongs to, and the lists it stands in.
pub fn keys_of(event: Event) -> Vec<String> {
    keys_of_parts(event.kind(), &event.subject(), event.parent().as_deref())
}

/// The same from an event's row.
pub fn keys_of_parts(kind: &str, subject: &str, parent: Option<&str>) -> Vec<String> {
    // A run that ends is a run that changed, and news besides.
    let (kind, is_end) = match kind {
        "ended" => ("run", true),
        kind => (kind, false),
    };
    let mut keys = vec![format!("{kind}:{subject}")];
    if is_end {
        keys.push(ENDINGS.to_owned());
    }
    match (kind, parent) {
        ("task", Some(experiment)) => keys.push(format!("experiment:{experiment}")),
        ("run", Some(task)) => keys.push(format!("task:{task}")),
        _ => {}
    }
    match kind {
        "brief" => keys.push("briefs".to_owned()),
        "experiment" => keys.extend(["families", "experiments"].map(str::to_owned)),
        "task" => keys.extend(["tasks", "families", "experiments"].map(str::to_owned)),
        "run" => keys.push("runs".to_owned()),
        "worker" => keys.push("workers".to_owned()),
        "telemetry" => keys.push("fleet".to_owned()),
        "token" => keys.push("tokens".to_owned()),
        "model" => keys.push("models".to_owned()),
        "training" => keys.push("training".to_owned()),
        // What a budget keeps back, or lets go, stands in these lists.
        "budget" => keys.extend(["budgets", "families", "experiments"].map(str::to_owned)),
        "alert" => keys.push(ALERTS.to_owned()),
        "templates" => keys.push("templates".to_owned()),
        "credits" => keys.push("credits".to_owned()),
        "verification" => keys.push("verification".to_owned()),
        "reports" => keys.push("reports".to_owned()),
        _ => {}
    }
    keys
}

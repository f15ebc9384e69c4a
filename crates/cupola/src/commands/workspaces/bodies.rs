//! What is said of a workspace's jobs and experiments in words.

use cupola_protocol::{time::Time, workspaces::WorkspaceJob};
use cupola_workspace::model::{Counts, Job};
use serde_json::Value;

use crate::output;

/// For people.
pub(super) fn fields(body: &WorkspaceJob) -> Vec<(&'static str, String)> {
    let time = |time: &Option<Time>| output::or_dash(time.map(|time| time.to_string()).as_deref());
    let tags = body
        .tags
        .iter()
        .map(|(name, value)| format!("{name}={}", plain(value)));
    let needs = body
        .dependencies
        .iter()
        .map(|key| format!("{}/{}", key.task, key.id));
    let levels = body
        .progress
        .iter()
        .map(|level| format!("{:.0} % {}", level.progress * 100.0, level.desc));
    let logs = body.logs.values().cloned();
    let reason = body
        .reason
        .as_deref()
        .map_or(String::new(), |reason| format!(" ({reason})"));
    let mut shown = vec![
        ("job", format!("{}/{}", body.task, body.id)),
        ("experiments", body.experiments.join(", ")),
        ("state", format!("{}{reason}", body.state)),
        ("tags", tags.collect::<Vec<_>>().join(", ")),
        ("parameters", parameters(&body.parameters)),
        ("needs", needs.collect::<Vec<_>>().join("\n")),
        ("submitted", time(&body.submitted_at)),
        ("started", time(&body.started_at)),
        ("ended", time(&body.ended_at)),
        ("progress", levels.collect::<Vec<_>>().join("\n")),
        ("path", body.path.clone()),
        ("logs", logs.collect::<Vec<_>>().join("\n")),
    ];
    if let Some(process) = &body.process {
        let host = process
            .host
            .as_deref()
            .unwrap_or("a host that is not noted");
        shown.push((
            "process",
            format!("{} {} on {host}", process.kind, process.pid),
        ));
    }
    shown.extend(body.problem.clone().map(|problem| ("problem", problem)));
    shown
}

/// `error (failed)`.
pub(super) fn state(job: &Job) -> String {
    match job.reason {
        Some(reason) => format!("{} ({})", job.state.as_str(), reason.as_str()),
        None => job.state.as_str().to_owned(),
    }
}

/// `6/7, 1 gone`.
pub(super) fn done(counts: &Counts) -> String {
    let gone = match counts.gone {
        0 => String::new(),
        gone => format!(", {gone} gone"),
    };
    format!("{}/{}{gone}", counts.done, counts.total)
}

fn parameters(of: &Value) -> String {
    let is_known = of.as_object().is_some_and(|fields| !fields.is_empty());
    if is_known {
        values(of).join("\n")
    } else {
        String::new()
    }
}

/// `model.depth = 3` of each value: as filters name it.
fn values(value: &Value) -> Vec<String> {
    let inner = |name: &str, value: &Value| -> Vec<String> {
        let join = |line: String| {
            let is_deeper = !line.starts_with("= ");
            format!("{name}{}{line}", if is_deeper { "." } else { " " })
        };
        values(value).into_iter().map(join).collect()
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let lines = fields.iter().flat_map(|(name, value)| inner(name, value));
            lines.collect()
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            let items = items.iter().enumerate();
            let lines = items.flat_map(|(at, item)| inner(&at.to_string(), item));
            lines.collect()
        }
        value => vec![format!("= {}", plain(value))],
    }
}

/// A text without its quotation marks.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

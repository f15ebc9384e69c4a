//! Events as lines: for people, or as JSON.

use cupola_domain::{date, time::Timestamp};
use cupola_workspace::{
    model::{ExperimentRun, Job, JobKey, JobState, Reason, Service, Warning},
    source::Connection,
};
use serde_json::{Map, Value, json};

use crate::{cli::EventsFormat, output};

/// Something that happened.
pub(super) enum Happened<'a> {
    /// How the newest run of an experiment is.
    Experiment(&'a ExperimentRun),
    /// How a job is.
    Job(&'a Job),
    /// How far it is.
    Progress(&'a Job),
    /// A job is there no more.
    Gone(&'a JobKey),
    Service(&'a Service),
    Warning(&'a Warning),
    Connection(&'a Connection),
}

impl Happened<'_> {
    pub(super) const fn is_progress(&self) -> bool {
        matches!(self, Self::Progress(_))
    }

    /// One line, with the time that it is.
    pub(super) fn text(&self, now: Timestamp, format: EventsFormat) -> String {
        let time = date::text(now.millis()).unwrap_or_default();
        match format {
            EventsFormat::Text => {
                output::clean(&format!("{time} {}", self.words())).replace(['\n', '\t'], " ")
            }
            EventsFormat::Json => {
                let mut body = self.body();
                body.insert("event".to_owned(), self.kind().into());
                body.insert("time".to_owned(), time.into());
                Value::Object(body).to_string()
            }
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Experiment(_) => "experiment",
            Self::Job(_) => "job",
            Self::Progress(_) => "progress",
            Self::Gone(_) => "gone",
            Self::Service(_) => "service",
            Self::Warning(_) => "warning",
            Self::Connection(_) => "connection",
        }
    }

    fn words(&self) -> String {
        let kind = self.kind();
        match self {
            Self::Experiment(run) => {
                let (counts, ended) = (run.counts, run.counts.done + run.counts.failed);
                let failed = match counts.failed {
                    0 => String::new(),
                    failed => format!(", {failed} failed"),
                };
                let name = format!("{} {}", run.key.experiment, run.key.run);
                let status = run.status.as_str();
                format!("{kind} {name} {status} {ended}/{}{failed}", counts.total)
            }
            Self::Job(job) => format!("{kind} {} {}{}", job.key, state(job), percent(job)),
            Self::Progress(job) => format!("{kind} {}{}", job.key, percent(job)),
            Self::Gone(key) => format!("{kind} {key}"),
            Self::Service(service) => {
                let (state, url) = (service.state.as_str(), service.url.as_deref());
                let name = format!("{}/{}", service.run.experiment, service.id);
                format!("{kind} {name} {state} {}", url.unwrap_or_default())
                    .trim_end()
                    .to_owned()
            }
            Self::Warning(warning) => {
                let experiment = &warning.run.experiment;
                format!(
                    "{kind} {experiment} {} {}",
                    warning.key, warning.description
                )
            }
            Self::Connection(Connection::Live) => format!("{kind} live"),
            Self::Connection(Connection::Away { why, next }) => {
                format!("{kind} away: {why}; again in {}s", next.as_secs())
            }
        }
    }

    fn body(&self) -> Map<String, Value> {
        let body = match self {
            Self::Experiment(run) => json!({
                "experiment": run.key.experiment,
                "run": run.key.run,
                "status": run.status.as_str(),
                "jobs": run.counts.total,
                "done": run.counts.done,
                "failed": run.counts.failed,
                "running": run.counts.running,
            }),
            Self::Job(job) | Self::Progress(job) => json!({
                "task": job.key.task,
                "id": job.key.id,
                "state": job.state.as_str(),
                "reason": job.reason.map(Reason::as_str),
                "progress": job.progress.first().map(|it| it.progress),
                "description": job.progress.first().map(|it| it.desc.as_str()),
                "path": job.path,
            }),
            Self::Gone(key) => json!({ "task": key.task, "id": key.id }),
            Self::Service(service) => json!({
                "experiment": service.run.experiment,
                "run": service.run.run,
                "service": service.id,
                "state": service.state.as_str(),
                "url": service.url,
                "error": service.error,
            }),
            Self::Warning(warning) => json!({
                "experiment": warning.run.experiment,
                "run": warning.run.run,
                "warning": warning.key,
                "description": warning.description,
            }),
            Self::Connection(Connection::Live) => json!({ "state": "live" }),
            Self::Connection(Connection::Away { why, next }) => {
                json!({ "state": "away", "why": why, "next_s": next.as_secs() })
            }
        };
        match body {
            Value::Object(body) => body,
            _ => Map::new(),
        }
    }
}

fn state(job: &Job) -> String {
    match job.reason.filter(|_| job.state == JobState::Error) {
        Some(reason) => format!("{}: {}", job.state.as_str(), reason.as_str()),
        None => job.state.as_str().to_owned(),
    }
}

fn percent(job: &Job) -> String {
    let running = job.progress.first();
    match running.filter(|it| job.state == JobState::Running && it.progress.is_finite()) {
        Some(level) => format!(" {:.0}% {}", level.progress * 100.0, level.desc)
            .trim_end()
            .to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(happened: &Happened<'_>, format: EventsFormat, expected: &str) {
        let now = Timestamp::from_millis(1_795_213_800_123);
        assert_eq!(happened.text(now, format), expected);
    }

    #[test]
    fn an_event_is_one_line_that_commands_nothing() {
        let away = Connection::Away {
            why: "it said\nno \x1b[2J".to_owned(),
            next: Duration::from_secs(4),
        };
        let away = Happened::Connection(&away);
        check(
            &away,
            EventsFormat::Text,
            "2026-11-20T22:30:00.123Z connection away: it said no \\u{1b}[2J; again in 4s",
        );
        check(
            &away,
            EventsFormat::Json,
            r#"{"state":"away","why":"it said\nno \u001b[2J","next_s":4,"event":"connection","time":"2026-11-20T22:30:00.123Z"}"#,
        );
        let key = JobKey {
            task: "ir.index".to_owned(),
            id: "0a1b".to_owned(),
        };
        check(
            &Happened::Gone(&key),
            EventsFormat::Text,
            "2026-11-20T22:30:00.123Z gone ir.index/0a1b",
        );
    }
}

//! Events: what one side tells the other unasked.

use cupola_domain::time::Timestamp;
use cupola_workspace::model::{Experiment, Job, JobKey, RunKey, Service, Warning};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    experiments::WarningBody,
    jobs::{JobBody, state_word},
};
use crate::wire::{times, words::Word as _};

/// An event with its name; what is none is left out of `data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EventBody {
    event_type: String,
    #[serde(default)]
    data: Map<String, Value>,
}

/// What an event means to whoever shows the workspace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// A job is to be read again.
    Job(JobKey),
    /// How far a level of a job is.
    Progress {
        job: JobKey,
        level: u32,
        progress: f64,
        desc: Option<String>,
    },
    /// A run got a job, or has one in another state.
    JobOfRun(JobKey, RunKey),
    /// An experiment is to be read again; all, where it says not which.
    Experiment(Option<String>),
    Services,
    Warnings,
}

impl EventBody {
    fn new(name: &str, now: Timestamp, data: Value) -> Self {
        let mut fields = Map::new();
        fields.insert("timestamp".to_owned(), times::to_seconds(now).into());
        if let Value::Object(data) = data {
            fields.extend(data.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Self {
            event_type: name.to_owned(),
            data: fields,
        }
    }

    /// What it means; none where this version knows no such event.
    pub(crate) fn to_told(&self) -> Option<Told> {
        match self.event_type.as_str() {
            "JobStateChangedEvent" | "CarbonMetricsEvent" => Some(Told::Job(self.job()?)),
            "JobProgressEvent" => Some(Told::Progress {
                job: self.job()?,
                level: u32::try_from(self.data.get("level")?.as_u64()?).ok()?,
                progress: self.data.get("progress")?.as_f64()?,
                desc: self.word("desc").map(str::to_owned),
            }),
            "ExperimentJobStateEvent" | "JobSubmittedEvent" => Some(Told::JobOfRun(
                self.job()?,
                RunKey {
                    experiment: self.word("experiment_id")?.to_owned(),
                    run: self.word("run_id")?.to_owned(),
                },
            )),
            "ExperimentUpdatedEvent"
            | "RunUpdatedEvent"
            | "RunCompletedEvent"
            | "ActionAddedEvent" => {
                let id = self.word("experiment_id").filter(|id| !id.is_empty());
                Some(Told::Experiment(id.map(str::to_owned)))
            }
            "ServiceAddedEvent" | "ServiceStateChangedEvent" => Some(Told::Services),
            "WarningEvent" | "ErrorEvent" => Some(Told::Warnings),
            _ => None,
        }
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.data.get(name)?.as_str()
    }

    fn job(&self) -> Option<JobKey> {
        Some(JobKey {
            task: self.word("task_id")?.to_owned(),
            id: self.word("job_id")?.to_owned(),
        })
    }
}

/// What a client needs to hear to show `job` as it now is.
pub(crate) fn events_of_job(job: &Job, now: Timestamp, zone: &TimeZone) -> Vec<EventBody> {
    let body = json!(JobBody::new(job, zone));
    let (id, task) = (&job.key.id, &job.key.task);
    let changed = json!({
        "job_id": id, "task_id": task,
        "state": body["state"], "failure_reason": body["failure_reason"],
        "started_time": body["started_time"], "ended_time": body["ended_time"],
        "exit_code": body["exit_code"], "retry_count": body["retry_count"],
        "progress": body["progress"],
    });
    let levels = job.progress.iter().map(|level| {
        let desc = Some(&level.desc).filter(|desc| !desc.is_empty());
        let data = json!({
            "job_id": id, "task_id": task,
            "level": level.level, "progress": level.progress, "desc": desc,
        });
        EventBody::new("JobProgressEvent", now, data)
    });
    let tags: Vec<_> = (job.tags.iter())
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    let of_runs = job.runs.iter().map(|run| {
        let state = state_word(job);
        let data = json!({
            "job_id": id, "task_id": task,
            "experiment_id": run.experiment, "run_id": run.run,
            "scheduler_state": state.split(':').next(), "failure_reason": body["failure_reason"],
            "tags": tags, "depends_on": [],
            "submitted_time": job.submitted_at.and_then(|at| times::on_the_wall(at, zone)),
        });
        EventBody::new("ExperimentJobStateEvent", now, data)
    });
    let mut events = vec![EventBody::new("JobStateChangedEvent", now, changed)];
    events.extend(levels.chain(of_runs));
    events
}

/// What a client needs to hear to read an experiment again.
pub(crate) fn events_of_experiment(experiment: &Experiment, now: Timestamp) -> Vec<EventBody> {
    let id = &experiment.id;
    let mut events = vec![EventBody::new(
        "ExperimentUpdatedEvent",
        now,
        json!({"experiment_id": id}),
    )];
    events.extend(experiment.runs.first().map(|run| {
        let data = json!({"experiment_id": id, "run_id": run.key.run});
        EventBody::new("RunUpdatedEvent", now, data)
    }));
    events
}

/// Where a service is.
pub(crate) fn events_of_service(service: &Service, now: Timestamp) -> EventBody {
    let data = json!({
        "experiment_id": service.run.experiment, "run_id": service.run.run,
        "service_id": service.id, "state": service.state.word(),
    });
    EventBody::new("ServiceStateChangedEvent", now, data)
}

/// What should be looked at.
pub(crate) fn warning_event(warning: Warning, now: Timestamp) -> EventBody {
    EventBody::new("WarningEvent", now, json!(WarningBody::from(warning)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, expected: Option<&Told>) {
        let event: EventBody = serde_json::from_str(event).unwrap();
        assert_eq!(event.to_told().as_ref(), expected);
    }

    fn key() -> JobKey {
        JobKey {
            task: "t".to_owned(),
            id: "j".to_owned(),
        }
    }

    #[test]
    fn a_job_that_changed_is_read_again() {
        check(
            r#"{"event_type":"JobStateChangedEvent","data":{"timestamp":1.5,"job_id":"j","task_id":"t","state":"done"}}"#,
            Some(&Told::Job(key())),
        );
    }

    #[test]
    fn progress_says_itself() {
        check(
            r#"{"event_type":"JobProgressEvent","data":{"job_id":"j","task_id":"t","level":0,"progress":0.5}}"#,
            Some(&Told::Progress {
                job: key(),
                level: 0,
                progress: 0.5,
                desc: None,
            }),
        );
    }

    #[test]
    fn a_completed_run_says_not_which() {
        check(
            r#"{"event_type":"RunCompletedEvent","data":{"experiment_id":"","run_id":""}}"#,
            Some(&Told::Experiment(None)),
        );
    }

    #[test]
    fn an_event_of_another_version_is_none() {
        check(r#"{"event_type":"MoonEvent","data":{}}"#, None);
        check(r#"{"event_type":"JobStateChangedEvent"}"#, None);
    }
}

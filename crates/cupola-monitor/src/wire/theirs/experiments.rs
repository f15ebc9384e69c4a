//! Runs of experiments with all that hangs on them.

use std::{collections::BTreeMap, path::Path};

use cupola_workspace::model::{
    Carbon, Counts, ExperimentAction, ExperimentRun, Job, RunKey, RunStatus, Service, ServiceState,
    Warning,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jobs::{JobInfoBody, state_word};
use crate::wire::{times, words};

/// One run, as its status file and all answers have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunBody {
    #[serde(default)]
    version: Value,
    pub(crate) experiment_id: String,
    pub(crate) run_id: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    hostname: Option<String>,
    #[serde(default)]
    started_at: Value,
    #[serde(default)]
    ended_at: Value,
    #[serde(default)]
    job_states: BTreeMap<String, String>,
    #[serde(default)]
    services: Value,
    #[serde(default)]
    actions: BTreeMap<String, ActionBody>,
    #[serde(default)]
    run_tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carbon_impact: Option<Value>,
    #[serde(default)]
    pub(crate) job_infos: BTreeMap<String, JobInfoBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) runs_count: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ActionBody {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    description: String,
    #[serde(default, rename = "class")]
    class: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServiceBody {
    service_id: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    state_dict: Value,
    #[serde(default)]
    experiment_id: Option<String>,
    #[serde(default)]
    run_id: Option<String>,
    #[serde(
        with = "words::option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    state: Option<ServiceState>,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WarningBody {
    #[serde(default)]
    experiment_id: String,
    #[serde(default)]
    run_id: String,
    pub(crate) warning_key: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    actions: serde_json::Map<String, Value>,
    #[serde(default)]
    context: serde_json::Map<String, Value>,
    #[serde(default)]
    severity: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WarningsBody {
    pub(crate) warnings: Vec<WarningBody>,
}

impl RunBody {
    /// As it is told, with what a run has beside its row.
    pub(crate) fn new(
        run: &ExperimentRun,
        jobs: &[std::sync::Arc<Job>],
        services: Vec<Service>,
        actions: Vec<ExperimentAction>,
        zone: &TimeZone,
    ) -> Self {
        let time = |at: Option<_>| at.and_then(|at| times::on_the_wall(at, zone)).into();
        let services = services.into_iter();
        Self {
            version: 1.into(),
            experiment_id: run.key.experiment.clone(),
            run_id: run.key.run.clone(),
            status: Some(status_word(run.status).to_owned()),
            hostname: run.host.clone(),
            started_at: time(run.started_at),
            ended_at: time(run.ended_at),
            job_states: jobs
                .iter()
                .map(|job| (job.key.id.clone(), state_word(job)))
                .collect(),
            services: services
                .map(|service| (service.id.clone(), json!(ServiceBody::from(service))))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            actions: actions
                .into_iter()
                .map(|action| (action.id.clone(), action.into()))
                .collect(),
            run_tags: run.tags.clone(),
            carbon_impact: run.carbon.map(impact),
            job_infos: jobs
                .iter()
                .map(|job| (job.key.id.clone(), JobInfoBody::new(job)))
                .collect(),
            runs_count: None,
        }
    }

    /// Which run it is.
    pub(crate) fn key(&self) -> RunKey {
        RunKey {
            experiment: self.experiment_id.clone(),
            run: self.run_id.clone(),
        }
    }

    /// As far as it says, in its folder below `workspace`.
    pub(crate) fn to_run(&self, workspace: &Path, zone: &TimeZone) -> ExperimentRun {
        let counts = self.counts();
        let path = workspace.join("experiments").join(&self.experiment_id);
        ExperimentRun {
            key: self.key(),
            path: path.join(&self.run_id),
            status: self.status(&counts),
            host: self.hostname.clone(),
            started_at: times::read(&self.started_at, zone),
            ended_at: times::read(&self.ended_at, zone),
            counts,
            tags: self.run_tags.clone(),
            carbon: self.carbon_impact.as_ref().and_then(carbon),
            problem: None,
        }
    }

    /// What can be done with it.
    pub(crate) fn to_actions(&self) -> Vec<ExperimentAction> {
        let named = |(id, action): (&String, &ActionBody)| ExperimentAction {
            id: id.clone(),
            description: action.description.clone(),
            class: action.class.clone(),
        };
        self.actions.iter().map(named).collect()
    }

    fn counts(&self) -> Counts {
        let count = |wanted: &str| {
            let state = |word: &&String| word.split(':').next() == Some(wanted);
            self.job_states.values().filter(state).count() as u64
        };
        Counts {
            total: self.job_infos.len().max(self.job_states.len()) as u64,
            done: count("done"),
            failed: count("error"),
            running: count("running"),
            gone: count("phantom"),
        }
    }

    /// A run whose jobs failed says `done` of itself; what its jobs say counts for more.
    fn status(&self, counts: &Counts) -> RunStatus {
        let waits = |word: &String| matches!(word.as_str(), "waiting" | "ready" | "scheduled");
        match self.status.as_deref() {
            Some("running" | "active") | None => RunStatus::Running,
            Some("failed") => RunStatus::Failed,
            _ if counts.failed > 0 => RunStatus::Failed,
            _ if counts.total == 0 => RunStatus::Empty,
            _ if counts.running > 0 || self.job_states.values().any(waits) => RunStatus::Stopped,
            _ => RunStatus::Done,
        }
    }
}

/// Three words for five.
fn status_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Done | RunStatus::Empty => "done",
        RunStatus::Failed | RunStatus::Stopped => "failed",
    }
}

fn impact(carbon: Carbon) -> Value {
    let total = json!({
        "co2_kg": carbon.co2_kg,
        "energy_kwh": carbon.energy_kwh,
        "duration_s": carbon.duration_s,
        "job_count": 1,
    });
    json!({"sum": total, "latest": total})
}

fn carbon(impact: &Value) -> Option<Carbon> {
    let sum = &impact["sum"];
    let number = |name: &str| sum[name].as_f64().unwrap_or(0.0);
    (number("job_count") > 0.0).then(|| Carbon {
        co2_kg: number("co2_kg"),
        energy_kwh: number("energy_kwh"),
        duration_s: number("duration_s"),
        is_final: true,
        ..Carbon::default()
    })
}

impl From<ExperimentAction> for ActionBody {
    fn from(action: ExperimentAction) -> Self {
        Self {
            action_id: action.id,
            description: action.description,
            class: action.class,
        }
    }
}

impl From<Service> for ServiceBody {
    fn from(service: Service) -> Self {
        Self {
            service_id: service.id,
            description: service.description,
            class: service.class,
            state_dict: service.kept,
            experiment_id: Some(service.run.experiment),
            run_id: Some(service.run.run),
            // A word that they do not have.
            state: Some(service.state).filter(|state| *state != ServiceState::Unknown),
            url: service.url,
        }
    }
}

impl From<ServiceBody> for Service {
    fn from(body: ServiceBody) -> Self {
        Self {
            run: RunKey {
                experiment: body.experiment_id.unwrap_or_default(),
                run: body.run_id.unwrap_or_default(),
            },
            id: body.service_id,
            description: body.description,
            state: body.state.unwrap_or(ServiceState::Unknown),
            url: body.url,
            error: None,
            class: body.class,
            kept: body.state_dict,
            synced: None,
        }
    }
}

impl From<Warning> for WarningBody {
    fn from(warning: Warning) -> Self {
        let actions = warning.actions.into_iter();
        Self {
            experiment_id: warning.run.experiment,
            run_id: warning.run.run,
            warning_key: warning.key,
            description: warning.description,
            actions: actions.map(|(key, label)| (key, label.into())).collect(),
            context: serde_json::Map::new(),
            severity: "warning".to_owned(),
        }
    }
}

impl From<WarningBody> for Warning {
    fn from(body: WarningBody) -> Self {
        let label = |label: Value| label.as_str().unwrap_or_default().to_owned();
        let actions = body.actions.into_iter();
        Self {
            run: RunKey {
                experiment: body.experiment_id,
                run: body.run_id,
            },
            key: body.warning_key,
            description: body.description,
            actions: actions.map(|(key, it)| (key, label(it))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, of_jobs: &[&str], expected: RunStatus) {
        let of_jobs: BTreeMap<_, _> = of_jobs.iter().enumerate().collect();
        let body: RunBody = serde_json::from_value(json!({
            "experiment_id": "e",
            "run_id": "r",
            "status": said,
            "job_states": of_jobs,
        }))
        .unwrap();
        let run = body.to_run(Path::new("/w"), &TimeZone::UTC);
        assert_eq!(run.status, expected, "{said} {of_jobs:?}");
        assert_eq!(run.path, Path::new("/w/experiments/e/r"));
    }

    #[test]
    fn a_run_with_a_failed_job_failed_whatever_it_says() {
        check("done", &["done", "error:DEPENDENCY"], RunStatus::Failed);
        check("completed", &["error"], RunStatus::Failed);
        check("failed", &["done"], RunStatus::Failed);
    }

    #[test]
    fn a_run_that_left_jobs_behind_stopped() {
        check("done", &["done", "running"], RunStatus::Stopped);
        check("done", &["waiting"], RunStatus::Stopped);
    }

    #[test]
    fn a_run_is_done_when_its_jobs_are() {
        check("done", &["done", "done"], RunStatus::Done);
        check("done", &["done", "transient"], RunStatus::Done);
        check("done", &[], RunStatus::Empty);
        check("running", &[], RunStatus::Running);
    }
}

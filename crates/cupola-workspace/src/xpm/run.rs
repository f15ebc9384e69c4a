//! One run of an experiment, by its own files: what it says of itself, the jobs that it names, and
//! its events. Read on from where the last look ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cupola_domain::time::Timestamp;
use serde_json::Value;

use super::{
    Layout,
    events::{self, Events},
    file::{self, Stamp, Tail, Unread},
    value,
};
use crate::{
    here::Here,
    index::keys::Keys,
    model::{
        Carbon, ExperimentAction, JobState, Reason, RunKey, Service, ServiceState, Tags, Warning,
    },
};

/// What a run says of one of its jobs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Named {
    pub(crate) submitted_at: Option<Timestamp>,
    pub(crate) tags: Tags,
    pub(crate) is_transient: bool,
    /// By its scheduler.
    pub(crate) state: Option<JobState>,
    pub(crate) reason: Option<Reason>,
}

/// What a run's files say.
#[derive(Debug)]
pub(crate) struct RunFiles {
    pub(crate) key: RunKey,
    pub(crate) folder: PathBuf,
    /// `running`, `done`, `failed`: what its program said last.
    pub(crate) word: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    /// When it last wrote something down.
    pub(crate) written_at: Option<Timestamp>,
    pub(crate) tags: Vec<String>,
    pub(crate) carbon: Option<Carbon>,
    /// By the number of the job, which is the order in which they were first named.
    pub(crate) named: BTreeMap<u32, Named>,
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) actions: BTreeMap<String, ExperimentAction>,
    pub(crate) warnings: BTreeMap<String, Warning>,
    pub(crate) problem: Option<String>,
    /// Lines of its names that are no JSON.
    bad: usize,
    stamp: Option<Stamp>,
    /// What was wrong with its status when it looked like that.
    torn: Option<String>,
    lines: Tail,
    events: Option<Events>,
    /// States that its status has of jobs, until these are named.
    states: BTreeMap<String, String>,
}

/// What a look at a run changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Jobs that it names now or otherwise.
    pub(crate) jobs: BTreeSet<u32>,
    pub(crate) services: bool,
    pub(crate) warnings: bool,
    /// What it says of itself.
    pub(crate) itself: bool,
}

impl RunFiles {
    /// Nothing read yet.
    pub(crate) fn new(key: RunKey, layout: &Layout) -> Self {
        let folder = layout.experiments().join(&key.experiment).join(&key.run);
        Self {
            key,
            folder,
            word: None,
            host: None,
            started_at: None,
            ended_at: None,
            written_at: None,
            tags: Vec::new(),
            carbon: None,
            named: BTreeMap::new(),
            services: BTreeMap::new(),
            actions: BTreeMap::new(),
            warnings: BTreeMap::new(),
            problem: None,
            bad: 0,
            stamp: None,
            torn: None,
            lines: Tail::default(),
            events: None,
            states: BTreeMap::new(),
        }
    }

    /// Whether its program said that it is over.
    pub(crate) fn is_over(&self) -> bool {
        let word = self.word.as_deref();
        self.ended_at.is_some() || word.is_some_and(|word| word != "running")
    }

    /// Reads what is new. Live files of events are those of the newest run.
    pub(crate) fn refresh(
        &mut self,
        layout: &Layout,
        here: &Here,
        keys: &mut Keys,
        is_newest: bool,
    ) -> Changed {
        let mut changed = Changed::default();
        let before = (self.problem.take(), self.ended_at);
        let is_status_new = self.read_status(here, &mut changed);
        self.read_names(here, keys, &mut changed);
        if is_status_new {
            self.take_states(keys, &mut changed);
        }
        let live = is_newest.then(|| layout.live_runs());
        self.read_events(live.as_deref(), here, keys, &mut changed);
        changed.itself |= is_status_new || before != (self.problem.clone(), self.ended_at);
        changed
    }

    fn note(&mut self, unread: Unread, name: &str) {
        self.problem = Some(match unread {
            Unread::Missing => format!("{name}: missing"),
            Unread::Problem(problem) => problem,
        });
    }

    fn read_status(&mut self, here: &Here, changed: &mut Changed) -> bool {
        let path = self.folder.join("status.json");
        let stamp = file::stamp(&path);
        if stamp.is_some() && stamp == self.stamp {
            self.problem.clone_from(&self.torn);
            return false;
        }
        let status = match file::json(&path, file::MOST) {
            Ok(status) => status,
            Err(unread) => {
                self.note(unread, "status.json");
                self.torn = self
                    .problem
                    .clone()
                    .filter(|problem| file::is_torn(problem));
                self.stamp = stamp.filter(|_| self.torn.is_some());
                return false;
            }
        };
        self.stamp = stamp;
        self.torn = None;
        self.take_status(&status, here, changed);
        // Before it says how many of its events it has taken in, it has taken none.
        let first = value::whole(&status, "events_count").or((!self.is_over()).then_some(0));
        self.events = self.events.take().or(first.map(Events::from));
        true
    }

    fn take_status(&mut self, status: &Value, here: &Here, changed: &mut Changed) {
        self.word = value::text(status, "status").map(str::to_ascii_lowercase);
        self.host = value::text(status, "hostname").map(str::to_owned);
        self.started_at = value::time(status, "started_at", &here.zone);
        self.ended_at = value::time(status, "ended_at", &here.zone);
        self.note_time(status, "last_updated", here);
        let tags = status.get("run_tags").and_then(Value::as_array);
        self.tags = tags
            .into_iter()
            .flatten()
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect();
        let sum = status
            .get("carbon_impact")
            .and_then(|carbon| carbon.get("sum"));
        self.carbon = sum.and_then(value::carbon);
        if let Some(services) = status.get("services").and_then(Value::as_object) {
            changed.services = true;
            for (id, kept) in services {
                for service in parts(service(&self.key, id, kept), kept) {
                    self.services.insert(service.id.clone(), service);
                }
            }
        }
        if let Some(actions) = status.get("actions").and_then(Value::as_object) {
            for (id, kept) in actions {
                self.actions.insert(id.clone(), action(id, kept, "class"));
            }
        }
        if let Some(states) = status.get("job_states").and_then(Value::as_object) {
            self.states = states
                .iter()
                .filter_map(|(id, word)| Some((id.clone(), word.as_str()?.to_owned())))
                .collect();
        }
    }

    fn read_names(&mut self, here: &Here, keys: &mut Keys, changed: &mut Changed) {
        let grown = match self.lines.read(&self.folder.join("jobs.jsonl")) {
            Ok(grown) => grown,
            Err(Unread::Missing) => return,
            Err(unread) => return self.note(unread, "jobs.jsonl"),
        };
        if grown.is_new {
            self.bad = 0;
            changed.jobs.extend(self.named.keys());
            self.named.clear();
        }
        self.bad += file::lines(&grown.bytes, |line| {
            let named = value::text(&line, "task_id").zip(value::text(&line, "job_id"));
            let Some(slot) = named.and_then(|(task, id)| keys.slot(task, id)) else {
                return;
            };
            let entry = self.named.entry(slot).or_default();
            entry.submitted_at = value::time(&line, "timestamp", &here.zone);
            entry.tags = value::tags(line.get("tags"));
            entry.is_transient =
                value::whole::<i64>(&line, "transient").is_some_and(|mode| mode != 0);
            changed.jobs.insert(slot);
        });
        if self.bad > 0 {
            self.problem = Some(format!("jobs.jsonl: {} lines are not JSON", self.bad));
        }
    }

    /// States that its status has, where no event says more.
    fn take_states(&mut self, keys: &Keys, changed: &mut Changed) {
        let states = std::mem::take(&mut self.states);
        let is_last_word = self.events.is_none();
        for (slot, named) in &mut self.named {
            let Some((state, reason)) = states
                .get(keys.id(*slot))
                .and_then(|word| value::state(word))
            else {
                continue;
            };
            if (is_last_word || named.state.is_none()) && named.state != Some(state) {
                named.state = Some(state);
                named.reason = reason;
                changed.jobs.insert(*slot);
            }
        }
    }

    fn read_events(
        &mut self,
        live: Option<&Path>,
        here: &Here,
        keys: &mut Keys,
        changed: &mut Changed,
    ) {
        let Some(mut reader) = self.events.take() else {
            return;
        };
        let experiment = self.key.experiment.clone();
        let live = |number: u64| Some(live?.join(format!("{experiment}-{number}.jsonl")));
        let kept = self.folder.join("events");
        let each = |event| self.fold(&event, here, keys, changed);
        let read = reader.read(&kept, live, each);
        self.events = Some(reader);
        if let Err(unread) = read {
            self.note(unread, "events");
        }
    }

    fn fold(&mut self, event: &Value, here: &Here, keys: &mut Keys, changed: &mut Changed) {
        if value::text(event, "run_id").is_some_and(|run| run != self.key.run) {
            return;
        }
        self.note_time(event, "timestamp", here);
        match events::kind(event) {
            "ExperimentJobStateEvent" | "JobSubmittedEvent" => {
                self.fold_job(event, here, keys, changed);
            }
            "RunCompletedEvent" => {
                self.ended_at = value::time(event, "ended_at", &here.zone).or(self.ended_at);
            }
            "ServiceAddedEvent" | "ServiceStateChangedEvent" => {
                changed.services = true;
                self.fold_service(event);
            }
            "ActionAddedEvent" => {
                changed.itself = true;
                if let Some(id) = value::text(event, "action_id") {
                    self.actions
                        .insert(id.to_owned(), action(id, event, "action_class"));
                }
            }
            "WarningEvent" => {
                changed.warnings = true;
                let warning = warning(&self.key, event);
                self.warnings.insert(warning.key.clone(), warning);
            }
            _ => {}
        }
    }

    fn note_time(&mut self, said: &Value, name: &str, here: &Here) {
        self.written_at = self.written_at.max(value::time(said, name, &here.zone));
    }

    fn fold_job(&mut self, event: &Value, here: &Here, keys: &mut Keys, changed: &mut Changed) {
        let named = value::text(event, "task_id").zip(value::text(event, "job_id"));
        let Some(slot) = named.and_then(|(task, id)| keys.slot(task, id)) else {
            return;
        };
        let entry = self.named.entry(slot).or_default();
        let before = entry.clone();
        if let Some((state, reason)) = value::text(event, "scheduler_state").and_then(value::state)
        {
            entry.state = Some(state);
            let said = value::text(event, "failure_reason").and_then(value::reason);
            entry.reason = said.or(reason);
        }
        let submitted_at = value::time(event, "submitted_time", &here.zone);
        entry.submitted_at = entry.submitted_at.or(submitted_at);
        if entry.tags.is_empty() {
            entry.tags = value::tags(event.get("tags"));
        }
        if *entry != before {
            changed.jobs.insert(slot);
        }
    }

    fn fold_service(&mut self, event: &Value) {
        let Some(id) = value::text(event, "service_id") else {
            return;
        };
        if events::kind(event) == "ServiceAddedEvent" {
            let mut added = service(&self.key, id, event);
            value::text(event, "service_class")
                .unwrap_or_default()
                .clone_into(&mut added.class);
            self.services.insert(id.to_owned(), added);
        } else if let Some(service) = self.services.get_mut(id)
            && let Some(state) = value::text(event, "state").and_then(value::service_state)
        {
            service.state = state;
            let url = value::text(event, "url").map(str::to_owned);
            service.url = url.or(service.url.take());
        }
    }
}

fn service(run: &RunKey, id: &str, kept: &Value) -> Service {
    let state = value::text(kept, "state").and_then(value::service_state);
    Service {
        run: run.clone(),
        id: id.to_owned(),
        description: value::text(kept, "description")
            .unwrap_or_default()
            .to_owned(),
        state: state.unwrap_or(ServiceState::Unknown),
        url: value::text(kept, "url").map(str::to_owned),
        error: value::text(kept, "error").map(str::to_owned),
        class: value::text(kept, "class").unwrap_or_default().to_owned(),
        kept: kept.get("state_dict").cloned().unwrap_or(Value::Null),
        synced: None,
    }
}

/// A service that is made of several is these, which are started by themselves; else it is itself.
fn parts(whole: Service, kept: &Value) -> Vec<Service> {
    let parts = kept.get("subservices").and_then(Value::as_array);
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter_map(|part| {
            let id = value::text(part, "service_id")?;
            let said = service(&whole.run, &format!("{}/{id}", whole.id), part);
            Some(Service {
                class: whole.class.clone(),
                kept: whole.kept.clone(),
                ..said
            })
        })
        .collect();
    if parts.is_empty() { vec![whole] } else { parts }
}

fn action(id: &str, kept: &Value, class: &str) -> ExperimentAction {
    ExperimentAction {
        id: id.to_owned(),
        description: value::text(kept, "description")
            .unwrap_or_default()
            .to_owned(),
        class: value::text(kept, class).unwrap_or_default().to_owned(),
    }
}

fn warning(run: &RunKey, event: &Value) -> Warning {
    let actions = event.get("actions").and_then(Value::as_object);
    Warning {
        run: run.clone(),
        key: value::text(event, "warning_key")
            .unwrap_or_default()
            .to_owned(),
        description: value::text(event, "description")
            .unwrap_or_default()
            .to_owned(),
        actions: actions
            .into_iter()
            .flatten()
            .filter_map(|(key, label)| Some((key.clone(), label.as_str()?.to_owned())))
            .collect(),
    }
}

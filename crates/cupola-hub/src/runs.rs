//! Runs: what they used, said and gave.

use std::collections::HashMap;

use cupola_domain::{
    artifact::Artifact,
    counts::State,
    event::Event,
    experiment::Experiment,
    ids::{RunId, TaskId, WorkerId},
    run::Run,
    task::{Attempts, Task, TaskState},
    time::Timestamp,
};
use cupola_store::{Tx, artifacts, events, experiments, results, runs, series, tags, tasks};
use serde_json::{Map, Value};

use crate::{
    Hub, HubError,
    briefs::insert_planned,
    costs::{self, RunCost},
    experiments::{find as find_experiment, resume, template_name},
    logged::refuse_logged,
    tasks::note_worker,
    transitions::{Pair, find_task, first_run},
    verification::{self, Proof},
};

pub use cupola_store::runs::Intake;

/// A run may have a hundred times more.
const SERIES_NAMED: i64 = 1_000;

/// A run with all that is shown of it, except log and curves.
#[derive(Debug, Clone)]
pub struct RunDetail {
    /// The run.
    pub run: Run,
    /// What it attempts.
    pub task: Task,
    /// What the task belongs to.
    pub experiment: Experiment,
    /// Result key → value, without those that are too large for a list.
    pub results: Map<String, Value>,
    /// The names of its series, the first thousand of them.
    pub series: Vec<String>,
    /// Tag → value, by key.
    pub tags: Vec<(String, String)>,
    /// How much log there is.
    pub intake: Intake,
    /// The files that it keeps, by name.
    pub artifacts: Vec<Artifact>,
    /// The template whose code it runs, as it was called then.
    pub template: String,
    /// All attempts at the task, the latest first.
    pub attempts: Vec<Run>,
    /// The names of the workers that appear.
    pub workers: HashMap<WorkerId, String>,
    /// What it cost, or costs so far; none of one that no worker had.
    pub cost: Option<RunCost>,
    /// What that is in.
    pub currency: String,
    /// What checks found of its result; nothing of most.
    pub proof: Option<Proof>,
    /// Whether a check of it may be asked for.
    pub can_be_checked: bool,
    /// Why it waits, where nobody could take it as things are; empty where somebody could.
    pub obstacle: String,
}

impl Hub {
    /// A run.
    pub fn run_detail(&self, id: RunId) -> Result<RunDetail, HubError> {
        let (now, currency) = (self.now(), self.prices().currency.clone());
        let rules = self.verification();
        let mut detail = self.read(move |tx| {
            let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let task = find_task(tx, run.task)?;
            let experiment = experiments::find(tx, run.experiment)?
                .ok_or_else(|| HubError::not_found("run", id))?;
            let attempts = runs::list_of_task(tx, run.task)?;
            let mut workers = HashMap::new();
            for attempt in &attempts {
                note_worker(tx, &mut workers, attempt.worker)?;
            }
            Ok(RunDetail {
                results: results::list(tx, id)?,
                series: series::list_names(tx, id, SERIES_NAMED)?,
                tags: tags::list(tx, id)?,
                intake: runs::find_intake(tx, id)?.unwrap_or_default(),
                artifacts: artifacts::list(tx, id)?,
                template: template_name(tx, &run, &experiment)?,
                can_be_checked: verification::can_be_checked(tx, &rules, (&run, &task))?,
                run,
                task,
                experiment,
                attempts,
                workers,
                cost: costs::find(tx, id, now)?,
                currency,
                proof: verification::proof_of(tx, id)?,
                obstacle: String::new(),
            })
        })?;
        if detail.task.run == id {
            detail.obstacle = self.obstacle_of_task(&detail.task, &detail.experiment)?;
        }
        Ok(detail)
    }

    /// Stops a run for good. Whatever its worker still reports is refused.
    pub fn cancel_run(&self, id: RunId) -> Result<Run, HubError> {
        let now = self.now();
        let run = self.write(move |tx| {
            let mut pair = Pair::find(tx, id)?;
            let word = pair.run.state.word();
            if word.is_terminal() {
                return Err(HubError::Conflict(format!("run `{id}` is already {word}")));
            }
            pair.cancel(tx, now)?;
            Ok(pair.run)
        })?;
        if run.state.lease().is_some() {
            self.settle(id)?;
            self.bus.announce_work();
        }
        Ok(run)
    }

    /// Runs it again, and says which run that is: another attempt where the task failed or was
    /// cancelled; where it completed, a new task with the same configuration and seed.
    pub fn retry_run(&self, id: RunId) -> Result<Run, HubError> {
        let task = self.read(move |tx| Ok(Pair::find(tx, id)?.task))?;
        match task.state.word() {
            State::Failed | State::Cancelled => {
                let run = self.retry_task(task.id)?.run;
                let found = self.read(move |tx| Ok(runs::find(tx, run)?))?;
                found.ok_or_else(|| HubError::not_found("run", run))
            }
            State::Completed => {
                let (now, new) = (self.now(), (self.next_id(), self.next_id()));
                let run = self.write(move |tx| insert_again(tx, task, new, now))?;
                self.bus.announce_work();
                Ok(run)
            }
            word => {
                let message = format!("task {} is {word}; it has not ended yet", task.number);
                Err(HubError::Conflict(message))
            }
        }
    }
}

/// The same task once more, with its first run.
fn insert_again(
    tx: &mut Tx,
    of: Task,
    (id, run): (TaskId, RunId),
    now: Timestamp,
) -> Result<Run, HubError> {
    let experiment = find_experiment(tx, of.experiment)?;
    if experiments::is_unplanned(tx, experiment.id)? {
        let message = format!(
            "`{}` is still being planned; try again later",
            experiment.name
        );
        return Err(HubError::Conflict(message));
    }
    let before = runs::find(tx, of.run)?.ok_or_else(|| HubError::not_found("run", of.run))?;
    refuse_logged(&before)?;
    let needs = tasks::find_needs(tx, of.id)?.ok_or_else(|| HubError::not_found("task", of.id))?;
    let task = Task {
        id,
        run,
        number: u32::try_from(experiment.counts.total()).unwrap_or(u32::MAX),
        state: TaskState::Pending,
        attempts: Attempts {
            failures: 0,
            losses: 0,
            ..of.attempts
        },
        waiting_for: None,
        is_withheld: false,
        epoch: 0,
        worker: None,
        value: None,
        created_at: now,
        finished_at: None,
        ..of
    };
    let run = first_run(&task, &before.code_hash, now);
    events::record(tx, Event::TaskChanged(task.id, experiment.id));
    events::record(tx, Event::ExperimentChanged(experiment.id));
    resume(tx, &experiment)?;
    insert_planned(tx, experiment.id, needs, &[(task, run.clone())])?;
    Ok(run)
}

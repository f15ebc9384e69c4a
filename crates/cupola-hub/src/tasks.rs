//! Tasks: lists, details, cancellation, retries.

use std::collections::HashMap;

use cupola_domain::{
    counts::{Counts, State},
    experiment::Experiment,
    ids::{ExperimentId, TaskId, WorkerId},
    objective::Direction,
    run::Run,
    task::Task,
};
use cupola_store::{experiments, runs, tasks, workers};
use serde_json::{Map, Value};

use crate::{
    Hub, HubError, dependencies,
    experiments::{find as find_experiment, resume},
    logged::refuse_logged,
    transitions::{Pair, find_task},
};

pub use cupola_store::tasks::{Filter, Sort};

/// One page of tasks.
#[derive(Debug, Clone)]
pub struct TaskPage {
    /// The tasks, in the order asked for.
    pub tasks: Vec<Task>,
    /// How many match in all.
    pub total: u64,
    /// How many there are in each state under the rest of the filter; they sum to the total of a
    /// list that shows every state.
    pub counts: Counts,
    /// The names of the workers that appear.
    pub workers: HashMap<WorkerId, String>,
    /// The experiments that appear.
    pub experiments: HashMap<ExperimentId, Experiment>,
}

/// A task with its attempts.
#[derive(Debug, Clone)]
pub struct TaskDetail {
    /// The task.
    pub task: Task,
    /// What it belongs to.
    pub experiment: Experiment,
    /// Its attempts, the latest first.
    pub runs: Vec<Run>,
    /// The results of the attempt that counts.
    pub results: Map<String, Value>,
    /// The names of the workers that appear.
    pub workers: HashMap<WorkerId, String>,
    /// Why it waits, where nobody could take it as things are; empty where somebody could.
    pub obstacle: String,
}

impl Hub {
    /// One page of tasks.
    pub fn list_tasks(&self, filter: Filter) -> Result<TaskPage, HubError> {
        self.read(move |tx| {
            let counts = match filter.experiment {
                Some(id) if filter.search.is_empty() => find_experiment(tx, id)?.counts,
                None if filter.search.is_empty() => experiments::sum_counts(tx)?.1,
                _ => tasks::count_states(tx, &filter)?,
            };
            let total = total(tx, &filter, &counts)?;
            let found = match total {
                0 => Vec::new(),
                _ => tasks::list(tx, &filter)?,
            };
            let mut names = HashMap::new();
            let mut experiments = HashMap::new();
            for task in &found {
                note_worker(tx, &mut names, task.worker)?;
                if !experiments.contains_key(&task.experiment)
                    && let Some(experiment) = experiments::find(tx, task.experiment)?
                {
                    experiments.insert(task.experiment, experiment);
                }
            }
            Ok(TaskPage {
                tasks: found,
                total,
                counts,
                workers: names,
                experiments,
            })
        })
    }

    /// The task with the best value that counts of each of these that has one, of equal ones the first: made up
    /// and not yet proven values do not.
    pub fn best_tasks(
        &self,
        of: Vec<(ExperimentId, Direction)>,
    ) -> Result<Vec<(Task, f64)>, HubError> {
        self.read(move |tx| {
            let mut found = Vec::with_capacity(of.len());
            for &(experiment, direction) in &of {
                if let Some((any, value)) = tasks::find_best(tx, experiment, direction)? {
                    let first = tasks::find_first_of_value(tx, experiment, value)?;
                    let id = first.unwrap_or(any);
                    found.push((find_task(tx, id)?, value));
                }
            }
            Ok(found)
        })
    }

    /// A task with its attempts.
    pub fn task_detail(&self, id: TaskId) -> Result<TaskDetail, HubError> {
        let mut detail = self.read(move |tx| {
            let task = find_task(tx, id)?;
            let experiment = experiments::find(tx, task.experiment)?
                .ok_or_else(|| HubError::not_found("task", id))?;
            let runs = runs::list_of_task(tx, id)?;
            let results = cupola_store::results::list(tx, task.run)?;
            let mut workers = HashMap::new();
            for run in &runs {
                note_worker(tx, &mut workers, run.worker)?;
            }
            Ok(TaskDetail {
                task,
                experiment,
                runs,
                results,
                workers,
                obstacle: String::new(),
            })
        })?;
        detail.obstacle = self.obstacle_of_task(&detail.task, &detail.experiment)?;
        Ok(detail)
    }

    /// Stops a task for good: at once if nobody has it, otherwise when its worker confirms.
    pub fn cancel_task(&self, id: TaskId) -> Result<Task, HubError> {
        let now = self.now();
        let (task, run) = self.write(move |tx| {
            let task = find_task(tx, id)?;
            let word = task.state.word();
            if word.is_terminal() {
                return Err(HubError::Conflict(format!("task `{id}` is already {word}")));
            }
            let mut pair = Pair::of_task(tx, task)?;
            pair.cancel(tx, now)?;
            Ok((pair.task, pair.run))
        })?;
        if run.state.lease().is_some() {
            self.settle(run.id)?;
            self.bus.announce_work();
        }
        Ok(task)
    }

    /// Another attempt at a task that failed or was cancelled. What failed because it needs this one
    /// waits for it again.
    pub fn retry_task(&self, id: TaskId) -> Result<Task, HubError> {
        let stranded = self.read(move |tx| dependencies::count_stranded(tx, id))?;
        let spares = (0..stranded).map(|_| self.next_id()).collect();
        let (now, spare) = (self.now(), self.next_id());
        let task = self.write(move |tx| {
            let task = find_task(tx, id)?;
            let experiment = experiments::find(tx, task.experiment)?
                .ok_or_else(|| HubError::not_found("task", id))?;
            let word = task.state.word();
            if !matches!(word, State::Failed | State::Cancelled) {
                let message =
                    format!("task `{id}` is {word}; only a failed or cancelled one is retried");
                return Err(HubError::Conflict(message));
            }
            let mut pair = Pair::of_task(tx, task)?;
            refuse_logged(&pair.run)?;
            dependencies::check_retry(tx, &pair.task)?;
            resume(tx, &experiment)?;
            pair.retry(tx, spare, now)?;
            dependencies::revive(tx, id, spares, now)?;
            Ok(pair.task)
        })?;
        self.bus.announce_work();
        Ok(task)
    }
}

/// How many tasks the list has: kept counts say it, unless it leaves out what has no value.
fn total(tx: &mut cupola_store::Tx, filter: &Filter, counts: &Counts) -> Result<u64, HubError> {
    let in_states = filter
        .state
        .map_or(counts.total(), |state| counts.of(state));
    match (filter.sort, filter.state) {
        (Sort::Created | Sort::Priority, _) => Ok(in_states),
        (Sort::Finished, None) => Ok(counts.finished()),
        (Sort::Finished, Some(state)) => Ok(if state.is_terminal() { in_states } else { 0 }),
        // Only what completed has a value.
        (Sort::Value, None | Some(State::Completed)) => Ok(tasks::count(tx, filter)?),
        (Sort::Value, Some(_)) => Ok(0),
    }
}

pub(crate) fn note_worker(
    tx: &mut cupola_store::Tx,
    names: &mut HashMap<WorkerId, String>,
    worker: Option<WorkerId>,
) -> Result<(), HubError> {
    if let Some(id) = worker
        && !names.contains_key(&id)
    {
        let name = workers::find(tx, id)?.map_or_else(|| id.short(), |worker| worker.name);
        names.insert(id, name);
    }
    Ok(())
}

//! Results: what ended tasks gave.

use cupola_domain::{
    ids::{ExperimentId, TaskId},
    run::Run,
    task::Task,
};
use cupola_store::{experiments, results, runs, tasks};
use serde_json::{Map, Value};

use crate::{
    Hub, HubError,
    experiments::find as find_experiment,
    tasks::{Filter, Sort},
    transitions::find_task,
};

/// What an ended task gave.
#[derive(Debug, Clone)]
pub struct TaskResult {
    /// The task.
    pub task: Task,
    /// The run that ended it.
    pub run: Run,
    /// Result key → value, without those that are too large for a list.
    pub results: Map<String, Value>,
}

impl Hub {
    /// What ended tasks gave, the latest first, and how many there are.
    pub fn list_results(
        &self,
        experiment: Option<ExperimentId>,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<TaskResult>, u64), HubError> {
        self.read(move |tx| {
            let counts = match experiment {
                Some(id) => find_experiment(tx, id)?.counts,
                None => experiments::sum_counts(tx)?.1,
            };
            let filter = Filter {
                experiment,
                sort: Sort::Finished,
                descending: true,
                limit: i64::from(limit),
                offset: i64::try_from(offset).unwrap_or(i64::MAX),
                ..Filter::default()
            };
            let ended = tasks::list(tx, &filter)?;
            let found: Result<Vec<_>, HubError> =
                ended.into_iter().map(|task| with_run(tx, task)).collect();
            Ok((found?, counts.finished()))
        })
    }

    /// What one task gave; `None` while it has not ended.
    pub fn find_result(&self, id: TaskId) -> Result<Option<TaskResult>, HubError> {
        self.read(move |tx| {
            let task = find_task(tx, id)?;
            if task.state.word().is_terminal() {
                return with_run(tx, task).map(Some);
            }
            Ok(None)
        })
    }
}

fn with_run(tx: &mut cupola_store::Tx, task: Task) -> Result<TaskResult, HubError> {
    let run = runs::find(tx, task.run)?.ok_or_else(|| HubError::not_found("run", task.run))?;
    let results = results::list(tx, task.run)?;
    Ok(TaskResult { task, run, results })
}

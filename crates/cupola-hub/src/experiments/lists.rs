//! Experiments and their runs, as lists and in detail.

use std::{collections::HashMap, sync::Arc};

use cupola_domain::{
    cost::Money,
    experiment::Experiment,
    ids::{ExperimentId, WorkerId},
    run::Run,
    task::Task,
    template::Template,
};
use cupola_store::{Tx, experiments, runs, selected};

use super::{ExperimentQuery, find};
use crate::{Hub, HubError, costs::Spending, tasks::note_worker, transitions::find_task};

/// An experiment in a list.
#[derive(Debug, Clone)]
pub struct ExperimentRow {
    /// The experiment.
    pub experiment: Experiment,
    /// The run that was made last.
    pub last: Option<Run>,
}

/// An experiment with what can be said of it now.
#[derive(Debug, Clone)]
pub struct ExperimentDetail {
    /// The experiment.
    pub experiment: Experiment,
    /// Its template as it is now; `None` when there is none of that name any more.
    pub template: Option<Arc<Template>>,
    /// The run that was made last.
    pub last: Option<Run>,
    /// How many runs it has.
    pub runs: u64,
    /// Why what waits will not be leased as things are; empty when some worker could take it.
    pub obstacle: String,
    /// What it cost so far.
    pub spending: Spending,
}

/// A run in a list.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// The run.
    pub run: Run,
    /// What it attempts.
    pub task: Task,
    /// The name of the worker that has or had it.
    pub worker: Option<String>,
    /// What it cost, or as far as it was counted.
    pub cost: Option<Money>,
}

impl Hub {
    /// One page of the experiments that `query` lets through, and how many it lets through.
    pub fn list_experiments(
        &self,
        query: &ExperimentQuery,
    ) -> Result<(Vec<ExperimentRow>, u64), HubError> {
        let query = query.clone();
        self.read(move |tx| {
            let (found, total) = experiments::list(tx, &query)?;
            let row = |experiment: Experiment| {
                let last = last_run(tx, experiment.id)?;
                Ok(ExperimentRow { experiment, last })
            };
            let rows: Result<Vec<_>, HubError> = found.into_iter().map(row).collect();
            Ok((rows?, total))
        })
    }

    /// Whether somebody stopped it as a whole, so that it makes no more tasks.
    pub fn is_stopped(&self, id: ExperimentId) -> Result<bool, HubError> {
        self.read(move |tx| Ok(experiments::is_stopped(tx, id)?))
    }

    /// An experiment with what can be said of it now.
    pub fn experiment_detail(&self, id: ExperimentId) -> Result<ExperimentDetail, HubError> {
        let (experiment, last, runs) = self.read(move |tx| {
            let experiment = find(tx, id)?;
            Ok((
                experiment,
                last_run(tx, id)?,
                runs::count_of_experiment(tx, id)?,
            ))
        })?;
        Ok(ExperimentDetail {
            template: self.template_of(&experiment)?.ok(),
            obstacle: self.obstacle(&experiment)?,
            spending: self.spending(&experiment, None)?,
            experiment,
            last,
            runs,
        })
    }

    /// One page of an experiment's runs, the latest first, and how many there are.
    pub fn experiment_runs(
        &self,
        id: ExperimentId,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<RunRow>, u64), HubError> {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        self.read(move |tx| {
            find(tx, id)?;
            let found = runs::list_of_experiment(tx, id, i64::from(limit), offset)?;
            let mut workers = HashMap::new();
            let row = |run| run_row(tx, &mut workers, run);
            let rows: Result<Vec<_>, HubError> = found.into_iter().map(row).collect();
            Ok((rows?, runs::count_of_experiment(tx, id)?))
        })
    }
}

pub(crate) fn run_row(
    tx: &mut Tx,
    workers: &mut HashMap<WorkerId, String>,
    run: Run,
) -> Result<RunRow, HubError> {
    let task = find_task(tx, run.task)?;
    note_worker(tx, workers, run.worker)?;
    Ok(RunRow {
        worker: run.worker.and_then(|id| workers.get(&id).cloned()),
        cost: selected::costs(tx, &[run.id])?.remove(&run.id),
        run,
        task,
    })
}

fn last_run(tx: &mut Tx, id: ExperimentId) -> Result<Option<Run>, HubError> {
    let latest = runs::list_of_experiment(tx, id, 1, 0)?;
    Ok(latest.into_iter().next())
}

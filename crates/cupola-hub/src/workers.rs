//! Workers as people see them.

use std::collections::HashMap;

use cupola_domain::{
    event::Event,
    experiment::Experiment,
    ids::{ExperimentId, TaskId, WorkerId},
    run::Run,
    task::Task,
    worker::{Presence, Worker},
};
use cupola_store::{Tx, events, experiments, runs, tasks, workers};

use crate::{Hub, HubError};

/// How many of a worker's runs its page shows.
const RUNS_SHOWN: i64 = 50;

/// A worker with what it does.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    /// The worker; its last sign of life is up to date.
    pub worker: Worker,
    /// What its signs of life say.
    pub presence: Presence,
    /// How many runs it has now.
    pub running: usize,
}

/// A worker with its last runs.
#[derive(Debug, Clone)]
pub struct WorkerDetail {
    /// The worker.
    pub row: WorkerRow,
    /// What it has and had, the latest first.
    pub runs: Vec<Run>,
    /// The tasks that appear.
    pub tasks: HashMap<TaskId, Task>,
    /// The experiments that appear.
    pub experiments: HashMap<ExperimentId, Experiment>,
}

impl Hub {
    /// All workers by name.
    pub fn list_workers(&self) -> Result<Vec<WorkerRow>, HubError> {
        let found = self.read(|tx| Ok(workers::list(tx)?))?;
        Ok(found.into_iter().map(|worker| self.row(worker)).collect())
    }

    /// A worker with its last runs.
    pub fn worker_detail(&self, id: WorkerId) -> Result<WorkerDetail, HubError> {
        self.read(move |tx| {
            let worker = find(tx, id)?;
            let mut runs = runs::list_of_worker(tx, id, RUNS_SHOWN)?;
            let mut tasks = HashMap::new();
            let mut experiments = HashMap::new();
            for run in &runs {
                if !experiments.contains_key(&run.experiment)
                    && let Some(experiment) = experiments::find(tx, run.experiment)?
                {
                    experiments.insert(run.experiment, experiment);
                }
                if let Some(task) = tasks::find(tx, run.task)? {
                    tasks.insert(run.task, task);
                }
            }
            // Runs of deleted families end unseen.
            runs.retain(|run| experiments.contains_key(&run.experiment));
            Ok((worker, runs, tasks, experiments))
        })
        .map(|(worker, runs, tasks, experiments)| WorkerDetail {
            row: self.row(worker),
            runs,
            tasks,
            experiments,
        })
    }

    /// Takes a worker off the lists and shuts it out; its runs wait for another.
    pub fn remove_worker(&self, id: WorkerId) -> Result<(), HubError> {
        let now = self.now();
        self.write(move |tx| {
            find(tx, id)?;
            workers::save_removed(tx, id, now)?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(())
        })?;
        let removed = self.live().workers.remove(&id);
        self.heart_of_fleet().forget(id);
        self.expire_leases_of(id, removed.map_or(now, |worker| worker.last_seen))
    }

    fn row(&self, mut worker: Worker) -> WorkerRow {
        let live = self.live();
        if let Some(known) = live.workers.get(&worker.id) {
            worker.last_seen_at = worker.last_seen_at.max(known.last_seen);
            worker.left_at = known.left_at;
        }
        let running = live.leases.count_of_worker(worker.id);
        drop(live);
        WorkerRow {
            presence: worker.presence(self.now()),
            worker,
            running,
        }
    }
}

fn find(tx: &mut Tx, id: WorkerId) -> Result<Worker, HubError> {
    workers::find(tx, id)?.ok_or_else(|| HubError::not_found("worker", id))
}

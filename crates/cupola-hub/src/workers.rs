//! Workers as people see them.

use cupola_domain::{
    event::Event,
    ids::WorkerId,
    run::Run,
    worker::{Presence, Worker},
};
use cupola_store::{Tx, events, runs, workers};

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
}

impl Hub {
    /// All workers by name.
    pub fn list_workers(&self) -> Result<Vec<WorkerRow>, HubError> {
        let found = self.read(|tx| Ok(workers::list(tx)?))?;
        Ok(found.into_iter().map(|worker| self.row(worker)).collect())
    }

    /// A worker with its last runs.
    pub fn worker_detail(&self, id: WorkerId) -> Result<WorkerDetail, HubError> {
        let (worker, runs) =
            self.read(move |tx| Ok((find(tx, id)?, runs::list_of_worker(tx, id, RUNS_SHOWN)?)))?;
        Ok(WorkerDetail {
            row: self.row(worker),
            runs,
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
        self.live().workers.remove(&id);
        self.expire_leases_of(id)
    }

    fn row(&self, mut worker: Worker) -> WorkerRow {
        let live = self.live();
        if let Some(known) = live.workers.get(&worker.id) {
            worker.last_seen_at = worker.last_seen_at.max(known.last_seen);
            worker.left_at = known.left_at;
        }
        let running = live.leases.of_worker(worker.id).len();
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

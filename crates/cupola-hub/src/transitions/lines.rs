//! What a move means for the lines that tasks wait in: what is at work, why it was lost, on which machines
//! it goes on.

use std::time::Duration;

use cupola_domain::{
    counts::State,
    poison::{evidence, is_poison},
    run::{Failure, Lease, Loss, RunState},
    scheduling::Placement,
    time::Timestamp,
};
use cupola_store::{Tx, experiments, scheduling, workers};

use super::{Pair, stale};
use crate::{HubError, work::choosing::keep_class};

/// Whoever was heard of so lately has workers here.
const PRESENT: Duration = Duration::from_hours(24);

impl Pair {
    /// Counts the task in or out of what its owner has at work; what a client logs nobody waits for.
    pub(super) fn count_at_work(&self, tx: &mut Tx, was: State) -> Result<(), HubError> {
        let added = match (was, self.task.state.word()) {
            (State::Running, State::Running) => 0,
            (State::Running, _) => -1,
            (_, State::Running) => 1,
            _ => 0,
        };
        if added != 0 && self.task.worker.is_some() {
            scheduling::add_running(tx, self.task.id, added)?;
        }
        Ok(())
    }

    /// Notes why the worker does not have the run any more; what was being cancelled is not lost.
    pub(super) fn note_loss(&mut self, loss: Loss) {
        let is_wanted = !matches!(self.run.state, RunState::Cancelling { .. });
        self.run.loss = is_wanted.then_some(loss);
    }

    /// What the task is stopped with, where it may be what its workers die of.
    pub(super) fn poison(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<Failure>, HubError> {
        let made = scheduling::find_made(tx, self.task.id)?;
        let made = made.unwrap_or(self.task.created_at);
        let deaths = scheduling::list_deaths(tx, self.task.id, made)?;
        if deaths.len() < 2 {
            return Ok(None);
        }
        let owners = scheduling::count_owners(tx, now.minus(PRESENT))?;
        Ok(is_poison(&deaths, owners).then(|| Failure::Poison(evidence(&deaths))))
    }

    /// While a run was lost, a machine of another device class may have taken the first task of an
    /// experiment that keeps to one: then what comes back late counts no more.
    pub(super) fn check_class(&self, tx: &mut Tx, lease: Lease) -> Result<(), HubError> {
        if !matches!(self.run.state, RunState::Lost { .. }) {
            return Ok(());
        }
        let Some(experiment) = experiments::find_any(tx, self.task.experiment)? else {
            return Ok(());
        };
        let worker = workers::find(tx, lease.worker)?;
        let class = worker
            .as_ref()
            .and_then(|worker| worker.capabilities.class());
        if !experiment.class().takes(class) {
            return Err(stale(lease.epoch));
        }
        match class.filter(|_| experiment.placement == Placement::OneClass) {
            Some(class) => keep_class(tx, experiment.id, class),
            None => Ok(()),
        }
    }
}

//! Leases are renewed, resumed, and taken away.

use cupola_domain::{
    event::Event,
    ids::{RunId, TokenId, WorkerId},
    lease::LEASE_TTL,
    run::{Lease, Loss, RunState},
    time::Timestamp,
};

use cupola_store::{events, runs, scheduling};

use super::{Beat, Held, Orders, had_lease};
use crate::{Hub, HubError, transitions::Pair};

impl Hub {
    /// A worker is alive and says what it has.
    pub fn renew_leases(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
        holding: &[Held],
    ) -> Result<Orders, HubError> {
        self.note_alive(token, id, session)?;
        let now = self.world().monotonic();
        let mut orders = Orders::default();
        let mut unknown = Vec::new();
        {
            let mut live = self.live();
            for (run, epoch) in holding {
                let lease = Lease {
                    worker: id,
                    epoch: *epoch,
                };
                if !live.leases.renew(*run, lease, now.plus(LEASE_TTL)) {
                    unknown.push((*run, lease));
                } else if live.cancelling.contains(run) {
                    orders.cancel.push((*run, *epoch));
                }
            }
        }
        for (run, lease) in unknown {
            if !self.resume_run(run, lease)? {
                self.note_cut_off(run, lease)?;
                orders.abandon.push((run, lease.epoch));
            }
        }
        Ok(orders)
    }

    /// A worker is alive, says what it has and what it gives back, and whether its owner lets it take work.
    /// What it gives back others take at once, and no loss is counted; what is not its own any more is
    /// passed over.
    pub fn take_heartbeat(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
        beat: &Beat,
    ) -> Result<Orders, HubError> {
        self.note_alive(token, id, session)?;
        self.note_pause(id, beat.paused.as_ref())?;
        let loss = self.loss_of_returned(id);
        for (run, epoch) in &beat.returning {
            let lease = Lease {
                worker: id,
                epoch: *epoch,
            };
            match self.hand_back(*run, lease, loss) {
                Ok(()) | Err(HubError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if !beat.returning.is_empty() {
            self.bus.announce_work();
        }
        self.renew_leases(token, id, session, &beat.holding)
    }

    /// The leases that have run out, the longest overdue first.
    pub(crate) fn overdue_leases(&self) -> Vec<(RunId, Lease)> {
        let now = self.world().monotonic();
        self.live().leases.expired(now)
    }

    /// The worker stops its programs and says so: others take the tasks, and nobody is counted lost.
    pub(crate) fn hand_back_leases_of(&self, worker: WorkerId) -> Result<(), HubError> {
        let held = self.live().leases.of_worker(worker);
        for (run, lease) in held {
            self.hand_back(run, lease, Loss::Stopped)?;
        }
        self.bus.announce_work();
        Ok(())
    }

    /// What is said of what a worker gives back: its owner wants the machine, unless an operator drains it.
    fn loss_of_returned(&self, worker: WorkerId) -> Loss {
        let live = self.live();
        match live
            .workers
            .get(&worker)
            .map(|known| known.drained.is_some())
        {
            Some(true) => Loss::Drained,
            _ => Loss::Returned,
        }
    }

    /// A worker is back as it was, and what it had is another's or over: it did not die of it.
    fn note_cut_off(&self, run: RunId, lease: Lease) -> Result<(), HubError> {
        let found = self.read(move |tx| Ok(runs::find(tx, run)?))?;
        if found.is_none_or(|run| run.loss != Some(Loss::Silent) || !had_lease(&run, lease)) {
            return Ok(());
        }
        self.write(move |tx| {
            if scheduling::save_cut_off(tx, run, lease)?
                && let Some(run) = runs::find(tx, run)?
            {
                events::record(tx, Event::RunChanged(run.id, run.task));
            }
            Ok(())
        })
    }

    fn hand_back(&self, run: RunId, lease: Lease, loss: Loss) -> Result<(), HubError> {
        let (now, spare) = (self.now(), self.next_id());
        self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            if pair.run.state.lease() == Some(lease) {
                pair.hand_back(tx, loss, spare, now)?;
            }
            Ok(())
        })?;
        self.settle(run)
    }

    /// Gives the runs of a worker back at once that was heard of last then.
    pub(crate) fn expire_leases_of(
        &self,
        worker: WorkerId,
        since: (Loss, Timestamp),
    ) -> Result<(), HubError> {
        let held = self.live().leases.of_worker(worker);
        for (run, lease) in held {
            self.expire_run(run, lease, since)?;
        }
        Ok(())
    }

    pub(crate) fn expire_leases_of_token(&self, token: TokenId) -> Result<(), HubError> {
        let workers: Vec<(WorkerId, Timestamp)> = {
            let live = self.live();
            live.workers
                .iter()
                .filter(|(_, w)| w.token == token)
                .map(|(id, w)| (*id, w.last_seen))
                .collect()
        };
        workers
            .into_iter()
            .try_for_each(|(worker, seen)| self.expire_leases_of(worker, (Loss::Revoked, seen)))
    }

    /// Takes a lease away, if it is still the run's, from a worker that was heard of last then.
    fn expire_run(
        &self,
        run: RunId,
        lease: Lease,
        since: (Loss, Timestamp),
    ) -> Result<(), HubError> {
        let now = self.now();
        self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            let lost = matches!(pair.run.state, RunState::Lost { .. });
            if !lost && pair.run.state.lease() == Some(lease) {
                pair.expire(tx, since, now)?;
            }
            Ok(())
        })?;
        self.settle(run)?;
        self.bus.announce_work();
        Ok(())
    }

    /// Expires a lease that was overdue a moment ago, if it still is.
    pub(crate) fn expire_overdue(&self, run: RunId, lease: Lease) -> Result<(), HubError> {
        let now = self.world().monotonic();
        let last_seen = {
            let live = self.live();
            if !live.leases.is_overdue(run, lease, now) {
                return Ok(());
            }
            live.workers
                .get(&lease.worker)
                .map(|worker| worker.last_seen)
        };
        let last_seen = last_seen.unwrap_or_else(|| self.now());
        // Who is alive is heard of more often than that. A report or a question may be the last that was heard,
        // some seconds after the lease was renewed.
        let is_silent = self.now().since(last_seen) >= LEASE_TTL / 2;
        let loss = if is_silent {
            Loss::Silent
        } else {
            Loss::Overdue
        };
        self.expire_run(run, lease, (loss, last_seen))
    }

    /// Makes what the hub knows of a run's lease by heart what the store holds. Commits of several
    /// threads may be noted here in another order than they happened: whoever comes last reads what
    /// all of them came to.
    pub(crate) fn settle(&self, run: RunId) -> Result<(), HubError> {
        let now = self.world().monotonic();
        let mut live = self.live();
        let found = self.read(move |tx| match Pair::find(tx, run) {
            Ok(pair) => Ok(Some(pair)),
            Err(HubError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        })?;
        let Some(Pair { run: found, task }) = found else {
            live.release(run);
            return Ok(());
        };
        match &found.state {
            RunState::Leased { lease } | RunState::Running { lease, .. } => {
                live.cancelling.remove(&run);
                live.grant(&found, *lease, task.time_budget, now);
            }
            RunState::Cancelling { lease, .. } => {
                live.cancelling.insert(run);
                live.grant(&found, *lease, task.time_budget, now);
            }
            _ => live.release(run),
        }
        Ok(())
    }

    /// Lets a worker go on with a run whose lease ran out, if nobody else has its task.
    fn resume_run(&self, run: RunId, lease: Lease) -> Result<bool, HubError> {
        if self.refuse_banned(lease.worker).is_err() {
            return Ok(false);
        }
        let now = self.now();
        let resumed = self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            pair.resume(tx, lease, now)
        });
        match resumed {
            Ok(()) => {
                self.settle(run)?;
                Ok(true)
            }
            Err(HubError::StaleLease(_) | HubError::Conflict(_) | HubError::NotFound { .. }) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

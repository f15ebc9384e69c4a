//! When leases run out. Held in memory by the hub, measured on a clock that only moves forwards.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use crate::{
    ids::{RunId, WorkerId},
    run::Lease,
    time::Instant,
};

/// A worker that is silent for this long has lost its runs.
pub const LEASE_TTL: Duration = Duration::from_secs(30);

/// How often a worker renews.
pub const HEARTBEAT_PERIOD: Duration = Duration::from_secs(5);

/// The live leases and their deadlines.
#[derive(Debug, Default)]
pub struct LeaseTable {
    leases: HashMap<RunId, (Lease, Instant)>,
    by_deadline: BTreeSet<(Instant, RunId)>,
    by_worker: BTreeSet<(WorkerId, RunId)>,
}

impl LeaseTable {
    /// Notes a lease, or moves its deadline.
    pub fn put(&mut self, run: RunId, lease: Lease, until: Instant) {
        self.remove(run);
        self.leases.insert(run, (lease, until));
        self.by_deadline.insert((until, run));
        self.by_worker.insert((lease.worker, run));
    }

    /// Moves the deadline if `lease` is the one that is held. Says whether it was.
    pub fn renew(&mut self, run: RunId, lease: Lease, until: Instant) -> bool {
        let held = self
            .leases
            .get(&run)
            .is_some_and(|(held, _)| *held == lease);
        if held {
            self.put(run, lease, until);
        }
        held
    }

    /// The lease of a run.
    pub fn find(&self, run: RunId) -> Option<Lease> {
        self.leases.get(&run).map(|(lease, _)| *lease)
    }

    /// Forgets a lease.
    pub fn remove(&mut self, run: RunId) {
        if let Some((lease, until)) = self.leases.remove(&run) {
            self.by_deadline.remove(&(until, run));
            self.by_worker.remove(&(lease.worker, run));
        }
    }

    /// The runs whose leases have run out, the longest overdue first.
    pub fn expired(&self, now: Instant) -> Vec<(RunId, Lease)> {
        let overdue = self
            .by_deadline
            .iter()
            .take_while(|(until, _)| *until < now);
        overdue
            .filter_map(|(_, run)| Some((*run, self.leases.get(run)?.0)))
            .collect()
    }

    /// Whether this lease is held and has run out.
    pub fn is_overdue(&self, run: RunId, lease: Lease, now: Instant) -> bool {
        self.leases
            .get(&run)
            .is_some_and(|(held, until)| *held == lease && *until < now)
    }

    /// How many leases one worker has.
    pub fn count_of_worker(&self, worker: WorkerId) -> usize {
        self.runs_of(worker).count()
    }

    fn runs_of(&self, worker: WorkerId) -> impl Iterator<Item = RunId> {
        let first = (worker, RunId::from(uuid::Uuid::nil()));
        let rest = self.by_worker.range(first..);
        rest.take_while(move |(owner, _)| *owner == worker)
            .map(|(_, run)| *run)
    }

    /// The live leases of one worker.
    pub fn of_worker(&self, worker: WorkerId) -> Vec<(RunId, Lease)> {
        self.runs_of(worker)
            .filter_map(|run| Some((run, self.leases.get(&run)?.0)))
            .collect()
    }

    /// How many leases are live.
    pub fn len(&self) -> usize {
        self.leases.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Ids;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    fn leased(until: u64) -> (LeaseTable, RunId, Lease) {
        let run = Ids::new(1).next(crate::time::Timestamp::from_millis(0));
        let lease = Lease {
            worker: uuid::Uuid::nil().into(),
            epoch: 1,
        };
        let mut table = LeaseTable::default();
        table.put(run, lease, at(until));
        (table, run, lease)
    }

    #[test]
    fn a_live_lease_does_not_expire() {
        let (table, ..) = leased(60);
        assert!(table.expired(at(60)).is_empty());
    }

    #[test]
    fn an_overdue_lease_expires() {
        let (table, run, lease) = leased(60);
        assert_eq!(table.expired(at(61)), [(run, lease)]);
    }

    #[test]
    fn a_renewed_lease_lives_on() {
        let (mut table, run, lease) = leased(60);
        assert!(table.renew(run, lease, at(100)));
        assert!(table.expired(at(99)).is_empty());
        assert_eq!(table.of_worker(lease.worker), [(run, lease)]);
    }

    #[test]
    fn a_stale_epoch_renews_nothing() {
        let (mut table, run, lease) = leased(60);
        assert!(!table.renew(run, Lease { epoch: 0, ..lease }, at(100)));
        assert_eq!(table.expired(at(61)), [(run, lease)]);
    }
}

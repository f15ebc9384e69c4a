//! When leases run out. Held in memory by the hub, measured on a clock that only moves forwards.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use crate::{
    ids::{RunId, WorkerId},
    run::{Lease, RunState},
    task::hard_deadline,
    time::Instant,
};

/// A worker that is silent for this long has lost its runs.
pub const LEASE_TTL: Duration = Duration::from_secs(30);

/// How often a worker renews.
pub const HEARTBEAT_PERIOD: Duration = Duration::from_secs(5);

/// A hub takes about so many signs of life in a second: with more workers each comes less often.
const BEATS_PER_SEC: u64 = 1_000;

/// But a lease has time for two that get lost.
const HEARTBEAT_PERIOD_MAX: Duration = Duration::from_secs(10);

/// About so many workers that wait for work ask again in a second when some may be ready.
const WAKES_PER_SEC: u64 = 2_000;

/// After how long one of so many workers renews again. `chance`, from 0 to 1, moves it by a tenth at most, so
/// that workers which came back together do not stay in step.
pub fn heartbeat_after(workers: usize, chance: f64) -> Duration {
    let needed = Duration::from_millis(workers as u64 * 1_000 / BEATS_PER_SEC);
    let period = needed.clamp(HEARTBEAT_PERIOD, HEARTBEAT_PERIOD_MAX);
    period.mul_f64(0.9 + 0.2 * chance.clamp(0.0, 1.0))
}

/// How long one of so many workers that wait for work waits on when some may be ready, so that they do not
/// all ask at once. A few ask at once.
pub fn wake_after(waiting: usize, chance: f64) -> Duration {
    let span = Duration::from_millis(waiting as u64 * 1_000 / WAKES_PER_SEC);
    if span < Duration::from_millis(50) {
        return Duration::ZERO;
    }
    span.mul_f64(chance.clamp(0.0, 1.0))
}

/// Beyond the time that its program may take a run is leased for so long: to prepare it, and to upload
/// what it made.
const AROUND_MAX: Duration = Duration::from_hours(1);

/// And for so long once it was asked to stop.
const STOP_MAX: Duration = Duration::from_mins(10);

/// How long a lease is renewed at most. Else a worker that only says that it is alive would hold a task,
/// and what is to be paid for it, for ever.
pub fn longest(state: &RunState, time_budget: Duration) -> Duration {
    match state {
        RunState::Cancelling { .. } => STOP_MAX,
        _ => hard_deadline(time_budget) + AROUND_MAX,
    }
}

/// A lease that is held.
#[derive(Debug, Clone, Copy)]
struct Held {
    lease: Lease,
    until: Instant,
    /// It is not renewed beyond this.
    last: Instant,
}

/// The live leases and their deadlines.
#[derive(Debug, Default)]
pub struct LeaseTable {
    leases: HashMap<RunId, Held>,
    by_deadline: BTreeSet<(Instant, RunId)>,
    by_worker: BTreeSet<(WorkerId, RunId)>,
}

impl LeaseTable {
    /// Notes a lease that runs out then, and is renewed until `last` at most. Of one that is held already
    /// neither is moved beyond what was said first to be the last.
    pub fn put(&mut self, run: RunId, lease: Lease, until: Instant, last: Instant) {
        let known = self.leases.get(&run).filter(|held| held.lease == lease);
        let last = known.map_or(last, |held| held.last.min(last));
        self.remove(run);
        let until = until.min(last);
        self.leases.insert(run, Held { lease, until, last });
        self.by_deadline.insert((until, run));
        self.by_worker.insert((lease.worker, run));
    }

    /// Moves the deadline if `lease` is the one that is held. Says whether it was.
    pub fn renew(&mut self, run: RunId, lease: Lease, until: Instant) -> bool {
        let held = self.leases.get(&run).filter(|held| held.lease == lease);
        let last = held.map(|held| held.last);
        if let Some(last) = last {
            self.put(run, lease, until, last);
        }
        last.is_some()
    }

    /// The lease of a run.
    pub fn find(&self, run: RunId) -> Option<Lease> {
        self.leases.get(&run).map(|held| held.lease)
    }

    /// Forgets a lease.
    pub fn remove(&mut self, run: RunId) {
        if let Some(Held { lease, until, .. }) = self.leases.remove(&run) {
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
            .filter_map(|(_, run)| Some((*run, self.leases.get(run)?.lease)))
            .collect()
    }

    /// Whether this lease is held and has run out.
    pub fn is_overdue(&self, run: RunId, lease: Lease, now: Instant) -> bool {
        self.leases
            .get(&run)
            .is_some_and(|held| held.lease == lease && held.until < now)
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
            .filter_map(|run| Some((run, self.leases.get(&run)?.lease)))
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
        table.put(run, lease, at(until), at(1_000));
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
    fn nothing_is_renewed_beyond_its_last_moment() {
        let (mut table, run, lease) = leased(60);
        table.put(run, lease, at(70), at(80));
        table.put(run, lease, at(90), at(2_000));
        assert!(table.renew(run, lease, at(100)));
        assert_eq!(table.expired(at(81)), [(run, lease)]);
        let next = Lease { epoch: 2, ..lease };
        table.put(run, next, at(100), at(200));
        assert!(table.expired(at(99)).is_empty());
    }

    #[test]
    fn many_workers_renew_less_often_and_never_too_late() {
        let check = |workers, chance, secs: f64| {
            let found = heartbeat_after(workers, chance).as_secs_f64();
            assert!((found - secs).abs() < 0.01, "{workers} {chance}: {found}");
        };
        check(1, 0.5, 5.0);
        check(1, 0.0, 4.5);
        check(1, 1.0, 5.5);
        check(5_000, 0.5, 5.0);
        check(8_000, 0.5, 8.0);
        check(1_000_000, 1.0, 11.0);
        assert!(2 * heartbeat_after(usize::MAX / 1_000, 1.0) < LEASE_TTL);
    }

    #[test]
    fn a_few_that_wait_ask_at_once_and_many_one_after_the_other() {
        assert_eq!(wake_after(50, 1.0), Duration::ZERO);
        assert_eq!(wake_after(10_000, 0.0), Duration::ZERO);
        assert_eq!(wake_after(10_000, 0.5), Duration::from_millis(2_500));
    }

    #[test]
    fn a_stale_epoch_renews_nothing() {
        let (mut table, run, lease) = leased(60);
        assert!(!table.renew(run, Lease { epoch: 0, ..lease }, at(100)));
        assert_eq!(table.expired(at(61)), [(run, lease)]);
    }
}

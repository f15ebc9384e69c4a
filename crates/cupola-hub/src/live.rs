//! What the hub knows by heart: leases with their deadlines, and signs of life.
//!
//! None of it is lost in a restart: leases are read back from the store and get a fresh deadline.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use cupola_domain::{
    ids::{RunId, TokenId, WorkerId},
    lease::{LEASE_TTL, LeaseTable, longest},
    resources::Capabilities,
    run::{Lease, Run, RunState},
    time::{Instant, Timestamp},
    worker::{Drained, Worker},
};
use cupola_store::{Store, runs, tasks, workers};
use tokio::sync::Notify;

use crate::HubError;

/// After a restart nobody is taken for lost earlier than this, however short leases are.
const RESTART_GRACE: Duration = Duration::from_mins(1);

/// A sign of life is written down at most this often; in between it is known by heart.
const SEEN_WRITE_PERIOD: Duration = Duration::from_secs(10);

/// With many workers less often, so that about so many are written down in a second; but before a worker
/// would be shown as offline after a restart.
const SEEN_WRITES_PER_SEC: usize = 300;
const SEEN_WRITE_PERIOD_MAX: Duration = Duration::from_secs(30);

/// Whoever waits for a worker to finish asks each few seconds; who asks no more does not want it to go.
const LEAVING_HOLDS: Duration = Duration::from_secs(15);

/// How long a worker that could not prepare a run takes no others.
const REST_MIN: Duration = Duration::from_secs(5);
const REST_MAX: Duration = Duration::from_mins(10);

/// Why a worker takes no work for now, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// In words.
    pub why: String,
    /// Until when at least, where that is known.
    pub until: Option<Timestamp>,
}

/// One worker.
#[derive(Debug, Clone)]
pub(crate) struct LiveWorker {
    pub(crate) name: String,
    pub(crate) token: TokenId,
    pub(crate) session: String,
    pub(crate) capabilities: Capabilities,
    pub(crate) slots: u32,
    pub(crate) last_seen: Timestamp,
    pub(crate) left_at: Option<Timestamp>,
    /// Why its owner lets it take no work for now.
    pub(crate) paused: Option<Paused>,
    /// Finishes what it has and takes no more: its owner wanted it to go then.
    leaving_since: Option<Instant>,
    /// The same, because an operator wants it so.
    pub(crate) drained: Option<Drained>,
    /// Wakes its question for work, when something of its own has ended.
    pub(crate) asks_again: Arc<Notify>,
    written: Option<Instant>,
    /// Takes no runs until then, and for how long it rested last.
    rests: Option<(Instant, Duration)>,
}

impl LiveWorker {
    pub(crate) fn of(worker: &Worker) -> Self {
        Self {
            name: worker.name.clone(),
            token: worker.token,
            session: worker.session.clone(),
            capabilities: worker.capabilities.clone(),
            slots: worker.slots,
            last_seen: worker.last_seen_at,
            left_at: worker.left_at,
            paused: None,
            leaving_since: None,
            drained: worker.drained.clone(),
            asks_again: Arc::default(),
            written: None,
            rests: None,
        }
    }

    /// How much memory its owner lets a program take, where that is less than the machine has.
    fn memory_limit(&self) -> Option<u64> {
        self.capabilities.confinement.as_ref()?.memory_bytes
    }

    /// Takes no runs for a while, each time for twice as long.
    pub(crate) fn rest(&mut self, now: Instant) {
        let span = self
            .rests
            .map_or(REST_MIN, |(_, span)| (span * 2).min(REST_MAX));
        self.rests = Some((now.plus(span), span));
    }

    /// Takes runs again.
    pub(crate) fn wake(&mut self) {
        self.rests = None;
    }

    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        let is_leaving = self.is_leaving(now) || self.drained.is_some();
        is_leaving || self.rests.is_some_and(|(until, _)| now < until)
    }

    /// Its owner wants it to go once it has finished what it has.
    pub(crate) fn note_leaving(&mut self, now: Instant) {
        self.leaving_since = Some(now);
    }

    /// Whether its owner wants it to go, and has said so lately.
    pub(crate) fn is_leaving(&self, now: Instant) -> bool {
        let since = self.leaving_since.map(|since| now.since(since));
        since.is_some_and(|since| since < LEAVING_HOLDS)
    }
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Live {
    /// What is known of who was alive is not older than this.
    pub(crate) began_at: Timestamp,
    pub(crate) leases: LeaseTable,
    pub(crate) cancelling: HashSet<RunId>,
    /// How much memory owners of workers let runs have, where they were given less than the machine has.
    limited: HashMap<RunId, u64>,
    pub(crate) workers: HashMap<WorkerId, LiveWorker>,
}

impl Live {
    pub(crate) fn load(store: &Store, now: Instant, began_at: Timestamp) -> Result<Self, HubError> {
        store.read(move |tx| {
            let mut live = Live {
                began_at,
                leases: LeaseTable::default(),
                cancelling: HashSet::new(),
                limited: HashMap::new(),
                workers: HashMap::new(),
            };
            for worker in workers::list(tx)? {
                live.workers.insert(worker.id, LiveWorker::of(&worker));
            }
            let until = now.plus(LEASE_TTL.max(RESTART_GRACE));
            for run in runs::list_leased(tx)? {
                if let (Some(lease), Some(task)) = (run.state.lease(), tasks::find(tx, run.task)?) {
                    let last = now.plus(longest(&run.state, task.time_budget));
                    live.leases.put(run.id, lease, until, last);
                    live.note_limit(run.id, lease.worker);
                }
                if matches!(run.state, RunState::Cancelling { .. }) {
                    live.cancelling.insert(run.id);
                }
            }
            Ok(live)
        })
    }

    /// A worker joins or comes back; what was known of it before. In the same session, its owner's word holds.
    pub(crate) fn join(&mut self, worker: &Worker) -> Option<LiveWorker> {
        let mut joined = LiveWorker::of(worker);
        let before = self.workers.get(&worker.id);
        let same = before.filter(|before| before.session == joined.session);
        joined.paused = same.and_then(|before| before.paused.clone());
        self.workers.insert(worker.id, joined)
    }

    pub(crate) fn grant(&mut self, run: &Run, lease: Lease, time_budget: Duration, now: Instant) {
        let last = now.plus(longest(&run.state, time_budget));
        self.leases.put(run.id, lease, now.plus(LEASE_TTL), last);
        self.note_limit(run.id, lease.worker);
    }

    fn note_limit(&mut self, run: RunId, worker: WorkerId) {
        let worker = self.workers.get(&worker);
        if let Some(limit) = worker.and_then(LiveWorker::memory_limit) {
            self.limited.insert(run, limit);
        } else {
            self.limited.remove(&run);
        }
    }

    /// How much memory its worker's owner let a run have when it was leased; none where all that there is.
    pub(crate) fn memory_limit_of(&self, run: RunId) -> Option<u64> {
        self.limited.get(&run).copied()
    }

    pub(crate) fn release(&mut self, run: RunId) {
        self.leases.remove(run);
        self.cancelling.remove(&run);
        self.limited.remove(&run);
    }

    /// Notes a sign of life; says whether it is time to write it down.
    pub(crate) fn note_seen(&mut self, id: WorkerId, at: Timestamp, now: Instant) -> bool {
        let needed = Duration::from_secs((self.workers.len() / SEEN_WRITES_PER_SEC) as u64);
        let period = needed.clamp(SEEN_WRITE_PERIOD, SEEN_WRITE_PERIOD_MAX);
        let Some(worker) = self.workers.get_mut(&id) else {
            return false;
        };
        worker.last_seen = worker.last_seen.max(at);
        worker.left_at = None;
        let due = worker
            .written
            .is_none_or(|written| now.since(written) >= period);
        if due {
            worker.written = Some(now);
        }
        due
    }
}

//! Who waits for changes hears of them here, after they are durable.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use cupola_store::EventRow;
use tokio::sync::{Notify, broadcast};

/// Commits that a slow listener may be behind before it is told to start over.
const NOTICES_MAX: usize = 4096;

/// The events of one commit: what changed, never how.
pub type Notice = Arc<[EventRow]>;

/// Hands out committed events and wakes those who wait for work.
#[derive(Debug, Clone)]
pub(crate) struct Bus {
    notices: broadcast::Sender<Notice>,
    work: Arc<Notify>,
    waiting: Arc<AtomicUsize>,
    told: Arc<Told>,
}

/// Counts as one of those who wait for work until it is dropped.
#[derive(Debug)]
pub struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Numbers of changes that were told.
#[derive(Debug, Default)]
struct Told {
    last: AtomicI64,
    last_ending: AtomicI64,
    last_alert: AtomicI64,
}

impl Bus {
    pub(crate) fn new() -> Self {
        Self {
            notices: broadcast::Sender::new(NOTICES_MAX),
            work: Arc::default(),
            waiting: Arc::default(),
            told: Arc::default(),
        }
    }

    /// Goes on from what was told before.
    pub(crate) fn begin(&self, seq: i64) {
        self.told.last.store(seq, Ordering::Release);
        self.told.last_ending.store(seq, Ordering::Release);
        self.told.last_alert.store(seq, Ordering::Release);
    }

    /// The newest change that was told.
    pub(crate) fn last_told(&self) -> i64 {
        self.told.last.load(Ordering::Acquire)
    }

    /// The newest end of a run that was told.
    pub(crate) fn last_ending(&self) -> i64 {
        self.told.last_ending.load(Ordering::Acquire)
    }

    /// The newest change of alerts or their rules that was told.
    pub(crate) fn last_alert(&self) -> i64 {
        self.told.last_alert.load(Ordering::Acquire)
    }

    /// Called by the store after each commit.
    pub(crate) fn publish(&self, rows: &[EventRow]) {
        if let Some(ending) = rows.iter().rfind(|row| row.kind == "ended") {
            self.told.last_ending.store(ending.seq, Ordering::Release);
        }
        let is_alert = |row: &&EventRow| row.kind == "alert" || row.kind == "alerting";
        if let Some(alert) = rows.iter().rev().find(is_alert) {
            self.told.last_alert.store(alert.seq, Ordering::Release);
        }
        // Before the receivers are counted: who subscribes now reads the number afterwards.
        if let Some(last) = rows.last() {
            self.told.last.store(last.seq, Ordering::SeqCst);
        }
        if self.notices.receiver_count() > 0 {
            // An error says that nobody listens any more, which is fine.
            let _ = self.notices.send(Arc::from(rows));
        }
    }

    /// From now on, all that is committed.
    pub(crate) fn subscribe(&self) -> Changes {
        Changes {
            notices: self.notices.subscribe(),
        }
    }

    /// Some task may be leased now.
    pub(crate) fn announce_work(&self) {
        self.work.notify_waiters();
    }

    /// One more may be at work: one of those who wait asks.
    pub(crate) fn announce_place(&self) {
        self.work.notify_one();
    }

    /// One more waits for work.
    pub(crate) fn wait(&self) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(&self.waiting))
    }

    /// How many wait for work.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn work(&self) -> Arc<Notify> {
        Arc::clone(&self.work)
    }
}

/// A listener's end.
#[derive(Debug)]
pub struct Changes {
    notices: broadcast::Receiver<Notice>,
}

impl Changes {
    /// The changes of the next commit; `None` when some were missed and all that is shown must be read again.
    /// Never ends while the hub lives.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.notices.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

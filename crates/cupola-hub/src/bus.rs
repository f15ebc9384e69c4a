//! Who waits for changes hears of them here, after they are durable.

use std::sync::Arc;

use cupola_store::EventRow;
use tokio::sync::{Notify, broadcast};

/// Notices that a slow listener may be behind before it is told to start over.
const NOTICES_MAX: usize = 4096;

/// A committed event: what changed, never how.
pub type Notice = Arc<EventRow>;

/// Hands out committed events and wakes those who wait for work.
#[derive(Debug, Clone)]
pub(crate) struct Bus {
    notices: broadcast::Sender<Notice>,
    work: Arc<Notify>,
}

impl Bus {
    pub(crate) fn new() -> Self {
        Self {
            notices: broadcast::Sender::new(NOTICES_MAX),
            work: Arc::default(),
        }
    }

    /// Called by the store after each commit.
    pub(crate) fn publish(&self, rows: &[EventRow]) {
        if self.notices.receiver_count() == 0 {
            return;
        }
        for row in rows {
            // An error says that nobody listens any more, which is fine.
            let _ = self.notices.send(Arc::new(row.clone()));
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
    /// The next change; `None` when some were missed and all that is shown must be read again.
    /// Never ends while the hub lives.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.notices.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

//! What changed last, by key, and who waits for it.
//!
//! One task reads the hub's changes and notes the number of the newest change under each key that
//! somebody asked for. Streams and kept parts share these notes, so that a change costs the same
//! however many pages are open: whoever was woken and is not ready yet is passed over.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use cupola_hub::{Changes, Hub, Notice};
use cupola_protocol::events::keys_of_parts;
use tokio::sync::{Notify, watch};

/// Forgotten keys are swept out when so many have come since the last time.
const SWEEP_AT: usize = 1_024;

/// The notes.
#[derive(Debug, Default)]
pub(crate) struct Board {
    topics: Mutex<Topics>,
    /// All changes up to this one are noted.
    noted: watch::Sender<i64>,
    has_begun: AtomicBool,
}

#[derive(Debug, Default)]
struct Topics {
    by_key: HashMap<String, Weak<Topic>>,
    sweep_at: usize,
}

/// One key.
#[derive(Debug, Default)]
struct Topic {
    /// Its newest change.
    seq: AtomicI64,
    listeners: Mutex<Vec<Weak<Listener>>>,
}

/// Who waits; woken at most once until it is ready again.
#[derive(Debug, Default)]
struct Listener {
    is_ready: AtomicBool,
    wake: Notify,
}

/// Keys that somebody asked for.
#[derive(Debug)]
pub(crate) struct Watched {
    topics: Vec<(String, Arc<Topic>)>,
    listener: Arc<Listener>,
}

impl Board {
    /// Begins to read the hub's changes, once, for as long as the board is there.
    pub(crate) fn begin(self: &Arc<Self>, hub: &Hub) {
        if self.has_begun.swap(true, Ordering::SeqCst) {
            return;
        }
        let changes = hub.subscribe();
        // After listening began: what is told from here on arrives.
        self.noted.send_replace(hub.last_told());
        tokio::spawn(follow(Arc::downgrade(self), changes));
    }

    /// From now on, the changes of these keys.
    pub(crate) fn watch(&self, keys: impl IntoIterator<Item = String>) -> Watched {
        let listener = Arc::new(Listener::default());
        let mut topics = lock(&self.topics);
        let topics = keys
            .into_iter()
            .map(|key| {
                let topic = topics.find(&key);
                lock(&topic.listeners).push(Arc::downgrade(&listener));
                (key, topic)
            })
            .collect();
        Watched { topics, listener }
    }

    /// All changes up to this one are noted.
    pub(crate) fn noted(&self) -> i64 {
        *self.noted.borrow()
    }

    /// Waits until the changes up to `seq` are noted.
    pub(crate) async fn has_noted(&self, seq: i64) {
        if self.noted() < seq {
            let mut noted = self.noted.subscribe();
            // The sender lives as long as `self`.
            let _ = noted.wait_for(|noted| *noted >= seq).await;
        }
    }

    fn note(&self, rows: &Notice) {
        let Some(last) = rows.last() else {
            return;
        };
        let mut changed: Vec<Arc<Topic>> = Vec::new();
        {
            let topics = lock(&self.topics);
            for row in rows.iter().filter(|_| !topics.by_key.is_empty()) {
                for key in keys_of_parts(&row.kind, &row.subject, row.parent.as_deref()) {
                    let topic = topics.by_key.get(&key).and_then(Weak::upgrade);
                    let Some(topic) = topic else {
                        continue;
                    };
                    let was = topic.seq.swap(row.seq, Ordering::AcqRel);
                    // Noted for the first time in this commit.
                    if was < rows[0].seq {
                        changed.push(topic);
                    }
                }
            }
        }
        self.noted.send_replace(last.seq);
        for topic in changed {
            topic.wake();
        }
    }

    /// Some changes were missed: anything may have changed.
    fn note_all(&self, seq: i64) {
        let all: Vec<_> = lock(&self.topics)
            .by_key
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for topic in &all {
            topic.seq.fetch_max(seq, Ordering::AcqRel);
        }
        self.noted.send_replace(seq);
        for topic in all {
            topic.wake();
        }
    }
}

impl Topics {
    fn find(&mut self, key: &str) -> Arc<Topic> {
        if let Some(topic) = self.by_key.get(key).and_then(Weak::upgrade) {
            return topic;
        }
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, topic| topic.strong_count() > 0);
            self.sweep_at = self.by_key.len() + SWEEP_AT;
        }
        let topic = Arc::new(Topic::default());
        self.by_key.insert(key.to_owned(), Arc::downgrade(&topic));
        topic
    }
}

impl Topic {
    fn wake(&self) {
        for listener in lock(&self.listeners).iter().filter_map(Weak::upgrade) {
            if listener.is_ready.swap(false, Ordering::AcqRel) {
                listener.wake.notify_one();
            }
        }
    }
}

impl Watched {
    /// The keys that changed after `from` and not after `to`.
    pub(crate) fn changed(&self, from: i64, to: i64) -> Vec<&str> {
        let is_due = |topic: &Topic| {
            let seq = topic.seq.load(Ordering::Acquire);
            from < seq && seq <= to
        };
        let changed = self.topics.iter().filter(|(_, topic)| is_due(topic));
        changed.map(|(key, _)| key.as_str()).collect()
    }

    /// Their newest change.
    pub(crate) fn newest(&self) -> i64 {
        let seqs = self.topics.iter();
        seqs.map(|(_, topic)| topic.seq.load(Ordering::Acquire))
            .max()
            .unwrap_or(0)
    }

    /// From here on the next change wakes; look at what changed before waiting for it.
    pub(crate) fn be_ready(&self) {
        self.listener.is_ready.store(true, Ordering::SeqCst);
    }

    /// Waits for the next change.
    pub(crate) async fn woken(&self) {
        self.listener.wake.notified().await;
    }

    /// Whether these are the keys.
    pub(crate) fn is_of(&self, keys: &[String]) -> bool {
        self.topics.iter().map(|(key, _)| key).eq(keys)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        for (_, topic) in &self.topics {
            lock(&topic.listeners)
                .retain(|other| !std::ptr::eq(other.as_ptr(), &raw const *self.listener));
        }
    }
}

async fn follow(board: Weak<Board>, mut changes: Changes) {
    let mut has_missed = false;
    loop {
        let notice = changes.next().await;
        let Some(board) = board.upgrade() else {
            return;
        };
        match notice {
            // The next one says how far the changes have come.
            None => has_missed = true,
            Some(rows) if has_missed => {
                has_missed = false;
                board.note_all(rows.last().map_or(0, |row| row.seq));
            }
            Some(rows) => board.note(&rows),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use cupola_store::EventRow;

    use super::*;

    fn rows(rows: &[(i64, &str, &str)]) -> Notice {
        let row = |(seq, kind, subject): &(i64, &str, &str)| EventRow {
            seq: *seq,
            at: 0,
            kind: (*kind).to_owned(),
            subject: (*subject).to_owned(),
            parent: None,
        };
        rows.iter().map(row).collect()
    }

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[tokio::test]
    async fn who_is_ready_is_woken_once_for_many_changes() {
        let board = Board::default();
        let watched = board.watch(keys(&["run:a", "log:a"]));
        watched.be_ready();
        board.note(&rows(&[(1, "run", "a"), (2, "run", "b"), (3, "log", "a")]));
        board.note(&rows(&[(4, "run", "a")]));
        watched.woken().await;
        assert_eq!(watched.changed(0, board.noted()), ["run:a", "log:a"]);
        assert_eq!(watched.changed(3, board.noted()), ["run:a"]);
        assert_eq!(watched.changed(4, board.noted()), Vec::<&str>::new());
        watched.be_ready();
        let again = tokio::time::timeout(std::time::Duration::from_millis(20), watched.woken());
        assert!(again.await.is_err(), "nothing changed since");
    }

    #[test]
    fn what_was_missed_may_be_anything() {
        let board = Board::default();
        let watched = board.watch(keys(&["run:a", "tasks"]));
        board.note_all(9);
        assert_eq!(watched.changed(0, board.noted()).len(), 2);
        assert_eq!(watched.newest(), 9);
    }

    #[test]
    fn nobody_is_remembered_who_left() {
        let board = Board::default();
        let stays = board.watch(keys(&["tasks"]));
        for n in 0..10_000 {
            drop(board.watch(keys(&["tasks", &format!("run:{n}")])));
        }
        assert!(lock(&board.topics).by_key.len() <= SWEEP_AT + 1);
        assert_eq!(lock(&stays.topics[0].1.listeners).len(), 1);
    }
}

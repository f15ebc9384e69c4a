//! What changed last, by key, and who waits for it.
//!
//! One task reads the hub's changes and notes the number of the newest change under each key that
//! somebody asked for. Streams and kept parts share these notes, so that a change costs the same
//! however many pages are open: whoever was woken and is not ready yet is passed over.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use cupola_hub::{Changes, Hub, Notice};
use cupola_protocol::events::{is_unkept, keys_of_parts};
use tokio::sync::{Notify, watch};

/// Forgotten keys are swept out when so many have come since the last time.
const SWEEP_AT: usize = 1_024;

/// The notes.
#[derive(Debug, Default)]
pub(crate) struct Board {
    topics: Mutex<Topics>,
    /// All changes up to this one are noted.
    noted: watch::Sender<i64>,
    /// How often something was told that is no row of the hub's.
    turn: AtomicU64,
    has_begun: AtomicBool,
}

/// A moment of the board: what was noted and told by then.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    /// The hub's changes up to this one.
    pub(crate) seq: i64,
    /// What was told besides, up to this time.
    pub(crate) turn: u64,
}

impl Mark {
    /// Later than anything.
    pub(crate) const EVER: Self = Self {
        seq: i64::MAX,
        turn: u64::MAX,
    };
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
    /// When it was last told of besides.
    turn: AtomicU64,
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

    /// All that is noted and told now.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            seq: self.noted(),
            turn: self.turn(),
        }
    }

    /// How often something was told.
    pub(crate) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Acquire)
    }

    /// Something changed that the hub keeps no rows of: a folder that it looks at, for instance.
    /// Nobody who comes later hears of it.
    pub(crate) fn tell(&self, is_touched: impl Fn(&str) -> bool) {
        let touched: Vec<_> = {
            let topics = lock(&self.topics);
            let touched = topics.by_key.iter().filter(|(key, _)| is_touched(key));
            let touched: Vec<_> = touched.filter_map(|(_, topic)| topic.upgrade()).collect();
            let turn = self.turn() + 1;
            for topic in &touched {
                topic.turn.store(turn, Ordering::Release);
            }
            // After the topics: who reads it finds them.
            self.turn.store(turn, Ordering::Release);
            touched
        };
        for topic in touched {
            topic.wake();
        }
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
    fn is_due(&self, from: Mark, to: Mark) -> bool {
        let seq = self.seq.load(Ordering::Acquire);
        let turn = self.turn.load(Ordering::Acquire);
        (from.seq < seq && seq <= to.seq) || (from.turn < turn && turn <= to.turn)
    }

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
    pub(crate) fn changed(&self, from: Mark, to: Mark) -> Vec<&str> {
        let changed = self.topics.iter();
        let changed = changed.filter(|(_, topic)| topic.is_due(from, to));
        changed.map(|(key, _)| key.as_str()).collect()
    }

    /// Whether one of them changed after `from`, as far as is known at `to`.
    pub(crate) fn has_changed(&self, from: Mark, to: Mark) -> bool {
        self.topics.iter().any(|(_, topic)| topic.is_due(from, to))
    }

    /// Those that are told of and not kept: whoever begins to listen has to look.
    pub(crate) fn unkept(&self) -> impl Iterator<Item = &str> {
        let keys = self.topics.iter().map(|(key, _)| key.as_str());
        keys.filter(|key| is_unkept(key))
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
        let changed = |seq| watched.changed(Mark { seq, turn: 0 }, board.mark());
        assert_eq!(changed(0), ["run:a", "log:a"]);
        assert_eq!(changed(3), ["run:a"]);
        assert_eq!(changed(4), Vec::<&str>::new());
        watched.be_ready();
        let again = tokio::time::timeout(std::time::Duration::from_millis(20), watched.woken());
        assert!(again.await.is_err(), "nothing changed since");
    }

    #[test]
    fn what_was_missed_may_be_anything() {
        let board = Board::default();
        let watched = board.watch(keys(&["run:a", "tasks"]));
        board.note_all(9);
        let (begin, end) = (Mark::default(), Mark { seq: 9, turn: 0 });
        assert_eq!(watched.changed(begin, board.mark()).len(), 2);
        assert!(!watched.has_changed(end, board.mark()));
    }

    #[tokio::test]
    async fn what_is_told_besides_wakes_and_is_not_noted_twice() {
        let board = Board::default();
        let watched = board.watch(keys(&["workspace:a", "run:a"]));
        assert_eq!(watched.unkept().collect::<Vec<_>>(), ["workspace:a"]);
        watched.be_ready();
        board.tell(|key| key == "workspace:a");
        watched.woken().await;
        let told = board.mark();
        assert_eq!(watched.changed(Mark::default(), told), ["workspace:a"]);
        board.tell(|key| key == "workspace:b");
        assert!(!watched.has_changed(told, board.mark()));
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

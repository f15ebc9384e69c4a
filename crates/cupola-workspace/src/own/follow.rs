//! A hub writes its mark when it has written runs: one look at one file tells whether there is news.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use super::{MARK, Shared, read::Stamp};

/// How often the mark is looked at.
const PERIOD: Duration = Duration::from_millis(500);

/// The thread that looks; it ends with what it looks at.
pub(super) struct Follower {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Without room for another thread nothing is noticed until somebody refreshes.
    pub(super) fn start(shared: Arc<Shared>) -> Self {
        let (stop, stopped) = channel();
        let follow = move || {
            let mut known = stamp(&shared.root);
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                let now = stamp(&shared.root);
                if now != known {
                    known = now;
                    shared.refresh();
                }
            }
        };
        let thread = std::thread::Builder::new().name("runs".to_owned());
        Self {
            stop: Some(stop),
            thread: thread.spawn(follow).ok(),
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn stamp(root: &Path) -> Option<Stamp> {
    Stamp::of(&root.join(MARK))
}

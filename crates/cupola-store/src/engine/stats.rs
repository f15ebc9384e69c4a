//! Counts of what the store did since it was opened.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A reading of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions committed by the writer, each with one wait for the disk.
    pub commits: u64,
    /// Closures whose writes were committed.
    pub writes: u64,
    /// Closures that were rolled back: their own error, a panic, or their group's.
    pub rollbacks: u64,
    /// The most closures that one commit carried.
    pub group_max: u64,
    /// Closures that were given to readers.
    pub reads: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    commits: AtomicU64,
    writes: AtomicU64,
    rollbacks: AtomicU64,
    group_max: AtomicU64,
    reads: AtomicU64,
}

impl Counters {
    pub(super) fn committed(&self, writes: u64) {
        self.commits.fetch_add(1, Relaxed);
        self.writes.fetch_add(writes, Relaxed);
        self.group_max.fetch_max(writes, Relaxed);
    }

    pub(super) fn rolled_back(&self, closures: u64) {
        self.rollbacks.fetch_add(closures, Relaxed);
    }

    pub(super) fn has_read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    pub(super) fn read(&self) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            writes: self.writes.load(Relaxed),
            rollbacks: self.rollbacks.load(Relaxed),
            group_max: self.group_max.load(Relaxed),
            reads: self.reads.load(Relaxed),
        }
    }
}

//! How many tasks or runs are in which state. The states' counts always sum to the total.

use std::{fmt, str::FromStr};

/// The five words a person has to learn. Details stand in a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Waiting for a worker.
    Pending,
    /// A worker has it.
    Running,
    /// Ended with a result.
    Completed,
    /// Ended without one.
    Failed,
    /// Stopped on request.
    Cancelled,
}

impl State {
    /// In the order of a life.
    pub const ALL: [State; 5] = [
        State::Pending,
        State::Running,
        State::Completed,
        State::Failed,
        State::Cancelled,
    ];

    /// Whether nothing more happens by itself.
    pub const fn is_terminal(self) -> bool {
        matches!(self, State::Completed | State::Failed | State::Cancelled)
    }

    /// The word in URLs, tables and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Running => "running",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            format!("`{text}` is not a state; say `pending`, `running`, `completed`, `failed` or `cancelled`")
        })
    }
}

/// A count per state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Waiting for a worker.
    pub pending: u64,
    /// With a worker.
    pub running: u64,
    /// Ended with a result.
    pub completed: u64,
    /// Ended without one.
    pub failed: u64,
    /// Stopped on request.
    pub cancelled: u64,
}

impl Counts {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.pending + self.running + self.completed + self.failed + self.cancelled
    }

    /// Those that nothing more happens to.
    pub const fn finished(&self) -> u64 {
        self.completed + self.failed + self.cancelled
    }

    /// The count of one state.
    pub const fn of(&self, state: State) -> u64 {
        match state {
            State::Pending => self.pending,
            State::Running => self.running,
            State::Completed => self.completed,
            State::Failed => self.failed,
            State::Cancelled => self.cancelled,
        }
    }

    /// The count of one state, to change it.
    pub const fn of_mut(&mut self, state: State) -> &mut u64 {
        match state {
            State::Pending => &mut self.pending,
            State::Running => &mut self.running,
            State::Completed => &mut self.completed,
            State::Failed => &mut self.failed,
            State::Cancelled => &mut self.cancelled,
        }
    }

    /// What a whole is called, given its parts: running while anything runs or some but not all
    /// are done; completed when at least one ended with a result and nothing is left.
    pub const fn overall(&self) -> State {
        let finished = self.finished();
        if self.running > 0 || (self.pending > 0 && finished > 0) {
            State::Running
        } else if self.pending > 0 || self.total() == 0 {
            State::Pending
        } else if self.completed > 0 {
            State::Completed
        } else if self.failed > 0 {
            State::Failed
        } else {
            State::Cancelled
        }
    }
}

impl std::ops::Add for Counts {
    type Output = Counts;

    fn add(mut self, other: Counts) -> Counts {
        for state in State::ALL {
            *self.of_mut(state) += other.of(state);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: [u64; 5], whole: State) {
        let mut counts = Counts::default();
        for (state, n) in State::ALL.into_iter().zip(parts) {
            *counts.of_mut(state) = n;
        }
        assert_eq!(counts.overall(), whole, "{parts:?}");
        assert_eq!(counts.total(), parts.iter().sum::<u64>());
    }

    #[test]
    fn a_whole_is_named_after_its_parts() {
        check([0, 0, 0, 0, 0], State::Pending);
        check([3, 0, 0, 0, 0], State::Pending);
        check([2, 1, 0, 0, 0], State::Running);
        check([2, 0, 1, 0, 0], State::Running);
        check([0, 0, 2, 1, 0], State::Completed);
        check([0, 0, 0, 2, 1], State::Failed);
        check([0, 0, 0, 0, 2], State::Cancelled);
    }
}

//! A worker: a machine's agent.

use std::time::Duration;

use crate::{
    ids::{TokenId, WorkerId},
    resources::Capabilities,
    time::Timestamp,
};

/// Silent for longer than this, a worker is shown as late.
pub const LATE_AFTER: Duration = Duration::from_secs(15);

/// Silent for longer than this, it is shown as offline.
pub const OFFLINE_AFTER: Duration = Duration::from_secs(45);

/// What its heartbeats say of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Heard of just now.
    Online,
    /// A heartbeat or two are missing.
    Late,
    /// Not heard of for long, or said goodbye.
    Offline,
}

impl Presence {
    /// Decides by the age of the last sign of life.
    pub fn at(last_seen: Timestamp, now: Timestamp) -> Self {
        let silence = now.since(last_seen);
        if silence <= LATE_AFTER {
            Presence::Online
        } else if silence <= OFFLINE_AFTER {
            Presence::Late
        } else {
            Presence::Offline
        }
    }

    /// The word on pages and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Presence::Online => "online",
            Presence::Late => "late",
            Presence::Offline => "offline",
        }
    }
}

/// A worker as the hub keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its name for programs.
    pub id: WorkerId,
    /// Its name for people.
    pub name: String,
    /// The token it joined with; revoking that shuts it out.
    pub token: TokenId,
    /// Which start of the agent this is: a new one means that the programs of the last are gone.
    pub session: String,
    /// What it measured of its machine.
    pub capabilities: Capabilities,
    /// How many runs it takes at once.
    pub slots: u32,
    /// The agent's version.
    pub version: String,
    /// When it first joined.
    pub registered_at: Timestamp,
    /// The last sign of life.
    pub last_seen_at: Timestamp,
    /// When it said goodbye, if that was the last thing it said.
    pub left_at: Option<Timestamp>,
    /// Whether it is given nothing new, because an operator drains it.
    pub drained: Option<Drained>,
}

/// An operator lets a worker finish what it has and gives it nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drained {
    /// Since when.
    pub at: Timestamp,
    /// Who; empty where that was not noted.
    pub by: String,
}

impl Worker {
    /// What its signs of life say.
    pub fn presence(&self, now: Timestamp) -> Presence {
        match self.left_at {
            Some(left) if left >= self.last_seen_at => Presence::Offline,
            _ => Presence::at(self.last_seen_at, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(silence_secs: i64, expected: Presence) {
        let now = Timestamp::from_millis(1_000_000);
        let last_seen = Timestamp::from_millis(1_000_000 - silence_secs * 1000);
        assert_eq!(Presence::at(last_seen, now), expected, "{silence_secs} s");
    }

    #[test]
    fn presence_follows_from_the_last_heartbeat() {
        check(0, Presence::Online);
        check(15, Presence::Online);
        check(16, Presence::Late);
        check(46, Presence::Offline);
        check(-5, Presence::Online);
    }
}

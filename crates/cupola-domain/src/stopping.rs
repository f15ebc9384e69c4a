//! How a program is stopped: it is asked, then told, then killed.

use std::str::FromStr;

use crate::time::Timestamp;

/// How far stopping went; each step is harder than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopStep {
    /// The file that `CUPOLA_CANCEL_FILE` names was made, and the program given time to look.
    Asked,
    /// SIGTERM went to its process group.
    Terminated,
    /// SIGKILL did.
    Killed,
}

impl StopStep {
    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            StopStep::Asked => "asked",
            StopStep::Terminated => "terminated",
            StopStep::Killed => "killed",
        }
    }

    /// How a program ended that was gone after this step.
    pub const fn ending(self) -> &'static str {
        match self {
            StopStep::Asked => "stopped when asked",
            StopStep::Terminated => "stopped by SIGTERM",
            StopStep::Killed => "killed",
        }
    }

    /// What is going on while the program is still there.
    pub const fn phase(self) -> &'static str {
        match self {
            StopStep::Asked => "asked",
            StopStep::Terminated => "SIGTERM sent",
            StopStep::Killed => "SIGKILL sent",
        }
    }

    /// What comes if this step does not help.
    pub const fn next(self) -> Option<&'static str> {
        match self {
            StopStep::Asked => Some("SIGTERM"),
            StopStep::Terminated => Some("SIGKILL"),
            StopStep::Killed => None,
        }
    }
}

impl FromStr for StopStep {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [StopStep::Asked, StopStep::Terminated, StopStep::Killed];
        all.into_iter().find(|step| step.as_str() == word).ok_or(())
    }
}

/// How far stopping a run's program has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopping {
    /// The last step taken.
    pub step: StopStep,
    /// When the next one follows if the program is still there; none once it has ended.
    pub next_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for step in [StopStep::Asked, StopStep::Terminated, StopStep::Killed] {
            assert_eq!(step.as_str().parse(), Ok(step));
        }
        assert_eq!("begged".parse::<StopStep>(), Err(()));
    }
}

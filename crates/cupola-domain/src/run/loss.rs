//! Why workers lose runs.

/// Why a worker does not have a run any more that had not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The worker was not heard of for longer than its lease.
    Silent,
    /// It was not heard of for so long, and came back when another had the task.
    CutOff,
    /// The worker is there, and had it for longer than its program may take.
    Overdue,
    /// Its agent started anew without it.
    Restarted,
    /// An operator removed the worker.
    Removed,
    /// The worker's token was revoked.
    Revoked,
    /// The agent stopped in order and gave it back.
    Stopped,
    /// The worker's owner wants the machine, so it was given back.
    Returned,
    /// The worker is being drained, and gave it back.
    Drained,
}

impl Loss {
    /// All of them.
    pub const ALL: [Loss; 9] = [
        Loss::Silent,
        Loss::CutOff,
        Loss::Overdue,
        Loss::Restarted,
        Loss::Removed,
        Loss::Revoked,
        Loss::Stopped,
        Loss::Returned,
        Loss::Drained,
    ];

    /// The word in the database and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Loss::Silent => "silent",
            Loss::CutOff => "cut_off",
            Loss::Overdue => "overdue",
            Loss::Restarted => "restarted",
            Loss::Removed => "removed",
            Loss::Revoked => "revoked",
            Loss::Stopped => "stopped",
            Loss::Returned => "returned",
            Loss::Drained => "drained",
        }
    }

    /// In plain words of the worker.
    pub const fn words(self) -> &'static str {
        match self {
            Loss::Silent => "it fell silent",
            Loss::CutOff => "it was cut off and came back too late",
            Loss::Overdue => "it had it for longer than its program may take",
            Loss::Restarted => "its agent started anew",
            Loss::Removed => "an operator removed it",
            Loss::Revoked => "its token was revoked",
            Loss::Stopped => "it stopped",
            Loss::Returned => "its owner wanted the machine",
            Loss::Drained => "it is being drained",
        }
    }

    /// Whether the worker may have died of what it ran. One that came back as it was did not, nor one that
    /// somebody took away.
    pub const fn may_be_deadly(self) -> bool {
        matches!(self, Loss::Silent | Loss::Restarted)
    }
}

impl std::str::FromStr for Loss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        all.find(|loss| loss.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no way to lose a run"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_read_back() {
        for loss in Loss::ALL {
            assert_eq!(loss.as_str().parse(), Ok(loss));
        }
        assert!("".parse::<Loss>().is_err());
    }
}

//! Words for what can be only one of a few, the same in both dialects.

use cupola_workspace::model::{JobState, Reason, RunStatus, ServiceState};
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

/// A value with a word for it.
pub(crate) trait Word: Copy + Sized + 'static {
    /// Each with its word.
    const ALL: &'static [(Self, &'static str)];

    /// Which value `word` stands for.
    fn of(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == word);
        found.map(|(value, _)| *value)
    }

    /// What stands for the value.
    fn word(self) -> &'static str;
}

macro_rules! words {
    ($of:ident { $($value:ident = $word:literal),+ $(,)? }) => {
        impl Word for $of {
            const ALL: &'static [(Self, &'static str)] = &[$(($of::$value, $word)),+];

            fn word(self) -> &'static str {
                match self {
                    $($of::$value => $word),+
                }
            }
        }
    };
}

words!(JobState {
    Unscheduled = "unscheduled",
    Waiting = "waiting",
    Ready = "ready",
    Scheduled = "scheduled",
    Running = "running",
    Done = "done",
    Error = "error",
    Transient = "transient",
    Phantom = "phantom",
});

words!(Reason {
    Timeout = "TIMEOUT",
    Memory = "MEMORY",
    RejectedTimelimit = "REJECTED_TIMELIMIT",
    RejectedOther = "REJECTED_OTHER",
    Dependency = "DEPENDENCY",
    Failed = "FAILED",
    Cancelled = "CANCELLED",
    MissingOutputs = "MISSING_OUTPUTS",
    Deleted = "DELETED",
    Lost = "LOST",
});

words!(RunStatus {
    Running = "running",
    Failed = "failed",
    Done = "done",
    Empty = "empty",
    Stopped = "stopped",
});

words!(ServiceState {
    Unknown = "UNKNOWN",
    Stopped = "STOPPED",
    Starting = "STARTING",
    Running = "RUNNING",
    Stopping = "STOPPING",
    Error = "ERROR",
});

/// For `#[serde(with)]`.
pub(crate) fn serialize<T: Word, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(value.word())
}

pub(crate) fn deserialize<'de, T: Word, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let word = std::borrow::Cow::<str>::deserialize(from)?;
    T::of(&word).ok_or_else(|| D::Error::custom(format!("unknown word `{word}`")))
}

/// The same where there may be none; a word from a later version is none too.
pub(crate) mod option {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Word;

    #[expect(clippy::ref_option, reason = "serde gives it so")]
    pub(crate) fn serialize<T: Word, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.serialize_some(value.word()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Word, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        let word = Option::<String>::deserialize(from)?;
        Ok(word.and_then(|word| T::of(&word)))
    }
}

/// For `#[serde(deserialize_with)]`: a number that may not be finite, for which JSON has only null.
pub(crate) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

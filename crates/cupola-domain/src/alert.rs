//! Alerts: what a rule found, who took it on, and who is told of it.

mod delivery;
mod hook;
mod message;
mod state;
mod target;

use std::{fmt, str::FromStr, time::Duration};

use crate::{
    field::FieldError,
    ids::{AlertId, AlertRuleId, RunId, WorkerId},
    time::Timestamp,
};

pub use delivery::{Delivery, DeliveryState, GIVEN_UP_AFTER, Sending, pause_after};
pub use hook::Hook;
pub use message::{Item, Message};
pub use state::{AlertInput, AlertRefused, AlertState, AlertWord};
pub use target::{Address, Target, TargetKind, check_address};

/// A rule or a target is called by at most so many characters.
pub const NAME_CHARS_MAX: usize = 100;

/// A rule sends at most one message in so long, unless it says otherwise.
pub const REPEAT: Duration = Duration::from_mins(5);

/// The longest time between two messages of a rule.
pub const REPEAT_MAX: Duration = Duration::from_hours(7 * 24);

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A run.
    Run(RunId),
    /// A worker.
    Worker(WorkerId),
    /// A budget, by its id.
    Budget(String),
    /// All that the hub has.
    All,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(id) => write!(f, "run:{id}"),
            Self::Worker(id) => write!(f, "worker:{id}"),
            Self::Budget(id) => write!(f, "budget:{id}"),
            Self::All => f.write_str("all"),
        }
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is nothing that an alert is about");
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("run", id)) => id.parse().map(Self::Run).map_err(|_| wrong()),
            Some(("worker", id)) => id.parse().map(Self::Worker).map_err(|_| wrong()),
            Some(("budget", id)) => Ok(Self::Budget(id.to_owned())),
            _ => Err(wrong()),
        }
    }
}

/// What a rule found about one subject. There is one for each rule and subject, however often it
/// comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Names it.
    pub id: AlertId,
    /// Whose it is.
    pub rule: AlertRuleId,
    /// What it is about.
    pub subject: Subject,
    /// What the subject is called.
    pub label: String,
    /// What was found: `loss is 12.5`.
    pub text: String,
    /// Where it is in its life.
    pub state: AlertState,
    /// When it was opened the last time.
    pub opened_at: Timestamp,
    /// How often it came back after it was resolved.
    pub reopened: u32,
    /// Whether nobody was told yet of its last opening or resolution.
    pub is_news: bool,
}

/// One move of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertChange {
    /// Whose.
    pub alert: AlertId,
    /// When.
    pub at: Timestamp,
    /// What it became.
    pub word: AlertWord,
    /// Why, or by whom.
    pub text: String,
}

/// Checks what a rule or a target is to be called; the answer has no blanks around it.
pub fn check_name(field: &str, name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    let is_plain = !name.chars().any(char::is_control);
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !is_plain {
        let message = format!("give it a name of 1 to {NAME_CHARS_MAX} characters on one line");
        return Err(FieldError::new(field, message));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Ids;

    #[test]
    fn a_subject_reads_back() {
        let mut ids = Ids::new(1);
        let at = Timestamp::from_millis(1);
        let all = [
            Subject::Run(ids.next(at)),
            Subject::Worker(ids.next(at)),
            Subject::Budget("b:1".to_owned()),
            Subject::All,
        ];
        for subject in all {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        let wrong = "run:7".parse::<Subject>().unwrap_err();
        assert_eq!(wrong, "`run:7` is nothing that an alert is about");
    }

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(check_name("name", " a b ").unwrap(), "a b");
        for wrong in ["", " ", "a\nb", &"x".repeat(101)] {
            assert!(check_name("name", wrong).is_err(), "{wrong:?}");
        }
    }
}

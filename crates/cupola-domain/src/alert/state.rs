//! Where an alert is in its life.
//!
//! ```text
//! open --acknowledge--> acknowledged
//!   |                        |
//!   +------- clear ----------+--> resolved --hold--> open again
//! ```

use std::{fmt, str::FromStr};

use crate::time::Timestamp;

/// Where an alert is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertState {
    /// The condition holds, and nobody has said that they look after it.
    Open,
    /// Somebody looks after it.
    Acknowledged {
        /// Who.
        by: String,
        /// Since when.
        at: Timestamp,
    },
    /// It is over.
    Resolved {
        /// Since when.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// What happens to an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertInput {
    /// The condition holds.
    Hold,
    /// Somebody looks after it.
    Acknowledge(String),
    /// The condition holds no more, and why.
    Clear(String),
}

/// The word of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertWord {
    /// See [`AlertState::Open`].
    Open,
    /// See [`AlertState::Acknowledged`].
    Acknowledged,
    /// See [`AlertState::Resolved`].
    Resolved,
}

/// A move that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the alert is {from} already")]
pub struct AlertRefused {
    /// Where it is.
    pub from: AlertWord,
}

impl AlertState {
    /// Every legal move, in one table.
    pub fn step(self, input: AlertInput, now: Timestamp) -> Result<Self, AlertRefused> {
        use {AlertInput as In, AlertState as St};
        match (self, input) {
            (St::Open, In::Hold) => Ok(St::Open),
            (St::Open, In::Acknowledge(by)) => Ok(St::Acknowledged { by, at: now }),
            (St::Open, In::Clear(why)) => Ok(St::Resolved { at: now, why }),
            (St::Acknowledged { by, at }, In::Hold) => Ok(St::Acknowledged { by, at }),
            (St::Acknowledged { .. }, In::Clear(why)) => Ok(St::Resolved { at: now, why }),
            (St::Resolved { .. }, In::Hold) => Ok(St::Open),
            (from, _) => Err(AlertRefused { from: from.word() }),
        }
    }

    /// Its word.
    pub const fn word(&self) -> AlertWord {
        match self {
            Self::Open => AlertWord::Open,
            Self::Acknowledged { .. } => AlertWord::Acknowledged,
            Self::Resolved { .. } => AlertWord::Resolved,
        }
    }

    /// What there is to say of it.
    pub fn reason(&self) -> String {
        match self {
            Self::Open => String::new(),
            Self::Acknowledged { by, .. } => format!("by {by}"),
            Self::Resolved { why, .. } => why.clone(),
        }
    }
}

impl AlertWord {
    /// Every word.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for AlertWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AlertWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|word| word.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` is no state of an alert; say `open`, `acknowledged` or `resolved`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each move and the state after it, `!` where it is refused.
    fn check(script: &str, expected: &str) {
        let now = Timestamp::from_millis(1);
        let mut state = AlertState::Open;
        let mut seen = vec![state.word().as_str()];
        for word in script.split_whitespace() {
            let input = match word {
                "hold" => AlertInput::Hold,
                "acknowledge" => AlertInput::Acknowledge("ada".to_owned()),
                "clear" => AlertInput::Clear("it is over".to_owned()),
                other => panic!("{other}"),
            };
            match state.clone().step(input, now) {
                Ok(next) => {
                    state = next;
                    seen.push(state.word().as_str());
                }
                Err(_) => seen.push("!"),
            }
        }
        assert_eq!(seen.join(" "), expected, "{script}");
    }

    #[test]
    fn an_alert_that_holds_stays_as_it_is() {
        check("hold hold", "open open open");
        check("acknowledge hold", "open acknowledged acknowledged");
    }

    #[test]
    fn an_alert_is_acknowledged_once() {
        check("acknowledge acknowledge", "open acknowledged !");
        check("clear acknowledge", "open resolved !");
    }

    #[test]
    fn an_alert_that_comes_back_is_open_whoever_had_acknowledged_it() {
        check("clear hold", "open resolved open");
        check("acknowledge clear hold", "open acknowledged resolved open");
    }

    #[test]
    fn what_is_over_ends_once() {
        check("clear clear", "open resolved !");
    }
}

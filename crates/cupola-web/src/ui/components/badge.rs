//! A state in a word, coloured by its tone.

use std::fmt;

use askama::Template;
use cupola_domain::{counts::State, provenance::Provenance, worker::Presence};

/// Which of the palette's colours a word takes. The colours themselves are in `_tokens.css`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Waiting.
    Waiting,
    /// Alive.
    Glowing,
    /// Well.
    Good,
    /// Broken.
    Bad,
    /// Not quite well.
    Warning,
    /// Over, or of no importance.
    Quiet,
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tone::Waiting => "waiting",
            Tone::Glowing => "glowing",
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Warning => "warning",
            Tone::Quiet => "quiet",
        })
    }
}

impl askama::filters::HtmlSafe for Tone {}

impl From<State> for Tone {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Tone::Waiting,
            State::Running => Tone::Glowing,
            State::Completed => Tone::Good,
            State::Failed => Tone::Bad,
            State::Cancelled => Tone::Quiet,
        }
    }
}

/// A word with a colour and, where there is more to say, a reason beside it.
#[derive(Debug, Clone, Template)]
#[template(path = "components/badge.html")]
pub struct Badge {
    /// The word.
    pub label: String,
    /// Its colour.
    pub tone: Tone,
    /// What the word leaves out; empty when it says all.
    pub reason: String,
}

super::html_safe!(Badge);

impl Badge {
    /// The state of a task, a run or a family.
    pub fn state(state: State, reason: impl Into<String>) -> Self {
        Self {
            label: state.to_string(),
            tone: state.into(),
            reason: reason.into(),
        }
    }

    /// What a worker's heartbeats say.
    pub fn presence(presence: Presence) -> Self {
        let tone = match presence {
            Presence::Online => Tone::Good,
            Presence::Late => Tone::Warning,
            Presence::Offline => Tone::Quiet,
        };
        Self::word(presence.as_str(), tone)
    }

    /// What a worker's heartbeats say, whether an operator drains it, and why it takes no work if its owner
    /// says so.
    pub fn worker(presence: Presence, drain: Option<&str>, paused: Option<&str>) -> Self {
        if let Some(drain) = drain {
            return Self {
                reason: match presence {
                    Presence::Online => String::new(),
                    Presence::Late | Presence::Offline => presence.as_str().to_owned(),
                },
                ..Self::word(drain, Tone::Warning)
            };
        }
        match paused.filter(|_| presence != Presence::Offline) {
            Some(why) => Self {
                reason: why.to_owned(),
                ..Self::word("paused", Tone::Quiet)
            },
            None => Self::presence(presence),
        }
    }

    /// Where a value came from; only what nobody measured stands out.
    pub fn provenance(provenance: Provenance) -> Self {
        let tone = if provenance.counts() {
            Tone::Quiet
        } else {
            Tone::Warning
        };
        Self::word(provenance.as_str(), tone)
    }

    /// Any other word.
    pub fn word(label: impl Into<String>, tone: Tone) -> Self {
        Self {
            label: label.into(),
            tone,
            reason: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_badge_says_why() {
        insta::assert_snapshot!(
            Badge::state(State::Failed, "exit code <1>").to_string(),
            @r#"<span class="badge" data-tone="bad">failed</span> <span class="reason" title="exit code &#60;1&#62;" dir="auto">exit code &#60;1&#62;</span>"#
        );
    }
}

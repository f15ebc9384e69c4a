//! Every move that a service can make.

use std::net::SocketAddr;

use crate::model::ServiceState;

/// How one stands that is started from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    /// It does not run.
    Stopped,
    /// It was asked to run and does not answer yet.
    Starting,
    /// It answers.
    Running(Answer),
    /// It was asked to end.
    Stopping,
    /// It went wrong, in words.
    Failed(String),
}

/// Where a service is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// On this machine; none where it has no pages.
    pub address: Option<SocketAddr>,
    /// With which path one begins.
    pub begin: String,
}

/// What happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Somebody wants it.
    Start,
    /// It took its place.
    Answers(Answer),
    /// Nobody wants it any more.
    Stop,
    /// Its program is gone, as it should.
    EndedWell,
    /// Its program could not begin, is gone or is given up, for that reason.
    Failed(String),
}

impl Stand {
    /// What comes of it; or why that cannot be, after "it ".
    pub(super) fn step(&self, input: Input) -> Result<Self, &'static str> {
        Ok(match (self, input) {
            (Self::Stopped | Self::Failed(_), Input::Start) => Self::Starting,
            (Self::Starting, Input::Start) => return Err("is being started"),
            (Self::Running(_), Input::Start) => return Err("runs"),
            (Self::Stopping, Input::Start) => return Err("is being stopped; start it again later"),

            (Self::Starting | Self::Running(_), Input::Stop) => Self::Stopping,
            (Self::Failed(_), Input::Stop) => Self::Stopped,
            (Self::Stopped, Input::Stop) => return Err("does not run"),
            (Self::Stopping, Input::Stop) => return Err("is being stopped"),

            (Self::Starting, Input::Answers(answer)) => Self::Running(answer),
            (_, Input::Answers(_)) => return Err("was not asked to run"),

            (Self::Starting, Input::EndedWell) => {
                Self::Failed("it ended before it answered".to_owned())
            }
            (Self::Running(_) | Self::Stopping, Input::EndedWell) => Self::Stopped,
            (Self::Starting | Self::Running(_), Input::Failed(why)) => Self::Failed(why),
            (Self::Stopping, Input::Failed(_)) => Self::Stopped,
            (Self::Stopped | Self::Failed(_), Input::EndedWell | Input::Failed(_)) => {
                return Err("does not run");
            }
        })
    }

    /// In one word.
    pub(super) const fn state(&self) -> ServiceState {
        match self {
            Self::Stopped => ServiceState::Stopped,
            Self::Starting => ServiceState::Starting,
            Self::Running(_) => ServiceState::Running,
            Self::Stopping => ServiceState::Stopping,
            Self::Failed(_) => ServiceState::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(word: &str) -> Input {
        match word {
            "start" => Input::Start,
            "stop" => Input::Stop,
            "answers" => Input::Answers(Answer {
                address: None,
                begin: "/".to_owned(),
            }),
            "ended" => Input::EndedWell,
            "failed" => Input::Failed("so".to_owned()),
            other => panic!("{other} is no input"),
        }
    }

    /// `script` is what happens to a stopped service, `expected` the states; `!` is a refusal.
    fn check(script: &str, expected: &str) {
        let mut stand = Stand::Stopped;
        let states = script
            .split("; ")
            .map(|word| match stand.step(input(word)) {
                Ok(next) => {
                    stand = next;
                    format!("{:?}", stand.state()).to_lowercase()
                }
                Err(_) => "!".to_owned(),
            });
        assert_eq!(states.collect::<Vec<_>>().join(" "), expected, "{script}");
    }

    #[test]
    fn a_service_starts_answers_and_stops() {
        check(
            "start; answers; stop; ended; start",
            "starting running stopping stopped starting",
        );
        check(
            "start; answers; stop; failed",
            "starting running stopping stopped",
        );
        check("start; stop; ended", "starting stopping stopped");
    }

    #[test]
    fn one_that_ends_unasked_says_why() {
        check("start; failed; start", "starting error starting");
        check("start; ended", "starting error");
        check(
            "start; answers; failed; stop",
            "starting running error stopped",
        );
        check("start; answers; ended", "starting running stopped");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        check("stop; answers; ended; failed", "! ! ! !");
        check("start; start; answers; start", "starting ! running !");
        check(
            "start; stop; stop; start; answers",
            "starting stopping ! ! !",
        );
    }
}

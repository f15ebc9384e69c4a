//! Why a call did not give its answer.

use cupola_protocol::problem::Problem;

/// The type of a refusal that is not in a hub's own words.
pub(crate) const UNKNOWN: &str = "unknown";

/// The status for a name that a hub does not go by.
const MISDIRECTED: u16 = 421;

/// Why a call did not give its answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The hub understood and said no.
    #[error("the hub refused: {} ({status})", .problem.title)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words.
        problem: Problem,
    },
    /// There was no complete answer. The hub may have done what was asked all the same.
    #[error("the hub cannot be reached: {}", causes(.0))]
    Unreachable(#[from] reqwest::Error),
    /// An answer came, but it is not what this client expects.
    #[error("the hub's answer was not understood: {0}")]
    NotUnderstood(String),
    /// The address is not one of a hub.
    #[error("`{url}` is not the address of a hub: {reason}")]
    InvalidAddress {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether the same call may succeed later. What a call changes must be safe to repeat.
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::Unreachable(_) => true,
            Error::Refused { status, .. } => matches!(status, 408 | 429 | 500..),
            Error::NotUnderstood(_) | Error::InvalidAddress { .. } => false,
        }
    }

    /// The status, when the hub refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether it is a hub that refused, for good, who was called by a name of its own. A proxy in front of
    /// one that restarts, a hub that wants to be called by `https` or by another name say nothing of that.
    pub fn is_final(&self) -> bool {
        let is_hub = matches!(self, Error::Refused { status, problem }
            if problem.r#type != UNKNOWN && *status != MISDIRECTED);
        is_hub && !self.is_retryable()
    }

    /// Whether the hub refused with the problem of this name, for instance `stale_lease`.
    pub fn is_problem(&self, name: &str) -> bool {
        matches!(self, Error::Refused { problem, .. } if problem.r#type == name)
    }
}

/// The error and what caused it: the transport's own message leaves the cause out.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    with_remedy(text)
}

/// Whoever has a certificate of their own is trusted by its fingerprint alone.
fn with_remedy(text: String) -> String {
    if text.contains("UnknownIssuer") {
        return format!(
            "{text}; a hub with a certificate of its own is called with its fingerprint, which it says at \
             its start: `https://HOST:PORT#sha256=…`"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Error {
        refused_as(status, "stale_lease")
    }

    fn refused_as(status: u16, r#type: &str) -> Error {
        let problem = Problem {
            r#type: r#type.to_owned(),
            status,
            title: "the lease is gone".to_owned(),
            errors: Vec::new(),
        };
        Error::Refused { status, problem }
    }

    fn check(status: u16, retryable: bool) {
        assert_eq!(refused(status).is_retryable(), retryable, "{status}");
    }

    #[test]
    fn a_refusal_for_good_is_not_retried() {
        for status in [400, 401, 403, 404, 409, 413, 422] {
            check(status, false);
        }
    }

    #[test]
    fn a_hub_in_trouble_is_asked_again() {
        for status in [408, 429, 500, 502, 503] {
            check(status, true);
        }
    }

    #[test]
    fn only_a_hubs_own_words_are_final() {
        let check = |status, r#type, expected: bool| {
            let error = refused_as(status, r#type);
            assert_eq!(error.is_final(), expected, "{status} {type}");
        };
        check(401, "unauthorized", true);
        check(404, "not_found", true);
        check(404, "unknown", false);
        check(400, "unknown", false);
        check(421, "misdirected", false);
        check(503, "unavailable", false);
    }

    #[test]
    fn a_problem_is_known_by_its_name() {
        assert!(refused(409).is_problem("stale_lease"));
        assert!(!refused(409).is_problem("conflict"));
    }
}

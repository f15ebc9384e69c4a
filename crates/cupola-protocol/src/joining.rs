//! How a machine joins a fleet and leaves it: ways in, join codes, and which versions go together.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{WORKER_PROTOCOL, WORKER_PROTOCOL_MIN, time::Time};

/// What a join code begins with: what it is, and how it is written.
const CODE_PREFIX: &str = "cupola-join-1.";

/// No code of ours is longer.
const CODE_BYTES_MAX: usize = 8 << 10;

/// Asks for a way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnrolment {
    /// What it is for; nothing in particular when absent.
    #[serde(default)]
    pub name: String,
    /// Whose the machines are; whoever asks when absent.
    #[serde(default)]
    pub owner: String,
    /// Their team; none when absent.
    #[serde(default)]
    pub team: String,
    /// How many machines may come; one when absent.
    #[serde(default)]
    pub uses: Option<u32>,
    /// Seconds for which it is open; an hour when absent.
    #[serde(default)]
    pub ttl_secs: Option<u64>,
}

/// A new way in. The join code is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedEnrolment {
    /// What a machine joins with: `cupola worker --join CODE`.
    pub join_code: String,
    /// Its row.
    pub enrolment: EnrolmentBody,
    /// What whoever hands the code on should know; empty for nothing.
    #[serde(default)]
    pub warning: String,
}

/// A way in without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnrolmentBody {
    /// Its id.
    pub enrolment_id: String,
    /// What it is for.
    pub name: String,
    /// Whose the machines are.
    pub owner: String,
    /// Their team; empty for none.
    pub team: String,
    /// The first characters of the secret.
    pub prefix: String,
    /// How many machines may come.
    pub uses_max: u32,
    /// How many came.
    pub uses: u32,
    /// `open`, `used up`, `expired` or `revoked`.
    pub state: String,
    /// Who made it.
    pub author: String,
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
}

/// `POST /api/v1/enrolments/use`: a machine comes in, with the join code's secret as the bearer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enrol {
    /// The token that the machine made for itself, `cupola_worker_` and 32 letters and digits. Asking again
    /// with the same one changes nothing.
    pub secret: String,
    /// What the machine is called.
    pub name: String,
    /// [`crate::WORKER_PROTOCOL`] of the worker.
    pub protocol: u32,
}

/// A machine came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enrolled {
    /// Whose it is.
    pub owner: String,
    /// Their team; empty for none.
    pub team: String,
    /// The hub's public key (Ed25519, hexadecimal).
    pub hub_key: String,
}

/// `POST /api/v1/workers/{id}/leaving`: a worker leaves for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Leave {
    /// Whether it finishes what it has first; otherwise others take that at once.
    pub finish: bool,
}

/// The answer to [`Leave`]; asked again until nothing is running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Left {
    /// How many runs it still finishes; with none it has left.
    pub running: u32,
}

/// All that a machine needs to join: where the hub is, how it is recognised, and the secret of a way in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinCode {
    /// Addresses of the hub, the best first; each with its certificate's fingerprint if it has one.
    pub hubs: Vec<String>,
    /// The hub's public key (Ed25519, hexadecimal).
    pub key: String,
    /// The secret of the way in.
    pub secret: String,
}

impl std::fmt::Debug for JoinCode {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinCode")
            .field("hubs", &self.hubs)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Display for JoinCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        write!(f, "{CODE_PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }
}

impl std::str::FromStr for JoinCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!("the join code {what}; copy all of what `cupola token worker` prints")
        };
        let text = text.trim();
        if text.len() > CODE_BYTES_MAX {
            return Err(wrong("is too long"));
        }
        let packed = text
            .strip_prefix(CODE_PREFIX)
            .ok_or_else(|| wrong(&format!("does not begin with `{CODE_PREFIX}`")))?;
        let json = URL_SAFE_NO_PAD.decode(packed);
        let json = json.map_err(|_| wrong("is cut off or changed"))?;
        let code: Self =
            serde_json::from_slice(&json).map_err(|_| wrong("is cut off or changed"))?;
        if code.hubs.is_empty() {
            return Err(wrong("names no hub"));
        }
        Ok(code)
    }
}

/// Why a hub and a worker that speaks `protocol` do not go together, if they do not.
pub fn skew(protocol: u32) -> Option<String> {
    if protocol > WORKER_PROTOCOL {
        Some(format!(
            "the worker speaks protocol {protocol}, which is newer than this hub's {WORKER_PROTOCOL}: bring the \
             hub up to date, or start a worker of the hub's version"
        ))
    } else if protocol < WORKER_PROTOCOL_MIN {
        Some(format!(
            "the worker speaks protocol {protocol}, and this hub {WORKER_PROTOCOL_MIN} to {WORKER_PROTOCOL}: \
             bring the worker up to date"
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> JoinCode {
        JoinCode {
            hubs: vec![
                "https://hub.lab:7171#sha256=00ff".to_owned(),
                "https://10.0.0.5:7171#sha256=00ff".to_owned(),
            ],
            key: "ab12".to_owned(),
            secret: "cupola_join_secret".to_owned(),
        }
    }

    #[test]
    fn a_code_says_all_that_joining_needs() {
        let text = code().to_string();
        assert!(
            text.is_ascii() && !text.contains([' ', '"', '\'', '$', '/', '+']),
            "{text}"
        );
        assert_eq!(text.parse(), Ok(code()));
        assert_eq!(format!("  {text}\n").parse(), Ok(code()));
    }

    #[test]
    fn its_secret_is_not_shown() {
        assert!(!format!("{:?}", code()).contains("secret"), "{:?}", code());
    }

    #[test]
    fn what_is_no_code_is_refused_with_a_remedy() {
        let check = |text: &str, expected: &str| {
            let refused = text.parse::<JoinCode>().unwrap_err();
            assert!(refused.contains(expected), "{text}: {refused}");
            assert!(
                refused.ends_with("`cupola token worker` prints"),
                "{refused}"
            );
        };
        let whole = code().to_string();
        check("", "does not begin");
        check("cupola_worker_abc", "does not begin with `cupola-join-1.`");
        check(&whole[..whole.len() - 9], "is cut off or changed");
        check(&whole.replace("join-1", "join-2"), "does not begin");
        check(&format!("{CODE_PREFIX}****"), "is cut off or changed");
        check(&"x".repeat(9 << 10), "is too long");
        let nowhere = JoinCode {
            hubs: Vec::new(),
            ..code()
        };
        check(&nowhere.to_string(), "names no hub");
    }

    #[test]
    fn versions_go_together_or_say_who_is_to_change() {
        let check = |protocol: u32, expected: &str| {
            let found = skew(protocol).unwrap_or_default();
            assert!(found.contains(expected), "{protocol}: {found}");
        };
        assert_eq!(skew(WORKER_PROTOCOL), None);
        assert_eq!(skew(WORKER_PROTOCOL_MIN), None);
        check(WORKER_PROTOCOL + 1, "bring the hub up to date");
        check(WORKER_PROTOCOL_MIN - 1, "bring the worker up to date");
        check(u32::MAX, "bring the hub up to date");
        check(0, "bring the worker up to date");
    }
}

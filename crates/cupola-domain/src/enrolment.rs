//! How machines are let into a fleet: a secret for a few of them and not for long, and who is taken for the
//! worker that came in by it.

use std::time::Duration;

use crate::{
    access::Belonging, field::FieldError, ids::EnrolmentId, time::Timestamp, worker::LATE_AFTER,
};

/// A way in is open for so long unless something else is said.
pub const TTL: Duration = Duration::from_hours(1);

/// None is open for longer.
pub const TTL_MAX: Duration = Duration::from_hours(24 * 30);

/// No more machines come in by one.
pub const USES_MAX: u32 = 1_000;

/// A way in for machines, as the hub knows it: never the secret, only its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Names the row.
    pub id: EnrolmentId,
    /// What it is for.
    pub name: String,
    /// Whose the machines are that come in by it.
    pub belonging: Belonging,
    /// The first characters of the secret.
    pub prefix: String,
    /// How many machines may come.
    pub uses_max: u32,
    /// How many came.
    pub uses: u32,
    /// Who made it.
    pub author: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this nobody comes in.
    pub expires_at: Timestamp,
    /// When somebody closed it.
    pub revoked_at: Option<Timestamp>,
}

/// Why nobody comes in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Somebody closed it.
    Revoked,
    /// As many came as may.
    UsedUp,
    /// Its time is over.
    Expired,
}

impl Closed {
    /// The word on pages and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Closed::Revoked => "revoked",
            Closed::UsedUp => "used up",
            Closed::Expired => "expired",
        }
    }
}

impl Enrolment {
    /// Why nobody comes in any more; `None` while it is open.
    pub fn closed(&self, now: Timestamp) -> Option<Closed> {
        if self.revoked_at.is_some() {
            Some(Closed::Revoked)
        } else if self.uses >= self.uses_max {
            Some(Closed::UsedUp)
        } else if now >= self.expires_at {
            Some(Closed::Expired)
        } else {
            None
        }
    }
}

/// Checks for how many machines and how long a way in is asked for.
pub fn check(uses: u32, ttl: Duration) -> Result<(), Vec<FieldError>> {
    let mut errors = Vec::new();
    if uses == 0 || uses > USES_MAX {
        let message = format!("is {uses}; choose 1 to {USES_MAX}");
        errors.push(FieldError::new("uses", message));
    }
    if ttl.is_zero() || ttl > TTL_MAX {
        let (secs, most) = (ttl.as_secs(), TTL_MAX.as_secs());
        let message = format!("is {secs} s; choose 1 s to {most} s");
        errors.push(FieldError::new("ttl_secs", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// One start of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start<'a> {
    /// Different at each start.
    pub session: &'a str,
    /// The machine since it was booted, and the folder there; empty where the agent does not say.
    pub place: &'a str,
}

/// Whom an agent is taken for that says that it is a worker we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The one that is there.
    Same,
    /// The next start: the programs of the last are gone.
    Next,
    /// Somebody else, while the one that is there is alive: a copy of its folder or its machine.
    Rival,
}

/// Whom the agent `new` is taken for, when `known` was heard of last at `last_seen`, and left if `has_left`.
///
/// On the same machine there is one agent with a folder, so a new one is the next. On another, or after
/// another boot, the worker moved or was copied; which of the two, its silence says.
pub fn claim(
    known: Start<'_>,
    (last_seen, has_left): (Timestamp, bool),
    new: Start<'_>,
    now: Timestamp,
) -> Claim {
    let is_silent = has_left || now.since(last_seen) > LATE_AFTER;
    let is_unsaid = known.place.is_empty() || new.place.is_empty();
    if known.session == new.session {
        Claim::Same
    } else if is_silent || is_unsaid || known.place == new.place {
        Claim::Next
    } else {
        Claim::Rival
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    #[test]
    fn a_way_in_is_open_for_a_few_and_for_a_while() {
        let check = |uses: u32, revoked: bool, secs: i64, expected: Option<Closed>| {
            let enrolment = Enrolment {
                id: uuid::Uuid::nil().into(),
                name: "lab".to_owned(),
                belonging: Belonging::default(),
                prefix: String::new(),
                uses_max: 2,
                uses,
                author: "ann".to_owned(),
                created_at: at(0),
                expires_at: at(60),
                revoked_at: revoked.then(|| at(1)),
            };
            assert_eq!(
                enrolment.closed(at(secs)),
                expected,
                "{uses} {revoked} {secs}"
            );
        };
        check(0, false, 0, None);
        check(1, false, 59, None);
        check(1, false, 60, Some(Closed::Expired));
        check(2, false, 0, Some(Closed::UsedUp));
        check(2, false, 99, Some(Closed::UsedUp));
        check(0, true, 0, Some(Closed::Revoked));
    }

    #[test]
    fn what_is_asked_for_is_bounded() {
        let fields = |uses: u32, ttl: Duration| match check(uses, ttl) {
            Ok(()) => String::new(),
            Err(errors) => {
                let fields: Vec<_> = errors.into_iter().map(|error| error.field).collect();
                fields.join(" ")
            }
        };
        assert_eq!(fields(1, TTL), "");
        assert_eq!(fields(USES_MAX, TTL_MAX), "");
        assert_eq!(fields(0, TTL), "uses");
        assert_eq!(fields(USES_MAX + 1, Duration::ZERO), "uses ttl_secs");
        assert_eq!(fields(1, TTL_MAX + Duration::from_secs(1)), "ttl_secs");
    }

    /// Session and place of the one that is there, how long it has been silent, and of the new one.
    fn check_claim(known: (&str, &str), silent_secs: i64, new: (&str, &str), expected: Claim) {
        let start = |(session, place)| Start { session, place };
        let heard = (at(100 - silent_secs), false);
        let found = claim(start(known), heard, start(new), at(100));
        assert_eq!(found, expected, "{known:?} {silent_secs} {new:?}");
    }

    #[test]
    fn who_comes_back_is_known() {
        check_claim(("s", "a"), 0, ("s", "a"), Claim::Same);
        check_claim(("s", "a"), 99, ("s", "b"), Claim::Same);
    }

    #[test]
    fn an_agent_that_starts_again_is_the_next() {
        check_claim(("s", "a"), 0, ("t", "a"), Claim::Next);
        check_claim(("s", "a"), 16, ("t", "b"), Claim::Next);
        check_claim(("s", ""), 0, ("t", "b"), Claim::Next);
        check_claim(("s", "a"), 0, ("t", ""), Claim::Next);
        let start = |session, place| Start { session, place };
        let after_a_goodbye = claim(start("s", "a"), (at(99), true), start("t", "b"), at(100));
        assert_eq!(after_a_goodbye, Claim::Next);
    }

    #[test]
    fn a_copy_is_a_rival_while_the_other_lives() {
        check_claim(("s", "a"), 0, ("t", "b"), Claim::Rival);
        check_claim(("s", "a"), 15, ("t", "b"), Claim::Rival);
    }
}

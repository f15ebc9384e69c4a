//! One message to one target: a row that is there before anything is sent.

use std::time::Duration;

use crate::{
    ids::{AlertMessageId, AlertTargetId, DeliveryId},
    time::Timestamp,
};

/// Nothing is tried for longer than this.
pub const GIVEN_UP_AFTER: Duration = Duration::from_hours(24);

/// The first pause; each is three times the one before, up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_secs(10);

const PAUSE_MAX: Duration = Duration::from_hours(1);

/// One message to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names it: the same at every attempt, so that who is told twice can tell.
    pub id: DeliveryId,
    /// What is told.
    pub message: AlertMessageId,
    /// To whom.
    pub target: AlertTargetId,
    /// How often it was tried.
    pub attempts: u32,
    /// Where it is.
    pub state: DeliveryState,
    /// What went wrong at the last attempt; empty when nothing did.
    pub problem: String,
    /// When it was decided.
    pub created_at: Timestamp,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried, or tried again, from then on.
    Pending {
        /// When.
        next_at: Timestamp,
    },
    /// The target took it.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// It is not tried again.
    GivenUp {
        /// Since when.
        at: Timestamp,
    },
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// The target took it.
    Taken,
    /// It may go better later.
    Failed(String),
    /// It will not: the target says so, or it is not allowed.
    Refused(String),
}

/// How long to wait after so many attempts.
pub fn pause_after(attempts: u32) -> Duration {
    let times = 3_u32.saturating_pow(attempts.saturating_sub(1).min(10));
    PAUSE.saturating_mul(times).min(PAUSE_MAX)
}

impl Delivery {
    /// What an attempt makes of it.
    #[must_use]
    pub fn after(mut self, sending: Sending, now: Timestamp) -> Self {
        self.attempts = self.attempts.saturating_add(1);
        let next_at = now.plus(pause_after(self.attempts));
        let (state, problem) = match sending {
            Sending::Taken => (DeliveryState::Sent { at: now }, String::new()),
            Sending::Failed(why) if next_at.since(self.created_at) < GIVEN_UP_AFTER => {
                (DeliveryState::Pending { next_at }, why)
            }
            Sending::Failed(why) | Sending::Refused(why) => {
                (DeliveryState::GivenUp { at: now }, why)
            }
        };
        self.state = state;
        self.problem = problem;
        self
    }
}

impl DeliveryState {
    /// The word in tables and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Sent { .. } => "sent",
            Self::GivenUp { .. } => "given up",
        }
    }

    /// When it is tried again, or when it ended.
    pub const fn at(self) -> Timestamp {
        match self {
            Self::Pending { next_at: at } | Self::Sent { at } | Self::GivenUp { at } => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Ids;

    fn fresh() -> Delivery {
        let mut ids = Ids::new(1);
        let at = Timestamp::from_millis(0);
        Delivery {
            id: ids.next(at),
            message: ids.next(at),
            target: ids.next(at),
            attempts: 0,
            state: DeliveryState::Pending { next_at: at },
            problem: String::new(),
            created_at: at,
        }
    }

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let pauses: Vec<_> = (1..9).map(|n| pause_after(n).as_secs()).collect();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 2430, 3600, 3600]);
        assert_eq!(pause_after(u32::MAX), PAUSE_MAX);
    }

    #[test]
    fn what_fails_is_tried_for_a_day_and_then_given_up() {
        let mut delivery = fresh();
        let mut now = Timestamp::from_millis(0);
        while let DeliveryState::Pending { next_at } = delivery.state {
            now = next_at;
            delivery = delivery.after(Sending::Failed("no route".to_owned()), now);
        }
        assert_eq!(delivery.state, DeliveryState::GivenUp { at: now });
        assert!(
            now.since(delivery.created_at) > GIVEN_UP_AFTER.checked_sub(PAUSE_MAX * 2).unwrap()
        );
        assert_eq!(
            (delivery.attempts, delivery.problem.as_str()),
            (29, "no route")
        );
    }

    #[test]
    fn what_is_refused_is_not_tried_again() {
        let now = Timestamp::from_millis(5);
        let refused = fresh().after(Sending::Refused("404".to_owned()), now);
        assert_eq!(refused.state, DeliveryState::GivenUp { at: now });
        let taken = fresh().after(Sending::Taken, now);
        assert_eq!(
            (taken.state, taken.attempts),
            (DeliveryState::Sent { at: now }, 1)
        );
    }
}

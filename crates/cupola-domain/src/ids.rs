//! Identifiers: one type per thing, time-ordered (`UUIDv7`), made from an injected clock and a seed.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::time::Timestamp;

/// A text that is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind} id")]
pub struct InvalidId {
    /// What was expected.
    pub kind: &'static str,
    /// What came instead.
    pub text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The word for this kind of thing in messages and event subjects.
            pub const KIND: &'static str = $kind;

            /// What pages show: the random tail, since the head is the time of creation.
            pub fn short(self) -> String {
                let text = self.0.simple().to_string();
                text[20..].to_owned()
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                match Uuid::try_parse(text) {
                    Ok(uuid) => Ok(Self(uuid)),
                    Err(_) => Err(InvalidId { kind: $kind, text: text.to_owned() }),
                }
            }
        }
    )*};
}

ids! {
    /// A research brief: what is wanted.
    BriefId, "brief";
    /// A named, configured thing that has tasks; a family when a brief made it.
    ExperimentId, "experiment";
    /// One configuration, seed and time budget inside an experiment.
    TaskId, "task";
    /// One attempt at a task by one worker under a lease.
    RunId, "run";
    /// A machine's agent.
    WorkerId, "worker";
    /// A model of the registry.
    ModelId, "model";
    /// A model that a client logged, registered or not.
    LoggedModelId, "logged model";
    /// One evaluation of a model.
    EvaluationId, "evaluation";
    /// One thing that was said of where a model is deployed.
    DeploymentId, "deployment";
    /// A budget of money.
    BudgetId, "budget";
    /// A rule that says what alerts are about.
    AlertRuleId, "rule";
    /// What a rule found about one subject.
    AlertId, "alert";
    /// Where alerts are told.
    AlertTargetId, "target";
    /// What is told: the news of one rule together.
    AlertMessageId, "message";
    /// One message to one target.
    DeliveryId, "delivery";
    /// An access token (its row, not its secret).
    TokenId, "token";
    /// A way in for machines (its row, not its secret).
    EnrolmentId, "enrolment";
    /// A report that is kept.
    ReportId, "report";
    /// When reports are made by themselves.
    ReportScheduleId, "schedule";
    /// A check of a result by a second run.
    AuditId, "audit";
}

/// Makes identifiers in order of creation.
///
/// Bits: 48 of time in milliseconds, 12 of a counter within the millisecond, 62 of a
/// seeded generator. The same seed and the same clock give the same identifiers.
#[derive(Debug)]
pub struct Ids {
    state: u64,
    last_millis: u64,
    counter: u16,
}

impl Ids {
    /// A generator; `seed` should differ between hubs.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            last_millis: 0,
            counter: 0,
        }
    }

    /// The next identifier; later calls sort after earlier ones even if the clock steps back.
    pub fn next<I: From<Uuid>>(&mut self, now: Timestamp) -> I {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        if millis > self.last_millis {
            self.last_millis = millis;
            self.counter = 0;
        } else {
            self.counter += 1;
            if self.counter == 1 << 12 {
                self.last_millis += 1;
                self.counter = 0;
            }
        }
        let mut tail = [0u8; 10];
        tail[..2].copy_from_slice(&self.counter.to_be_bytes());
        tail[2..].copy_from_slice(&self.random().to_be_bytes());
        I::from(uuid::Builder::from_unix_timestamp_millis(self.last_millis, &tail).into_uuid())
    }

    /// An identifier of the same moment and place in it as another's: nobody who sees it can tell when it was
    /// made.
    pub fn like<I: From<Uuid> + Into<Uuid>>(&mut self, other: I) -> I {
        let mut bytes = *other.into().as_bytes();
        bytes[8..].copy_from_slice(&self.random().to_be_bytes());
        let made = uuid::Builder::from_bytes(bytes).with_variant(uuid::Variant::RFC4122);
        I::from(made.into_uuid())
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014): enough for identifiers, which are not secrets.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_creation_even_within_a_millisecond_and_when_the_clock_steps_back() {
        let mut ids = Ids::new(7);
        let mut made: Vec<TaskId> = (0..5000)
            .map(|_| ids.next(Timestamp::from_millis(1_000)))
            .collect();
        made.push(ids.next(Timestamp::from_millis(10)));
        made.push(ids.next(Timestamp::from_millis(2_000)));
        assert!(made.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_id_like_another_is_another_of_its_moment() {
        let mut ids = Ids::new(7);
        let first: RunId = ids.next(Timestamp::from_millis(1_795_219_200_000));
        ids.next::<RunId>(Timestamp::from_millis(1_795_219_300_000));
        let like = ids.like(first);
        assert_ne!(like, first);
        assert_eq!(like.to_string()[..19], first.to_string()[..19]);
        assert_eq!(like.to_string().parse(), Ok(like));
    }

    #[test]
    fn an_id_reads_back_and_garbage_is_named() {
        let id: RunId = Ids::new(1).next(Timestamp::from_millis(5));
        assert_eq!(id.to_string().parse(), Ok(id));
        let refused = "zzz".parse::<RunId>().unwrap_err();
        assert_eq!(refused.to_string(), "`zzz` is no run id");
    }
}

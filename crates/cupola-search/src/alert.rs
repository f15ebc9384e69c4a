//! What alerts are about: a condition is one line of text, read into data and never evaluated as code.
//!
//! `metric val_loss > 10 for 5m where tags.team = a` is a [`Condition`]; it prints itself so that it
//! reads back as equal. What a condition says of a value is decided here, without any clock.

mod evaluate;
mod parse;
mod print;
#[cfg(test)]
mod tests;

use std::time::Duration;

use cupola_domain::{
    ids::{AlertRuleId, AlertTargetId},
    time::Timestamp,
};

use crate::filter::{Filter, FilterError, Relation};

pub use evaluate::{Swing, shown};

/// The shortest and the longest time that a condition may name.
pub const SPANS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(30 * 24);

/// What an alert is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The newest value of a series is beyond a bound: `metric loss > 10 for 5m`.
    Threshold {
        /// Which series.
        of: Watched,
        /// What its value is compared with.
        test: Test,
        /// It must be so for this long; zero for at once.
        lasting: Duration,
        /// Of which runs.
        filter: Option<Filter>,
    },
    /// A series rose or fell: `change loss +50% in 10m`.
    Change {
        /// Which series.
        of: Watched,
        /// By how much.
        by: By,
        /// Within what time.
        within: Duration,
        /// Of which runs.
        filter: Option<Filter>,
    },
    /// A running run measured nothing for so long: `no data 15m`.
    NoData {
        /// For how long.
        silence: Duration,
        /// Which runs.
        filter: Option<Filter>,
    },
    /// `run failed`
    RunFailed {
        /// Which runs.
        filter: Option<Filter>,
    },
    /// A worker that did not say goodbye is silent: `worker gone 5m`.
    WorkerGone {
        /// For how long.
        silence: Duration,
    },
    /// A budget has reached one of its levels: `budget`, `budget 90%`.
    Budget {
        /// Only from this level on.
        percent: Option<u8>,
    },
    /// Money: `cost rate > 5`, `cost today > 20`, `cost total > 100`, `cost run > 1`.
    Cost {
        /// Of what.
        of: CostOf,
        /// How it stands to the amount.
        relation: Relation,
        /// In the currency of the price book.
        amount: f64,
        /// Of which runs, for `cost run`.
        filter: Option<Filter>,
    },
}

/// A series that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Watched {
    /// A metric of running runs, by its name.
    Metric(String),
    /// What workers measure of their machines, by its name.
    Telemetry(String),
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// It stands so to a number.
    Is(Relation, f64),
    /// It is no number: `is nan`.
    NotANumber,
}

/// How far a value moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct By {
    /// How far, without its sign.
    pub amount: f64,
    /// Whether `amount` is per cent of where it was.
    pub is_percent: bool,
    /// Whether it rose.
    pub is_rise: bool,
}

/// Whose cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostOf {
    /// What all that runs costs in an hour.
    Rate,
    /// What was spent since midnight, UTC.
    Today,
    /// What was ever spent.
    Total,
    /// What one running run has cost so far.
    Run,
}

/// A condition with who is told of it and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Names it.
    pub id: AlertRuleId,
    /// What people call it.
    pub name: String,
    /// What its alerts are about.
    pub condition: Condition,
    /// At most one message in so long.
    pub repeat: Duration,
    /// Who is told, besides the page.
    pub targets: Vec<AlertTargetId>,
    /// Until then nobody is told.
    pub muted_until: Option<Timestamp>,
    /// When the last message was put together.
    pub told_at: Option<Timestamp>,
    /// Who made it.
    pub author: String,
    /// When. What failed before is none of its business.
    pub created_at: Timestamp,
    /// When it was changed the last time.
    pub updated_at: Timestamp,
}

impl Rule {
    /// Whether nobody is told now.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| now < until)
    }

    /// Whether a message may be sent now.
    pub fn may_tell(&self, now: Timestamp) -> bool {
        let is_early = |told: Timestamp| told <= now && now.since(told) < self.repeat;
        !self.is_muted(now) && !self.told_at.is_some_and(is_early)
    }
}

impl Condition {
    /// Reads a condition.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::condition(text)
    }

    /// The series that it looks at.
    pub fn watched(&self) -> Option<&Watched> {
        match self {
            Self::Threshold { of, .. } | Self::Change { of, .. } => Some(of),
            _ => None,
        }
    }

    /// The runs that it is about.
    pub fn filter(&self) -> Option<&Filter> {
        match self {
            Self::Threshold { filter, .. }
            | Self::Change { filter, .. }
            | Self::NoData { filter, .. }
            | Self::RunFailed { filter }
            | Self::Cost { filter, .. } => filter.as_ref(),
            Self::WorkerGone { .. } | Self::Budget { .. } => None,
        }
    }

    /// Whether it is something that happens rather than something that lasts: its alerts are over
    /// when a person says so.
    pub const fn is_happening(&self) -> bool {
        matches!(self, Self::RunFailed { .. })
    }
}

impl Watched {
    /// What the series is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Metric(name) | Self::Telemetry(name) => name,
        }
    }

    /// Whether runs have it.
    pub const fn is_metric(&self) -> bool {
        matches!(self, Self::Metric(_))
    }
}

impl CostOf {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Rate, Self::Today, Self::Total, Self::Run];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Today => "today",
            Self::Total => "total",
            Self::Run => "run",
        }
    }
}

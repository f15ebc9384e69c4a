//! What a condition says of values.

use std::{collections::VecDeque, time::Duration};

use cupola_domain::time::Instant;

use super::{By, Condition, Test, print::span};
use crate::filter::Relation;

/// A window keeps values that are at least this share of it apart.
const APART: u32 = 64;

impl Relation {
    /// Whether two numbers stand so. NaN stands to nothing but by `!=`.
    #[expect(clippy::float_cmp, reason = "`=` asks for exactly this number")]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl Test {
    /// Whether a value is so.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::Is(relation, bound) => relation.holds(value, bound),
            Self::NotANumber => value.is_nan(),
        }
    }
}

impl By {
    /// Whether the way from one value to another is as far.
    pub fn holds(self, from: f64, to: f64) -> bool {
        let way = if self.is_rise { to - from } else { from - to };
        let needed = if self.is_percent {
            from.abs() * self.amount / 100.0
        } else {
            self.amount
        };
        way > 0.0 && way >= needed
    }
}

/// The values of a series within a time: what it rose from, or fell from.
///
/// Kept are those alone that may once be the least (or, for a fall, the largest) of the window, and of
/// those that are close together one, so that a window is never long.
#[derive(Debug, Clone)]
pub struct Swing {
    is_rise: bool,
    within: Duration,
    /// From the least on, or from the largest.
    kept: VecDeque<(Instant, f64)>,
}

impl Swing {
    /// An empty window.
    pub fn new(by: By, within: Duration) -> Self {
        Self {
            is_rise: by.is_rise,
            within,
            kept: VecDeque::new(),
        }
    }

    /// Adds the newest value; the answer is the farthest one of the window in the other direction.
    /// What is no number is passed over.
    pub fn add(&mut self, at: Instant, value: f64) -> Option<f64> {
        while self
            .kept
            .front()
            .is_some_and(|(then, _)| at.since(*then) > self.within)
        {
            self.kept.pop_front();
        }
        if !value.is_nan() {
            let is_behind = |kept: f64| {
                if self.is_rise {
                    kept >= value
                } else {
                    kept <= value
                }
            };
            while self.kept.back().is_some_and(|(_, kept)| is_behind(*kept)) {
                self.kept.pop_back();
            }
            let apart = self.within / APART;
            let is_close = |(then, _): &(Instant, f64)| at.since(*then) < apart;
            if !self.kept.back().is_some_and(is_close) {
                self.kept.push_back((at, value));
            }
        }
        self.kept.front().map(|(_, value)| *value)
    }
}

impl Condition {
    /// What is said of a value that a threshold found.
    pub fn found(&self, value: f64) -> String {
        match self {
            Self::Threshold {
                of, test, lasting, ..
            } => {
                let since = if lasting.is_zero() {
                    String::new()
                } else {
                    format!(" for {}", span(*lasting))
                };
                let bound = match test {
                    Test::Is(relation, bound) => format!(" ({relation} {}{since})", shown(*bound)),
                    Test::NotANumber => since,
                };
                format!("{} is {}{bound}", of.name(), shown(value))
            }
            _ => self.to_string(),
        }
    }

    /// What is said of a change.
    pub fn changed(&self, from: f64, to: f64) -> String {
        match self {
            Self::Change { of, by, within, .. } => {
                let verb = if by.is_rise { "rose" } else { "fell" };
                let within = span(*within);
                let (from, to) = (shown(from), shown(to));
                format!(
                    "{} {verb} from {from} to {to} within {within} ({by})",
                    of.name()
                )
            }
            _ => self.to_string(),
        }
    }
}

/// A number for people: as many digits as tell it apart.
pub fn shown(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        cupola_domain::metric::non_finite_word(value)
            .unwrap_or("NaN")
            .to_owned()
    } else if size != 0.0 && !(1e-4..1e15).contains(&size) {
        format!("{value:.3e}")
    } else {
        // Six digits suffice, and zeros behind the point say nothing.
        let decimals = if size >= 1000.0 { 2 } else { 6 };
        let text = format!("{value:.decimals$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

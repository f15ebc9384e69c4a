//! What a chart has from left to right, and how that stands to the times and steps that are kept.

use std::str::FromStr;

use cupola_domain::{metric::Point, time::Timestamp};
use cupola_series::summary::Summary;

use crate::{costs::Pace, series::Axis};

/// What a chart has from left to right, as people choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Across {
    /// The program's own count.
    #[default]
    Step,
    /// Milliseconds since 1970.
    Time,
    /// Milliseconds since the run's first moment.
    Relative,
    /// What the run had cost by then, in millionths of the hub's currency.
    Cost,
}

impl Across {
    const ALL: [Self; 4] = [Self::Step, Self::Time, Self::Relative, Self::Cost];

    /// As it is written in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Across::Step => "step",
            Across::Time => "time",
            Across::Relative => "relative",
            Across::Cost => "cost",
        }
    }

    /// What of a point it follows from.
    pub(crate) const fn axis(self) -> Axis {
        match self {
            Across::Step => Axis::Step,
            Across::Time | Across::Relative | Across::Cost => Axis::Time,
        }
    }
}

impl FromStr for Across {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|across| across.as_str() == text);
        found.ok_or_else(|| format!("is `{text}`; choose `step`, `time`, `relative` or `cost`"))
    }
}

/// How places on an axis stand to the steps or times that are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Places {
    /// What is kept at the place 0.
    origin: i64,
    /// How far apart two milliseconds lie; none where a place is a step or a millisecond.
    each: Option<f64>,
}

impl Places {
    /// Those of a curve that began then; none of costs where no price is known.
    pub(crate) fn of(across: Across, began_at: Timestamp, pace: Option<Pace>) -> Option<Self> {
        let plain = |origin| Self { origin, each: None };
        Some(match across {
            Across::Step | Across::Time => plain(0),
            Across::Relative => plain(began_at.millis()),
            Across::Cost => pace.map(|pace| Self {
                origin: pace.since.millis(),
                each: Some(pace.micros_per_milli),
            })?,
        })
    }

    /// The step or time at a place.
    pub(crate) fn kept(self, place: i64) -> i64 {
        let since = self.each.map_or(place, |each| scaled(place, 1.0 / each));
        since.saturating_add(self.origin)
    }

    /// The place of a step or time.
    pub(crate) fn shown(self, kept: i64) -> i64 {
        let since = kept.saturating_sub(self.origin);
        self.each.map_or(since, |each| scaled(since, each))
    }

    /// The same points with places in the stead of their times.
    pub(crate) fn placed(self, entry: Summary) -> Summary {
        let point = |point: Point| Point {
            time_millis: self.shown(point.time_millis),
            ..point
        };
        Summary {
            first: point(entry.first),
            last: point(entry.last),
            time_min: self.shown(entry.time_min),
            time_max: self.shown(entry.time_max),
            ..entry
        }
    }
}

/// What does not fit stands at the end.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "places are drawn; doubles outside of 64 bits become the nearest that fit"
)]
fn scaled(number: i64, factor: f64) -> i64 {
    (number as f64 * factor).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_stand_to_times_as_the_price_says() {
        let began = Timestamp::from_millis(500);
        let pace = Pace {
            since: Timestamp::from_millis(1_000),
            micros_per_milli: 2.5,
        };
        let check = |across, place: i64, kept: i64| {
            let places = Places::of(across, began, Some(pace)).unwrap();
            assert_eq!((places.kept(place), places.shown(kept)), (kept, place));
        };
        check(Across::Step, 7, 7);
        check(Across::Time, 7, 7);
        check(Across::Relative, 7, 507);
        check(Across::Cost, 10, 1_004);
        check(Across::Cost, 0, 1_000);
        check(Across::Cost, -10, 996);
        assert_eq!(Places::of(Across::Cost, began, None), None);
    }

    #[test]
    fn axes_are_read_as_they_are_written() {
        for across in Across::ALL {
            assert_eq!(across.as_str().parse(), Ok(across));
        }
        assert!("money".parse::<Across>().is_err());
    }
}

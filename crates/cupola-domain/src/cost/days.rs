//! Days by UTC: what a long time is split into.

use std::{fmt, time::Duration};

use crate::time::Timestamp;

const MILLIS: i64 = 86_400_000;

/// Only a clock that was set says that a run took longer; it is not believed.
pub const LONGEST: Duration = Duration::from_hours(24 * 400);

/// Longer times are not split any further.
const DAYS_MAX: usize = 402;

/// A day by UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day with this number.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// How many days after 1970-01-01.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The day on which this is.
    pub const fn of(at: Timestamp) -> Self {
        Self(at.millis().div_euclid(MILLIS))
    }

    /// Its midnight.
    pub const fn begins_at(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(MILLIS))
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The first day of its month.
    #[must_use]
    pub const fn month(self) -> Self {
        let (_, _, day) = self.date();
        Self(self.0 - (day - 1))
    }

    /// Year, month and day by the Gregorian calendar. Years are taken to begin in March, so that the leap
    /// day is their last and a month's first day follows from its number.
    const fn date(self) -> (i64, i64, i64) {
        let since_zero = self.0 + 719_468;
        let era = since_zero.div_euclid(146_097);
        let day_of_era = since_zero.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        let year = year_of_era + era * 400;
        (if month <= 2 { year + 1 } else { year }, month, day)
    }
}

impl fmt::Display for Day {
    /// `2026-11-20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// How much of a time lies on each day, in order. Nothing is lost and nothing is counted twice; even no
/// time at all lies on a day.
pub fn split(from: Timestamp, span: Duration) -> Vec<(Day, Duration)> {
    let (mut at, mut left) = (from, span);
    let mut parts = Vec::new();
    loop {
        let day = Day::of(at);
        let midnight = day.plus(1).begins_at();
        let until = midnight.since(at);
        if left <= until || until.is_zero() || parts.len() + 1 == DAYS_MAX {
            parts.push((day, left));
            return parts;
        }
        parts.push((day, until));
        left -= until;
        at = midnight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates_and_months() {
        let check = |number: i64, date: &str, month: &str| {
            let day = Day::from_number(number);
            let shown = (day.to_string(), day.month().to_string());
            assert_eq!(shown, (date.to_owned(), month.to_owned()), "{number}");
        };
        check(0, "1970-01-01", "1970-01-01");
        check(-1, "1969-12-31", "1969-12-01");
        check(11_016, "2000-02-29", "2000-02-01");
        check(11_017, "2000-03-01", "2000-03-01");
        check(20_777, "2026-11-20", "2026-11-01");
    }

    fn check(from: i64, span: u64, expected: &[(i64, u64)]) {
        let parts = split(Timestamp::from_millis(from), Duration::from_millis(span));
        let parts: Vec<_> = parts
            .into_iter()
            .map(|(day, part)| (day.number(), u64::try_from(part.as_millis()).unwrap()))
            .collect();
        assert_eq!(parts, expected, "from {from} for {span}");
    }

    #[test]
    fn a_time_is_split_at_midnight() {
        check(0, 5, &[(0, 5)]);
        check(10, 0, &[(0, 0)]);
        check(MILLIS - 10, 10, &[(0, 10)]);
        check(MILLIS - 10, 25, &[(0, 10), (1, 15)]);
        let day = MILLIS.unsigned_abs();
        check(MILLIS - 1, day + 2, &[(0, 1), (1, day), (2, 1)]);
        check(-5, 10, &[(-1, 5), (0, 5)]);
    }

    #[test]
    fn the_parts_of_the_longest_time_are_still_all_of_it() {
        let span = Duration::from_hours(24 * 365 * 60);
        let parts = split(Timestamp::from_millis(7), span);
        assert_eq!(parts.len(), DAYS_MAX);
        assert_eq!(parts.iter().map(|(_, part)| *part).sum::<Duration>(), span);
    }
}

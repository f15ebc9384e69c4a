//! Hours of the week, as people write them: `mon-fri 18:00-08:00`.

use std::time::Duration;

use cupola_domain::{field::FieldError, time::Timestamp};

/// More windows than this nobody keeps in mind.
const WINDOWS_MAX: usize = 32;

/// From Monday, as weeks begin.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const DAY_MINUTES: i64 = 24 * 60;
const WEEK_MINUTES: i64 = 7 * DAY_MINUTES;

/// 1970 began on a Thursday.
const EPOCH_DAY: i64 = 3;

/// Hours of the week; all of it when there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Hours(Vec<Window>);

/// From a minute of some days until another, which is of the next day where it is not later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    days: [bool; 7],
    begin: i64,
    end: i64,
}

impl Hours {
    /// Reads lines such as `sat-sun`, `22:00-06:00` or `mon,wed 09:00-12:30`.
    pub(crate) fn read(lines: &[String]) -> Result<Self, FieldError> {
        let wrong = |message| Err(FieldError::new("hours", message));
        if lines.len() > WINDOWS_MAX {
            return wrong(format!(
                "has {} lines; {WINDOWS_MAX} are enough",
                lines.len()
            ));
        }
        let mut windows = Vec::new();
        for line in lines {
            let Some(window) = Window::read(&line.trim().to_lowercase()) else {
                return wrong(format!(
                    "`{line}` is not understood; write lines such as `mon-fri 18:00-08:00` or `sat,sun`"
                ));
            };
            windows.push(window);
        }
        Ok(Self(windows))
    }

    /// Whether `now` is within them, where clocks are `offset_secs` ahead of UTC; otherwise when they
    /// begin again, if ever.
    pub(crate) fn check(&self, now: Timestamp, offset_secs: i32) -> Result<(), Option<Timestamp>> {
        if self.0.is_empty() {
            return Ok(());
        }
        let local = now.millis().saturating_add(1000 * i64::from(offset_secs));
        let minute = local.div_euclid(60_000) + EPOCH_DAY * DAY_MINUTES;
        let holds = |minute: i64| {
            let minute = minute.rem_euclid(WEEK_MINUTES);
            self.0.iter().any(|window| window.holds(minute))
        };
        if holds(minute) {
            return Ok(());
        }
        let ahead = (1..=WEEK_MINUTES).find(|ahead| holds(minute + ahead));
        Err(ahead.map(|ahead| {
            let into = u64::try_from(local.rem_euclid(60_000)).unwrap_or_default();
            let span = 60_000 * u64::try_from(ahead).unwrap_or_default() - into;
            now.plus(Duration::from_millis(span))
        }))
    }
}

impl Window {
    fn read(line: &str) -> Option<Self> {
        if line.is_empty() {
            return None;
        }
        let (days, span) = match line.split_once(' ') {
            Some((days, span)) => (days, span.trim()),
            None if line.contains(':') => ("", line),
            None => (line, ""),
        };
        let days = if matches!(days, "" | "daily") {
            [true; 7]
        } else {
            read_days(days)?
        };
        if span.is_empty() {
            return Some(Self {
                days,
                begin: 0,
                end: DAY_MINUTES,
            });
        }
        let (begin, end) = span.split_once('-')?;
        let (begin, end) = (read_minute(begin)?, read_minute(end)?);
        let is_hour = begin < DAY_MINUTES && begin != end;
        is_hour.then_some(Self {
            days,
            begin,
            end: if end > begin { end } else { end + DAY_MINUTES },
        })
    }

    /// Whether a minute of the week is in it.
    fn holds(&self, minute: i64) -> bool {
        let days = self.days.iter().zip(0..).filter(|(is_in, _)| **is_in);
        let mut begins = days.map(|(_, day)| day * DAY_MINUTES + self.begin);
        let length = self.end - self.begin;
        begins.any(|begin| (minute - begin).rem_euclid(WEEK_MINUTES) < length)
    }
}

/// `mon-fri`, `sat,sun`, `fri-mon`.
fn read_days(text: &str) -> Option<[bool; 7]> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name.trim());
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let count = (last + 7 - first) % 7;
        for ahead in 0..=count {
            days[(first + ahead) % 7] = true;
        }
    }
    Some(days)
}

/// `18:00`, also `24:00` and `8`.
fn read_minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
    let number = |text: &str| text.parse::<u8>().ok().map(i64::from);
    let (hour, minute) = (number(hour)?, number(minute)?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY_MINUTES).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2026-11-16, midnight in UTC.
    const MONDAY: Timestamp = Timestamp::from_millis(1_794_787_200_000);

    /// `at` is a day and a minute; found is `works` or after how many minutes it does again.
    fn check(lines: &[&str], at: (u64, &str), offset_hours: i32, expected: &str) {
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        let hours = Hours::read(&lines).unwrap();
        let minute = u64::try_from(read_minute(at.1).unwrap()).unwrap();
        let now = MONDAY.plus(Duration::from_secs(60 * (at.0 * 24 * 60 + minute)));
        let found = match hours.check(now, 3600 * offset_hours) {
            Ok(()) => "works".to_owned(),
            Err(None) => "never".to_owned(),
            Err(Some(until)) => (until.since(now).as_secs() / 60).to_string(),
        };
        assert_eq!(found, expected, "{lines:?} at {at:?}");
    }

    #[test]
    fn without_hours_every_hour_is_one() {
        check(&[], (3, "03:00"), 0, "works");
    }

    #[test]
    fn a_night_ends_on_the_next_day() {
        let nights = &["mon-fri 18:00-08:00"];
        check(nights, (0, "17:59"), 0, "1");
        check(nights, (0, "18:00"), 0, "works");
        check(nights, (1, "07:59"), 0, "works");
        check(nights, (1, "08:00"), 0, "600");
        // Friday's night ends on Saturday; Sunday has none.
        check(nights, (5, "07:00"), 0, "works");
        check(nights, (5, "08:00"), 0, "3480");
        check(nights, (0, "07:00"), 0, "660");
    }

    #[test]
    fn the_last_night_of_a_week_ends_in_the_next() {
        check(&["sun 22:00-06:00"], (0, "05:00"), 0, "works");
        check(&["sun 22:00-06:00"], (0, "06:00"), 0, "9600");
    }

    #[test]
    fn whole_days_and_every_day() {
        check(&["sat,sun"], (5, "00:00"), 0, "works");
        check(&["sat,sun"], (4, "23:30"), 0, "30");
        check(&["sat-sun"], (6, "23:59"), 0, "works");
        check(&["22:00-06:00"], (2, "05:59"), 0, "works");
        check(&["daily 22-6"], (2, "21:00"), 0, "60");
        check(&["fri-mon 00:00-24:00"], (0, "12:00"), 0, "works");
        check(&["mon 12:00-13:00", "tue"], (0, "13:00"), 0, "660");
    }

    #[test]
    fn clocks_of_the_machine_count() {
        check(&["mon 18:00-19:00"], (0, "17:00"), 1, "works");
        check(&["mon 18:00-19:00"], (0, "18:00"), -5, "300");
        check(&["mon 00:00-01:00"], (6, "23:30"), 1, "works");
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "noon",
            "mon 8",
            "mon 08:00-08:00",
            "mon 08:00-25:00",
            "mon 08:60-09:00",
            "xyz 08:00-09:00",
            "mon 24:00-08:00",
            "mon 08:00-00:00-1",
            "-",
            "mon,",
            "mon 08:00 - 09:00 x",
        ] {
            assert!(Hours::read(&[line.to_owned()]).is_err(), "{line}");
        }
    }
}

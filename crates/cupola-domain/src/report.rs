//! Reports that are kept, and when they are made again by themselves.

use std::{fmt, str::FromStr, time::Duration};

use crate::{
    ids::{ExperimentId, ReportId, ReportScheduleId},
    time::Timestamp,
};

/// A schedule makes a report no more often than this.
pub const EVERY_MIN: Duration = Duration::from_mins(10);

/// And no less often.
pub const EVERY_MAX: Duration = Duration::from_hours(366 * 24);

/// What waits for an end is looked at as often.
const WAIT: Duration = Duration::from_mins(1);

/// Of one schedule so many reports are kept; then the oldest goes.
pub const KEPT_OF_SCHEDULE: usize = 20;

/// A report that is kept. Its document never changes, whatever becomes of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name for programs.
    pub id: ReportId,
    /// Its title.
    pub title: String,
    /// The experiments that it is about.
    pub subjects: Vec<ExperimentId>,
    /// Who made it, or its schedule.
    pub author: String,
    /// Whose it is.
    pub owner: String,
    /// The schedule that made it; none where somebody did.
    pub schedule: Option<ReportScheduleId>,
    /// When.
    pub made_at: Timestamp,
    /// How long its document is, in bytes.
    pub bytes: u64,
}

/// When a report is made by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name for programs.
    pub id: ReportScheduleId,
    /// The experiments that its reports are about.
    pub subjects: Vec<ExperimentId>,
    /// How often.
    pub when: When,
    /// When it is looked at next.
    pub due_at: Timestamp,
    /// Who made it.
    pub author: String,
    /// Whose it is.
    pub owner: String,
    /// When.
    pub created_at: Timestamp,
    /// What became of it the last time; empty before.
    pub note: String,
}

/// How often a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Again and again.
    Every(Duration),
    /// Once, when all that it is about has ended.
    Done,
}

impl Schedule {
    /// The same after it was looked at. However long nobody looked, it is due once, and then at its next time.
    pub fn looked_at(&mut self, now: Timestamp) {
        self.due_at = match self.when {
            When::Done => now.plus(WAIT),
            When::Every(every) => {
                let late = now.since(self.due_at).as_millis();
                let times = late / every.as_millis().max(1) + 1;
                let times = u32::try_from(times).unwrap_or(u32::MAX);
                self.due_at.plus(every.saturating_mul(times))
            }
        };
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let When::Every(every) = self else {
            return f.write_str("done");
        };
        match every.as_secs() {
            604_800 => f.write_str("week"),
            86_400 => f.write_str("day"),
            3_600 => f.write_str("hour"),
            secs if secs % 86_400 == 0 => write!(f, "{}d", secs / 86_400),
            secs if secs % 3_600 == 0 => write!(f, "{}h", secs / 3_600),
            secs => write!(f, "{}m", secs / 60),
        }
    }
}

/// `hour`, `day`, `week`, `90m`, `6h`, `3d` or `done`.
impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || {
            let text = crate::text::excerpt(text.trim());
            format!(
                "is `{text}`; choose `hour`, `day`, `week`, `done`, or a time from `10m` to `366d`"
            )
        };
        let minutes = match text.trim() {
            "done" => return Ok(When::Done),
            "hour" => 60,
            "day" => 24 * 60,
            "week" => 7 * 24 * 60,
            other => {
                let unit = other.chars().last().ok_or_else(refused)?;
                let times: u64 = match unit {
                    'm' => 1,
                    'h' => 60,
                    'd' => 24 * 60,
                    _ => return Err(refused()),
                };
                let number: u64 = other[..other.len() - 1].parse().map_err(|_| refused())?;
                number.checked_mul(times).ok_or_else(refused)?
            }
        };
        let every = Duration::from_secs(minutes.checked_mul(60).ok_or_else(refused)?);
        if (EVERY_MIN..=EVERY_MAX).contains(&every) {
            Ok(When::Every(every))
        } else {
            Err(refused())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for text in [
            "hour", "day", "week", "done", "10m", "90m", "6h", "3d", "366d",
        ] {
            assert_eq!(text.parse::<When>().unwrap().to_string(), text);
        }
        assert_eq!("24h".parse::<When>().unwrap().to_string(), "day");
        for text in [
            "",
            "m",
            "9m",
            "367d",
            "-1d",
            "1.5h",
            "2w",
            "é",
            "99999999999999999999d",
            "18446744073709551615m",
        ] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }

    fn check(due: i64, now: i64, expected: i64) {
        let mut schedule = Schedule {
            id: uuid::Uuid::nil().into(),
            subjects: Vec::new(),
            when: When::Every(Duration::from_secs(100)),
            due_at: Timestamp::from_millis(due * 1_000),
            author: String::new(),
            owner: String::new(),
            created_at: Timestamp::from_millis(0),
            note: String::new(),
        };
        schedule.looked_at(Timestamp::from_millis(now * 1_000));
        assert_eq!(schedule.due_at.millis(), expected * 1_000);
    }

    #[test]
    fn after_a_long_sleep_it_is_due_once() {
        check(100, 100, 200);
        check(100, 150, 200);
        check(100, 199, 200);
        check(100, 200, 300);
        check(100, 1_050, 1_100);
    }
}

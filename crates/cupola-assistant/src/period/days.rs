//! Days: weekdays, dates, and the weeks, months and years that they are in.

use std::time::Duration;

use cupola_domain::{date, time::Timestamp};

use super::{
    Bounds, Clock, DAY, DAY_MILLIS, day, hours::within_day, midnight, midnight_utc, offset_millis,
    today,
};
use crate::{question::Word, words::count};

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const WEEKDAY_ENDINGS: [&str; 7] = ["day", "sday", "nesday", "rsday", "day", "urday", "day"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `yesterday`, `Monday`, `20 November`, and an hour of it: `yesterday at 9:00`.
pub(super) fn of_day(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let first = words[0].folded.as_str();
    let (bounds, length) = match first {
        "today" => (day(today(clock), clock), 1),
        "yesterday" => (day(today(clock) - 1, clock), 1),
        _ => weekday(first, clock)
            .map(|number| (day(number, clock), 1))
            .or_else(|| dated(words, clock))?,
    };
    let is_at = words.get(length).is_some_and(|word| word.folded == "at");
    let hour = words.get(length + usize::from(is_at)..)?;
    let is_hour = is_at
        || hour
            .first()
            .is_some_and(|word| count(&word.folded).is_none());
    if let (Some((within, hours)), Some(from), Some(_)) =
        (within_day(hour).filter(|_| is_hour), bounds.0, bounds.1)
    {
        let at = (Some(from.plus(within)), None);
        return Some((at, length + usize::from(is_at) + hours));
    }
    Some((bounds, length))
}

/// `2026-11-20`, with a time or not; `20 November`, `Nov 20 2026`.
pub(super) fn dated(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let first = words.first()?.text.as_str();
    if let Some(millis) = date::millis(first) {
        let has_offset = first.len() > 10 && first[10..].contains(['Z', 'z', '+', '-']);
        let from = if has_offset {
            millis
        } else {
            millis - offset_millis(clock)
        };
        let from = Timestamp::from_millis(from);
        let until = (first.len() == 10).then(|| from.plus(Duration::from_secs(DAY)));
        return Some(((Some(from), until), 1));
    }
    let second = words.get(1)?.folded.as_str();
    let first = words.first()?.folded.as_str();
    let (month, of_month) = match (month(first), month(second)) {
        (Some(month), _) => (month, second),
        (None, Some(month)) => (month, first),
        (None, None) => return None,
    };
    let of_month = of_month.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let of_month = count(of_month).filter(|number| (1..=31).contains(number))?;
    let said = words
        .get(2)
        .and_then(|word| count(&word.folded))
        .filter(|year| (1970..10_000).contains(year));
    let this_year = year_of(clock)?;
    let number = match said {
        Some(year) => day_number(year, month, of_month)?,
        // Without a year it is the latest that has begun.
        None => day_number(this_year, month, of_month)
            .filter(|number| *number <= today(clock))
            .or_else(|| day_number(this_year - 1, month, of_month))?,
    };
    Some((day(number, clock), 2 + usize::from(said.is_some())))
}

/// The latest such day that has begun.
pub(super) fn weekday(text: &str, clock: Clock) -> Option<i64> {
    let beginning = text.get(..3)?;
    let wanted = WEEKDAYS.iter().position(|day| *day == beginning)?;
    let ending = &text[3..];
    if !(ending.is_empty()
        || ending == WEEKDAY_ENDINGS[wanted]
        || ["s", "r", "rs", "nes"].contains(&ending))
    {
        return None;
    }
    let today = today(clock);
    // 1970 began on a Thursday.
    let back = (today + 3 - i64::try_from(wanted).ok()?).rem_euclid(7);
    Some(today - back)
}

/// The week or month or year that is, or the one before it.
pub(super) fn calendar(unit: &str, back: u32, clock: Clock) -> Option<(Timestamp, Timestamp)> {
    let today = today(clock);
    let back = i64::from(back);
    let (first, next) = match unit {
        "day" => (today - back, today - back + 1),
        "week" => {
            let monday = today - (today + 3).rem_euclid(7) - 7 * back;
            (monday, monday + 7)
        }
        "month" => {
            let text = date::text(midnight_utc(today).millis())?;
            let (year, month) = (
                text.get(..4)?.parse::<u32>().ok()?,
                text.get(5..7)?.parse::<u32>().ok()?,
            );
            let number = i64::from(year) * 12 + i64::from(month) - 1 - back;
            (month_start(number)?, month_start(number + 1)?)
        }
        "year" => {
            let year = i64::from(year_of(clock)?) - back;
            (month_start(year * 12)?, month_start(year * 12 + 12)?)
        }
        _ => return None,
    };
    Some((midnight(first, clock), midnight(next, clock)))
}

/// The day on which a month begins, months counted from the year 0.
fn month_start(number: i64) -> Option<i64> {
    let year = u32::try_from(number.div_euclid(12)).ok()?;
    let month = u32::try_from(number.rem_euclid(12)).ok()? + 1;
    day_number(year, month, 1)
}

fn day_number(year: u32, month: u32, day: u32) -> Option<i64> {
    let millis = date::millis(&format!("{year:04}-{month:02}-{day:02}"))?;
    Some(millis.div_euclid(DAY_MILLIS))
}

fn year_of(clock: Clock) -> Option<u32> {
    date::text(midnight_utc(today(clock)).millis())?
        .get(..4)?
        .parse()
        .ok()
}

fn month(text: &str) -> Option<u32> {
    let is_month = |name: &str| {
        text.len() >= 3 && (name.starts_with(text) || text == "sept" && name == "september")
    };
    let at = MONTHS.iter().position(|name| is_month(name))?;
    u32::try_from(at + 1).ok()
}

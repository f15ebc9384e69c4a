//! Times in people's words: "today", "since Monday", "in the last 2 hours", a date.

use std::{ops::Range, time::Duration};

use cupola_domain::{date, time::Timestamp};

use crate::{question::Word, words::count};

const DAY_MILLIS: i64 = 86_400_000;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Longer ago is as good as ever.
const SECONDS_MAX: f64 = 3e9;

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

/// What time it is for whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Now.
    pub now: Timestamp,
    /// Minutes that their clock is ahead of UTC.
    pub offset_minutes: i32,
}

/// A span of time; open where there is no bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub from: Option<Timestamp>,
    /// The first moment after it.
    pub until: Option<Timestamp>,
    /// As it was written.
    pub words: String,
}

/// The first period among the words, and which of them say it.
pub fn find(words: &[Word], clock: Clock) -> Option<(Period, Range<usize>)> {
    (0..words.len()).find_map(|at| {
        let (bounds, length) = at_start(&words[at..], clock)?;
        let said: Vec<_> = words[at..at + length]
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        let period = Period {
            from: bounds.0,
            until: bounds.1,
            words: said.join(" "),
        };
        Some((period, at..at + length))
    })
}

/// How long `2 hours`, `90s` or `an hour` is, in seconds, and how many words say it.
pub fn duration(words: &[Word]) -> Option<(f64, usize)> {
    let first = words.first().filter(|word| !word.is_quoted)?;
    if let Some(at) = first.folded.find(|c: char| c.is_ascii_alphabetic())
        && at > 0
        && let Ok(number) = first.folded[..at].parse::<f64>()
    {
        return bounded(number * unit(&first.folded[at..])?, 1);
    }
    let unit = unit(&words.get(1)?.folded)?;
    let number = match first.folded.as_str() {
        "a" | "an" => 1.0,
        "half" => 0.5,
        word => first.number().or_else(|| count(word).map(f64::from))?,
    };
    bounded(number * unit, 2)
}

type Bounds = (Option<Timestamp>, Option<Timestamp>);

fn at_start(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let word = words.first().filter(|word| !word.is_quoted)?;
    let rest = &words[1..];
    match word.folded.as_str() {
        "today" => Some((day(today(clock), clock), 1)),
        "yesterday" => Some((day(today(clock) - 1, clock), 1)),
        "since" | "after" => {
            let ((from, _), length) = moment(rest, clock)?;
            Some(((from, None), 1 + length))
        }
        "until" | "before" => {
            let ((until, _), length) = moment(rest, clock)?;
            Some(((None, until), 1 + length))
        }
        "between" | "from" => {
            let ((from, _), first) = moment(rest, clock)?;
            let rest = rest.get(first..)?;
            let is_joined = rest
                .first()
                .is_some_and(|w| ["and", "to", "until"].contains(&w.folded.as_str()));
            let ((_, until), second) = moment(rest.get(1..).filter(|_| is_joined)?, clock)?;
            Some(((from, until), 2 + first + second))
        }
        "in" | "on" | "within" | "during" | "over" | "for" => {
            let is_of_moment = word.folded == "on";
            let found =
                span(rest, clock).or_else(|| is_of_moment.then(|| moment(rest, clock))?)?;
            Some((found.0, 1 + found.1))
        }
        _ => span(words, clock).or_else(|| ago(words, clock)),
    }
}

/// `the last 2 hours`, `this week`, `last month`.
fn span(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let has_article = words.first()?.folded == "the";
    let words = if has_article { &words[1..] } else { words };
    let extra = usize::from(has_article);
    let (which, rest) = words.split_first()?;
    let named = rest.first().map_or("", |word| word.folded.as_str());
    match which.folded.as_str() {
        "last" | "past" | "previous" => {
            if let Some((seconds, length)) = duration(rest) {
                return Some(((Some(back(clock, seconds)), None), extra + 1 + length));
            }
            // "last week" is the one before this; "the last week" is seven days.
            if !has_article
                && which.folded != "past"
                && let Some((from, until)) = calendar(named, 1, clock)
            {
                return Some(((Some(from), Some(until)), 2));
            }
            let seconds = unit(named)?;
            Some(((Some(back(clock, seconds)), None), extra + 2))
        }
        "this" => {
            let (from, _) = calendar(named, 0, clock)?;
            Some(((Some(from), None), extra + 2))
        }
        "today" | "yesterday" if !has_article => at_start(words, clock),
        _ => None,
    }
}

/// A day, a time of day or a distance from now: from its first moment until its end.
fn moment(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let has_article = ["the", "last"].contains(&words.first()?.folded.as_str());
    if has_article {
        let (bounds, length) =
            span(words, clock).or_else(|| moment(&words[1..], clock).map(|(b, l)| (b, l + 1)))?;
        return Some((bounds, length));
    }
    let first = words[0].folded.as_str();
    match first {
        "today" => return Some((day(today(clock), clock), 1)),
        "yesterday" => return Some((day(today(clock) - 1, clock), 1)),
        "this" => return span(words, clock),
        _ => {}
    }
    ago(words, clock)
        .or_else(|| weekday(first, clock).map(|number| (day(number, clock), 1)))
        .or_else(|| dated(words, clock))
        .or_else(|| time_of_day(first, clock).map(|from| ((Some(from), None), 1)))
        .or_else(|| {
            duration(words).map(|(seconds, length)| ((Some(back(clock, seconds)), None), length))
        })
}

/// `2 hours ago`.
fn ago(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let (seconds, length) = duration(words)?;
    let is_ago = words.get(length)?.folded == "ago";
    is_ago.then(|| ((Some(back(clock, seconds)), None), length + 1))
}

/// `2026-11-20`, with a time or not; `20 November`, `Nov 20 2026`.
fn dated(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
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

/// `14:00`, of today or, where that is still to come, of yesterday.
fn time_of_day(text: &str, clock: Clock) -> Option<Timestamp> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (count(hour)?, count(minute)?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let within = i64::from(hour * 60 + minute) * 60_000;
    let at = midnight(today(clock), clock).millis() + within;
    let at = if at > clock.now.millis() {
        at - DAY_MILLIS
    } else {
        at
    };
    Some(Timestamp::from_millis(at))
}

/// The latest such day that has begun.
fn weekday(text: &str, clock: Clock) -> Option<i64> {
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
fn calendar(unit: &str, back: u32, clock: Clock) -> Option<(Timestamp, Timestamp)> {
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

/// Seconds of a unit.
fn unit(text: &str) -> Option<f64> {
    Some(match text {
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "month" | "months" => 30.0 * 86_400.0,
        "year" | "years" => 365.0 * 86_400.0,
        _ => return None,
    })
}

fn bounded(seconds: f64, length: usize) -> Option<(f64, usize)> {
    (seconds.is_finite() && seconds >= 0.0).then_some((seconds.min(SECONDS_MAX), length))
}

fn back(clock: Clock, seconds: f64) -> Timestamp {
    clock
        .now
        .minus(Duration::from_secs_f64(seconds.clamp(0.0, SECONDS_MAX)))
}

/// The number of the day that it is for whoever asks.
fn today(clock: Clock) -> i64 {
    let local = clock.now.millis().saturating_add(offset_millis(clock));
    local.div_euclid(DAY_MILLIS)
}

fn day(number: i64, clock: Clock) -> Bounds {
    (
        Some(midnight(number, clock)),
        Some(midnight(number + 1, clock)),
    )
}

fn midnight(day: i64, clock: Clock) -> Timestamp {
    let utc = midnight_utc(day).millis();
    Timestamp::from_millis(utc.saturating_sub(offset_millis(clock)))
}

fn midnight_utc(day: i64) -> Timestamp {
    Timestamp::from_millis(day.saturating_mul(DAY_MILLIS))
}

fn offset_millis(clock: Clock) -> i64 {
    i64::from(clock.offset_minutes) * 60_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Question;

    /// A Sunday, 03:30 in UTC.
    const NOW: &str = "2026-11-22T03:30:00Z";

    fn read(text: &str, offset_minutes: i32) -> String {
        let now = Timestamp::from_millis(date::millis(NOW).unwrap());
        let words = Question::read(text).unwrap().words;
        let Some((period, range)) = find(
            &words,
            Clock {
                now,
                offset_minutes,
            },
        ) else {
            return "none".to_owned();
        };
        let end = |at: Option<Timestamp>| {
            at.map_or(String::new(), |at| {
                date::text(at.millis()).unwrap()[..16].to_owned()
            })
        };
        format!(
            "{}..{} {}",
            end(period.from),
            end(period.until),
            range.len()
        )
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(read(text, 0), expected, "{text}");
    }

    #[test]
    fn periods_are_read() {
        check("what failed today", "2026-11-22T00:00..2026-11-23T00:00 1");
        check("yesterday", "2026-11-21T00:00..2026-11-22T00:00 1");
        check("since yesterday", "2026-11-21T00:00.. 2");
        check("since Monday", "2026-11-16T00:00.. 2");
        check("since sun", "2026-11-22T00:00.. 2");
        check("on friday", "2026-11-20T00:00..2026-11-21T00:00 2");
        check("in the last 2 hours", "2026-11-22T01:30.. 5");
        check("last 90 minutes", "2026-11-22T02:00.. 3");
        check("past three days", "2026-11-19T03:30.. 3");
        check("in the last hour", "2026-11-22T02:30.. 4");
        check("in the past 30m", "2026-11-22T03:00.. 4");
        check("the last week", "2026-11-15T03:30.. 3");
        check("last week", "2026-11-09T00:00..2026-11-16T00:00 2");
        check("this week", "2026-11-16T00:00.. 2");
        check("this month", "2026-11-01T00:00.. 2");
        check("last month", "2026-10-01T00:00..2026-11-01T00:00 2");
        check("since last month", "2026-10-01T00:00.. 3");
        check("this year", "2026-01-01T00:00.. 2");
        check("2 hours ago", "2026-11-22T01:30.. 3");
        check("since 2 hours ago", "2026-11-22T01:30.. 4");
        check("since an hour ago", "2026-11-22T02:30.. 4");
        check("since 2026-11-20", "2026-11-20T00:00.. 2");
        check("since 2026-11-20T12:00:00+01:00", "2026-11-20T11:00.. 2");
        check("on 2026-11-20", "2026-11-20T00:00..2026-11-21T00:00 2");
        check("before 2026-11-20", "..2026-11-20T00:00 2");
        check(
            "between 2026-11-01 and 2026-11-03",
            "2026-11-01T00:00..2026-11-04T00:00 4",
        );
        check("since 20 November", "2026-11-20T00:00.. 3");
        check("since Nov 25", "2025-11-25T00:00.. 3");
        check("since march 3rd 2024", "2024-03-03T00:00.. 4");
        check("since 02:15", "2026-11-22T02:15.. 2");
        check("since 14:00", "2026-11-21T14:00.. 2");
    }

    #[test]
    fn what_is_no_period_is_none() {
        for text in [
            "",
            "between alpha and beta",
            "the last run",
            "last",
            "since",
            "in alpha",
            "second best",
            "since 2026-02-30",
            "since 40 march",
            "on gpu-1",
            "99999999999999999999h ago and",
        ] {
            let expected = if text.starts_with('9') {
                "1931-10-29T22:10.. 2"
            } else {
                "none"
            };
            check(text, expected);
        }
    }

    #[test]
    fn days_begin_where_the_asker_is() {
        assert_eq!(read("today", 120), "2026-11-21T22:00..2026-11-22T22:00 1");
        assert_eq!(read("today", -300), "2026-11-21T05:00..2026-11-22T05:00 1");
        assert_eq!(read("since 2026-11-20", 60), "2026-11-19T23:00.. 2");
    }
}

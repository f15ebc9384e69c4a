//! Times in people's words: "today", "since Monday", "in the last 2 hours", a date.

mod days;
mod hours;

use std::{ops::Range, time::Duration};

use cupola_domain::time::Timestamp;

use self::{
    days::{calendar, of_day, weekday},
    hours::{PARTS, before, clock_time, hour, part_of_day, within_day},
};
use crate::{
    question::Word,
    words::{count, phrase},
};

const DAY_MILLIS: i64 = 86_400_000;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Longer ago is as good as ever.
const SECONDS_MAX: f64 = 3e9;

impl Period {
    /// Whether a moment lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

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
        // "Runs between 9 and 12" are hours, "lr between 9 and 12" are none.
        let is_hour = at.checked_sub(1).is_none_or(|before| {
            let before = words[before].folded.as_str();
            phrase(&[before]).is_some()
        });
        let (bounds, length) = at_start(&words[at..], is_hour, clock)?;
        let said: Vec<_> = words[at..at + length]
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        let mut said = said.join(" ");
        // Everybody's evening has other hours: it is told which are meant.
        if let Some((_, (from, until))) = PARTS.iter().find(|(part, _)| said.ends_with(part)) {
            said = format!("{said} ({from}:00 to {}:00)", until % 24);
        }
        let period = Period {
            from: bounds.0,
            until: bounds.1,
            words: said,
        };
        Some((period, at..at + length))
    })
}

/// How long `2 hours`, `90s` or `an hour` is, in seconds, and how many words say it.
pub fn duration(words: &[Word]) -> Option<(f64, usize)> {
    let first = words.first().filter(|word| !word.is_quoted)?;
    if let Some(found) = fraction(words) {
        return Some(found);
    }
    if let Some(seconds) = compound(&first.folded) {
        return bounded(seconds, 1);
    }
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

/// `1h30m`: at least two numbers, each with its unit.
fn compound(text: &str) -> Option<f64> {
    let (mut rest, mut seconds, mut parts) = (text, 0.0, 0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: f64 = rest[..digits].parse().ok()?;
        let named = &rest[digits..];
        let length = named.find(|c: char| c.is_ascii_digit());
        let (named, left) = named.split_at(length.unwrap_or(named.len()));
        seconds += number * unit(named)?;
        (rest, parts) = (left, parts + 1);
    }
    (parts > 1).then_some(seconds)
}

/// `half an hour`, `a quarter of an hour`, `a minute and a half`.
fn fraction(words: &[Word]) -> Option<(f64, usize)> {
    let said: Vec<&str> = (words.iter().take(5))
        .map(|word| word.folded.as_str())
        .collect();
    let (share, named, length) = match said.as_slice() {
        ["half", "a" | "an", named, ..] => (0.5, named, 3),
        ["quarter", "of", "a" | "an", named, ..] => (0.25, named, 4),
        ["a", "quarter", "of", "a" | "an", named, ..] => (0.25, named, 5),
        ["a" | "an" | "one", named, "and", "a", "half", ..] => (1.5, named, 5),
        _ => return None,
    };
    bounded(share * unit(named)?, length)
}

/// Words of times, of which none is left out of a question.
pub const TIME_WORDS: &[&str] = &[
    "noon",
    "midnight",
    "night",
    "tonight",
    "tomorrow",
    "weekend",
    "fortnight",
    "quarter",
    "noontime",
    "midday",
    "overnight",
    "christmas",
    "easter",
    "oclock",
    "am",
    "pm",
];

type Bounds = (Option<Timestamp>, Option<Timestamp>);

fn at_start(words: &[Word], is_hour: bool, clock: Clock) -> Option<(Bounds, usize)> {
    let word = words.first().filter(|word| !word.is_quoted)?;
    if let Some(found) = part_of_day(words, clock) {
        return Some(found);
    }
    let rest = &words[1..];
    match word.folded.as_str() {
        "today" => Some((day(today(clock), clock), 1)),
        "yesterday" => Some((day(today(clock) - 1, clock), 1)),
        "since" | "after" => {
            let ((from, _), length) = moment(rest, clock).or_else(|| hour(rest, clock))?;
            Some(((from, None), 1 + length))
        }
        "until" | "before" => before(rest, clock).map(|(bounds, length)| (bounds, 1 + length)),
        "between" | "from" => {
            let found = both(rest, is_hour, clock);
            let is_from = word.folded == "from";
            let found = found.or_else(|| is_from.then(|| begun(rest, clock))?)?;
            Some((found.0, 1 + found.1))
        }
        "in" | "on" | "within" | "during" | "over" | "for" => {
            let is_of_moment = word.folded == "on";
            let found =
                span(rest, clock).or_else(|| is_of_moment.then(|| moment(rest, clock))?)?;
            Some((found.0, 1 + found.1))
        }
        _ => span(words, clock)
            .or_else(|| day_ago(words, clock))
            .or_else(|| ago(words, clock)),
    }
}

/// `Monday to Wednesday`, `10:00 and 12:00`: from the beginning of the first to the end of the second.
fn both(words: &[Word], is_hour: bool, clock: Clock) -> Option<(Bounds, usize)> {
    let first = moment(words, clock).or_else(|| hour(words, clock).filter(|_| is_hour));
    let ((from, of_first), first) = first?;
    let rest = words.get(first..)?;
    let joint = rest.first()?.folded.as_str();
    if !["and", "to", "until", "till"].contains(&joint) {
        return None;
    }
    let rest = rest.get(1..)?;
    // The second hour is the next one behind the first.
    if let Some((within, second)) = within_day(rest)
        && let Some(from) = from
    {
        let day = day_of(from, clock);
        let mut until = midnight(day, clock).plus(within);
        if until <= from {
            until = until.plus(Duration::from_secs(DAY));
        }
        return Some(((Some(from), Some(until)), 1 + first + second));
    }
    let ((begins, ends), second) = moment(rest, clock)?;
    let (mut from, mut until) = (from, ends.or(begins));
    if from >= until {
        // "From Friday to Tuesday" on a Wednesday: the Friday before.
        if weekday(&words[0].folded, clock).is_some() {
            from = from.map(|from| from.minus(Duration::from_secs(7 * DAY)));
        } else {
            (from, until) = (begins, of_first.or(from));
        }
    }
    Some(((from, until), 1 + first + second))
}

/// Behind "from" alone: `3 days ago` is since then, a day is that day.
fn begun(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let is_bare = duration(words).is_some() && ago(words, clock).is_none();
    moment(words, clock).filter(|_| !is_bare)
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
        "today" | "yesterday" if !has_article => at_start(words, false, clock),
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
    if first == "this" {
        return span(words, clock);
    }
    ago(words, clock)
        .or_else(|| of_day(words, clock))
        .or_else(|| clock_time(words, clock))
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

/// `3 days ago`, by itself: that day, and not since then.
fn day_ago(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let (seconds, length) = duration(words)?;
    let is_ago = words.get(length)?.folded == "ago";
    let named = words[length - 1].folded.as_str();
    if !["day", "days", "week", "weeks"].contains(&named) {
        return None;
    }
    let days = (1..=3_650).find(|days| (f64::from(*days) * 86_400.0 - seconds).abs() < 1.0)?;
    is_ago.then(|| (day(today(clock) - i64::from(days), clock), length + 1))
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
    day_of(clock.now, clock)
}

fn day_of(at: Timestamp, clock: Clock) -> i64 {
    let local = at.millis().saturating_add(offset_millis(clock));
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
    use cupola_domain::date;

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
        check("in the last 1h30m", "2026-11-22T02:00.. 4");
        check("2 days ago", "2026-11-20T00:00..2026-11-21T00:00 3");
        check("24 hours ago", "2026-11-21T03:30.. 3");
        check("in the last half an hour", "2026-11-22T03:00.. 6");
        check("an hour and a half ago", "2026-11-22T02:00.. 6");
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
    fn hours_and_parts_of_days_are_read() {
        check(
            "between 1:00 and 03:00",
            "2026-11-22T01:00..2026-11-22T03:00 4",
        );
        check(
            "between 10:00 and 12:00",
            "2026-11-21T10:00..2026-11-21T12:00 4",
        );
        check("from 22:00 to 2:00", "2026-11-21T22:00..2026-11-22T02:00 4");
        check("between 9 and 12", "2026-11-21T09:00..2026-11-21T12:00 4");
        check("from 3 days ago", "2026-11-19T03:30.. 4");
        check(
            "from Monday to Wednesday",
            "2026-11-16T00:00..2026-11-19T00:00 4",
        );
        check(
            "from Friday to Tuesday",
            "2026-11-13T00:00..2026-11-18T00:00 4",
        );
        check("from Monday", "2026-11-16T00:00..2026-11-17T00:00 2");
        check(
            "from 3 days ago to yesterday",
            "2026-11-19T03:30..2026-11-22T00:00 6",
        );
        check(
            "between 2026-11-03 and 2026-11-01",
            "2026-11-01T00:00..2026-11-04T00:00 4",
        );
        check("before noon", "2026-11-22T00:00..2026-11-22T12:00 2");
        check("before 3:00", "2026-11-22T00:00..2026-11-22T03:00 2");
        check("since midnight", "2026-11-22T00:00.. 2");
        check("since 9", "2026-11-21T09:00.. 2");
        check("since 2 am", "2026-11-22T02:00.. 3");
        check("after 3pm", "2026-11-21T15:00.. 2");
        check("since yesterday at 9", "2026-11-21T09:00.. 4");
        check("since Monday 10:30", "2026-11-16T10:30.. 3");
        check("last night", "2026-11-21T18:00..2026-11-22T06:00 2");
        check("yesterday evening", "2026-11-21T18:00..2026-11-22T00:00 2");
        check("this morning", "2026-11-22T06:00..2026-11-22T12:00 2");
        check("since 9 runs failed", "none");
        check("lr from 5 to 10", "none");
        check("between 10 minutes and nothing", "none");
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

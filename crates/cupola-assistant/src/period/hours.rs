//! Hours of a day: `14:00`, `noon`, `9 am`, `last night`.

use std::time::Duration;

use cupola_domain::time::Timestamp;

use super::{Bounds, Clock, DAY, HOUR, midnight, moment, today};
use crate::{question::Word, words::count};

/// Parts of a day and their hours; a night ends on the next day.
pub(super) const PARTS: &[(&str, (u64, u64))] = &[
    ("morning", (6, 12)),
    ("afternoon", (12, 18)),
    ("evening", (18, 24)),
    ("night", (18, 30)),
];

/// `last night`, `this morning`, `yesterday evening`.
pub(super) fn part_of_day(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let [which, part, ..] = words else {
        return None;
    };
    let (_, (from, until)) = PARTS.iter().find(|(name, _)| *name == part.folded)?;
    let is_night = part.folded == "night";
    let day = match which.folded.as_str() {
        "last" if is_night => today(clock) - 1,
        "yesterday" => today(clock) - 1,
        "this" if !is_night => today(clock),
        _ => return None,
    };
    let begins = midnight(day, clock);
    let at = |hours: u64| begins.plus(Duration::from_secs(hours * HOUR));
    Some(((Some(at(*from)), Some(at(*until))), 2))
}

/// Before a day, or before an hour of today.
pub(super) fn before(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let is_alone = words.len() == 1 || count(&words[0].folded).is_none();
    if let Some((within, length)) = within_day(words).filter(|_| is_alone) {
        let begins = midnight(today(clock), clock);
        return Some(((Some(begins), Some(begins.plus(within))), length));
    }
    let ((until, _), length) = moment(words, clock)?;
    Some(((None, until), length))
}

/// `9`, `9 am`: an hour, where nothing is counted.
pub(super) fn hour(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let (within, length) = within_day(words)?;
    let ends = words.get(length).is_none_or(|next| {
        ["and", "to", "until", "in", "on", "of", "by"].contains(&next.folded.as_str())
    });
    let from = latest(within, clock);
    (ends || length > 1).then_some(((Some(from), None), length))
}

/// `14:00`, of today or, where that is still to come, of yesterday. A number alone is none.
pub(super) fn clock_time(words: &[Word], clock: Clock) -> Option<(Bounds, usize)> {
    let (within, length) = within_day(words)?;
    let is_number = length == 1 && count(&words[0].folded).is_some();
    (!is_number).then(|| ((Some(latest(within, clock)), None), length))
}

/// `14:00`, `noon`, `9 am`, `9pm`, `9 o'clock`, and `9`: how long after midnight, and how many words say it.
pub(super) fn within_day(words: &[Word]) -> Option<(Duration, usize)> {
    let first = words.first().filter(|word| !word.is_quoted)?;
    let minutes = |hours: u32, minutes: u32| {
        let is_hour = hours < 24 && minutes < 60;
        is_hour.then(|| Duration::from_secs(u64::from(hours * 60 + minutes) * 60))
    };
    let said = first.folded.as_str();
    match said {
        "noon" | "midday" => return Some((minutes(12, 0)?, 1)),
        "midnight" => return Some((Duration::ZERO, 1)),
        _ => {}
    }
    let half = |hours: u32, is_pm: bool| {
        let is_half = (1..=12).contains(&hours);
        is_half.then(|| hours % 12 + if is_pm { 12 } else { 0 })
    };
    for (ending, is_pm) in [("am", false), ("pm", true)] {
        if let Some(hours) = said.strip_suffix(ending).and_then(count) {
            return Some((minutes(half(hours, is_pm)?, 0)?, 1));
        }
    }
    if let Some((hours, rest)) = said.split_once(':') {
        return Some((minutes(count(hours)?, count(rest)?)?, 1));
    }
    let is_digits = said.bytes().all(|byte| byte.is_ascii_digit());
    let hours = count(said).filter(|_| is_digits && said.len() < 3)?;
    match words.get(1).map(|next| next.folded.as_str()) {
        Some("am") => Some((minutes(half(hours, false)?, 0)?, 2)),
        Some("pm") => Some((minutes(half(hours, true)?, 0)?, 2)),
        Some("oclock") => Some((minutes(hours, 0)?, 2)),
        _ => Some((minutes(hours, 0)?, 1)),
    }
}

/// The latest time that was so long after a midnight.
fn latest(within: Duration, clock: Clock) -> Timestamp {
    let at = midnight(today(clock), clock).plus(within);
    if at > clock.now {
        at.minus(Duration::from_secs(DAY))
    } else {
        at
    }
}

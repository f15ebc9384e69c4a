//! Points in time as texts, by the Gregorian calendar in UTC.

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Reads `2026-11-20`, `2026-11-20T23:50Z` and `2026-11-20T23:50:00.123+01:00`; without an offset it is UTC.
/// What is finer than a millisecond is left out.
pub fn millis(text: &str) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    let days = days_of(day)?;
    let time = match rest.strip_prefix(['T', 't', ' ']) {
        None if rest.is_empty() => 0,
        None => return None,
        Some(time) => time_of(time)?,
    };
    Some(days * MILLIS_PER_DAY + time)
}

/// As [`millis`] reads it, unless it is outside the years 0 to 9999.
pub fn text(millis: i64) -> Option<String> {
    let (days, time) = (
        millis.div_euclid(MILLIS_PER_DAY),
        millis.rem_euclid(MILLIS_PER_DAY),
    );
    let (year, month, day) = date_of(days);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (seconds, millis) = (time / 1000, time % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
    ))
}

/// Days from 1970 to a date.
fn days_of(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    let days = days_from(year, month, day);
    (date_of(days) == (year, month, day)).then_some(days)
}

/// Milliseconds since midnight in UTC.
fn time_of(text: &str) -> Option<i64> {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => (&text[..at], offset_of(&text[at..])?),
        None => (text, 0),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = match parts.next() {
        Some(second) => digits(second, 2).filter(|second| *second < 60)?,
        None => 0,
    };
    let is_fraction = (1..=9).contains(&fraction.len());
    let whole = format!("{fraction:0<9}");
    let millis = digits(&whole, 9).filter(|_| is_fraction)? / 1_000_000;
    if parts.next().is_some() {
        return None;
    }
    Some(((hour * 60 + minute - offset) * 60 + second) * 1000 + millis)
}

/// Minutes east of UTC.
fn offset_of(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text[1..].split_once(':')?;
    Some(sign * (digits(hours, 2)? * 60 + digits(minutes, 2)?))
}

fn digits(text: &str, length: usize) -> Option<i64> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Counts in years that begin in March, so that the leap day is a year's last.
fn days_from(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + in_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let in_era = days.rem_euclid(146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(millis(text), expected, "{text}");
    }

    #[test]
    fn times_are_read() {
        check("1970-01-01", Some(0));
        check("2026-11-20T22:30:00.123Z", Some(1_795_213_800_123));
        check("2026-11-20 23:30:00.123+01:00", Some(1_795_213_800_123));
        check("2026-11-20T22:30:00.123456", Some(1_795_213_800_123));
        check("2026-11-20T22:30", Some(1_795_213_800_000));
        check("2024-02-29", Some(1_709_164_800_000));
        for wrong in [
            "",
            "2026",
            "2023-02-29",
            "2026-13-01",
            "2026-11-20x",
            "2026-11-20T25:00",
            "2026-11-2é",
            "2026-11-20T22:30+1",
            "2026-11-20T22:30:00.Z",
            "2026-11-20T22:30:00.1234567890Z",
            "2026-11-20T22:30:61",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for days in (-700_000..2_000_000).step_by(997) {
            let at = days * MILLIS_PER_DAY + 12_345;
            assert_eq!(text(at).as_deref().and_then(millis), Some(at));
        }
        assert_eq!(text(i64::MAX), None);
    }
}

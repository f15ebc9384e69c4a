//! Values as people read them, in few columns.

use std::time::Duration;

use cupola_domain::{date, terminal, time::Timestamp};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// Hexadecimal digits in a row are a hash from so many on.
const HASH_LETTERS: usize = 40;

/// `42s`, `3m 5s`, `2h 1m`, `4d 3h`.
pub(crate) fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m {}s", seconds % 60),
        3600..86_400 => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// From `started` to `ended`, or until now while it goes on.
pub(crate) fn lasting(
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    now: Timestamp,
) -> String {
    started.map_or_else(String::new, |started| {
        duration(ended.unwrap_or(now).since(started))
    })
}

/// `2026-11-21 13:20` by the clocks of whoever looks.
pub(crate) fn moment(at: Option<Timestamp>, offset_secs: fn(Timestamp) -> i32) -> String {
    let Some(at) = at else {
        return String::new();
    };
    let here = at
        .millis()
        .saturating_add(i64::from(offset_secs(at)) * 1000);
    let text = date::text(here).unwrap_or_default();
    text.get(..16).unwrap_or_default().replace('T', " ")
}

/// `17 B`, `1.2 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = float(count);
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// Grams, kilograms or tonnes, with as many digits as matter.
pub(crate) fn co2(kilograms: f64) -> String {
    scaled(kilograms * 1000.0, ["g", "kg", "t"])
}

/// Watt-hours and their thousands.
pub(crate) fn energy(kilowatt_hours: f64) -> String {
    scaled(kilowatt_hours * 1000.0, ["Wh", "kWh", "MWh"])
}

/// A value of a tag or parameter on one line.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text),
        value => clean(&value.to_string()),
    }
}

/// A name from outside, fit for a cell: nothing that a terminal would obey.
pub(crate) fn clean(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{80}'..='\u{9f}');
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    terminal::plain(&text.replace(['\n', '\r', '\t'], " "))
}

/// Some letters that tell an id from others: the first of a hash, the last of an id that begins with
/// the time.
pub(crate) fn short_id(id: &str, letters: usize) -> String {
    let count = id.chars().count();
    let skipped = if id.contains('-') {
        count.saturating_sub(letters)
    } else {
        0
    };
    id.chars().skip(skipped).take(letters).collect()
}

/// The text with only the first letters of each hash in it, which else takes a whole line.
pub(crate) fn short_ids(text: &str, letters: usize) -> String {
    let is_hex = |c: char| c.is_ascii_hexdigit();
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_hex) {
        short.push_str(&rest[..at]);
        let hex = &rest[at..];
        let end = hex.find(|c: char| !is_hex(c)).unwrap_or(hex.len());
        let kept = if end >= HASH_LETTERS { letters } else { end };
        short.push_str(&hex[..kept]);
        rest = &hex[end..];
    }
    short.push_str(rest);
    short
}

/// A text in lines of so many columns, broken between words; what is more than `most` lines stays in
/// the last of them.
pub(crate) fn lines(text: &str, columns: u16, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let is_last = lines.len() == most;
        let line = lines.last_mut().expect("there is one from the beginning");
        let is_full = width(line).saturating_add(width(word.trim_end())) > columns;
        if is_full && !line.is_empty() && !is_last {
            lines.push(word.to_owned());
        } else {
            line.push_str(word);
        }
    }
    lines
}

/// How many columns it takes.
pub(crate) fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

fn scaled(mut value: f64, units: [&str; 3]) -> String {
    let mut unit = units[0];
    for next in &units[1..] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    match value {
        ..1.0 => format!("{value:.3} {unit}"),
        ..10.0 => format!("{value:.2} {unit}"),
        _ => format!("{value:.1} {unit}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "two digits of it are shown")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_between_words() {
        let check = |text: &str, most: usize, expected: &[&str]| {
            assert_eq!(lines(text, 7, most), expected);
        };
        check("one two three", 3, &["one two ", "three"]);
        check("one two three four", 2, &["one two ", "three four"]);
        check("a longlonglong b", 3, &["a ", "longlonglong ", "b"]);
        check("", 3, &[""]);
    }

    #[test]
    fn of_hashes_the_beginning_is_kept() {
        let hash = "0123456789abcdef".repeat(4);
        let check = |text: &str, expected: &str| assert_eq!(short_ids(text, 7), expected);
        check(
            &format!("learn/{hash} is under way: end it first"),
            "learn/0123456 is under way: end it first",
        );
        check(&format!("{hash} {hash}"), "0123456 0123456");
        check("a deadbeef dead end", "a deadbeef dead end");
        check("", "");
    }

    #[test]
    fn spans_are_two_units_at_most() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 0s"),
            (3_599, "59m 59s"),
            (3_660, "1h 1m"),
            (86_399, "23h 59m"),
            (97_200, "1d 3h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn amounts_are_scaled() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1_572_864), "1.5 MiB");
        assert_eq!(bytes(u64::MAX), "16777216.0 TiB");
        assert_eq!(co2(0.000_25), "0.250 g");
        assert_eq!(co2(0.005), "5.00 g");
        assert_eq!(co2(12.5), "12.5 kg");
        assert_eq!(co2(12_500.0), "12.5 t");
        assert_eq!(energy(1.5), "1.50 kWh");
    }

    #[test]
    fn moments_are_said_by_the_clock_of_whoever_looks() {
        let at = Some(Timestamp::from_millis(1_795_213_800_123));
        assert_eq!(moment(at, |_| 0), "2026-11-20 22:30");
        assert_eq!(moment(at, |_| 3600 * 2), "2026-11-21 00:30");
        assert_eq!(moment(None, |_| 0), "");
    }

    #[test]
    fn ids_are_told_apart_by_few_letters() {
        assert_eq!(short_id("0f1e2d3c4b5a", 7), "0f1e2d3");
        assert_eq!(
            short_id("0192f7a0-1111-7abc-8000-0123456789ab", 7),
            "56789ab"
        );
        assert_eq!(short_id("é-", 7), "é-");
    }

    #[test]
    fn names_cannot_steer_a_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}\nc"), "ab c");
        assert_eq!(clean("plain ü"), "plain ü");
        assert_eq!(clean("\u{9b}2Jx"), "x");
        assert_eq!(value(&serde_json::json!({"a": [1]})), "{\"a\":[1]}");
    }
}

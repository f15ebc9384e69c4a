//! Numbers, spans and amounts as a person reads them. Exact values stand beside them in titles.

use std::time::Duration;

use cupola_domain::{cost::Money, credits::Credits, time::Timestamp};
use serde_json::Value;

/// What stands where there is nothing to say.
pub const NOTHING: &str = "–";

/// Keeps groups of digits together: a narrow no-break space.
const GROUP: char = '\u{202f}';

/// Significant digits of a measured value.
const DIGITS: i32 = 5;

/// A measured value with five significant digits; words where it is no number.
pub fn number(value: f64) -> String {
    if let Some(word) = non_finite(value) {
        return word.to_owned();
    }
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return grouped(&format!("{value:.0}"));
    }
    let scientific = format!("{value:.4e}");
    let exponent = exponent_of(&scientific);
    if !(-4..6).contains(&exponent) {
        return scientific;
    }
    let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
    grouped(&format!("{value:.decimals$}"))
}

/// A value for an axis: as short as it can be said.
pub fn tick(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let (plain, scientific) = (format!("{rounded}"), format!("{rounded:e}"));
    if plain.len() <= scientific.len() + 2 {
        plain
    } else {
        scientific
    }
}

/// The words for doubles that are no numbers.
pub fn non_finite(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("not a number")
    } else if value == f64::INFINITY {
        Some("infinity")
    } else if value == f64::NEG_INFINITY {
        Some("minus infinity")
    } else {
        None
    }
}

/// A count, its thousands set apart.
pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// `1 task`, `2 tasks`.
pub fn counted(number: u64, singular: &str, plural: &str) -> String {
    let noun = if number == 1 { singular } else { plural };
    format!("{} {noun}", count(number))
}

/// A share from 0 to 1 in per cent.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NOTHING.to_owned();
    }
    let percent = share * 100.0;
    if percent > 0.0 && percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// A span in its two largest units.
pub fn duration(span: Duration) -> String {
    let millis = span.as_millis();
    let secs = span.as_secs();
    match secs {
        0 if millis == 0 => "0 s".to_owned(),
        0 => format!("{millis} ms"),
        1..60 if span.subsec_millis() == 0 => format!("{secs} s"),
        1..60 => format!("{:.1} s", span.as_secs_f64().min(59.9)),
        60..3_600 => two(secs / 60, "min", secs % 60, "s"),
        3_600..86_400 => two(secs / 3_600, "h", secs % 3_600 / 60, "min"),
        _ => two(secs / 86_400, "d", secs % 86_400 / 3_600, "h"),
    }
}

/// A span as clocks show it: hours, minutes and seconds.
pub fn clock(span: Duration) -> String {
    let secs = span.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        secs / 3_600,
        secs % 3_600 / 60,
        secs % 60
    )
}

/// A number of bytes in binary units.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = larger;
    }
    format!("{amount:.1} {unit}")
}

/// An amount of money with its currency; four decimals, as what training costs is compared.
pub fn money(amount: Money, currency: &str) -> String {
    match currency {
        "USD" => format!("${amount}"),
        "EUR" => format!("€{amount}"),
        "" => amount.to_string(),
        other => format!("{amount} {other}"),
    }
}

/// An amount without its currency, as columns of many have it.
pub fn amount(amount: Option<Money>) -> String {
    amount.map_or_else(|| NOTHING.to_owned(), |amount| amount.to_string())
}

/// An amount of credits; no limit where there is none.
pub fn budget(credits: Option<Credits>) -> String {
    credits.map_or_else(|| "no limit".to_owned(), |credits| credits.to_string())
}

/// A value of a configuration or a result: texts bare, numbers short, the rest as JSON.
pub fn json(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().map_or_else(
            || number.to_string(),
            |value| {
                format!("{value:.5e}")
                    .parse()
                    .map_or_else(|_| number.to_string(), tick)
            },
        ),
        other => other.to_string(),
    }
}

/// UTC to the second, as it stands in a page before the browser makes it local.
pub fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).map_or_else(
        |_| format!("{} ms", at.millis()),
        |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

fn exponent_of(scientific: &str) -> i32 {
    scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0)
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large} {large_unit}")
    } else {
        format!("{large} {large_unit} {small} {small_unit}")
    }
}

/// Sets thousands apart from five digits on; what follows a point is left alone.
fn grouped(text: &str) -> String {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && whole.len() > 4 && (whole.len() - at).is_multiple_of(3) {
            out.push(GROUP);
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_five_digits_or_are_whole_or_are_words() {
        for (value, text) in [
            (0.0, "0"),
            (3.0, "3"),
            (-3.0, "-3"),
            (3.570_512, "3.5705"),
            (0.5, "0.50000"),
            (9.999_996, "10.000"),
            (-1234.567, "-1234.6"),
            (220_544.0, "220\u{202f}544"),
            (123_456.789, "123\u{202f}457"),
            (1e9, "1.0000e9"),
            (2.5e-7, "2.5000e-7"),
            (0.000_316_23, "0.00031623"),
            (f64::NAN, "not a number"),
            (f64::INFINITY, "infinity"),
            (f64::NEG_INFINITY, "minus infinity"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn ticks_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (1e-4, "0.0001"),
            (3e-5, "3e-5"),
            (250_000.0, "250000"),
            (3e12, "3e12"),
        ] {
            assert_eq!(tick(value), text, "{value}");
        }
    }

    #[test]
    fn a_clock_goes_on_after_a_day() {
        for (secs, text) in [(0, "00:00:00"), (3_725, "01:02:05"), (90_061, "25:01:01")] {
            assert_eq!(clock(Duration::from_secs(secs)), text);
        }
    }

    #[test]
    fn counts_are_grouped_from_five_digits_on() {
        for (number, text) in [
            (0, "0"),
            (9_999, "9999"),
            (10_000, "10\u{202f}000"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
        ] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn a_count_takes_the_right_noun() {
        for (number, text) in [(0, "0 briefs"), (1, "1 brief"), (2, "2 briefs")] {
            assert_eq!(counted(number, "brief", "briefs"), text);
        }
    }

    #[test]
    fn shares_are_in_per_cent() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.004, "0.4 %"),
            (0.42, "42 %"),
            (1.0, "100 %"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn spans_use_their_two_largest_units() {
        for (millis, text) in [
            (0, "0 s"),
            (420, "420 ms"),
            (2_000, "2 s"),
            (12_340, "12.3 s"),
            (59_999, "59.9 s"),
            (60_000, "1 min"),
            (100_000, "1 min 40 s"),
            (3_600_000, "1 h"),
            (7_500_000, "2 h 5 min"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn bytes_use_binary_units() {
        for (amount, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (31 << 30, "31.0 GiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(bytes(amount), text);
        }
    }

    #[test]
    fn budgets_are_exact_or_no_limit() {
        assert_eq!(budget(Some(Credits::from_micros(1_000_500_000))), "1000.5");
        assert_eq!(budget(None), "no limit");
    }

    #[test]
    fn configuration_values_are_bare() {
        for (value, text) in [
            (serde_json::json!("step_decay"), "step_decay"),
            (serde_json::json!(64), "64"),
            (serde_json::json!(true), "true"),
            (serde_json::json!(null), "null"),
            (
                serde_json::json!(0.000_316_227_766_016_837_94),
                "0.000316228",
            ),
            (serde_json::json!(1.5e-7), "1.5e-7"),
            (serde_json::json!([1, "a"]), "[1,\"a\"]"),
        ] {
            assert_eq!(json(&value), text);
        }
    }

    #[test]
    fn moments_are_utc() {
        assert_eq!(
            moment(Timestamp::from_millis(1_795_132_800_123)),
            "2026-11-20 00:00:00 UTC"
        );
    }
}

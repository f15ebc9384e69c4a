//! Lengths of time as people write them.

use std::time::Duration;

use cupola_domain::setup::TIME_BUDGET_SECS_MAX;
use serde_json::Value;

/// `90`, `"90s"`, `"10m"`, `"1h30m"`, `"2d"`: more than none and at most the longest budget.
pub(super) fn duration(value: &Value) -> Option<Duration> {
    let secs = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => seconds(text)?,
        _ => return None,
    };
    (secs > 0.0 && secs <= TIME_BUDGET_SECS_MAX).then(|| Duration::from_secs_f64(secs))
}

fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit_secs = match unit {
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit_secs;
        rest = tail.trim_start();
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: Value, expected: Option<f64>) {
        let found = duration(&value).map(|found| found.as_secs_f64());
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn times_are_read_with_their_units() {
        check(json!(90), Some(90.0));
        check(json!("90s"), Some(90.0));
        check(json!("1h30m"), Some(5400.0));
        check(json!("1h 30 m"), None);
        check(json!("1h 30m"), Some(5400.0));
        check(json!("1.5h"), Some(5400.0));
        check(json!("2d"), Some(172_800.0));
        for wrong in [
            json!("10"),
            json!("m"),
            json!("10 years"),
            json!(""),
            json!(0),
            json!(-1),
            json!("31d"),
            json!(true),
        ] {
            check(wrong, None);
        }
    }
}

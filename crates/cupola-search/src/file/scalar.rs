//! Plain scalars: what YAML 1.2's core schema makes of unquoted text.

use serde_json::{Number, Value};

/// `null`, a truth value, a number, or else the text itself.
pub(super) fn plain(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if is_not_finite(text) {
        return Err(format!(
            "`{text}` is no finite number; put it in quotes if a text is meant"
        ));
    }
    if let Some(number) = whole(text) {
        return Ok(number.into());
    }
    if !is_decimal(text) {
        return Ok(Value::from(text));
    }
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    number.map(Value::Number).ok_or_else(|| {
        format!("`{text}` is too large for a number; put it in quotes if a text is meant")
    })
}

fn is_not_finite(text: &str) -> bool {
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(bare, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

fn whole(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return unsigned(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return unsigned(digits, 8);
    }
    text.parse().ok()
}

fn unsigned(digits: &str, radix: u32) -> Option<i64> {
    let all = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    all.then(|| i64::from_str_radix(digits, radix).ok())
        .flatten()
}

/// Whether it has the form of a decimal number, which is narrower than what Rust reads.
fn is_decimal(text: &str) -> bool {
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match bare.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (bare, None),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = |part: &str| {
        let part = part.strip_prefix(['-', '+']).unwrap_or(part);
        !part.is_empty() && digits(part)
    };
    digits(before)
        && digits(after)
        && !(before.is_empty() && after.is_empty())
        && exponent.is_none_or(is_exponent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, expected: Value) {
        assert_eq!(plain(text), Ok(expected), "{text}");
    }

    #[test]
    fn numbers_are_numbers_and_the_rest_is_text() {
        check("-7", json!(-7));
        check("+7", json!(7));
        check("1.", json!(1.0));
        check(".5", json!(0.5));
        check("1e3", json!(1000.0));
        check("9223372036854775808", json!(9_223_372_036_854_775_808.0));
        for text in [
            ".", "1.2.3", "e5", "1e", "0xg", "0x", "inf", "nan", "1_000", "10m", "no",
        ] {
            check(text, json!(text));
        }
        assert!(plain("1e999").is_err());
        assert!(plain("-.INF").is_err());
    }
}

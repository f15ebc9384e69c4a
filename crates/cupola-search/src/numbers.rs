//! The few conversions between counts, floats and JSON values that the crate needs.

use serde_json::Value;

/// A count as a float; exact below 2^53, which no study reaches.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of observations and levels stay far below 2^53"
)]
pub(crate) const fn count(n: usize) -> f64 {
    n as f64
}

/// A 64-bit number as a float; exact below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "callers pass at most 53 significant bits, or want the nearest float"
)]
pub(crate) const fn float(n: u64) -> f64 {
    n as f64
}

/// The whole part of a float that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what the callers want"
)]
pub(crate) const fn floor(x: f64) -> u64 {
    x as u64
}

/// The exponent `e` in `d.ddd * 10^e`, exactly, or zero for zero.
pub(crate) fn decimal_exponent(x: f64) -> i32 {
    let text = format!("{x:e}");
    text.split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0)
}

/// The nearest number with so many decimals; through text, so that it prints as short as it is.
pub(crate) fn rounded(x: f64, decimals: i32) -> f64 {
    let decimals = usize::try_from(decimals).unwrap_or(0);
    format!("{x:.decimals$}").parse().unwrap_or(x)
}

/// The nearest number with so many significant digits.
pub(crate) fn significant(x: f64, digits: usize) -> f64 {
    let decimals = digits.saturating_sub(1);
    format!("{x:.decimals$e}").parse().unwrap_or(x)
}

/// The shorter of the plain and the scientific way to write a number; reads back as the same.
pub(crate) fn shortest(x: f64) -> String {
    let (plain, scientific) = (format!("{x}"), format!("{x:e}"));
    if plain.len() <= scientific.len() {
        plain
    } else {
        scientific
    }
}

/// A JSON value as a whole number, when it is one: `3` and `3.0`, not `3.5` or `"3"`.
pub fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let x = value.as_f64()?;
        (x.fract() == 0.0).then(|| format!("{x:.0}").parse().ok())?
    })
}

/// Whether two JSON values mean the same: equal, or numbers of equal size such as `3` and `3.0`.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    let one_is_a_float = a.is_f64() != b.is_f64();
    one_is_a_float && integer(a).is_some_and(|n| integer(b) == Some(n))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decimal_exponents_are_exact_at_powers_of_ten() {
        for (x, exponent) in [
            (1e-4, -4),
            (0.000_999, -4),
            (1.0, 0),
            (9.99, 0),
            (1e23, 23),
            (0.0, 0),
        ] {
            assert_eq!(decimal_exponent(x), exponent, "{x}");
        }
    }

    #[test]
    fn numbers_of_equal_size_are_the_same_value() {
        assert!(same(&json!(3), &json!(3.0)));
        assert!(same(&json!("a"), &json!("a")));
        assert!(!same(&json!(3), &json!("3")));
        assert!(!same(&json!(3), &json!(3.5)));
        assert!(!same(&json!(1), &json!(true)));
    }

    #[test]
    fn numbers_are_written_the_short_way() {
        for (x, text) in [
            (1e-4, "1e-4"),
            (0.01, "0.01"),
            (0.0, "0"),
            (1e300, "1e300"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(shortest(x), text);
        }
    }
}

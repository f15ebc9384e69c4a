//! Numbers between two bounds: where a fraction of the way lies, rounded for people.

use crate::numbers::{decimal_exponent, rounded};

/// The number `fraction` of the way from `low` to `high`, in equal steps.
///
/// Rounded to the decimals that leave a millionth of the range, or a little less.
pub(crate) fn linear(low: f64, high: f64, fraction: f64) -> f64 {
    if let Some(end) = end(low, high, fraction) {
        return end;
    }
    let x = low + fraction * (high - low);
    rounded(x, 6 - decimal_exponent(high - low)).clamp(low, high)
}

/// The number `fraction` of the way from `low` to `high`, in equal ratios.
///
/// Rounded to the decimals that leave three significant digits to `low` and a thousandth to
/// the range, and to six significant digits where that is coarser: `[1e-4, 1e-2]` gives six
/// decimals.
pub(crate) fn logarithmic(low: f64, high: f64, fraction: f64) -> f64 {
    if let Some(end) = end(low, high, fraction) {
        return end;
    }
    let (from, to) = (libm::log(low), libm::log(high));
    let x = libm::exp(from + fraction * (to - from));
    let of_range = 3 - decimal_exponent(high - low);
    let finest = of_range.max(2 - decimal_exponent(low));
    let coarser = of_range.max(5 - decimal_exponent(x));
    rounded(x, finest.min(coarser)).clamp(low, high)
}

/// The ends are given as they are, however many digits they have.
fn end(low: f64, high: f64, fraction: f64) -> Option<f64> {
    if fraction <= 0.0 {
        Some(low)
    } else {
        (fraction >= 1.0).then_some(high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_numbers_are_rounded_and_reach_both_ends() {
        for (low, high, fraction, expected) in [
            (0.0, 1.0, 0.0, 0.0_f64),
            (0.0, 1.0, 1.0, 1.0),
            (0.0, 1.0, 1.0 / 3.0, 0.333_333),
            (-5.0, 5.0, 0.123_456_78, -3.765_43),
            (0.123_456_789, 1.0, 0.0, 0.123_456_789),
            (0.0, 1e-9, 0.5, 5e-10),
        ] {
            assert_eq!(linear(low, high, fraction).to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn logarithmic_numbers_are_rounded_and_reach_both_ends() {
        for (low, high, fraction, expected) in [
            (1e-4, 1e-2, 0.0, 1e-4),
            (1e-4, 1e-2, 1.0, 1e-2),
            (1e-4, 1e-2, 0.5, 1e-3),
            (1e-4, 1e-2, 0.3, 0.000_398),
            (1e-10, 1.0, 0.99, 0.794_328),
            (1.0, 1.001, 0.5, 1.0005),
            (1.0, 1e9, 0.999, 979_490_000.0),
        ] {
            let x = logarithmic(low, high, fraction);
            assert!((x - expected).abs() <= 1e-5 * expected, "{x} {expected}");
        }
        assert_eq!(logarithmic(1e-4, 1e-2, 0.3).to_string(), "0.000398");
        assert_eq!(logarithmic(1e-10, 1.0, 0.99).to_string(), "0.794328");
    }
}

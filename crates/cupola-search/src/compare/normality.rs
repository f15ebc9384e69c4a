//! Whether values could come from a normal distribution (Shapiro and Francia).

use crate::{
    distributions::{normal_quantile, normal_tail},
    numbers::count,
    stats::Moments,
};

/// The law of the statistic is known from here on (Royston).
const KNOWN_FROM: usize = 5;

/// Normal values fall below this once in a hundred times.
const LEVEL: f64 = 0.01;

/// Whether ascending values are surely not drawn from a normal distribution. Few values never are
/// surely anything, and equal ones are no distribution.
pub(super) fn is_clearly_not_normal(ascending: &[f64]) -> bool {
    p_value(ascending).is_some_and(|p| p < LEVEL)
}

/// The chance of values at least so far from normal, by Royston's approximation.
fn p_value(ascending: &[f64]) -> Option<f64> {
    let straightness = straightness(ascending)?;
    let u = libm::log(count(ascending.len()));
    let v = libm::log(u);
    let mean = -1.2725 + 1.0521 * (v - u);
    let deviation = 1.0308 - 0.26758 * (v + 2.0 / u);
    Some(normal_tail(
        (libm::log(1.0 - straightness) - mean) / deviation,
    ))
}

/// How straight the values lie against those expected of a normal distribution: the square of their
/// correlation.
fn straightness(ascending: &[f64]) -> Option<f64> {
    let n = ascending.len();
    if n < KNOWN_FROM {
        return None;
    }
    let expected = |i: usize| normal_quantile((count(i) + 0.625) / (count(n) + 0.25));
    let moments: Moments = ascending.iter().copied().collect();
    let (mean, squares) = (moments.mean()?, moments.sum_of_squares());
    let (mut products, mut scores) = (0.0, 0.0);
    for (i, value) in ascending.iter().enumerate() {
        let score = expected(i);
        products += score * (value - mean);
        scores += score * score;
    }
    let straightness = products * products / (squares * scores);
    (squares > 0.0 && straightness.is_finite()).then(|| straightness.min(1.0 - f64::EPSILON))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with scipy 1.17.1 (`norm.ppf`, `norm.sf`) and numpy's `corrcoef`.
    #[test]
    fn known_values() {
        let check = |values: &[f64], w: f64, p: f64| {
            let found = (straightness(values).unwrap(), p_value(values).unwrap());
            assert!((found.0 - w).abs() < 1e-9, "{found:?}");
            assert!((found.1 - p).abs() < 1e-9, "{found:?}");
        };
        let even = [17.0, 17.9, 19.0, 21.0, 23.6, 27.5];
        check(&even, 0.931_654_870_024_870_8, 0.595_440_929_827_703_9);
        let one_far_out = [0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 40.0];
        check(
            &one_far_out,
            0.394_906_065_108_955_3,
            7.597_582_252_202_859e-5,
        );
        let doubling = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2];
        check(&doubling, 0.677_205_695_139_92, 0.001_681_098_365_642_307_5);
    }

    #[test]
    fn few_or_equal_values_are_not_surely_anything() {
        for values in [&[][..], &[1.0, 1.0, 1.0, 90.0], &[2.0; 12]] {
            assert!(!is_clearly_not_normal(values), "{values:?}");
        }
    }
}

//! Points in time as a filter has them: numbers of milliseconds.

use cupola_domain::date;

/// As [`date::millis`].
pub(super) fn millis(text: &str) -> Option<f64> {
    date::millis(text).map(float)
}

/// As [`date::text`], unless it is no whole number of milliseconds.
pub(super) fn text(millis: f64) -> Option<String> {
    date::text(integer(millis)?)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the years 0 to 9999 have fewer than 2^53 milliseconds"
)]
const fn float(millis: i64) -> f64 {
    millis as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and far below 2^53"
)]
fn integer(millis: f64) -> Option<i64> {
    (millis.fract() == 0.0 && millis.abs() < 1e15).then_some(millis as i64)
}

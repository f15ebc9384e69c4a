//! Points of a series, the exact text form of their values, and what their names mean.

mod meaning;

pub use meaning::{Loss, Throughput};

/// One measured point.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// The program's own count, for instance optimiser steps.
    pub step: i64,
    /// Milliseconds since 1970 by the clock of the machine that measured.
    pub time_millis: i64,
    /// Any double, NaN and infinities included.
    pub value: f64,
}

impl PartialEq for Point {
    /// Bit for bit, so that NaN equals itself and -0 differs from 0.
    fn eq(&self, other: &Self) -> bool {
        self.step == other.step
            && self.time_millis == other.time_millis
            && self.value.to_bits() == other.value.to_bits()
    }
}

/// Bytes of a series' name.
pub const NAME_BYTES_MAX: usize = 1_000;

/// Whether a series may be called so.
pub fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
}

/// The words that stand for doubles which JSON cannot say.
pub fn non_finite_word(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        None
    }
}

/// Reads what [`non_finite_word`] writes, and the spellings other programs use.
pub fn parse_non_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" | "nan" | "NAN" => Some(f64::NAN),
        "Infinity" | "inf" | "Inf" | "+inf" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" | "-inf" | "-Inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A value of a result as a number, when it is one: a JSON number or one of the words.
pub fn json_number(value: &serde_json::Value) -> Option<f64> {
    match value {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => parse_non_finite(text),
        _ => None,
    }
}

/// A double as JSON, without loss: a number where JSON has one, otherwise a word.
pub fn number_json(value: f64) -> serde_json::Value {
    match non_finite_word(value) {
        Some(word) => word.into(),
        None => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_double_survives_the_trip_through_json() {
        for value in [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            5e-324,
            1e308,
            0.1,
        ] {
            let back = json_number(&number_json(value)).unwrap();
            assert!(back.to_bits() == value.to_bits() || (back.is_nan() && value.is_nan()));
        }
    }
}

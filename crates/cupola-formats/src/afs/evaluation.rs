//! Scores: a JSON object with `overall_score`, from 0 to 1, and `timestamp`.

use cupola_domain::{date, metric, text::excerpt, time::Timestamp};
use serde_json::Value;

/// A file of scores is longer by mistake only.
const BYTES_MAX: usize = 16 << 20;

/// How a model did.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// From 0 to 1.
    pub score: f64,
    /// As the file says it; none when it says none.
    pub at: Option<String>,
}

/// Why a file gives no score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// More than a file of scores has.
    #[error("has more than {BYTES_MAX} bytes")]
    TooLong,
    /// No JSON; the parser's words.
    #[error("is not JSON: {0}")]
    NotJson(String),
    /// Another shape.
    #[error("has no `overall_score`")]
    NoScore,
    /// No number from 0 to 1.
    #[error("`overall_score` is {0}, not a number from 0 to 1")]
    BadScore(String),
}

impl Evaluation {
    /// When it was measured, where the file says a time that can be read. One without a zone is taken for
    /// UTC.
    pub fn time(&self) -> Option<Timestamp> {
        let at = date::millis(self.at.as_deref()?.trim())?;
        Some(Timestamp::from_millis(at))
    }

    /// Reads a file's bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, EvaluationError> {
        if bytes.len() > BYTES_MAX {
            return Err(EvaluationError::TooLong);
        }
        let whole: Value = serde_json::from_slice(bytes)
            .map_err(|error| EvaluationError::NotJson(error.to_string()))?;
        let said = whole.get("overall_score").ok_or(EvaluationError::NoScore)?;
        let score = metric::json_number(said).filter(|score| (0.0..=1.0).contains(score));
        let Some(score) = score else {
            return Err(EvaluationError::BadScore(excerpt(said)));
        };
        let at = whole.get("timestamp").and_then(Value::as_str);
        Ok(Self {
            score,
            at: at.map(excerpt),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<f64, &str>) {
        let read = Evaluation::read(text.as_bytes());
        let read = read.map(|it| it.score).map_err(|error| error.to_string());
        assert_eq!(read, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn a_score_is_a_number_from_0_to_1() {
        check(r#"{"overall_score": 0.85, "other": [1]}"#, Ok(0.85));
        check(r#"{"overall_score": 0}"#, Ok(0.0));
        check(r#"{"overall_score": 1}"#, Ok(1.0));
        check(
            r#"{"overall_score": 1.5}"#,
            Err("`overall_score` is 1.5, not a number from 0 to 1"),
        );
        check(
            r#"{"overall_score": "NaN"}"#,
            Err("`overall_score` is \"NaN\", not a number from 0 to 1"),
        );
        check(
            r#"{"overall_score": "good"}"#,
            Err("`overall_score` is \"good\", not a number from 0 to 1"),
        );
        check(
            r#"{"overall_score": null}"#,
            Err("`overall_score` is null, not a number from 0 to 1"),
        );
        check("[1]", Err("has no `overall_score`"));
        check(
            "{",
            Err("is not JSON: EOF while parsing an object at line 1 column 1"),
        );
        check(
            &" ".repeat(BYTES_MAX + 2),
            Err("has more than 16777216 bytes"),
        );
    }

    #[test]
    fn the_time_is_kept_as_it_stands() {
        let read = |text: &str| Evaluation::read(text.as_bytes()).unwrap().at;
        let text = r#"{"overall_score": 0.5, "timestamp": "2026-01-02T03:04:05"}"#;
        assert_eq!(read(text).as_deref(), Some("2026-01-02T03:04:05"));
        assert_eq!(read(r#"{"overall_score": 0.5, "timestamp": 3}"#), None);
    }

    #[test]
    fn a_time_with_a_zone_or_without_is_read() {
        let check = |text: &str, expected: Option<i64>| {
            let evaluation = Evaluation {
                score: 0.5,
                at: Some(text.to_owned()),
            };
            let at = evaluation.time().map(Timestamp::millis);
            assert_eq!(at, expected, "{text}");
        };
        check("2026-01-02T03:04:05.250", Some(1_767_323_045_250));
        check("2026-01-02T03:04:05Z", Some(1_767_323_045_000));
        check("2026-01-02T03:04:05+01:00", Some(1_767_319_445_000));
        check("2026-01-02", Some(1_767_312_000_000));
        check("yesterday", None);
    }
}

//! What a run came to: the last line on stdout.

use serde_json::{Value, json};

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Loss on held-out text in bits per byte.
    pub val_bpb: f64,
    /// Mean loss in nats per byte over the last training steps.
    pub train_loss: f64,
    pub steps_completed: usize,
    pub wall_time_seconds: f64,
    pub device_used: &'static str,
    pub model_params: usize,
}

impl Report {
    /// One JSON object with exactly these six fields.
    pub fn to_json(&self) -> Value {
        json!({
            "val_bpb": number(self.val_bpb),
            "train_loss": number(self.train_loss),
            "steps_completed": self.steps_completed,
            "wall_time_seconds": number((self.wall_time_seconds * 1000.0).round() / 1000.0),
            "device_used": self.device_used,
            "model_params": self.model_params,
        })
    }
}

/// A number as JSON; what JSON cannot say is said as a string.
pub(crate) fn number(value: f64) -> Value {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_six_fields_in_order() {
        let report = Report {
            val_bpb: f64::NAN,
            train_loss: 2.5,
            steps_completed: 3,
            wall_time_seconds: 9.012_345,
            device_used: "cpu",
            model_params: 220_544,
        };
        assert_eq!(
            report.to_json().to_string(),
            r#"{"val_bpb":"NaN","train_loss":2.5,"steps_completed":3,"wall_time_seconds":9.012,"device_used":"cpu","model_params":220544}"#
        );
    }

    #[test]
    fn infinities_are_strings() {
        assert_eq!(number(f64::INFINITY), json!("Infinity"));
        assert_eq!(number(f64::NEG_INFINITY), json!("-Infinity"));
        assert_eq!(number(0.5), json!(0.5));
    }
}

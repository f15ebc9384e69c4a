//! What comes out again when the same configuration is run again with the same seed.

use serde_json::{Map, Value};

/// A template's promise that its results come out again, so that they can be checked by a second run.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeats {
    /// The results whose bits are the same on machines of one device class.
    pub exact: Vec<String>,
    /// So far two classes may lie apart in the objective in any case: what rounding explains.
    pub tolerance: f64,
    /// What says that the steps ended a run and not the clock; none where a run always goes to its end.
    pub steps: Option<Steps>,
}

/// How long a run is where a number of steps may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// The field of the configuration with their number. Without it a run goes by the clock, and nothing
    /// comes out again.
    pub field: String,
    /// The result that says how many were made.
    pub result: String,
}

/// Whether a result can be held against that of a second run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// It comes out again.
    Whole,
    /// It would have; the clock ended the run before.
    CutOff,
    /// The configuration leaves the end to the clock.
    ByClock,
}

impl Repeats {
    /// Whether the results of a task with this configuration come out again.
    pub fn holds_for(&self, config: &Map<String, Value>) -> bool {
        let steps = self.steps.as_ref();
        steps.is_none_or(|steps| config.get(&steps.field).is_some_and(Value::is_number))
    }

    /// What a run's results are. Where the objective is not finite, the program may have ended early for
    /// that, and would again.
    pub fn replay(
        &self,
        config: &Map<String, Value>,
        results: &Map<String, Value>,
        objective: Option<f64>,
    ) -> Replay {
        let Some(steps) = &self.steps else {
            return Replay::Whole;
        };
        let wanted = config.get(&steps.field).and_then(Value::as_f64);
        let Some(wanted) = wanted else {
            return Replay::ByClock;
        };
        let made = results.get(&steps.result).and_then(Value::as_f64);
        if made.is_some_and(|made| made >= wanted)
            || objective.is_none_or(|value| !value.is_finite())
        {
            Replay::Whole
        } else {
            Replay::CutOff
        }
    }

    /// What has to be equal bit by bit inside a class, as one text: the results and the objective, by name.
    pub fn text(&self, results: &Map<String, Value>, metric: &str) -> String {
        let mut names: Vec<&str> = self.exact.iter().map(String::as_str).collect();
        names.push(metric);
        names.sort_unstable();
        names.dedup();
        let line = |name: &str| {
            let value = results.get(name).unwrap_or(&Value::Null);
            format!("{name}\t{value}\n")
        };
        names.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn promise() -> Repeats {
        Repeats {
            exact: vec!["val".to_owned(), "steps".to_owned()],
            tolerance: 1e-6,
            steps: Some(Steps {
                field: "max_steps".to_owned(),
                result: "steps".to_owned(),
            }),
        }
    }

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn check(config: &Value, results: &Value, objective: Option<f64>, expected: Replay) {
        let found = promise().replay(&object(config), &object(results), objective);
        assert_eq!(found, expected, "{config} {results}");
    }

    #[test]
    fn steps_or_the_clock_end_a_run() {
        let asked = json!({"max_steps": 5});
        check(&asked, &json!({"steps": 5}), Some(1.0), Replay::Whole);
        check(&asked, &json!({"steps": 4}), Some(1.0), Replay::CutOff);
        check(&asked, &json!({}), Some(1.0), Replay::CutOff);
        check(&asked, &json!({"steps": 1}), Some(f64::NAN), Replay::Whole);
        check(&json!({}), &json!({"steps": 5}), Some(1.0), Replay::ByClock);
        let any = Repeats {
            steps: None,
            ..promise()
        };
        assert!(any.holds_for(&Map::new()) && !promise().holds_for(&Map::new()));
    }

    #[test]
    fn every_bit_of_what_comes_out_again_counts() {
        let text = |results: Value| promise().text(&object(&results), "val");
        assert_eq!(
            text(json!({"val": 0.1, "steps": 2, "time": 3})),
            "steps\t2\nval\t0.1\n"
        );
        assert_ne!(
            text(json!({"val": 0.1})),
            text(json!({"val": 0.100_000_000_000_000_02}))
        );
        assert_eq!(
            text(json!({"val": 0.1, "time": 1})),
            text(json!({"val": 0.1, "time": 2}))
        );
    }
}

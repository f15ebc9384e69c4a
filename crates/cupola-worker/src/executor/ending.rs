//! How a run ended, from how its program did and what it said.

use cupola_domain::{metric::json_number, run::Failure, stopping::StopStep};
use cupola_protocol::work::RunOrder;
use serde_json::{Map, Value};

use super::Wish;
use crate::{
    output::{json, outbox::Outbox},
    process::Exit,
};

/// How much of a line that is no result is shown.
const SHOWN_CHARS_MAX: usize = 200;

/// Why a program was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It was still there at its hard deadline.
    TimedOut,
    /// Somebody wished it.
    Wished(Wish),
}

impl Stop {
    /// In words, for the log.
    pub(super) fn reason(self, order: &RunOrder) -> String {
        match self {
            Stop::TimedOut => format!("over its deadline of {} s", order.hard_deadline_secs),
            Stop::Wished(Wish::Cancel) => "cancelled".to_owned(),
            Stop::Wished(Wish::Leave) => "the worker leaves".to_owned(),
            Stop::Wished(_) => "the lease is gone".to_owned(),
        }
    }
}

/// How a run ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ending {
    /// With this result.
    Completed(Map<String, Value>),
    /// Without one, but perhaps with some results.
    Failed(Failure, Map<String, Value>),
    /// On request; how.
    Cancelled(String),
    /// In a way that is nobody's business: the lease is gone or the worker leaves.
    Abandoned,
}

/// An ending as the hub is told it.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) outcome: &'static str,
    pub(super) failure: &'static str,
    pub(super) detail: String,
    pub(super) results: Map<String, Value>,
}

impl Ending {
    /// A failure without any result.
    pub(super) fn failed(failure: Failure) -> Self {
        Ending::Failed(failure, Map::new())
    }

    /// The words for the hub; `None` when it is told nothing.
    pub(super) fn parts(&self) -> Option<Parts> {
        let (outcome, failure, detail, results) = match self {
            Ending::Completed(results) => ("completed", "", String::new(), results.clone()),
            Ending::Failed(failure, results) => {
                ("failed", failure.kind(), failure.detail(), results.clone())
            }
            Ending::Cancelled(how) => ("cancelled", "", how.clone(), Map::new()),
            Ending::Abandoned => return None,
        };
        Some(Parts {
            outcome,
            failure,
            detail,
            results,
        })
    }
}

/// The ending of a run whose program ran. `stop` says why it was stopped and by which step. What
/// the program says of its failure is its reason, however it ended then.
pub(super) fn of_program(
    stop: Option<(Stop, StopStep)>,
    exit: Option<Exit>,
    metric_name: &str,
    outbox: &Outbox,
) -> Ending {
    let known = || outbox.results().clone();
    match (stop, exit) {
        (Some((Stop::Wished(Wish::Cancel), last)), _) => {
            Ending::Cancelled(last.ending().to_owned())
        }
        (Some((Stop::Wished(_), _)), _) => Ending::Abandoned,
        _ if let Some(said) = outbox.failed() => {
            Ending::Failed(Failure::Reported(said.to_owned()), known())
        }
        (Some((Stop::TimedOut, _)), _) => Ending::Failed(Failure::TimedOut, known()),
        (None, Some(Exit::Code(0))) => of_output(&outbox.last_line(), known(), metric_name),
        (None, Some(Exit::Code(code))) => Ending::Failed(Failure::ExitCode(code), known()),
        (None, Some(Exit::Signal(signal))) => Ending::Failed(Failure::Signal(signal), known()),
        (None, None) => Ending::Failed(
            Failure::NotPrepared("the program's end could not be read".to_owned()),
            known(),
        ),
    }
}

/// Whether the program says that it made its results up, or that it measured them.
pub(super) fn provenance(results: &Map<String, Value>) -> Option<String> {
    match results.get("provenance").and_then(Value::as_str) {
        Some(word @ ("measured" | "simulated")) => Some(word.to_owned()),
        _ => None,
    }
}

/// A program that ended well has completed if its last line, or its result events, have the metric;
/// without a metric it has in any case.
fn of_output(last_line: &str, known: Map<String, Value>, metric_name: &str) -> Ending {
    let mut results = known.clone();
    results.extend(json::object(last_line).unwrap_or_default());
    let has_metric = || results.get(metric_name).and_then(json_number).is_some();
    if metric_name.is_empty() || has_metric() {
        return Ending::Completed(results);
    }
    let shown = last_line.chars().take(SHOWN_CHARS_MAX).collect();
    Ending::Failed(Failure::BadOutput(shown), known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    fn check_completed(last_line: &str, known: Value, results: Value) {
        let ending = of_output(last_line, object(known), "loss");
        assert_eq!(ending, Ending::Completed(object(results)), "{last_line}");
    }

    fn check_bad(last_line: &str, shown: &str) {
        let expected = Ending::failed(Failure::BadOutput(shown.to_owned()));
        assert_eq!(of_output(last_line, Map::new(), "loss"), expected);
    }

    #[test]
    fn a_last_line_with_the_metric_completes() {
        let (line, value) = (r#"{"loss": 1.5, "a": "b"}"#, json!({"loss": 1.5, "a": "b"}));
        check_completed(line, json!({}), value);
    }

    #[test]
    fn a_metric_that_is_not_a_number_is_a_metric() {
        check_completed(r#"{"loss": NaN}"#, json!({}), json!({"loss": "NaN"}));
        let (line, value) = (r#"{"loss": "Infinity"}"#, json!({"loss": "Infinity"}));
        check_completed(line, json!({}), value);
    }

    #[test]
    fn results_told_by_events_count_and_the_last_line_overrides_them() {
        check_completed("bye", json!({"loss": 2}), json!({"loss": 2}));
        let known = json!({"loss": 2, "a": 1});
        check_completed(r#"{"loss": 1}"#, known, json!({"loss": 1, "a": 1}));
    }

    #[test]
    fn a_line_without_the_metric_is_bad_output() {
        check_bad("", "");
        check_bad("done", "done");
        check_bad(r#"{"acc": 1}"#, r#"{"acc": 1}"#);
        check_bad(r#"{"loss": "low"}"#, r#"{"loss": "low"}"#);
        check_bad(&"é".repeat(300), &"é".repeat(200));
    }

    #[test]
    fn without_a_metric_a_good_end_completes() {
        let check = |last_line: &str, known: Value, results: Value| {
            let ending = of_output(last_line, object(known), "");
            assert_eq!(ending, Ending::Completed(object(results)), "{last_line}");
        };
        check("", json!({}), json!({}));
        check("bye", json!({"a": 1}), json!({"a": 1}));
        check(r#"{"b": 2}"#, json!({"a": 1}), json!({"a": 1, "b": 2}));
        check("[1]", json!({}), json!({}));
    }

    #[test]
    fn only_two_words_are_a_provenance() {
        let check = |value: Value, expected: Option<&str>| {
            assert_eq!(provenance(&object(value)).as_deref(), expected);
        };
        check(json!({"provenance": "simulated"}), Some("simulated"));
        check(json!({"provenance": "imported"}), None);
        check(json!({}), None);
    }
}

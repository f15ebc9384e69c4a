//! The lines that a program writes on the events descriptor, one JSON object each.

use cupola_domain::{
    metric::{json_number, number_json},
    progress::Level,
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use super::{json, said::Said};

/// One line of the events descriptor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// Points of one or more series.
    Points(Points),
    /// How far the program says it is on one level, 0 for the outermost.
    Progress(usize, Level),
    /// Entries of the log.
    Logs(Vec<Said>),
    /// A result that is known already.
    Result {
        /// Its key.
        key: String,
        /// Any JSON value.
        value: Value,
    },
    /// A file, or a folder, that the run is to keep.
    Artifact(Wanted),
    /// The program says that it failed.
    Failed {
        /// Why; the reason of the run's failure.
        message: String,
        /// Where it happened, for the log.
        trace: String,
    },
    /// The program looks for the wish to be cancelled and stops by itself.
    Cancellable,
    /// None of these; why not.
    Malformed(String),
}

/// Values measured at one step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Points {
    /// The program's own count.
    pub(crate) step: i64,
    /// When, if the program says so.
    pub(crate) at: Option<Timestamp>,
    /// Series → value.
    pub(crate) values: Vec<(String, f64)>,
}

/// What the run is to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Where it lies.
    pub(crate) path: String,
    /// What it is to be called; its path unless the program says otherwise.
    pub(crate) name: Option<String>,
}

/// A reason is shown in lists: this is enough of it.
const REASON_CHARS_MAX: usize = 1000;

/// How much of a malformed line is shown.
const SHOWN_CHARS_MAX: usize = 200;

impl Event {
    /// Reads one line, without its line end.
    pub(crate) fn parse(line: &str) -> Self {
        let parsed = json::object(line)
            .ok_or("not a JSON object")
            .and_then(|object| Self::of_object(&object));
        parsed.unwrap_or_else(|reason| {
            let shown: String = line.chars().take(SHOWN_CHARS_MAX).collect();
            Event::Malformed(format!("malformed event ({reason}): {shown}"))
        })
    }

    fn of_object(object: &Map<String, Value>) -> Result<Self, &'static str> {
        match object.get("type").and_then(Value::as_str) {
            Some("metrics") => values(object).and_then(|values| points(object, values)),
            Some("metric") => value(object).and_then(|value| points(object, vec![value])),
            Some("progress") => progress(object),
            Some("log") => Ok(Event::Logs(vec![Said::of_object(object)?])),
            Some("logs") => Ok(Event::Logs(Said::of_batch(object)?)),
            Some("result") => Ok(Event::Result {
                key: text(object, "key").ok_or("no `key`")?,
                value: object.get("value").ok_or("no `value`")?.clone(),
            }),
            Some("artifact") => Ok(Event::Artifact(Wanted {
                path: text(object, "path").ok_or("no `path`")?,
                name: text(object, "name"),
            })),
            Some("failed") => Ok(failed(object)),
            Some("cancellable") => Ok(Event::Cancellable),
            _ => Err("no known `type`"),
        }
    }
}

impl Points {
    /// The line that says the same, with the time at which it was said.
    pub(crate) fn to_line(&self, read_at: Timestamp) -> String {
        let values: Map<String, Value> = self
            .values
            .iter()
            .map(|(name, value)| (name.clone(), number_json(*value)))
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds need 41 bits")]
        let time = self.at.unwrap_or(read_at).millis() as f64 / 1000.0;
        json!({"type": "metrics", "step": self.step, "time": time, "values": values}).to_string()
    }
}

fn points(object: &Map<String, Value>, values: Vec<(String, f64)>) -> Result<Event, &'static str> {
    let step = object
        .get("step")
        .and_then(whole_number)
        .ok_or("no whole `step`")?;
    let at = match object.get("time") {
        None | Some(Value::Null) => None,
        Some(_) => Some(unix_time(number(object, "time")?)?),
    };
    Ok(Event::Points(Points { step, at, values }))
}

fn values(object: &Map<String, Value>) -> Result<Vec<(String, f64)>, &'static str> {
    let Some(Value::Object(values)) = object.get("values") else {
        return Err("no `values`");
    };
    values
        .iter()
        .map(|(name, value)| json_number(value).map(|value| (name.clone(), value)))
        .collect::<Option<_>>()
        .ok_or("a value that is no number")
}

fn value(object: &Map<String, Value>) -> Result<(String, f64), &'static str> {
    let name = text(object, "name").ok_or("no `name`")?;
    let value = object.get("value").and_then(json_number);
    Ok((name, value.ok_or("a value that is no number")?))
}

/// So many of so many on one level; or, as it was said before there were levels, a share.
fn progress(object: &Map<String, Value>) -> Result<Event, &'static str> {
    let message = text(object, "message").unwrap_or_default();
    let said = |key: &str| object.get(key).filter(|value| !value.is_null());
    let (current, total) = match (said("current"), said("total")) {
        (Some(_), Some(_)) => (number(object, "current")?, Some(number(object, "total")?)),
        (Some(_), None) => (number(object, "current")?, None),
        (None, _) => (number(object, "fraction")?.clamp(0.0, 1.0), Some(1.0)),
    };
    let at = match said("level") {
        None => 0,
        Some(level) => {
            let level = whole_number(level).and_then(|level| usize::try_from(level).ok());
            level.ok_or("a `level` that does not count from 0")?
        }
    };
    let level = Level::new(current, total, &message).ok_or("a number that is not finite")?;
    Ok(Event::Progress(at, level))
}

fn failed(object: &Map<String, Value>) -> Event {
    let message = text(object, "message").unwrap_or_default();
    Event::Failed {
        message: message.trim().chars().take(REASON_CHARS_MAX).collect(),
        trace: text(object, "trace").unwrap_or_default(),
    }
}

pub(super) fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}

pub(super) fn number(object: &Map<String, Value>, key: &str) -> Result<f64, &'static str> {
    object
        .get(key)
        .and_then(Value::as_f64)
        .ok_or("a number is missing")
}

/// Integers, and doubles that are one: a program in a dynamic language may say `3.0`.
fn whole_number(value: &Value) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and far from the bounds"
    )]
    let of_double =
        |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    value
        .as_i64()
        .or_else(|| value.as_f64().and_then(of_double))
}

pub(super) fn unix_time(secs: f64) -> Result<Timestamp, &'static str> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a conversion of doubles saturates"
    )]
    let at = Timestamp::from_millis((secs * 1000.0).round() as i64);
    if secs.is_nan() || !at.is_in_calendar() {
        return Err("a `time` that is not in seconds since 1970");
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(step: i64, at: Option<i64>, values: &[(&str, f64)]) -> Event {
        Event::Points(Points {
            step,
            at: at.map(Timestamp::from_millis),
            values: values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(),
        })
    }

    fn check(line: &str, expected: Event) {
        assert_eq!(Event::parse(line), expected, "{line}");
    }

    fn check_malformed(line: &str, reason: &str) {
        let expected = format!("malformed event ({reason}): {line}");
        assert_eq!(Event::parse(line), Event::Malformed(expected));
    }

    #[test]
    fn metrics_are_points() {
        check(
            r#"{"type":"metrics","step":3,"values":{"loss":0.5,"lr":1e-3},"time":1.5}"#,
            points(3, Some(1500), &[("loss", 0.5), ("lr", 1e-3)]),
        );
        check(
            r#"{"type":"metric","name":"loss","step":4.0,"value":1}"#,
            points(4, None, &[("loss", 1.0)]),
        );
    }

    #[test]
    fn not_a_number_is_a_value() {
        for value in ["NaN", "\"NaN\"", "\"nan\""] {
            let line = format!(r#"{{"type":"metric","name":"a","step":1,"value":{value}}}"#);
            match Event::parse(&line) {
                Event::Points(points) => assert!(points.values[0].1.is_nan(), "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn progress_is_so_many_of_so_many_on_a_level() {
        let check = |line: &str, at: usize, current: f64, total: Option<f64>| {
            let level = Level::new(current, total, "x").unwrap();
            let line = format!(r#"{{"type":"progress",{line},"message":"x"}}"#);
            check(&line, Event::Progress(at, level));
        };
        check(r#""current":3,"total":10"#, 0, 3.0, Some(10.0));
        check(r#""current":3,"total":10,"level":2.0"#, 2, 3.0, Some(10.0));
        check(r#""current":3,"total":null,"level":null"#, 0, 3.0, None);
        check(
            r#""current":12,"total":10,"level":50"#,
            50,
            12.0,
            Some(10.0),
        );
        check(r#""current":-1,"total":0"#, 0, 0.0, None);
        check(r#""fraction":0.25"#, 0, 0.25, Some(1.0));
        check(r#""fraction":7"#, 0, 1.0, Some(1.0));
    }

    #[test]
    fn progress_that_is_no_number_is_malformed() {
        let missing = "a number is missing";
        for (line, reason) in [
            (r#"{"type":"progress"}"#, missing),
            (r#"{"type":"progress","current":"NaN"}"#, missing),
            (r#"{"type":"progress","current":1,"total":"many"}"#, missing),
            (
                r#"{"type":"progress","current":1,"level":-1}"#,
                "a `level` that does not count from 0",
            ),
        ] {
            check_malformed(line, reason);
        }
    }

    #[test]
    fn files_failures_and_the_word_that_it_stops_by_itself_are_taken() {
        let wanted = |path: &str, name: Option<&str>| {
            Event::Artifact(Wanted {
                path: path.to_owned(),
                name: name.map(str::to_owned),
            })
        };
        check(r#"{"type":"artifact","path":"a"}"#, wanted("a", None));
        check(
            r#"{"type":"artifact","path":"a","name":"b/c"}"#,
            wanted("a", Some("b/c")),
        );
        check_malformed(r#"{"type":"artifact"}"#, "no `path`");
        check(
            r#"{"type":"failed","message":"ValueError: x\n","trace":"Traceback\n"}"#,
            Event::Failed {
                message: "ValueError: x".to_owned(),
                trace: "Traceback\n".to_owned(),
            },
        );
        check(r#"{"type":"cancellable"}"#, Event::Cancellable);
    }

    fn said(entry: &str) -> Said {
        Said::of_object(&json::object(entry).unwrap()).unwrap()
    }

    #[test]
    fn logs_and_results_are_taken() {
        check(
            r#"{"type":"logs","entries":[{"message":"a"},{"message":"b"}]}"#,
            Event::Logs(vec![said(r#"{"message":"a"}"#), said(r#"{"message":"b"}"#)]),
        );
        check(
            r#"{"type":"log","level":"warning","message":"slow","fields":{"ms":3}}"#,
            Event::Logs(vec![said(
                r#"{"level":"warn","message":"slow","fields":{"ms":3}}"#,
            )]),
        );
        check(
            r#"{"type":"result","key":"loss","value":0.5}"#,
            Event::Result {
                key: "loss".to_owned(),
                value: 0.5.into(),
            },
        );
    }

    #[test]
    fn anything_else_is_malformed_and_says_why() {
        check_malformed("hello", "not a JSON object");
        check_malformed("{}", "no known `type`");
        check_malformed(r#"{"type":"metrics","step":1}"#, "no `values`");
        check_malformed(
            r#"{"type":"metric","name":"a","step":1,"value":"x"}"#,
            "a value that is no number",
        );
        check_malformed(
            r#"{"type":"metric","name":"a","step":1.5,"value":1}"#,
            "no whole `step`",
        );
        check_malformed(
            r#"{"type":"metric","name":"a","step":1,"value":1,"time":1e18}"#,
            "a `time` that is not in seconds since 1970",
        );
    }

    #[test]
    fn a_written_line_reads_back_with_the_time_it_was_read_at() {
        let Event::Points(given) =
            Event::parse(r#"{"type":"metric","name":"a","step":1,"value":"-Infinity"}"#)
        else {
            panic!("these are points");
        };
        check(
            &given.to_line(Timestamp::from_millis(1_795_213_800_123)),
            points(1, Some(1_795_213_800_123), &[("a", f64::NEG_INFINITY)]),
        );
    }
}

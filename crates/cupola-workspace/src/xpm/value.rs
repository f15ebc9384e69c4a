//! Values in files by the names that Experimaestro gives them. What is of another kind than
//! expected counts as absent: a viewer shows the rest.

use cupola_domain::time::Timestamp;
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::Value;

use crate::model::{Carbon, JobState, Process, Progress, Reason, ServiceState, Tags};

/// A text that says something.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A number that is one.
pub(crate) fn number(value: &Value, name: &str) -> Option<f64> {
    value
        .get(name)?
        .as_f64()
        .filter(|number| number.is_finite())
}

/// A count that fits.
pub(crate) fn whole<T: TryFrom<i64>>(value: &Value, name: &str) -> Option<T> {
    value.get(name)?.as_i64()?.try_into().ok()
}

/// A moment: seconds since 1970, or a text, which is in `zone` unless it says another.
pub(crate) fn time(value: &Value, name: &str, zone: &TimeZone) -> Option<Timestamp> {
    match value.get(name)? {
        Value::Number(seconds) => moment(seconds.as_f64()?),
        Value::String(text) => moment_in(text, zone),
        _ => None,
    }
}

fn moment(seconds: f64) -> Option<Timestamp> {
    let millis = (seconds * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "it was just bounded")]
    let time = (millis.abs() < 1e15).then(|| Timestamp::from_millis(millis as i64))?;
    time.is_in_calendar().then_some(time)
}

fn moment_in(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    // A local time is read as such even when an offset follows, so look for one first.
    let after_date = text.get(10..).unwrap_or_default();
    let instant = if after_date.contains(['Z', '+', '-']) {
        text.parse::<jiff::Timestamp>().ok()?
    } else {
        zone.to_timestamp(text.parse::<DateTime>().ok()?).ok()?
    };
    let time = Timestamp::from_millis(instant.as_millisecond());
    time.is_in_calendar().then_some(time)
}

/// A state's word; `error:DEPENDENCY` has its reason with it.
pub(crate) fn state(word: &str) -> Option<(JobState, Option<Reason>)> {
    let (word, why) = word.split_once(':').unwrap_or((word, ""));
    let state = match word.to_ascii_lowercase().as_str() {
        "unscheduled" | "submitted" => JobState::Unscheduled,
        "waiting" => JobState::Waiting,
        "ready" => JobState::Ready,
        "scheduled" => JobState::Scheduled,
        "running" => JobState::Running,
        "done" => JobState::Done,
        "error" => JobState::Error,
        "transient" => JobState::Transient,
        "phantom" => JobState::Phantom,
        _ => return None,
    };
    Some((state, reason(why)))
}

/// Why a job failed, in any case of letters.
pub(crate) fn reason(word: &str) -> Option<Reason> {
    Some(match word.to_ascii_uppercase().as_str() {
        "TIMEOUT" => Reason::Timeout,
        "MEMORY" => Reason::Memory,
        "REJECTED_TIMELIMIT" => Reason::RejectedTimelimit,
        "REJECTED_OTHER" => Reason::RejectedOther,
        "DEPENDENCY" => Reason::Dependency,
        "FAILED" => Reason::Failed,
        "CANCELLED" => Reason::Cancelled,
        "MISSING_OUTPUTS" => Reason::MissingOutputs,
        "DELETED" => Reason::Deleted,
        _ => return None,
    })
}

/// A service's state.
pub(crate) fn service_state(word: &str) -> Option<ServiceState> {
    Some(match word.to_ascii_uppercase().as_str() {
        "STOPPED" => ServiceState::Stopped,
        "STARTING" => ServiceState::Starting,
        "RUNNING" => ServiceState::Running,
        "STOPPING" => ServiceState::Stopping,
        "ERROR" => ServiceState::Error,
        _ => return None,
    })
}

/// `{"lr": 0.1}`, as lines of jobs have them, or `[{"key": "lr", "value": 0.1}]`, as events do.
pub(crate) fn tags(value: Option<&Value>) -> Tags {
    match value {
        Some(Value::Object(tags)) => tags
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        Some(Value::Array(tags)) => tags
            .iter()
            .filter_map(|tag| Some((text(tag, "key")?.to_owned(), tag.get("value")?.clone())))
            .collect(),
        _ => Tags::default(),
    }
}

/// `{"type": "local", "pid": 12, "host": "node3"}`; numbers of schedulers may be texts.
pub(crate) fn process(value: &Value) -> Option<Process> {
    let pid = match value.get("pid")? {
        Value::Number(pid) => pid.to_string(),
        Value::String(pid) => pid.clone(),
        _ => return None,
    };
    Some(Process {
        kind: text(value, "type").unwrap_or("local").to_owned(),
        pid,
        host: text(value, "host").map(str::to_owned),
    })
}

/// Levels of progress, from the outermost.
pub(crate) fn progress(value: Option<&Value>) -> Vec<Progress> {
    let levels = value.and_then(Value::as_array).map(Vec::as_slice);
    levels.unwrap_or_default().iter().map(level).collect()
}

/// One level, within bounds.
pub(crate) fn level(value: &Value) -> Progress {
    Progress {
        level: whole(value, "level").unwrap_or(0),
        desc: text(value, "desc").unwrap_or_default().to_owned(),
        progress: number(value, "progress").unwrap_or(0.0).clamp(0.0, 1.0),
    }
}

/// What was measured, when anything was.
pub(crate) fn carbon(value: &Value) -> Option<Carbon> {
    Some(Carbon {
        co2_kg: number(value, "co2_kg")?,
        energy_kwh: number(value, "energy_kwh").unwrap_or(0.0),
        cpu_power_w: number(value, "cpu_power_w"),
        gpu_power_w: number(value, "gpu_power_w"),
        ram_power_w: number(value, "ram_power_w"),
        duration_s: number(value, "duration_s").unwrap_or(0.0),
        is_final: value.get("is_final") == Some(&Value::Bool(true)),
    })
}

/// Both together: powers are those of the later.
pub(crate) fn carbon_sum(earlier: Option<Carbon>, later: Option<Carbon>) -> Option<Carbon> {
    match (earlier, later) {
        (Some(earlier), Some(later)) => Some(Carbon {
            co2_kg: earlier.co2_kg + later.co2_kg,
            energy_kwh: earlier.energy_kwh + later.energy_kwh,
            duration_s: earlier.duration_s + later.duration_s,
            ..later
        }),
        (earlier, later) => later.or(earlier),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_are_in_the_zone_unless_they_say_another() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        for (written, millis) in [
            (json!("1970-01-01T02:00:01.250000"), Some(1250)),
            (json!("1970-01-01T00:00:01Z"), Some(1000)),
            (json!("1970-01-01T01:00:01+01:00"), Some(1000)),
            (json!(1.5), Some(1500)),
            (json!("soon"), None),
            (json!(null), None),
            (json!(1e300), None),
            (json!(-5), None),
        ] {
            let read = time(&json!({"at": written}), "at", &zone);
            assert_eq!(read.map(Timestamp::millis), millis, "{written}");
        }
    }

    #[test]
    fn states_are_read_with_their_reasons() {
        for (word, expected) in [
            ("done", Some((JobState::Done, None))),
            (
                "error:DEPENDENCY",
                Some((JobState::Error, Some(Reason::Dependency))),
            ),
            (
                "error:failed",
                Some((JobState::Error, Some(Reason::Failed))),
            ),
            ("submitted", Some((JobState::Unscheduled, None))),
            ("RUNNING", Some((JobState::Running, None))),
            ("what", None),
        ] {
            assert_eq!(state(word), expected, "{word}");
        }
    }

    #[test]
    fn tags_are_read_from_both_of_their_shapes() {
        let lines = tags(Some(&json!({"seed": 1, "lr": 0.1})));
        let events = tags(Some(
            &json!([{"key": "lr", "value": 0.1}, {"key": "seed", "value": 1}, 7]),
        ));
        assert_eq!(lines, events);
        assert_eq!(lines.find("seed"), Some(&json!(1)));
        assert_eq!(lines.find("none"), None);
    }
}

//! Times as Experimaestro writes them: by the clock on the wall of its machine, without a zone.

use cupola_domain::time::Timestamp;
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::Value;

/// `2026-11-21T13:35:04.891000`, by the wall of `zone`.
pub(crate) fn on_the_wall(at: Timestamp, zone: &TimeZone) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    let civil = zone.to_datetime(at);
    Some(civil.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string())
}

/// When a time was that stands in a body: as text with or without a zone, or in seconds since 1970.
pub(crate) fn read(time: &Value, zone: &TimeZone) -> Option<Timestamp> {
    match time {
        Value::Number(seconds) => from_seconds(seconds.as_f64()?),
        Value::String(text) => from_text(text, zone),
        _ => None,
    }
}

/// Seconds since 1970, as events and lists of jobs have them.
pub(crate) fn to_seconds(at: Timestamp) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of calendars are exact"
    )]
    let millis = at.millis() as f64;
    millis / 1000.0
}

pub(crate) fn from_seconds(seconds: f64) -> Option<Timestamp> {
    let millis = (seconds * 1000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be in the calendar"
    )]
    let at = Timestamp::from_millis(millis as i64);
    (millis.is_finite() && at.is_in_calendar()).then_some(at)
}

fn from_text(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let at = if let Ok(at) = text.parse::<jiff::Timestamp>() {
        at
    } else {
        let civil: DateTime = text.parse().ok()?;
        zone.to_ambiguous_timestamp(civil).compatible().ok()?
    };
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(time: Value, hours: i8, expected: Option<i64>) {
        let zone = TimeZone::fixed(jiff::tz::Offset::constant(hours));
        assert_eq!(
            read(&time, &zone).map(Timestamp::millis),
            expected,
            "{time}"
        );
    }

    #[test]
    fn a_time_without_a_zone_is_the_walls() {
        check(json!("1970-01-01T02:00:01.500000"), 2, Some(1500));
        check(json!("1970-01-01T00:00:01"), 0, Some(1000));
    }

    #[test]
    fn a_time_with_a_zone_says_itself() {
        check(json!("1970-01-01T02:00:01+02:00"), 5, Some(1000));
        check(json!("1970-01-01T00:00:01Z"), 5, Some(1000));
    }

    #[test]
    fn seconds_have_no_zone() {
        check(json!(1.5), 5, Some(1500));
        check(json!(2), 5, Some(2000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        check(json!("soon"), 0, None);
        check(json!(null), 0, None);
        check(json!(1e300), 0, None);
        check(json!(-1), 0, None);
        check(json!({}), 0, None);
    }

    proptest! {
        #[test]
        fn what_is_written_on_the_wall_is_read_from_it(millis in 0_i64..4_000_000_000_000, hours in -12_i8..14) {
            let zone = TimeZone::fixed(jiff::tz::Offset::constant(hours));
            let at = Timestamp::from_millis(millis);
            let text = on_the_wall(at, &zone).unwrap();
            prop_assert_eq!(read(&json!(text), &zone), Some(at));
            prop_assert_eq!(from_seconds(to_seconds(at)), Some(at));
        }
    }
}

//! Times on the wire: RFC 3339 in UTC with milliseconds.

use std::{fmt, str::FromStr};

use cupola_domain::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time as text, for instance `2026-11-20T23:50:00.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Timestamp);

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0.millis()) {
            Ok(at) => write!(f, "{at:.3}"),
            // Outside the years -9999 to 9999: no clock says so; shown rather than hidden, and read
            // back, so that one such time breaks no list that it stands in.
            Err(_) => write!(f, "{}ms", self.0.millis()),
        }
    }
}

impl FromStr for Time {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        if let Some(Ok(millis)) = text.strip_suffix("ms").map(str::parse) {
            return Ok(Self(Timestamp::from_millis(millis)));
        }
        let at: jiff::Timestamp = text.parse()?;
        Ok(Self(Timestamp::from_millis(at.as_millisecond())))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back() {
        let time = Time(Timestamp::from_millis(1_795_213_800_123));
        assert_eq!(time.to_string(), "2026-11-20T22:30:00.123Z");
        assert_eq!(time.to_string().parse::<Time>().unwrap(), time);
    }

    #[test]
    fn every_time_reads_back() {
        let latest = Timestamp::LATEST.millis();
        for (millis, written) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (latest, "9999-12-30T22:00:00.000Z"),
            (1_700_000_000_000_000_000, "1700000000000000000ms"),
            (i64::MIN, "-9223372036854775808ms"),
        ] {
            let time = Time(Timestamp::from_millis(millis));
            let json = serde_json::to_string(&time).unwrap();
            assert_eq!(json, format!("\"{written}\""));
            assert_eq!(serde_json::from_str::<Time>(&json).unwrap(), time);
        }
        assert!("ms".parse::<Time>().is_err());
    }
}

//! Doubles on the wire, without loss.

use cupola_domain::metric::{json_number, non_finite_word};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A double that may be NaN or infinite: a JSON number, or one of three words.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match non_finite_word(self.0) {
            Some(word) => serializer.serialize_str(word),
            None => serializer.serialize_f64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        json_number(&value).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{value} is neither a number nor `NaN`, `Infinity` or `-Infinity`"
            ))
        })
    }
}

impl utoipa::PartialSchema for Number {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        f64::schema()
    }
}

impl utoipa::ToSchema for Number {}

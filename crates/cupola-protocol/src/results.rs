//! What one run gave, a part at a time.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::time::Time;

/// A result without its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultHead {
    /// Its key.
    pub key: String,
    /// When it came.
    pub at: Time,
    /// `null`, `boolean`, `number`, `string`, `array` or `object`; a number also where it is one of
    /// the words for those that JSON lacks.
    pub kind: String,
    /// How many values an array or object holds.
    pub size: Option<u64>,
    /// How long it is as JSON without blanks.
    pub bytes: u64,
    /// Its beginning.
    pub preview: String,
}

/// What stands at one place of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultLevel {
    /// The result's key.
    pub key: String,
    /// When it came.
    pub at: Time,
    /// The JSON pointer to the place.
    pub path: String,
    /// As of a result.
    pub kind: String,
    /// As of a result.
    pub size: Option<u64>,
    /// The value, where it is no array and no object.
    pub value: Option<Value>,
    /// What an array or object holds, 100 at most.
    pub children: Vec<ResultChild>,
    /// How many come before these.
    pub offset: u64,
    /// Where to go on: pass it as `offset`. None after the last.
    pub next: Option<u64>,
}

/// A value within another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResultChild {
    /// Its key, or its place from 0.
    pub key: String,
    /// The JSON pointer to it.
    pub path: String,
    /// As of a result.
    pub kind: String,
    /// As of a result.
    pub size: Option<u64>,
    /// Its beginning.
    pub preview: String,
}

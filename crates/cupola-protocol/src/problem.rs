//! Errors on the wire: RFC 9457 problem details.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A short name that does not change: `not_found`, `invalid`, `conflict`, `stale_lease`,
    /// `forbidden`, `unauthorized`, `unavailable`, `internal`.
    pub r#type: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, in words.
    pub title: String,
    /// One entry for each field that is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Its name; nested ones are joined by dots.
    pub field: String,
    /// The value and the remedy.
    pub message: String,
}

//! Data that a run used, as its client says: never looked at, only shown.

use std::collections::BTreeMap;

/// Some data, by its name and what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its name for people.
    pub name: String,
    /// What tells two versions of it apart.
    pub digest: String,
    /// What kind of place it came from: `local`, `s3`.
    pub source_type: String,
    /// Where it came from, as JSON text.
    pub source: String,
    /// Its columns, as JSON text.
    pub schema: Option<String>,
    /// Its size and the like, as JSON text.
    pub profile: Option<String>,
    /// What it was used for: name → value.
    pub tags: BTreeMap<String, String>,
}

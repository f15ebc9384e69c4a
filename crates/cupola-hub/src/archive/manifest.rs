//! What a folder has.

use serde_json::{Value, json};

use super::wrong;
use crate::HubError;

/// The word by which a folder is known.
const FORMAT: &str = "cupola export";

/// Of this form of folders.
const VERSION: i64 = 1;

/// What a folder has. It says nothing of when it was written: the same store gives the same folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The number of the newest migration of the store that was written.
    pub schema: i64,
    /// Whether what lets people in is there.
    pub has_secrets: bool,
    /// A file for each table.
    pub tables: Vec<Part>,
    /// The file of all points.
    pub points: Part,
    /// All logs, one after the other in the order of the table's rows.
    pub logs: Part,
    /// How many files runs and models keep, and their bytes.
    pub artifacts: (u64, u64),
}

/// A file, or several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The table; empty for others.
    pub name: String,
    /// Rows, or files.
    pub count: u64,
    /// How long it is.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

impl Manifest {
    pub(super) fn to_text(&self) -> String {
        let tables: Vec<_> = self.tables.iter().map(Part::to_json).collect();
        let text = json!({
            "format": FORMAT,
            "version": VERSION,
            "schema": self.schema,
            "secrets": self.has_secrets,
            "tables": tables,
            "points": self.points.to_json(),
            "logs": self.logs.to_json(),
            "artifacts": {"count": self.artifacts.0, "bytes": self.artifacts.1},
        });
        format!("{text:#}\n")
    }

    pub(super) fn of_text(text: &[u8]) -> Result<Self, HubError> {
        let refused = |reason: &str| wrong("manifest.json", reason);
        let read: Value =
            serde_json::from_slice(text).map_err(|error| wrong("manifest.json", error))?;
        if read["format"] != FORMAT {
            return Err(refused("is not of an export"));
        }
        if read["version"] != VERSION {
            return Err(refused(
                "is of another version of exports; use the program that wrote it",
            ));
        }
        let tables = read["tables"]
            .as_array()
            .map(|tables| tables.iter().map(Part::of_json));
        let found = || {
            let artifacts = &read["artifacts"];
            Some(Self {
                schema: read["schema"].as_i64()?,
                has_secrets: read["secrets"].as_bool()?,
                tables: tables?.collect::<Option<_>>()?,
                points: Part::of_json(&read["points"])?,
                logs: Part::of_json(&read["logs"])?,
                artifacts: (artifacts["count"].as_u64()?, artifacts["bytes"].as_u64()?),
            })
        };
        found().ok_or_else(|| refused("lacks something"))
    }
}

impl Part {
    fn to_json(&self) -> Value {
        json!({"name": self.name, "count": self.count, "bytes": self.bytes, "sha256": self.sha256})
    }

    fn of_json(value: &Value) -> Option<Self> {
        Some(Self {
            name: value["name"].as_str()?.to_owned(),
            count: value["count"].as_u64()?,
            bytes: value["bytes"].as_u64()?,
            sha256: value["sha256"].as_str()?.to_owned(),
        })
    }
}

//! The whole store as a folder of open files, and back.
//!
//! ```text
//! manifest.json        what there is, how much of it, and hashes; written last
//! tables/NAME.jsonl    a row a line, in the order of the key, columns by name
//! points.parquet       every point of every series, to be read by other programs
//! logs/RUN.log         what a run wrote, byte for byte
//! artifacts/ab/ab…     files, called by their SHA-256
//! ```

mod coming;
pub(crate) mod files;
mod going;
pub(crate) mod json;
mod manifest;

use std::path::Path;

use crate::{Hub, HubError};

pub use manifest::Manifest;

/// Columns that are left out unless secrets are asked for, by table; `*` is the whole table.
const SECRET: [(&str, &str); 5] = [
    ("alert_secret", "*"),
    ("enrolled_token", "*"),
    ("enrolment", "*"),
    ("session", "*"),
    ("token", "digest"),
];

/// What a run wrote stands in a file of its own, and in this table's column how much of it.
const LOGS: (&str, &str) = ("log_chunk", "body");

impl Hub {
    /// Writes all that is kept into a folder that is empty or not there yet. `has_secrets` says
    /// whether what lets people in comes along.
    pub fn export_all(&self, folder: &Path, has_secrets: bool) -> Result<Manifest, HubError> {
        let (folder, files) = (folder.to_owned(), self.files.folder().to_owned());
        going::prepare(&folder)?;
        self.read(move |tx| going::write(tx, &folder, &files, has_secrets))
    }

    /// Takes in what [`Hub::export_all`] wrote, into a hub that has nothing yet: all of it or nothing.
    pub fn import_all(&self, folder: &Path) -> Result<Manifest, HubError> {
        let manifest = coming::check(folder)?;
        let hashes = coming::files_of(folder, &manifest)?;
        for hash in hashes {
            coming::keep_file(&self.files, folder, &hash)?;
        }
        let (folder, checked) = (folder.to_owned(), manifest.clone());
        self.write(move |tx| coming::fill(tx, &folder, &checked))?;
        Ok(manifest)
    }
}

pub(crate) fn is_secret(table: &str, column: &str) -> bool {
    let is_it = |(of, name): &(&str, &str)| *of == table && (*name == column || *name == "*");
    SECRET.iter().any(is_it)
}

fn is_secret_table(table: &str) -> bool {
    SECRET.contains(&(table, "*"))
}

/// Something is wrong with the folder.
pub(crate) fn wrong(place: &str, reason: impl std::fmt::Display) -> HubError {
    HubError::Conflict(format!("{place}: {reason}"))
}

//! Removes files that no run refers to any more: replaced ones, those of deleted runs, and those
//! whose rows a crash prevented.

use std::time::Duration;

use cupola_store::artifacts;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "artifacts",
    period: Duration::from_mins(1),
    tick,
};

/// Looks at every file, a folder at a time; says how many went. None does while there may be runs
/// that have them and are not in the store.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    if hub.has_unsynced_runs() {
        return Ok(0);
    }
    let mut gone = 0;
    for prefix in hub.files.prefixes().map_err(unreadable)? {
        // No digit of a hash comes after `f`.
        let (from, to) = (prefix.clone(), format!("{prefix}g"));
        let kept = hub.read(move |tx| Ok(artifacts::list_hashes(tx, &from, &to)?))?;
        for hash in hub.files.hashes(&prefix).map_err(unreadable)? {
            if kept.contains(&hash) {
                continue;
            }
            let wanted = hash.clone();
            let is_kept = || hub.read(move |tx| Ok(artifacts::is_kept(tx, &wanted)?));
            gone += usize::from(hub.files.remove_unless(&hash, is_kept)?);
        }
    }
    Ok(gone)
}

fn unreadable(error: std::io::Error) -> HubError {
    HubError::Internal(anyhow::Error::new(error).context("the artifacts' folder cannot be read"))
}

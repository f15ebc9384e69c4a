//! Keeps a folder for every run, from which its rows can be made again.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "run folders",
    period: Duration::from_millis(500),
    tick,
};

/// Writes what changed, as much as a short while allows; says how many folders.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    hub.keep_run_folders()
}

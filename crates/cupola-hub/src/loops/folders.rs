//! Looks through the folders of training models for files that came, changed or went.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "folders",
    period: Duration::from_secs(5),
    tick,
};

/// Looks once; says how many files are known otherwise than before.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    Ok(hub.scan_training_folders()?.changed)
}

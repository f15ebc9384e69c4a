//! Reads the templates' folders again when something in them changed.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "templates",
    period: Duration::from_secs(2),
    tick,
};

/// Compares names, sizes and times of change with those of the last reading; says whether there is
/// anything new.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    if !hub.templates.is_outdated() {
        return Ok(0);
    }
    hub.rescan_templates().map(usize::from)
}

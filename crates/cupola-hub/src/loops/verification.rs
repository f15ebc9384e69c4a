//! Gives checks of results to somebody, and to somebody else when that one did not come back.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "verification",
    period: Duration::from_secs(2),
    tick,
};

/// Moves what can go on; says how many checks, and earnings of those who are banned, that were.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    Ok(hub.tend_checks()? + hub.finish_bans()?)
}

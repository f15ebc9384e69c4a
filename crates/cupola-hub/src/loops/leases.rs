//! Gives the runs of workers that fell silent back to the others.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "leases",
    period: Duration::from_secs(1),
    tick,
};

/// Expires every overdue lease; says how many.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let overdue = hub.overdue_leases();
    for (run, lease) in &overdue {
        hub.expire_run(*run, *lease)?;
    }
    Ok(overdue.len())
}

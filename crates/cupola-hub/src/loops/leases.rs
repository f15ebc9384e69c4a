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

/// Expires every overdue lease; says how many were. One that cannot be expired holds up no other.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let overdue = hub.overdue_leases();
    for (run, lease) in &overdue {
        match hub.expire_overdue(*run, *lease) {
            // Its family was deleted: there is nothing to expire.
            Err(HubError::NotFound { .. }) => hub.settle(*run)?,
            Err(error) => tracing::error!(%run, %error, "a lease could not be expired"),
            Ok(()) => {}
        }
    }
    Ok(overdue.len())
}

//! Looks at what the rules of alerts are about.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "alerts",
    period: Duration::from_secs(5),
    tick,
};

/// One look; says how many alerts were moved.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    hub.look_after_alerts()
}

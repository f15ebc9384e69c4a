//! Tells those who look at training as a whole that it is not what they saw.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "training",
    period: Duration::from_millis(500),
    tick,
};

/// Says whether there was something to tell.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    hub.tell_training()
}

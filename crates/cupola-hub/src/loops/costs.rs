//! Looks how far budgets are spent while runs go on and days pass, and notes what runs cost by now.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "costs",
    period: Duration::from_secs(2),
    tick,
};

/// Looks once; says how many tasks budgets let go and how many runs go on.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let counted = hub.count_running()?;
    let mut released = 0;
    loop {
        let step = hub.refresh_budgets()?;
        released += step;
        if step == 0 {
            return Ok(released + counted);
        }
    }
}

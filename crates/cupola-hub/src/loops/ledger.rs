//! Gives what was earned once its time in escrow is over, gives back what briefs have left, and lets go what
//! can be paid for again.

use std::time::Duration;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "ledger",
    period: Duration::from_secs(2),
    tick,
};

/// Moves what is due; says how many earnings, briefs and tasks that were.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let given = hub.release_escrow()?;
    let refunded = hub.refund_ended()?;
    Ok(given + refunded + hub.release_unpaid()?)
}

//! Puts the last points of finished runs into blocks: nothing more comes that would do it.

use std::time::Duration;

use cupola_store::series;

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "series",
    period: Duration::from_secs(2),
    tick,
};

/// So many series are folded in one transaction, so that nobody waits for long.
const SERIES_PER_STEP: i64 = 50;

/// Folds what there is; says how many series.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let mut folded = 0;
    loop {
        let step = hub.write(|tx| {
            let waiting = series::list_unfolded(tx, SERIES_PER_STEP)?;
            for series in &waiting {
                series::fold(tx, series.owner, &series.name)?;
            }
            Ok(waiting.len())
        })?;
        folded += step;
        if step == 0 {
            return Ok(folded);
        }
    }
}

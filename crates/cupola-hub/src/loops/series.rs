//! Puts the last points of finished runs into blocks: nothing more comes that would do it.

use std::time::Duration;

use cupola_store::series::{self, Series};

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

/// Folds what there is; says how many series. One that cannot be folded holds up no other.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let (mut folded, mut last, mut failed) = (0, None, None);
    loop {
        let after = last.take();
        let waiting =
            hub.read(move |tx| Ok(series::list_unfolded(tx, after.as_ref(), SERIES_PER_STEP)?))?;
        last = waiting.last().cloned();
        if last.is_none() {
            return failed.map_or(Ok(folded), Err);
        }
        let count = waiting.len();
        if fold(hub, waiting.clone()).is_ok() {
            folded += count;
            continue;
        }
        for series in waiting {
            match fold(hub, vec![series]) {
                Ok(()) => folded += 1,
                Err(error) => failed = Some(error),
            }
        }
    }
}

fn fold(hub: &Hub, waiting: Vec<Series>) -> Result<(), HubError> {
    hub.write(move |tx| {
        for series in &waiting {
            series::fold(tx, series.owner, &series.name)?;
        }
        Ok(())
    })
}

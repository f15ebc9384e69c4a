//! Gives runs of before the parameters and tags that they are found by.

use std::time::Duration;

use cupola_store::unlabelled;

use super::Loop;
use crate::{
    Hub, HubError,
    transitions::{find_task, save_labels},
};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "labels",
    period: Duration::from_mins(1),
    tick,
};

/// So many runs get theirs in one transaction, so that nobody waits for long.
const RUNS_PER_STEP: i64 = 100;

/// Does what there is; says how many runs.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let mut labelled = 0;
    loop {
        let step = hub.write(|tx| {
            let waiting = unlabelled::list(tx, RUNS_PER_STEP)?;
            for (run, task) in &waiting {
                let task = find_task(tx, *task)?;
                save_labels(tx, *run, &task)?;
                unlabelled::delete(tx, *run)?;
            }
            Ok(waiting.len())
        })?;
        labelled += step;
        if step == 0 {
            return Ok(labelled);
        }
    }
}

//! Plans the tasks of large families a step at a time.

use std::time::Duration;

use cupola_domain::{
    event::Event,
    ids::{BriefId, ExperimentId},
};
use cupola_store::{code, events, experiments};

use super::Loop;
use crate::{
    Hub, HubError,
    briefs::{self, Planner, TASKS_PER_STEP, insert_planned},
    families,
};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "campaigns",
    period: Duration::from_millis(500),
    tick,
};

/// Adds the next tasks to each family that has fewer than its brief asks for; says how many.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let unplanned = hub.read(|tx| Ok(experiments::list_unplanned(tx)?))?;
    let mut planned = 0;
    for (family, brief) in unplanned {
        planned += plan_next(hub, family, brief)?;
    }
    Ok(planned)
}

fn plan_next(hub: &Hub, family: ExperimentId, brief: BriefId) -> Result<usize, HubError> {
    let (family, brief) =
        hub.read(move |tx| Ok((families::find(tx, family)?, briefs::find(tx, brief)?)))?;
    let from = u32::try_from(family.counts.total()).unwrap_or(u32::MAX);
    let to = brief
        .wanted
        .num_tasks
        .min(from.saturating_add(TASKS_PER_STEP));
    let planned = Planner::of_stored(&brief, &family)?.plan(from..to, hub, hub.now());
    let added = planned.len();
    hub.write(move |tx| {
        // Somebody may have stopped or deleted the family since it was read.
        let unplanned = experiments::list_unplanned(tx)?;
        if unplanned.iter().all(|(id, _)| *id != family.id) {
            return Ok(());
        }
        let needs_id = code::needs_id(tx, &family.needs)?;
        insert_planned(tx, family.id, needs_id, &planned)?;
        events::record(tx, Event::ExperimentChanged(family.id));
        Ok(())
    })?;
    hub.bus.announce_work();
    Ok(added)
}

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
    briefs::{Planner, TASKS_PER_STEP, insert_planned},
};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "campaigns",
    period: Duration::from_millis(500),
    tick,
};

/// Makes the tasks that briefs ask for and that are not there yet; says how many. Every step is a
/// transaction of its own, and families take turns. None are made that may lie on the disk, to be brought
/// in: they would be there twice.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let mut planned = 0;
    loop {
        let unplanned = hub.read(|tx| Ok(experiments::list_unplanned(tx)?))?;
        let mut added = 0;
        for (family, brief) in unplanned {
            match plan_next(hub, family, brief) {
                Ok(made) => added += made,
                // One brief that cannot be planned holds up no other.
                Err(error) => tracing::error!(%family, %error, "a family could not be planned"),
            }
        }
        if added == 0 {
            return Ok(planned);
        }
        planned += added;
    }
}

fn plan_next(hub: &Hub, family: ExperimentId, brief: BriefId) -> Result<usize, HubError> {
    let found = hub.read(move |tx| {
        Ok((
            experiments::find(tx, family)?,
            cupola_store::briefs::find(tx, brief)?,
        ))
    })?;
    // Somebody may have deleted it since it was listed.
    let (Some(family), Some(brief)) = found else {
        return Ok(0);
    };
    if hub.run_folders.may_have_more(family.created_at) {
        return Ok(0);
    }
    let from = u32::try_from(family.counts.total()).unwrap_or(u32::MAX);
    let to = brief
        .wanted
        .num_tasks
        .min(from.saturating_add(TASKS_PER_STEP));
    let planned = Planner::of_stored(&brief, &family)?.plan(from..to, hub, hub.now());
    let added = planned.len();
    hub.write(move |tx| {
        // Somebody may have stopped or deleted the family since it was read.
        if !experiments::is_unplanned(tx, family.id)? {
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

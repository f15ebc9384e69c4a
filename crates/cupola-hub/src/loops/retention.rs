//! Removes for good what was deleted, and forgets what nobody can ask for any more.

use std::time::Duration;

use cupola_domain::{
    event::Event,
    experiment::Experiment,
    ids::{BriefId, ExperimentId},
};
use cupola_store::{alerts, briefs, events, experiments, logged, tasks, tokens};

use super::Loop;
use crate::{Hub, HubError};

/// See the module.
pub const LOOP: Loop = Loop {
    name: "retention",
    period: Duration::from_secs(5),
    tick,
};

/// So many tasks go in one transaction, so that nobody waits for long.
const TASKS_PER_STEP: i64 = 200;

/// What a client deleted can be restored for so long.
pub const RESTORABLE: Duration = Duration::from_hours(30 * 24);

/// A browser that was away for more changes than this shows everything again.
const EVENTS_KEPT: i64 = 1_000_000;

/// The history of alerts is so long.
const ALERT_CHANGES_KEPT: i64 = 100_000;

/// What was told is remembered for so long.
const DELIVERIES_KEPT: Duration = Duration::from_hours(30 * 24);

/// And so much of it.
const DELIVERIES_KEPT_MAX: i64 = 5_000;

/// Removes what is to go; says how many rows of tasks, sessions, events and alerts
/// went.
pub fn tick(hub: &Hub) -> Result<usize, HubError> {
    let before = hub.now().minus(RESTORABLE);
    hub.write(move |tx| Ok(logged::save_given_up(tx, before)?))?;
    let deleted = hub.read(|tx| Ok(experiments::list_deleted(tx)?))?;
    let mut gone = 0;
    for (experiment, brief) in deleted {
        gone += remove(hub, experiment, brief)?;
    }
    let now = hub.now();
    gone += hub.write(move |tx| {
        let sessions = tokens::delete_expired_sessions(tx, now)?;
        let before = now.minus(DELIVERIES_KEPT);
        let told = alerts::deliveries::delete_old(tx, before, DELIVERIES_KEPT_MAX)?;
        let past = alerts::delete_old(tx, ALERT_CHANGES_KEPT)?;
        Ok(sessions + told + past + events::delete_old(tx, EVENTS_KEPT)?)
    })?;
    Ok(gone)
}

/// Removes an experiment's tasks, then itself, then its brief. What a worker still has is waited for.
fn remove(hub: &Hub, experiment: ExperimentId, brief: Option<BriefId>) -> Result<usize, HubError> {
    let mut gone = 0;
    loop {
        let step = hub.write(move |tx| {
            let is_busy = |e: Experiment| e.counts.running > 0 && !e.is_logged();
            if experiments::find_any(tx, experiment)?.is_none_or(is_busy) {
                return Ok(0);
            }
            let went = tasks::delete_some(tx, experiment, TASKS_PER_STEP)?;
            if went == 0 {
                experiments::delete(tx, experiment)?;
                events::record(tx, Event::ExperimentChanged(experiment));
                if let Some(brief) = brief {
                    briefs::delete(tx, brief)?;
                }
            }
            Ok(went)
        })?;
        gone += step;
        if step == 0 {
            return Ok(gone);
        }
    }
}

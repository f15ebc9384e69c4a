//! Workers ask for work.

use std::collections::HashSet;

use cupola_domain::{
    ids::{RunId, TokenId, WorkerId},
    resources::Capabilities,
    run::{Lease, RunState},
    task::Task,
    time::Timestamp,
};
use cupola_store::{Tx, code, tasks};

use super::{Held, Order, Orders};
use crate::{Hub, HubError, transitions::Pair};

/// Every worker may hold this many leases, however few its slots.
const LEASES_MIN: u32 = 16;

impl Hub {
    /// A worker asks for up to `free_slots` runs, and says what it has. What it was given without
    /// knowing of it (the answer was lost) is given again.
    pub fn lease_runs(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
        free_slots: u32,
        holding: &[Held],
    ) -> Result<Orders, HubError> {
        let mut orders = self.renew_leases(token, id, session, holding)?;
        let holding: HashSet<Held> = holding.iter().copied().collect();
        let given: Vec<_> = self.live().leases.of_worker(id);
        let given_count = given.len();
        let forgotten: Vec<RunId> = given
            .into_iter()
            .filter(|(run, lease)| !holding.contains(&(*run, lease.epoch)))
            .map(|(run, _)| run)
            .collect();
        let now = self.world().monotonic();
        let (capabilities, wanted) = {
            let live = self.live();
            let worker = live
                .workers
                .get(&id)
                .ok_or_else(|| HubError::not_found("worker", id))?;
            // A worker is believed no more slots than it joined with. It may hold more leases than that
            // for a moment, while the results of quick runs are on their way to us.
            let held = u32::try_from(given_count).unwrap_or(u32::MAX);
            let leases_max = worker.slots.saturating_mul(4).max(LEASES_MIN);
            let room = leases_max.saturating_sub(held).min(worker.slots);
            let wanted = if worker.is_resting(now) {
                0
            } else {
                free_slots.min(room)
            };
            (worker.capabilities.clone(), wanted)
        };
        if forgotten.is_empty() && wanted == 0 {
            return Ok(orders);
        }
        let spares = (0..wanted).map(|_| self.next_id()).collect();
        let leasing = Leasing {
            worker: id,
            capabilities,
            forgotten,
            wanted,
            spares,
            now: self.now(),
        };
        orders.start = self.write(move |tx| leasing.lease(tx))?;
        let mut live = self.live();
        for order in &orders.start {
            live.grant(order.run.id, order.lease, now);
        }
        drop(live);
        Ok(orders)
    }
}

/// Leases for one worker, in one transaction.
struct Leasing {
    worker: WorkerId,
    capabilities: Capabilities,
    forgotten: Vec<RunId>,
    wanted: u32,
    spares: Vec<RunId>,
    now: Timestamp,
}

impl Leasing {
    fn lease(mut self, tx: &mut Tx) -> Result<Vec<Order>, HubError> {
        let mut orders = Vec::new();
        for run in std::mem::take(&mut self.forgotten) {
            // It may have been deleted since it was given.
            let Ok(pair) = Pair::find(tx, run) else {
                continue;
            };
            if let RunState::Leased { lease } | RunState::Running { lease, .. } = pair.run.state
                && lease.worker == self.worker
            {
                orders.push(order(tx, pair, lease)?);
            }
        }
        let mut fitting = Vec::new();
        for (id, needs) in code::list_needs(tx)? {
            if needs.unmet_by(&self.capabilities).is_empty() {
                fitting.push(id);
            }
        }
        while self.wanted > 0 {
            let Some(task) = first_ready(tx, &fitting)? else {
                break;
            };
            let mut pair = Pair::of_task(tx, task)?;
            if matches!(pair.run.state, RunState::Lost { .. }) {
                let Some(spare) = self.spares.pop() else {
                    break;
                };
                pair.supersede(tx, spare, self.now)?;
            }
            let lease = pair.lease(tx, self.worker, self.now)?;
            orders.push(order(tx, pair, lease)?);
            self.wanted -= 1;
        }
        Ok(orders)
    }
}

/// Of the first tasks for each of the fitting needs, the one that goes first.
fn first_ready(tx: &mut Tx, fitting: &[i64]) -> Result<Option<Task>, HubError> {
    let mut first: Option<Task> = None;
    for needs in fitting {
        if let Some(task) = tasks::find_ready(tx, *needs)?
            && first.as_ref().is_none_or(|first| {
                (task.priority, std::cmp::Reverse(task.id))
                    > (first.priority, std::cmp::Reverse(first.id))
            })
        {
            first = Some(task);
        }
    }
    Ok(first)
}

fn order(tx: &mut Tx, pair: Pair, lease: Lease) -> Result<Order, HubError> {
    let Pair { run, task } = pair;
    let command = code::find_command(tx, &run.code_hash)?
        .ok_or_else(|| HubError::not_found("code", &run.code_hash))?;
    Ok(Order {
        run,
        task,
        lease,
        command,
    })
}

//! Workers ask for work.

use std::{collections::HashSet, sync::Arc};

use cupola_domain::{
    ids::{RunId, TokenId, WorkerId},
    resources::{Capabilities, Needs},
    run::{Lease, RunState},
    scheduling::Policy,
    time::Timestamp,
};
use cupola_store::{Tx, code, tasks, tokens};

use super::{
    Held, Order, Orders,
    choosing::{Choosing, Known, Turns},
};
use crate::{
    Hub, HubError,
    budgets::{self, Held as Spent},
    costs::{self, booking::Terms},
    ledger::{Economy, paying::Paying, withhold_unpaid},
    transitions::Pair,
};

/// Every worker may hold this many leases, however few its slots.
const LEASES_MIN: u32 = 16;

/// So often tasks are passed over that a budget keeps back before a worker is told that there are none now.
const PASSED_OVER_MAX: u32 = 8;

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
        // What is passed over in one transaction is little: whoever asked goes on, and wakes nobody for it.
        loop {
            let (orders, is_cut) = self.lease_once(token, id, session, free_slots, holding)?;
            if !is_cut || !orders.is_empty() {
                return Ok(orders);
            }
        }
    }

    /// The same in one transaction; says whether there may be more behind what was passed over.
    fn lease_once(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
        free_slots: u32,
        holding: &[Held],
    ) -> Result<(Orders, bool), HubError> {
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
        let (prices, spent) = (self.prices(), self.held());
        let (capabilities, terms, wanted) = {
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
            let terms = costs::terms(&prices.book, worker);
            (worker.capabilities.clone(), terms, wanted)
        };
        if forgotten.is_empty() && wanted == 0 {
            return Ok((orders, false));
        }
        let spares = (0..wanted).map(|_| self.next_id()).collect();
        let leasing = Leasing {
            worker: id,
            terms,
            capabilities,
            forgotten,
            wanted,
            spares,
            spent,
            economy: self.economy(),
            policy: self.scheduling(),
            turns: Arc::clone(&self.turns),
            token,
            now: self.now(),
        };
        let leased = self.write(move |tx| leasing.lease(tx))?;
        orders.start = leased.orders;
        let mut live = self.live();
        for order in &orders.start {
            live.grant(&order.run, order.lease, order.task.time_budget, now);
        }
        drop(live);
        Ok((orders, leased.is_cut))
    }
}

/// Leases for one worker, in one transaction.
struct Leasing {
    worker: WorkerId,
    terms: Terms,
    capabilities: Capabilities,
    forgotten: Vec<RunId>,
    wanted: u32,
    spares: Vec<RunId>,
    /// Budgets whose tasks are not leased.
    spent: Vec<Spent>,
    economy: Arc<Economy>,
    policy: Arc<Policy>,
    turns: Arc<Turns>,
    /// What the worker joined with: who it belongs to.
    token: TokenId,
    now: Timestamp,
}

/// What came of it.
struct Leased {
    orders: Vec<Order>,
    /// Whether there may be more behind what was passed over.
    is_cut: bool,
}

impl Leasing {
    fn lease(mut self, tx: &mut Tx) -> Result<Leased, HubError> {
        let (mut orders, mut passed_over) = (Vec::new(), 0);
        let known = code::list_needs(tx)?;
        let needs_of = |id: i64| {
            known
                .iter()
                .find(|(of, _)| *of == id)
                .map(|(_, needs)| needs)
        };
        for run in std::mem::take(&mut self.forgotten) {
            // It may have been deleted since it was given.
            let Ok(pair) = Pair::find(tx, run) else {
                continue;
            };
            if let RunState::Leased { lease } | RunState::Running { lease, .. } = pair.run.state
                && lease.worker == self.worker
            {
                let needs = tasks::find_needs(tx, pair.task.id)?.and_then(needs_of);
                orders.push(order(tx, pair, lease, needs)?);
            }
        }
        let lines = Known {
            policy: &self.policy,
            turns: &self.turns,
            now: self.now,
        };
        let mut choosing = Choosing::begin(tx, &known, &self.capabilities, lines)?;
        let mut payers = None;
        while self.wanted > 0 && passed_over < PASSED_OVER_MAX {
            let Some(chosen) = choosing.next(tx)? else {
                break;
            };
            let (task, needs) = (chosen.task.clone(), chosen.needs);
            if let Some(spent) = budgets::find_holding(tx, &self.spent, &task)? {
                budgets::withhold(tx, spent, &task, chosen.line())?;
                choosing.pass(tx, &chosen)?;
                passed_over += 1;
                continue;
            }
            let paying = match &mut payers {
                Some(paying) => paying,
                None => payers.insert(paying(tx, &self.economy, self.token)?),
            };
            let offer = paying.offer(tx, &task, &needs.1)?;
            if !paying.is_affordable(tx, (&offer, &task), self.now)? {
                withhold_unpaid(tx, &offer, &task, chosen.line())?;
                choosing.pass(tx, &chosen)?;
                passed_over += 1;
                continue;
            }
            let mut pair = Pair::of_task(tx, task)?;
            if matches!(pair.run.state, RunState::Lost { .. }) {
                let Some(spare) = self.spares.pop() else {
                    break;
                };
                pair.supersede(tx, spare, self.now)?;
            }
            let terms = (self.worker, self.terms);
            let lease = pair.lease(tx, terms, (&*paying, offer), self.now)?;
            orders.push(order(tx, pair, lease, Some(&needs.1))?);
            choosing.take(tx, &chosen)?;
            self.wanted -= 1;
        }
        Ok(Leased {
            orders,
            is_cut: passed_over == PASSED_OVER_MAX,
        })
    }
}

/// Who is paid for what is leased with a token.
fn paying(tx: &mut Tx, economy: &Arc<Economy>, token: TokenId) -> Result<Paying, HubError> {
    let found = tokens::find(tx, token)?;
    let found = found.ok_or_else(|| HubError::not_found("token", token))?;
    Ok(Paying::new(Arc::clone(economy), found.owner().to_owned()))
}

fn order(tx: &mut Tx, pair: Pair, lease: Lease, needs: Option<&Needs>) -> Result<Order, HubError> {
    let Pair { run, task } = pair;
    let command = code::find_command(tx, &run.code_hash)?
        .ok_or_else(|| HubError::not_found("code", &run.code_hash))?;
    Ok(Order {
        run,
        task,
        lease,
        command,
        access: needs.map(Needs::granted).unwrap_or_default(),
    })
}

//! Workers ask for work.

use std::{collections::HashSet, sync::Arc};

use cupola_domain::{
    ids::{RunId, TaskId, TokenId, WorkerId},
    ledger::Account,
    resources::{Capabilities, Needs},
    run::{Lease, RunState},
    scheduling::{Placement, Policy},
    task::Task,
    time::Timestamp,
};
use cupola_store::{Tx, code, experiments, tasks};

use super::{
    Held, Order, Orders,
    choosing::{Book, Choosing, Known, keep_class, room_of},
};
use crate::{
    Hub, HubError,
    budgets::{self, Held as Spent},
    costs::{self, booking::Terms},
    ledger::{
        paying::{Offer, Paying},
        withhold_unpaid, withhold_unpaid_one,
    },
    transitions::{Pair, find_task},
    verification::{self, Court},
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
        self.refuse_banned(id)?;
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
        let (held, forgotten): (Vec<_>, Vec<_>) = given
            .into_iter()
            .partition(|(run, lease)| holding.contains(&(*run, lease.epoch)));
        let runs = |leases: Vec<(RunId, Lease)>| leases.into_iter().map(|(run, _)| run).collect();
        let (held, forgotten): (Vec<RunId>, Vec<RunId>) = (runs(held), runs(forgotten));
        let now = self.world().monotonic();
        let (prices, spent) = (self.prices(), self.held());
        let (capabilities, terms, wanted, occupied) = {
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
            let occupied = worker.slots.saturating_sub(free_slots);
            (worker.capabilities.clone(), terms, wanted, occupied)
        };
        if forgotten.is_empty() && wanted == 0 {
            return Ok((orders, false));
        }
        let spares = (0..wanted).map(|_| self.next_id()).collect();
        let leasing = Leasing {
            worker: id,
            terms,
            capabilities,
            held,
            occupied: occupied as usize,
            forgotten,
            wanted,
            spares,
            spent,
            court: self.court(),
            policy: self.scheduling(),
            book: Arc::clone(&self.book),
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
    /// What it knows that it has; so many programs of these run, the others have ended.
    held: Vec<RunId>,
    occupied: usize,
    forgotten: Vec<RunId>,
    wanted: u32,
    spares: Vec<RunId>,
    /// Budgets whose tasks are not leased.
    spent: Vec<Spent>,
    court: Court,
    policy: Arc<Policy>,
    book: Arc<Book>,
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
        let known = code::list_needs(tx)?;
        let mut orders = self.give_again(tx, &known)?;
        let passed_over = if self.wanted > 0 {
            self.give(tx, &known, &mut orders)?
        } else {
            0
        };
        Ok(Leased {
            orders,
            is_cut: passed_over == PASSED_OVER_MAX,
        })
    }

    /// What the worker was given and does not know of.
    fn give_again(&mut self, tx: &mut Tx, known: &[NumberedNeeds]) -> Result<Vec<Order>, HubError> {
        let needs_of = |id: i64| {
            let found = known.iter().find(|(of, _)| *of == id);
            found.map(|(_, needs)| needs)
        };
        let mut orders = Vec::new();
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
        Ok(orders)
    }

    /// Gives what there is; says how often a task was passed over.
    fn give(
        &mut self,
        tx: &mut Tx,
        known: &[NumberedNeeds],
        orders: &mut Vec<Order>,
    ) -> Result<u32, HubError> {
        let owner = verification::owner_of(tx, self.token)?;
        let machine = self.capabilities.clone();
        let fitting: Vec<_> = (known.iter())
            .filter(|(_, needs)| needs.unmet_by(&machine).is_empty())
            .collect();
        let needs = fitting.iter().map(|(id, _)| *id);
        let awaited = self.court.awaited_of(tx, (self.worker, &owner), needs)?;
        let room = self.room(tx, known, orders)?;
        let mut choosing = Choosing::begin(tx, known, (&machine, room), self.known())?;
        let is_nothing = awaited.is_empty() && choosing.is_empty();
        if is_nothing || verification::is_banned(tx, &owner)? {
            return Ok(0);
        }
        let mut paying = Paying::new(Arc::clone(&self.court.economy), owner.clone());
        // Copies of tasks whose results are checked go before all else.
        for task in awaited {
            if self.wanted > 0 {
                let lines = (&*fitting, &mut choosing);
                orders.extend(self.lease_check(tx, task, lines, &mut paying)?);
            }
        }
        let is_newcomer = self.court.is_newcomer(tx, self.worker, &owner)?;
        let mut passed_over = 0;
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
            if is_newcomer && let Some(spot) = self.spot(tx, (&fitting, &choosing), &owner)? {
                let lines = (&*fitting, &mut choosing);
                orders.extend(self.lease_check(tx, spot, lines, &mut paying)?);
                continue;
            }
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
            let lease = pair.lease(tx, terms, (&paying, offer), self.now)?;
            orders.push(order(tx, pair, lease, Some(&needs.1))?);
            choosing.take(tx, &chosen)?;
            self.wanted -= 1;
        }
        Ok(passed_over)
    }

    /// What all lines are judged by.
    fn known(&self) -> Known {
        Known {
            policy: Arc::clone(&self.policy),
            book: Arc::clone(&self.book),
            worker: self.worker,
            now: self.now,
        }
    }

    /// What is left of the machine beside what it runs; what it is given again it begins now.
    fn room(
        &mut self,
        tx: &mut Tx,
        known: &[NumberedNeeds],
        again: &[Order],
    ) -> Result<Capabilities, HubError> {
        let running = self.held.len().min(self.occupied) + again.len();
        self.held.extend(again.iter().map(|order| order.run.id));
        room_of(tx, &self.capabilities, known, (&self.held, running))
    }

    /// Leases a copy of a task, if the machine can run it beside what it runs. Nobody's budget pays for it. What
    /// is no copy, but a task that only own machines are given, is paid for as ever.
    fn lease_check(
        &mut self,
        tx: &mut Tx,
        task: TaskId,
        (fitting, choosing): (&[&NumberedNeeds], &mut Choosing<'_>),
        paying: &mut Paying,
    ) -> Result<Option<Order>, HubError> {
        let needs = tasks::find_needs(tx, task)?;
        let mut fitting = fitting.iter();
        let found = fitting.find(|(id, needs_of)| Some(*id) == needs && choosing.fits(needs_of));
        let Some((_, needs)) = found else {
            return Ok(None);
        };
        let task = find_task(tx, task)?;
        let offer = match verification::original_of(tx, &task)? {
            Some(original) => Offer {
                payer: Account::Issued,
                price: self.court.economy.price(original.time_budget, needs),
            },
            None if !self.may_have(tx, &task)? => return Ok(None),
            None => paying.offer(tx, &task, needs)?,
        };
        if !paying.is_affordable(tx, (&offer, &task), self.now)? {
            if offer.payer != Account::Issued {
                withhold_unpaid_one(tx, &offer, &task)?;
            }
            return Ok(None);
        }
        let mut pair = Pair::of_task(tx, task)?;
        if matches!(pair.run.state, RunState::Lost { .. }) {
            let Some(spare) = self.spares.pop() else {
                return Ok(None);
            };
            pair.supersede(tx, spare, self.now)?;
        }
        choosing.occupy(needs);
        let terms = (self.worker, self.terms);
        let lease = pair.lease(tx, terms, (paying, offer), self.now)?;
        self.wanted -= 1;
        order(tx, pair, lease, Some(needs)).map(Some)
    }

    /// Whether a task that only own machines are given may go now, and to this one.
    fn may_have(&self, tx: &mut Tx, task: &Task) -> Result<bool, HubError> {
        if let Some(spent) = budgets::find_holding(tx, &self.spent, task)? {
            budgets::withhold_one(tx, spent, task)?;
            return Ok(false);
        }
        let Some(experiment) = experiments::find_any(tx, task.experiment)? else {
            return Ok(false);
        };
        let class = self.capabilities.class();
        if !experiment.class().takes(class) {
            return Ok(false);
        }
        if let (Placement::OneClass, Some(class)) = (experiment.placement, class) {
            keep_class(tx, experiment.id, class)?;
        }
        Ok(true)
    }

    /// A task with a known answer that a newcomer gets instead of the next one, now and then.
    fn spot(
        &mut self,
        tx: &mut Tx,
        (fitting, choosing): (&[&NumberedNeeds], &Choosing<'_>),
        owner: &str,
    ) -> Result<Option<TaskId>, HubError> {
        let fits = |needs: i64| {
            let mut fitting = fitting.iter();
            fitting.any(|(id, needs_of)| *id == needs && choosing.fits(needs_of))
        };
        self.court.spot_for(tx, self.worker, owner, fits)
    }
}

/// Needs, and the number that tasks know them by.
type NumberedNeeds = (i64, Needs);

fn order(tx: &mut Tx, pair: Pair, lease: Lease, needs: Option<&Needs>) -> Result<Order, HubError> {
    let Pair { mut run, mut task } = pair;
    // A copy looks as what it is a copy of.
    if let Some(shown) = verification::shown_experiment(tx, task.id)? {
        (run.experiment, task.experiment) = (shown, shown);
    }
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

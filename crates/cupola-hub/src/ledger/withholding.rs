//! Tasks that nobody can pay for wait until somebody can.

use cupola_domain::{
    credits::Credits, event::Event, experiment::Experiment, ledger::Account, scheduling::Lane,
    task::Task,
};
use cupola_store::{
    Tx, briefs, events,
    ledger::{self, AccountRow},
};

use super::{Economy, budgets, paying::Offer};
use crate::{Hub, HubError};

/// So many of the tasks that are ready are looked at in one statement.
const LOOKED_AT: i64 = 500;

/// So many tasks are let go in one transaction, so that nobody waits for long.
const RELEASED_PER_STEP: i64 = 1_000;

/// Passes over a task, and over those behind it that cost as much or more.
pub(crate) fn withhold(
    tx: &mut Tx,
    offer: &Offer,
    task: &Task,
    line: (i64, &Lane),
) -> Result<(), HubError> {
    let experiments = ledger::withhold(tx, &offer.payer, task, line, LOOKED_AT)?;
    for experiment in experiments {
        events::record(tx, Event::ExperimentChanged(experiment));
    }
    events::record(tx, Event::CreditsChanged);
    Ok(())
}

/// The same of one task that is in no line.
pub(crate) fn withhold_one(tx: &mut Tx, offer: &Offer, task: &Task) -> Result<(), HubError> {
    ledger::withhold_one(tx, &offer.payer, task.id)?;
    events::record(tx, Event::TaskChanged(task.id, task.experiment));
    events::record(tx, Event::ExperimentChanged(task.experiment));
    events::record(tx, Event::CreditsChanged);
    Ok(())
}

impl Hub {
    /// Lets tasks go that can be paid for now: so many as there are credits for. Says how many.
    pub(crate) fn release_unpaid(&self) -> Result<usize, HubError> {
        let economy = self.economy();
        let asked = economy.clone();
        let payable = self.read(move |tx| {
            let mut payable = Vec::new();
            for account in ledger::list_withholding(tx)? {
                if find_payable(tx, &asked, &account)?.is_some() {
                    payable.push(account);
                }
            }
            Ok(payable)
        })?;
        let mut released = 0;
        for account in payable {
            let economy = economy.clone();
            released += self.write(move |tx| {
                let Some(payable) = find_payable(tx, &economy, &account)? else {
                    return Ok(0);
                };
                let (needs, count) = (payable.needs_id, payable.count);
                let (released, experiments) = ledger::release(tx, &account, needs, count)?;
                for experiment in experiments {
                    events::record(tx, Event::ExperimentChanged(experiment));
                }
                events::record(tx, Event::CreditsChanged);
                Ok(released)
            })?;
        }
        if released > 0 {
            self.bus.announce_work();
        }
        Ok(released)
    }

    /// Why nothing of an experiment is leased although somebody could take it; empty where it can be paid.
    pub(crate) fn unpaid_reason_of(&self, experiment: &Experiment) -> Result<String, HubError> {
        let (id, brief, economy) = (experiment.id, experiment.origin.brief(), self.economy());
        self.read(move |tx| {
            let payer = budgets::payer_of(tx, id)?;
            if !ledger::is_withholding(tx, &payer, id)? {
                return Ok(String::new());
            }
            let budget = match brief {
                Some(id) => briefs::find(tx, id)?.and_then(|brief| brief.wanted.budget),
                None => None,
            };
            let prices = ledger::list_firsts_of(tx, &payer, id)?.into_iter();
            let prices = prices.map(|first| economy.price(first.time_budget, &first.needs));
            let short = Short {
                price: prices.min().unwrap_or_default(),
                row: ledger::find_account(tx, &payer)?,
                payer,
                budget: budget.unwrap_or_default(),
            };
            Ok(short.words())
        })
    }
}

/// Who cannot pay, and what.
struct Short {
    payer: Account,
    row: Option<AccountRow>,
    /// What a brief may spend in all.
    budget: Credits,
    /// What the next task costs.
    price: Credits,
}

impl Short {
    /// Why nothing is paid, and what can be done. A brief's numbers are everybody's to see, what a person has
    /// is not.
    fn words(&self) -> String {
        let price = self.price;
        match &self.payer {
            Account::Brief(id) => {
                let balance = self.row.as_ref().map(|row| row.balance).unwrap_or_default();
                let (reach, held) = (balance.available(), balance.held);
                let missing = price.micros().saturating_sub(reach.micros()).max(0);
                let refunded = self.row.as_ref().map_or(0, |row| row.refunded.micros());
                let left = balance.posted.micros().saturating_add(refunded);
                let spent = Credits::from_micros(self.budget.micros().saturating_sub(left).max(0));
                let enough = Credits::from_micros(self.budget.micros().saturating_add(missing));
                format!(
                    "the brief's budget of {} credits cannot pay another task: {spent} are spent, {held} held for \
                     runs, {reach} can be spent, and the next task costs {price}; raise it to {enough} or more to \
                     go on: `cupola credits budget {id} --to {enough}`",
                    self.budget
                )
            }
            Account::Person(name) => format!(
                "`{name}` has too few credits for another task: the next one costs {price}; an operator gives more \
                 with `cupola credits grant {name} AMOUNT --note WHY`"
            ),
            other => format!("`{other}` has too few credits for another task"),
        }
    }
}

/// Tasks that wait for an account and that it can pay.
struct Payable {
    /// What they need.
    needs_id: i64,
    /// So many of the shortest.
    count: i64,
}

/// What may be let go of what waits for an account: of the cheapest that it can pay, so many as there are
/// credits for. Nothing where what was let go before is still there to be taken: as long as nobody takes it,
/// nobody takes more.
fn find_payable(
    tx: &mut Tx,
    economy: &Economy,
    account: &Account,
) -> Result<Option<Payable>, HubError> {
    let mut waiting: Vec<(i64, ledger::First)> = Vec::new();
    for first in ledger::list_firsts(tx, account)? {
        let price = economy.price(first.time_budget, &first.needs);
        waiting.push((price.micros(), first));
    }
    waiting.sort_by_key(|(price, first)| (*price, first.needs_id));
    let reach = budgets::reach(tx, account, economy.people())?
        .whole()
        .micros();
    for (price, first) in waiting {
        if price > reach {
            break;
        }
        if !ledger::is_ready(tx, first.experiment, first.needs_id)? {
            return Ok(Some(Payable {
                needs_id: first.needs_id,
                count: (reach / price).min(RELEASED_PER_STEP),
            }));
        }
    }
    Ok(None)
}

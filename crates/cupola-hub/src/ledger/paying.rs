//! Who pays for a task, and whether they can.

use std::{collections::HashMap, sync::Arc};

use cupola_domain::{
    credits::Credits,
    ids::{ExperimentId, RunId, WorkerId},
    ledger::{Account, Earning, Kind, Stage},
    resources::Needs,
    task::Task,
    time::Timestamp,
};
use cupola_store::{Tx, ledger, ledger::Kept};

use super::{
    Economy, budgets,
    writing::{By, write},
};
use crate::HubError;

/// What a task costs, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) payer: Account,
    pub(crate) price: Credits,
}

/// What one worker takes in one transaction, and who pays for it.
#[derive(Debug)]
pub(crate) struct Paying {
    economy: Arc<Economy>,
    /// Whom the worker belongs to.
    earner: String,
    payers: HashMap<ExperimentId, Account>,
}

impl Paying {
    pub(crate) fn new(economy: Arc<Economy>, earner: String) -> Self {
        Self {
            economy,
            earner,
            payers: HashMap::new(),
        }
    }

    /// What a task costs that needs so much.
    pub(crate) fn offer(
        &mut self,
        tx: &mut Tx,
        task: &Task,
        needs: &Needs,
    ) -> Result<Offer, HubError> {
        let price = self.economy.price(task.time_budget, needs);
        let payer = match self.payers.get(&task.experiment) {
            Some(payer) => payer.clone(),
            None => self.find_payer(tx, task.experiment)?,
        };
        Ok(Offer { payer, price })
    }

    /// Whether whoever pays has enough. What a lost run of the same task still holds is theirs again when
    /// somebody else takes the task.
    pub(crate) fn is_affordable(
        &self,
        tx: &mut Tx,
        (offer, task): (&Offer, &Task),
        now: Timestamp,
    ) -> Result<bool, HubError> {
        let people = self.economy.people();
        let reach = budgets::reach(tx, &offer.payer, people)?;
        let mut price = offer.price;
        if reach.missing(price) > Credits::default() {
            let held = held_for(tx, (offer, task))?;
            price = Credits::from_micros(price.micros().saturating_sub(held.micros()));
        }
        if reach.whole() < price {
            return Ok(false);
        }
        let missing = reach.missing(price);
        if missing > Credits::default() {
            // Only once it is known to suffice: what a brief takes again is missing to its person.
            budgets::refill(tx, &offer.payer, missing, (people, now))?;
        }
        Ok(true)
    }

    /// Holds what a run will earn.
    pub(crate) fn reserve(
        &self,
        tx: &mut Tx,
        offer: Offer,
        (run, worker): (RunId, WorkerId),
        now: Timestamp,
    ) -> Result<(), HubError> {
        let earning = Earning {
            payer: offer.payer,
            earner: self.earner.clone(),
            amount: offer.price,
            stage: Stage::Reserved,
        };
        let transfer = earning.transfer(Kind::Reserve, run.to_string());
        write(tx, transfer, By::default(), (self.economy.people(), now))?;
        let kept = Kept {
            run,
            worker,
            earning,
            since: now,
        };
        Ok(ledger::insert_earning(tx, &kept)?)
    }

    fn find_payer(&mut self, tx: &mut Tx, experiment: ExperimentId) -> Result<Account, HubError> {
        let payer = budgets::payer_of(tx, experiment)?;
        self.payers.insert(experiment, payer.clone());
        Ok(payer)
    }
}

/// What a lost run of the task still holds of the same payer.
fn held_for(tx: &mut Tx, (offer, task): (&Offer, &Task)) -> Result<Credits, HubError> {
    let held = ledger::find_earning(tx, task.run)?;
    let held = held.filter(|kept| kept.earning.stage == Stage::Reserved);
    let held = held.filter(|kept| kept.earning.payer == offer.payer);
    Ok(held.map(|kept| kept.earning.amount).unwrap_or_default())
}

//! The whole ledger gone through again: numbers, receipts, lives of earnings, and every balance.

use std::collections::BTreeMap;

use cupola_domain::{
    credits::Credits,
    ledger::{Account, Balance, Credit, Earning, Entry, Kind, Stage, Transfer, Trial},
};
use cupola_store::{
    Tx,
    ledger::{self, AccountRow},
};

use super::chain;
use crate::{Hub, HubError};

/// So many entries are read at once.
const PER_STEP: i64 = 5_000;

/// What going through all of it found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// How many transfers there are.
    pub transfers: i64,
    /// The hash of the newest: whoever noted it sees later that nothing before it was changed.
    pub head: String,
    /// How many accounts.
    pub accounts: u64,
    /// All added up.
    pub trial: Trial,
    /// What is wrong, in words; empty in a sound ledger. No more than the first few.
    pub problems: Vec<String>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.trial.is_balanced()
    }
}

const PROBLEMS_MAX: usize = 20;

impl Hub {
    /// Goes through the whole ledger, on one snapshot.
    pub fn verify_ledger(&self) -> Result<Verified, HubError> {
        self.read(|tx| {
            let mut replay = Replay::default();
            loop {
                let entries = ledger::list_after(tx, replay.found.transfers, PER_STEP)?;
                if entries.is_empty() {
                    break;
                }
                let before = replay.found.transfers;
                for entry in &entries {
                    replay.take(entry);
                }
                if replay.found.transfers == before {
                    break;
                }
            }
            replay.compare(tx)
        })
    }
}

#[derive(Default)]
struct Replay {
    found: Verified,
    balances: BTreeMap<Account, Balance>,
    /// Those that have not come to their end.
    open: BTreeMap<String, Earning>,
    /// What people gave briefs, by brief and person.
    gifts: BTreeMap<(Account, String), Gift>,
}

/// What somebody gave a brief, less what went back.
#[derive(Debug, Clone, Copy, Default)]
struct Gift {
    /// Of each step never less than nothing.
    kept: i64,
    /// Added up. A refund that is older than what is known of givers went to one of them alone, and may have
    /// been more than they gave.
    sum: i64,
}

impl Gift {
    fn add(&mut self, micros: i64) {
        self.kept = self.kept.saturating_add(micros).max(0);
        self.sum = self.sum.saturating_add(micros);
    }

    /// Whether so much may be written of it.
    fn is(self, given: Credits) -> bool {
        [self.kept, self.sum.max(0)].contains(&given.micros())
    }
}

impl Replay {
    fn take(&mut self, entry: &Entry) {
        if entry.number != self.found.transfers + 1 {
            let expected = self.found.transfers + 1;
            self.report(format!(
                "transfer {} stands in place of {expected}",
                entry.number
            ));
        }
        if chain::hash(&self.found.head, entry) != entry.hash {
            self.report(format!(
                "the receipt of transfer {} is another",
                entry.number
            ));
        }
        self.found.transfers = entry.number;
        self.found.head.clone_from(&entry.hash);
        if let Err(problem) = self.apply(entry) {
            self.report(format!("transfer {}: {problem}", entry.number));
        }
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), String> {
        let transfer = &entry.transfer;
        let (kind, amount) = (transfer.kind, transfer.amount);
        let said = |refused: cupola_domain::ledger::Refused| refused.to_string();
        transfer.check().map_err(said)?;
        if kind.is_of_earning() {
            self.step(transfer)?;
        }
        match (kind, &transfer.debit, &transfer.credit) {
            (Kind::Fund, Account::Person(person), brief) => {
                let of = (brief.clone(), person.clone());
                self.gifts.entry(of).or_default().add(amount.micros());
            }
            (Kind::Refund, brief, Account::Person(person)) => {
                let of = (brief.clone(), person.clone());
                let less = amount.micros().saturating_neg();
                self.gifts.entry(of).or_default().add(less);
            }
            _ => {}
        }
        // What was allowed then is not asked again: whether people could be in debt may have changed.
        let limit = transfer.debit.credit(Credit::Unlimited);
        let of = self.balances.entry(transfer.debit.clone()).or_default();
        *of = of.debited(kind, amount, limit).map_err(said)?;
        let of = self.balances.entry(transfer.credit.clone()).or_default();
        *of = of.credited(kind, amount).map_err(said)?;
        Ok(())
    }

    /// Each move of an earning goes where its reserve said, and comes when it may.
    fn step(&mut self, transfer: &Transfer) -> Result<(), String> {
        let (kind, key) = (transfer.kind, &transfer.key);
        let stage = match (self.open.get(key), kind) {
            (None, Kind::Reserve) => Stage::Reserved,
            (Some(earning), kind) if earning.transfer(kind, key.clone()) == *transfer => {
                let next = earning.stage.step(kind);
                let next = next.map_err(|refused| refused.to_string())?;
                next.ok_or_else(|| format!("a second {kind}"))?
            }
            _ => return Err(format!("a {kind} of what was not reserved")),
        };
        match (self.open.get_mut(key), &transfer.credit) {
            (Some(earning), _) => earning.stage = stage,
            (None, Account::Escrow(earner)) => {
                let earning = Earning {
                    payer: transfer.debit.clone(),
                    earner: earner.clone(),
                    amount: transfer.amount,
                    stage,
                };
                self.open.insert(key.clone(), earning);
            }
            (None, account) => return Err(format!("a {kind} to `{account}`")),
        }
        if !matches!(stage, Stage::Reserved | Stage::Posted) {
            self.open.remove(key);
        }
        Ok(())
    }

    /// What later posts and releases are made of says the same as the transfers so far.
    fn compare_earnings(&mut self, tx: &mut Tx) -> Result<(), HubError> {
        let (mut open, mut after) = (self.open.clone(), String::new());
        loop {
            let rows = ledger::list_open(tx, &after, PER_STEP)?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.run.to_string();
            for kept in &rows {
                let run = kept.run.to_string();
                if open.remove(&run).as_ref() != Some(&kept.earning) {
                    self.report(format!(
                        "what run {run} earns is not what its transfers say"
                    ));
                }
            }
        }
        for run in open.keys() {
            self.report(format!("what run {run} earns has transfers and no row"));
        }
        Ok(())
    }

    /// Whom what is left of a brief's budget goes back to, against what they gave, and what it may take again
    /// against what went back.
    fn compare_givers(&mut self, tx: &mut Tx, row: &AccountRow) -> Result<(), HubError> {
        let account = &row.account;
        let Account::Brief(_) = account else {
            return Ok(());
        };
        let mut again = 0_i64;
        for giver in ledger::list_givers(tx, account)? {
            again = again.saturating_add(giver.again.micros());
            let (person, given) = (giver.person, giver.given);
            let gift = self.gifts.remove(&(account.clone(), person.clone()));
            if gift.is_none_or(|gift| !gift.is(given)) {
                self.report(format!(
                    "`{account}` says that {given} of `{person}` are in it, and its transfers say otherwise"
                ));
            }
        }
        if again != row.refunded.micros() {
            let (again, refunded) = (Credits::from_micros(again), row.refunded);
            self.report(format!(
                "`{account}` may take {again} again and gave {refunded} back"
            ));
        }
        Ok(())
    }

    /// What the transfers come to against what the accounts say.
    fn compare(mut self, tx: &mut Tx) -> Result<Verified, HubError> {
        let mut after = String::new();
        loop {
            let rows = ledger::list_accounts(tx, &after, PER_STEP)?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.account.to_string();
            for row in &rows {
                self.found.accounts += 1;
                let expected = self.balances.remove(&row.account).unwrap_or_default();
                if expected != row.balance {
                    let (account, has) = (&row.account, row.balance.posted);
                    let sum = expected.posted;
                    self.report(format!(
                        "`{account}` says {has} and its transfers say {sum}"
                    ));
                }
                self.found.trial.add_account(&row.account, row.balance);
                self.compare_givers(tx, row)?;
            }
        }
        for ((account, person), gift) in std::mem::take(&mut self.gifts) {
            if gift.kept > 0 && gift.sum > 0 {
                self.report(format!(
                    "`{account}` was given something by `{person}` and does not say so"
                ));
            }
        }
        for (account, expected) in std::mem::take(&mut self.balances) {
            if expected != Balance::default() {
                self.report(format!("`{account}` has transfers and no row"));
            }
        }
        self.compare_earnings(tx)?;
        for earning in self.open.values() {
            let Earning { stage, amount, .. } = earning;
            self.found.trial.add_earning(*stage, *amount);
        }
        Ok(self.found)
    }

    fn report(&mut self, problem: String) {
        if self.found.problems.len() < PROBLEMS_MAX {
            self.found.problems.push(problem);
        }
    }
}

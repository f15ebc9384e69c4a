//! Transfers as they are written: both balances, the entry and its receipt, in one transaction.

use std::collections::BTreeMap;

use cupola_domain::{
    ledger::{Account, Balance, Credit, Entry, Refused, Transfer},
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, ledger};

use super::chain;
use crate::HubError;

/// Who writes, and why; empty where the hub itself does.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct By<'a> {
    pub(super) author: &'a str,
    pub(super) note: &'a str,
}

/// What is written in one transaction: each balance is read once and written once.
#[derive(Debug)]
pub(super) struct Writing {
    people: Credit,
    now: Timestamp,
    balances: BTreeMap<Account, Balance>,
    head: Option<(i64, String)>,
}

impl Writing {
    /// People's balances may fall that far.
    pub(super) fn new(people: Credit, now: Timestamp) -> Self {
        Self {
            people,
            now,
            balances: BTreeMap::new(),
            head: None,
        }
    }

    /// Writes an entry. Its balances are written by [`Self::finish`].
    pub(super) fn add(
        &mut self,
        tx: &mut Tx,
        transfer: Transfer,
        by: By<'_>,
    ) -> Result<(), HubError> {
        transfer.check()?;
        let Transfer {
            kind,
            debit,
            credit,
            amount,
            ..
        } = &transfer;
        let limit = debit.credit(self.people);
        let taken = self.balance(tx, debit)?.debited(*kind, *amount, limit)?;
        self.balances.insert(debit.clone(), taken);
        if kind.is_posted() {
            let added = self.balance(tx, credit)?.credited(*kind, *amount)?;
            self.balances.insert(credit.clone(), added);
        }
        self.append(tx, transfer, by)
    }

    /// Writes the balances.
    pub(super) fn finish(self, tx: &mut Tx) -> Result<(), HubError> {
        for (account, balance) in &self.balances {
            ledger::save_balance(tx, account, *balance)?;
        }
        Ok(())
    }

    fn balance(&self, tx: &mut Tx, account: &Account) -> Result<Balance, HubError> {
        match self.balances.get(account) {
            Some(balance) => Ok(*balance),
            None => Ok(ledger::find_balance(tx, account)?),
        }
    }

    fn append(&mut self, tx: &mut Tx, transfer: Transfer, by: By<'_>) -> Result<(), HubError> {
        let head = match self.head.take() {
            Some(head) => Some(head),
            None => ledger::find_head(tx)?,
        };
        let (last, before) = head.unwrap_or_default();
        let mut entry = Entry {
            number: last + 1,
            transfer,
            at: self.now,
            author: storable(by.author).into_owned(),
            note: storable(by.note).into_owned(),
            hash: String::new(),
        };
        entry.hash = chain::hash(&before, &entry);
        ledger::insert(tx, &entry)?;
        self.head = Some((entry.number, entry.hash));
        Ok(())
    }
}

/// Writes one transfer.
pub(super) fn write(
    tx: &mut Tx,
    transfer: Transfer,
    by: By<'_>,
    (people, now): (Credit, Timestamp),
) -> Result<(), HubError> {
    let mut writing = Writing::new(people, now);
    writing.add(tx, transfer, by)?;
    writing.finish(tx)
}

impl From<Refused> for HubError {
    fn from(refused: Refused) -> Self {
        Self::Conflict(refused.to_string())
    }
}

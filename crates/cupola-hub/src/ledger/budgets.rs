//! Budgets of briefs in credits: given by whoever submits, given back when the brief has ended.

use cupola_domain::{
    brief::Brief,
    credits::{Asked, Credits},
    event::Event,
    field::FieldError,
    ids::{BriefId, ExperimentId},
    ledger::{Account, Credit, Kind, Refused, Transfer},
    time::Timestamp,
};
use cupola_store::{
    Tx, briefs, events, experiments,
    ledger::{self, AccountRow},
};

use super::{
    person_of,
    writing::{By, write},
};
use crate::{Hub, HubError, briefs as hub_briefs};

/// How many briefs give back in one transaction.
const REFUNDED_PER_STEP: i64 = 100;

/// How far people's balances may fall, and when.
type Terms = (Credit, Timestamp);

/// Who pays for the tasks of an experiment: its brief, where it has a budget, else whoever made it.
pub(super) fn payer_of(tx: &mut Tx, experiment: ExperimentId) -> Result<Account, HubError> {
    let found = experiments::find_any(tx, experiment)?
        .ok_or_else(|| HubError::not_found("experiment", experiment))?;
    if let Some(id) = found.origin.brief()
        && let Some(brief) = briefs::find(tx, id)?
        && brief.wanted.budget.is_some()
    {
        return Ok(Account::Brief(id.to_string()));
    }
    Ok(Account::Person(person_of(tx, &found.author)?))
}

/// Gives a new brief its budget. Where whoever submits it does not have as much, the brief is refused.
pub(crate) fn fund(tx: &mut Tx, brief: &Brief, terms: Terms) -> Result<(), HubError> {
    let Some(budget) = brief.wanted.budget else {
        return Ok(());
    };
    let holder = person_of(tx, &brief.author)?;
    let person = Account::Person(holder.clone());
    let available = ledger::find_balance(tx, &person)?.available();
    if person.credit(Kind::Fund, terms.0) == Credit::None && available < budget {
        return Err(too_little(budget, &holder, available));
    }
    give(tx, &brief.id.to_string(), &holder, budget, terms)
}

/// What a payer could spend, before anything is moved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// What is there and not held, and what may be owed.
    own: Credits,
    /// What a brief may take again of what it gave back.
    again: Credits,
}

impl Reach {
    /// All of it.
    pub(super) fn whole(self) -> Credits {
        Credits::from_micros(self.own.micros().saturating_add(self.again.micros()))
    }

    /// How much of an amount has to be taken again.
    pub(super) fn missing(self, amount: Credits) -> Credits {
        let missing = amount.micros().saturating_sub(self.own.micros());
        Credits::from_micros(missing.max(0))
    }
}

/// How far a payer's credits reach. A brief may take again what it gave back, as far as whoever gave it has
/// it: its tasks were made to wait again.
pub(super) fn reach(tx: &mut Tx, payer: &Account, people: Credit) -> Result<Reach, HubError> {
    let row = ledger::find_account(tx, payer)?;
    let has = row.as_ref().map(|row| row.balance).unwrap_or_default();
    let again = match find_returned(tx, payer, row)? {
        Some(returned) => returned.within_reach(tx, people)?,
        None => Credits::default(),
    };
    Ok(Reach {
        own: has.spendable(payer.credit(Kind::Reserve, people)),
        again,
    })
}

/// A brief takes again as much as is missing of what it gave back. One that is older than its account takes
/// its budget.
pub(super) fn refill(
    tx: &mut Tx,
    payer: &Account,
    missing: Credits,
    terms: Terms,
) -> Result<(), HubError> {
    let row = ledger::find_account(tx, payer)?;
    let (Account::Brief(id), Some(returned)) = (payer, find_returned(tx, payer, row)?) else {
        return Ok(());
    };
    let within_reach = returned.within_reach(tx, terms.0)?;
    let given = if returned.is_first {
        within_reach
    } else {
        within_reach.min(missing)
    };
    if given <= Credits::default() {
        return Ok(());
    }
    give(tx, id, &returned.holder, given, terms)?;
    let rest = Credits::from_micros(returned.amount.micros() - given.micros());
    Ok(ledger::save_holder(tx, payer, &returned.holder, rest)?)
}

/// What a brief may take from whoever gave it its budget.
struct Returned {
    holder: String,
    amount: Credits,
    /// Whether it was never given anything: it is older than its account.
    is_first: bool,
}

impl Returned {
    /// As much of it as its holder has.
    fn within_reach(&self, tx: &mut Tx, people: Credit) -> Result<Credits, HubError> {
        if self.amount <= Credits::default() {
            return Ok(Credits::default());
        }
        let person = Account::Person(self.holder.clone());
        let has = ledger::find_balance(tx, &person)?;
        let has = has.spendable(person.credit(Kind::Fund, people));
        Ok(self.amount.min(has).max(Credits::default()))
    }
}

fn find_returned(
    tx: &mut Tx,
    payer: &Account,
    row: Option<AccountRow>,
) -> Result<Option<Returned>, HubError> {
    let Account::Brief(id) = payer else {
        return Ok(None);
    };
    match row {
        Some(row) if !row.holder.is_empty() => Ok(Some(Returned {
            holder: row.holder,
            amount: row.refunded,
            is_first: false,
        })),
        _ => Ok(find_budget(tx, id)?.map(|(holder, amount)| Returned {
            holder,
            amount,
            is_first: true,
        })),
    }
}

/// Gives back what a brief has left and does not hold.
pub(crate) fn give_back(tx: &mut Tx, row: &AccountRow, now: Timestamp) -> Result<(), HubError> {
    let Account::Brief(id) = &row.account else {
        return Ok(());
    };
    let left = row.balance.available();
    if left <= Credits::default() || row.holder.is_empty() {
        return Ok(());
    }
    let transfer = Transfer {
        kind: Kind::Refund,
        key: next_key(tx, Kind::Refund, id)?,
        debit: row.account.clone(),
        credit: Account::Person(row.holder.clone()),
        amount: left,
    };
    write(tx, transfer, By::default(), (Credit::None, now))?;
    let refunded = row.refunded.micros().saturating_add(left.micros());
    let refunded = Credits::from_micros(refunded);
    ledger::save_holder(tx, &row.account, &row.holder, refunded)?;
    events::record(tx, Event::CreditsChanged);
    Ok(())
}

/// The same of a brief that is being deleted.
pub(crate) fn close(tx: &mut Tx, brief: BriefId, now: Timestamp) -> Result<(), HubError> {
    let account = Account::Brief(brief.to_string());
    match ledger::find_account(tx, &account)? {
        Some(row) => give_back(tx, &row, now),
        None => Ok(()),
    }
}

impl Hub {
    /// Raises a brief's budget, paid by whoever raises it. Tasks that it could not pay go on.
    pub fn raise_brief_budget(
        &self,
        id: BriefId,
        budget: Credits,
        author: &str,
    ) -> Result<(), HubError> {
        let (terms, author) = ((self.economy().people(), self.now()), author.to_owned());
        self.write(move |tx| {
            let brief = hub_briefs::find(tx, id)?;
            raise(tx, &brief, (budget, &author), terms)?;
            briefs::save_budget(tx, id, budget)?;
            events::record(tx, Event::BriefChanged(id));
            events::record(tx, Event::CreditsChanged);
            Ok(())
        })?;
        self.release_unpaid()?;
        Ok(())
    }

    /// Gives back what briefs that have ended have left; says how many did.
    pub(crate) fn refund_ended(&self) -> Result<usize, HubError> {
        if self.read(|tx| Ok(ledger::list_ended(tx, 1)?))?.is_empty() {
            return Ok(0);
        }
        let now = self.now();
        self.write(move |tx| {
            let ended = ledger::list_ended(tx, REFUNDED_PER_STEP)?;
            for row in &ended {
                give_back(tx, row, now)?;
            }
            Ok(ended.len())
        })
    }
}

fn raise(
    tx: &mut Tx,
    brief: &Brief,
    (budget, author): (Credits, &str),
    terms: Terms,
) -> Result<(), HubError> {
    let account = Account::Brief(brief.id.to_string());
    let Some(before) = brief.wanted.budget else {
        let message = "the brief has no limit that could be raised";
        return Err(HubError::Conflict(message.to_owned()));
    };
    if budget <= before {
        let message = format!("is {budget}; the brief has {before} already, choose more");
        return Err(wrong(message));
    }
    Asked::try_from(budget).map_err(wrong)?;
    if ledger::find_account(tx, &account)?.is_none() {
        // It is older than its account: what it had comes first.
        refill(tx, &account, Credits::default(), terms)?;
    }
    let row = ledger::find_account(tx, &account)?;
    let holder = person_of(tx, author)?;
    let more = Credits::from_micros(budget.micros() - before.micros());
    let available = ledger::find_balance(tx, &Account::Person(holder.clone()))?.available();
    if terms.0 == Credit::None && available < more {
        return Err(too_little(more, &holder, available));
    }
    give(tx, &brief.id.to_string(), &holder, more, terms)?;
    if let Some(row) = row.filter(|row| !row.holder.is_empty()) {
        // What is left goes back to whoever gave it first.
        ledger::save_holder(tx, &account, &row.holder, row.refunded)?;
    }
    Ok(())
}

/// A person gives a brief something. Nothing is no transfer.
fn give(
    tx: &mut Tx,
    brief: &str,
    holder: &str,
    amount: Credits,
    terms: Terms,
) -> Result<(), HubError> {
    let account = Account::Brief(brief.to_owned());
    if amount <= Credits::default() {
        return Ok(());
    }
    let transfer = Transfer {
        kind: Kind::Fund,
        key: next_key(tx, Kind::Fund, brief)?,
        debit: Account::Person(holder.to_owned()),
        credit: account.clone(),
        amount,
    };
    write(tx, transfer, By::default(), terms)?;
    Ok(ledger::save_holder(
        tx,
        &account,
        holder,
        Credits::default(),
    )?)
}

/// Whose the budget is of a brief that nobody gave any yet, and how much it is.
fn find_budget(tx: &mut Tx, id: &str) -> Result<Option<(String, Credits)>, HubError> {
    let Ok(id) = id.parse::<BriefId>() else {
        return Ok(None);
    };
    let Some(brief) = briefs::find(tx, id)? else {
        return Ok(None);
    };
    let Some(budget) = brief.wanted.budget.filter(|of| of.micros() > 0) else {
        return Ok(None);
    };
    Ok(Some((person_of(tx, &brief.author)?, budget)))
}

/// A brief may be given something, and give it back, more than once: each has its number.
fn next_key(tx: &mut Tx, kind: Kind, brief: &str) -> Result<String, HubError> {
    let prefix = format!("{brief}:");
    let count = ledger::count_keys(tx, kind, &prefix)?;
    Ok(format!("{prefix}{}", count + 1))
}

fn too_little(wanted: Credits, holder: &str, available: Credits) -> HubError {
    let refused = Refused::Short {
        available,
        missing: Credits::from_micros(wanted.micros().saturating_sub(available.micros())),
    };
    wrong(format!("is {wanted}; of what `{holder}` has {refused}"))
}

fn wrong(message: String) -> HubError {
    HubError::Invalid(vec![FieldError::new("budget_credits", message)])
}

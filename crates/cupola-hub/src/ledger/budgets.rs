//! Budgets of briefs in credits: given by whoever submits, given back when the brief has ended.

use std::collections::HashMap;

use cupola_domain::{
    brief::Brief,
    credits::{Asked, Credits},
    event::Event,
    field::FieldError,
    ids::{BriefId, ExperimentId},
    ledger::{Account, Credit, Giver, Kind, Refused, Transfer, shares_again, shares_back},
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
    let maker = experiments::find_maker(tx, experiment)?
        .ok_or_else(|| HubError::not_found("experiment", experiment))?;
    if let Some(id) = maker.brief
        && briefs::has_budget(tx, id)?
    {
        return Ok(Account::Brief(id.to_string()));
    }
    Ok(Account::Person(person_of(tx, &maker.author)?))
}

/// Whose the credits are that somebody pays with; nobody's where that is no person.
pub(super) fn holder_of(tx: &mut Tx, payer: &Account) -> Result<Option<String>, HubError> {
    match payer {
        Account::Person(name) => Ok(Some(name.clone())),
        Account::Brief(id) => {
            let brief = id.parse().ok().map(|id| briefs::find(tx, id)).transpose()?;
            let author = brief.flatten().map(|brief| brief.author);
            author.map(|author| person_of(tx, &author)).transpose()
        }
        _ => Ok(None),
    }
}

/// Gives a new brief its budget. Where whoever submits it does not have as much, the brief is refused.
pub(crate) fn fund(tx: &mut Tx, brief: &Brief, terms: Terms) -> Result<(), HubError> {
    let Some(budget) = brief.wanted.budget else {
        return Ok(());
    };
    let holder = person_of(tx, &brief.author)?;
    let person = Account::Person(holder.clone());
    let available = ledger::find_balance(tx, &person)?.available();
    if person.credit(terms.0) == Credit::None && available < budget {
        return Err(too_little(budget, &holder, available));
    }
    let id = brief.id.to_string();
    give(tx, &id, (&holder, Gift::New(budget)), terms)?;
    if budget > Credits::default() {
        ledger::save_holder(tx, &Account::Brief(id), &holder, Credits::default())?;
    }
    Ok(())
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
    let returned = find_returned(tx, payer, row)?;
    let shares = returned.shares(tx, EVERYTHING, people)?;
    Ok(Reach {
        own: has.spendable(payer.credit(people)),
        again: sum(&shares),
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
    let returned = find_returned(tx, payer, row)?;
    let wanted = if returned.is_first {
        EVERYTHING
    } else {
        missing
    };
    let shares = returned.shares(tx, wanted, terms.0)?;
    let (Account::Brief(id), Some((first, _))) = (payer, shares.first()) else {
        return Ok(());
    };
    if returned.is_first {
        for giver in &returned.givers {
            ledger::save_giver(tx, payer, giver)?;
        }
    }
    for (person, share) in &shares {
        give(tx, id, (person, Gift::Again(*share)), terms)?;
    }
    if returned.is_first {
        ledger::save_holder(tx, payer, first, Credits::default())?;
    }
    let rest = ledger::list_givers(tx, payer)?.into_iter();
    let rest = rest.map(|giver| (giver.person, giver.again));
    Ok(ledger::save_refunded(
        tx,
        payer,
        sum(&rest.collect::<Vec<_>>()),
    )?)
}

/// More than anybody has.
const EVERYTHING: Credits = Credits::from_micros(i64::MAX);

fn sum(shares: &[(String, Credits)]) -> Credits {
    let micros = shares.iter().map(|(_, share)| share.micros());
    Credits::from_micros(micros.fold(0, i64::saturating_add))
}

/// What a brief may take from those who gave it its budget.
#[derive(Default)]
struct Returned {
    givers: Vec<Giver>,
    /// Whether it was never given anything: it is older than its account.
    is_first: bool,
}

impl Returned {
    /// So much of it, as far as they have it.
    fn shares(
        &self,
        tx: &mut Tx,
        wanted: Credits,
        people: Credit,
    ) -> Result<Vec<(String, Credits)>, HubError> {
        let mut has = HashMap::new();
        for giver in &self.givers {
            let person = Account::Person(giver.person.clone());
            let balance = ledger::find_balance(tx, &person)?;
            let reach = balance.spendable(person.credit(people));
            has.insert(giver.person.clone(), reach);
        }
        let of = |name: &str| has.get(name).copied().unwrap_or_default();
        Ok(shares_again(&self.givers, wanted, of))
    }
}

fn find_returned(
    tx: &mut Tx,
    payer: &Account,
    row: Option<AccountRow>,
) -> Result<Returned, HubError> {
    let Account::Brief(id) = payer else {
        return Ok(Returned::default());
    };
    match row {
        Some(row) if !row.holder.is_empty() => Ok(Returned {
            givers: if row.refunded > Credits::default() {
                ledger::list_givers(tx, payer)?
            } else {
                Vec::new()
            },
            is_first: false,
        }),
        _ => Ok(Returned {
            givers: find_budget(tx, id)?.into_iter().collect(),
            is_first: true,
        }),
    }
}

/// Gives back what a brief has left and does not hold: what was given last goes back first.
pub(crate) fn give_back(tx: &mut Tx, row: &AccountRow, now: Timestamp) -> Result<(), HubError> {
    let Account::Brief(id) = &row.account else {
        return Ok(());
    };
    let left = row.balance.available();
    if left <= Credits::default() || row.holder.is_empty() {
        return Ok(());
    }
    let mut givers = ledger::list_givers(tx, &row.account)?;
    if givers.is_empty() {
        givers.push(Giver {
            person: row.holder.clone(),
            given: left,
            again: Credits::default(),
        });
    }
    for (person, share) in shares_back(&givers, left) {
        let transfer = Transfer {
            kind: Kind::Refund,
            key: next_key(tx, Kind::Refund, id)?,
            debit: row.account.clone(),
            credit: Account::Person(person.clone()),
            amount: share,
        };
        write(tx, transfer, By::default(), (Credit::None, now))?;
        if let Some(giver) = givers.iter_mut().find(|giver| giver.person == person) {
            let theirs = giver.given.micros().saturating_sub(share.micros());
            let again = giver.again.micros().saturating_add(share.micros());
            giver.given = Credits::from_micros(theirs.max(0));
            giver.again = Credits::from_micros(again);
            ledger::save_giver(tx, &row.account, giver)?;
        }
    }
    let refunded = row.refunded.micros().saturating_add(left.micros());
    ledger::save_refunded(tx, &row.account, Credits::from_micros(refunded))?;
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
    check_goes_on(tx, brief)?;
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
    give(tx, &brief.id.to_string(), (&holder, Gift::New(more)), terms)?;
    if row.is_none_or(|row| row.holder.is_empty()) {
        ledger::save_holder(tx, &account, &holder, Credits::default())?;
    }
    Ok(())
}

/// What has ended spends nothing: what it were given would go back at once.
fn check_goes_on(tx: &mut Tx, brief: &Brief) -> Result<(), HubError> {
    let Some(family) = experiments::find_by_brief(tx, brief.id)? else {
        return Err(wrong("the brief was deleted".to_owned()));
    };
    let counts = family.counts;
    let is_planned = counts.total() >= u64::from(brief.wanted.num_tasks);
    let is_stopped = experiments::is_stopped(tx, family.id)?;
    if counts.pending > 0 || counts.running > 0 || !(is_planned || is_stopped) {
        return Ok(());
    }
    let why = if is_stopped {
        "was stopped"
    } else {
        "has ended"
    };
    let message = format!(
        "the brief {why}, and nothing of it is left to be paid; retry a task of it first, or submit a new one"
    );
    Err(wrong(message))
}

/// What somebody gives a brief.
#[derive(Debug, Clone, Copy)]
enum Gift {
    /// Something more.
    New(Credits),
    /// What went back to them before.
    Again(Credits),
}

/// A person gives a brief something. Nothing is no transfer.
fn give(
    tx: &mut Tx,
    brief: &str,
    (person, gift): (&str, Gift),
    terms: Terms,
) -> Result<(), HubError> {
    let (Gift::New(amount) | Gift::Again(amount)) = gift;
    if amount <= Credits::default() {
        return Ok(());
    }
    let account = Account::Brief(brief.to_owned());
    let transfer = Transfer {
        kind: Kind::Fund,
        key: next_key(tx, Kind::Fund, brief)?,
        debit: Account::Person(person.to_owned()),
        credit: account.clone(),
        amount,
    };
    write(tx, transfer, By::default(), terms)?;
    let mut before = ledger::list_givers(tx, &account)?.into_iter();
    let before = before.find(|giver| giver.person == person);
    let (theirs, again) = before.map_or((0, 0), |of| (of.given.micros(), of.again.micros()));
    let again = match gift {
        Gift::New(_) => again,
        Gift::Again(amount) => again.saturating_sub(amount.micros()).max(0),
    };
    let giver = Giver {
        person: person.to_owned(),
        given: Credits::from_micros(theirs.saturating_add(amount.micros())),
        again: Credits::from_micros(again),
    };
    Ok(ledger::save_giver(tx, &account, &giver)?)
}

/// Whose the budget is of a brief that nobody gave any yet, and how much it is.
fn find_budget(tx: &mut Tx, id: &str) -> Result<Option<Giver>, HubError> {
    let Ok(id) = id.parse::<BriefId>() else {
        return Ok(None);
    };
    let Some(brief) = briefs::find(tx, id)? else {
        return Ok(None);
    };
    let Some(budget) = brief.wanted.budget.filter(|of| of.micros() > 0) else {
        return Ok(None);
    };
    Ok(Some(Giver {
        person: person_of(tx, &brief.author)?,
        given: Credits::default(),
        again: budget,
    }))
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

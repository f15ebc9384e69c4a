//! What operators do: grants, and putting right what somebody has.

use cupola_domain::{
    access::{Role, Token},
    credits::{Asked, Credits},
    event::Event,
    field::FieldError,
    ids::{ExperimentId, RunId, TaskId},
    ledger::{Account, Credit, Entry, Kind, Refused, Transfer},
    time::Timestamp,
};
use cupola_store::{Tx, events, ledger, tokens};

use super::{
    Economy,
    budgets::{holder_of, payer_of},
    writing::{By, write},
};
use crate::{
    Hub, HubError,
    transitions::{Pair, find_task},
};

const NOTE_CHARS_MAX: usize = 500;

const KEY_CHARS_MAX: usize = 200;

/// What an operator moves, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// From whom: a person, or `issued`.
    pub from: Account,
    /// To whom.
    pub to: Account,
    /// How much.
    pub amount: Credits,
    /// Why. Required: it stands in the ledger for good.
    pub note: String,
    /// What it is known by, so that asking twice moves it once; empty for a new one.
    pub key: String,
}

impl Hub {
    /// Refuses to have more made of an experiment that somebody else pays for, where nobody may owe anything:
    /// whoever has a worker would earn what others have by trying theirs again. An operator may.
    pub fn refuse_spending(
        &self,
        experiment: ExperimentId,
        (owner, role): (&str, Role),
    ) -> Result<(), HubError> {
        if self.economy().people() != Credit::None || role.includes(Role::Operator) {
            return Ok(());
        }
        let payer = self.read(move |tx| {
            let payer = payer_of(tx, experiment)?;
            holder_of(tx, &payer)
        })?;
        match payer {
            Some(payer) if payer != owner => Err(HubError::Forbidden(format!(
                "`{payer}` pays for what more is made of it: they do it, or an operator"
            ))),
            _ => Ok(()),
        }
    }

    /// The same of an experiment that a task belongs to.
    pub fn refuse_spending_on_task(&self, id: TaskId, who: (&str, Role)) -> Result<(), HubError> {
        let task = self.read(move |tx| find_task(tx, id))?;
        self.refuse_spending(task.experiment, who)
    }

    /// The same of an experiment that a run belongs to.
    pub fn refuse_spending_on_run(&self, id: RunId, who: (&str, Role)) -> Result<(), HubError> {
        let run = self.read(move |tx| Ok(Pair::find(tx, id)?.run))?;
        self.refuse_spending(run.experiment, who)
    }

    /// Moves what people have: a grant where it comes from nobody, else a correction. Asked again with the
    /// same key it changes nothing.
    pub fn move_credits(&self, correction: &Correction, author: &str) -> Result<Entry, HubError> {
        let note = correction.note.trim().to_owned();
        check_words(&note, &correction.key)?;
        let kind = match (&correction.from, &correction.to) {
            (Account::Issued, Account::Person(_)) => Kind::Grant,
            _ => Kind::Correction,
        };
        let key = match correction.key.trim() {
            "" => format!("by-operator:{}", self.next_id::<uuid::Uuid>()),
            key => format!("by-operator:{key}"),
        };
        let transfer = Transfer {
            kind,
            key,
            debit: correction.from.clone(),
            credit: correction.to.clone(),
            amount: correction.amount,
        };
        transfer.check()?;
        check_amount(transfer.amount)?;
        let (author, terms) = (author.to_owned(), (self.economy().people(), self.now()));
        let entry = self.write(move |tx| once(tx, transfer, (&author, &note), terms))?;
        self.release_unpaid()?;
        Ok(entry)
    }
}

/// Gives a person the grant who was never given it. Machines earn what they have.
pub(crate) fn welcome(
    tx: &mut Tx,
    token: &Token,
    economy: &Economy,
    now: Timestamp,
) -> Result<(), HubError> {
    let key = format!("welcome:{}", token.owner());
    let is_person = token.role != Role::Worker && token.is_valid(now);
    let is_something = economy.grant > Credits::default();
    if !is_person || !is_something || ledger::find(tx, Kind::Grant, &key)?.is_some() {
        return Ok(());
    }
    let transfer = Transfer {
        kind: Kind::Grant,
        key,
        debit: Account::Issued,
        credit: Account::Person(token.owner().to_owned()),
        amount: economy.grant,
    };
    write(tx, transfer, By::default(), (Credit::None, now))?;
    events::record(tx, Event::CreditsChanged);
    Ok(())
}

fn once(
    tx: &mut Tx,
    transfer: Transfer,
    (author, note): (&str, &str),
    terms: (Credit, Timestamp),
) -> Result<Entry, HubError> {
    let (kind, key) = (transfer.kind, transfer.key.clone());
    if let Some(before) = ledger::find(tx, kind, &key)? {
        return if before.transfer == transfer {
            Ok(before)
        } else {
            Err(Refused::Differs(kind).into())
        };
    }
    for account in [&transfer.debit, &transfer.credit] {
        check_known(tx, account)?;
    }
    check_there(tx, &transfer)?;
    write(tx, transfer, By { author, note }, terms)?;
    events::record(tx, Event::CreditsChanged);
    ledger::find(tx, kind, &key)?.ok_or_else(|| HubError::not_found("transfer", key))
}

/// A slip of the pen gives nothing to nobody.
fn check_known(tx: &mut Tx, account: &Account) -> Result<(), HubError> {
    let Account::Person(name) = account else {
        return Ok(());
    };
    if tokens::is_owner(tx, name)? || ledger::find_account(tx, account)?.is_some() {
        return Ok(());
    }
    Err(HubError::not_found("person", name))
}

/// Nobody is put in debt by somebody else, whatever they may owe for their own runs.
fn check_there(tx: &mut Tx, transfer: &Transfer) -> Result<(), HubError> {
    let Account::Person(name) = &transfer.debit else {
        return Ok(());
    };
    let (amount, has) = (transfer.amount, ledger::find_balance(tx, &transfer.debit)?);
    let available = has.available();
    if amount <= available {
        return Ok(());
    }
    let held = match has.held {
        held if held > Credits::default() => format!(", of which {held} are held for runs"),
        _ => String::new(),
    };
    let remedy = if available > Credits::default() {
        format!("choose up to {available}")
    } else {
        "wait until they earned some, or grant some first".to_owned()
    };
    let message = format!("is {amount}; `{name}` has {}{held}: {remedy}", has.posted);
    Err(HubError::Invalid(vec![FieldError::new("amount", message)]))
}

fn check_amount(amount: Credits) -> Result<(), HubError> {
    let asked = Asked::try_from(amount);
    let wrong = |message| HubError::Invalid(vec![FieldError::new("amount", message)]);
    asked.map(drop).map_err(wrong)
}

fn check_words(note: &str, key: &str) -> Result<(), HubError> {
    let mut errors = Vec::new();
    if note.is_empty() || note.chars().count() > NOTE_CHARS_MAX {
        let message = format!("say in 1 to {NOTE_CHARS_MAX} characters why");
        errors.push(FieldError::new("note", message));
    }
    if key.chars().count() > KEY_CHARS_MAX || key.chars().any(char::is_control) {
        let message = format!("is at most {KEY_CHARS_MAX} characters that can be seen");
        errors.push(FieldError::new("key", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(HubError::Invalid(errors))
    }
}

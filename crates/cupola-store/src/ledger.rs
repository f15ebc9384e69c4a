//! The ledger: accounts, transfers and what runs earn. A transfer is written once; nothing here changes or
//! deletes one, and the database refuses it.

mod earnings;
mod givers;
mod unpaid;

use std::str::FromStr;

use cupola_domain::{
    credits::Credits,
    ledger::{Account, Balance, Entry, Kind, Transfer},
    text::storable,
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

pub use earnings::{
    Earned, Kept, add_earned, count_posted_since, find_earning, insert_earning, list_due,
    list_earned, list_earners, list_lost, list_open, list_posted, save_held, save_moved,
    total_of_worker,
};
pub use givers::{list_givers, save_giver};
pub use unpaid::{
    First, is_ready, is_withholding, list_firsts, list_firsts_of, list_withholding, release,
    withhold, withhold_one,
};

statements! {
    FIND_ACCOUNT = "SELECT * FROM ledger_account WHERE name = $1";
    SAVE_BALANCE = "INSERT INTO ledger_account (name, posted_micros, held_micros) VALUES ($1, $2, $3)
                    ON CONFLICT (name) DO UPDATE SET posted_micros = excluded.posted_micros,
                                                     held_micros = excluded.held_micros";
    SAVE_HOLDER = "UPDATE ledger_account SET holder = $2, refunded_micros = $3 WHERE name = $1";
    SAVE_REFUNDED = "UPDATE ledger_account SET refunded_micros = $2 WHERE name = $1";
    LIST_ACCOUNTS = "SELECT * FROM ledger_account WHERE name > $1 ORDER BY name LIMIT $2";
    LIST_PEOPLE = "SELECT * FROM ledger_account WHERE name >= 'person:' AND name < 'person;'
                   ORDER BY posted_micros DESC, name LIMIT $1";
    LIST_ESCROWS = "SELECT * FROM ledger_account WHERE name >= 'escrow:' AND name < 'escrow;'
                    AND posted_micros > 0 ORDER BY posted_micros DESC, name LIMIT $1";
    /// Whole credits and the rest by themselves, so that no sum runs over, whatever accounts have.
    TOTAL = "SELECT CAST(COALESCE(SUM(posted_micros / 1000000), 0) AS BIGINT) AS posted,
                    CAST(COALESCE(SUM(posted_micros % 1000000), 0) AS BIGINT) AS posted_rest,
                    CAST(COALESCE(SUM(held_micros / 1000000), 0) AS BIGINT) AS held,
                    CAST(COALESCE(SUM(held_micros % 1000000), 0) AS BIGINT) AS held_rest,
                    COUNT(*) AS n
             FROM ledger_account WHERE name >= $1 AND name < $2";
    /// Briefs that have something left and hold nothing, and of which nothing waits any more.
    LIST_ENDED = "SELECT ledger_account.* FROM ledger_account
                  LEFT JOIN experiment ON experiment.brief_id = substr(ledger_account.name, 7)
                  LEFT JOIN brief ON brief.id = experiment.brief_id
                  WHERE posted_micros > 0 AND held_micros = 0
                  AND ledger_account.name >= 'brief:' AND ledger_account.name < 'brief;'
                  AND (experiment.id IS NULL OR experiment.deleted_at IS NOT NULL
                       OR (pending = 0 AND running = 0
                           AND (stopped_at IS NOT NULL OR num_tasks <= completed + failed + cancelled)))
                  ORDER BY ledger_account.name LIMIT $1";
    FIND_HEAD = "SELECT number, hash FROM ledger_transfer ORDER BY number DESC LIMIT 1";
    INSERT = "INSERT INTO ledger_transfer (number, kind, ref, debit, credit, amount_micros, at, author,
                                           note, hash)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    FIND = "SELECT * FROM ledger_transfer WHERE kind = $1 AND ref = $2";
    LIST_OF_REF = "SELECT * FROM ledger_transfer
                   WHERE ref = $1 AND kind IN ('reserve', 'post', 'void', 'release', 'clawback')
                   ORDER BY number";
    COUNT_OF_REFS = "SELECT COUNT(*) AS n FROM ledger_transfer WHERE kind = $1 AND ref >= $2 AND ref < $3";
    LIST_AFTER = "SELECT * FROM ledger_transfer WHERE number > $1 ORDER BY number LIMIT $2";
    LIST_BEFORE = "SELECT * FROM ledger_transfer WHERE number < $1 AND ($2 = '' OR kind = $2)
                   ORDER BY number DESC LIMIT $3";
    /// Each of the four walks its own index and stops at the limit.
    LIST_OF_ACCOUNTS = "SELECT * FROM (
        SELECT * FROM (SELECT * FROM ledger_transfer WHERE debit = $1 AND number < $3
                       AND ($4 = '' OR kind = $4) ORDER BY number DESC LIMIT $5) AS a
        UNION SELECT * FROM (SELECT * FROM ledger_transfer WHERE credit = $1 AND number < $3
                       AND ($4 = '' OR kind = $4) ORDER BY number DESC LIMIT $5) AS b
        UNION SELECT * FROM (SELECT * FROM ledger_transfer WHERE debit = $2 AND number < $3
                       AND ($4 = '' OR kind = $4) ORDER BY number DESC LIMIT $5) AS c
        UNION SELECT * FROM (SELECT * FROM ledger_transfer WHERE credit = $2 AND number < $3
                       AND ($4 = '' OR kind = $4) ORDER BY number DESC LIMIT $5) AS d) AS found
        ORDER BY number DESC LIMIT $5";
}

/// Statements of this folder, by module.
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 4] = [
    ("ledger", ALL),
    ("ledger::earnings", earnings::ALL),
    ("ledger::givers", givers::ALL),
    ("ledger::unpaid", unpaid::ALL),
];

/// An account as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Which one.
    pub account: Account,
    /// What it has.
    pub balance: Balance,
    /// Of a brief: who gave it its budget first; empty before anybody did.
    pub holder: String,
    /// Of a brief: how much of it was given back and may be taken again.
    pub refunded: Credits,
}

/// Which transfers are listed.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Only those that touch one of them; none for all.
    pub accounts: Option<(Account, Account)>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only those with lower numbers.
    pub before: Option<i64>,
}

/// What an account is; one that nothing ever happened to has nothing.
pub fn find_account(tx: &mut Tx, account: &Account) -> Result<Option<AccountRow>, StoreError> {
    tx.query_optional(FIND_ACCOUNT, &[&account.to_string()], account_row)
}

/// What an account has.
pub fn find_balance(tx: &mut Tx, account: &Account) -> Result<Balance, StoreError> {
    let found = find_account(tx, account)?;
    Ok(found.map(|row| row.balance).unwrap_or_default())
}

/// Writes what an account has.
pub fn save_balance(tx: &mut Tx, account: &Account, balance: Balance) -> Result<(), StoreError> {
    let (posted, held) = (balance.posted.micros(), balance.held.micros());
    tx.execute_one(SAVE_BALANCE, &[&account.to_string(), &posted, &held])
}

/// Notes who gave a brief its budget first, and how much of it went back.
pub fn save_holder(
    tx: &mut Tx,
    account: &Account,
    holder: &str,
    refunded: Credits,
) -> Result<(), StoreError> {
    let name = account.to_string();
    tx.execute_one(SAVE_HOLDER, &[&name, &holder, &refunded.micros()])
}

/// Notes how much of a brief's budget went back and may be taken again.
pub fn save_refunded(tx: &mut Tx, account: &Account, refunded: Credits) -> Result<(), StoreError> {
    tx.execute_one(SAVE_REFUNDED, &[&account.to_string(), &refunded.micros()])
}

/// Accounts by name, those after a name.
pub fn list_accounts(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
    tx.query(LIST_ACCOUNTS, &[&after, &limit], account_row)
}

/// What people have, the richest first.
pub fn list_people(tx: &mut Tx, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
    tx.query(LIST_PEOPLE, &[&limit], account_row)
}

/// What people earned and were not given yet, the most first.
pub fn list_escrows(tx: &mut Tx, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
    tx.query(LIST_ESCROWS, &[&limit], account_row)
}

/// What all accounts have together whose names begin so, and how many there are.
pub fn total(tx: &mut Tx, prefix: &str) -> Result<(Balance, u64), StoreError> {
    // The text behind all that begin so: no name has a higher letter.
    let end = format!("{prefix}\u{10ffff}");
    tx.query_one(TOTAL, &[&prefix, &end], |row| {
        let sum = |whole: i64, rest: i64| {
            Credits::from_micros(whole.saturating_mul(1_000_000).saturating_add(rest))
        };
        let balance = Balance {
            posted: sum(row.i64("posted")?, row.i64("posted_rest")?),
            held: sum(row.i64("held")?, row.i64("held_rest")?),
        };
        Ok((balance, codec::count(row, "ledger_account", "n")?))
    })
}

/// Briefs that have ended and have something left.
pub fn list_ended(tx: &mut Tx, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
    tx.query(LIST_ENDED, &[&limit], account_row)
}

/// The number and the hash of the newest transfer; none in an empty ledger.
pub fn find_head(tx: &mut Tx) -> Result<Option<(i64, String)>, StoreError> {
    tx.query_optional(FIND_HEAD, &[], |row| {
        Ok((row.i64("number")?, row.text("hash")?))
    })
}

/// Writes a transfer.
pub fn insert(tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
    let Transfer {
        kind,
        key,
        debit,
        credit,
        amount,
    } = &entry.transfer;
    tx.execute_one(
        INSERT,
        &[
            &entry.number,
            &kind.as_str(),
            key,
            &debit.to_string(),
            &credit.to_string(),
            &amount.micros(),
            &entry.at.millis(),
            &entry.author,
            &entry.note,
            &entry.hash,
        ],
    )
}

/// The transfer of that kind and key.
pub fn find(tx: &mut Tx, kind: Kind, key: &str) -> Result<Option<Entry>, StoreError> {
    tx.query_optional(FIND, &[&kind.as_str(), &&*storable(key)], entry)
}

/// What became of one run's earning, in order.
pub fn list_of_run(tx: &mut Tx, run: &str) -> Result<Vec<Entry>, StoreError> {
    tx.query(LIST_OF_REF, &[&run], entry)
}

/// How many transfers of a kind have keys that begin so.
pub fn count_keys(tx: &mut Tx, kind: Kind, prefix: &str) -> Result<i64, StoreError> {
    let end = format!("{prefix}\u{10ffff}");
    tx.query_one(COUNT_OF_REFS, &[&kind.as_str(), &prefix, &end], |row| {
        row.i64("n")
    })
}

/// Transfers in order, those after a number.
pub fn list_after(tx: &mut Tx, number: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
    tx.query(LIST_AFTER, &[&number, &limit], entry)
}

/// The latest first.
pub fn list(tx: &mut Tx, wanted: &History, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let before = wanted.before.unwrap_or(i64::MAX);
    let kind = wanted.kind.map_or("", Kind::as_str);
    match &wanted.accounts {
        None => tx.query(LIST_BEFORE, &[&before, &kind, &limit], entry),
        Some((one, other)) => {
            let (one, other) = (one.to_string(), other.to_string());
            let params: [&dyn crate::ToValue; 5] = [&one, &other, &before, &kind, &limit];
            tx.query(LIST_OF_ACCOUNTS, &params, entry)
        }
    }
}

fn account_row(row: &Row<'_>) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        account: read(row, "ledger_account", "name")?,
        balance: Balance {
            posted: Credits::from_micros(row.i64("posted_micros")?),
            held: Credits::from_micros(row.i64("held_micros")?),
        },
        holder: row.text("holder")?,
        refunded: Credits::from_micros(row.i64("refunded_micros")?),
    })
}

fn entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    const TABLE: &str = "ledger_transfer";
    Ok(Entry {
        number: row.i64("number")?,
        transfer: Transfer {
            kind: read(row, TABLE, "kind")?,
            key: row.text("ref")?,
            debit: read(row, TABLE, "debit")?,
            credit: read(row, TABLE, "credit")?,
            amount: Credits::from_micros(row.i64("amount_micros")?),
        },
        at: Timestamp::from_millis(row.i64("at")?),
        author: row.text("author")?,
        note: row.text("note")?,
        hash: row.text("hash")?,
    })
}

/// A row of the ledger is known by its number or name, not by an id.
fn read<T: FromStr>(
    row: &Row<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<T, StoreError> {
    let text = row.text(column)?;
    text.parse().map_err(|_| StoreError::Inconsistent {
        table,
        column,
        row: text,
    })
}

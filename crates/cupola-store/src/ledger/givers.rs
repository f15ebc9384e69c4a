//! Who gave a brief its budget.

use cupola_domain::{
    credits::Credits,
    ledger::{Account, Giver},
};

use crate::{Row, StoreError, Tx, statement::statements};

statements! {
    LIST = "SELECT * FROM ledger_giver WHERE account = $1 ORDER BY place";
    SAVE = "INSERT INTO ledger_giver (account, person, place, given_micros, again_micros)
            VALUES ($1, $2, COALESCE((SELECT MAX(place) FROM ledger_giver WHERE account = $1), 0) + 1, $3, $4)
            ON CONFLICT (account, person) DO UPDATE SET given_micros = excluded.given_micros,
                                                        again_micros = excluded.again_micros";
}

/// Those who gave a brief something, in the order in which they did.
pub fn list_givers(tx: &mut Tx, account: &Account) -> Result<Vec<Giver>, StoreError> {
    tx.query(LIST, &[&account.to_string()], giver)
}

/// Writes what somebody gave. Who gave before keeps their place.
pub fn save_giver(tx: &mut Tx, account: &Account, giver: &Giver) -> Result<(), StoreError> {
    let (theirs, again) = (giver.given.micros(), giver.again.micros());
    tx.execute_one(
        SAVE,
        &[&account.to_string(), &giver.person, &theirs, &again],
    )
}

fn giver(row: &Row<'_>) -> Result<Giver, StoreError> {
    Ok(Giver {
        person: row.text("person")?,
        given: Credits::from_micros(row.i64("given_micros")?),
        again: Credits::from_micros(row.i64("again_micros")?),
    })
}

//! What the language model took, by day.

use crate::{StoreError, Tx, statement::statements};

statements! {
    // A hub whose clock went back may take away what another day was counted.
    ADD = "INSERT INTO language_spent (day, tokens) VALUES ($1, CASE WHEN $2 > 0 THEN $2 ELSE 0 END)
           ON CONFLICT (day) DO UPDATE SET tokens =
               CASE WHEN language_spent.tokens + $2 > 0 THEN language_spent.tokens + $2 ELSE 0 END";
    FIND = "SELECT tokens FROM language_spent WHERE day = $1";
}

/// Counts tokens to those of a day; less than none takes away what was counted too many.
pub fn add(tx: &mut Tx, day: i64, tokens: i64) -> Result<(), StoreError> {
    tx.execute_one(ADD, &[&day, &tokens])
}

/// The tokens of a day.
pub fn find(tx: &mut Tx, day: i64) -> Result<i64, StoreError> {
    let found = tx.query_optional(FIND, &[&day], |row| row.i64("tokens"))?;
    Ok(found.unwrap_or_default())
}

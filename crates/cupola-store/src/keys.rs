//! Keys that the hub keeps to itself.

use crate::{StoreError, Tx, statement::statements};

statements! {
    INSERT = "INSERT INTO hub_key (name, bytes) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    FIND = "SELECT bytes FROM hub_key WHERE name = $1";
}

/// The key called so; `fresh` becomes it where there is none yet.
pub fn find_or_insert(tx: &mut Tx, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    tx.execute(INSERT, &[&name, &fresh])?;
    tx.query_one(FIND, &[&name], |row| row.blob("bytes"))
}

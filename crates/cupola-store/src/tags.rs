//! Tags of runs: what is said about a run, as texts to search by.

use cupola_domain::{
    ids::RunId,
    labels::{self, TAG_BYTES_MAX},
    text::storable,
};

use crate::{StoreError, ToValue, Tx, statement::statements};

statements! {
    SAVE = "INSERT INTO run_tag (run_id, key, value) VALUES ($1, $2, $3)
            ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value";
    FIND = "SELECT value FROM run_tag WHERE run_id = $1 AND key = $2";
    LIST = "SELECT key, value FROM run_tag WHERE run_id = $1 ORDER BY key";
    DELETE = "DELETE FROM run_tag WHERE run_id = $1 AND key = $2";
    DELETE_OF_RUN = "DELETE FROM run_tag WHERE run_id = $1";
}

/// Gives a run tags; one that it has gets the new value.
///
/// The caller checked them with [`labels::check_tag`]; what is too long is cut.
pub fn save(tx: &mut Tx, run: RunId, tags: &[(String, String)]) -> Result<(), StoreError> {
    let run = run.to_string();
    let rows: Vec<(String, String)> = tags.iter().map(row).collect();
    let values = rows
        .iter()
        .map(|(key, value)| [&run as &dyn ToValue, key, value]);
    tx.execute_many(SAVE, values).map(drop)
}

/// The value of one tag of a run.
pub fn find(tx: &mut Tx, run: RunId, key: &str) -> Result<Option<String>, StoreError> {
    let params: [&dyn ToValue; 2] = [&run.to_string(), &&*storable(key)];
    tx.query_optional(FIND, &params, |row| row.text("value"))
}

/// The tags of a run, by key.
pub fn list(tx: &mut Tx, run: RunId) -> Result<Vec<(String, String)>, StoreError> {
    tx.query(LIST, &[&run.to_string()], |row| {
        Ok((row.text("key")?, row.text("value")?))
    })
}

/// Takes a tag from a run; says whether it had it.
pub fn delete(tx: &mut Tx, run: RunId, key: &str) -> Result<bool, StoreError> {
    let deleted = tx.execute(DELETE, &[&run.to_string(), &&*storable(key)])?;
    Ok(deleted > 0)
}

/// Takes all tags from a run.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_OF_RUN, &[&run]).map(drop)
}

fn row((key, value): &(String, String)) -> (String, String) {
    let value = storable(value);
    let value = labels::cut(&value, TAG_BYTES_MAX).to_owned();
    (storable(key).into_owned(), value)
}

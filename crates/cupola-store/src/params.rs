//! Parameters of runs: what a run was told to do, as texts to search by.

use cupola_domain::{
    ids::RunId,
    labels::{self, PARAM_BYTES_MAX},
    text::storable,
};

use crate::{StoreError, ToValue, Tx, statement::statements};

statements! {
    INSERT = "INSERT INTO run_param (run_id, key, value, number) VALUES ($1, $2, $3, $4)
              ON CONFLICT (run_id, key) DO NOTHING";
    FIND = "SELECT value FROM run_param WHERE run_id = $1 AND key = $2";
    LIST = "SELECT key, value FROM run_param WHERE run_id = $1 ORDER BY key";
    COUNT = "SELECT COUNT(*) AS n FROM run_param WHERE run_id = $1";
    DELETE_OF_RUN = "DELETE FROM run_param WHERE run_id = $1";
}

/// A parameter that was said again with another value. The first one stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The key.
    pub key: String,
    /// What stands.
    pub value: String,
    /// What was said now.
    pub said: String,
}

/// Adds parameters to a run. A key that it has keeps its value; says the first that was to get
/// another one.
///
/// The caller checked them with [`labels::check_param`]; what is too long is cut.
pub fn save(
    tx: &mut Tx,
    run: RunId,
    params: &[(String, String)],
) -> Result<Option<Contradiction>, StoreError> {
    let run = run.to_string();
    let rows: Vec<_> = params.iter().map(Row::of).collect();
    let values = rows
        .iter()
        .map(|row| [&run as &dyn ToValue, &row.key, &row.value, &row.number]);
    if tx.execute_many(INSERT, values)? == rows.len() {
        return Ok(None);
    }
    contradiction(tx, &run, &rows)
}

/// The value of one parameter of a run.
pub fn find(tx: &mut Tx, run: RunId, key: &str) -> Result<Option<String>, StoreError> {
    let params: [&dyn ToValue; 2] = [&run.to_string(), &&*storable(key)];
    tx.query_optional(FIND, &params, |row| row.text("value"))
}

/// The parameters of a run, by key.
pub fn list(tx: &mut Tx, run: RunId) -> Result<Vec<(String, String)>, StoreError> {
    tx.query(LIST, &[&run.to_string()], |row| {
        Ok((row.text("key")?, row.text("value")?))
    })
}

/// How many parameters a run has.
pub fn count(tx: &mut Tx, run: RunId) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[&run.to_string()], |row| row.i64("n"))
}

/// Removes all parameters of a run.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_OF_RUN, &[&run]).map(drop)
}

struct Row {
    key: String,
    value: String,
    number: Option<f64>,
}

impl Row {
    fn of((key, value): &(String, String)) -> Self {
        let value = storable(value);
        Self {
            key: storable(key).into_owned(),
            value: labels::cut(&value, PARAM_BYTES_MAX).to_owned(),
            number: labels::number(&value),
        }
    }
}

fn contradiction(
    tx: &mut Tx,
    run: &str,
    rows: &[Row],
) -> Result<Option<Contradiction>, StoreError> {
    for row in rows {
        let found = tx.query_optional(FIND, &[&run, &row.key], |found| found.text("value"))?;
        if let Some(value) = found.filter(|value| *value != row.value) {
            return Ok(Some(Contradiction {
                key: row.key.clone(),
                value,
                said: row.value.clone(),
            }));
        }
    }
    Ok(None)
}

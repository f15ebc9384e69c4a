//! What runs gave, by key.

use cupola_domain::{
    ids::RunId,
    result::{Glance, Kept, Kind},
    time::Timestamp,
};
use serde_json::{Map, Value};

use crate::{Row, StoreError, Tx, codec, statement::statements};

/// A value of more bytes stands apart from the list.
pub const SMALL_BYTES_MAX: usize = 16 << 10;

statements! {
    // What is said again keeps the time at which it was said first.
    SAVE = "INSERT INTO result (run_id, name, value, at, kind, size, bytes, preview)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (run_id, name) DO UPDATE SET
                at = CASE WHEN result.value = excluded.value AND excluded.value <> ''
                          THEN result.at ELSE excluded.at END,
                value = excluded.value, kind = excluded.kind, size = excluded.size,
                bytes = excluded.bytes, preview = excluded.preview";
    SAVE_LARGE = "INSERT INTO large_result (run_id, name, value) VALUES ($1, $2, $3)
                  ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value";
    LIST = "SELECT run_id, name, value FROM result
            WHERE run_id = $1 AND value <> '' ORDER BY at, name";
    COUNT = "SELECT COUNT(*) AS total FROM result WHERE run_id = $1";
    LIST_BY_KEY = "SELECT run_id, name, at, kind, size, bytes, preview,
                          CASE WHEN kind IS NULL THEN value ELSE '' END AS value
                   FROM result WHERE run_id = $1 ORDER BY name LIMIT $2 OFFSET $3";
    LIST_BY_KEY_REVERSED = "SELECT run_id, name, at, kind, size, bytes, preview,
                                   CASE WHEN kind IS NULL THEN value ELSE '' END AS value
                            FROM result WHERE run_id = $1 ORDER BY name DESC LIMIT $2 OFFSET $3";
    LIST_BY_TIME = "SELECT run_id, name, at, kind, size, bytes, preview,
                           CASE WHEN kind IS NULL THEN value ELSE '' END AS value
                    FROM result WHERE run_id = $1 ORDER BY at, name LIMIT $2 OFFSET $3";
    LIST_BY_TIME_REVERSED = "SELECT run_id, name, at, kind, size, bytes, preview,
                                    CASE WHEN kind IS NULL THEN value ELSE '' END AS value
                             FROM result WHERE run_id = $1
                             ORDER BY at DESC, name LIMIT $2 OFFSET $3";
    FIND = "SELECT result.at AS at, CASE WHEN result.value = '' THEN large_result.value
                                         ELSE result.value END AS value
            FROM result LEFT JOIN large_result
                 ON large_result.run_id = result.run_id AND large_result.name = result.name
            WHERE result.run_id = $1 AND result.name = $2";
    DELETE = "DELETE FROM result WHERE run_id = $1";
    DELETE_LARGE = "DELETE FROM large_result WHERE run_id = $1";
}

/// A result without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its key.
    pub key: String,
    /// When it came.
    pub at: Timestamp,
    /// How long it is as JSON without blanks.
    pub bytes: u64,
    /// What it is.
    pub glance: Glance,
}

/// By what results are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Their keys.
    Key,
    /// When they came.
    #[default]
    Time,
}

/// Notes results; a later value replaces an earlier one. One that is said again stays where it is.
pub fn save(
    tx: &mut Tx,
    id: RunId,
    results: &[(String, Kept)],
    at: Timestamp,
) -> Result<(), StoreError> {
    for (name, kept) in results {
        let is_large = kept.text.len() > SMALL_BYTES_MAX;
        let value = if is_large { "" } else { &kept.text };
        let size = kept.glance.kind.size().unwrap_or(0);
        tx.execute_one(
            SAVE,
            &[
                &id.to_string(),
                name,
                &value,
                &at.millis(),
                &kept.glance.kind.word(),
                &i64::try_from(size).unwrap_or(i64::MAX),
                &i64::try_from(kept.text.len()).unwrap_or(i64::MAX),
                &kept.glance.preview,
            ],
        )?;
        if is_large {
            tx.execute_one(SAVE_LARGE, &[&id.to_string(), name, &kept.text])?;
        }
    }
    Ok(())
}

/// A run's results of up to [`SMALL_BYTES_MAX`], in the order in which they came.
pub fn list(tx: &mut Tx, id: RunId) -> Result<Map<String, Value>, StoreError> {
    let pairs = tx.query(LIST, &[&id.to_string()], |row| {
        Ok((row.text("name")?, value(row)?))
    })?;
    Ok(pairs.into_iter().collect())
}

/// How many results a run has.
pub fn count(tx: &mut Tx, id: RunId) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[&id.to_string()], |row| row.i64("total"))
}

/// Which results a run has, and how many; the values are not read.
pub fn list_heads(
    tx: &mut Tx,
    id: RunId,
    (sort, is_descending): (Sort, bool),
    limit: i64,
    offset: i64,
) -> Result<(Vec<Head>, i64), StoreError> {
    let sql = match (sort, is_descending) {
        (Sort::Key, false) => LIST_BY_KEY,
        (Sort::Key, true) => LIST_BY_KEY_REVERSED,
        (Sort::Time, false) => LIST_BY_TIME,
        (Sort::Time, true) => LIST_BY_TIME_REVERSED,
    };
    let heads = tx.query(sql, &[&id.to_string(), &limit, &offset], head)?;
    Ok((heads, count(tx, id)?))
}

/// A result as JSON, whatever its size, and when it came.
pub fn find(tx: &mut Tx, id: RunId, key: &str) -> Result<Option<(String, Timestamp)>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string(), &key], |row| {
        Ok((row.text("value")?, codec::time(row, "at")?))
    })
}

/// Removes a run's results for good.
pub(crate) fn delete_of_run(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    for sql in [DELETE_LARGE, DELETE] {
        tx.execute(sql, &[&id])?;
    }
    Ok(())
}

fn value(row: &Row<'_>) -> Result<Value, StoreError> {
    serde_json::from_str(&row.text("value")?)
        .map_err(|_| codec::inconsistent("result", "value", row))
}

fn head(row: &Row<'_>) -> Result<Head, StoreError> {
    let (bytes, glance) = match row.optional_text("kind")? {
        Some(word) => {
            let kind = Kind::from_parts(&word, codec::count(row, "result", "size")?);
            let glance = Glance {
                kind: kind.ok_or_else(|| codec::inconsistent("result", "kind", row))?,
                preview: row.text("preview")?,
            };
            (codec::count(row, "result", "bytes")?, glance)
        }
        None => (row.text("value")?.len() as u64, Glance::of(&value(row)?)),
    };
    Ok(Head {
        key: row.text("name")?,
        at: codec::time(row, "at")?,
        bytes,
        glance,
    })
}

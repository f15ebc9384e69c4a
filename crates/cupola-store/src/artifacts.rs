//! Which files a run keeps. The bytes themselves lie outside the database, under their hashes.

use std::collections::HashSet;

use cupola_domain::{artifact::Artifact, ids::RunId};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    SAVE = "INSERT INTO artifact (run_id, name, hash, size, at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (run_id, name)
            DO UPDATE SET hash = excluded.hash, size = excluded.size, at = excluded.at";
    FIND = "SELECT run_id, name, hash, size, at FROM artifact WHERE run_id = $1 AND name = $2";
    LIST = "SELECT run_id, name, hash, size, at FROM artifact WHERE run_id = $1 ORDER BY name";
    COUNT_OTHERS = "SELECT COUNT(*) AS found FROM artifact WHERE run_id = $1 AND name <> $2";
    LIST_HASHES = "SELECT DISTINCT hash FROM artifact WHERE hash >= $1 AND hash < $2";
    COUNT_OF_HASH = "SELECT COUNT(*) AS found FROM artifact WHERE hash = $1";
    DELETE_OF_RUN = "DELETE FROM artifact WHERE run_id = $1";
}

/// Notes that a run keeps a file; a later one takes the place of an earlier one of the same name.
pub fn save(tx: &mut Tx, run: RunId, artifact: &Artifact) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &run.to_string(),
            &artifact.name,
            &artifact.hash,
            &i64::try_from(artifact.size).unwrap_or(i64::MAX),
            &artifact.kept_at.millis(),
        ],
    )
}

/// The file that a run keeps under this name.
pub fn find(tx: &mut Tx, run: RunId, name: &str) -> Result<Option<Artifact>, StoreError> {
    tx.query_optional(FIND, &[&run.to_string(), &name], artifact)
}

/// The files that a run keeps, by name.
pub fn list(tx: &mut Tx, run: RunId) -> Result<Vec<Artifact>, StoreError> {
    tx.query(LIST, &[&run.to_string()], artifact)
}

/// How many files a run keeps under other names than this.
pub fn count_others(tx: &mut Tx, run: RunId, name: &str) -> Result<i64, StoreError> {
    let counted = tx.query(COUNT_OTHERS, &[&run.to_string(), &name], |row| {
        row.i64("found")
    })?;
    Ok(counted.first().copied().unwrap_or(0))
}

/// The hashes from `from` up to `to` that some run refers to.
pub fn list_hashes(tx: &mut Tx, from: &str, to: &str) -> Result<HashSet<String>, StoreError> {
    let hashes = tx.query(LIST_HASHES, &[&from, &to], |row| row.text("hash"))?;
    Ok(hashes.into_iter().collect())
}

/// Whether some run refers to this hash.
pub fn is_kept(tx: &mut Tx, hash: &str) -> Result<bool, StoreError> {
    let counted = tx.query(COUNT_OF_HASH, &[&hash], |row| row.i64("found"))?;
    Ok(counted.first().is_some_and(|found| *found > 0))
}

/// Forgets what a run keeps.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_OF_RUN, &[&run]).map(drop)
}

fn artifact(row: &Row<'_>) -> Result<Artifact, StoreError> {
    Ok(Artifact {
        name: row.text("name")?,
        hash: row.text("hash")?,
        size: codec::count(row, "artifact", "size")?,
        kept_at: codec::time(row, "at")?,
    })
}

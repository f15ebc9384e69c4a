//! Which files are kept by what. The bytes themselves lie outside the database, under their hashes.

use std::collections::HashSet;

use cupola_domain::artifact::{Artifact, Keeper};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    SAVE = "INSERT INTO artifact (run_id, name, hash, size, at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (run_id, name)
            DO UPDATE SET hash = excluded.hash, size = excluded.size, at = excluded.at";
    FIND = "SELECT name, hash, size, at FROM artifact WHERE run_id = $1 AND name = $2";
    LIST = "SELECT name, hash, size, at FROM artifact WHERE run_id = $1 ORDER BY name";
    COUNT_OTHERS = "SELECT COUNT(*) AS found FROM artifact WHERE run_id = $1 AND name <> $2";
    DELETE = "DELETE FROM artifact WHERE run_id = $1 AND name = $2";
    DELETE_ALL = "DELETE FROM artifact WHERE run_id = $1";
    SAVE_OF_MODEL = "INSERT INTO model_file (keeper, name, hash, size, at)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (keeper, name)
                     DO UPDATE SET hash = excluded.hash, size = excluded.size, at = excluded.at";
    FIND_OF_MODEL = "SELECT name, hash, size, at FROM model_file WHERE keeper = $1 AND name = $2";
    LIST_OF_MODEL = "SELECT name, hash, size, at FROM model_file WHERE keeper = $1 ORDER BY name";
    COUNT_OTHERS_OF_MODEL = "SELECT COUNT(*) AS found FROM model_file
                             WHERE keeper = $1 AND name <> $2";
    DELETE_OF_MODEL = "DELETE FROM model_file WHERE keeper = $1 AND name = $2";
    DELETE_ALL_OF_MODEL = "DELETE FROM model_file WHERE keeper = $1";
    LIST_HASHES = "SELECT hash FROM artifact WHERE hash >= $1 AND hash < $2
                   UNION SELECT hash FROM model_file WHERE hash >= $1 AND hash < $2";
    COUNT_OF_HASH = "SELECT (SELECT COUNT(*) FROM artifact WHERE hash = $1)
                          + (SELECT COUNT(*) FROM model_file WHERE hash = $1) AS found";
}

/// The statements for one kind of keeper.
struct Table {
    save: &'static str,
    find: &'static str,
    list: &'static str,
    count_others: &'static str,
    delete: &'static str,
    delete_all: &'static str,
}

const OF_RUNS: Table = Table {
    save: SAVE,
    find: FIND,
    list: LIST,
    count_others: COUNT_OTHERS,
    delete: DELETE,
    delete_all: DELETE_ALL,
};

const OF_MODELS: Table = Table {
    save: SAVE_OF_MODEL,
    find: FIND_OF_MODEL,
    list: LIST_OF_MODEL,
    count_others: COUNT_OTHERS_OF_MODEL,
    delete: DELETE_OF_MODEL,
    delete_all: DELETE_ALL_OF_MODEL,
};

/// Where the rows of a keeper are, and under which name.
fn place(keeper: impl Into<Keeper>) -> (Table, String) {
    match keeper.into() {
        Keeper::Run(run) => (OF_RUNS, run.to_string()),
        Keeper::LoggedModel(model) => (OF_MODELS, format!("logged:{model}")),
        Keeper::ModelVersion(model, number) => (OF_MODELS, format!("version:{model}:{number}")),
    }
}

/// Notes that a file is kept; a later one takes the place of an earlier one of the same name.
pub fn save(tx: &mut Tx, keeper: impl Into<Keeper>, artifact: &Artifact) -> Result<(), StoreError> {
    let (table, key) = place(keeper);
    tx.execute_one(
        table.save,
        &[
            &key,
            &artifact.name,
            &artifact.hash,
            &i64::try_from(artifact.size).unwrap_or(i64::MAX),
            &artifact.kept_at.millis(),
        ],
    )
}

/// The file that is kept under this name.
pub fn find(
    tx: &mut Tx,
    keeper: impl Into<Keeper>,
    name: &str,
) -> Result<Option<Artifact>, StoreError> {
    let (table, key) = place(keeper);
    tx.query_optional(table.find, &[&key, &name], artifact)
}

/// The files that are kept, by name.
pub fn list(tx: &mut Tx, keeper: impl Into<Keeper>) -> Result<Vec<Artifact>, StoreError> {
    let (table, key) = place(keeper);
    tx.query(table.list, &[&key], artifact)
}

/// How many files are kept under other names than this.
pub fn count_others(tx: &mut Tx, keeper: impl Into<Keeper>, name: &str) -> Result<i64, StoreError> {
    let (table, key) = place(keeper);
    tx.query_one(table.count_others, &[&key, &name], |row| row.i64("found"))
}

/// Forgets a file; says whether there was one.
pub fn delete(tx: &mut Tx, keeper: impl Into<Keeper>, name: &str) -> Result<bool, StoreError> {
    let (table, key) = place(keeper);
    Ok(tx.execute(table.delete, &[&key, &name])? > 0)
}

/// Forgets all that is kept.
pub fn delete_all(tx: &mut Tx, keeper: impl Into<Keeper>) -> Result<(), StoreError> {
    let (table, key) = place(keeper);
    tx.execute(table.delete_all, &[&key]).map(drop)
}

/// The hashes from `from` up to `to` that something refers to.
pub fn list_hashes(tx: &mut Tx, from: &str, to: &str) -> Result<HashSet<String>, StoreError> {
    let hashes = tx.query(LIST_HASHES, &[&from, &to], |row| row.text("hash"))?;
    Ok(hashes.into_iter().collect())
}

/// Whether something refers to this hash.
pub fn is_kept(tx: &mut Tx, hash: &str) -> Result<bool, StoreError> {
    tx.query_one(COUNT_OF_HASH, &[&hash], |row| Ok(row.i64("found")? > 0))
}

/// Forgets what a run keeps.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_ALL, &[&run]).map(drop)
}

fn artifact(row: &Row<'_>) -> Result<Artifact, StoreError> {
    Ok(Artifact {
        name: row.text("name")?,
        hash: row.text("hash")?,
        size: codec::count(row, "artifact", "size")?,
        kept_at: codec::time(row, "at")?,
    })
}

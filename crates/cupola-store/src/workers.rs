//! Workers.

use cupola_domain::{
    ids::WorkerId,
    text::storable,
    time::Timestamp,
    worker::{Drained, Worker},
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    SAVE = "INSERT INTO worker (id, name, token_id, session, capabilities, slots, version,
                                registered_at, last_seen_at, left_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)
            ON CONFLICT (id) DO UPDATE SET
                name = excluded.name, token_id = excluded.token_id, session = excluded.session,
                capabilities = excluded.capabilities, slots = excluded.slots,
                version = excluded.version, last_seen_at = excluded.last_seen_at, left_at = NULL";
    FIND = "SELECT * FROM worker WHERE id = $1 AND removed_at IS NULL";
    FIND_REMOVED = "SELECT removed_at FROM worker WHERE id = $1 AND removed_at IS NOT NULL";
    FIND_JOINED = "SELECT registered_at FROM worker WHERE id = $1";
    LIST = "SELECT * FROM worker WHERE removed_at IS NULL ORDER BY name, id LIMIT $1";
    SAVE_SEEN = "UPDATE worker SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
    SAVE_LEFT = "UPDATE worker SET left_at = $2, last_seen_at = $2 WHERE id = $1";
    SAVE_DRAINED = "UPDATE worker SET drained_at = $2, drained_by = $3 WHERE id = $1 AND removed_at IS NULL";
    SAVE_REMOVED = "UPDATE worker SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL";
}

/// More workers than this are not listed on one page.
pub const LIST_MAX: i64 = 10_000;

/// A worker joins, or comes back with what it is now.
pub fn save(tx: &mut Tx, worker: &Worker) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &worker.id.to_string(),
            &worker.name,
            &worker.token.to_string(),
            &worker.session,
            &codec::capabilities_text(&worker.capabilities),
            &i64::from(worker.slots),
            &worker.version,
            &worker.registered_at.millis(),
            &worker.last_seen_at.millis(),
        ],
    )
}

/// The worker, unless it was removed.
pub fn find(tx: &mut Tx, id: WorkerId) -> Result<Option<Worker>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], worker)
}

/// Whether somebody took this worker off the lists.
pub fn is_removed(tx: &mut Tx, id: WorkerId) -> Result<bool, StoreError> {
    let found = tx.query_optional(FIND_REMOVED, &[&id.to_string()], |row| {
        row.i64("removed_at")
    })?;
    Ok(found.is_some())
}

/// When a worker joined, one that was removed too.
pub fn find_joined(tx: &mut Tx, id: WorkerId) -> Result<Option<Timestamp>, StoreError> {
    tx.query_optional(FIND_JOINED, &[&id.to_string()], |row| {
        codec::time(row, "registered_at")
    })
}

/// All that were not removed, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<Worker>, StoreError> {
    tx.query(LIST, &[&LIST_MAX], worker)
}

/// Notes a sign of life.
pub fn save_seen(tx: &mut Tx, id: WorkerId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(SAVE_SEEN, &[&id.to_string(), &at.millis()])
        .map(drop)
}

/// Notes a goodbye.
pub fn save_left(tx: &mut Tx, id: WorkerId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_LEFT, &[&id.to_string(), &at.millis()])
}

/// Notes that a worker is given nothing new; none lets it work again.
pub fn save_drained(
    tx: &mut Tx,
    id: WorkerId,
    drained: Option<&Drained>,
) -> Result<(), StoreError> {
    let at = drained.map(|drained| drained.at.millis());
    let by = drained.map_or("", |drained| drained.by.as_str());
    tx.execute_one(SAVE_DRAINED, &[&id.to_string(), &at, &&*storable(by)])
}

/// Takes a worker off the lists; what it did stays.
pub fn save_removed(tx: &mut Tx, id: WorkerId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_REMOVED, &[&id.to_string(), &at.millis()])
}

fn worker(row: &Row<'_>) -> Result<Worker, StoreError> {
    Ok(Worker {
        id: codec::parsed(row, "worker", "id")?,
        name: row.text("name")?,
        token: codec::parsed(row, "worker", "token_id")?,
        session: row.text("session")?,
        capabilities: codec::capabilities_from_text(&row.text("capabilities")?)
            .ok_or_else(|| codec::inconsistent("worker", "capabilities", row))?,
        slots: codec::count(row, "worker", "slots")?,
        version: row.text("version")?,
        registered_at: codec::time(row, "registered_at")?,
        last_seen_at: codec::time(row, "last_seen_at")?,
        left_at: codec::optional_time(row, "left_at")?,
        drained: match codec::optional_time(row, "drained_at")? {
            Some(at) => Some(Drained {
                at,
                by: row.text("drained_by")?,
            }),
            None => None,
        },
    })
}

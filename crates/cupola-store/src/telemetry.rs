//! Which of a worker's samples were taken: each is, once.

use cupola_domain::{ids::WorkerId, time::Timestamp};

use crate::{StoreError, Tx, codec, statement::statements};

statements! {
    FIND = "SELECT session, next, newest_at FROM worker_telemetry WHERE worker_id = $1";
    SAVE = "INSERT INTO worker_telemetry (worker_id, session, next, newest_at)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (worker_id) DO UPDATE SET session = excluded.session, next = excluded.next,
                                                  newest_at = excluded.newest_at";
    LIST = "SELECT worker_id FROM worker_telemetry WHERE newest_at >= $1
            ORDER BY worker_id";
}

/// What was heard of a worker's samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// The start of its agent that they came from.
    pub session: String,
    /// The number of the next sample.
    pub next: i64,
    /// When the newest one is dated.
    pub newest_at: Timestamp,
}

/// What was heard of a worker's samples; `None` when nothing was.
pub fn find(tx: &mut Tx, worker: WorkerId) -> Result<Option<Intake>, StoreError> {
    tx.query_optional(FIND, &[&worker.to_string()], |row| {
        Ok(Intake {
            session: row.text("session")?,
            next: row.i64("next")?,
            newest_at: codec::time(row, "newest_at")?,
        })
    })
}

/// Notes what was heard.
pub fn save(tx: &mut Tx, worker: WorkerId, intake: &Intake) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &worker.to_string(),
            &intake.session,
            &intake.next,
            &intake.newest_at.millis(),
        ],
    )
}

/// The workers with a sample since then.
pub fn list_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<WorkerId>, StoreError> {
    tx.query(LIST, &[&since.millis()], |row| {
        codec::parsed(row, "worker_telemetry", "worker_id")
    })
}

//! What happened, as rows: written by the transaction that caused it, numbered by the writer.

use super::{row::Row, tx::Tx, value::ToValue};
use crate::error::StoreError;

const INSERT: &str = "
    INSERT INTO event (seq, at, kind, subject, parent)
    VALUES ($1, $2, $3, $4, $5)";

const LAST_SEQ: &str = "SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) AS seq FROM event";

const AFTER: &str = "
    SELECT seq, at, kind, subject, parent
    FROM event
    WHERE seq > $1
    ORDER BY seq
    LIMIT $2";

/// An event without its number, as a command records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What changed, for instance `run`.
    pub kind: &'static str,
    /// Whose change it is: an identifier. Subscribers read again what they show of it.
    pub subject: String,
    /// The thing that contains the subject, for those who watch only that.
    pub parent: Option<String>,
}

/// An event as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the order of commits: 1, 2, 3 … without gaps, also across restarts.
    pub seq: i64,
    /// Milliseconds by the wall clock. For people; orders nothing.
    pub at: i64,
    pub kind: String,
    pub subject: String,
    pub parent: Option<String>,
}

impl EventRow {
    pub(super) fn new(seq: i64, at: i64, event: NewEvent) -> Self {
        Self {
            seq,
            at,
            kind: event.kind.to_owned(),
            subject: event.subject,
            parent: event.parent,
        }
    }
}

/// The newest event's `seq`, 0 when there is none.
///
/// Numbering goes on from here, so whatever deletes old events must keep the newest.
pub(super) fn last_seq(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one(LAST_SEQ, &[], |row| row.i64("seq"))
}

pub(super) fn after(tx: &mut Tx, seq: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
    tx.query(AFTER, &[&seq, &limit], read)
}

pub(super) fn insert(tx: &mut Tx, events: &[EventRow]) -> Result<(), StoreError> {
    let rows = events.iter().map(|event| -> [&dyn ToValue; 5] {
        [
            &event.seq,
            &event.at,
            &event.kind,
            &event.subject,
            &event.parent,
        ]
    });
    tx.execute_many(INSERT, rows).map(drop)
}

fn read(row: &Row<'_>) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        seq: row.i64("seq")?,
        at: row.i64("at")?,
        kind: row.text("kind")?,
        subject: row.text("subject")?,
        parent: row.optional_text("parent")?,
    })
}

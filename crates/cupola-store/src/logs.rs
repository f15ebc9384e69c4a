//! Logs: append-only chunks of exactly the program's bytes.

use cupola_domain::{ids::RunId, time::Timestamp};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO log_chunk (run_id, number, stream, at, first_line, omitted, body)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LIST = "SELECT * FROM log_chunk WHERE run_id = $1 AND number >= $2 ORDER BY number LIMIT $3";
    FIND_CHUNK_OF_LINE = "SELECT COALESCE(MAX(number), 0) AS number FROM log_chunk
                          WHERE run_id = $1 AND first_line <= $2";
}

/// A part of a log as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// From 0 without gaps: the cursor.
    pub number: i64,
    /// `stdout`, `stderr` or what else the worker says.
    pub stream: String,
    /// When the worker read it.
    pub at: Timestamp,
    /// The number of its first line, from 1.
    pub first_line: i64,
    /// Bytes left out before it.
    pub omitted: i64,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Adds a chunk.
pub fn insert(tx: &mut Tx, run: RunId, chunk: &Chunk) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &run.to_string(),
            &chunk.number,
            &chunk.stream,
            &chunk.at.millis(),
            &chunk.first_line,
            &chunk.omitted,
            &chunk.body,
        ],
    )
}

/// Chunks from number `from` on.
pub fn list(tx: &mut Tx, run: RunId, from: i64, limit: i64) -> Result<Vec<Chunk>, StoreError> {
    tx.query(LIST, &[&run.to_string(), &from, &limit], chunk)
}

/// The chunk in which a line stands.
pub fn find_chunk_of_line(tx: &mut Tx, run: RunId, line: i64) -> Result<i64, StoreError> {
    tx.query_one(FIND_CHUNK_OF_LINE, &[&run.to_string(), &line], |row| {
        row.i64("number")
    })
}

fn chunk(row: &Row<'_>) -> Result<Chunk, StoreError> {
    Ok(Chunk {
        number: row.i64("number")?,
        stream: row.text("stream")?,
        at: codec::time(row, "at")?,
        first_line: row.i64("first_line")?,
        omitted: row.i64("omitted")?,
        body: row.blob("body")?,
    })
}

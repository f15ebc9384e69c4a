//! Logs: append-only chunks of exactly the program's bytes.

use cupola_domain::{
    ids::RunId,
    log::{Level, LevelCounts},
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO log_chunk (run_id, number, stream, at, first_line, omitted, body, lines,
                                     from_info, from_warn, from_error)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    LIST = "SELECT * FROM log_chunk WHERE run_id = $1 AND number >= $2 ORDER BY number LIMIT $3";
    FIND = "SELECT * FROM log_chunk WHERE run_id = $1 AND number = $2";
    FIND_OF_LINE = "SELECT number FROM log_chunk
                    WHERE run_id = $1 AND first_line <= $2 AND lines > 0
                    ORDER BY first_line DESC LIMIT 1";
    LIST_GOING_ON = "SELECT * FROM log_chunk
                     WHERE run_id = $1 AND first_line = $2 AND lines = 0 AND number > $3
                     ORDER BY number LIMIT $4";
    SUM_GOING_ON = "SELECT CAST(COALESCE(SUM(LENGTH(body)), 0) AS BIGINT) AS bytes,
                           COALESCE(MAX(number), -1) AS number
                    FROM log_chunk WHERE run_id = $1 AND first_line = $2 AND lines = 0";
    // One text for each level and direction, so that each finds its index.
    DEBUG_UP = "SELECT * FROM log_chunk WHERE run_id = $1 AND number >= $2 AND lines > 0
                ORDER BY number LIMIT $3";
    INFO_UP = "SELECT * FROM log_chunk WHERE run_id = $1 AND number >= $2 AND from_info > 0
               ORDER BY number LIMIT $3";
    WARN_UP = "SELECT * FROM log_chunk WHERE run_id = $1 AND number >= $2 AND from_warn > 0
               ORDER BY number LIMIT $3";
    ERROR_UP = "SELECT * FROM log_chunk WHERE run_id = $1 AND number >= $2 AND from_error > 0
                ORDER BY number LIMIT $3";
    DEBUG_DOWN = "SELECT * FROM log_chunk WHERE run_id = $1 AND number <= $2 AND lines > 0
                  ORDER BY number DESC LIMIT $3";
    INFO_DOWN = "SELECT * FROM log_chunk WHERE run_id = $1 AND number <= $2 AND from_info > 0
                 ORDER BY number DESC LIMIT $3";
    WARN_DOWN = "SELECT * FROM log_chunk WHERE run_id = $1 AND number <= $2 AND from_warn > 0
                 ORDER BY number DESC LIMIT $3";
    ERROR_DOWN = "SELECT * FROM log_chunk WHERE run_id = $1 AND number <= $2 AND from_error > 0
                  ORDER BY number DESC LIMIT $3";
}

/// A part of a log as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// From 0 without gaps.
    pub number: i64,
    /// `stdout`, `stderr` or what else the worker says.
    pub stream: String,
    /// When the worker read it.
    pub at: Timestamp,
    /// The number of its first line, from 1; of a chunk without lines, the line that it goes on with.
    pub first_line: i64,
    /// How many lines begin in it, by level.
    pub levels: LevelCounts,
    /// Bytes left out before it.
    pub omitted: i64,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Which way a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the beginning to the end.
    Up,
    /// From the end to the beginning.
    Down,
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
            &chunk.levels.total(),
            &chunk.levels.at_least(Level::Info),
            &chunk.levels.at_least(Level::Warn),
            &chunk.levels.at_least(Level::Error),
        ],
    )
}

/// Chunks from number `from` on, all of them.
pub fn list(tx: &mut Tx, run: RunId, from: i64, limit: i64) -> Result<Vec<Chunk>, StoreError> {
    tx.query(LIST, &[&run.to_string(), &from, &limit], chunk)
}

/// Chunks in which a line of `level` or louder begins, from number `from` on in this direction.
pub fn list_with(
    tx: &mut Tx,
    run: RunId,
    level: Level,
    direction: Direction,
    from: i64,
    limit: i64,
) -> Result<Vec<Chunk>, StoreError> {
    let sql = match (level, direction) {
        (Level::Debug, Direction::Up) => DEBUG_UP,
        (Level::Info, Direction::Up) => INFO_UP,
        (Level::Warn, Direction::Up) => WARN_UP,
        (Level::Error, Direction::Up) => ERROR_UP,
        (Level::Debug, Direction::Down) => DEBUG_DOWN,
        (Level::Info, Direction::Down) => INFO_DOWN,
        (Level::Warn, Direction::Down) => WARN_DOWN,
        (Level::Error, Direction::Down) => ERROR_DOWN,
    };
    tx.query(sql, &[&run.to_string(), &from, &limit], chunk)
}

/// The chunk of this number.
pub fn find(tx: &mut Tx, run: RunId, number: i64) -> Result<Option<Chunk>, StoreError> {
    tx.query_optional(FIND, &[&run.to_string(), &number], chunk)
}

/// The number of the chunk in which a line begins; 0 before the first.
pub fn find_chunk_of_line(tx: &mut Tx, run: RunId, line: i64) -> Result<i64, StoreError> {
    let found = tx.query_optional(FIND_OF_LINE, &[&run.to_string(), &line], |row| {
        row.i64("number")
    })?;
    Ok(found.unwrap_or(0))
}

/// The chunks that go on with a line, behind chunk `after`.
pub fn list_going_on(
    tx: &mut Tx,
    run: RunId,
    line: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Chunk>, StoreError> {
    let run = run.to_string();
    tx.query(LIST_GOING_ON, &[&run, &line, &after, &limit], chunk)
}

/// How many bytes go on with a line in other chunks than its first, and the number of the last of
/// these; `None` when the line is in one chunk.
pub fn find_rest_of_line(
    tx: &mut Tx,
    run: RunId,
    line: i64,
) -> Result<Option<(i64, i64)>, StoreError> {
    let (bytes, last) = tx.query_one(SUM_GOING_ON, &[&run.to_string(), &line], |row| {
        Ok((row.i64("bytes")?, row.i64("number")?))
    })?;
    Ok((last >= 0).then_some((bytes, last)))
}

fn chunk(row: &Row<'_>) -> Result<Chunk, StoreError> {
    let counts = [
        row.i64("lines")?,
        row.i64("from_info")?,
        row.i64("from_warn")?,
        row.i64("from_error")?,
    ];
    Ok(Chunk {
        number: row.i64("number")?,
        stream: row.text("stream")?,
        at: codec::time(row, "at")?,
        first_line: row.i64("first_line")?,
        levels: LevelCounts::from_least(counts),
        omitted: row.i64("omitted")?,
        body: row.blob("body")?,
    })
}

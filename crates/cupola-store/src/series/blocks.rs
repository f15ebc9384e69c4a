//! Blocks of points and rows of summaries.

use cupola_domain::metric::Point;
use cupola_series::{
    block,
    summary::{self, Summary},
};

use super::Restart;
use crate::{StoreError, Tx, statement::statements};

statements! {
    SAVE_BLOCK = "INSERT INTO series_block (series_id, number, points) VALUES ($1, $2, $3)
                  ON CONFLICT (series_id, number) DO UPDATE SET points = excluded.points";
    LIST_BLOCKS = "SELECT points FROM series_block
                   WHERE series_id = $1 AND number >= $2 AND number < $3 ORDER BY number";
    DELETE_BLOCKS = "DELETE FROM series_block WHERE series_id = $1 AND number >= $2";
    SAVE_SPAN = "INSERT INTO series_span (series_id, span, number, summaries)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (series_id, span, number) DO UPDATE SET summaries = excluded.summaries";
    LIST_SPANS = "SELECT summaries FROM series_span
                  WHERE series_id = $1 AND span = $2 AND number >= $3 AND number < $4
                  ORDER BY number";
    DELETE_SPANS = "DELETE FROM series_span WHERE series_id = $1 AND span = $2 AND number >= $3";
    INSERT_SUPERSEDED = "INSERT INTO series_superseded (series_id, number, points)
                         VALUES ($1, (SELECT COALESCE(MAX(number), -1) + 1 FROM series_superseded
                                      WHERE series_id = $1), $2)";
    LIST_SUPERSEDED = "SELECT points FROM series_superseded WHERE series_id = $1 ORDER BY number";
    INSERT_RESTART = "INSERT INTO series_restart (series_id, number, step, time)
                      VALUES ($1, $2, $3, $4)";
    LIST_RESTARTS = "SELECT step, time FROM series_restart WHERE series_id = $1
                     ORDER BY number DESC LIMIT $2";
    DELETE_BLOCKS_OF_RUN = "DELETE FROM series_block
                            WHERE series_id IN (SELECT id FROM series WHERE owner = $1)";
    DELETE_SPANS_OF_RUN = "DELETE FROM series_span
                           WHERE series_id IN (SELECT id FROM series WHERE owner = $1)";
    DELETE_SUPERSEDED_OF_RUN = "DELETE FROM series_superseded
                                WHERE series_id IN (SELECT id FROM series WHERE owner = $1)";
    DELETE_RESTARTS_OF_RUN = "DELETE FROM series_restart
                              WHERE series_id IN (SELECT id FROM series WHERE owner = $1)";
}

/// Summaries in one row.
const SUMMARIES_PER_ROW: u64 = 64;

/// The points of blocks from number `from` on, those before `to`.
pub(super) fn list(tx: &mut Tx, id: i64, from: u64, to: u64) -> Result<Vec<Point>, StoreError> {
    let params: [&dyn crate::ToValue; 3] = [&id, &bounded(from), &bounded(to)];
    let blocks = tx.query(LIST_BLOCKS, &params, |row| row.blob("points"))?;
    joined(id, "series_block", &blocks)
}

/// Puts `points` in the place of all blocks from number `from` on.
pub(super) fn replace(tx: &mut Tx, id: i64, from: u64, points: &[Point]) -> Result<(), StoreError> {
    let mut number = bounded(from);
    for block in points.chunks(block::BLOCK_POINTS) {
        tx.execute_one(SAVE_BLOCK, &[&id, &number, &block::encode(block)])?;
        number += 1;
    }
    tx.execute(DELETE_BLOCKS, &[&id, &number]).map(drop)
}

/// Summaries of `span` points each, from the `from`-th on, those before the `to`-th.
pub(super) fn list_summaries(
    tx: &mut Tx,
    id: i64,
    span: u64,
    from: u64,
    to: u64,
) -> Result<Vec<Summary>, StoreError> {
    let (first, end) = (from / SUMMARIES_PER_ROW, to.div_ceil(SUMMARIES_PER_ROW));
    let params: [&dyn crate::ToValue; 4] = [&id, &bounded(span), &bounded(first), &bounded(end)];
    let rows = tx.query(LIST_SPANS, &params, |row| row.blob("summaries"))?;
    let mut summaries = Vec::new();
    for row in rows {
        let read = summary::decode(&row);
        summaries.extend(read.ok_or_else(|| damaged(id, "series_span"))?);
    }
    let skipped = from - first * SUMMARIES_PER_ROW;
    let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    summaries.truncate(within(to - first * SUMMARIES_PER_ROW));
    Ok(summaries.split_off(within(skipped).min(summaries.len())))
}

/// Puts `summaries` in the place of all of this span from the `from`-th on.
pub(super) fn replace_summaries(
    tx: &mut Tx,
    id: i64,
    span: u64,
    from: u64,
    summaries: &[Summary],
) -> Result<(), StoreError> {
    let first = from / SUMMARIES_PER_ROW;
    let mut all = list_summaries(tx, id, span, first * SUMMARIES_PER_ROW, from)?;
    all.extend(summaries);
    let mut number = bounded(first);
    let per_row = usize::try_from(SUMMARIES_PER_ROW).unwrap_or(usize::MAX);
    for row in all.chunks(per_row) {
        let params: [&dyn crate::ToValue; 4] =
            [&id, &bounded(span), &number, &summary::encode(row)];
        tx.execute_one(SAVE_SPAN, &params)?;
        number += 1;
    }
    tx.execute(DELETE_SPANS, &[&id, &bounded(span), &number])
        .map(drop)
}

pub(super) fn insert_superseded(tx: &mut Tx, id: i64, points: &[Point]) -> Result<(), StoreError> {
    for block in points.chunks(block::BLOCK_POINTS) {
        tx.execute_one(INSERT_SUPERSEDED, &[&id, &block::encode(block)])?;
    }
    Ok(())
}

pub(super) fn list_superseded(tx: &mut Tx, id: i64) -> Result<Vec<Point>, StoreError> {
    let blocks = tx.query(LIST_SUPERSEDED, &[&id], |row| row.blob("points"))?;
    joined(id, "series_superseded", &blocks)
}

/// Notes where the program went back to, the first of them as number `from`.
pub(super) fn insert_restarts(
    tx: &mut Tx,
    id: i64,
    from: u64,
    restarts: &[Point],
) -> Result<(), StoreError> {
    for (number, restart) in (bounded(from)..).zip(restarts) {
        let params: [&dyn crate::ToValue; 4] = [&id, &number, &restart.step, &restart.time_millis];
        tx.execute_one(INSERT_RESTART, &params)?;
    }
    Ok(())
}

/// The latest of them, in order.
pub(super) fn list_restarts(tx: &mut Tx, id: i64, limit: i64) -> Result<Vec<Restart>, StoreError> {
    let mut restarts = tx.query(LIST_RESTARTS, &[&id, &limit], |row| {
        Ok(Restart {
            step: row.i64("step")?,
            time_millis: row.i64("time")?,
        })
    })?;
    restarts.reverse();
    Ok(restarts)
}

pub(super) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    for sql in [
        DELETE_BLOCKS_OF_RUN,
        DELETE_SPANS_OF_RUN,
        DELETE_SUPERSEDED_OF_RUN,
        DELETE_RESTARTS_OF_RUN,
    ] {
        tx.execute(sql, &[&run])?;
    }
    Ok(())
}

fn joined(id: i64, table: &'static str, blocks: &[Vec<u8>]) -> Result<Vec<Point>, StoreError> {
    let mut points = Vec::with_capacity(blocks.len() * block::BLOCK_POINTS);
    for bytes in blocks {
        points.extend(block::decode(bytes).map_err(|_| damaged(id, table))?);
    }
    Ok(points)
}

fn damaged(id: i64, table: &'static str) -> StoreError {
    StoreError::Inconsistent {
        table,
        column: "points",
        row: id.to_string(),
    }
}

fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

//! From points as they came to blocks of the curve.

use cupola_domain::metric::Point;
use cupola_series::{
    block::BLOCK_POINTS,
    chart::SPANS,
    curve,
    summary::{Summary, of_spans},
};

use super::{Last, SAVE_FOLDED, Series, blocks, extremes};
use crate::{StoreError, Tx};

/// With so many points waiting, a fold writes a whole block.
const POINTS_DUE: i64 = 4_096;

/// With so many reports waiting, a reader has many rows to join.
const BLOCKS_DUE: i64 = 64;

pub(super) const PER_BLOCK: u64 = BLOCK_POINTS as u64;

/// Whether so much waits that it is folded.
pub(super) fn is_due(points: i64, blocks: i64) -> bool {
    points >= POINTS_DUE || blocks >= BLOCKS_DUE
}

/// Rewrites the end of the curve, from the first block that what arrived changes.
pub(super) fn fold(tx: &mut Tx, series: &Series, arrived: &[Point]) -> Result<(), StoreError> {
    if arrived.is_empty() {
        return Ok(());
    }
    let from = first_changed(tx, series, arrived)?;
    let mut points = blocks::list(tx, series.id, from, u64::MAX)?;
    let before = points.len();
    let is_appended = points
        .last()
        .is_none_or(|last| last.step <= arrived[0].step)
        && arrived.is_sorted_by_key(|point| point.step);
    let change = curve::extend(&mut points, arrived);
    debug_assert!(!is_appended || points.len() == before + arrived.len());

    blocks::replace(tx, series.id, from, &points)?;
    blocks::insert_superseded(tx, series.id, &change.superseded)?;
    blocks::insert_restarts(tx, series.id, series.restarts, &change.restarts)?;
    let of_all = replace_summaries(tx, series.id, from, &points)?;
    let last = Last::of(points.last());
    let (min, max) = of_all.as_ref().map_or((None, None), extremes);
    let folded = from * PER_BLOCK + points.len() as u64;
    let superseded = series.superseded + change.superseded.len() as u64;
    let restarts = series.restarts + change.restarts.len() as u64;
    let revision = series.revision + u64::from(!is_appended);
    tx.execute_one(
        SAVE_FOLDED,
        &[
            &series.id,
            &signed(folded),
            &signed(superseded),
            &signed(revision),
            &last.step,
            &last.time,
            &last.value,
            &last.word,
            &min,
            &max,
            &signed(restarts),
        ],
    )
}

/// The number of the first block that `arrived` changes: the last one when it is not full, unless an
/// earlier step arrived.
fn first_changed(tx: &mut Tx, series: &Series, arrived: &[Point]) -> Result<u64, StoreError> {
    let last = series.folded / PER_BLOCK;
    if !series.is_disordered {
        return Ok(last);
    }
    let earliest = arrived.iter().map(|point| point.step).min();
    let of_blocks = blocks::list_summaries(
        tx,
        series.id,
        PER_BLOCK,
        0,
        series.folded.div_ceil(PER_BLOCK),
    )?;
    let is_before = |block: &Summary| earliest.is_some_and(|step| block.last.step < step);
    Ok(last.min(of_blocks.partition_point(is_before) as u64))
}

/// Writes the summaries of all spans from block `from` on, and gives that of the whole curve.
fn replace_summaries(
    tx: &mut Tx,
    id: i64,
    from: u64,
    points: &[Point],
) -> Result<Option<Summary>, StoreError> {
    let [fine, block, coarse] = SPANS;
    let span = |span: u64| usize::try_from(span).unwrap_or(usize::MAX);
    let first_fine = from * (PER_BLOCK / fine);
    blocks::replace_summaries(tx, id, fine, first_fine, &of_spans(points, span(fine)))?;
    let of_blocks = of_spans(points, span(block));
    blocks::replace_summaries(tx, id, block, from, &of_blocks)?;
    let blocks_per_coarse = coarse / block;
    let first_coarse = from / blocks_per_coarse;
    let aligned = first_coarse * blocks_per_coarse;
    let mut below = blocks::list_summaries(tx, id, block, aligned, from)?;
    below.extend(of_blocks);
    let joined = |part: &[Summary]| part.iter().copied().reduce(Summary::and);
    let coarser: Vec<Summary> = below
        .chunks(span(blocks_per_coarse))
        .filter_map(joined)
        .collect();
    blocks::replace_summaries(tx, id, coarse, first_coarse, &coarser)?;
    let before = blocks::list_summaries(tx, id, coarse, 0, first_coarse)?;
    Ok(before.into_iter().chain(coarser).reduce(Summary::and))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

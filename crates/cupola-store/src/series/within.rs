//! A window of a curve, found by going down through the summaries: what is read depends on the window, and
//! hardly on how long the curve is.

use std::ops::Range;

use cupola_domain::metric::Point;
use cupola_series::{
    chart::{SPANS, Window},
    summary::Summary,
};

use super::{Series, blocks, fold::PER_BLOCK};
use crate::{StoreError, Tx};

const COARSEST: usize = SPANS.len() - 1;

/// The folded blocks from the first that reaches into the window to the last one.
pub(super) fn reached(
    tx: &mut Tx,
    series: &Series,
    window: Window,
) -> Result<Range<u64>, StoreError> {
    let reaching = coarsest(tx, series, window)?;
    let first = outermost(tx, series, window, reaching.iter().copied(), true)?;
    let last = outermost(tx, series, window, reaching.iter().rev().copied(), false)?;
    Ok(first
        .zip(last)
        .map_or(0..0, |(first, last)| first..last + 1))
}

/// Summaries that stand for all folded points of the window and for no others: the longest ones inside it,
/// shorter ones and single points at its ends.
pub(super) fn cover(
    tx: &mut Tx,
    series: &Series,
    window: Window,
) -> Result<Vec<Summary>, StoreError> {
    let mut covering = Vec::new();
    let all = 0..series.folded.div_ceil(SPANS[COARSEST]);
    descend(tx, (series.id, COARSEST), window, all, &mut covering)?;
    Ok(covering)
}

/// The numbers of the coarsest summaries that reach into the window.
fn coarsest(tx: &mut Tx, series: &Series, window: Window) -> Result<Vec<u64>, StoreError> {
    let span = SPANS[COARSEST];
    let count = series.folded.div_ceil(span);
    let all = blocks::list_summaries(tx, series.id, span, 0, count)?;
    let reaching = (0..).zip(&all).filter(|(_, entry)| reaches(window, entry));
    Ok(reaching.map(|(number, _)| number).collect())
}

/// The first or the last block that reaches into the window, below the first of these coarsest summaries
/// that has such a block.
fn outermost(
    tx: &mut Tx,
    series: &Series,
    window: Window,
    coarsest: impl Iterator<Item = u64>,
    is_first: bool,
) -> Result<Option<u64>, StoreError> {
    let each = SPANS[COARSEST] / PER_BLOCK;
    for number in coarsest {
        let from = number * each;
        let below = blocks::list_summaries(tx, series.id, PER_BLOCK, from, from + each)?;
        let is_reached = |entry: &Summary| reaches(window, entry);
        let found = if is_first {
            below.iter().position(is_reached)
        } else {
            below.iter().rposition(is_reached)
        };
        if let Some(at) = found {
            return Ok(Some(from + at as u64));
        }
    }
    Ok(None)
}

fn descend(
    tx: &mut Tx,
    (id, level): (i64, usize),
    window: Window,
    numbers: Range<u64>,
    covering: &mut Vec<Summary>,
) -> Result<(), StoreError> {
    let span = SPANS[level];
    let entries = blocks::list_summaries(tx, id, span, numbers.start, numbers.end)?;
    for (number, entry) in (numbers.start..).zip(entries) {
        let (first, last) = window.axis.range(&entry);
        if !reaches(window, &entry) {
            continue;
        }
        if window.from <= first && last <= window.to {
            covering.push(entry);
        } else if let Some(finer) = level.checked_sub(1) {
            let each = span / SPANS[finer];
            let below = number * each..(number + 1) * each;
            descend(tx, (id, finer), window, below, covering)?;
        } else {
            let points = points_of(tx, id, number * span, span)?;
            let inside = points.iter().filter(|point| window.has(point));
            covering.extend(inside.map(Summary::of_point));
        }
    }
    Ok(())
}

/// `count` points from the `from`-th on, all of which are in one block.
fn points_of(tx: &mut Tx, id: i64, from: u64, count: u64) -> Result<Vec<Point>, StoreError> {
    let number = from / PER_BLOCK;
    let mut points = blocks::list(tx, id, number, number + 1)?;
    let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let skipped = within(from % PER_BLOCK).min(points.len());
    points.truncate(skipped.saturating_add(within(count)));
    Ok(points.split_off(skipped))
}

fn reaches(window: Window, entry: &Summary) -> bool {
    let (first, last) = window.axis.range(entry);
    first <= window.to && window.from <= last
}

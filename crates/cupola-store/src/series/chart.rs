//! Reading: the level that suffices, and what waits to be folded on top.

use std::ops::Range;

use cupola_domain::metric::Point;
use cupola_series::{
    chart::{Axis, Level, Window, level, of_points, reduce},
    curve,
    summary::Summary,
};

use super::{Series, blocks, fold::PER_BLOCK, pending, within};
use crate::{StoreError, Tx};

/// Whoever reads all points of a window does so by so many blocks.
const BLOCKS_PER_PART: u64 = 16;

/// What part of a curve is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What the chart has from left to right.
    pub axis: Axis,
    /// The first step or time; `None` is the curve's first.
    pub from: Option<i64>,
    /// The last step or time; `None` is the curve's last.
    pub to: Option<i64>,
    /// How many columns of pixels there are.
    pub columns: u32,
}

/// What a chart shows.
#[derive(Debug, Clone)]
pub struct Chart {
    /// From left to right; each stands for at least one point.
    pub entries: Vec<Summary>,
    /// Whether any of them stands for several points.
    pub is_reduced: bool,
}

/// Of blocks and of what waits behind them.
struct Known {
    /// One summary for each block.
    blocks: Vec<Summary>,
    /// The points that wait.
    tail: Vec<Point>,
}

pub(super) fn chart(tx: &mut Tx, series: &Series, asked: Asked) -> Result<Chart, StoreError> {
    let known = known(tx, series)?;
    let Some(window) = known.window(asked) else {
        return Ok(Chart {
            entries: Vec::new(),
            is_reduced: false,
        });
    };
    let overlapping = known.overlapping(window);
    let (from, to) = (overlapping.start as u64, overlapping.end as u64);
    let reached = &known.blocks[overlapping];
    let inside: u64 = reached.iter().map(|block| block.count).sum();
    let mut entries = match level(inside + known.tail.len() as u64, window.columns) {
        Level::Points => {
            let mut points = blocks::list(tx, series.id, from, to)?;
            points.extend(&known.tail);
            let (entries, is_reduced) = of_points(&points, window);
            return Ok(Chart {
                entries,
                is_reduced,
            });
        }
        Level::Span(span) => summaries(tx, series, reached, (span, from, to))?,
    };
    entries.extend(known.tail.iter().map(Summary::of_point));
    let entries = reduce(&entries, window);
    let is_reduced = entries.iter().any(|entry| entry.count > 1);
    Ok(Chart {
        entries,
        is_reduced,
    })
}

pub(super) fn outline(
    tx: &mut Tx,
    series: &Series,
    asked: Asked,
) -> Result<Vec<Summary>, StoreError> {
    let known = known(tx, series)?;
    let Some(window) = known.window(asked) else {
        return Ok(Vec::new());
    };
    let overlapping = known.overlapping(window);
    let (from, to) = (overlapping.start as u64, overlapping.end as u64);
    let reached = &known.blocks[overlapping];
    let inside: u64 = reached.iter().map(|block| block.count).sum();
    // A chart reads two entries a column.
    let columns = window.columns.div_ceil(2);
    let mut entries = match level(inside + known.tail.len() as u64, columns) {
        Level::Points => {
            let points = blocks::list(tx, series.id, from, to)?;
            points.iter().map(Summary::of_point).collect()
        }
        Level::Span(span) => summaries(tx, series, reached, (span, from, to))?,
    };
    entries.extend(known.tail.iter().map(Summary::of_point));
    Ok(entries)
}

/// One summary for each `span` points of the blocks from one to before another.
fn summaries(
    tx: &mut Tx,
    series: &Series,
    blocks: &[Summary],
    (span, from, to): (u64, u64, u64),
) -> Result<Vec<Summary>, StoreError> {
    if span == PER_BLOCK {
        return Ok(blocks.to_vec());
    }
    let (first, end) = (from * PER_BLOCK / span, (to * PER_BLOCK).div_ceil(span));
    blocks::list_summaries(tx, series.id, span, first, end)
}

pub(super) fn points(
    tx: &mut Tx,
    series: &Series,
    from: u64,
    limit: usize,
) -> Result<Vec<Point>, StoreError> {
    let end = from.saturating_add(limit as u64);
    if series.is_disordered {
        let mut points = known(tx, series)?.tail;
        points.truncate(bounded(end));
        return Ok(points.split_off(bounded(from).min(points.len())));
    }
    let folded = series.folded;
    let first = from.min(folded) / PER_BLOCK;
    let last = end.min(folded).div_ceil(PER_BLOCK);
    let mut points = blocks::list(tx, series.id, first, last)?;
    if end > folded {
        points.extend(pending::list(tx, series.id)?);
    }
    let skipped = bounded(from - first * PER_BLOCK).min(points.len());
    points.truncate(skipped.saturating_add(limit));
    Ok(points.split_off(skipped))
}

pub(super) fn points_within(
    tx: &mut Tx,
    series: &Series,
    asked: Asked,
    from: u64,
) -> Result<(Vec<Point>, Option<u64>), StoreError> {
    let window = Window {
        axis: asked.axis,
        from: asked.from.unwrap_or(i64::MIN),
        to: asked.to.unwrap_or(i64::MAX),
        columns: asked.columns,
    };
    let (mut points, next) = if series.is_disordered {
        (known(tx, series)?.tail, None)
    } else {
        let blocks = within::reached(tx, series, window)?;
        let (first, end) = (from.max(blocks.start), blocks.end);
        let stop = first.saturating_add(BLOCKS_PER_PART).min(end).max(first);
        let mut points = blocks::list(tx, series.id, first, stop)?;
        let next = (stop < end).then_some(stop);
        if next.is_none() {
            points.extend(pending::list(tx, series.id)?);
        }
        (points, next)
    };
    points.retain(|point| window.has(point));
    Ok((points, next))
}

pub(super) fn cover(
    tx: &mut Tx,
    series: &Series,
    window: Window,
) -> Result<Vec<Summary>, StoreError> {
    let (mut covering, tail) = if series.is_disordered {
        (Vec::new(), known(tx, series)?.tail)
    } else {
        let folded = within::cover(tx, series, window)?;
        (folded, pending::list(tx, series.id)?)
    };
    let inside = tail.iter().filter(|point| window.has(point));
    covering.extend(inside.map(Summary::of_point));
    Ok(covering)
}

fn bounded(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What waits is in the curve's order, or the whole curve is put in order here: that is so only until
/// the fold that is due.
fn known(tx: &mut Tx, series: &Series) -> Result<Known, StoreError> {
    let arrived = pending::list(tx, series.id)?;
    if series.is_disordered {
        let mut tail = blocks::list(tx, series.id, 0, u64::MAX)?;
        curve::extend(&mut tail, &arrived);
        return Ok(Known {
            blocks: Vec::new(),
            tail,
        });
    }
    let count = series.folded.div_ceil(PER_BLOCK);
    Ok(Known {
        blocks: blocks::list_summaries(tx, series.id, PER_BLOCK, 0, count)?,
        tail: arrived,
    })
}

impl Known {
    /// The window that is asked for, with the curve's ends where none are said.
    fn window(&self, asked: Asked) -> Option<Window> {
        let all = self.blocks.iter().copied();
        let whole = all.chain(Summary::of(&self.tail)).reduce(Summary::and)?;
        let (first, last) = asked.axis.range(&whole);
        let (from, to) = (asked.from.unwrap_or(first), asked.to.unwrap_or(last));
        (from <= to).then_some(Window {
            axis: asked.axis,
            from,
            to,
            columns: asked.columns,
        })
    }

    /// From the first block that reaches into the window to the last one.
    fn overlapping(&self, window: Window) -> Range<usize> {
        let reaches = |block: &Summary| {
            let (first, last) = window.axis.range(block);
            first <= window.to && window.from <= last
        };
        let first = self.blocks.iter().position(reaches);
        let last = self.blocks.iter().rposition(reaches);
        first.zip(last).map_or(0..0, |(a, b)| a..b + 1)
    }
}

//! All that was ever logged of one series: what a restart superseded too, what was said twice once.

use std::ops::RangeInclusive;

use cupola_domain::{ids::RunId, metric::Point};
use cupola_series::chart::Axis;
use cupola_store::{
    Tx, runs,
    series::{self, Asked},
};

use crate::{Hub, HubError, series::Series};

/// So many points are put in the order of their times; more come in the order of the curve.
const SORTED_MAX: u64 = 200_000;

/// Steps of a longer curve are looked at by so many columns at least.
const COLUMNS_MIN: usize = 2_500;

/// A part of a series' history.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// By time, step and value.
    pub points: Vec<Point>,
    /// Where to go on; none at the end.
    pub next: Option<u64>,
}

impl Hub {
    /// Up to `limit` points of what was ever logged of a series, from `from` on.
    pub fn run_history(
        &self,
        run: RunId,
        name: &str,
        from: u64,
        limit: usize,
    ) -> Result<History, HubError> {
        let name = name.to_owned();
        self.read(move |tx| {
            runs::find_target(tx, run)?.ok_or_else(|| HubError::not_found("run", run))?;
            let Some(series) = series::find(tx, run, &name)? else {
                return Ok(History {
                    points: Vec::new(),
                    next: None,
                });
            };
            match series.points + series.superseded {
                total if total <= SORTED_MAX => sorted(tx, &series, from, limit),
                total => as_curve(tx, &series, (from, limit), total),
            }
        })
    }

    /// Up to `limit` points of what was ever logged of a series within some steps, spread evenly, by step
    /// and time. A curve with very many points is looked at by its summaries: what a restart superseded
    /// is then not among them.
    pub fn run_history_within(
        &self,
        run: RunId,
        name: &str,
        steps: RangeInclusive<i64>,
        limit: usize,
    ) -> Result<Vec<Point>, HubError> {
        let name = name.to_owned();
        self.read(move |tx| {
            runs::find_target(tx, run)?.ok_or_else(|| HubError::not_found("run", run))?;
            let Some(series) = series::find(tx, run, &name)? else {
                return Ok(Vec::new());
            };
            let mut points = match series.points + series.superseded {
                total if total <= SORTED_MAX => all(tx, &series)?,
                _ => outlined(tx, &series, &steps, limit)?,
            };
            points.retain(|point| steps.contains(&point.step));
            points.sort_by_key(|point| (point.step, point.time_millis));
            let picked = spread(points.len(), limit);
            Ok(picked.map(|at| points[at]).collect())
        })
    }
}

/// All that was ever logged, in no order.
fn all(tx: &mut Tx, series: &Series) -> Result<Vec<Point>, HubError> {
    let mut points = series::points(tx, series, 0, usize::MAX)?;
    points.extend(series::superseded(tx, series)?);
    Ok(points)
}

/// The first and the last point of each column, of no fewer columns than points are wanted.
fn outlined(
    tx: &mut Tx,
    series: &Series,
    steps: &RangeInclusive<i64>,
    limit: usize,
) -> Result<Vec<Point>, HubError> {
    let first = series::points(tx, series, 0, 1)?;
    let first = first.first().map_or(i64::MIN, |point| point.step);
    let last = series.last.map_or(i64::MAX, |point| point.step);
    // Beyond the ends of the curve there are no columns.
    let asked = Asked {
        axis: Axis::Step,
        from: Some(*steps.start()).filter(|from| *from > first),
        to: Some(*steps.end()).filter(|to| *to < last),
        columns: u32::try_from(limit.max(COLUMNS_MIN)).unwrap_or(u32::MAX),
    };
    let entries = series::chart(tx, series, asked)?.entries.into_iter();
    let mut points: Vec<Point> = entries
        .flat_map(|entry| [entry.first, entry.last])
        .collect();
    points.dedup();
    Ok(points)
}

/// At most `limit` of `count` places, evenly, the first and the last among them.
fn spread(count: usize, limit: usize) -> impl Iterator<Item = usize> {
    let picked = count.min(limit);
    (0..picked).map(move |at| match picked {
        1 => count - 1,
        _ => at * (count - 1) / (picked - 1),
    })
}

fn sorted(tx: &mut Tx, series: &Series, from: u64, limit: usize) -> Result<History, HubError> {
    let mut points = all(tx, series)?;
    let key = |point: &Point| (point.time_millis, point.step);
    points.sort_by(|a, b| key(a).cmp(&key(b)).then(a.value.total_cmp(&b.value)));
    points.dedup_by(|a, b| key(a) == key(b) && a.value.to_bits() == b.value.to_bits());
    let total = points.len() as u64;
    let page = points.into_iter().skip(usize_of(from)).take(limit);
    Ok(part(page.collect(), from, total))
}

fn as_curve(
    tx: &mut Tx,
    series: &Series,
    (from, limit): (u64, usize),
    total: u64,
) -> Result<History, HubError> {
    let mut points = if from < series.points {
        series::points(tx, series, from, limit)?
    } else {
        Vec::new()
    };
    if points.len() < limit && series.superseded > 0 {
        let passed = usize_of((from + points.len() as u64).saturating_sub(series.points));
        let rest = series::superseded(tx, series)?.into_iter().skip(passed);
        points.extend(rest.take(limit - points.len()));
    }
    Ok(part(points, from, total))
}

fn part(points: Vec<Point>, from: u64, total: u64) -> History {
    let next = from + points.len() as u64;
    let is_more = next < total && !points.is_empty();
    History {
        next: is_more.then_some(next),
        points,
    }
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_evenly() {
        let check = |count, limit, expected: &[usize]| {
            assert_eq!(spread(count, limit).collect::<Vec<_>>(), expected);
        };
        check(0, 5, &[]);
        check(3, 5, &[0, 1, 2]);
        check(10, 1, &[9]);
        check(10, 4, &[0, 3, 6, 9]);
    }
}

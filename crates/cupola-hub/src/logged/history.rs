//! All that was ever logged of one series: what a restart superseded too, what was said twice once.

use cupola_domain::{ids::RunId, metric::Point};
use cupola_store::{Tx, runs, series};

use crate::{Hub, HubError, series::Series};

/// So many points are put in the order of their times; more come in the order of the curve.
const SORTED_MAX: u64 = 200_000;

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
}

fn sorted(tx: &mut Tx, series: &Series, from: u64, limit: usize) -> Result<History, HubError> {
    let mut points = series::points(tx, series, 0, usize::MAX)?;
    points.extend(series::superseded(tx, series)?);
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

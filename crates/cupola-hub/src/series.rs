//! Series: what a run measured over its steps.

use cupola_domain::{ids::RunId, metric::Point};
use cupola_store::{runs, series};

use crate::{Hub, HubError};

pub use cupola_series::{chart::Axis, summary::Summary};
pub use cupola_store::series::{Asked, Chart, Owner, Series};

/// A cursor has the curve's revision above this bit, and how many of its points were read below.
const REVISION_BIT: u32 = 44;

/// Points of one answer.
const POINTS_PER_PART: usize = 250_000;

impl Hub {
    /// The points of one series from cursor `after` on, in the order of the curve, and the cursor to go
    /// on with: a long curve takes several calls.
    ///
    /// When the curve has changed other than at its end since the cursor was given, all of it comes
    /// again: its first step is then not beyond the last one that was read.
    pub fn run_series(
        &self,
        id: RunId,
        name: &str,
        after: i64,
    ) -> Result<(Vec<Point>, i64), HubError> {
        let name = name.to_owned();
        self.read(move |tx| {
            runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let Some(series) = series::find(tx, id, &name)? else {
                return Ok((Vec::new(), after));
            };
            let from = read_before(&series, after).unwrap_or(0);
            let points = series::points(tx, &series, from, POINTS_PER_PART)?;
            let next = cursor(&series, from + points.len() as u64);
            Ok((points, next))
        })
    }
}

/// How much of the curve as it is now was read before cursor `after`; `None` when it has changed since
/// other than at its end.
pub(crate) fn read_before(series: &Series, after: i64) -> Option<u64> {
    let after = after.unsigned_abs();
    let (revision, count) = (after >> REVISION_BIT, after & ((1 << REVISION_BIT) - 1));
    (revision == series.revision).then_some(count)
}

/// The cursor behind so much of the curve.
pub(crate) fn cursor(series: &Series, count: u64) -> i64 {
    i64::try_from(series.revision << REVISION_BIT | count).unwrap_or(i64::MAX)
}

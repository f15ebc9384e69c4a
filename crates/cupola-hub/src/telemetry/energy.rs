//! The energy of a time on a worker, from the power that it measured.

use std::time::Duration;

use cupola_domain::{ids::WorkerId, telemetry::Quantity, time::Timestamp};
use cupola_series::chart::Axis;
use cupola_store::{
    StoreError, Tx,
    series::{self, Asked},
};

use super::points_of;
use crate::{Hub, HubError};

/// Between two samples that lie further apart than this nobody measured.
const GAP_MAX: Duration = Duration::from_secs(90);

/// Where less than this share of a time was measured, nobody knows its energy.
const COVERED_MIN: f64 = 0.8;

/// A worker has fewer quantities than this.
const NAMES_MAX: i64 = 1_000;

impl Hub {
    /// What a worker's processors took from one moment to another, in watt-hours, as far as they say
    /// so: the sum over those that were measured for at least four fifths of the time, each at its mean
    /// power. `None` where none was.
    pub fn energy_of(
        &self,
        worker: WorkerId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Option<f64>, HubError> {
        self.read(move |tx| Ok(find(tx, worker, from, to)?))
    }
}

/// The same within a transaction.
pub(crate) fn find(
    tx: &mut Tx,
    worker: WorkerId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Option<f64>, StoreError> {
    let reach = |at: Timestamp| (at.minus(GAP_MAX), at.plus(GAP_MAX));
    let asked = Asked {
        axis: Axis::Time,
        from: Some(reach(from).0.millis()),
        to: Some(reach(to).1.millis()),
        columns: 1,
    };
    let mut total = None;
    for name in series::list_names(tx, worker, NAMES_MAX)? {
        if !name.parse().is_ok_and(Quantity::is_power) {
            continue;
        }
        if let Some(series) = series::find(tx, worker, &name)? {
            let points = points_of(tx, &series, asked)?;
            if let Some(energy) = watt_hours(&points, from, to) {
                total = Some(total.unwrap_or(0.0) + energy);
            }
        }
    }
    Ok(total)
}

/// What power adds up to between two moments. A sample stands from the middle between it and the one
/// before to the middle between it and the next, the outermost as far on their outer side.
fn watt_hours(points: &[(Timestamp, f64)], from: Timestamp, to: Timestamp) -> Option<f64> {
    let span = to.since(from).as_secs_f64();
    let (mut covered, mut joules) = (0.0, 0.0);
    for (at, (moment, watts)) in points.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| gap(points, at));
        let after = gap(points, at);
        let (Some(least), Some(most)) = (before.or(after), after.or(before)) else {
            continue;
        };
        let (least, most) = (moment.minus(least / 2), moment.plus(most / 2));
        let secs = most.min(to).since(least.max(from)).as_secs_f64();
        covered += secs;
        joules += watts * secs;
    }
    (span > 0.0 && covered >= COVERED_MIN * span).then(|| joules / covered * span / 3_600.0)
}

/// The time between a sample and the next, if somebody measured meanwhile.
fn gap(points: &[(Timestamp, f64)], at: usize) -> Option<Duration> {
    let next = points.get(at + 1)?.0;
    Some(next.since(points[at].0)).filter(|gap| *gap <= GAP_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples as (second, watts), and the seconds that are asked for.
    fn check(samples: &[(i64, f64)], (from, to): (i64, i64), expected: Option<f64>) {
        let at = |secs: i64| Timestamp::from_millis(secs * 1000);
        let points: Vec<_> = samples
            .iter()
            .map(|(secs, watts)| (at(*secs), *watts))
            .collect();
        let found = watt_hours(&points, at(from), at(to));
        assert_eq!(
            found.map(|wh| (wh * 1e6).round() / 1e6),
            expected,
            "{samples:?}"
        );
    }

    fn every(secs: usize, count: i64, watts: f64) -> Vec<(i64, f64)> {
        (0..count).step_by(secs).map(|at| (at, watts)).collect()
    }

    #[test]
    fn an_hour_at_a_hundred_watts_is_a_hundred_watt_hours() {
        check(&every(5, 3_700, 100.0), (50, 3_650), Some(100.0));
        check(&every(30, 3_700, 100.0), (50, 3_650), Some(100.0));
    }

    #[test]
    fn each_sample_counts_for_its_surroundings() {
        // Half a minute at 0, half at 120 W.
        check(
            &[
                (0, 0.0),
                (10, 0.0),
                (20, 0.0),
                (40, 120.0),
                (50, 120.0),
                (60, 120.0),
            ],
            (0, 60),
            Some(1.0),
        );
    }

    #[test]
    fn what_was_hardly_measured_is_unknown() {
        check(&[], (0, 60), None);
        check(&[(30, 100.0)], (0, 60), None);
        check(&every(5, 40, 100.0), (0, 60), None);
        check(&every(5, 60, 100.0), (60, 60), None);
        check(&every(5, 60, 100.0), (60, 0), None);
        // Nobody measured for three minutes in between.
        let mut torn = every(5, 60, 100.0);
        torn.extend(
            every(5, 60, 100.0)
                .iter()
                .map(|(at, watts)| (at + 240, *watts)),
        );
        check(&torn, (0, 300), None);
    }
}

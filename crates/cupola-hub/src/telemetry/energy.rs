//! The energy of a time on a worker, from the power that it measured.

use std::time::Duration;

use cupola_domain::{ids::WorkerId, telemetry::Quantity, time::Timestamp};
use cupola_series::{
    chart::{Axis, Window},
    summary::Summary,
};
use cupola_store::{StoreError, Tx, series};

/// Between two samples that lie further apart than this nobody measured.
const GAP_MAX: Duration = Duration::from_secs(90);

/// Where less than this share of a time was measured, nobody knows its energy.
const COVERED_MIN: f64 = 0.8;

/// Where samples lie so much further apart than they usually do, some are missing.
const JITTER: f64 = 1.25;

/// A worker has fewer quantities than this.
const NAMES_MAX: i64 = 1_000;

/// What a worker's processors took from one moment to another, in watt-hours, as far as they say so: the
/// sum over those that were measured for at least four fifths of the time, each at its mean power. `None`
/// where none was. However long the time, little is read: its inside as summaries, its ends as samples.
pub(crate) fn find(
    tx: &mut Tx,
    worker: WorkerId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Option<f64>, StoreError> {
    let window = Window {
        axis: Axis::Time,
        from: from.minus(GAP_MAX).millis(),
        to: to.plus(GAP_MAX).millis(),
        columns: 1,
    };
    let mut total = None;
    for name in series::list_names(tx, worker, NAMES_MAX)? {
        if !name.parse().is_ok_and(Quantity::is_power) {
            continue;
        }
        if let Some(series) = series::find(tx, worker, &name)? {
            let measured = series::cover(tx, &series, window)?;
            if let Some(energy) = watt_hours(&measured, from, to) {
                total = Some(total.unwrap_or(0.0) + energy);
            }
        }
    }
    Ok(total)
}

/// What power adds up to between two moments, by what neighbouring samples have in common. Each stands
/// from the middle between it and the one before to the middle between it and the next, the outermost as
/// far on their outer side.
fn watt_hours(measured: &[Summary], from: Timestamp, to: Timestamp) -> Option<f64> {
    let span = to.since(from).as_secs_f64();
    let usual = usual_gap(measured);
    let (mut covered, mut joules) = (0.0, 0.0);
    for (at, entry) in measured.iter().enumerate() {
        let Some(watts) = entry.mean() else {
            continue;
        };
        let before = at.checked_sub(1).and_then(|at| gap(measured, at));
        let after = gap(measured, at);
        let (first, last) = (start(entry), end(entry));
        let reach = (
            first.minus(before.or(after).unwrap_or_default() / 2),
            last.plus(after.or(before).unwrap_or_default() / 2),
        );
        let within = |a: Timestamp, b: Timestamp| b.min(to).since(a.max(from)).as_secs_f64();
        let secs = within(reach.0, first)
            + within(last, reach.1)
            + within(first, last) * sampled_part(entry, usual);
        covered += secs;
        joules += watts * secs;
    }
    (span > 0.0 && covered >= COVERED_MIN * span).then(|| joules / covered * span / 3_600.0)
}

/// The time between an entry and the next, if somebody measured meanwhile.
fn gap(measured: &[Summary], at: usize) -> Option<Duration> {
    let next = start(measured.get(at + 1)?);
    Some(next.since(end(&measured[at]))).filter(|gap| *gap <= GAP_MAX)
}

/// How far two samples are apart, for most of them: the median.
fn usual_gap(measured: &[Summary]) -> Option<Duration> {
    let inside = measured.iter().filter_map(|entry| {
        let gaps = entry.count.checked_sub(1).filter(|gaps| *gaps > 0)?;
        Some((mean_gap(entry)?, gaps))
    });
    let between = (0..measured.len()).filter_map(|at| Some((gap(measured, at)?, 1)));
    let mut gaps: Vec<(Duration, u64)> = inside.chain(between).collect();
    gaps.sort_unstable();
    let half = gaps.iter().map(|(_, count)| count).sum::<u64>() / 2;
    let mut passed = 0;
    let reaches_half = |(_, count): &&(Duration, u64)| {
        passed += count;
        passed > half
    };
    let median = gaps.iter().find(reaches_half)?.0;
    Some(median).filter(|gap| *gap <= GAP_MAX)
}

/// How much of the time between its first and its last sample an entry knows, from 0 to 1.
fn sampled_part(entry: &Summary, usual: Option<Duration>) -> f64 {
    let Some((usual, mean)) = usual.zip(mean_gap(entry)) else {
        return 0.0;
    };
    let known = usual.as_secs_f64() * JITTER / mean.as_secs_f64().max(f64::MIN_POSITIVE);
    known.min(1.0)
}

/// None of a single sample.
fn mean_gap(entry: &Summary) -> Option<Duration> {
    let gaps = u32::try_from(entry.count.checked_sub(1)?).ok()?;
    end(entry).since(start(entry)).checked_div(gaps)
}

fn start(entry: &Summary) -> Timestamp {
    Timestamp::from_millis(entry.time_min)
}

fn end(entry: &Summary) -> Timestamp {
    Timestamp::from_millis(entry.time_max)
}

#[cfg(test)]
mod tests {
    use cupola_domain::metric::Point;
    use cupola_series::summary::of_spans;

    use super::*;

    /// Samples as (second, watts), and the seconds that are asked for.
    fn check(samples: &[(i64, f64)], (from, to): (i64, i64), expected: Option<f64>) {
        check_by(1, samples, (from, to), expected);
    }

    /// The same with so many neighbouring samples in one summary.
    fn check_by(
        each: usize,
        samples: &[(i64, f64)],
        (from, to): (i64, i64),
        expected: Option<f64>,
    ) {
        let points: Vec<_> = samples
            .iter()
            .map(|(secs, watts)| Point {
                step: *secs,
                time_millis: secs * 1_000,
                value: *watts,
            })
            .collect();
        let at = |secs: i64| Timestamp::from_millis(secs * 1_000);
        let found = watt_hours(&of_spans(&points, each), at(from), at(to));
        let rounded = found.map(|wh| (wh * 1e6).round() / 1e6);
        assert_eq!(rounded, expected, "{each} of {samples:?}");
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

    #[test]
    fn summaries_stand_for_their_samples() {
        for each in [2, 16, 200] {
            check_by(each, &every(5, 3_700, 100.0), (50, 3_650), Some(100.0));
        }
        // An hour at 100 W, another at 200 W.
        let mut rising = every(5, 3_600, 100.0);
        let second = every(5, 3_600, 200.0);
        rising.extend(second.iter().map(|(at, watts)| (at + 3_600, *watts)));
        check_by(16, &rising, (0, 7_195), Some(299.791_667));
        check_by(1, &rising, (0, 7_195), Some(299.791_667));
    }

    #[test]
    fn a_hole_in_a_summary_was_not_measured() {
        let mut torn = every(5, 3_600, 100.0);
        let later = every(5, 3_600, 100.0);
        torn.extend(later.iter().map(|(at, watts)| (at + 7_200, *watts)));
        check_by(1, &torn, (0, 10_800), None);
        check_by(96, &torn, (0, 10_800), None);
        check_by(16, &torn, (0, 3_600), Some(100.0));
        check_by(1_440, &every(120, 10_800, 100.0), (0, 10_800), None);
    }
}

//! Points of a job's metrics, within a bound: where there are too many, extremes of neighbours stay.

use std::collections::BTreeMap;

use cupola_domain::metric::{Point, is_name};
use cupola_series::curve;

/// So many points of all metrics of a job are kept: 6 MiB.
const POINTS: usize = 1 << 18;

/// So many metrics are kept.
const CURVES: usize = 1_000;

/// Of so many neighbours two stay.
const NEIGHBOURS: usize = 4;

/// Curves, by the folder of their files and their tag.
#[derive(Debug, Default)]
pub(super) struct Curves {
    by_folder: BTreeMap<String, BTreeMap<String, Curve>>,
    count: usize,
    points: usize,
}

#[derive(Debug, Default)]
struct Curve {
    points: Vec<Point>,
    arrived: Vec<Point>,
    is_thinned: bool,
}

impl Curves {
    pub(super) fn add(&mut self, within: &str, tag: &str, point: Point) {
        let known = self.by_folder.get_mut(within);
        if let Some(curve) = known.and_then(|curves| curves.get_mut(tag)) {
            curve.arrived.push(point);
        } else if is_name(tag) && self.count < CURVES {
            self.count += 1;
            let curves = self.by_folder.entry(within.to_owned()).or_default();
            let curve = curves.entry(tag.to_owned()).or_default();
            curve.arrived.push(point);
        }
    }

    /// Puts what was added in its place, and makes room.
    pub(super) fn settle(&mut self) {
        for curve in self.by_folder.values_mut().flat_map(BTreeMap::values_mut) {
            let before = curve.points.len();
            curve.settle();
            self.points = self.points + curve.points.len() - before;
        }
        while self.points > POINTS {
            let curves = self.by_folder.values_mut().flat_map(BTreeMap::values_mut);
            let Some(longest) = curves.max_by_key(|curve| curve.points.len()) else {
                return;
            };
            self.points -= longest.thin();
        }
    }

    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.by_folder.keys().map(String::as_str)
    }

    /// Folder, tag, points, and whether points were left out.
    pub(super) fn reduced(
        &self,
        width: usize,
    ) -> impl Iterator<Item = (&str, &str, Vec<(f64, f64)>, bool)> {
        let curves = self.by_folder.iter().flat_map(|(within, curves)| {
            let curves = curves.iter();
            curves.map(move |(tag, curve)| (within, tag, curve))
        });
        curves.map(move |(within, tag, curve)| {
            let points = reduce(&curve.points, width);
            let is_reduced = curve.is_thinned || points.len() < curve.points.len();
            (within.as_str(), tag.as_str(), points, is_reduced)
        })
    }
}

impl Curve {
    fn settle(&mut self) {
        let arrived = std::mem::take(&mut self.arrived);
        if !self.is_thinned {
            curve::extend(&mut self.points, &arrived);
            return;
        }
        // Where points were left out, an earlier step means that the program went back.
        for point in arrived {
            let place = self
                .points
                .partition_point(|known| known.step <= point.step);
            self.points.truncate(place);
            self.points.push(point);
        }
    }

    /// How many points left.
    fn thin(&mut self) -> usize {
        let before = self.points.len();
        let parts = self.points.chunks(NEIGHBOURS);
        self.points = parts.flat_map(extremes).copied().collect();
        self.is_thinned = true;
        before - self.points.len()
    }
}

/// The least and the greatest, in their order; of what is not finite the first.
fn extremes(points: &[Point]) -> impl Iterator<Item = &Point> {
    let finite = || {
        let points = points.iter().enumerate();
        points.filter(|(_, point)| point.value.is_finite())
    };
    let least = finite().min_by(|(_, a), (_, b)| a.value.total_cmp(&b.value));
    let most = finite().max_by(|(_, a), (_, b)| a.value.total_cmp(&b.value));
    let [least, most] = [least, most].map(|found| found.map_or(0, |(at, _)| at));
    let later = (least != most).then_some(least.max(most));
    let earlier = points.get(least.min(most)).into_iter();
    earlier.chain(later.map(|at| &points[at]))
}

/// At most about `width` points: the extremes of each column, and the end.
pub(crate) fn reduce(points: &[Point], width: usize) -> Vec<(f64, f64)> {
    let shown = |point: &Point| (float(point.step), point.value);
    kept(points, width).into_iter().map(shown).collect()
}

/// The same points as they are, to go on with.
pub(crate) fn thinned(points: &[Point], width: usize) -> Vec<Point> {
    kept(points, width).into_iter().copied().collect()
}

fn kept(points: &[Point], width: usize) -> Vec<&Point> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    if points.len() <= width {
        return points.iter().collect();
    }
    let columns = (width / 2).max(1) as u128;
    let steps = u128::from(last.step.abs_diff(first.step)) + 1;
    let column = |point: &Point| u128::from(point.step.abs_diff(first.step)) * columns / steps;
    let columns = points.chunk_by(|a, b| column(a) == column(b));
    let mut kept: Vec<&Point> = columns.flat_map(extremes).collect();
    if kept.last().is_some_and(|kept| !std::ptr::eq(*kept, last)) {
        kept.push(last);
    }
    kept
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart shows fewer digits than steps beyond 2^53 have"
)]
fn float(step: i64) -> f64 {
    step as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: i64, value: f64) -> Point {
        Point {
            step,
            time_millis: 0,
            value,
        }
    }

    fn curve(points: impl IntoIterator<Item = (i64, f64)>) -> Vec<Point> {
        let points = points.into_iter();
        points.map(|(step, value)| point(step, value)).collect()
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let given = curve([(0, 1.0), (5, f64::NAN), (7, 3.0)]);
        assert_eq!(reduce(&given, 3).len(), 3);
        assert_eq!(reduce(&[], 10), []);
    }

    #[test]
    fn a_spike_and_the_end_are_seen_at_every_width() {
        let value = |step| match step {
            40_001 => 1000.0,
            70_003 => -1000.0,
            _ => 1.0,
        };
        let given = curve((0..100_000).map(|step| (step, value(step))));
        for width in [2, 10, 201] {
            let reduced = reduce(&given, width);
            assert!(reduced.len() <= width + 1, "{}", reduced.len());
            assert!(reduced.is_sorted_by_key(|(step, _)| *step));
            assert!(reduced.contains(&(40_001.0, 1000.0)), "{width}");
            assert!(reduced.contains(&(70_003.0, -1000.0)), "{width}");
            assert_eq!(reduced.last(), Some(&(99_999.0, 1.0)));
        }
    }

    #[test]
    fn what_is_not_finite_hides_nothing() {
        let given = curve([(0, f64::NAN), (1, f64::INFINITY), (2, 3.0), (3, 2.0)]);
        assert_eq!(reduce(&given, 2), [(2.0, 3.0), (3.0, 2.0)]);
        let none = curve([(0, f64::NAN), (0, f64::NAN), (0, f64::NAN)]);
        assert_eq!(reduce(&none, 2).len(), 2, "one for all, and the end");
    }

    #[test]
    fn steps_may_be_as_far_apart_as_they_can() {
        let given = curve([(i64::MIN, 1.0), (0, 2.0), (i64::MAX, 3.0)]);
        assert_eq!(reduce(&given, 2).last(), Some(&(float(i64::MAX), 3.0)));
    }

    #[test]
    fn there_is_room_for_ever() {
        let mut curves = Curves::default();
        let most = i64::try_from(3 * POINTS).unwrap();
        for step in 0..most {
            let value = if step == 12_345 { 9.0 } else { 0.0 };
            curves.add("", "loss", point(step, value));
            if step % 10_000 == 0 {
                curves.settle();
                assert!(curves.points <= POINTS);
            }
        }
        curves.settle();
        let (_, _, points, is_reduced) = curves.reduced(100).next().unwrap();
        assert!(is_reduced && points.contains(&(12_345.0, 9.0)));
        curves.add("", "loss", point(50_000, 1.0));
        curves.settle();
        let (_, _, points, _) = curves.reduced(100).next().unwrap();
        assert_eq!(points.last(), Some(&(50_000.0, 1.0)), "it went back");
        for tag in 0..2 * CURVES {
            curves.add("", &tag.to_string(), point(0, 0.0));
        }
        assert_eq!(curves.reduced(1).count(), CURVES);
    }
}

//! Fewer points for the same picture.

use cupola_domain::metric::Point;

/// Each bucket gives up to this many.
const POINTS_PER_BUCKET: usize = 4;

/// Points that draw the same line on `width` columns: of each column the first, the last, the least
/// and the greatest, and every one that is not finite. Few points stay as they are.
pub fn reduce(points: Vec<Point>, width: usize) -> Vec<Point> {
    let width = width.max(1);
    if points.len() <= POINTS_PER_BUCKET.saturating_mul(width) {
        return points;
    }
    let per_bucket = points.len().div_ceil(width);
    points.chunks(per_bucket).flat_map(bucket).collect()
}

fn bucket(points: &[Point]) -> impl Iterator<Item = Point> {
    let by_value = |a: &&Point, b: &&Point| a.value.total_cmp(&b.value);
    let finite = || points.iter().filter(|point| point.value.is_finite());
    let extremes = [finite().min_by(by_value), finite().max_by(by_value)];
    let kept: Vec<&Point> = extremes.into_iter().flatten().collect();
    let last = points.len().saturating_sub(1);
    points.iter().enumerate().filter_map(move |(at, point)| {
        let is_kept = at == 0
            || at == last
            || !point.value.is_finite()
            || kept.iter().any(|kept| std::ptr::eq(*kept, point));
        is_kept.then_some(*point)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(values: &[f64]) -> Vec<Point> {
        let point = |(step, value): (i64, &f64)| Point {
            step,
            time_millis: step,
            value: *value,
        };
        (0..).zip(values).map(point).collect()
    }

    fn check(values: &[f64], width: usize, expected: &[i64]) {
        let steps: Vec<i64> = reduce(points(values), width)
            .iter()
            .map(|p| p.step)
            .collect();
        assert_eq!(steps, expected);
    }

    #[test]
    fn few_points_stay() {
        check(&[], 1, &[]);
        check(&[1.0, 2.0, 3.0, 4.0], 1, &[0, 1, 2, 3]);
    }

    #[test]
    fn extremes_ends_and_what_is_not_finite_stay() {
        check(&[5.0, 9.0, 1.0, 3.0, 4.0, 5.0], 1, &[0, 1, 2, 5]);
        check(
            &[5.0, 5.0, f64::NAN, 5.0, f64::INFINITY, 5.0],
            1,
            &[0, 2, 4, 5],
        );
    }

    proptest! {
        #[test]
        fn nothing_extreme_is_lost(
            values in prop::collection::vec(
                prop_oneof![9 => -1e3..1e3, 1 => Just(f64::NAN)], 0..400,
            ),
            width in 1usize..50,
        ) {
            let all = points(&values);
            let kept = reduce(all.clone(), width);
            let lost = |p: &&Point| !p.value.is_finite();
            prop_assert_eq!(all.iter().filter(lost).count(), kept.iter().filter(lost).count());
            prop_assert!(kept.is_sorted_by(|a, b| a.step < b.step));
            prop_assert_eq!(all.first().map(|p| p.step), kept.first().map(|p| p.step));
            prop_assert_eq!(all.last().map(|p| p.step), kept.last().map(|p| p.step));
            let greatest = |points: &[Point]| points.iter().map(|p| p.value).fold(f64::MIN, f64::max);
            let least = |points: &[Point]| points.iter().map(|p| p.value).fold(f64::MAX, f64::min);
            prop_assert_eq!(greatest(&all).to_bits(), greatest(&kept).to_bits());
            prop_assert_eq!(least(&all).to_bits(), least(&kept).to_bits());
            let finite = kept.iter().filter(|p| p.value.is_finite()).count();
            prop_assert!(finite <= POINTS_PER_BUCKET * width.max(all.len().div_ceil(4)));
        }
    }
}

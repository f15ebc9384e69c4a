//! The order of a curve: what a chart draws of points as they came.
//!
//! Every point is kept. Which of them make the curve is this law, applied in order of arrival:
//!
//! * a step beyond the last one, or the same step again, goes to the end;
//! * an earlier step that the curve does not have is a straggler and goes to its place;
//! * an earlier step that the curve has means that the program went back, for instance from a
//!   checkpoint: the curve's points from that step on are *superseded*, and the new one ends it.

use cupola_domain::metric::Point;

/// What new points did to a curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// The points that left the curve, in its order.
    pub superseded: Vec<Point>,
    /// The points with which the program went back.
    pub restarts: Vec<Point>,
}

/// Adds `arrived`, in order of arrival, to `curve`, which is in order of step.
///
/// Costs as much as the arrivals, unless some of them are stragglers.
pub fn extend(curve: &mut Vec<Point>, arrived: &[Point]) -> Change {
    let mut change = Change::default();
    for point in arrived {
        let last = curve.last().map(|last| last.step);
        if last.is_none_or(|last| last <= point.step) {
            curve.push(*point);
            continue;
        }
        let place = curve.partition_point(|known| known.step < point.step);
        if curve[place].step == point.step {
            change.superseded.extend(curve.drain(place..));
            change.restarts.push(*point);
            curve.push(*point);
        } else {
            curve.insert(place, *point);
        }
    }
    change
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(steps: &[i64]) -> Vec<Point> {
        let point = |(at, step): (i64, &i64)| Point {
            step: *step,
            time_millis: at,
            value: 0.0,
        };
        (0..).zip(steps).map(point).collect()
    }

    fn check(steps: &[i64], curve: &[i64], superseded: &[i64], restarts: &[i64]) {
        let mut drawn = Vec::new();
        let change = extend(&mut drawn, &points(steps));
        let of = |points: &[Point]| points.iter().map(|p| p.step).collect::<Vec<_>>();
        assert_eq!(of(&drawn), curve, "{steps:?}");
        assert_eq!(of(&change.superseded), superseded, "{steps:?}");
        assert_eq!(of(&change.restarts), restarts, "{steps:?}");
    }

    #[test]
    fn steps_in_order_are_the_curve() {
        check(&[1, 2, 5], &[1, 2, 5], &[], &[]);
    }

    #[test]
    fn the_same_step_again_stays_beside_the_first() {
        check(&[0, 0, 0], &[0, 0, 0], &[], &[]);
        check(&[1, 7, 7], &[1, 7, 7], &[], &[]);
    }

    #[test]
    fn a_straggler_goes_to_its_place() {
        check(&[10, 30, 20, 40], &[10, 20, 30, 40], &[], &[]);
    }

    #[test]
    fn a_program_that_goes_back_replaces_the_later_part() {
        check(&[1, 2, 3, 4, 2, 3], &[1, 2, 3], &[2, 3, 4], &[2]);
        check(&[0, 0, 1, 0], &[0], &[0, 0, 1], &[0]);
        check(&[1, 2, 3, 2, 3, 2], &[1, 2], &[2, 3, 2, 3], &[2, 2]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_curve_is_in_order(
            steps in prop::collection::vec(-5i64..20, 0..60), cut in 0usize..60
        ) {
            let all = points(&steps);
            let mut curve = Vec::new();
            let change = extend(&mut curve, &all);
            prop_assert!(curve.is_sorted_by_key(|point| point.step));
            prop_assert_eq!(curve.len() + change.superseded.len(), all.len());

            // However the points are cut into batches.
            let (early, late) = all.split_at(cut.min(all.len()));
            let mut pieces = Vec::new();
            extend(&mut pieces, early);
            extend(&mut pieces, late);
            prop_assert_eq!(pieces, curve);
        }
    }
}

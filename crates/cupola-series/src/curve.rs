//! The order of a curve: what a chart draws of points as they came.
//!
//! Every point is kept. Which of them make the curve is this law, applied in order of arrival:
//!
//! * a step beyond the last one, or the same step again, goes to the end;
//! * an earlier step that the curve does not have is a straggler and goes to its place;
//! * an earlier step that the curve has means that the program went back, for instance from a
//!   checkpoint: the curve's points from that step on are *superseded*, and the new one ends it.

use std::collections::BTreeMap;

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
/// Costs as much as the arrivals and, where there are stragglers, what of the curve lies behind the
/// earliest of them: once, however many they are.
pub fn extend(curve: &mut Vec<Point>, arrived: &[Point]) -> Change {
    let mut change = Change::default();
    let mut stragglers = Stragglers::new();
    for point in arrived {
        let ends = [
            curve.last().map(|last| last.step),
            stragglers.last_key_value().map(|(step, _)| *step),
        ];
        if ends.into_iter().flatten().all(|last| last <= point.step) {
            curve.push(*point);
            continue;
        }
        let place = curve.partition_point(|known| known.step < point.step);
        let is_known = curve.get(place).is_some_and(|at| at.step == point.step)
            || stragglers.contains_key(&point.step);
        if is_known {
            let mut later = curve.split_off(place);
            merge(&mut later, stragglers.split_off(&point.step));
            change.superseded.append(&mut later);
            change.restarts.push(*point);
            curve.push(*point);
        } else {
            stragglers.insert(point.step, *point);
        }
    }
    merge(curve, stragglers);
    change
}

/// Points on their way to their places, by step: of a step that is known there is none.
type Stragglers = BTreeMap<i64, Point>;

/// Puts stragglers into their places. A point of the same step came later than the straggler.
fn merge(curve: &mut Vec<Point>, stragglers: Stragglers) {
    let Some(first) = stragglers.first_key_value().map(|(step, _)| *step) else {
        return;
    };
    let place = curve.partition_point(|known| known.step < first);
    let later = curve.split_off(place);
    curve.reserve(later.len() + stragglers.len());
    let mut later = later.into_iter().peekable();
    for (step, straggler) in stragglers {
        curve.extend(std::iter::from_fn(|| {
            later.next_if(|point| point.step < step)
        }));
        curve.push(straggler);
    }
    curve.extend(later);
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

    /// The law, word by word.
    fn extend_one_by_one(curve: &mut Vec<Point>, arrived: &[Point]) -> Change {
        let mut change = Change::default();
        for point in arrived {
            let place = curve.partition_point(|known| known.step < point.step);
            if curve.last().is_none_or(|last| last.step <= point.step) {
                curve.push(*point);
            } else if curve[place].step == point.step {
                change.superseded.extend(curve.drain(place..));
                change.restarts.push(*point);
                curve.push(*point);
            } else {
                curve.insert(place, *point);
            }
        }
        change
    }

    #[test]
    fn many_stragglers_cost_one_pass() {
        let mut curve = points(&(0..200_000).collect::<Vec<_>>());
        let backwards: Vec<i64> = (1..=100_000).map(|step| -step).collect();
        let change = extend(&mut curve, &points(&backwards));
        assert_eq!(change, Change::default());
        assert_eq!(curve.len(), 300_000);
        assert_eq!(curve[0].step, -100_000);
        assert!(curve.is_sorted_by_key(|point| point.step));
    }

    proptest! {
        #[test]
        fn together_or_one_by_one_is_the_same(
            before in prop::collection::vec(0i64..20, 0..20),
            steps in prop::collection::vec(-5i64..25, 0..60),
        ) {
            let mut one_by_one = Vec::new();
            extend_one_by_one(&mut one_by_one, &points(&before));
            let mut together = one_by_one.clone();
            let expected = extend_one_by_one(&mut one_by_one, &points(&steps));
            prop_assert_eq!(extend(&mut together, &points(&steps)), expected);
            prop_assert_eq!(together, one_by_one);
        }

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

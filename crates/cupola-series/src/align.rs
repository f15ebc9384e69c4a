//! Curves of several runs on the same columns, so that they can be drawn and averaged together.

use crate::{
    chart::{Axis, Window},
    summary::Summary,
};

/// One curve on columns, each of which has a value or none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aligned {
    /// The mean of the finite values.
    pub mean: Vec<Option<f64>>,
    /// The least of them.
    pub low: Vec<Option<f64>>,
    /// The largest.
    pub high: Vec<Option<f64>>,
    /// Whether any column stands for several points.
    pub is_reduced: bool,
}

/// Puts a curve on the columns of `window`, which is `offset` to the left of the curve's own steps or
/// times.
///
/// Between two columns with values, those without any point lie on the straight line between them,
/// as they would be drawn. Before the first and behind the last point there is nothing, and nothing
/// where all points of a column are not finite.
pub fn align(entries: &[Summary], window: Window, offset: i64) -> Aligned {
    let columns = window.columns.max(1) as usize;
    let mut places: Vec<Option<Summary>> = vec![None; columns];
    for entry in entries {
        let at = first_of(entry, window.axis).saturating_sub(offset);
        if at < window.from || at > window.to {
            continue;
        }
        let place = &mut places[window.column(at)];
        *place = Some(match place.take() {
            Some(earlier) => earlier.and(*entry),
            None => *entry,
        });
    }
    let filled = |value: fn(&Summary) -> f64| {
        let mut column: Vec<Option<f64>> = places
            .iter()
            .map(|place| place.as_ref().filter(|s| s.finite > 0).map(value))
            .collect();
        connect(&mut column, &places);
        column
    };
    Aligned {
        mean: filled(|summary| summary.mean().unwrap_or(summary.last.value)),
        low: filled(|summary| summary.min),
        high: filled(|summary| summary.max),
        is_reduced: places.iter().flatten().any(|place| place.count > 1),
    }
}

/// The step or time at which each column of `window` begins.
pub fn columns(window: Window) -> Vec<i64> {
    let (from, to) = (i128::from(window.from), i128::from(window.to));
    let count = i128::from(window.columns.max(1));
    let begin = |column: i128| {
        let at = from + (column * (to - from + 1) + count - 1).div_euclid(count);
        i64::try_from(at).unwrap_or(i64::MAX)
    };
    (0..count).map(begin).collect()
}

fn first_of(entry: &Summary, axis: Axis) -> i64 {
    match axis {
        Axis::Step => entry.first.step,
        Axis::Time => entry.time_min,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a chart has some thousands of columns"
)]
fn connect(column: &mut [Option<f64>], places: &[Option<Summary>]) {
    let mut last: Option<usize> = None;
    for at in 0..column.len() {
        if places[at].is_none() {
            continue;
        }
        if let Some(left) = last
            && let (Some(from), Some(to)) = (column[left], column[at])
        {
            for (hole, value) in column.iter_mut().enumerate().take(at).skip(left + 1) {
                let share = (hole - left) as f64 / (at - left) as f64;
                *value = Some(from + (to - from) * share);
            }
        }
        last = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::metric::Point;
    use proptest::prelude::*;

    use super::*;
    use crate::summary::of_spans;

    fn points(values: &[(i64, f64)]) -> Vec<Summary> {
        let points: Vec<Point> = values
            .iter()
            .map(|(step, value)| Point {
                step: *step,
                time_millis: 1_000 + 10 * step,
                value: *value,
            })
            .collect();
        of_spans(&points, 1)
    }

    fn window(from: i64, to: i64, columns: u32) -> Window {
        Window {
            axis: Axis::Step,
            from,
            to,
            columns,
        }
    }

    fn check(values: &[(i64, f64)], window: Window, expected: &[Option<f64>]) {
        assert_eq!(align(&points(values), window, 0).mean, expected);
    }

    #[test]
    fn each_point_stands_in_its_column() {
        check(
            &[(0, 1.0), (1, 2.0)],
            window(0, 1, 2),
            &[Some(1.0), Some(2.0)],
        );
        check(
            &[(0, 1.0), (1, 3.0), (2, 5.0)],
            window(0, 3, 2),
            &[Some(2.0), Some(5.0)],
        );
    }

    #[test]
    fn holes_are_bridged_and_ends_are_not() {
        let expected = [None, Some(1.0), Some(2.0), Some(3.0), None];
        check(&[(1, 1.0), (3, 3.0)], window(0, 4, 5), &expected);
    }

    #[test]
    fn what_is_not_finite_is_a_hole_that_nothing_bridges() {
        let values = [(0, 1.0), (2, f64::NAN), (4, 5.0)];
        let expected = [Some(1.0), None, None, None, Some(5.0)];
        check(&values, window(0, 4, 5), &expected);
        let both = [(0, 1.0), (0, f64::INFINITY)];
        check(&both, window(0, 0, 1), &[Some(1.0)]);
    }

    #[test]
    fn relative_time_begins_at_the_offset() {
        let asked = Window {
            axis: Axis::Time,
            from: 0,
            to: 20,
            columns: 21,
        };
        let found = align(&points(&[(5, 1.0), (6, 2.0)]), asked, 1_050).mean;
        assert_eq!(
            (found[0], found[10], found[11]),
            (Some(1.0), Some(2.0), None)
        );
    }

    #[test]
    fn columns_begin_where_the_first_step_that_falls_into_them_is() {
        assert_eq!(columns(window(0, 9, 5)), [0, 2, 4, 6, 8]);
        assert_eq!(columns(window(0, 9, 4)), [0, 3, 5, 8]);
        assert_eq!(columns(window(7, 7, 1)), [7]);
        assert_eq!(columns(window(i64::MIN, i64::MAX, 2)), [i64::MIN, 0]);
    }

    proptest! {
        #[test]
        fn every_column_is_within_its_extremes_and_begins_in_itself(
            values in prop::collection::vec((0i64..500, -1e3..1e3f64), 1..80),
            from in -50i64..400,
            length in 1i64..300,
            count in 1u32..60,
        ) {
            let mut values = values;
            values.sort_by_key(|(step, _)| *step);
            let window = window(from, from + length, count.min(u32::try_from(length + 1).unwrap()));
            let found = align(&points(&values), window, 0);
            for at in 0..window.columns as usize {
                if let (Some(low), Some(mean), Some(high)) = (found.low[at], found.mean[at], found.high[at]) {
                    prop_assert!(low <= mean + 1e-9 && mean <= high + 1e-9);
                }
                prop_assert_eq!(found.low[at].is_some(), found.high[at].is_some());
            }
            for (at, begin) in columns(window).into_iter().enumerate() {
                prop_assert_eq!(window.column(begin), at);
            }
            let inside = values.iter().any(|(step, _)| (from..=from + length).contains(step));
            prop_assert_eq!(found.mean.iter().any(Option::is_some), inside);
        }
    }
}

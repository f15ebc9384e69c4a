//! What a chart of a given width needs of a curve.
//!
//! Each column of pixels shows all that lies in it: first, last, least and largest value. So a spike
//! of one point is seen at every zoom, and nothing is drawn that was not measured.

use cupola_domain::metric::Point;

use crate::summary::Summary;

/// The spans for which a store keeps summaries, the finest first. Below the finest the points
/// themselves are read.
pub const SPANS: [u64; 3] = [256, 4_096, 65_536];

/// So many entries are read for each column, so that the border between two columns is off by half
/// a column at most.
const ENTRIES_PER_COLUMN: u64 = 2;

/// What a chart has from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// The program's own count.
    Step,
    /// Milliseconds since 1970.
    Time,
}

/// The part of a curve that a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// What `from` and `to` are of.
    pub axis: Axis,
    /// The first step or time that is shown.
    pub from: i64,
    /// The last one, itself included.
    pub to: i64,
    /// How many columns of pixels there are; at least 1.
    pub columns: u32,
}

/// Which entries suffice for a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The points.
    Points,
    /// Summaries of so many points each.
    Span(u64),
}

/// The coarsest level that shows `points` points, all that lie in a window, in `columns` columns.
pub fn level(points: u64, columns: u32) -> Level {
    let wanted = ENTRIES_PER_COLUMN * u64::from(columns.max(1));
    let suffices = |span: &&u64| points / **span >= wanted;
    match SPANS.iter().rev().find(suffices) {
        Some(span) => Level::Span(*span),
        None => Level::Points,
    }
}

/// At most one entry for each column that has any, from the left to the right.
///
/// Entries that end before the window or begin after it are left out; one that reaches over its
/// border is shown at the border.
pub fn reduce(entries: &[Summary], window: Window) -> Vec<Summary> {
    let mut shown = Shown::of(window);
    for entry in entries {
        let (first, last) = window.axis.range(entry);
        if last >= window.from && first <= window.to {
            shown.add(window.column(first), *entry);
        }
    }
    shown.entries()
}

/// The points themselves when the window has no more of them than columns, else their columns; and
/// whether any entry stands for several points.
pub fn of_points(points: &[Point], window: Window) -> (Vec<Summary>, bool) {
    let is_inside = |point: &&Point| window.has(point);
    let inside = points.iter().filter(is_inside).count();
    if inside <= window.columns.max(1) as usize {
        let inside = points.iter().filter(is_inside);
        return (inside.map(Summary::of_point).collect(), false);
    }
    let column = |point: &Point| {
        window
            .has(point)
            .then(|| window.column(window.axis.of(point)))
    };
    let mut shown = Shown::of(window);
    for neighbours in points.chunk_by(|a, b| column(a) == column(b)) {
        if let (Some(at), Some(entry)) = (column(&neighbours[0]), Summary::of(neighbours)) {
            shown.add(at, entry);
        }
    }
    let shown = shown.entries();
    let is_reduced = shown.iter().any(|entry| entry.count > 1);
    (shown, is_reduced)
}

impl Axis {
    /// Where a point is on it.
    pub fn of(self, point: &Point) -> i64 {
        match self {
            Axis::Step => point.step,
            Axis::Time => point.time_millis,
        }
    }

    /// From where to where an entry reaches.
    pub fn range(self, entry: &Summary) -> (i64, i64) {
        match self {
            Axis::Step => (entry.first.step, entry.last.step),
            Axis::Time => (entry.time_min, entry.time_max),
        }
    }
}

impl Window {
    /// Whether a point lies in it.
    pub fn has(&self, point: &Point) -> bool {
        (self.from..=self.to).contains(&self.axis.of(point))
    }

    /// The column in which `at` is drawn. Counted in 128 bits where 64 do not suffice: a window may
    /// be as wide as all 64-bit numbers.
    pub(crate) fn column(&self, at: i64) -> usize {
        let at = at.clamp(self.from, self.to);
        let (place, last) = (at.abs_diff(self.from), self.to.abs_diff(self.from));
        let columns = u64::from(self.columns.max(1));
        let narrow = last.checked_add(1).zip(place.checked_mul(columns));
        let column = narrow.map_or_else(
            || {
                let column = u128::from(place) * u128::from(columns) / (u128::from(last) + 1);
                u64::try_from(column).expect("a column is between 0 and their number")
            },
            |(width, place)| place / width,
        );
        usize::try_from(column).expect("a column is between 0 and their number")
    }
}

/// The columns of a chart while entries are added.
struct Shown(Vec<Option<Summary>>);

impl Shown {
    fn of(window: Window) -> Self {
        let mut columns = Vec::new();
        columns.resize_with(window.columns.max(1) as usize, || None);
        Self(columns)
    }

    fn add(&mut self, column: usize, entry: Summary) {
        let place = &mut self.0[column];
        *place = Some(match place.take() {
            Some(earlier) => earlier.and(entry),
            None => entry,
        });
    }

    fn entries(self) -> Vec<Summary> {
        self.0.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::summary::of_spans;

    fn points(values: &[f64]) -> Vec<Point> {
        let point = |(step, value): (i64, &f64)| Point {
            step,
            time_millis: 1_000 + 10 * step,
            value: *value,
        };
        (0..).zip(values).map(point).collect()
    }

    fn window(from: i64, to: i64, columns: u32) -> Window {
        Window {
            axis: Axis::Step,
            from,
            to,
            columns,
        }
    }

    #[test]
    fn the_coarsest_level_that_suffices_is_read() {
        let check = |points, columns, expected| assert_eq!(level(points, columns), expected);
        check(100, 1_000, Level::Points);
        check(500_000, 1_000, Level::Points);
        check(1_000_000, 1_000, Level::Span(256));
        check(10_000_000, 1_000, Level::Span(4_096));
        check(1_000_000_000, 1_000, Level::Span(65_536));
        check(1_000_000, 0, Level::Span(65_536));
    }

    #[test]
    fn few_points_are_shown_as_they_are() {
        let given = points(&[1.0, 2.0, 3.0]);
        let (shown, is_reduced) = of_points(&given, window(0, 2, 10));
        assert!(!is_reduced);
        assert_eq!(shown.len(), 3);
    }

    #[test]
    fn a_spike_of_one_point_is_seen() {
        let mut values = vec![0.0; 100_000];
        values[54_321] = 9.0;
        let (shown, is_reduced) = of_points(&points(&values), window(0, 99_999, 800));
        assert!(is_reduced);
        let highest = shown.iter().map(|entry| entry.max).fold(0.0, f64::max);
        assert_eq!((shown.len(), highest.to_bits()), (800, 9.0_f64.to_bits()));
    }

    #[test]
    fn the_widest_window_has_columns_too() {
        let ends = [i64::MIN, -1, 0, i64::MAX].map(|step| Point {
            step,
            time_millis: 0,
            value: 0.0,
        });
        let entries: Vec<Summary> = ends.iter().map(Summary::of_point).collect();
        assert_eq!(reduce(&entries, window(i64::MIN, i64::MAX, 2)).len(), 2);
    }

    #[test]
    fn time_is_an_axis_too() {
        let given = points(&[1.0, 2.0, 3.0, 4.0]);
        let asked = Window {
            axis: Axis::Time,
            from: 1_010,
            to: 1_020,
            columns: 9,
        };
        let (shown, _) = of_points(&given, asked);
        let steps: Vec<i64> = shown.iter().map(|entry| entry.first.step).collect();
        assert_eq!(steps, [1, 2]);
    }

    proptest! {
        #[test]
        fn nothing_inside_the_window_is_left_out(
            values in prop::collection::vec(-1e6f64..1e6, 1..300),
            columns in 1u32..40,
            span in 1usize..20,
        ) {
            let points = points(&values);
            let whole = Summary::of(&points).expect("there are points");
            let window = window(0, whole.last.step, columns);
            for entries in [of_spans(&points, 1), of_spans(&points, span)] {
                let shown = reduce(&entries, window);
                prop_assert!(shown.len() <= columns as usize);
                let all = shown.into_iter().reduce(Summary::and).expect("something is shown");
                prop_assert_eq!((all.count, all.min, all.max), (whole.count, whole.min, whole.max));
                prop_assert_eq!((all.first, all.last), (whole.first, whole.last));
            }
        }
    }
}

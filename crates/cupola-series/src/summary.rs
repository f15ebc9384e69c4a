//! Summaries of neighbouring points, and summaries of summaries.

use cupola_domain::metric::Point;

/// What neighbouring points of a curve have in common.
///
/// The extremes and the sum are of the finite values; what is not finite is counted.
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    /// The first point.
    pub first: Point,
    /// The last point.
    pub last: Point,
    /// The earliest time.
    pub time_min: i64,
    /// The latest time.
    pub time_max: i64,
    /// The least finite value; infinite when there is none.
    pub min: f64,
    /// The largest finite value; negative infinite when there is none.
    pub max: f64,
    /// The sum of the finite values.
    pub sum: f64,
    /// How many points, all of them.
    pub count: u64,
    /// How many values are finite.
    pub finite: u64,
}

/// The bytes of one summary.
const SUMMARY_BYTES: usize = 13 * 8;

impl Summary {
    /// Of one point.
    pub fn of_point(point: &Point) -> Self {
        let is_finite = point.value.is_finite();
        Self {
            first: *point,
            last: *point,
            time_min: point.time_millis,
            time_max: point.time_millis,
            min: if is_finite {
                point.value
            } else {
                f64::INFINITY
            },
            max: if is_finite {
                point.value
            } else {
                f64::NEG_INFINITY
            },
            sum: if is_finite { point.value } else { 0.0 },
            count: 1,
            finite: u64::from(is_finite),
        }
    }

    /// Of several points in order; `None` when there are none.
    pub fn of(points: &[Point]) -> Option<Self> {
        let (first, others) = points.split_first()?;
        let mut summary = Self::of_point(first);
        for point in others {
            summary.time_min = summary.time_min.min(point.time_millis);
            summary.time_max = summary.time_max.max(point.time_millis);
            if point.value.is_finite() {
                summary.min = summary.min.min(point.value);
                summary.max = summary.max.max(point.value);
                summary.sum += point.value;
                summary.finite += 1;
            }
        }
        summary.last = points[points.len() - 1];
        summary.count = points.len() as u64;
        Some(summary)
    }

    /// Of these points and `later` ones.
    #[must_use]
    pub fn and(self, later: Summary) -> Summary {
        Summary {
            first: self.first,
            last: later.last,
            time_min: self.time_min.min(later.time_min),
            time_max: self.time_max.max(later.time_max),
            min: self.min.min(later.min),
            max: self.max.max(later.max),
            sum: self.sum + later.sum,
            count: self.count + later.count,
            finite: self.finite + later.finite,
        }
    }

    /// The mean of the finite values; `None` when there is none. Where their sum is beyond all numbers,
    /// what lies between the extremes stands for it.
    pub fn mean(&self) -> Option<f64> {
        if self.finite == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "2^53 points are never kept")]
        let mean = self.sum / self.finite as f64;
        Some(if mean.is_nan() {
            self.min / 2.0 + self.max / 2.0
        } else {
            mean.clamp(self.min, self.max)
        })
    }
}

/// One summary for each `span` points; the last may stand for fewer.
pub fn of_spans(points: &[Point], span: usize) -> Vec<Summary> {
    points.chunks(span).filter_map(Summary::of).collect()
}

/// Summaries as bytes.
pub fn encode(summaries: &[Summary]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(summaries.len() * SUMMARY_BYTES);
    for summary in summaries {
        let mut point = |point: &Point| {
            bytes.extend(point.step.to_le_bytes());
            bytes.extend(point.time_millis.to_le_bytes());
            bytes.extend(point.value.to_le_bytes());
        };
        point(&summary.first);
        point(&summary.last);
        bytes.extend(summary.time_min.to_le_bytes());
        bytes.extend(summary.time_max.to_le_bytes());
        for value in [summary.min, summary.max, summary.sum] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(summary.count.to_le_bytes());
        bytes.extend(summary.finite.to_le_bytes());
    }
    bytes
}

/// Reads what [`encode`] writes; `None` when it is something else.
pub fn decode(bytes: &[u8]) -> Option<Vec<Summary>> {
    let (summaries, rest) = bytes.as_chunks::<SUMMARY_BYTES>();
    rest.is_empty()
        .then(|| summaries.iter().map(decode_one).collect())
}

fn decode_one(bytes: &[u8; SUMMARY_BYTES]) -> Summary {
    let (words, _) = bytes.as_chunks::<8>();
    let int = |at: usize| i64::from_le_bytes(words[at]);
    let double = |at: usize| f64::from_le_bytes(words[at]);
    let count = |at: usize| u64::from_le_bytes(words[at]);
    let point = |at: usize| Point {
        step: int(at),
        time_millis: int(at + 1),
        value: double(at + 2),
    };
    Summary {
        first: point(0),
        last: point(3),
        time_min: int(6),
        time_max: int(7),
        min: double(8),
        max: double(9),
        sum: double(10),
        count: count(11),
        finite: count(12),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(values: &[f64]) -> Vec<Point> {
        let point = |(step, value): (i64, &f64)| Point {
            step,
            time_millis: 1_000 - step,
            value: *value,
        };
        (0..).zip(values).map(point).collect()
    }

    fn check(values: &[f64], expected: (f64, f64, Option<f64>, u64, u64)) {
        let found = Summary::of(&points(values)).expect("there are points");
        let found = (
            found.min,
            found.max,
            found.mean(),
            found.count,
            found.finite,
        );
        assert_eq!(found, expected, "{values:?}");
    }

    #[test]
    fn extremes_and_mean_are_of_the_finite_values() {
        check(&[1.0, 3.0, 2.0], (1.0, 3.0, Some(2.0), 3, 3));
        check(&[f64::NAN, 3.0, f64::INFINITY], (3.0, 3.0, Some(3.0), 3, 1));
        check(
            &[f64::MAX, f64::MAX],
            (f64::MAX, f64::MAX, Some(f64::MAX), 2, 2),
        );
        let nothing = (f64::INFINITY, f64::NEG_INFINITY, None, 1, 0);
        check(&[f64::NAN], nothing);
    }

    #[test]
    fn no_points_have_no_summary() {
        assert!(Summary::of(&[]).is_none());
    }

    #[test]
    fn summaries_survive_bit_for_bit() {
        let given = of_spans(&points(&[1.0, f64::NAN, -0.0, 5.0, f64::NEG_INFINITY]), 2);
        let bytes = encode(&given);
        let found = decode(&bytes).expect("these are summaries");
        assert_eq!(encode(&found), bytes);
        assert_eq!(found.len(), 3);
        assert!(decode(&bytes[1..]).is_none());
    }

    proptest! {
        #[test]
        fn a_summary_of_summaries_is_one_of_the_points(
            values in prop::collection::vec(-1e6f64..1e6, 1..200), span in 1usize..50
        ) {
            let points = points(&values);
            let direct = Summary::of(&points).expect("there are points");
            let nested = of_spans(&points, span).into_iter().reduce(Summary::and).expect("some");
            prop_assert_eq!((direct.min, direct.max), (nested.min, nested.max));
            prop_assert_eq!((direct.first, direct.last), (nested.first, nested.last));
            prop_assert_eq!((direct.count, direct.finite), (nested.count, nested.finite));
            prop_assert!((direct.sum - nested.sum).abs() <= 1e-6 * (1.0 + direct.sum.abs()));
        }
    }
}

//! Curves of several runs as one: their mean with the range that holds the true mean.

use std::collections::HashMap;

use crate::stats::{Moments, half_width_95};

/// What several curves have at each of the columns that they share.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Band {
    /// The mean; `None` where no curve has a value.
    pub mean: Vec<Option<f64>>,
    /// The lower end of the 95 % interval of the mean; `None` below two values.
    pub low: Vec<Option<f64>>,
    /// The upper end.
    pub high: Vec<Option<f64>>,
    /// How many curves have a value.
    pub count: Vec<u32>,
}

/// Mean and 95 % interval (Student's t) of curves, column by column. What is not finite does not
/// count. A curve that is shorter than the others has no value behind its end.
pub fn band(curves: &[&[Option<f64>]]) -> Band {
    let columns = curves.iter().map(|curve| curve.len()).max().unwrap_or(0);
    let mut widths: HashMap<usize, Option<f64>> = HashMap::new();
    let mut band = Band::default();
    for at in 0..columns {
        let values = curves.iter().filter_map(|curve| *curve.get(at)?);
        let moments: Moments = values.filter(|value| value.is_finite()).collect();
        let n = moments.count();
        let width = *widths.entry(n).or_insert_with(|| half_width_95(n));
        let half = width.zip(moments.deviation_sample()).map(|(w, d)| w * d);
        let mean = moments.mean();
        band.mean.push(mean);
        band.low
            .push(mean.zip(half).map(|(mean, half)| mean - half));
        band.high
            .push(mean.zip(half).map(|(mean, half)| mean + half));
        band.count.push(u32::try_from(n).unwrap_or(u32::MAX));
    }
    band
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_band_is_the_interval_of_the_mean_at_each_column() {
        let curves = [
            vec![Some(1.0), Some(4.0), None],
            vec![Some(3.0), Some(f64::NAN)],
            vec![Some(2.0), None],
        ];
        let curves: Vec<&[Option<f64>]> = curves.iter().map(Vec::as_slice).collect();
        let found = band(&curves);
        assert_eq!(found.mean, [Some(2.0), Some(4.0), None]);
        assert_eq!(found.count, [3, 1, 0]);
        let of_first: Moments = [1.0, 3.0, 2.0].into_iter().collect();
        let (low, high) = of_first.mean_95().unwrap();
        assert_eq!((found.low[0], found.high[0]), (Some(low), Some(high)));
        assert_eq!((found.low[1], found.high[2]), (None, None));
    }

    #[test]
    fn no_curves_have_no_band() {
        assert_eq!(band(&[]), Band::default());
    }

    proptest! {
        #[test]
        fn the_mean_lies_in_its_band_and_the_order_of_curves_does_not_matter(
            mut curves in prop::collection::vec(
                prop::collection::vec(prop::option::of(-1e3..1e3f64), 5), 1..9),
        ) {
            let of = |curves: &[Vec<Option<f64>>]| {
                let curves: Vec<&[Option<f64>]> = curves.iter().map(Vec::as_slice).collect();
                band(&curves)
            };
            let forwards = of(&curves);
            curves.reverse();
            let backwards = of(&curves);
            prop_assert_eq!(&forwards.count, &backwards.count);
            for at in 0..5 {
                prop_assert_eq!(forwards.mean[at].is_some(), forwards.count[at] > 0);
                prop_assert_eq!(forwards.low[at].is_some(), forwards.count[at] > 1);
                if let (Some(low), Some(mean), Some(high)) =
                    (forwards.low[at], forwards.mean[at], forwards.high[at])
                {
                    prop_assert!(low <= mean && mean <= high);
                    prop_assert!((mean - backwards.mean[at].unwrap()).abs() < 1e-9);
                }
            }
        }
    }
}

//! Ranges that hold about equally many values.

use crate::{
    numbers::{shortest, significant},
    space::Domain,
    stats::sorted,
};

/// Digits of a bound in a label, if they tell the neighbours apart.
const DIGITS: usize = 3;

/// The bounds between ranges, ascending; a value on a bound belongs above it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bins {
    least: f64,
    greatest: f64,
    cuts: Vec<f64>,
}

/// Whether the middle between two numbers is that of their logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Logarithmic,
}

impl Scale {
    /// That of the domain; without one, logarithmic for positive values over two decades.
    pub(super) fn of(domain: Option<&Domain>, values: &[f64]) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let logarithmic = match domain {
            Some(domain) => matches!(domain, Domain::LogUniform { .. }),
            None => least > 0.0 && greatest >= 100.0 * least,
        };
        if logarithmic && least > 0.0 {
            Scale::Logarithmic
        } else {
            Scale::Linear
        }
    }

    fn middle(self, low: f64, high: f64) -> f64 {
        match self {
            Scale::Linear => low + (high - low) / 2.0,
            Scale::Logarithmic => low.sqrt() * high.sqrt(),
        }
    }
}

impl Bins {
    /// At most `bins` ranges, cut between values at equal counts; equal values stay together.
    pub(super) fn of(values: &[f64], bins: usize, scale: Scale) -> Option<Self> {
        let ascending = sorted(values.iter().copied());
        let (least, greatest) = (*ascending.first()?, *ascending.last()?);
        let mut cuts: Vec<f64> = Vec::new();
        for part in 1..bins {
            let start = part * ascending.len() / bins;
            let changes = |i: &usize| ascending[i - 1] < ascending[*i];
            let Some(place) = (start.max(1)..ascending.len()).find(changes) else {
                break;
            };
            let cut = between(ascending[place - 1], ascending[place], scale);
            if cuts.last().is_none_or(|last| *last < cut) {
                cuts.push(cut);
            }
        }
        Some(Self {
            least,
            greatest,
            cuts,
        })
    }

    /// The range that holds `value`.
    pub(super) fn place(&self, value: f64) -> usize {
        self.cuts.partition_point(|cut| *cut <= value)
    }

    /// The range as text: `0.0001 – 0.00032`.
    pub(super) fn label(&self, place: usize) -> String {
        let bound =
            |i: Option<usize>, end| i.and_then(|i| self.cuts.get(i)).copied().unwrap_or(end);
        let low = bound(place.checked_sub(1), self.least);
        let high = bound(Some(place), self.greatest);
        if low < high {
            format!("{} – {}", shortest(low), shortest(high))
        } else {
            shortest(low)
        }
    }
}

/// A short number between `low` and `high`, near their middle; `high` if there is none.
fn between(low: f64, high: f64, scale: Scale) -> f64 {
    let middle = scale.middle(low, high);
    let short = (DIGITS..=17).map(|digits| significant(middle, digits));
    let mut fitting = short.filter(|cut| low < *cut && *cut < high);
    fitting.next().unwrap_or(high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[f64], bins: usize, scale: Scale, labels: &[&str]) {
        let bins = Bins::of(values, bins, scale).unwrap();
        let found: Vec<String> = (0..=bins.cuts.len()).map(|i| bins.label(i)).collect();
        assert_eq!(found, labels, "{values:?}");
    }

    #[test]
    fn cuts_lie_between_values_at_equal_counts() {
        let eight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let labels = ["1 – 2.5", "2.5 – 4.5", "4.5 – 6.5", "6.5 – 8"];
        check(&eight, 4, Scale::Linear, &labels);
        check(&eight, 2, Scale::Linear, &["1 – 4.5", "4.5 – 8"]);
    }

    #[test]
    fn logarithmic_cuts_lie_at_the_geometric_middle() {
        let rates = [1e-4, 2e-4, 8e-4, 1e-2];
        check(
            &rates,
            2,
            Scale::Logarithmic,
            &["1e-4 – 4e-4", "4e-4 – 0.01"],
        );
    }

    #[test]
    fn equal_values_stay_together() {
        let labels = ["1 – 1.5", "1.5 – 2"];
        check(&[1.0, 1.0, 1.0, 1.0, 1.0, 2.0], 4, Scale::Linear, &labels);
        check(&[1.0, 1.0], 4, Scale::Linear, &["1"]);
    }

    #[test]
    fn values_that_hardly_differ_get_longer_labels() {
        let labels = ["1 – 1.000005", "1.000005 – 1.00001"];
        check(&[1.0, 1.000_01], 2, Scale::Linear, &labels);
    }

    proptest! {
        #[test]
        fn no_range_is_empty_and_none_is_much_fuller_than_its_share(
            values in prop::collection::hash_set(1u32..100_000, 8..60), bins in 2usize..6,
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            for scale in [Scale::Linear, Scale::Logarithmic] {
                let made = Bins::of(&values, bins, scale).unwrap();
                prop_assert_eq!(made.cuts.len(), bins - 1);
                let mut counts = vec![0usize; bins];
                for value in &values {
                    counts[made.place(*value)] += 1;
                }
                prop_assert!(counts.iter().all(|c| c.abs_diff(values.len() / bins) <= 1), "{counts:?}");
            }
        }
    }
}

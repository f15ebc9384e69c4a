//! Ranks of two groups (Mann and Whitney), and the shift between them (Hodges and Lehmann).

use std::collections::BTreeMap;

use cupola_domain::objective::Direction;

use super::{LEVEL, MORE_SEEDS_MAX, POWER, Verdict, decided};
use crate::{
    distributions::{normal_quantile, normal_tail},
    numbers::{count, float, floor},
    stats::median,
};

/// So many pairs are counted exactly; beyond, the normal approximation is as good.
const EXACT_PAIRS_MAX: usize = 400;

/// Two groups by their ranks.
pub(super) struct Ranks {
    counts: (usize, usize),
    /// Every value of A less every value of B, ascending.
    differences: Vec<f64>,
    /// Pairs in which A is larger; a tie is half a pair.
    larger: f64,
    /// How `larger` is distributed without any difference.
    law: Law,
}

enum Law {
    /// The chance of at most so many pairs, by their number.
    Exact(Vec<f64>),
    /// The standard deviation, with the correction for ties.
    Normal(f64),
}

impl Ranks {
    /// Of values in ascending order, at least one in each group.
    pub(super) fn new(a: &[f64], b: &[f64]) -> Self {
        let pairs = a.iter().flat_map(|x| b.iter().map(move |y| x - y));
        let mut differences: Vec<f64> = pairs.collect();
        differences.sort_by(f64::total_cmp);
        let ties = differences.iter().filter(|d| **d == 0.0).count();
        let larger = differences.iter().filter(|d| **d > 0.0).count();
        let (n, m) = (a.len(), b.len());
        let law = if ties == 0 && n * m <= EXACT_PAIRS_MAX {
            Law::Exact(cumulative(n, m))
        } else {
            Law::Normal(deviation(a, b))
        };
        Self {
            counts: (n, m),
            larger: count(larger) + count(ties) / 2.0,
            differences,
            law,
        }
    }

    /// The middle of all differences.
    pub(super) fn difference(&self) -> f64 {
        median(&self.differences).unwrap_or(0.0)
    }

    /// The range of shifts that the test would not tell from this one.
    pub(super) fn interval_95(&self) -> (f64, f64) {
        let pairs = self.differences.len();
        let cut = match &self.law {
            Law::Exact(cumulative) => cumulative.partition_point(|p| *p <= LEVEL / 2.0),
            Law::Normal(deviation) => {
                let half = normal_quantile(1.0 - LEVEL / 2.0) * deviation;
                usize::try_from(floor((count(pairs) / 2.0 - half).max(0.0))).unwrap_or(0)
            }
        };
        let last = pairs - 1;
        match cut.checked_sub(1) {
            Some(at) => (self.differences[at], self.differences[last - at]),
            None => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// The chance of ranks at least so uneven without any difference.
    pub(super) fn p_value(&self) -> f64 {
        let pairs = count(self.differences.len());
        let fewer = self.larger.min(pairs - self.larger);
        match &self.law {
            Law::Exact(cumulative) => {
                let at = usize::try_from(floor(fewer)).unwrap_or(usize::MAX);
                (2.0 * cumulative.get(at).copied().unwrap_or(1.0)).min(1.0)
            }
            Law::Normal(deviation) => {
                let distance = (pairs / 2.0 - fewer - 0.5).max(0.0);
                (2.0 * normal_tail(distance / deviation)).min(1.0)
            }
        }
    }

    pub(super) fn verdict(&self, direction: Direction) -> Verdict {
        let (low, high) = self.interval_95();
        if self.p_value() < LEVEL && (low > 0.0 || high < 0.0) {
            return decided(self.difference(), direction);
        }
        Verdict::Undecided {
            more_seeds: self.more_seeds(),
        }
    }

    /// The seeds to add to each side for the stated power, if the share of pairs in which A is
    /// larger stays what it is (Noether).
    fn more_seeds(&self) -> Option<u32> {
        let uneven = (self.larger / count(self.differences.len()) - 0.5).abs();
        let z = normal_quantile(1.0 - LEVEL / 2.0) + normal_quantile(POWER);
        let needed = z * z / (6.0 * uneven * uneven);
        let more = (needed - count(self.counts.0 + self.counts.1) / 2.0).ceil();
        (more <= count(MORE_SEEDS_MAX))
            .then(|| u32::try_from(floor(more.max(1.0))).ok())
            .flatten()
    }
}

/// The chance of at most 0, 1, 2, … pairs in which a value of the first group is larger, when all
/// orders of `n` and `m` different values are equally likely.
fn cumulative(n: usize, m: usize) -> Vec<f64> {
    // The ways to choose n of n + m places, by the pairs they make: one place after the other.
    let mut ways = vec![vec![0.0; n * m + 1]; n + 1];
    ways[0][0] = 1.0;
    for place in 0..n + m {
        for chosen in (1..=n.min(place + 1)).rev() {
            let passed = place + 1 - chosen;
            if passed > m {
                continue;
            }
            for pairs in (passed..=n * m).rev() {
                let with = ways[chosen - 1][pairs - passed];
                ways[chosen][pairs] += with;
            }
        }
    }
    let all: f64 = ways[n].iter().sum();
    let mut sum = 0.0;
    let cumulate = |w: &f64| {
        sum += w;
        sum / all
    };
    ways[n].iter().map(cumulate).collect()
}

fn deviation(a: &[f64], b: &[f64]) -> f64 {
    let mut equal: BTreeMap<u64, u64> = BTreeMap::new();
    for value in a.iter().chain(b) {
        *equal.entry((value + 0.0).to_bits()).or_default() += 1;
    }
    let ties: f64 = equal
        .values()
        .map(|t| float(*t))
        .map(|t| t * t * t - t)
        .sum();
    let (n, m) = (count(a.len()), count(b.len()));
    let all = n + m;
    (n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::sorted;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    const A: [f64; 6] = [0.8, 0.9, 1.1, 1.2, 1.3, 30.0];
    const B: [f64; 7] = [1.9, 2.0, 2.1, 2.2, 2.3, 2.4, 2.6];

    /// Computed with scipy 1.17.1: `mannwhitneyu(…, method="exact")`; the shift and its interval by
    /// sorting all differences and counting all orders of thirteen values with numpy.
    #[test]
    fn few_values_are_counted_exactly() {
        let ranks = Ranks::new(&A, &B);
        close(ranks.larger, 7.0);
        close(ranks.p_value(), 0.051_282_051_282_051_28);
        close(ranks.difference(), -1.1);
        let (low, high) = ranks.interval_95();
        close(low, -1.4);
        close(high, 27.4);
    }

    /// Computed with scipy 1.17.1: `mannwhitneyu(…, method="asymptotic")`.
    #[test]
    fn ties_are_corrected_for() {
        let a = [1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 90.0];
        let b = [2.0, 3.0, 5.0, 6.0, 6.0, 7.0, 8.0, 8.0, 9.0];
        let ranks = Ranks::new(&a, &b);
        close(ranks.larger, 18.0);
        close(ranks.p_value(), 0.090_397_951_929_287_72);
        close(ranks.difference(), -3.0);
    }

    #[test]
    fn the_exact_law_is_that_of_the_normal_when_there_are_many() {
        let cumulative = cumulative(20, 20);
        let deviation = (20.0 * 20.0 * 41.0 / 12.0_f64).sqrt();
        for at in [120, 150, 180, 200] {
            let z = (200.5 - count(at) - 1.0) / deviation;
            assert!((cumulative[at] - normal_tail(z)).abs() < 2e-3, "{at}");
        }
        close(*cumulative.last().unwrap(), 1.0);
    }

    proptest! {
        #[test]
        fn a_shift_moves_the_difference_and_the_groups_may_change_places(
            a in prop::collection::vec(-100i32..100, 4..12),
            b in prop::collection::vec(-100i32..100, 4..12),
            shift in 1i32..50,
        ) {
            let floats = |values: &[i32], by: i32| sorted(values.iter().map(|v| f64::from(v + by)));
            let plain = Ranks::new(&floats(&a, 0), &floats(&b, 0));
            let moved = Ranks::new(&floats(&a, shift), &floats(&b, 0));
            let mirrored = Ranks::new(&floats(&b, 0), &floats(&a, 0));
            // Halves of whole numbers are exact.
            let halves = |ranks: &Ranks| (2.0 * ranks.difference()).to_string();
            prop_assert_eq!(halves(&moved), (2.0 * (plain.difference() + f64::from(shift))).to_string());
            prop_assert!((mirrored.difference() + plain.difference()).abs() < 1e-12);
            prop_assert!((mirrored.p_value() - plain.p_value()).abs() < 1e-12);
            let (low, high) = plain.interval_95();
            prop_assert!(low <= plain.difference() && plain.difference() <= high);
        }
    }
}

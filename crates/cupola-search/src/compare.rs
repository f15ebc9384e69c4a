//! Whether one group of values is better than another, over seeds.
//!
//! The test is Welch's t, which lets each group have its own variance. Where values are clearly not
//! normal a mean says little, and ranks are tested instead (Mann and Whitney): that is so when either
//! group fails the test of Shapiro and Francia at the 1 % level. It needs at least four values on
//! each side, because fewer can never be told apart by their ranks at the 5 % level, and it is left
//! alone above 200 on a side, where means are as good as normal whatever the values are.

mod normality;
mod ranks;
mod welch;

use cupola_domain::objective::Direction;

use self::{normality::is_clearly_not_normal, ranks::Ranks, welch::Welch};
use crate::{
    numbers::count,
    stats::{Moments, sorted},
};

/// More seeds than this are not advice but a joke.
const MORE_SEEDS_MAX: usize = 1_000;

/// The chance of seeing a difference, if there is one as large as it looks, that
/// [`Verdict::Undecided`] aims at.
const POWER: f64 = 0.8;

/// Below this, values count as differing.
const LEVEL: f64 = 0.05;

/// With fewer values on a side, ranks decide nothing at [`LEVEL`].
const RANKED_MIN: usize = 4;

/// With more values on a side, means are as good as normal.
const RANKED_MAX: usize = 200;

/// Two groups of values side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The first group.
    pub a: Group,
    /// The second group.
    pub b: Group,
    /// How they were held against each other.
    pub test: Test,
    /// By [`Test::Welch`], the mean of A less the mean of B. By [`Test::MannWhitney`], the middle of
    /// all differences between a value of A and one of B (Hodges and Lehmann).
    pub difference: Option<f64>,
    /// The range that holds the true difference in 95 of 100 such comparisons.
    pub interval_95: Option<(f64, f64)>,
    /// The chance of a difference at least as large if there were none.
    pub p_value: Option<f64>,
    /// Welch's degrees of freedom.
    pub degrees_of_freedom: Option<f64>,
    /// What may be said.
    pub verdict: Verdict,
}

/// How two groups are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Their means, each with its own variance (Welch's t).
    Welch,
    /// Their ranks (Mann and Whitney).
    MannWhitney,
}

/// One group of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// How many are finite.
    pub count: usize,
    /// How many diverged and are left out of the rest.
    pub not_finite: usize,
    /// The mean.
    pub mean: Option<f64>,
    /// The deviation of what they were drawn from; `None` below two values.
    pub std_sample: Option<f64>,
    /// The range that holds the true mean in 95 of 100 such groups; `None` below two values.
    pub mean_95: Option<(f64, f64)>,
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A is better, at the 5 % level.
    ABetter,
    /// B is better, at the 5 % level.
    BBetter,
    /// Noise could have done it.
    Undecided {
        /// How many more seeds on each side would show the difference, if it is real, with a
        /// chance of 80 %. With fewer than two values on a side: the least that allows any
        /// estimate. `None` when there is no difference, no number of seeds worth running, or no telling.
        more_seeds: Option<u32>,
    },
}

/// Compares two groups; the module says by which test.
///
/// Without any variance on both sides, any difference is taken as real: the runs ignore seeds.
pub fn compare(a: &[f64], b: &[f64], direction: Direction) -> Comparison {
    let (a_values, b_values) = (finite(a), finite(b));
    let (a, b) = (Group::of(&a_values, a), Group::of(&b_values, b));
    if is_ranked(&a_values, &b_values) {
        return ranked(a, b, &Ranks::new(&a_values, &b_values), direction);
    }
    let difference = a.mean.zip(b.mean).map(|(a, b)| a - b);
    let test = difference.and_then(|difference| Welch::new(a, b, difference));
    Comparison {
        a,
        b,
        test: Test::Welch,
        difference,
        interval_95: test.map(Welch::interval_95),
        p_value: test.map(Welch::p_value),
        degrees_of_freedom: test.map(|test| test.df),
        verdict: test.map_or_else(|| too_few(a, b), |test| test.verdict(a, b, direction)),
    }
}

impl Group {
    fn of(finite: &[f64], all: &[f64]) -> Self {
        let moments: Moments = finite.iter().copied().collect();
        Self {
            count: moments.count(),
            not_finite: all.len() - moments.count(),
            mean: moments.mean(),
            std_sample: moments.deviation_sample(),
            mean_95: moments.mean_95(),
        }
    }

    /// The variance of the mean, if there were `count` values; `None` when unknown.
    fn variance_of_mean(self, n: usize) -> Option<f64> {
        let deviation = self.std_sample?;
        Some(deviation * deviation / count(n))
    }
}

/// The finite ones, ascending.
fn finite(values: &[f64]) -> Vec<f64> {
    sorted(values.iter().copied().filter(|x| x.is_finite()))
}

fn is_ranked(a: &[f64], b: &[f64]) -> bool {
    let fits = |group: &[f64]| (RANKED_MIN..=RANKED_MAX).contains(&group.len());
    fits(a) && fits(b) && (is_clearly_not_normal(a) || is_clearly_not_normal(b))
}

fn ranked(a: Group, b: Group, ranks: &Ranks, direction: Direction) -> Comparison {
    Comparison {
        a,
        b,
        test: Test::MannWhitney,
        difference: Some(ranks.difference()),
        interval_95: Some(ranks.interval_95()),
        p_value: Some(ranks.p_value()),
        degrees_of_freedom: None,
        verdict: ranks.verdict(direction),
    }
}

fn too_few(a: Group, b: Group) -> Verdict {
    let missing = 2usize.saturating_sub(a.count.min(b.count));
    Verdict::Undecided {
        more_seeds: u32::try_from(missing).ok().filter(|missing| *missing > 0),
    }
}

/// Better if `difference`, of A from B, goes the right way.
fn decided(difference: f64, direction: Direction) -> Verdict {
    if direction.is_better(difference, 0.0) {
        Verdict::ABetter
    } else {
        Verdict::BBetter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &[f64], b: &[f64], expected: Verdict) {
        assert_eq!(compare(a, b, Direction::Minimize).verdict, expected);
        let mirrored = match expected {
            Verdict::ABetter => Verdict::BBetter,
            Verdict::BBetter => Verdict::ABetter,
            undecided @ Verdict::Undecided { .. } => undecided,
        };
        assert_eq!(compare(b, a, Direction::Minimize).verdict, mirrored);
        assert_eq!(compare(a, b, Direction::Maximize).verdict, mirrored);
    }

    const fn undecided(more_seeds: Option<u32>) -> Verdict {
        Verdict::Undecided { more_seeds }
    }

    #[test]
    fn a_difference_well_beyond_the_noise_is_decided() {
        check(&[1.0, 1.1, 0.9], &[2.0, 2.1, 1.9], Verdict::ABetter);
    }

    #[test]
    fn a_difference_within_the_noise_is_not() {
        check(&[1.0, 2.0, 3.0], &[1.5, 2.5, 3.5], undecided(Some(61)));
    }

    #[test]
    fn no_difference_needs_no_more_seeds() {
        check(&[1.0, 2.0], &[2.0, 1.0], undecided(None));
        check(&[1.0, 1.0], &[1.0, 1.0], undecided(None));
    }

    #[test]
    fn too_few_values_say_how_many_are_missing() {
        check(&[], &[], undecided(Some(2)));
        check(&[1.0], &[2.0, 2.1], undecided(Some(1)));
        check(&[1.0, f64::NAN], &[2.0, 2.1], undecided(Some(1)));
        check(&[f64::NAN, f64::INFINITY], &[2.0, 2.1], undecided(Some(2)));
    }

    #[test]
    fn numbers_too_large_to_square_decide_nothing() {
        check(&[1e300, -1e300], &[1e300, 2e300], undecided(None));
    }

    #[test]
    fn runs_that_ignore_their_seed_differ_for_certain() {
        check(&[1.0, 1.0], &[1.1, 1.1], Verdict::ABetter);
        check(&[1.0, 1.0], &[1.1, 1.2], undecided(Some(2)));
    }

    #[test]
    fn values_far_from_normal_are_compared_by_their_ranks() {
        let test = |a: &[f64], b: &[f64]| compare(a, b, Direction::Minimize).test;
        let (near, far) = ([1.0, 1.1, 1.2, 0.9], [1.0, 1.1, 1.2, 0.9, 1.15, 1.05, 50.0]);
        assert_eq!(test(&far, &near), Test::MannWhitney);
        assert_eq!(test(&near, &far), Test::MannWhitney);
        assert_eq!(test(&near, &far[..6]), Test::Welch);
        assert_eq!(test(&near[..3], &far), Test::Welch);
        let many: Vec<f64> = (0..201).map(|i| libm::exp(f64::from(i % 20))).collect();
        assert_eq!(test(&many, &near), Test::Welch);
        assert_eq!(test(&many[1..], &near), Test::MannWhitney);
    }

    #[test]
    fn one_run_far_out_does_not_hide_a_difference_in_all_others() {
        let a = [1.0, 1.1, 1.2, 0.9, 1.15, 1.05, 0.95, 50.0];
        let b = [2.0, 2.1, 2.2, 1.9, 2.15, 2.05, 1.95, 2.3, 2.4, 1.85];
        check(&a, &b, Verdict::ABetter);
        // Eight of 32 pairs: Noether's formula asks for 20.9 on a side, and there are 6 on average.
        check(&a, &[1.02, 1.3, 1.4, 1.5], undecided(Some(15)));
        let same = compare(&a, &a, Direction::Minimize);
        assert_eq!(
            (same.test, same.verdict),
            (Test::MannWhitney, undecided(None))
        );
    }

    #[test]
    fn a_comparison_computed_with_thirty_digits() {
        let a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9];
        let b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8];
        let found = compare(&a, &b, Direction::Maximize);
        let (low, high) = found.interval_95.unwrap();
        for (found, expected) in [
            (found.difference.unwrap(), -2.714_285_714_29),
            (found.degrees_of_freedom.unwrap(), 7.423_433_145_21),
            (found.p_value.unwrap(), 0.174_933_550_711),
            (low, -6.944_650_517_27),
            (high, 1.516_079_088_7),
        ] {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn the_advised_number_of_seeds_gives_the_promised_power() {
        // Draws with the very difference and deviation that the advice assumed.
        let undecided = compare(&[-1.0, 0.0, 1.0], &[0.0, 1.0, 2.0], Direction::Minimize);
        let Verdict::Undecided {
            more_seeds: Some(more),
        } = undecided.verdict
        else {
            unreachable!("three values each cannot show this difference")
        };
        let n = u64::from(more) + 3;
        let studies = 400u64;
        let decided = (0..studies).filter(|study| {
            let draw = |side: u64, shift: f64| -> Vec<f64> {
                let seed = study * 2 + side;
                (0..n).map(|i| shift + normal(seed, i)).collect()
            };
            let found = compare(&draw(0, 0.0), &draw(1, 1.0), Direction::Minimize);
            found.verdict == Verdict::ABetter
        });
        let share = count(decided.count()) / crate::numbers::float(studies);
        assert!((0.74..0.86).contains(&share), "{n} seeds a side: {share}");
    }

    #[test]
    fn noise_alone_is_called_a_difference_one_time_in_twenty() {
        let studies = 400u64;
        let called = (0..studies).filter(|study| {
            let draw = |side: u64| -> Vec<f64> {
                let seed = 10_000 + study * 2 + side;
                (0..5).map(|i| normal(seed, i)).collect()
            };
            let found = compare(&draw(0), &draw(1), Direction::Minimize);
            !matches!(found.verdict, Verdict::Undecided { .. })
        });
        let called = called.count();
        assert!((6..=36).contains(&called), "{called} of {studies}");
    }

    /// A draw from the normal distribution (Box and Muller).
    fn normal(seed: u64, index: u64) -> f64 {
        let mut rng = crate::rng::Rng::at(seed, index);
        let radius = (-2.0 * libm::log(1.0 - rng.unit())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * rng.unit())
    }
}

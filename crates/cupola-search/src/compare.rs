//! Whether one configuration is better than another, over seeds.

use cupola_domain::objective::Direction;

use crate::{
    distributions::{student_t_quantile, student_t_two_sided},
    numbers::count,
    stats::{Moments, sorted},
};

/// More seeds than this are not advice but a joke.
const MORE_SEEDS_MAX: usize = 10_000;

/// The chance of seeing a difference, if there is one as large as it looks, that
/// [`Verdict::Undecided`] aims at.
const POWER: f64 = 0.8;

/// Two groups of values side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The first group.
    pub a: Group,
    /// The second group.
    pub b: Group,
    /// The mean of A less the mean of B.
    pub difference: Option<f64>,
    /// The range that holds the true difference in 95 of 100 such comparisons (Welch).
    pub interval_95: Option<(f64, f64)>,
    /// The chance of a difference at least as large if there were none.
    pub p_value: Option<f64>,
    /// Welch's degrees of freedom.
    pub degrees_of_freedom: Option<f64>,
    /// What may be said.
    pub verdict: Verdict,
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

/// Compares two groups by Welch's t, which lets each have its own variance.
///
/// Without any variance on both sides, any difference is taken as real: the runs ignore seeds.
pub fn compare(a: &[f64], b: &[f64], direction: Direction) -> Comparison {
    let (a, b) = (Group::of(a), Group::of(b));
    let difference = a.mean.zip(b.mean).map(|(a, b)| a - b);
    let test = difference.and_then(|difference| Welch::new(a, b, difference));
    Comparison {
        a,
        b,
        difference,
        interval_95: test.map(Welch::interval_95),
        p_value: test.map(Welch::p_value),
        degrees_of_freedom: test.map(|test| test.df),
        verdict: test.map_or_else(|| too_few(a, b), |test| test.verdict(a, b, direction)),
    }
}

impl Group {
    fn of(values: &[f64]) -> Self {
        let finite = sorted(values.iter().copied().filter(|x| x.is_finite()));
        let moments: Moments = finite.into_iter().collect();
        Self {
            count: moments.count(),
            not_finite: values.len() - moments.count(),
            mean: moments.mean(),
            std_sample: moments.deviation_sample(),
        }
    }

    /// The variance of the mean, if there were `count` values; `None` when unknown.
    fn variance_of_mean(self, n: usize) -> Option<f64> {
        let deviation = self.std_sample?;
        Some(deviation * deviation / count(n))
    }
}

fn too_few(a: Group, b: Group) -> Verdict {
    let missing = 2usize.saturating_sub(a.count.min(b.count));
    Verdict::Undecided {
        more_seeds: u32::try_from(missing).ok().filter(|missing| *missing > 0),
    }
}

#[derive(Debug, Clone, Copy)]
struct Welch {
    difference: f64,
    error: f64,
    df: f64,
}

impl Welch {
    fn new(a: Group, b: Group, difference: f64) -> Option<Self> {
        Self::with_counts(a, b, difference, (a.count, b.count))
    }

    /// The test as it would be with other counts and the same means and deviations.
    fn with_counts(a: Group, b: Group, difference: f64, counts: (usize, usize)) -> Option<Self> {
        let (of_a, of_b) = (a.variance_of_mean(counts.0)?, b.variance_of_mean(counts.1)?);
        let (free_a, free_b) = (count(counts.0 - 1), count(counts.1 - 1));
        let total = of_a + of_b;
        // Shares of the total, since squares of small variances vanish.
        let (share_a, share_b) = (of_a / total, of_b / total);
        let df = 1.0 / (share_a * share_a / free_a + share_b * share_b / free_b);
        total.is_finite().then(|| Self {
            difference,
            error: total.sqrt(),
            df: if total > 0.0 { df } else { free_a + free_b },
        })
    }

    fn interval_95(self) -> (f64, f64) {
        let half = student_t_quantile(0.975, self.df) * self.error;
        (self.difference - half, self.difference + half)
    }

    fn p_value(self) -> f64 {
        if self.difference.abs() > 0.0 {
            student_t_two_sided(self.difference / self.error, self.df)
        } else {
            1.0
        }
    }

    fn verdict(self, a: Group, b: Group, direction: Direction) -> Verdict {
        let (low, high) = self.interval_95();
        if !(low > 0.0 || high < 0.0) {
            let more_seeds = self.more_seeds(a, b);
            return Verdict::Undecided { more_seeds };
        }
        if direction.is_better(self.difference, 0.0) {
            Verdict::ABetter
        } else {
            Verdict::BBetter
        }
    }

    /// The fewest seeds to add to each side for the stated power, by bisection.
    fn more_seeds(self, a: Group, b: Group) -> Option<u32> {
        let is_enough = |more: usize| {
            let counts = (a.count + more, b.count + more);
            Self::with_counts(a, b, self.difference, counts).is_some_and(Self::has_power)
        };
        if !is_enough(MORE_SEEDS_MAX) {
            return None;
        }
        let (mut low, mut high) = (0, MORE_SEEDS_MAX);
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if is_enough(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        u32::try_from(high).ok()
    }

    fn has_power(self) -> bool {
        let needed = student_t_quantile(0.975, self.df) + student_t_quantile(POWER, self.df);
        self.difference.abs() > needed * self.error
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

//! Welch's t: means, each with its own variance.

use cupola_domain::objective::Direction;

use super::{Group, MORE_SEEDS_MAX, POWER, Verdict, decided};
use crate::{
    distributions::{student_t_quantile, student_t_two_sided},
    numbers::count,
};

/// The test of two means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Welch {
    difference: f64,
    error: f64,
    /// Degrees of freedom.
    pub(super) df: f64,
}

impl Welch {
    pub(super) fn new(a: Group, b: Group, difference: f64) -> Option<Self> {
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

    pub(super) fn interval_95(self) -> (f64, f64) {
        let half = student_t_quantile(0.975, self.df) * self.error;
        (self.difference - half, self.difference + half)
    }

    pub(super) fn p_value(self) -> f64 {
        if self.difference.abs() > 0.0 {
            student_t_two_sided(self.difference / self.error, self.df)
        } else {
            1.0
        }
    }

    pub(super) fn verdict(self, a: Group, b: Group, direction: Direction) -> Verdict {
        let (low, high) = self.interval_95();
        if !(low > 0.0 || high < 0.0) {
            let more_seeds = self.more_seeds(a, b);
            return Verdict::Undecided { more_seeds };
        }
        decided(self.difference, direction)
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

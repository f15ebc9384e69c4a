//! Means, deviations and quantiles, shared by every analysis.

use crate::{
    distributions::student_t_quantile,
    numbers::{count, float, floor},
};

/// Count, mean and spread of numbers seen one at a time (Welford): one pass, no cancellation.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    count: usize,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Takes one more number in.
    pub fn push(&mut self, x: f64) {
        self.count += 1;
        let before = x - self.mean;
        self.mean += before / count(self.count);
        self.squares += before * (x - self.mean);
    }

    /// How many numbers were seen.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Their mean; `None` of none.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The sum of the squared distances from the mean.
    pub const fn sum_of_squares(&self) -> f64 {
        self.squares
    }

    /// The variance of these numbers themselves, dividing by their count; `None` of none.
    pub fn variance_population(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squares / count(self.count))
    }

    /// The variance of what they were drawn from, dividing by one less; `None` below two.
    pub fn variance_sample(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / count(self.count - 1))
    }

    /// The root of [`Moments::variance_population`].
    pub fn deviation_population(&self) -> Option<f64> {
        self.variance_population().map(f64::sqrt)
    }

    /// The root of [`Moments::variance_sample`].
    pub fn deviation_sample(&self) -> Option<f64> {
        self.variance_sample().map(f64::sqrt)
    }

    /// The range that holds the mean of what they were drawn from in 95 of 100 such cases, by
    /// Student's t; `None` below two.
    pub fn mean_95(&self) -> Option<(f64, f64)> {
        let half = half_width_95(self.count)? * self.deviation_sample()?;
        Some((self.mean - half, self.mean + half))
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut moments = Moments::default();
        numbers.into_iter().for_each(|x| moments.push(x));
        moments
    }
}

/// Half the width of the 95 % interval of a mean of `n` numbers, in deviations of a sample; `None`
/// below two.
pub fn half_width_95(n: usize) -> Option<f64> {
    (n > 1).then(|| student_t_quantile(0.975, count(n - 1)) / count(n).sqrt())
}

/// The same numbers in ascending order: whatever is computed from it does not depend on the
/// order of arrival, to the last bit.
pub fn sorted(numbers: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The number below which the share `q`, from 0 to 1, of ascending numbers lies; between two
/// of them it is interpolated. `None` of none.
pub fn quantile(ascending: &[f64], q: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * count(last);
    let below = usize::try_from(floor(position)).unwrap_or(last).min(last);
    let (low, high) = (ascending[below], ascending[last.min(below + 1)]);
    let share = position - float(below as u64);
    Some(low * (1.0 - share) + high * share)
}

/// The middle of ascending numbers, or the mean of the two in the middle.
pub fn median(ascending: &[f64]) -> Option<f64> {
    quantile(ascending, 0.5)
}

/// The distance from the least to the greatest of ascending numbers.
pub fn spread(ascending: &[f64]) -> Option<f64> {
    Some(ascending.last()? - ascending.first()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: Option<f64>, b: f64) {
        let a = a.unwrap();
        assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} {b}");
    }

    #[test]
    fn moments_of_known_numbers() {
        let moments: Moments = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]
            .into_iter()
            .collect();
        close(moments.mean(), 5.0);
        close(moments.deviation_population(), 2.0);
        close(moments.variance_sample(), 32.0 / 7.0);
        assert_eq!(moments.count(), 8);
    }

    #[test]
    fn a_large_offset_does_not_hide_a_small_spread() {
        let moments: Moments = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]
            .into_iter()
            .collect();
        close(moments.variance_sample(), 30.0);
    }

    /// Computed with scipy 1.17.1: `t.interval(0.95, n - 1, loc=mean, scale=sem)`.
    #[test]
    fn the_interval_of_a_mean() {
        let check = |numbers: &[f64], low, high| {
            let moments: Moments = numbers.iter().copied().collect();
            let (found_low, found_high) = moments.mean_95().unwrap();
            close(Some(found_low), low);
            close(Some(found_high), high);
        };
        let six = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9];
        check(&six, 16.838_620_467_711_223, 25.161_379_532_288_777);
        check(&[1.0, 2.0], -4.853_102_368_087_347, 7.853_102_368_087_347);
        assert_eq!(Moments::from_iter([1.0]).mean_95(), None);
    }

    #[test]
    fn too_few_numbers_have_no_moments() {
        assert_eq!(Moments::default().mean(), None);
        assert_eq!(Moments::default().deviation_population(), None);
        let one: Moments = [3.0].into_iter().collect();
        assert_eq!(one.deviation_population(), Some(0.0));
        assert_eq!(one.deviation_sample(), None);
    }

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let numbers = [1.0, 2.0, 3.0, 10.0];
        for (q, expected) in [
            (0.0, 1.0),
            (0.25, 1.75),
            (0.5, 2.5),
            (0.9, 7.9),
            (1.0, 10.0),
        ] {
            close(quantile(&numbers, q), expected);
        }
        assert_eq!(quantile(&[], 0.5), None);
        close(median(&[7.0]), 7.0);
        close(spread(&numbers), 9.0);
    }

    proptest! {
        #[test]
        fn the_mean_and_every_quantile_lie_within_the_range(
            numbers in prop::collection::vec(-1e6..1e6f64, 1..40), q in 0.0..1.0f64,
        ) {
            let ascending = sorted(numbers);
            let (low, high) = (ascending[0] - 1e-6, ascending[ascending.len() - 1] + 1e-6);
            let mean = ascending.iter().copied().collect::<Moments>().mean().unwrap();
            prop_assert!((low..=high).contains(&mean));
            prop_assert!((low..=high).contains(&quantile(&ascending, q).unwrap()));
        }
    }
}

//! Softmax over the causal part of attention scores.
#![expect(clippy::inline_always, reason = "required of kernels")]

use super::math::{exp, max, replace_and_sum, sum_by};
use crate::machine::{self, Kernel};

/// A band of rows of a square table: row `first` of the table is the first one here.
#[derive(Clone, Copy)]
pub(crate) struct Band {
    pub(crate) first: usize,
    pub(crate) rows: usize,
    /// Columns in use: those up to the last row's own.
    pub(crate) cols: usize,
    /// Values from one row to the next.
    pub(crate) stride: usize,
}

/// Turns scores into probabilities: row `i` over columns `0..=i`, zero to its right.
pub(crate) fn forward_in_place(scores: &mut [f32], band: Band) {
    machine::run(Forward { scores, band });
}

/// Turns the probabilities' gradient `d` into the scores' gradient.
pub(crate) fn backward_in_place(d: &mut [f32], probabilities: &[f32], band: Band) {
    machine::run(Backward {
        d,
        probabilities,
        band,
    });
}

struct Forward<'a> {
    scores: &'a mut [f32],
    band: Band,
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Band { first, cols, .. } = self.band;
        let rows = self.scores.chunks_mut(self.band.stride);
        for (i, row) in rows.take(self.band.rows).enumerate() {
            let (seen, unseen) = row[..cols].split_at_mut(first + i + 1);
            let top = max(seen);
            let inverse = 1.0 / replace_and_sum(seen, |score| exp::<FMA>(score - top));
            for score in seen.iter_mut() {
                *score *= inverse;
            }
            unseen.fill(0.0);
        }
    }
}

struct Backward<'a> {
    d: &'a mut [f32],
    probabilities: &'a [f32],
    band: Band,
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Band { cols, stride, .. } = self.band;
        let rows = self
            .d
            .chunks_mut(stride)
            .zip(self.probabilities.chunks(stride));
        for (d, p) in rows.take(self.band.rows) {
            let (d, p) = (&mut d[..cols], &p[..cols]);
            let mean = sum_by([d, p], |[d, p]| d * p);
            for (d, p) in d.iter_mut().zip(p) {
                *d = p * (*d - mean);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{Probe, check};

    const BAND: Band = Band {
        first: 17,
        rows: 3,
        cols: 20,
        stride: 23,
    };

    fn probabilities(scores: &[f32]) -> Vec<f32> {
        let mut rows = scores.to_vec();
        forward_in_place(&mut rows, BAND);
        rows
    }

    #[test]
    fn a_row_sums_to_one_and_sees_nothing_to_its_right() {
        let rows = probabilities(&Probe::input(1, 69));
        for (i, row) in rows.chunks(23).enumerate() {
            let sum: f32 = row[..18 + i].iter().sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
            assert!(row[18 + i..20].iter().all(|p| *p == 0.0));
        }
    }

    #[test]
    fn the_gradient_is_the_slope() {
        let scores = Probe::input(2, 69);
        let probe = Probe::new(3, 69);
        let mut d = probe.weights().to_vec();
        backward_in_place(&mut d, &probabilities(&scores), BAND);
        // The columns outside the band belong to nobody and are passed through.
        for row in 0..3 {
            let outside = row * 23 + 20..row * 23 + 23;
            d[outside.clone()].copy_from_slice(&probe.weights()[outside]);
        }
        check(&scores, &d, |scores| probe.value(&probabilities(scores)));
    }

    #[test]
    fn scores_far_apart_do_not_overflow() {
        let mut row = [1e30, -1e30, 0.0];
        let band = Band {
            first: 2,
            rows: 1,
            cols: 3,
            stride: 3,
        };
        forward_in_place(&mut row, band);
        assert!((row[0] - 1.0).abs() < 1e-6 && row[1] < 1e-30, "{row:?}");
    }
}

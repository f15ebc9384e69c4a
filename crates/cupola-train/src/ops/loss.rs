//! Cross-entropy of the next token.
#![expect(clippy::inline_always, reason = "required of kernels")]

use super::math::{exp, max, replace_and_sum, sum_by};
use crate::machine::{self, Kernel};

/// The sum over rows of `−ln p(target)`, in nats. `logits` are left as they are.
pub(crate) fn forward(logits: &[f32], targets: &[u8]) -> f64 {
    let width = logits.len() / targets.len();
    let mut total = 0.0;
    let rows = logits.chunks_exact(width).zip(targets);
    machine::run(Forward {
        rows,
        total: &mut total,
    });
    total
}

/// The same sum; `logits` become its gradient, times `scale`.
pub(crate) fn backward_in_place(logits: &mut [f32], targets: &[u8], scale: f32) -> f64 {
    let mut total = 0.0;
    machine::run(Backward {
        logits,
        targets,
        scale,
        total: &mut total,
    });
    total
}

struct Forward<'a, I> {
    rows: I,
    total: &'a mut f64,
}

impl<'a, I: Iterator<Item = (&'a [f32], &'a u8)>> Kernel for Forward<'_, I> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (row, target) in self.rows {
            let top = max(row);
            let sum = sum_by([row], |[value]| exp::<FMA>(value - top));
            *self.total += f64::from(sum.ln() + top - row[usize::from(*target)]);
        }
    }
}

struct Backward<'a> {
    logits: &'a mut [f32],
    targets: &'a [u8],
    scale: f32,
    total: &'a mut f64,
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.logits.len() / self.targets.len();
        for (row, target) in self.logits.chunks_exact_mut(width).zip(self.targets) {
            let target = usize::from(*target);
            let (top, wanted) = (max(row), row[target]);
            let sum = replace_and_sum(row, |value| exp::<FMA>(value - top));
            let scale = self.scale / sum;
            for value in row.iter_mut() {
                *value *= scale;
            }
            row[target] -= self.scale;
            *self.total += f64::from(sum.ln() + top - wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{Probe, check};

    const TARGETS: [u8; 3] = [0, 18, 7];

    #[test]
    fn equal_logits_cost_the_logarithm_of_their_number() {
        let loss = forward(&[0.5; 57], &TARGETS);
        assert!((loss - 3.0 * 19_f64.ln()).abs() < 1e-5, "{loss}");
    }

    #[test]
    fn the_gradient_is_the_slope() {
        let logits = Probe::input(1, 57);
        let mut d = logits.clone();
        let loss = backward_in_place(&mut d, &TARGETS, 0.5);
        assert!((loss - forward(&logits, &TARGETS)).abs() < 1e-6);
        check(&logits, &d, |logits| 0.5 * forward(logits, &TARGETS));
    }

    #[test]
    fn a_nan_is_not_hidden() {
        let mut logits = [0.0, f32::NAN, 1.0];
        assert!(forward(&logits, &[0]).is_nan());
        assert!(backward_in_place(&mut logits, &[0], 1.0).is_nan());
    }
}

//! The Gaussian error linear unit, in its tanh form.
//!
//! `gelu(x) = x · σ(2u)` with `u = √(2/π) · (x + 0.044715 x³)`, since
//! `(1 + tanh u) / 2 = σ(2u)`: one exponential and one division.
#![expect(clippy::inline_always, reason = "required of kernels")]

use super::math::{exp, mul_add};
use crate::machine::{self, Kernel};

/// `2 · √(2/π)`.
const SLOPE: f32 = 1.595_769;
const CUBIC: f32 = 0.044_715;

/// `y = gelu(x)` after adding `bias` to each row of `x`, which keeps the sum.
pub(crate) fn forward_biased(y: &mut [f32], x: &mut [f32], bias: &[f32]) {
    machine::run(Forward { y, x, bias });
}

/// Multiplies `d` by the slope of gelu at `x`.
pub(crate) fn backward_in_place(d: &mut [f32], x: &[f32]) {
    machine::run(Backward { d, x });
}

struct Forward<'a> {
    y: &'a mut [f32],
    x: &'a mut [f32],
    bias: &'a [f32],
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.bias.len();
        let rows = self.y.chunks_exact_mut(width);
        for (y, x) in rows.zip(self.x.chunks_exact_mut(width)) {
            for ((y, x), bias) in y.iter_mut().zip(x).zip(self.bias) {
                *x += bias;
                *y = *x * sigmoid_part::<FMA>(*x, *x * *x);
            }
        }
    }
}

struct Backward<'a> {
    d: &'a mut [f32],
    x: &'a [f32],
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (d, &x) in self.d.iter_mut().zip(self.x) {
            let square = x * x;
            let sigmoid = sigmoid_part::<FMA>(x, square);
            let inner = SLOPE * mul_add::<FMA>(3.0 * CUBIC, square, 1.0);
            *d *= sigmoid * mul_add::<FMA>(x * inner, 1.0 - sigmoid, 1.0);
        }
    }
}

#[inline(always)]
fn sigmoid_part<const FMA: bool>(x: f32, square: f32) -> f32 {
    let twice_u = SLOPE * x * mul_add::<FMA>(CUBIC, square, 1.0);
    1.0 / (1.0 + exp::<FMA>(-twice_u))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{Probe, check};

    fn gelu(x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        forward_biased(&mut y, &mut x.to_vec(), &vec![0.0; x.len()]);
        y
    }

    #[test]
    fn it_agrees_with_the_tanh_formula() {
        let x = Probe::input(1, 1000);
        for (x, y) in x.iter().map(|x| f64::from(*x)).zip(gelu(&x)) {
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            assert!((f64::from(y) - 0.5 * x * (1.0 + u.tanh())).abs() < 2e-6);
        }
    }

    #[test]
    fn the_gradient_is_the_slope() {
        let x = Probe::input(2, 33);
        let probe = Probe::new(3, 33);
        let mut d = probe.weights().to_vec();
        backward_in_place(&mut d, &x);
        check(&x, &d, |x| probe.value(&gelu(x)));
    }

    #[test]
    fn the_bias_is_added_to_each_row_first() {
        let (mut x, mut y) = ([0.0, 1.0, 2.0, 3.0], [0.0; 4]);
        forward_biased(&mut y, &mut x, &[0.5, -1.0]);
        assert!(
            x.iter()
                .zip([0.5, 0.0, 2.5, 2.0])
                .all(|(have, want)| (have - want).abs() < 1e-6)
        );
        assert_eq!(y.to_vec(), gelu(&x));
    }

    #[test]
    fn large_inputs_stay_finite() {
        let y = gelu(&[-1e4, 1e4]);
        assert!(y[0].abs() < 1e-6 && (y[1] - 1e4).abs() < 1.0, "{y:?}");
    }
}

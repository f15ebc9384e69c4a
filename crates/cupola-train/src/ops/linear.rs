//! `y = x · W + b` over many rows.

use crate::machine::{self, Kernel, Mat, MatMut, Write, matmul};

/// The sizes of one linear layer applied to a block of rows.
#[derive(Clone, Copy)]
pub(crate) struct Linear {
    pub(crate) rows: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

impl Linear {
    /// `y = x · W + b`; `weight` has one row per input.
    pub(crate) fn forward(self, y: &mut [f32], x: &[f32], weight: &[f32], bias: &[f32]) {
        for row in y[..self.rows * self.outputs].chunks_exact_mut(self.outputs) {
            row.copy_from_slice(bias);
        }
        self.multiply_onto(y, x, weight, Write::Add);
    }

    /// `y = x · W`, for a layer without bias.
    pub(crate) fn forward_without_bias(self, y: &mut [f32], x: &[f32], weight: &[f32]) {
        self.multiply_onto(y, x, weight, Write::Replace);
    }

    /// `y = residual + x · W + b`.
    pub(crate) fn forward_residual(
        self,
        y: &mut [f32],
        residual: &[f32],
        x: &[f32],
        (weight, bias): (&[f32], &[f32]),
    ) {
        machine::run(AddBias { y, residual, bias });
        self.multiply_onto(y, x, weight, Write::Add);
    }

    /// Adds `xᵀ · dy` to the weight's gradient.
    pub(crate) fn backward_weight(self, d_weight: &mut [f32], x: &[f32], d_y: &[f32]) {
        matmul(
            MatMut::new(d_weight, self.inputs, self.outputs),
            Write::Add,
            1.0,
            Mat::new(x, self.rows, self.inputs).transposed(),
            Mat::new(d_y, self.rows, self.outputs),
        );
    }

    /// Adds the sum of `dy`'s rows to the bias' gradient.
    pub(crate) fn backward_bias(self, d_bias: &mut [f32], d_y: &[f32]) {
        let d_y = &d_y[..self.rows * self.outputs];
        machine::run(SumRows { d_bias, d_y });
    }

    /// `dx = dy · Wᵀ`.
    pub(crate) fn backward_input(self, d_x: &mut [f32], weight: &[f32], d_y: &[f32]) {
        matmul(
            MatMut::new(d_x, self.rows, self.inputs),
            Write::Replace,
            1.0,
            Mat::new(d_y, self.rows, self.outputs),
            Mat::new(weight, self.inputs, self.outputs).transposed(),
        );
    }

    fn multiply_onto(self, y: &mut [f32], x: &[f32], weight: &[f32], into: Write) {
        matmul(
            MatMut::new(y, self.rows, self.outputs),
            into,
            1.0,
            Mat::new(x, self.rows, self.inputs),
            Mat::new(weight, self.inputs, self.outputs),
        );
    }
}

struct AddBias<'a> {
    y: &'a mut [f32],
    residual: &'a [f32],
    bias: &'a [f32],
}

impl Kernel for AddBias<'_> {
    #[expect(clippy::inline_always, reason = "required of kernels")]
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.bias.len();
        let rows = self.y.chunks_exact_mut(width);
        for (y, residual) in rows.zip(self.residual.chunks_exact(width)) {
            for ((y, residual), bias) in y.iter_mut().zip(residual).zip(self.bias) {
                *y = residual + bias;
            }
        }
    }
}

struct SumRows<'a> {
    d_bias: &'a mut [f32],
    d_y: &'a [f32],
}

impl Kernel for SumRows<'_> {
    #[expect(clippy::inline_always, reason = "required of kernels")]
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.d_bias.len();
        for row in self.d_y.chunks_exact(width) {
            for (sum, value) in self.d_bias.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{Probe, check};

    const SHAPE: Linear = Linear {
        rows: 5,
        inputs: 7,
        outputs: 3,
    };

    fn output(x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; 15];
        SHAPE.forward(&mut y, x, weight, bias);
        y
    }

    #[test]
    fn the_input_gradient_is_the_slope() {
        let (x, w, b) = (Probe::input(1, 35), Probe::input(2, 21), Probe::input(3, 3));
        let probe = Probe::new(4, 15);
        let mut d_x = vec![0.0; 35];
        SHAPE.backward_input(&mut d_x, &w, probe.weights());
        check(&x, &d_x, |x| probe.value(&output(x, &w, &b)));
    }

    #[test]
    fn the_weight_gradient_is_the_slope() {
        let (x, w, b) = (Probe::input(1, 35), Probe::input(2, 21), Probe::input(3, 3));
        let probe = Probe::new(4, 15);
        let mut d_w = vec![0.0; 21];
        SHAPE.backward_weight(&mut d_w, &x, probe.weights());
        check(&w, &d_w, |w| probe.value(&output(&x, w, &b)));
    }

    #[test]
    fn the_bias_gradient_is_the_slope() {
        let (x, w, b) = (Probe::input(1, 35), Probe::input(2, 21), Probe::input(3, 3));
        let probe = Probe::new(4, 15);
        let mut d_b = vec![0.0; 3];
        SHAPE.backward_bias(&mut d_b, probe.weights());
        check(&b, &d_b, |b| probe.value(&output(&x, &w, b)));
    }

    #[test]
    fn the_residual_form_adds_its_residual() {
        let (x, w, b) = (Probe::input(1, 35), Probe::input(2, 21), Probe::input(3, 3));
        let residual = Probe::input(5, 15);
        let mut y = vec![0.0; 15];
        SHAPE.forward_residual(&mut y, &residual, &x, (&w, &b));
        for ((have, plain), residual) in y.iter().zip(output(&x, &w, &b)).zip(&residual) {
            assert!((have - plain - residual).abs() < 1e-5);
        }
    }
}

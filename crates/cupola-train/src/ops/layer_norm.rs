//! Layer normalisation of each row, with a gain and a shift per column.
#![expect(clippy::inline_always, reason = "required of kernels")]

use super::math::{float, sum_by};
use crate::machine::{self, Kernel};

/// Added to the variance, so that a constant row is not divided by zero.
const EPSILON: f32 = 1e-5;

/// What the backward pass needs of one row.
#[derive(Clone, Copy, Default)]
pub(crate) struct RowStats {
    mean: f32,
    inverse_deviation: f32,
}

/// `y = (x − mean) / deviation · gain + shift`, one statistic per row.
pub(crate) struct Forward<'a> {
    pub(crate) y: &'a mut [f32],
    pub(crate) stats: &'a mut [RowStats],
    pub(crate) x: &'a [f32],
    pub(crate) gain: &'a [f32],
    pub(crate) shift: &'a [f32],
}

/// Adds to `d_x` what reaches `x` through the norm, and to the parameters' gradients.
pub(crate) struct BackwardOnto<'a> {
    pub(crate) d_x: &'a mut [f32],
    pub(crate) d_gain: &'a mut [f32],
    pub(crate) d_shift: &'a mut [f32],
    pub(crate) d_y: &'a [f32],
    pub(crate) x: &'a [f32],
    pub(crate) stats: &'a [RowStats],
    pub(crate) gain: &'a [f32],
}

impl Forward<'_> {
    pub(crate) fn compute(self) {
        machine::run(self);
    }
}

impl BackwardOnto<'_> {
    pub(crate) fn compute(self) {
        machine::run(self);
    }
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.gain.len();
        let inverse_width = 1.0 / float(width);
        let rows = self.y.chunks_exact_mut(width);
        for ((y, x), stats) in rows.zip(self.x.chunks_exact(width)).zip(self.stats) {
            let mean = sum_by([x], |[x]| x) * inverse_width;
            let variance = sum_by([x], |[x]| (x - mean) * (x - mean)) * inverse_width;
            let inverse_deviation = 1.0 / (variance + EPSILON).sqrt();
            let affine = self.gain.iter().zip(self.shift);
            for ((y, x), (gain, shift)) in y.iter_mut().zip(x).zip(affine) {
                *y = (x - mean) * inverse_deviation * gain + shift;
            }
            *stats = RowStats {
                mean,
                inverse_deviation,
            };
        }
    }
}

impl Kernel for BackwardOnto<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.gain.len();
        let inverse_width = 1.0 / float(width);
        let gain = self.gain;
        let inputs = self.x.chunks_exact(width).zip(self.stats);
        let gradients = self
            .d_x
            .chunks_exact_mut(width)
            .zip(self.d_y.chunks_exact(width));
        for ((x, stats), (d_x, d_y)) in inputs.zip(gradients) {
            let (mean, scale) = (stats.mean, stats.inverse_deviation);
            let along_shift = sum_by([d_y, gain], |[d_y, gain]| d_y * gain) * inverse_width;
            let along_scale = sum_by([d_y, gain, x], |[d_y, gain, x]| {
                d_y * gain * ((x - mean) * scale)
            }) * inverse_width;
            let params = self
                .d_gain
                .iter_mut()
                .zip(self.d_shift.iter_mut())
                .zip(gain);
            let values = d_x.iter_mut().zip(d_y.iter().zip(x));
            for (((d_gain, d_shift), gain), (d_x, (d_y, x))) in params.zip(values) {
                let normal = (x - mean) * scale;
                *d_gain += d_y * normal;
                *d_shift += d_y;
                *d_x += (d_y * gain - along_shift - normal * along_scale) * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{Probe, check};

    const ROWS: usize = 3;
    const WIDTH: usize = 18;

    struct Case {
        x: Vec<f32>,
        gain: Vec<f32>,
        shift: Vec<f32>,
        probe: Probe,
    }

    fn case() -> Case {
        Case {
            x: Probe::input(1, ROWS * WIDTH),
            gain: Probe::input(2, WIDTH),
            shift: Probe::input(3, WIDTH),
            probe: Probe::new(4, ROWS * WIDTH),
        }
    }

    fn forward(x: &[f32], gain: &[f32], shift: &[f32]) -> (Vec<f32>, Vec<RowStats>) {
        let mut y = vec![0.0; ROWS * WIDTH];
        let mut stats = vec![RowStats::default(); ROWS];
        Forward {
            y: &mut y,
            stats: &mut stats,
            x,
            gain,
            shift,
        }
        .compute();
        (y, stats)
    }

    fn gradients(case: &Case) -> [Vec<f32>; 3] {
        let (_, stats) = forward(&case.x, &case.gain, &case.shift);
        let mut d = [vec![0.0; ROWS * WIDTH], vec![0.0; WIDTH], vec![0.0; WIDTH]];
        let [d_x, d_gain, d_shift] = &mut d;
        BackwardOnto {
            d_x,
            d_gain,
            d_shift,
            d_y: case.probe.weights(),
            x: &case.x,
            stats: &stats,
            gain: &case.gain,
        }
        .compute();
        d
    }

    #[test]
    fn rows_come_out_with_mean_zero_and_deviation_one() {
        let (y, _) = forward(&case().x, &[1.0; WIDTH], &[0.0; WIDTH]);
        for row in y.chunks_exact(WIDTH) {
            let sum: f32 = row.iter().sum();
            let squares: f32 = row.iter().map(|y| y * y).sum();
            assert!(sum.abs() < 1e-4 && (squares - 18.0).abs() < 1e-2);
        }
    }

    #[test]
    fn the_input_gradient_is_the_slope() {
        let case = case();
        check(&case.x, &gradients(&case)[0], |x| {
            case.probe.value(&forward(x, &case.gain, &case.shift).0)
        });
    }

    #[test]
    fn the_gain_gradient_is_the_slope() {
        let case = case();
        check(&case.gain, &gradients(&case)[1], |gain| {
            case.probe.value(&forward(&case.x, gain, &case.shift).0)
        });
    }

    #[test]
    fn the_shift_gradient_is_the_slope() {
        let case = case();
        check(&case.shift, &gradients(&case)[2], |shift| {
            case.probe.value(&forward(&case.x, &case.gain, shift).0)
        });
    }
}

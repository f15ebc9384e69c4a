//! `AdamW`: Adam with weight decay kept apart from the gradient.

use crate::layout::Layout;
use crate::machine::{self, Kernel};

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.99;
const EPSILON: f32 = 1e-8;

/// The moments of every parameter.
#[derive(Clone, Debug)]
pub(crate) struct AdamW {
    first: Vec<f32>,
    second: Vec<f32>,
    /// Weight decay of each parameter: norms and biases have none.
    decay: Vec<f32>,
    steps: i32,
}

/// A stretch of parameters with all that their update needs.
pub(crate) struct Part<'a> {
    pub(crate) params: &'a mut [f32],
    pub(crate) gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    decay: &'a [f32],
}

/// The numbers that are the same for every parameter of one update.
#[derive(Clone, Copy)]
pub(crate) struct Rates {
    rate: f32,
    /// What the gradient is multiplied by first: clipping.
    gradient_scale: f32,
    first_correction: f32,
    second_correction: f32,
}

impl AdamW {
    pub(crate) fn new(layout: &Layout, weight_decay: f32) -> Self {
        let mut decay = vec![0.0; layout.len];
        for span in layout.decayed() {
            decay[span.range()].fill(weight_decay);
        }
        Self {
            first: vec![0.0; layout.len],
            second: vec![0.0; layout.len],
            decay,
            steps: 0,
        }
    }

    /// Begins one update with learning rate `rate`.
    pub(crate) fn begin(&mut self, rate: f32, gradient_scale: f32) -> Rates {
        self.steps = self.steps.saturating_add(1);
        Rates {
            rate,
            gradient_scale,
            first_correction: 1.0 / (1.0 - BETA_1.powi(self.steps)),
            second_correction: 1.0 / (1.0 - BETA_2.powi(self.steps)),
        }
    }

    /// Everything, cut into parts of `len` parameters.
    pub(crate) fn parts<'a>(
        &'a mut self,
        params: &'a mut [f32],
        gradient: &'a [f32],
        len: usize,
    ) -> impl Iterator<Item = Part<'a>> {
        let moments = self.first.chunks_mut(len).zip(self.second.chunks_mut(len));
        let values = params.chunks_mut(len).zip(gradient.chunks(len));
        values.zip(moments).zip(self.decay.chunks(len)).map(
            |(((params, gradient), (first, second)), decay)| Part {
                params,
                gradient,
                first,
                second,
                decay,
            },
        )
    }
}

impl Part<'_> {
    pub(crate) fn update(self, rates: Rates) {
        machine::run(Update { part: self, rates });
    }
}

struct Update<'a> {
    part: Part<'a>,
    rates: Rates,
}

impl Kernel for Update<'_> {
    #[expect(clippy::inline_always, reason = "required of kernels")]
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { part, rates } = self;
        let len = part.params.len();
        let (params, gradient) = (part.params, &part.gradient[..len]);
        let (first, second) = (&mut part.first[..len], &mut part.second[..len]);
        let decay = &part.decay[..len];
        for i in 0..len {
            let slope = gradient[i] * rates.gradient_scale;
            first[i] = BETA_1 * first[i] + (1.0 - BETA_1) * slope;
            second[i] = BETA_2 * second[i] + (1.0 - BETA_2) * slope * slope;
            let deviation = (second[i] * rates.second_correction).sqrt() + EPSILON;
            let step = first[i] * rates.first_correction / deviation;
            params[i] -= rates.rate * (step + decay[i] * params[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Shape;

    const SHAPE: Shape = Shape {
        vocab: 3,
        context: 2,
        layers: 1,
        heads: 1,
        width: 2,
        hidden: 2,
    };

    fn update(params: &mut [f32], gradient: &[f32], optimizer: &mut AdamW) {
        let rates = optimizer.begin(0.1, 1.0);
        for part in optimizer.parts(params, gradient, 7) {
            part.update(rates);
        }
    }

    #[test]
    fn the_first_step_is_the_rate_against_the_slope() {
        let layout = Layout::new(SHAPE);
        let mut params = vec![1.0; layout.len];
        let gradient: Vec<f32> = (0..layout.len)
            .map(|i| if i % 2 == 0 { 3.0 } else { -0.5 })
            .collect();
        update(&mut params, &gradient, &mut AdamW::new(&layout, 0.0));
        for (i, param) in params.iter().enumerate() {
            let want = if i % 2 == 0 { 0.9 } else { 1.1 };
            assert!((param - want).abs() < 1e-5, "{i}: {param}");
        }
    }

    #[test]
    fn decay_shrinks_weights_but_neither_norms_nor_biases() {
        let layout = Layout::new(SHAPE);
        let mut params = vec![1.0; layout.len];
        let gradient = vec![0.0; layout.len];
        update(&mut params, &gradient, &mut AdamW::new(&layout, 0.5));
        let block = layout.blocks[0];
        assert!(
            params[block.qkv.weight.range()]
                .iter()
                .all(|w| (w - 0.95).abs() < 1e-6)
        );
        assert!(
            params[block.qkv.bias.range()]
                .iter()
                .all(|b| (b - 1.0).abs() < 1e-6)
        );
        assert!(
            params[layout.norm.gain.range()]
                .iter()
                .all(|g| (g - 1.0).abs() < 1e-6)
        );
    }

    #[test]
    fn a_parabola_is_descended() {
        let layout = Layout::new(SHAPE);
        let mut params = vec![2.0; layout.len];
        let mut optimizer = AdamW::new(&layout, 0.0);
        for _ in 0..300 {
            let gradient = params.clone();
            update(&mut params, &gradient, &mut optimizer);
        }
        assert!(params.iter().all(|p| p.abs() < 0.05), "{params:?}");
    }
}

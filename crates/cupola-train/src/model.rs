//! The character model: a pre-norm, decoder-only transformer.
//!
//! ```text
//! x = token + position
//! each block:  x = x + mix(attention(qkv(norm(x))))
//!              x = x + contract(gelu(expand(norm(x))))
//! logits = norm(x) · head
//! ```

use crate::layout::{BlockSpans, Layout, NormSpans, Params, Shape, Tensor};
use crate::ops::attention::Attention;
use crate::ops::linear::Linear;
use crate::ops::math::float;
use crate::ops::{embedding, gelu, layer_norm, loss};
use crate::rng::Rng;
use crate::workspace::{BlockState, Workspace};

/// Standard deviation of the first weights.
const INIT_DEVIATION: f32 = 0.02;

/// A character transformer and its parameters.
#[derive(Clone, Debug)]
pub struct CharLm {
    shape: Shape,
    pub(crate) layout: Layout,
    pub(crate) params: Params,
}

/// Some sequences of one length, one after the other, and what follows each position.
#[derive(Clone, Copy)]
pub(crate) struct Sequences<'a> {
    pub(crate) inputs: &'a [u8],
    pub(crate) targets: &'a [u8],
}

impl CharLm {
    /// A model with random weights that `rng` fixes.
    ///
    /// Weights are normal with deviation 0.02, those that write into the residual stream
    /// smaller by `√(2 · layers)`; gains are one, shifts and biases zero.
    pub fn new(shape: Shape, rng: &mut Rng) -> Self {
        let layout = Layout::new(shape);
        let mut params = Params::zeros(layout.len);
        for span in layout.decayed() {
            params[span].fill_with(|| INIT_DEVIATION * rng.normal());
        }
        let shrink = 1.0 / float(2 * shape.layers).sqrt();
        for block in &layout.blocks {
            for linear in [block.mix, block.contract] {
                params[linear.weight].iter_mut().for_each(|w| *w *= shrink);
            }
            params[block.attention_norm.gain].fill(1.0);
            params[block.hidden_norm.gain].fill(1.0);
        }
        params[layout.norm.gain].fill(1.0);
        Self {
            shape,
            layout,
            params,
        }
    }

    /// The sizes that the model was made with.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many numbers are learned.
    pub fn params_count(&self) -> usize {
        self.params.0.len()
    }

    /// The parameters, bit for bit.
    pub fn params(&self) -> &[f32] {
        &self.params.0
    }

    /// The parameters by name, in order.
    pub fn tensors(&self) -> Vec<Tensor> {
        self.layout.tensors(self.shape)
    }

    /// The sum over positions of the loss, in nats.
    pub(crate) fn loss(&self, sequences: Sequences<'_>, space: &mut Workspace) -> f64 {
        let rows = self.forward(sequences.inputs, space);
        loss::forward(&space.logits[..rows * self.shape.vocab], sequences.targets)
    }

    /// The same sum; adds its gradient times `scale` to `gradient`.
    pub(crate) fn backward(
        &self,
        sequences: Sequences<'_>,
        scale: f32,
        space: &mut Workspace,
        gradient: &mut Params,
    ) -> f64 {
        let rows = self.forward(sequences.inputs, space);
        let logits = &mut space.logits[..rows * self.shape.vocab];
        let sum = loss::backward_in_place(logits, sequences.targets, scale);
        self.backward_head(rows, space, gradient);
        for index in (0..self.shape.layers).rev() {
            let spans = self.layout.blocks[index];
            self.backward_hidden(spans, rows, index, space, gradient);
            self.backward_attention(spans, rows, index, space, gradient);
        }
        let width = self.shape.width;
        let vectors = gradient.pair_mut(self.layout.token, self.layout.position);
        embedding::backward(vectors, sequences.inputs, &space.d_x[..rows * width], width);
        sum
    }

    fn forward(&self, inputs: &[u8], space: &mut Workspace) -> usize {
        let rows = inputs.len();
        let width = self.shape.width;
        let position = (&self.params[self.layout.position], width);
        let x = &mut space.x[..rows * width];
        embedding::forward(x, inputs, &self.params[self.layout.token], position);
        for (spans, state) in self.layout.blocks.iter().zip(&mut space.blocks) {
            self.forward_block(spans, rows, state, &mut space.x);
        }
        layer_norm::Forward {
            y: &mut space.normal[..rows * width],
            stats: &mut space.stats[..rows],
            x: &space.x,
            gain: &self.params[self.layout.norm.gain],
            shift: &self.params[self.layout.norm.shift],
        }
        .compute();
        let head = &self.params[self.layout.head];
        let linear = self.linear(rows, width, self.shape.vocab);
        linear.forward_without_bias(&mut space.logits, &space.normal, head);
        rows
    }

    /// Replaces `x`, the block's input, by its output; `state` keeps the rest.
    fn forward_block(
        &self,
        spans: &BlockSpans,
        rows: usize,
        state: &mut BlockState,
        x: &mut [f32],
    ) {
        let Shape { width, hidden, .. } = self.shape;
        let len = rows * width;
        let x = &mut x[..len];
        state.input[..len].copy_from_slice(x);
        layer_norm::Forward {
            y: &mut state.attention_normal[..len],
            stats: &mut state.attention_stats[..rows],
            x: &state.input,
            gain: &self.params[spans.attention_norm.gain],
            shift: &self.params[spans.attention_norm.shift],
        }
        .compute();
        let (weight, bias) = (&self.params[spans.qkv.weight], &self.params[spans.qkv.bias]);
        let qkv = self.linear(rows, width, 3 * width);
        qkv.forward(&mut state.qkv, &state.attention_normal, weight, bias);
        let attention = self.attention(rows);
        attention.forward(&mut state.mixed, &mut state.probabilities, &state.qkv);
        let mix = (&self.params[spans.mix.weight], &self.params[spans.mix.bias]);
        let middle = &mut state.middle[..len];
        self.linear(rows, width, width)
            .forward_residual(middle, &state.input, &state.mixed, mix);
        layer_norm::Forward {
            y: &mut state.hidden_normal[..len],
            stats: &mut state.hidden_stats[..rows],
            x: middle,
            gain: &self.params[spans.hidden_norm.gain],
            shift: &self.params[spans.hidden_norm.shift],
        }
        .compute();
        let expand = self.linear(rows, width, hidden);
        let weight = &self.params[spans.expand.weight];
        expand.forward_without_bias(&mut state.hidden, &state.hidden_normal, weight);
        let active = &mut state.active[..rows * hidden];
        gelu::forward_biased(active, &mut state.hidden, &self.params[spans.expand.bias]);
        let contract = (
            &self.params[spans.contract.weight],
            &self.params[spans.contract.bias],
        );
        self.linear(rows, hidden, width)
            .forward_residual(x, &state.middle, active, contract);
    }

    fn backward_head(&self, rows: usize, space: &mut Workspace, gradient: &mut Params) {
        let Shape { width, vocab, .. } = self.shape;
        let head = self.linear(rows, width, vocab);
        head.backward_weight(
            &mut gradient[self.layout.head],
            &space.normal,
            &space.logits,
        );
        let weight = &self.params[self.layout.head];
        head.backward_input(&mut space.d_normal, weight, &space.logits);
        space.d_x[..rows * width].fill(0.0);
        self.backward_norm(
            self.layout.norm,
            (&mut space.d_x[..rows * width], &space.d_normal),
            (&space.x, &space.stats),
            gradient,
        );
    }

    fn backward_hidden(
        &self,
        spans: BlockSpans,
        rows: usize,
        index: usize,
        space: &mut Workspace,
        gradient: &mut Params,
    ) {
        let Shape { width, hidden, .. } = self.shape;
        let state = &space.blocks[index];
        let contract = self.linear(rows, hidden, width);
        contract.backward_bias(&mut gradient[spans.contract.bias], &space.d_x);
        contract.backward_weight(
            &mut gradient[spans.contract.weight],
            &state.active,
            &space.d_x,
        );
        let weight = &self.params[spans.contract.weight];
        contract.backward_input(&mut space.d_hidden, weight, &space.d_x);
        gelu::backward_in_place(&mut space.d_hidden[..rows * hidden], &state.hidden);
        let expand = self.linear(rows, width, hidden);
        expand.backward_bias(&mut gradient[spans.expand.bias], &space.d_hidden);
        let d_weight = &mut gradient[spans.expand.weight];
        expand.backward_weight(d_weight, &state.hidden_normal, &space.d_hidden);
        let weight = &self.params[spans.expand.weight];
        expand.backward_input(&mut space.d_normal, weight, &space.d_hidden);
        self.backward_norm(
            spans.hidden_norm,
            (&mut space.d_x[..rows * width], &space.d_normal),
            (&state.middle, &state.hidden_stats),
            gradient,
        );
    }

    fn backward_attention(
        &self,
        spans: BlockSpans,
        rows: usize,
        index: usize,
        space: &mut Workspace,
        gradient: &mut Params,
    ) {
        let width = self.shape.width;
        let state = &space.blocks[index];
        let mix = self.linear(rows, width, width);
        mix.backward_bias(&mut gradient[spans.mix.bias], &space.d_x);
        mix.backward_weight(&mut gradient[spans.mix.weight], &state.mixed, &space.d_x);
        let weight = &self.params[spans.mix.weight];
        mix.backward_input(&mut space.d_normal, weight, &space.d_x);
        self.attention(rows).backward(
            &mut space.d_qkv,
            &mut space.d_table,
            &space.d_normal,
            (&state.qkv, &state.probabilities),
        );
        let qkv = self.linear(rows, width, 3 * width);
        qkv.backward_bias(&mut gradient[spans.qkv.bias], &space.d_qkv);
        let d_weight = &mut gradient[spans.qkv.weight];
        qkv.backward_weight(d_weight, &state.attention_normal, &space.d_qkv);
        let weight = &self.params[spans.qkv.weight];
        qkv.backward_input(&mut space.d_normal, weight, &space.d_qkv);
        self.backward_norm(
            spans.attention_norm,
            (&mut space.d_x[..rows * width], &space.d_normal),
            (&state.input, &state.attention_stats),
            gradient,
        );
    }

    fn backward_norm(
        &self,
        spans: NormSpans,
        (d_x, d_y): (&mut [f32], &[f32]),
        (x, stats): (&[f32], &[layer_norm::RowStats]),
        gradient: &mut Params,
    ) {
        let (d_gain, d_shift) = gradient.pair_mut(spans.gain, spans.shift);
        layer_norm::BackwardOnto {
            d_x,
            d_gain,
            d_shift,
            d_y,
            x,
            stats,
            gain: &self.params[spans.gain],
        }
        .compute();
    }

    #[expect(clippy::unused_self, reason = "reads better at its many call sites")]
    fn linear(&self, rows: usize, inputs: usize, outputs: usize) -> Linear {
        Linear {
            rows,
            inputs,
            outputs,
        }
    }

    fn attention(&self, rows: usize) -> Attention {
        Attention {
            sequences: rows / self.shape.context,
            length: self.shape.context,
            heads: self.shape.heads,
            width: self.shape.width,
        }
    }
}

//! Where each parameter lies in the one flat array that holds them all.

use std::ops::{Index, IndexMut};

/// The sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Distinct tokens.
    pub vocab: usize,
    /// Positions that the model sees at once.
    pub context: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Attention heads per block; divides `width`.
    pub heads: usize,
    /// Values per position.
    pub width: usize,
    /// Hidden values of a block's feed-forward part.
    pub hidden: usize,
}

/// A stretch of the flat array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: usize,
    len: usize,
}

/// A part of the flat array with a name of its own.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// `blocks.0.qkv.weight`.
    pub name: String,
    /// Along each of its axes.
    pub sizes: Vec<usize>,
    /// Which numbers of the flat array.
    pub place: std::ops::Range<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct LinearSpans {
    pub(crate) weight: Span,
    pub(crate) bias: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct NormSpans {
    pub(crate) gain: Span,
    pub(crate) shift: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockSpans {
    pub(crate) attention_norm: NormSpans,
    pub(crate) qkv: LinearSpans,
    pub(crate) mix: LinearSpans,
    pub(crate) hidden_norm: NormSpans,
    pub(crate) expand: LinearSpans,
    pub(crate) contract: LinearSpans,
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) token: Span,
    pub(crate) position: Span,
    pub(crate) blocks: Vec<BlockSpans>,
    pub(crate) norm: NormSpans,
    pub(crate) head: Span,
    pub(crate) len: usize,
}

/// The flat array, indexed by [`Span`].
#[derive(Clone, Debug)]
pub(crate) struct Params(pub(crate) Vec<f32>);

impl Layout {
    pub(crate) fn new(shape: Shape) -> Self {
        let mut next = Allocator { len: 0 };
        let width = shape.width;
        Self {
            token: next.span(shape.vocab * width),
            position: next.span(shape.context * width),
            blocks: (0..shape.layers).map(|_| next.block(shape)).collect(),
            norm: next.norm(width),
            head: next.span(width * shape.vocab),
            len: next.len,
        }
    }

    /// All of it in the order of the flat array, with names.
    pub(crate) fn tensors(&self, shape: Shape) -> Vec<Tensor> {
        let Shape { width, hidden, .. } = shape;
        let mut tensors = Tensors(Vec::new());
        tensors.add("token", &[shape.vocab, width], self.token);
        tensors.add("position", &[shape.context, width], self.position);
        for (at, block) in self.blocks.iter().enumerate() {
            let of = |part: &str| format!("blocks.{at}.{part}");
            tensors.norm(&of("attention_norm"), width, block.attention_norm);
            tensors.linear(&of("qkv"), [width, 3 * width], block.qkv);
            tensors.linear(&of("mix"), [width, width], block.mix);
            tensors.norm(&of("hidden_norm"), width, block.hidden_norm);
            tensors.linear(&of("expand"), [width, hidden], block.expand);
            tensors.linear(&of("contract"), [hidden, width], block.contract);
        }
        tensors.norm("norm", width, self.norm);
        tensors.add("head", &[width, shape.vocab], self.head);
        tensors.0
    }

    /// The weights of products and embeddings: what weight decay applies to.
    pub(crate) fn decayed(&self) -> impl Iterator<Item = Span> {
        let blocks = self.blocks.iter().flat_map(|block| {
            [block.qkv, block.mix, block.expand, block.contract].map(|linear| linear.weight)
        });
        [self.token, self.position, self.head]
            .into_iter()
            .chain(blocks)
    }
}

impl Span {
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start..self.start + self.len
    }
}

impl Index<Span> for Params {
    type Output = [f32];

    fn index(&self, span: Span) -> &[f32] {
        &self.0[span.range()]
    }
}

impl IndexMut<Span> for Params {
    fn index_mut(&mut self, span: Span) -> &mut [f32] {
        &mut self.0[span.range()]
    }
}

impl Params {
    pub(crate) fn zeros(len: usize) -> Self {
        Self(vec![0.0; len])
    }

    /// Two spans at once, the first of which lies before the second.
    pub(crate) fn pair_mut(&mut self, first: Span, second: Span) -> (&mut [f32], &mut [f32]) {
        let (head, tail) = self.0.split_at_mut(second.start);
        (&mut head[first.range()], &mut tail[..second.len])
    }
}

struct Tensors(Vec<Tensor>);

impl Tensors {
    fn add(&mut self, name: &str, sizes: &[usize], span: Span) {
        self.0.push(Tensor {
            name: name.to_owned(),
            sizes: sizes.to_vec(),
            place: span.range(),
        });
    }

    fn norm(&mut self, name: &str, width: usize, spans: NormSpans) {
        self.add(&format!("{name}.gain"), &[width], spans.gain);
        self.add(&format!("{name}.shift"), &[width], spans.shift);
    }

    fn linear(&mut self, name: &str, [inputs, outputs]: [usize; 2], spans: LinearSpans) {
        self.add(&format!("{name}.weight"), &[inputs, outputs], spans.weight);
        self.add(&format!("{name}.bias"), &[outputs], spans.bias);
    }
}

struct Allocator {
    len: usize,
}

impl Allocator {
    fn span(&mut self, len: usize) -> Span {
        let start = self.len;
        self.len += len;
        Span { start, len }
    }

    fn norm(&mut self, width: usize) -> NormSpans {
        NormSpans {
            gain: self.span(width),
            shift: self.span(width),
        }
    }

    fn linear(&mut self, inputs: usize, outputs: usize) -> LinearSpans {
        LinearSpans {
            weight: self.span(inputs * outputs),
            bias: self.span(outputs),
        }
    }

    fn block(&mut self, Shape { width, hidden, .. }: Shape) -> BlockSpans {
        BlockSpans {
            attention_norm: self.norm(width),
            qkv: self.linear(width, 3 * width),
            mix: self.linear(width, width),
            hidden_norm: self.norm(width),
            expand: self.linear(width, hidden),
            contract: self.linear(hidden, width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_as_by_hand() {
        let shape = Shape {
            vocab: 96,
            context: 128,
            layers: 4,
            heads: 4,
            width: 64,
            hidden: 256,
        };
        assert_eq!(Layout::new(shape).len, 220_544);
    }
}

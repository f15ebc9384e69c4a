//! The buffers of one forward and backward pass, allocated once per thread.

use crate::layout::Shape;
use crate::ops::attention::Attention;
use crate::ops::layer_norm::RowStats;

/// Tokens that one pass takes at once, about: few enough for the activations of a small
/// model to stay near the core and for shards to be dealt evenly, enough for products.
const ROWS_TARGET: usize = 128;
/// The same for wide models, whose weights are worth loading for more rows. Passes still
/// stay short, so that a deadline can be met.
const ROWS_TARGET_WIDE: usize = 256;
/// Width from which a model counts as wide.
const WIDE: usize = 128;

/// Buffers for up to `sequences` sequences at once.
pub(crate) struct Workspace {
    pub(crate) blocks: Vec<BlockState>,
    pub(crate) x: Vec<f32>,
    pub(crate) normal: Vec<f32>,
    pub(crate) stats: Vec<RowStats>,
    pub(crate) logits: Vec<f32>,
    pub(crate) d_x: Vec<f32>,
    pub(crate) d_normal: Vec<f32>,
    pub(crate) d_qkv: Vec<f32>,
    pub(crate) d_hidden: Vec<f32>,
    pub(crate) d_table: Vec<f32>,
}

/// What a block's backward pass needs of its forward pass.
pub(crate) struct BlockState {
    pub(crate) input: Vec<f32>,
    pub(crate) attention_normal: Vec<f32>,
    pub(crate) attention_stats: Vec<RowStats>,
    pub(crate) qkv: Vec<f32>,
    pub(crate) probabilities: Vec<f32>,
    pub(crate) mixed: Vec<f32>,
    pub(crate) middle: Vec<f32>,
    pub(crate) hidden_normal: Vec<f32>,
    pub(crate) hidden_stats: Vec<RowStats>,
    pub(crate) hidden: Vec<f32>,
    pub(crate) active: Vec<f32>,
}

/// Sequences that one pass takes at once. Depends on the shape alone, so that results do
/// not depend on the number of threads.
pub(crate) fn sequences_per_pass(shape: Shape) -> usize {
    let rows = if shape.width < WIDE {
        ROWS_TARGET
    } else {
        ROWS_TARGET_WIDE
    };
    (rows / shape.context).max(1)
}

impl Workspace {
    pub(crate) fn new(shape: Shape, sequences: usize) -> Self {
        let rows = sequences * shape.context;
        let wide = || vec![0.0; rows * shape.width];
        let attention = Attention {
            sequences,
            length: shape.context,
            heads: shape.heads,
            width: shape.width,
        };
        Self {
            blocks: (0..shape.layers)
                .map(|_| BlockState::new(shape, rows, attention))
                .collect(),
            x: wide(),
            normal: wide(),
            stats: vec![RowStats::default(); rows],
            logits: vec![0.0; rows * shape.vocab],
            d_x: wide(),
            d_normal: wide(),
            d_qkv: vec![0.0; rows * 3 * shape.width],
            d_hidden: vec![0.0; rows * shape.hidden],
            d_table: vec![0.0; attention.table_len()],
        }
    }
}

impl BlockState {
    fn new(shape: Shape, rows: usize, attention: Attention) -> Self {
        let wide = || vec![0.0; rows * shape.width];
        Self {
            input: wide(),
            attention_normal: wide(),
            attention_stats: vec![RowStats::default(); rows],
            qkv: vec![0.0; rows * 3 * shape.width],
            probabilities: vec![0.0; attention.probabilities_len()],
            mixed: wide(),
            middle: wide(),
            hidden_normal: wide(),
            hidden_stats: vec![RowStats::default(); rows],
            hidden: vec![0.0; rows * shape.hidden],
            active: vec![0.0; rows * shape.hidden],
        }
    }
}

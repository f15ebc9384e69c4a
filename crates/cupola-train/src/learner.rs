//! A model that learns: gradients over a batch, updates and evaluations, on any number of
//! threads with the same bits as result.
//!
//! A batch is cut into fixed shards, each with a gradient of its own; a thread takes whole
//! shards. Gradients are then summed in the order of the shards, and every sum that crosses
//! a border between threads is taken over pieces whose size is fixed.

use std::ops::Range;

use crate::data::Batch;
use crate::layout::Params;
use crate::machine::{self, Kernel};
use crate::model::CharLm;
use crate::ops::math::{double, float, sum_by};
use crate::optimizer::AdamW;
use crate::parallel;
use crate::workspace::{Workspace, sequences_per_pass};

/// Gradients held at once, and so the number of threads that one step can use.
const SHARDS_MAX: usize = 8;
/// Shards that even a small batch is cut into.
const SHARDS_MIN: usize = 4;
/// Parameters summed and updated as one piece.
const PART_LEN: usize = 1 << 14;
/// The gradient's length above which it is scaled down.
const GRADIENT_NORM_MAX: f64 = 1.0;

/// A model with its optimizer and the buffers that learning needs.
pub struct Learner {
    model: CharLm,
    optimizer: AdamW,
    shards: Vec<Shard>,
    spaces: Vec<Workspace>,
    pass: usize,
    batch_size: usize,
}

/// What one look at a batch gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient {
    /// Mean loss in nats per byte.
    pub loss: f64,
    /// Sequences looked at: fewer than the batch has, if it was stopped.
    pub sequences: usize,
}

/// The loss on held-out windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss in nats per byte.
    pub loss: f64,
    /// Windows looked at.
    pub windows: usize,
}

/// Asked before each pass over a few sequences; `true` ends the work early.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

impl Evaluation {
    /// The loss in bits per byte.
    pub fn bits_per_byte(self) -> f64 {
        self.loss / std::f64::consts::LN_2
    }
}

impl Learner {
    /// Buffers for batches of `batch_size` sequences on `threads` threads.
    pub fn new(model: CharLm, batch_size: usize, threads: usize, weight_decay: f32) -> Self {
        let shape = model.shape();
        let pass = sequences_per_pass(shape).min(batch_size.div_ceil(SHARDS_MIN));
        let count = batch_size.div_ceil(pass).min(SHARDS_MAX);
        let shards = (0..count).map(|i| Shard {
            range: i * batch_size / count..(i + 1) * batch_size / count,
            gradient: Params::zeros(model.layout.len),
            loss: 0.0,
            sequences: 0,
        });
        Self {
            optimizer: AdamW::new(&model.layout, weight_decay),
            shards: shards.collect(),
            spaces: (0..threads.max(1))
                .map(|_| Workspace::new(shape, pass))
                .collect(),
            model,
            pass,
            batch_size,
        }
    }

    /// The model as it stands.
    pub fn model(&self) -> &CharLm {
        &self.model
    }

    /// The model, once nothing more is learned.
    pub fn into_model(self) -> CharLm {
        self.model
    }

    /// Sequences that each pass takes at once.
    pub fn sequences_per_pass(&self) -> usize {
        self.pass
    }

    /// Computes the gradient of the mean loss. At least one pass is made, whatever `stop` says.
    pub fn gradient(&mut self, batch: &Batch, stop: Stop<'_>) -> Gradient {
        let (model, pass) = (&self.model, self.pass);
        let context = model.shape().context;
        let scale = 1.0 / float(self.batch_size * context);
        parallel::for_each(&mut self.spaces, self.shards.iter_mut(), |space, shard| {
            shard.clear();
            for range in passes(shard.range.clone(), pass) {
                if range.start > 0 && stop() {
                    return;
                }
                shard.sequences += range.len();
                let sequences = batch.sequences(range, context);
                shard.loss += model.backward(sequences, scale, space, &mut shard.gradient);
            }
        });
        let sequences = self.shards.iter().map(|shard| shard.sequences).sum();
        let loss: f64 = self.shards.iter().map(|shard| shard.loss).sum();
        Gradient {
            loss: loss / double(sequences * context),
            sequences,
        }
    }

    /// Moves the parameters against the last gradient, which is clipped to length 1.
    pub fn update(&mut self, rate: f64) {
        let sequences: usize = self.shards.iter().map(|shard| shard.sequences).sum();
        // The shards divided by the whole batch, of which this much was looked at.
        let mean = double(self.batch_size) / double(sequences);
        let norm = mean * self.sum_gradients().sqrt();
        let clip = if norm > GRADIENT_NORM_MAX {
            GRADIENT_NORM_MAX / norm
        } else {
            1.0
        };
        let rates = self.optimizer.begin(single(rate), single(mean * clip));
        let params = &mut self.model.params.0;
        let gradient = &self.shards[0].gradient.0;
        let parts = self.optimizer.parts(params, gradient, PART_LEN);
        parallel::for_each(&mut self.spaces, parts, |_, part| part.update(rates));
    }

    /// The mean loss over `windows`. At least one pass is made, whatever `stop` says.
    pub fn evaluate(&mut self, windows: &Batch, stop: Stop<'_>) -> Evaluation {
        let model = &self.model;
        let context = model.shape().context;
        let ranges: Vec<_> = passes(0..windows.len(context), self.pass).collect();
        let mut losses: Vec<Option<f64>> = vec![None; ranges.len()];
        let items = ranges.iter().zip(&mut losses);
        parallel::for_each(&mut self.spaces, items, |space, (range, loss)| {
            if range.start == 0 || !stop() {
                *loss = Some(model.loss(windows.sequences(range.clone(), context), space));
            }
        });
        let done = ranges.iter().zip(&losses);
        let count: usize = done
            .filter(|(_, loss)| loss.is_some())
            .map(|(range, _)| range.len())
            .sum();
        Evaluation {
            loss: losses.into_iter().flatten().sum::<f64>() / double(count * context),
            windows: count,
        }
    }

    /// Sums the shards' gradients into the first one; answers the square of its length.
    fn sum_gradients(&mut self) -> f64 {
        let Some((first, others)) = self.shards.split_first_mut() else {
            return 0.0;
        };
        let mut squares = vec![0.0; first.gradient.0.len().div_ceil(PART_LEN)];
        let parts = first.gradient.0.chunks_mut(PART_LEN).zip(&mut squares);
        let others: &[Shard] = others;
        parallel::for_each(
            &mut self.spaces,
            parts.enumerate(),
            |_, (index, (sum, square))| {
                let start = index * PART_LEN;
                let range = start..start + sum.len();
                machine::run(Sum {
                    total: sum,
                    others: others.iter().map(|shard| &shard.gradient.0[range.clone()]),
                    square,
                });
            },
        );
        squares.iter().sum()
    }
}

/// A fixed part of the batch and what it gave.
struct Shard {
    range: Range<usize>,
    gradient: Params,
    loss: f64,
    sequences: usize,
}

impl Shard {
    fn clear(&mut self) {
        self.gradient.0.fill(0.0);
        self.loss = 0.0;
        self.sequences = 0;
    }
}

struct Sum<'a, I> {
    total: &'a mut [f32],
    others: I,
    square: &'a mut f64,
}

impl<'a, I: Iterator<Item = &'a [f32]>> Kernel for Sum<'_, I> {
    #[expect(clippy::inline_always, reason = "required of kernels")]
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for other in self.others {
            for (sum, value) in self.total.iter_mut().zip(other) {
                *sum += value;
            }
        }
        *self.square = f64::from(sum_by([self.total], |[value]| value * value));
    }
}

fn passes(range: Range<usize>, len: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range
        .step_by(len)
        .map(move |start| start..(start + len).min(end))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "single precision is wanted"
)]
fn single(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Corpus;
    use crate::layout::Shape;
    use crate::ops::gradient_check::check_entries;
    use crate::rng::Rng;

    const NEVER: Stop<'static> = &|| false;

    fn corpus() -> Corpus {
        Corpus::from_bytes(&crate::corpus::generate(20_000, 3))
    }

    fn learner(corpus: &Corpus, batch_size: usize, threads: usize) -> Learner {
        let shape = Shape {
            vocab: corpus.vocab().len(),
            context: 12,
            layers: 2,
            heads: 2,
            width: 16,
            hidden: 24,
        };
        Learner::new(
            CharLm::new(shape, &mut Rng::new(1)),
            batch_size,
            threads,
            0.01,
        )
    }

    /// The parameters after some steps, and the last losses.
    fn trained(threads: usize, batch_size: usize, steps: usize) -> (Vec<u32>, u64, u64) {
        let corpus = corpus();
        let mut learner = learner(&corpus, batch_size, threads);
        let mut loss = f64::NAN;
        for step in 0..steps {
            let batch = corpus.batch(1, step, batch_size, 12);
            loss = learner.gradient(&batch, NEVER).loss;
            learner.update(0.01);
        }
        let held_out = learner.evaluate(&corpus.held_out(100, 12), NEVER).loss;
        let bits = learner.model().params().iter().map(|p| p.to_bits());
        (bits.collect(), loss.to_bits(), held_out.to_bits())
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let one = trained(1, 90, 5);
        assert_eq!(trained(2, 90, 5), one);
        assert_eq!(trained(3, 90, 5), one);
        assert_eq!(trained(9, 90, 5), one);
    }

    #[test]
    fn a_batch_smaller_than_the_threads_works() {
        assert_eq!(trained(4, 1, 3), trained(1, 1, 3));
        assert_eq!(trained(2, 5, 3), trained(1, 5, 3));
    }

    #[test]
    fn the_gradient_of_the_whole_model_is_the_slope() {
        let corpus = corpus();
        let mut learner = learner(&corpus, 6, 1);
        // Larger weights than a fresh model's make every part matter.
        let mut rng = Rng::new(8);
        let params = &mut learner.model.params.0;
        for param in params.iter_mut() {
            *param += 0.2 * rng.normal();
        }
        let at = params.clone();
        let batch = corpus.batch(1, 0, 6, 12);
        learner.gradient(&batch, NEVER);
        learner.sum_gradients();
        let gradient = learner.shards[0].gradient.0.clone();
        let entries = (0..at.len()).step_by(53);
        let learner = std::cell::RefCell::new(learner);
        check_entries(&at, &gradient, entries, 2e-3, |params| {
            let mut learner = learner.borrow_mut();
            learner.model.params.0.copy_from_slice(params);
            learner.evaluate(&batch, NEVER).loss
        });
    }

    #[test]
    fn a_stopped_batch_says_how_far_it_came() {
        let corpus = corpus();
        let mut learner = learner(&corpus, 90, 1);
        let batch = corpus.batch(1, 0, 90, 12);
        let gradient = learner.gradient(&batch, &|| true);
        assert_eq!(
            gradient.sequences,
            learner.pass.min(90 / learner.shards.len())
        );
        assert!((gradient.loss - double(corpus.vocab().len()).ln()).abs() < 0.2);
        assert_eq!(learner.evaluate(&batch, &|| true).windows, learner.pass);
    }

    #[test]
    fn part_of_a_batch_moves_as_far_as_a_whole_one() {
        let corpus = corpus();
        let moved = |stop| {
            let mut learner = learner(&corpus, 90, 1);
            let before = learner.model().params().to_vec();
            learner.gradient(&corpus.batch(1, 0, 90, 12), stop);
            learner.update(0.01);
            let pairs = learner.model().params().iter().zip(&before);
            pairs.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>()
        };
        let (part, whole) = (moved(&|| true), moved(NEVER));
        assert!((part / whole - 1.0).abs() < 0.2, "{part} {whole}");
    }
}

//! A text as tokens, its held-out part, and the batches drawn from it.

use crate::corpus;
use crate::model::Sequences;
use crate::rng::Rng;

/// The stream of random numbers that draws batches.
const BATCH_STREAM: u64 = 1;

/// A text split into what is learned from (the first nine tenths) and what is held out.
///
/// A token is a byte; the vocabulary is the bytes that appear, in order.
#[derive(Clone, Debug)]
pub struct Corpus {
    vocab: Vec<u8>,
    train: Vec<u8>,
    held_out: Vec<u8>,
}

/// Some windows of one length, and the byte after each position.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    inputs: Vec<u8>,
    targets: Vec<u8>,
}

impl Corpus {
    /// The default text.
    pub fn generated() -> Self {
        Self::from_bytes(&corpus::generate(corpus::DEFAULT_LEN, corpus::DEFAULT_SEED))
    }

    /// Any text.
    pub fn from_bytes(text: &[u8]) -> Self {
        let mut vocab = text.to_vec();
        vocab.sort_unstable();
        vocab.dedup();
        let mut token = [0_u8; 256];
        for (index, byte) in (0_u8..=255).zip(&vocab) {
            token[usize::from(*byte)] = index;
        }
        let tokens: Vec<u8> = text.iter().map(|byte| token[usize::from(*byte)]).collect();
        let (train, held_out) = tokens.split_at(tokens.len() - tokens.len() / 10);
        Self {
            vocab,
            train: train.to_vec(),
            held_out: held_out.to_vec(),
        }
    }

    /// The bytes that appear, in order; a token is an index into them.
    pub fn vocab(&self) -> &[u8] {
        &self.vocab
    }

    /// Bytes that a text needs, at least, for windows of `context` bytes.
    pub fn len_min(context: usize) -> usize {
        10 * (context + 1)
    }

    /// Whether both parts hold at least one window of `context` bytes.
    pub fn has_windows(&self, context: usize) -> bool {
        self.train.len() > context && self.held_out.len() > context
    }

    /// The batch of one step: windows at random places, fixed by `seed` and `step`.
    pub fn batch(&self, seed: u64, step: usize, size: usize, context: usize) -> Batch {
        let mut rng = Rng::keyed(seed, BATCH_STREAM, step as u64);
        let starts = (0..size).map(|_| rng.index(self.train.len() - context));
        Batch::windows(&self.train, context, starts)
    }

    /// How many windows of `context` bytes the held-out part has.
    pub fn held_out_windows(&self, context: usize) -> usize {
        (self.held_out.len() - 1) / context
    }

    /// The first `count` held-out windows, in an order in which any beginning is spread
    /// evenly over the held-out part.
    pub fn held_out(&self, count: usize, context: usize) -> Batch {
        let windows = self.held_out_windows(context);
        let stride = spreading_stride(windows);
        let starts = (0..count.min(windows)).map(|i| i * stride % windows * context);
        Batch::windows(&self.held_out, context, starts)
    }
}

impl Batch {
    /// How many windows there are.
    pub fn len(&self, context: usize) -> usize {
        self.inputs.len() / context
    }

    pub(crate) fn sequences(&self, range: std::ops::Range<usize>, context: usize) -> Sequences<'_> {
        let range = range.start * context..range.end * context;
        Sequences {
            inputs: &self.inputs[range.clone()],
            targets: &self.targets[range],
        }
    }

    fn windows(tokens: &[u8], context: usize, starts: impl Iterator<Item = usize>) -> Self {
        let mut batch = Self::default();
        for start in starts {
            batch
                .inputs
                .extend_from_slice(&tokens[start..start + context]);
            batch
                .targets
                .extend_from_slice(&tokens[start + 1..=start + context]);
        }
        batch
    }
}

/// A number near the golden section of `len` without a common divisor with it.
fn spreading_stride(len: usize) -> usize {
    let golden = (len * 618 / 1000).max(1);
    let mut candidates = golden..=golden + len;
    candidates
        .find(|stride| gcd(*stride, len) == 1)
        .unwrap_or(1)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> Corpus {
        let text: Vec<u8> = (0..1000_u32)
            .map(|i| b'a' + u8::try_from(i * i % 23).unwrap())
            .collect();
        Corpus::from_bytes(&text)
    }

    #[test]
    fn the_last_tenth_is_held_out() {
        let corpus = corpus();
        assert_eq!((corpus.train.len(), corpus.held_out.len()), (900, 100));
    }

    #[test]
    fn tokens_stand_for_the_bytes_that_appear() {
        let corpus = Corpus::from_bytes(b"banana split");
        assert_eq!(corpus.vocab(), b" abilnpst");
        assert_eq!(corpus.train[..6], [2, 1, 5, 1, 5, 1]);
    }

    #[test]
    fn a_target_is_the_next_input() {
        let batch = corpus().batch(1, 0, 3, 20);
        for row in 0..3 {
            let one = batch.sequences(row..row + 1, 20);
            assert_eq!(one.inputs[1..], one.targets[..19]);
        }
    }

    #[test]
    fn a_batch_is_fixed_by_seed_and_step() {
        let inputs = |seed, step| corpus().batch(seed, step, 4, 8).inputs;
        assert_eq!(inputs(1, 5), inputs(1, 5));
        assert_ne!(inputs(1, 5), inputs(1, 6));
        assert_ne!(inputs(1, 5), inputs(2, 5));
    }

    #[test]
    fn the_held_out_windows_are_all_different() {
        let corpus = corpus();
        let all = corpus.held_out(usize::MAX, 9);
        assert_eq!(all.len(9), 11);
        let mut windows: Vec<&[u8]> = all.inputs.chunks(9).collect();
        windows.sort_unstable();
        windows.dedup();
        assert_eq!(windows.len(), 11);
        assert_eq!(corpus.held_out(4, 9).inputs, all.inputs[..36]);
    }

    #[test]
    fn a_short_text_has_no_windows() {
        assert!(Corpus::from_bytes(&[b'x'; 10 * 9]).has_windows(8));
        assert!(!Corpus::from_bytes(&[b'x'; 79]).has_windows(8));
        assert_eq!(Corpus::len_min(8), 90);
    }
}

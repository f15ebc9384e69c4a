//! The default text: paragraphs of a made-up language whose entropy is known exactly.
//!
//! # The grammar
//!
//! Words are made of syllables from a fixed seed: 240 nouns, 96 verbs, 48 adjectives, 16
//! names, all different, none ending in `s`. `name` is uniform; its number modulo 8 is
//! the paragraph's topic. The `r`-th choice of a ranked word has weight
//! `⌊2²⁰ / (r + 3)⌋`, and the topic or the subject rotates the list:
//!
//! ```text
//! paragraph → NAME ":\n" sentence (3/4: " " sentence)* " So says " NAME ".\n\n"
//! sentence  → clause (1/5: ", " conjunction " " clause)* end        first letter upper case
//! clause    → phrase " " verb " " phrase (1/4: " " preposition " " phrase)*
//! phrase    → determiner " " (3/8: adjective " ") noun              singular or plural, 1/2 each
//! noun      → NOUNS[(rank + 30·topic) mod 240]                      plural adds "s"
//! adjective → ADJECTIVES[(rank + 6·topic) mod 48]
//! verb      → VERBS[(rank + 7·subject noun) mod 96]                 singular subject adds "s"
//! ```
//!
//! A learner can find, in this order: letters, words, agreement of determiner, noun and
//! verb, which verb follows which noun, the topic, and the name said at the start, which
//! comes back at the end of the paragraph.
//!
//! # Why the entropy is exact
//!
//! No word is another's plural and every word ends at a space or a mark, so a text has
//! exactly one derivation: its probability is the product of the choices made. The
//! paragraphs are independent and alike. By the renewal theorem the entropy rate is then
//! the expected information of a paragraph divided by its expected length,
//!
//! ```text
//! bits per byte = E[Σ −log₂ p(choice)] / E[bytes]
//! ```
//!
//! Both are sums over productions of expected uses, and obey the same algebra: parts in
//! sequence add, an optional part counts by its probability `p` plus the entropy of the
//! coin, and a part repeated while a coin of probability `p` says so is used `1/(1−p)`
//! times. [`entropy_bits_per_byte`] evaluates exactly that: 0.7355. No model of any kind has
//! a lower expected loss on fresh text.

mod expectation;
mod lexicon;
#[cfg(test)]
mod parser;

use self::lexicon::{Coin, Lexicon, Weights};
use crate::rng::Rng;

/// Bytes of the default text.
pub const DEFAULT_LEN: usize = 1_000_000;
/// Seed of the default text, the same for every run: runs differ in their model's seed.
pub const DEFAULT_SEED: u64 = 20_260;

/// The first `len` bytes of the text of `seed`.
pub fn generate(len: usize, seed: u64) -> Vec<u8> {
    let lexicon = Lexicon::new();
    let mut writer = Writer {
        lexicon: &lexicon,
        rng: Rng::new(seed),
        text: String::with_capacity(len + 4096),
    };
    while writer.text.len() < len {
        writer.paragraph();
    }
    let mut bytes = writer.text.into_bytes();
    bytes.truncate(len);
    bytes
}

/// The entropy rate of the text: what the best possible predictor costs per byte.
pub fn entropy_bits_per_byte() -> f64 {
    let paragraph = expectation::paragraph(&Lexicon::new());
    paragraph.bits / paragraph.bytes
}

const TOPICS: usize = 8;
const NOUN_SHIFT: usize = 30;
const ADJECTIVE_SHIFT: usize = 6;
const VERB_SHIFT: usize = 7;

const MORE_SENTENCES: Coin = Coin { heads: 3, of: 4 };
const MORE_CLAUSES: Coin = Coin { heads: 1, of: 5 };
const MORE_PREPOSITIONS: Coin = Coin { heads: 1, of: 4 };
const ADJECTIVE: Coin = Coin { heads: 3, of: 8 };
const PLURAL: Coin = Coin { heads: 1, of: 2 };

const CLOSING: &str = " So says ";

/// Writes paragraphs. The order of its draws is part of the text's definition.
struct Writer<'a> {
    lexicon: &'a Lexicon,
    rng: Rng,
    text: String,
}

impl Writer<'_> {
    fn paragraph(&mut self) {
        let name = self.rng.index(self.lexicon.names.len());
        let topic = name % TOPICS;
        self.write(&self.lexicon.names[name]);
        self.write(":\n");
        self.sentence(topic);
        while self.toss(MORE_SENTENCES) {
            self.write(" ");
            self.sentence(topic);
        }
        self.write(CLOSING);
        self.write(&self.lexicon.names[name]);
        self.write(".\n\n");
    }

    fn sentence(&mut self, topic: usize) {
        let start = self.text.len();
        self.clause(topic);
        while self.toss(MORE_CLAUSES) {
            let conjunction = self.pick(&self.lexicon.conjunctions.weights);
            self.write(", ");
            self.write(&self.lexicon.conjunctions.words[conjunction]);
            self.write(" ");
            self.clause(topic);
        }
        let end = self.pick(&self.lexicon.ends.weights);
        self.write(&self.lexicon.ends.words[end]);
        if let Some(first) = self.text.get_mut(start..=start) {
            first.make_ascii_uppercase();
        }
    }

    fn clause(&mut self, topic: usize) {
        let (subject, plural) = self.phrase(topic);
        let rank = self.pick(&self.lexicon.verb_ranks);
        let verbs = &self.lexicon.verbs;
        self.write(" ");
        self.write(&verbs[(rank + VERB_SHIFT * subject) % verbs.len()]);
        self.write(if plural { " " } else { "s " });
        self.phrase(topic);
        while self.toss(MORE_PREPOSITIONS) {
            let preposition = self.pick(&self.lexicon.prepositions.weights);
            self.write(" ");
            self.write(&self.lexicon.prepositions.words[preposition]);
            self.write(" ");
            self.phrase(topic);
        }
    }

    /// Writes a phrase; answers its noun and whether it is plural.
    fn phrase(&mut self, topic: usize) -> (usize, bool) {
        let plural = self.toss(PLURAL);
        let determiners = &self.lexicon.determiners[usize::from(plural)];
        let determiner = self.pick(&determiners.weights);
        self.write(&determiners.words[determiner]);
        self.write(" ");
        if self.toss(ADJECTIVE) {
            let rank = self.pick(&self.lexicon.adjective_ranks);
            let adjectives = &self.lexicon.adjectives;
            self.write(&adjectives[(rank + ADJECTIVE_SHIFT * topic) % adjectives.len()]);
            self.write(" ");
        }
        let rank = self.pick(&self.lexicon.noun_ranks);
        let noun = (rank + NOUN_SHIFT * topic) % self.lexicon.nouns.len();
        self.write(&self.lexicon.nouns[noun]);
        self.write(if plural { "s" } else { "" });
        (noun, plural)
    }

    fn toss(&mut self, coin: Coin) -> bool {
        self.rng.below(coin.of) < coin.heads
    }

    fn pick(&mut self, weights: &Weights) -> usize {
        weights.find(self.rng.below(weights.total()))
    }

    fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn default_text() -> Vec<u8> {
        generate(DEFAULT_LEN, DEFAULT_SEED)
    }

    /// Bits per byte of a predictor that knows the counts of `order` preceding bytes over
    /// the whole text, which is more than a learner can know: a lower estimate of what
    /// that context is worth.
    fn order_bits(text: &[u8], order: usize) -> f64 {
        let mut contexts: HashMap<&[u8], (u32, [u32; 128])> = HashMap::new();
        for window in text.windows(order + 1) {
            let (context, next) = window.split_at(order);
            let entry = contexts.entry(context).or_insert((0, [0; 128]));
            entry.0 += 1;
            entry.1[usize::from(next[0])] += 1;
        }
        let bits: f64 = contexts
            .values()
            .flat_map(|(total, counts)| counts.iter().map(|n| (f64::from(*n), f64::from(*total))))
            .filter(|(n, _)| *n > 0.0)
            .map(|(n, total)| -n * (n / total).log2())
            .sum();
        bits / crate::ops::math::double(text.len() - order)
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
            })
        })
    }

    #[test]
    fn the_ideal_predictor_costs_the_stated_entropy() {
        let text = default_text();
        let measured = parser::surprisal_bits_per_byte(std::str::from_utf8(&text).unwrap());
        let stated = entropy_bits_per_byte();
        assert!(
            (measured / stated - 1.0).abs() < 0.003,
            "{measured} {stated}"
        );
    }

    #[test]
    fn the_stated_entropy_never_changes() {
        assert_eq!(format!("{:.4}", entropy_bits_per_byte()), "0.7355");
    }

    #[test]
    fn another_seed_has_the_same_entropy() {
        let text = generate(DEFAULT_LEN, 7);
        let measured = parser::surprisal_bits_per_byte(std::str::from_utf8(&text).unwrap());
        let stated = entropy_bits_per_byte();
        assert!(
            (measured / stated - 1.0).abs() < 0.003,
            "{measured} {stated}"
        );
    }

    #[test]
    fn weaker_predictors_cost_more() {
        let text = default_text();
        let stated = entropy_bits_per_byte();
        let (unigram, trigram) = (order_bits(&text, 0), order_bits(&text, 2));
        assert!(unigram > 3.9, "{unigram}");
        assert!(trigram < unigram - 1.0, "{trigram} {unigram}");
        assert!(trigram > stated + 0.5, "{trigram} {stated}");
    }

    #[test]
    fn the_text_never_changes() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(&default_text()), 2_999_131_567);
    }

    #[test]
    fn a_shorter_text_is_the_beginning_of_a_longer_one() {
        let (short, long) = (generate(1000, 3), generate(5000, 3));
        assert_eq!(short, long[..1000]);
    }
}

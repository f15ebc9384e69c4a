//! The expected information and length of what the grammar produces.

use std::ops::{Add, Mul};

use super::lexicon::{Choice, Coin, Lexicon, Weights};
use super::{
    ADJECTIVE, ADJECTIVE_SHIFT, CLOSING, MORE_CLAUSES, MORE_PREPOSITIONS, MORE_SENTENCES,
    NOUN_SHIFT, PLURAL, TOPICS, VERB_SHIFT,
};
use crate::ops::math::double;

/// Expected information and expected bytes of a part of a text.
#[derive(Clone, Copy, Default)]
pub(super) struct Expectation {
    pub(super) bits: f64,
    pub(super) bytes: f64,
}

/// A whole paragraph, averaged over names and so over topics.
pub(super) fn paragraph(lexicon: &Lexicon) -> Expectation {
    let names = double(lexicon.names.len());
    let name_bytes: usize = lexicon.names.iter().map(String::len).sum();
    let frame = Expectation {
        bits: names.log2(),
        bytes: double(2 * name_bytes) / names + double(":\n".len() + CLOSING.len() + ".\n\n".len()),
    };
    let sentences =
        (0..TOPICS).map(|topic| repeated(sentence(lexicon, topic), text(1), MORE_SENTENCES));
    frame + mean(sentences)
}

fn sentence(lexicon: &Lexicon, topic: usize) -> Expectation {
    let separator = text(", ".len() + " ".len()) + choice(&lexicon.conjunctions);
    repeated(clause(lexicon, topic), separator, MORE_CLAUSES) + choice(&lexicon.ends)
}

fn clause(lexicon: &Lexicon, topic: usize) -> Expectation {
    let phrase = phrase(lexicon, topic);
    let separator = text("  ".len()) + choice(&lexicon.prepositions);
    let object = repeated(phrase, separator, MORE_PREPOSITIONS);
    // A singular subject gives the verb an "s"; the subject's number is in the phrase.
    let singular = text(1) * (1.0 - PLURAL.probability());
    phrase + text("  ".len()) + verb(lexicon, topic) + singular + object
}

fn phrase(lexicon: &Lexicon, topic: usize) -> Expectation {
    let plural = PLURAL.probability();
    let [one, many] = &lexicon.determiners;
    let determiner = choice(one) * (1.0 - plural) + choice(many) * plural;
    let adjective = ranked(&lexicon.adjective_ranks, |rank| {
        lexicon.adjectives[(rank + ADJECTIVE_SHIFT * topic) % lexicon.adjectives.len()].len()
    });
    let noun = ranked(&lexicon.noun_ranks, |rank| {
        lexicon.nouns[(rank + NOUN_SHIFT * topic) % lexicon.nouns.len()].len()
    });
    let adjective = (adjective + text(1)) * ADJECTIVE.probability() + ADJECTIVE.entropy();
    PLURAL.entropy() + determiner + text(1) + adjective + noun + text(1) * plural
}

/// The verb, averaged over the subject's noun.
fn verb(lexicon: &Lexicon, topic: usize) -> Expectation {
    let verbs = &lexicon.verbs;
    let after = |noun: usize| {
        ranked(&lexicon.verb_ranks, |rank| {
            verbs[(rank + VERB_SHIFT * noun) % verbs.len()].len()
        })
    };
    let nouns = lexicon.noun_ranks.probabilities().enumerate();
    nouns
        .map(|(rank, p)| after((rank + NOUN_SHIFT * topic) % lexicon.nouns.len()) * p)
        .fold(Expectation::default(), Add::add)
}

/// `part`, then again with `separator` before it for as long as the coin shows heads.
fn repeated(part: Expectation, separator: Expectation, more: Coin) -> Expectation {
    let again = more.probability() / (1.0 - more.probability());
    part + (separator + part) * again + more.entropy() * (1.0 + again)
}

fn choice(choice: &Choice) -> Expectation {
    ranked(&choice.weights, |index| choice.words[index].len())
}

/// A weighted choice among words of the given lengths.
fn ranked(weights: &Weights, len: impl Fn(usize) -> usize) -> Expectation {
    let parts = weights
        .probabilities()
        .enumerate()
        .map(|(index, p)| Expectation {
            bits: -p * p.log2(),
            bytes: p * double(len(index)),
        });
    parts.fold(Expectation::default(), Add::add)
}

/// Bytes that tell nothing.
fn text(len: usize) -> Expectation {
    Expectation {
        bits: 0.0,
        bytes: double(len),
    }
}

fn mean(parts: impl ExactSizeIterator<Item = Expectation>) -> Expectation {
    let share = 1.0 / double(parts.len());
    parts.fold(Expectation::default(), Add::add) * share
}

impl Coin {
    #[expect(clippy::cast_precision_loss, reason = "single digits")]
    pub(super) fn probability(self) -> f64 {
        self.heads as f64 / self.of as f64
    }

    fn entropy(self) -> Expectation {
        let p = self.probability();
        Expectation {
            bits: -p * p.log2() - (1.0 - p) * (1.0 - p).log2(),
            bytes: 0.0,
        }
    }
}

impl Add for Expectation {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bits: self.bits + other.bits,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Mul<f64> for Expectation {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self {
            bits: self.bits * times,
            bytes: self.bytes * times,
        }
    }
}

//! The words of the made-up language and the weights of its choices.

use std::collections::HashSet;

use crate::rng::Rng;

const LEXICON_SEED: u64 = 1;
const ONSETS: [&str; 16] = [
    "b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "t", "v", "st", "tr", "br", "gl",
];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ou", "ee"];
const CODAS: [&str; 8] = ["", "", "n", "r", "l", "m", "t", "k"];

/// A choice between two, heads with probability `heads / of`.
#[derive(Clone, Copy)]
pub(super) struct Coin {
    pub(super) heads: u64,
    pub(super) of: u64,
}

/// Whole-number weights of a choice.
pub(super) struct Weights {
    cumulative: Vec<u64>,
}

/// Fixed words and how often each is chosen.
pub(super) struct Choice {
    pub(super) words: Vec<String>,
    pub(super) weights: Weights,
}

pub(super) struct Lexicon {
    pub(super) nouns: Vec<String>,
    pub(super) verbs: Vec<String>,
    pub(super) adjectives: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) noun_ranks: Weights,
    pub(super) verb_ranks: Weights,
    pub(super) adjective_ranks: Weights,
    /// For singular and plural nouns.
    pub(super) determiners: [Choice; 2],
    pub(super) prepositions: Choice,
    pub(super) conjunctions: Choice,
    pub(super) ends: Choice,
}

impl Weights {
    fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let running = weights.into_iter().scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self {
            cumulative: running.collect(),
        }
    }

    fn ranked(len: u64) -> Self {
        Self::new((0..len).map(|rank| (1 << 20) / (rank + 3)))
    }

    pub(super) fn total(&self) -> u64 {
        self.cumulative.last().copied().unwrap_or(0)
    }

    /// The choice whose stretch of `0..total` holds `point`.
    pub(super) fn find(&self, point: u64) -> usize {
        self.cumulative.partition_point(|end| *end <= point)
    }

    /// The probability of each choice.
    #[expect(clippy::cast_precision_loss, reason = "totals are below 2^53")]
    pub(super) fn probabilities(&self) -> impl Iterator<Item = f64> {
        let starts = std::iter::once(0).chain(self.cumulative.iter().copied());
        let ends = self.cumulative.iter();
        ends.zip(starts)
            .map(|(end, start)| (end - start) as f64 / self.total() as f64)
    }
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let mut words = WordMaker::new();
        Self {
            nouns: words.list(240),
            verbs: words.list(96),
            adjectives: words.list(48),
            names: words.list(16).into_iter().map(capitalised).collect(),
            noun_ranks: Weights::ranked(240),
            verb_ranks: Weights::ranked(96),
            adjective_ranks: Weights::ranked(48),
            determiners: [
                choice(&[("the", 8), ("a", 4), ("every", 2), ("this", 2)]),
                choice(&[("the", 8), ("some", 4), ("these", 2), ("many", 2)]),
            ],
            prepositions: choice(&[
                ("in", 1),
                ("on", 1),
                ("with", 1),
                ("under", 1),
                ("near", 1),
                ("without", 1),
            ]),
            conjunctions: choice(&[("and", 4), ("but", 2), ("so", 1), ("while", 1)]),
            ends: choice(&[(".", 6), ("!", 1), ("?", 1)]),
        }
    }
}

/// Makes words that differ from each other and from every fixed word.
struct WordMaker {
    rng: Rng,
    taken: HashSet<String>,
}

impl WordMaker {
    fn new() -> Self {
        let fixed =
            "the a every this some these many in on with under near without and but so while says";
        Self {
            rng: Rng::new(LEXICON_SEED),
            taken: fixed.split(' ').map(str::to_owned).collect(),
        }
    }

    fn list(&mut self, len: usize) -> Vec<String> {
        (0..len).map(|_| self.word()).collect()
    }

    fn word(&mut self) -> String {
        loop {
            let syllables = 1 + self.rng.index(3);
            let word: String = (0..syllables).map(|_| self.syllable()).collect();
            if word.len() > 2 && self.taken.insert(word.clone()) {
                return word;
            }
        }
    }

    fn syllable(&mut self) -> String {
        [&ONSETS[..], &VOWELS, &CODAS]
            .map(|part| part[self.rng.index(part.len())])
            .concat()
    }
}

fn choice(weighted: &[(&str, u64)]) -> Choice {
    Choice {
        words: weighted
            .iter()
            .map(|(word, _)| (*word).to_owned())
            .collect(),
        weights: Weights::new(weighted.iter().map(|(_, weight)| *weight)),
    }
}

fn capitalised(mut word: String) -> String {
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_and_never_look_plural() {
        let lexicon = Lexicon::new();
        let names = lexicon.names.iter().map(|name| name.to_lowercase());
        let words = [&lexicon.nouns, &lexicon.verbs, &lexicon.adjectives];
        let all: Vec<String> = words.into_iter().flatten().cloned().chain(names).collect();
        assert_eq!(all.len(), 400);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 400);
        assert!(all.iter().all(|word| !word.ends_with('s')));
    }

    #[test]
    fn a_choice_follows_its_weights() {
        let weights = Weights::new([2, 1, 3]);
        let found: Vec<usize> = (0..weights.total())
            .map(|point| weights.find(point))
            .collect();
        assert_eq!(found, [0, 0, 1, 2, 2, 2]);
        assert!((weights.probabilities().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

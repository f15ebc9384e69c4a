//! The ideal predictor: reads a text by the grammar and pays for each choice it meets.
//!
//! It shares the word lists and the weights with the writer, but finds each choice in the
//! text alone. That it never meets a second way to read on shows that a derivation is
//! unique.

use super::lexicon::{Choice, Coin, Lexicon, Weights};
use super::{
    ADJECTIVE, ADJECTIVE_SHIFT, MORE_CLAUSES, MORE_PREPOSITIONS, MORE_SENTENCES, NOUN_SHIFT,
    PLURAL, TOPICS, VERB_SHIFT,
};
use crate::ops::math::double;

/// The cost of all whole paragraphs of `text`, per byte.
pub(super) fn surprisal_bits_per_byte(text: &str) -> f64 {
    let whole = text.rfind("\n\n").map_or(0, |end| end + 2);
    let lexicon = Lexicon::new();
    let mut bits = 0.0;
    for paragraph in text[..whole].split_terminator("\n\n") {
        let mut reader = Reader {
            lexicon: &lexicon,
            bits: 0.0,
        };
        reader.paragraph(paragraph);
        bits += reader.bits;
    }
    bits / double(whole)
}

struct Reader<'a> {
    lexicon: &'a Lexicon,
    bits: f64,
}

impl Reader<'_> {
    fn paragraph(&mut self, text: &str) {
        let (name, rest) = text.split_once(":\n").expect("a name comes first");
        let index = position(&self.lexicon.names, name).expect("a known name");
        self.bits += double(self.lexicon.names.len()).log2();
        let body = rest
            .strip_suffix(&format!(" So says {name}."))
            .expect("the closing");
        let mut start = 0;
        for (end, _) in body.match_indices(['.', '!', '?']) {
            let more = end + 1 < body.len();
            self.sentence(&body[start..=end], index % TOPICS);
            self.coin(MORE_SENTENCES, more);
            start = end + 2;
        }
    }

    fn sentence(&mut self, text: &str, topic: usize) {
        let (words, end) = text.split_at(text.len() - 1);
        let words = words[..1].to_lowercase() + &words[1..];
        let clauses: Vec<&str> = words.split(", ").collect();
        for (i, clause) in clauses.iter().enumerate() {
            let mut words: Vec<&str> = clause.split(' ').collect();
            if i > 0 {
                self.fixed(&self.lexicon.conjunctions, words.remove(0));
            }
            self.clause(&words, topic);
            self.coin(MORE_CLAUSES, i + 1 < clauses.len());
        }
        self.fixed(&self.lexicon.ends, end);
    }

    fn clause(&mut self, words: &[&str], topic: usize) {
        let (subject, plural, rest) = self.phrase(words, topic);
        let verb = if plural {
            rest[0]
        } else {
            rest[0]
                .strip_suffix('s')
                .expect("a singular verb ends in s")
        };
        self.word(
            &self.lexicon.verbs,
            &self.lexicon.verb_ranks,
            verb,
            VERB_SHIFT * subject,
        );
        let (_, _, mut rest) = self.phrase(&rest[1..], topic);
        while let [preposition, phrase @ ..] = rest {
            self.coin(MORE_PREPOSITIONS, true);
            self.fixed(&self.lexicon.prepositions, preposition);
            (_, _, rest) = self.phrase(phrase, topic);
        }
        self.coin(MORE_PREPOSITIONS, false);
    }

    fn phrase<'w>(&mut self, words: &'w [&'w str], topic: usize) -> (usize, bool, &'w [&'w str]) {
        let (adjective, noun, rest) = match words {
            [_, adjective, noun, rest @ ..] if self.is_adjective(adjective) => {
                (Some(*adjective), *noun, rest)
            }
            [_, noun, rest @ ..] => (None, *noun, rest),
            _ => panic!("a phrase is missing in {words:?}"),
        };
        let plural = noun.ends_with('s');
        self.coin(PLURAL, plural);
        self.fixed(&self.lexicon.determiners[usize::from(plural)], words[0]);
        self.coin(ADJECTIVE, adjective.is_some());
        if let Some(word) = adjective {
            let shift = ADJECTIVE_SHIFT * topic;
            self.word(
                &self.lexicon.adjectives,
                &self.lexicon.adjective_ranks,
                word,
                shift,
            );
        }
        let noun = noun.strip_suffix('s').unwrap_or(noun);
        self.word(
            &self.lexicon.nouns,
            &self.lexicon.noun_ranks,
            noun,
            NOUN_SHIFT * topic,
        );
        let index = position(&self.lexicon.nouns, noun).expect("a known noun");
        (index, plural, rest)
    }

    fn is_adjective(&self, word: &str) -> bool {
        position(&self.lexicon.adjectives, word).is_some()
    }

    /// Pays for a word from a list rotated by `shift`.
    fn word(&mut self, words: &[String], ranks: &Weights, word: &str, shift: usize) {
        let index = position(words, word).unwrap_or_else(|| panic!("unknown word {word}"));
        let len = words.len();
        self.pay(ranks, (index + len - shift % len) % len);
    }

    fn fixed(&mut self, choice: &Choice, word: &str) {
        let index = position(&choice.words, word).unwrap_or_else(|| panic!("unknown word {word}"));
        self.pay(&choice.weights, index);
    }

    fn pay(&mut self, weights: &Weights, index: usize) {
        let p = weights
            .probabilities()
            .nth(index)
            .expect("an index in range");
        self.bits -= p.log2();
    }

    fn coin(&mut self, coin: Coin, heads: bool) {
        let p = coin.probability();
        self.bits -= if heads { p } else { 1.0 - p }.log2();
    }
}

fn position(words: &[String], word: &str) -> Option<usize> {
    words.iter().position(|known| known == word)
}

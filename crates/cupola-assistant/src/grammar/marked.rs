//! A question whose words are told apart: what says something, what is a time, what may be a name.

use std::ops::Range;

use super::filters;
use crate::{
    names::{How, Kind, Names},
    period::{self, Clock, Period},
    question::{Question, Word, fold},
    words::{PHRASE_WORDS_MAX, Sense, count, phrase},
};

/// Words of a name that stand without quotes at most.
const NAME_WORDS_MAX: usize = 5;

/// Before titles, also such as are words of the grammar.
const TITLED: &[&str] = &[
    "of", "and", "or", "in", "on", "than", "vs", "versus", "compare", "describe", "cancel", "stop",
    "start",
];

/// A smaller number is never the beginning of an id: it counts something.
const SMALL: u32 = 1_000_000;

/// A question with what its words are.
#[derive(Debug)]
pub(super) struct Marked<'a> {
    pub question: &'a Question,
    /// For each word.
    marks: Vec<Mark>,
    /// Where each sense stands, in order.
    senses: Vec<(usize, Sense)>,
    /// When it is about.
    pub period: Option<Period>,
    /// A filter, as it was written.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Nothing is known of it: it may be a name, or a part of one.
    Free,
    /// It begins a name, or what stands between quotes, of so many words.
    Name(usize),
    /// It says something.
    Says,
    /// It belongs to a time, a filter, or a name that began before.
    Taken,
}

/// Words that may name something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// Which words.
    pub words: Range<usize>,
    /// As they were written.
    pub text: String,
    /// Whether nothing but a name can stand here.
    pub is_name: bool,
    /// Whether a word such as "of" stands before it.
    pub is_after_of: bool,
    /// Whether it looks like a name.
    pub is_name_like: bool,
    /// The kind that is said beside it.
    pub kind: Option<Kind>,
}

impl<'a> Marked<'a> {
    /// `titles` are the places of words that are taken for names, whatever they say.
    pub(super) fn new(
        question: &'a Question,
        names: &impl Names,
        clock: Clock,
        titles: &[usize],
    ) -> Self {
        let mut marked = Self {
            question,
            marks: vec![Mark::Free; question.words.len()],
            senses: Vec::new(),
            period: None,
            filter: String::new(),
        };
        marked.mark_filter(names);
        marked.mark_period(clock);
        marked.mark_names(names, titles);
        marked.mark_senses();
        marked.unmark_relative();
        marked
    }

    /// Words of which nothing is known, with their places; those between quotes are as they should be.
    pub(super) fn unknown(&self) -> impl Iterator<Item = (usize, &'a Word)> + '_ {
        let words = self.words().iter().enumerate();
        words.filter(|(at, word)| {
            self.marks[*at] == Mark::Free && !word.is_quoted && word.number().is_none()
        })
    }

    /// Whether a word belongs to a time, a filter, or a name that began before it.
    pub(super) fn is_taken(&self, at: usize) -> bool {
        self.marks.get(at) == Some(&Mark::Taken)
    }

    /// Whether a word stands for itself: between no quotes, and in no name, time or filter.
    pub(super) fn is_plain(&self, at: usize) -> bool {
        let mark = self.marks.get(at);
        matches!(mark, Some(Mark::Free | Mark::Says)) && !self.words()[at].is_quoted
    }

    pub(super) fn words(&self) -> &'a [Word] {
        &self.question.words
    }

    pub(super) fn has(&self, sense: Sense) -> bool {
        self.senses.iter().any(|(_, each)| *each == sense)
    }

    /// Whether the word in this place says that.
    pub(super) fn says_at(&self, at: usize, sense: Sense) -> bool {
        self.senses.contains(&(at, sense))
    }

    pub(super) fn senses(&self) -> impl Iterator<Item = (usize, Sense)> + '_ {
        self.senses.iter().copied()
    }

    /// Where a sense stands first.
    pub(super) fn place_of(&self, sense: Sense) -> Option<usize> {
        self.senses()
            .find(|(_, each)| *each == sense)
            .map(|(at, _)| at)
    }

    /// What the first word says that says anything by itself.
    pub(super) fn first_sense(&self) -> Option<Sense> {
        let mut says = self
            .senses()
            .filter(|(_, sense)| !matches!(sense, Sense::Noise | Sense::Of));
        says.next().map(|(_, sense)| sense)
    }

    /// Whether it goes on from what was said before.
    pub(super) fn goes_on(&self) -> bool {
        let said: Vec<_> = self
            .words()
            .iter()
            .take(2)
            .map(|word| word.folded.as_str())
            .collect();
        matches!(
            said.as_slice(),
            ["and" | "also" | "then" | "now", ..] | ["what" | "how", "about"] | ["same", "for"]
        )
    }

    /// Numbers that belong to nothing, with their places. `#3` is one too.
    pub(super) fn numbers(&self) -> Vec<(usize, u32)> {
        let free = self
            .words()
            .iter()
            .enumerate()
            .filter(|(at, _)| self.marks[*at] == Mark::Free);
        free.filter_map(|(at, word)| Some((at, count(word.folded.trim_start_matches('#'))?)))
            .collect()
    }

    /// All that may be names, in order. Neighbours that nothing is known of stand together.
    pub(super) fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut at = 0;
        while at < self.marks.len() {
            let length = match self.marks[at] {
                Mark::Name(length) => length,
                Mark::Free
                    if count(self.words()[at].folded.trim_start_matches('#'))
                        .is_some_and(|number| number < SMALL) =>
                {
                    0
                }
                Mark::Free => self.free_from(at),
                Mark::Says | Mark::Taken => 0,
            };
            if length > 0 {
                spans.push(self.span(at..at + length, self.marks[at] != Mark::Free));
            }
            at += length.max(1);
        }
        spans
    }

    /// A part of a span, which may be a name by itself.
    pub(super) fn word_of(&self, span: &Span, at: usize) -> Span {
        let word = &self.words()[at];
        Span {
            text: word.text.clone(),
            is_name_like: word.is_name_like(),
            words: at..at + 1,
            ..span.clone()
        }
    }

    fn free_from(&self, at: usize) -> usize {
        let free = (at..self.marks.len()).take(NAME_WORDS_MAX);
        let mut free = free.skip(1).take_while(|each| {
            let word = &self.words()[*each];
            self.marks[*each] == Mark::Free
                && !word.after_comma
                && count(word.folded.trim_start_matches('#')).is_none()
        });
        1 + free.by_ref().count()
    }

    fn span(&self, words: Range<usize>, is_known: bool) -> Span {
        let quoted = &self.words()[words.start];
        let text = match words.len() {
            1 => quoted.text.clone(),
            _ => self.question.between(words.start, words.end).to_owned(),
        };
        let before = self.significant_before(words.start);
        let after = self.senses_at(words.end).into_iter().find_map(kind_of);
        let kind = before.iter().copied().find_map(kind_of).or(after);
        let is_led = before
            .iter()
            .any(|(_, sense)| matches!(sense, Sense::Of | Sense::Kind(_)));
        Span {
            is_after_of: before.iter().any(|(_, sense)| *sense == Sense::Of),
            is_name: is_known || is_led || after.is_some(),
            is_name_like: is_known || self.words()[words.clone()].iter().any(Word::is_name_like),
            text,
            kind,
            words,
        }
    }

    /// What the word says that stands before, whatever says nothing left out.
    fn significant_before(&self, at: usize) -> Vec<(usize, Sense)> {
        let mut place = at;
        while let Some(before) = place.checked_sub(1) {
            let said: Vec<_> = self.senses_at(before);
            let is_noise = said.iter().all(|(_, sense)| *sense == Sense::Noise);
            if self.marks[before] != Mark::Says || !is_noise {
                return said;
            }
            place = before;
        }
        Vec::new()
    }

    fn senses_at(&self, at: usize) -> Vec<(usize, Sense)> {
        let from = self.senses.partition_point(|(place, _)| *place < at);
        self.senses[from..]
            .iter()
            .copied()
            .take_while(|(place, _)| *place == at)
            .collect()
    }

    /// `where lr < 0.1`, `have lr above 0.001`: what follows, if it compares anything.
    fn mark_filter(&mut self, names: &impl Names) {
        let Some(found) = filters::find(self.question, names) else {
            return;
        };
        self.marks[found.words.clone()].fill(Mark::Taken);
        let at = found.words.start;
        self.senses.push((at, Sense::Where));
        self.marks[at] = Mark::Says;
        self.filter = found.text;
    }

    fn mark_period(&mut self, clock: Clock) {
        let mut from = 0;
        // Before a filter, and behind it.
        while from < self.marks.len() {
            let marks = self.marks[from..].iter();
            let free = marks.take_while(|mark| **mark == Mark::Free).count();
            if let Some((period, range)) = period::find(&self.words()[from..from + free], clock) {
                self.period = Some(period);
                self.marks[from + range.start..from + range.end].fill(Mark::Taken);
                return;
            }
            from += free.max(1);
        }
    }

    /// Names of several words that are there letter for letter, and what stands between quotes.
    fn mark_names(&mut self, names: &impl Names, titles: &[usize]) {
        let words = self.words();
        let mut at = 0;
        while at < words.len() {
            let free = self.marks[at..]
                .iter()
                .take_while(|mark| **mark == Mark::Free)
                .count();
            let longest = free.min(NAME_WORDS_MAX);
            let is_there = |length: &usize| {
                let text = fold(self.question.between(at, at + length));
                !names.find(How::Folded, &text, &Kind::ALL).is_empty()
            };
            let is_meant =
                || words[at].is_quoted || titles.contains(&at) || self.is_title(at, names);
            let length = (2..=longest).rev().find(is_there);
            let length = length.unwrap_or_else(|| usize::from(free > 0 && is_meant()));
            if length > 0 {
                self.marks[at..at + length].fill(Mark::Taken);
                self.marks[at] = Mark::Name(length);
            }
            at += length.max(1);
        }
    }

    /// Behind "of", "and" or "in" a title goes before what its word says otherwise: "the best of curves".
    fn is_title(&self, at: usize, names: &impl Names) -> bool {
        let words = self.words();
        let said = words[at].folded.as_str();
        let is_led = at.checked_sub(1).is_some_and(|before| {
            let led = words[before].folded.as_str();
            // "Failed or cancelled": neither is a title.
            let is_state = led == "or"
                && before
                    .checked_sub(1)
                    .is_some_and(|other| phrase(&[words[other].folded.as_str()]).is_some());
            let is_title = TITLED.contains(&led) && !is_state;
            !words[before].is_quoted && (is_title || self.is_subject(at))
        });
        if count(said).is_some() {
            return is_led && self.is_number_title(at, names);
        }
        let says = |senses: &[Sense]| {
            let quiet = [Sense::Noise, Sense::Of, Sense::Asks, Sense::Pronoun];
            senses.iter().all(|sense| !quiet.contains(sense))
        };
        let is_counted = words
            .get(at + 1)
            .is_some_and(|next| count(next.folded.trim_start_matches('#')).is_some());
        is_led
            && !is_counted
            && phrase(&[said]).is_some_and(|(_, senses)| says(senses))
            && !names
                .find(How::Folded, said, &[Kind::Experiment])
                .is_empty()
    }

    /// "Is best better than alpha?", "did broken fail?", "why did 7 fail?"; "what is running?" asks for no such
    /// title.
    fn is_subject(&self, at: usize) -> bool {
        let words = self.words();
        let said = |at: Option<usize>| {
            at.and_then(|at| words.get(at))
                .map_or("", |word| word.folded.as_str())
        };
        let (led, next) = (said(at.checked_sub(1)), said(Some(at + 1)));
        let did = ["did", "does", "will"];
        let is_asked = at == 1 && (did.contains(&led) || ["is", "has", "was"].contains(&led));
        let asks = ["why", "when"].contains(&said(at.checked_sub(2)));
        let is_asked_of = at == 2 && did.contains(&led) && asks;
        // "Did 7 runs fail?", "has 7 failed tasks?"
        let is_kind = |at: usize| {
            let senses = phrase(&[said(Some(at))]).map_or(&[][..], |(_, senses)| senses);
            senses.iter().any(|sense| matches!(sense, Sense::Kind(_)))
        };
        let is_counted = is_kind(at + 1) || is_kind(at + 2);
        (is_asked || is_asked_of) && !is_counted && !["", "of"].contains(&next)
    }

    /// "The best of 7": a number is a title where it counts nothing, and names no task beside another.
    fn is_number_title(&self, at: usize, names: &impl Names) -> bool {
        let words = self.words();
        let said = |at: Option<usize>| {
            at.and_then(|at| words.get(at))
                .map_or("", |word| word.folded.as_str())
        };
        let ends = [
            "",
            "and",
            "or",
            "vs",
            "versus",
            "with",
            "than",
            "against",
            "today",
            "yesterday",
            "please",
            "now",
            "by",
            "since",
        ];
        let is_counted = !ends.contains(&said(Some(at + 1))) && !self.is_subject(at);
        let is_beside = ["and", "or"].contains(&said(at.checked_sub(1)))
            && count(said(at.checked_sub(2)).trim_start_matches('#')).is_some();
        // Orders count what they start.
        let orders = ["start", "cancel", "stop"];
        let title = &words[at].folded;
        let is_order = orders.contains(&said(at.checked_sub(1)));
        if is_counted || is_beside || is_order {
            return false;
        }
        !names
            .find(How::Folded, title, &[Kind::Experiment])
            .is_empty()
    }

    /// "Runs that took long" speaks of nothing that was said before.
    fn unmark_relative(&mut self) {
        let words = self.words();
        let is_kind = |at: usize| {
            self.senses_at(at)
                .into_iter()
                .any(|one| kind_of(one).is_some())
        };
        let relative: Vec<_> = (1..words.len())
            .filter(|at| words[*at].folded == "that" && is_kind(at - 1))
            .collect();
        for (at, sense) in &mut self.senses {
            if *sense == Sense::Pronoun && relative.contains(at) {
                *sense = Sense::Noise;
            }
        }
    }

    fn mark_senses(&mut self) {
        let mut at = 0;
        while at < self.marks.len() {
            let free = self.marks[at..]
                .iter()
                .take(PHRASE_WORDS_MAX)
                .take_while(|mark| **mark == Mark::Free);
            let here = &self.words()[at..at + free.count()];
            let said: Vec<_> = here.iter().map(|word| word.folded.as_str()).collect();
            let Some((length, senses)) = phrase(&said) else {
                at += 1;
                continue;
            };
            self.marks[at..at + length].fill(Mark::Says);
            for each in at..at + length {
                // Every word of a phrase is marked; it says what it says where it begins.
                let says: &[Sense] = if each == at { senses } else { &[Sense::Noise] };
                self.senses.extend(says.iter().map(|sense| (each, *sense)));
            }
            at += length;
        }
        self.senses.sort_by_key(|(at, _)| *at);
    }
}

fn kind_of((_, sense): (usize, Sense)) -> Option<Kind> {
    match sense {
        Sense::Kind(kind) => Some(kind),
        _ => None,
    }
}

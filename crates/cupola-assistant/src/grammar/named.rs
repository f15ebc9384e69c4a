//! What words name, and what was talked about where nothing is named.

use super::{
    Reading,
    build::{ALL, Context, Refused},
    marked::Span,
};
use crate::{
    names::{How, Key, Kind, Meaning, Names, Thing},
    words::Sense,
};

/// So many words are looked up as names.
const LOOKED_UP_MAX: usize = 16;

impl<N: Names> Context<'_, N> {
    /// What is named, or what was spoken of; asks back where there is neither.
    pub(super) fn required(&self, things: Vec<Thing>, kinds: &[Kind]) -> Result<Thing, Refused> {
        if let Some(thing) = one_of(things)? {
            return Ok(thing);
        }
        let chosen = self.chosen.iter().find(|(term, _)| term.is_empty());
        if let Some((_, thing)) = chosen {
            return Ok(thing.clone());
        }
        let said = self.kinds_said(kinds);
        let meant = self
            .conversation
            .meant(&said)
            .or_else(|| self.conversation.meant(kinds));
        if let Some(thing) = meant {
            return Ok(thing.clone());
        }
        let listed = &self.conversation.listed;
        if let Some(kind) = listed.first().map(Thing::kind)
            && kinds.contains(&kind)
            && self.marked.has(Sense::Pronoun)
        {
            return Err(which(kind, listed.clone()).into());
        }
        let kind = said
            .first()
            .or(kinds.iter().find(|kind| **kind == Kind::Experiment))
            .or(kinds.first());
        let kind = kind.copied().unwrap_or(Kind::Experiment);
        Err(which(kind, self.names.recent(kind)).into())
    }

    /// What is named, or what a word such as "it" leads to.
    pub(super) fn optional(&mut self, kinds: &[Kind]) -> Result<Option<Thing>, Refused> {
        let things = self.things(kinds, false, true)?;
        Ok(one_of(things)?.or_else(|| self.spoken_of(kinds)))
    }

    /// What was spoken of, where the question goes on from it.
    pub(super) fn spoken_of(&self, kinds: &[Kind]) -> Option<Thing> {
        if !(self.marked.has(Sense::Pronoun) || self.marked.goes_on()) {
            return None;
        }
        let said = self.kinds_said(kinds);
        let meant = self
            .conversation
            .meant(&said)
            .or_else(|| self.conversation.meant(kinds));
        meant.cloned()
    }

    /// The kinds that the question itself speaks of.
    fn kinds_said(&self, kinds: &[Kind]) -> Vec<Kind> {
        let said = self.marked.senses().filter_map(|(_, sense)| match sense {
            Sense::Kind(kind) if kinds.contains(&kind) => Some(kind),
            _ => None,
        });
        said.collect()
    }

    /// "Tell me about alpha". Where nothing is like what is named, it is no question of ours.
    pub(super) fn described(&mut self) -> Result<Thing, Refused> {
        let things = self.things(ALL, false, false)?;
        let strays = self.marked.spans();
        let stray = strays
            .first()
            .filter(|_| things.is_empty() && !self.marked.has(Sense::Pronoun));
        match stray.map(|span| (span, self.names.find(How::Far, &span.text, ALL))) {
            Some((_, nearest)) if nearest.is_empty() => Err(Box::new(Reading::NotUnderstood)),
            Some((span, nearest)) => Err(Box::new(Reading::Unknown {
                term: span.text.clone(),
                kinds: ALL.to_vec(),
                nearest,
            })),
            None => self.required(things, ALL),
        }
    }

    /// Everything that is named. A name that leads nowhere is said; `is_strict` about every word where only
    /// a name can stand, `is_all` about those without which the question would mean everything.
    pub(super) fn things(
        &mut self,
        kinds: &[Kind],
        is_strict: bool,
        is_all: bool,
    ) -> Result<Vec<Thing>, Refused> {
        let (mut things, mut strays) = (Vec::new(), Vec::new());
        for span in self.marked.spans().into_iter().take(LOOKED_UP_MAX) {
            if !self.take(&span, kinds, &mut things)? {
                strays.push(span);
            }
        }
        if things.is_empty() {
            things = self.listed(kinds)?;
        }
        // Of what would mean everything, no word is left out.
        let is_missed = |span: &&Span| {
            span.is_name_like || (span.is_name && is_strict) || (things.is_empty() && is_all)
        };
        let missed = strays.iter().find(is_missed).or_else(|| {
            let is_empty = things.is_empty() && !is_all && !self.marked.has(Sense::Pronoun);
            let mut named = strays.iter().filter(|span| span.is_name);
            named.next().filter(|_| is_empty)
        });
        if let Some(span) = missed {
            let is_there = !self.names.find(How::Folded, &span.text, ALL).is_empty();
            if is_there && kinds.len() < ALL.len() {
                // It is there, and only belongs to no such question.
                return Err(Box::new(Reading::NotAnswered(vec![span.text.clone()])));
            }
            let kinds = kinds_of(span, kinds);
            return Err(Box::new(Reading::Unknown {
                nearest: self.names.find(How::Far, &span.text, kinds),
                term: span.text.clone(),
                kinds: kinds.to_vec(),
            }));
        }
        let strays = strays.into_iter().map(|span| span.text);
        self.left_out.extend(strays.filter(|text| is_word(text)));
        self.numbered(things)
    }

    /// Takes what a span names: the whole of it, or each of its words. Says whether it names anything.
    fn take(
        &mut self,
        span: &Span,
        kinds: &[Kind],
        things: &mut Vec<Thing>,
    ) -> Result<bool, Refused> {
        if let Some(thing) = self.meaning(span, kinds)? {
            things.push(thing);
            self.used.push(span.words.clone());
            return Ok(true);
        }
        if span.words.len() == 1 {
            return Ok(false);
        }
        if let Some(thing) = self.shared(span, kinds) {
            self.guesses.push((span.text.clone(), thing.clone()));
            things.push(thing);
            self.used.push(span.words.clone());
            return Ok(true);
        }
        let mut strays = Vec::new();
        let before = things.len();
        for at in span.words.clone() {
            let word = self.marked.word_of(span, at);
            match self.meaning(&word, kinds)? {
                Some(thing) => {
                    things.push(thing);
                    self.used.push(at..at + 1);
                }
                None => strays.push(word.text),
            }
        }
        let is_any = things.len() > before;
        if is_any {
            self.left_out
                .extend(strays.into_iter().filter(|text| is_word(text)));
        }
        Ok(is_any)
    }

    /// The one thing that every word of a span could mean, of those that could mean anything.
    fn shared(&self, span: &Span, kinds: &[Kind]) -> Option<Thing> {
        let mut shared: Option<Vec<Thing>> = None;
        let mut known = 0;
        for at in span.words.clone() {
            let found = match self
                .names
                .meaning(&self.marked.word_of(span, at).text, kinds)
            {
                Meaning::One(thing, How::Prefix | How::Part) => vec![thing],
                Meaning::Several(things) => things,
                Meaning::One(..) | Meaning::None => continue,
            };
            known += 1;
            shared = Some(match shared {
                Some(mut kept) => {
                    kept.retain(|thing| found.contains(thing));
                    kept
                }
                None => found,
            });
        }
        let mut shared = shared.filter(|shared| known > 1 && shared.len() == 1)?;
        shared.pop()
    }

    fn meaning(&mut self, span: &Span, kinds: &[Kind]) -> Result<Option<Thing>, Refused> {
        if let Some((_, thing)) = self.chosen.iter().find(|(term, _)| *term == span.text) {
            return Ok(Some(thing.clone()));
        }
        if let Some(thing) = self.numbered_alone(&span.text, kinds) {
            return Ok(Some(thing));
        }
        let narrow = kinds_of(span, kinds);
        let mut meaning = self.names.meaning(&span.text, narrow);
        if meaning == Meaning::None && narrow.len() < kinds.len() {
            meaning = self.names.meaning(&span.text, kinds);
        }
        match meaning {
            Meaning::One(thing, how) => {
                if how.is_guess() {
                    self.guesses.push((span.text.clone(), thing.clone()));
                }
                Ok(Some(thing))
            }
            // "The loss of alpha": a subject stands at the end, after "of"; before it stands what it has.
            Meaning::Several(choices) if is_mixed(&choices) => {
                let is_last = self.marked.spans().last() == Some(span);
                let is_subject = is_last && span.is_after_of;
                let fitting = kinds
                    .iter()
                    .copied()
                    .filter(|kind| is_attribute(*kind) != is_subject);
                self.meaning(span, &fitting.collect::<Vec<_>>())
            }
            Meaning::Several(choices) => Err(Box::new(Reading::Which {
                term: span.text.clone(),
                kind: choices[0].kind(),
                choices,
            })),
            Meaning::None => Ok(None),
        }
    }

    /// `alpha #3`, as runs are called in answers.
    fn numbered_alone(&self, text: &str, kinds: &[Kind]) -> Option<Thing> {
        let (name, number) = text
            .rsplit_once(" #")
            .filter(|_| kinds.contains(&Kind::Run))?;
        let number: u32 = number.parse().ok()?;
        let mut found = self.names.find(How::Exact, name, &[Kind::Experiment]);
        let experiment = found.pop().filter(|_| found.is_empty())?;
        numbered(&experiment, number)
    }

    /// `runs 3 and 5 of alpha`: numbers after that word are runs of the experiment that is named, or was.
    fn numbered(&mut self, mut things: Vec<Thing>) -> Result<Vec<Thing>, Refused> {
        let mut numbers = Vec::new();
        let mut is_open = false;
        let (senses, words) = (
            self.marked.senses().collect::<Vec<_>>(),
            self.marked.words(),
        );
        let free = self.marked.numbers();
        for (at, word) in words.iter().enumerate() {
            let from = senses.partition_point(|(place, _)| *place < at);
            let said = senses[from..].iter().take_while(|(place, _)| *place == at);
            let said: Vec<_> = said.map(|(_, sense)| *sense).collect();
            if said.contains(&Sense::Kind(Kind::Run)) {
                is_open = true;
            } else if let Ok(found) = free.binary_search_by_key(&at, |(place, _)| *place)
                && (is_open || word.folded.starts_with('#'))
            {
                numbers.push(free[found].1);
                self.used.push(at..at + 1);
                is_open = true;
            } else if !said
                .iter()
                .all(|sense| matches!(sense, Sense::Of | Sense::Compare | Sense::Noise))
                || said.is_empty()
            {
                is_open = false;
            }
        }
        if numbers.is_empty() {
            return Ok(things);
        }
        let at = things
            .iter()
            .position(|thing| thing.kind() == Kind::Experiment);
        let experiment = match at {
            Some(at) => things.remove(at),
            None => self.required(Vec::new(), &[Kind::Experiment])?,
        };
        let runs = numbers.into_iter().take(LOOKED_UP_MAX);
        let runs = runs.filter_map(|number| numbered(&experiment, number));
        things.extend(runs);
        Ok(things)
    }
}

/// The one thing that is named; what is asked of one is not answered of two.
pub(super) fn one_of(mut things: Vec<Thing>) -> Result<Option<Thing>, Refused> {
    if things.is_empty() {
        return Ok(None);
    }
    let first = things.remove(0);
    let others = things.into_iter().filter(|thing| *thing != first);
    let others: Vec<_> = others.map(|thing| thing.name).collect();
    if others.is_empty() {
        return Ok(Some(first));
    }
    Err(Box::new(Reading::NotAnswered(others)))
}

/// Whether it is worth saying that it was left out: one letter says nothing.
fn is_word(text: &str) -> bool {
    text.chars().nth(1).is_some()
}

fn kinds_of<'a>(span: &Span, kinds: &'a [Kind]) -> &'a [Kind] {
    let at = span
        .kind
        .and_then(|kind| kinds.iter().position(|each| *each == kind));
    at.map_or(kinds, |at| &kinds[at..=at])
}

fn numbered(experiment: &Thing, number: u32) -> Option<Thing> {
    let Key::Experiment(id) = experiment.key else {
        return None;
    };
    let name = format!("{} #{number}", experiment.name);
    Some(Thing::new(Key::Numbered(id, number), name))
}

/// Whether it is something that runs have, rather than something that is asked about.
const fn is_attribute(kind: Kind) -> bool {
    matches!(kind, Kind::Metric | Kind::Parameter)
}

fn is_mixed(choices: &[Thing]) -> bool {
    let attributes = choices
        .iter()
        .filter(|thing| is_attribute(thing.kind()))
        .count();
    attributes > 0 && attributes < choices.len()
}

pub(super) fn which(kind: Kind, choices: Vec<Thing>) -> Reading {
    Reading::Which {
        term: String::new(),
        kind,
        choices,
    }
}

//! A brief in people's words: what is to be found out, how many tasks, how long each, on which machines, over
//! which values, and what else a brief may say.

mod asides;
mod read;
mod space;

use std::time::Duration;

use cupola_domain::resources::Hardware;
use cupola_search::sampler::Sampler;

use crate::question::{Word, fold};

pub use self::read::{Vocabulary, is_filler, read};

/// What a brief should be, as far as it was said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wish {
    /// What is to be found out, in the author's words.
    pub goal: String,
    /// Its name in a line.
    pub title: Option<String>,
    /// What may not happen, in the author's words.
    pub constraints: Option<String>,
    /// What its tasks run.
    pub template: Option<String>,
    /// How many tasks.
    pub num_tasks: Option<u32>,
    /// How long each may take, or all of them together.
    pub time: Option<Time>,
    /// The class of machine.
    pub hardware: Option<Hardware>,
    /// Whether its tasks keep to machines that compute the same bits.
    pub is_same_class: Option<bool>,
    /// How many credits it may cost.
    pub credits: Option<String>,
    /// How urgent its tasks are beside others of its owner.
    pub priority: Option<i64>,
    /// How its configurations are chosen.
    pub sampler: Option<Sampler>,
    /// Which of the sampler's sequences.
    pub study_seed: Option<u32>,
    /// What is searched: a parameter and its expression, as spaces are written.
    pub space: Vec<(String, String)>,
    /// Parameters that are not searched, although they were, or the template would.
    pub dropped: Vec<String>,
    /// What the last sentence about it asked for that no brief has.
    pub beyond: Vec<Beyond>,
    /// Words of that sentence that are no part of any brief.
    pub unread: Vec<String>,
}

/// How long tasks may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Each of them.
    Each(Duration),
    /// All of them together, if they ran one after the other.
    InAll(Duration),
}

/// What was asked for that no brief has, in the words that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// Which.
    pub what: Missing,
    /// As it was written.
    pub words: String,
}

/// What no brief has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A day or an hour at which it should be done.
    Date,
    /// More than one run of a configuration, or a seed of one's own.
    Repeats,
    /// Whether results are checked.
    Checks,
    /// A way to choose configurations that there is not.
    Sampler,
    /// A priority in words.
    Priority,
    /// Credits for each task.
    CreditsEach,
}

impl Wish {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.goal.is_empty() && !self.has_parts()
    }

    /// Whether anything was said beside a goal.
    pub fn has_parts(&self) -> bool {
        let mut parts = self.clone();
        parts.goal.clear();
        parts.forget_unread();
        parts != Self::default()
    }

    /// What was not read was told then, and is none of what is wanted.
    pub fn forget_unread(&mut self) {
        self.beyond.clear();
        self.unread.clear();
    }

    /// What is said later in place of what was said before.
    #[must_use]
    pub fn changed_by(&self, later: &Self) -> Self {
        let mut space = self.space.clone();
        for (name, expression) in &later.space {
            match space.iter_mut().find(|(known, _)| known == name) {
                Some((_, kept)) => kept.clone_from(expression),
                None => space.push((name.clone(), expression.clone())),
            }
        }
        let is_searched = |name: &&String| later.space.iter().all(|(known, _)| known != *name);
        let dropped = self.dropped.iter().filter(is_searched);
        let text = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
        Self {
            dropped: dropped.cloned().collect(),
            goal: if later.goal.is_empty() {
                self.goal.clone()
            } else {
                later.goal.clone()
            },
            title: text(&later.title, &self.title),
            constraints: text(&later.constraints, &self.constraints),
            template: text(&later.template, &self.template),
            num_tasks: later.num_tasks.or(self.num_tasks),
            time: later.time.or(self.time),
            hardware: later.hardware.or(self.hardware),
            is_same_class: later.is_same_class.or(self.is_same_class),
            credits: text(&later.credits, &self.credits),
            priority: later.priority.or(self.priority),
            sampler: later.sampler.or(self.sampler),
            study_seed: later.study_seed.or(self.study_seed),
            space,
            beyond: later.beyond.clone(),
            unread: later.unread.clone(),
        }
    }

    /// Takes out what is called so; false where it is no part of a brief that may be left out.
    fn drop_part(&mut self, name: &str) -> bool {
        match name {
            "title" | "name" => self.title = None,
            "constraint" | "constraints" => self.constraints = None,
            "priority" => self.priority = None,
            "credits" | "budget" | "limit" => self.credits = None,
            "sampler" => self.sampler = None,
            _ => return false,
        }
        true
    }
}

/// Words that take a parameter out of what is searched.
const DROPS: &[&str] = &["drop", "remove", "delete", "without", "forget"];

/// Words between those that are taken out.
const BETWEEN: &[&str] = &[
    "and",
    "the",
    "or",
    "a",
    "any",
    "parameter",
    "parameters",
    "from",
    "it",
    "space",
    "search",
];

/// The draft without what is named behind a word that takes it out; none where there is no such word, or where
/// something else is named behind it.
pub fn without(kept: &Wish, words: &[Word], is_parameter: impl Fn(&str) -> bool) -> Option<Wish> {
    let said = |word: &Word, known: &[&str]| known.contains(&word.folded.as_str());
    let at = words.iter().position(|word| said(word, DROPS))?;
    let mut later = kept.clone();
    let mut count = 0;
    for word in words[at + 1..].iter().filter(|word| !said(word, BETWEEN)) {
        count += 1;
        if later.drop_part(&word.folded) {
            continue;
        }
        let is_kept = |name: &str| fold(name) == word.folded;
        let name = kept.space.iter().find(|(name, _)| is_kept(name));
        let name = name.map(|(name, _)| name.clone());
        let name = name.or_else(|| is_parameter(&word.text).then(|| word.text.clone()))?;
        later.space.retain(|(known, _)| *known != name);
        if !later.dropped.contains(&name) {
            later.dropped.push(name);
        }
    }
    (count > 0).then_some(later)
}

#[cfg(test)]
mod tests;

//! Drafts of briefs: what is said of one, and what changes the one that was spoken of last.

use super::{
    Reading, Topic,
    about::About,
    build::{Context, Refused},
};
use crate::{
    conversation::is_yes,
    fact::{Deed, Fact, Timing},
    intent::Intent,
    names::{How, Kind, Names},
    question::{Word, fold},
    wish,
    words::Sense,
};

/// How goals begin.
const GOALS: &[&str] = &[
    "find",
    "minimise",
    "minimize",
    "maximise",
    "maximize",
    "reduce",
    "improve",
    "reach",
    "learn",
    "explore",
    "understand",
    "see",
    "whether",
];

/// What is no parameter, if it is called so.
const NAMED: &[Kind] = &[
    Kind::Experiment,
    Kind::Worker,
    Kind::Template,
    Kind::Model,
    Kind::Person,
];

impl<N: Names> Context<'_, N> {
    /// A draft, or what changes the draft that was spoken of last.
    pub(super) fn of_draft(&self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let mut kept = self.conversation.wish.clone().unwrap_or_default();
        // What was not read was told then.
        kept.unread.clear();
        Ok(match topic {
            Some(Topic::Submit) => match self.not_submitted() {
                Some(refused) => return Err(refused),
                None if kept.goal.is_empty() || kept.template.is_none() => {
                    Some(Intent::Draft(kept))
                }
                None => Some(Intent::Submit(kept)),
            },
            Some(Topic::Draft) => Some(Intent::Draft(self.wish(self.draft_begins()))),
            _ if self.makes_it() && kept.is_empty() => {
                // There is no draft that could be made otherwise.
                return Err(Box::new(Reading::NotUnderstood));
            }
            topic => self.of_kept_draft(topic, &kept),
        })
    }

    /// Whether a draft was spoken of last, or "make it …" can only mean one.
    fn is_of_draft(&self) -> bool {
        let is_last = matches!(
            self.conversation.last,
            Some(Intent::Draft(_) | Intent::Fact(Fact::Estimate { .. }))
        );
        is_last || (self.conversation.wish.is_some() && self.makes_it())
    }

    fn makes_it(&self) -> bool {
        let words = self.marked.words().iter().take(2);
        words.map(|word| word.folded.as_str()).eq(["make", "it"])
    }

    /// What is asked about the draft that was spoken of last, and what changes it.
    fn of_kept_draft(&self, topic: Option<Topic>, kept: &wish::Wish) -> Option<Intent> {
        let is_last = self.is_of_draft();
        if self.asks_of_others(topic) {
            return None;
        }
        if !is_last || kept.is_empty() {
            return self.of_changed_draft(topic, kept);
        }
        let said: Vec<&str> = self
            .marked
            .words()
            .iter()
            .map(|word| word.folded.as_str())
            .collect();
        let says = |known: &[&str]| said.iter().any(|word| known.contains(word));
        let is_whole = !kept.goal.is_empty() && kept.template.is_some();
        if is_whole && is_yes(&self.marked.question.text) {
            return Some(Intent::Submit(kept.clone()));
        }
        let is_of_draft = says(&["it", "this", "that", "they", "draft", "brief"]) || said.len() < 4;
        let is_unnamed = self.marked.spans().is_empty() && !kept.goal.is_empty();
        let is_cost = matches!(topic, Some(Topic::Cost | Topic::Credits))
            && (says(&["cost", "costs", "price", "expensive"]) || topic == Some(Topic::Cost));
        let is_time = matches!(
            topic,
            Some(Topic::Fact(About::When(Timing::Left | Timing::Took)))
        );
        if is_of_draft && is_unnamed && (is_cost || is_time) {
            let wish = kept.clone();
            return Some(Intent::Fact(Fact::Estimate { wish, is_time }));
        }
        let shows = self.marked.has(Sense::Show)
            || self.marked.has(Sense::Describe)
            || self.marked.has(Sense::Status);
        if shows
            && is_unnamed
            && is_of_draft
            && (topic.is_none()
                || matches!(
                    topic,
                    Some(Topic::Describe | Topic::Status | Topic::Kind(Kind::Experiment))
                ))
        {
            return Some(Intent::Draft(kept.clone()));
        }
        let is_parameter = |text: &str| {
            crate::words::phrase(&[fold(text).as_str()]).is_none()
                && text
                    .chars()
                    .all(|c| c.is_alphanumeric() || "_.".contains(c))
                && self.names.find(How::Folded, text, NAMED).is_empty()
        };
        let without = wish::without(kept, self.marked.words(), is_parameter);
        without
            .map(Intent::Draft)
            .or_else(|| self.of_changed_draft(topic, kept))
    }

    /// "Why …?", and "compare alpha and beta": no draft is changed by it.
    fn asks_of_others(&self, topic: Option<Topic>) -> bool {
        let compares = matches!(topic, Some(Topic::Compare | Topic::Better));
        let is_there = |text: &str| {
            let kinds = &[Kind::Experiment, Kind::Run];
            !self.names.find(How::Folded, text, kinds).is_empty()
        };
        let words = self.marked.words().iter();
        let mut texts = words.map(|word| word.text.as_str());
        self.marked.has(Sense::Why) || (compares && texts.any(is_there))
    }

    /// What is said of the draft that was spoken of last.
    fn of_changed_draft(&self, topic: Option<Topic>, kept: &wish::Wish) -> Option<Intent> {
        let is_last = self.is_of_draft();
        if is_last && kept.goal.is_empty() && self.says_goal() {
            return Some(Intent::Draft(kept.changed_by(&self.wish(0))));
        }
        let may_change = matches!(
            topic,
            None | Some(
                Topic::Runs
                    | Topic::Describe
                    | Topic::Kind(_)
                    | Topic::Compare
                    | Topic::Credits
                    | Topic::Log
                    | Topic::Curve
                    | Topic::Fact(About::Elsewhere(Deed::Edit | Deed::Budget | Deed::Pay))
            )
        );
        let later = if is_last && may_change {
            self.wish(0)
        } else {
            return None;
        };
        let is_goal =
            topic.is_none() && !self.agrees() && kept.goal.is_empty() && !later.goal.is_empty();
        // "On a logarithmic scale" is no log, "with 50 credits" no account.
        let is_said = match topic {
            Some(Topic::Log | Topic::Curve) => !later.space.is_empty(),
            Some(Topic::Credits) => later.credits.is_some(),
            _ => later.has_parts() || is_goal,
        };
        if !is_said {
            return None;
        }
        let later = if kept.goal.is_empty() {
            later
        } else {
            wish::Wish {
                goal: String::new(),
                ..later
            }
        };
        Some(Intent::Draft(kept.changed_by(&later)))
    }

    /// "Find the smallest loss": an answer to what is to be found out, whatever else it could ask.
    fn says_goal(&self) -> bool {
        let first = self.marked.words().first();
        first.is_some_and(|word| GOALS.contains(&word.folded.as_str()))
    }

    /// "Do it" is no goal.
    fn agrees(&self) -> bool {
        let mut words = self.marked.words().iter();
        words.all(|word| {
            ["do", "it", "go", "on", "yes", "ok", "please"].contains(&word.folded.as_str())
        })
    }

    fn wish(&self, begins: usize) -> wish::Wish {
        wish::read(self.marked.question, begins, |word: &Word| {
            let found = self.names.find(How::Folded, &word.text, &[Kind::Template]);
            found.into_iter().next().map(|thing| thing.name)
        })
    }

    /// The first word that belongs to what is drafted.
    fn draft_begins(&self) -> usize {
        const SKIPPED: [&str; 14] = [
            "me",
            "a",
            "an",
            "the",
            "new",
            "us",
            "brief",
            "experiment",
            "search",
            "family",
            "campaign",
            "study",
            "please",
            "up",
        ];
        let words = self.marked.words();
        let at = self.marked.place_of(Sense::Draft).unwrap_or_default();
        let said: Vec<_> = words[at..]
            .iter()
            .take(crate::words::PHRASE_WORDS_MAX)
            .map(|word| word.folded.as_str())
            .collect();
        let mut at = at + crate::words::phrase(&said).map_or(1, |(length, _)| length);
        while words
            .get(at)
            .is_some_and(|word| SKIPPED.contains(&word.folded.as_str()))
        {
            at += 1;
        }
        at
    }
}

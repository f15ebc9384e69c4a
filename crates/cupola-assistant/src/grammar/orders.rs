//! Orders: what somebody wants changed. A change is read only where every word of it was understood and
//! used; a question about a change is none.

use std::ops::Range;

use super::{
    NotTaken, Reading, Topic, Untaken,
    about::LATEST,
    build::{Context, Refused},
    marked::Marked,
};
use crate::{
    intent::{Action, Intent, START_RUNS_MAX},
    names::{Kind, Names, Thing},
    question::Word,
    words::{PHRASE_WORDS_MAX, Sense, phrase},
};

/// Said before anything is asked for.
pub(super) const GREETINGS: &[&str] = &[
    "please", "ok", "okay", "hey", "hi", "hello", "and", "so", "well", "then", "but", "now", "just",
];

const MODALS: &[&str] = &[
    "should", "shall", "can", "could", "may", "might", "must", "would", "will",
];

/// Words before the one that says what is to be done.
pub(super) const BEFORE: &[&str] = &[
    "please", "ok", "okay", "hey", "hi", "hello", "and", "so", "well", "then", "now", "just",
    "can", "could", "would", "will", "you", "i", "we", "want", "need", "like", "to", "let", "lets",
    "us", "go", "ahead",
];

/// Words after it that change nothing in what is asked for.
const AFTER: &[&str] = &[
    "the", "a", "an", "my", "our", "of", "in", "from", "please", "now", "right", "it", "this",
    "that", "then", "thanks", "thank", "you", "for", "me", "us",
];

/// Words for all of an experiment.
const ALL_OF: &[&str] = &["all", "everything", "whole", "entire"];

/// What a draft is called.
const DRAFTS: &[&str] = &["draft", "brief", "one"];

/// What a question about a change asks about.
pub(super) fn asked_about(marked: &Marked) -> Option<Topic> {
    let mut senses = marked.senses().map(|(_, sense)| sense);
    let says = senses.find(|sense| {
        !matches!(
            sense,
            Sense::Noise | Sense::Of | Sense::Asks | Sense::Pronoun | Sense::Help
        )
    })?;
    let action = match says {
        Sense::Cancel => Topic::Would(Action::Cancel),
        Sense::Retry => Topic::Would(Action::Retry),
        Sense::Start => Topic::Would(Action::Start),
        Sense::Submit => Topic::WouldSubmit,
        // "How do I make a report": what can be asked, rather than one.
        Sense::Report if beginning(marked.words())[0] == "how" => return Some(Topic::Help),
        _ => return None,
    };
    let begins = beginning(marked.words());
    let [first, second] = begins;
    let is_polite = MODALS.contains(&first) && second == "you" && !is_about_wishes(marked.words());
    let asks_whether = match first {
        "how" => second != "many" && second != "much" && second != "long",
        "what" => ["if", "happens", "would", "will"].contains(&second),
        "do" => ["i", "we"].contains(&second),
        "is" => ["it", "there"].contains(&second),
        first => MODALS.contains(&first),
    };
    let ends_asking = marked.question.text.contains(['?', '？']);
    let is_order = marked.first_sense() == Some(says);
    let is_asked = !is_polite && (asks_whether || (is_order && ends_asking));
    is_asked.then_some(action)
}

/// Whether it asks whether something could be changed, and orders nothing.
pub(super) fn asks_whether(marked: &Marked) -> bool {
    let [first, second] = beginning(marked.words());
    let is_modal = MODALS.contains(&first);
    let is_polite = is_modal && second == "you" && !is_about_wishes(marked.words());
    !is_polite && (is_modal || marked.question.text.contains(['?', '？']))
}

/// "Would you want to cancel …", "will you need to …": asked of whoever answers, and no order.
fn is_about_wishes(words: &[Word]) -> bool {
    let wishes = ["want", "need", "like", "have"];
    words
        .iter()
        .any(|word| wishes.contains(&word.folded.as_str()))
}

/// The first two words behind a greeting.
pub(super) fn beginning(words: &[Word]) -> [&str; 2] {
    let folded = words.iter().map(|word| word.folded.as_str());
    let mut said = folded.skip_while(|word| GREETINGS.contains(word));
    [said.next().unwrap_or(""), said.next().unwrap_or("")]
}

impl<N: Names> Context<'_, N> {
    /// A change is made to what was named without a doubt, and only if nothing else was said.
    pub(super) fn act(&mut self, action: Action) -> Result<Intent, Refused> {
        let not_taken = |why| {
            Err(Box::new(Reading::NotTaken(NotTaken {
                action: Some(action),
                why,
            })))
        };
        let filter = &self.marked.filter;
        if !filter.is_empty() {
            return not_taken(Untaken::Values(filter.clone()));
        }
        let kinds = Topic::Act(action).kinds();
        let things = self.things(kinds, false, false)?;
        if let Some((term, thing)) = self.guesses.pop() {
            return Err(Box::new(Reading::Which {
                term,
                kind: thing.kind(),
                choices: vec![thing],
            }));
        }
        if things.len() > 1 {
            return not_taken(Untaken::Several(things));
        }
        if let Some(place) = self.stale_place(&things) {
            return not_taken(Untaken::Words(vec![place]));
        }
        let wanted = self.runs_wanted(action);
        let unused = self.unused(action, things.first(), wanted.clone().map(|(at, _)| at));
        if !unused.is_empty() {
            return not_taken(Untaken::Words(unused));
        }
        let runs = wanted.map_or(1, |(_, runs)| runs);
        if !(1..=START_RUNS_MAX).contains(&runs) {
            return not_taken(Untaken::Runs(runs));
        }
        let on = self.required(things, kinds)?;
        self.left_out.clear();
        Ok(Intent::Act { action, on, runs })
    }

    /// A place of a list that the last answer did not tell.
    fn stale_place(&self, things: &[Thing]) -> Option<String> {
        let of_list = things
            .iter()
            .any(|thing| self.conversation.listed.contains(thing));
        if self.conversation.is_fresh || !of_list {
            return None;
        }
        let words = self.marked.words().iter().enumerate();
        let mut used = words.filter(|(at, _)| self.used.iter().any(|used| used.contains(at)));
        let place = used.find(|(at, word)| {
            let said = word.folded.as_str();
            let is_nth = |(place, sense)| place == *at && matches!(sense, Sense::Nth(_));
            LATEST.contains(&said) || self.marked.senses().any(is_nth)
        });
        place.map(|(_, word)| word.text.clone())
    }

    /// What would be changed, where somebody only asks.
    pub(super) fn would_act(&mut self, action: Action) -> Result<Intent, Refused> {
        let kinds = Topic::Act(action).kinds();
        let on = match self.things(kinds, false, false) {
            Ok(things) => things.into_iter().next().or_else(|| self.spoken_of(kinds)),
            Err(refused) if matches!(&*refused, Reading::Unknown { nearest, .. } if nearest.is_empty()) => {
                None
            }
            Err(refused) => return Err(refused),
        };
        self.left_out.clear();
        Ok(Intent::WouldAct { action, on })
    }

    /// What stands in the way of handing in a draft: words that say more than that.
    pub(super) fn not_submitted(&self) -> Option<Refused> {
        let verb = self.verb(Sense::Submit);
        let words = self.marked.words().iter().enumerate();
        let unused = words.filter(|(at, word)| {
            let said = word.folded.as_str();
            let known = if *at < verb.start { BEFORE } else { AFTER };
            !(verb.contains(at) || known.contains(&said) || DRAFTS.contains(&said))
        });
        let unused: Vec<_> = unused.map(|(_, word)| word.text.clone()).collect();
        let not_taken = NotTaken {
            action: None,
            why: Untaken::Words(unused.clone()),
        };
        (!unused.is_empty()).then(|| Box::new(Reading::NotTaken(not_taken)))
    }

    /// `5 runs`, `3 more runs`, `5 times`: how many to start, and which words say it.
    fn runs_wanted(&self, action: Action) -> Option<(Range<usize>, u32)> {
        if action != Action::Start {
            return None;
        }
        let words = self.marked.words();
        let (at, runs) = *self.marked.numbers().first()?;
        let is = |at: usize, known: &[&str]| {
            words
                .get(at)
                .is_some_and(|word| known.contains(&word.folded.as_str()))
        };
        let more = usize::from(is(at + 1, &["more", "new", "other", "further"]));
        let noun = at + 1 + more;
        let is_counted = self.marked.says_at(noun, Sense::Kind(Kind::Run)) || is(noun, &["times"]);
        is_counted.then_some((at..noun + 1, runs))
    }

    /// The words that were not made use of, as they were written.
    fn unused(
        &self,
        action: Action,
        on: Option<&Thing>,
        counted: Option<Range<usize>>,
    ) -> Vec<String> {
        let verb = self.verb(action.sense());
        let words = self.marked.words().iter().enumerate();
        let unused = words.filter(|(at, word)| {
            let is_named = self.used.iter().any(|named| named.contains(at));
            let is_counted = counted.as_ref().is_some_and(|range| range.contains(at));
            let said = word.folded.as_str();
            let is_known = if *at < verb.start {
                BEFORE.contains(&said)
            } else {
                AFTER.contains(&said) || self.is_of_order(*at, said, action, on)
            };
            !(verb.contains(at) || is_named || is_counted || is_known)
        });
        unused.map(|(_, word)| word.text.clone()).collect()
    }

    /// Whether a word belongs to what is changed: what it is called, its number, all of it.
    fn is_of_order(&self, at: usize, said: &str, action: Action, on: Option<&Thing>) -> bool {
        let is_many = said.ends_with('s');
        let is_run = self.marked.says_at(at, Sense::Kind(Kind::Run));
        let is_experiment = self.marked.says_at(at, Sense::Kind(Kind::Experiment));
        match (action, on.map(Thing::kind)) {
            (_, Some(Kind::Worker)) => self.marked.says_at(at, Sense::Kind(Kind::Worker)),
            (Action::Retry, _) if said == "again" => true,
            (Action::Start, Some(Kind::Experiment) | None) => {
                let is_one_more = ["one", "another", "new", "more"].contains(&said);
                (!is_many && (is_experiment || is_run)) || is_one_more
            }
            (_, Some(Kind::Experiment)) => {
                let is_failed = action == Action::Retry && said == "failed";
                (is_experiment && !is_many)
                    || (is_run && is_many)
                    || ALL_OF.contains(&said)
                    || is_failed
            }
            (_, Some(_)) => is_run && !is_many,
            (_, None) => (is_run || is_experiment) && !is_many,
        }
    }

    fn verb(&self, sense: Sense) -> Range<usize> {
        let at = self.marked.place_of(sense).unwrap_or_default();
        let words = self.marked.words()[at..].iter().take(PHRASE_WORDS_MAX);
        let said: Vec<_> = words.map(|word| word.folded.as_str()).collect();
        at..at + phrase(&said).map_or(1, |(length, _)| length)
    }
}

impl Action {
    const fn sense(self) -> Sense {
        match self {
            Self::Cancel => Sense::Cancel,
            Self::Retry => Sense::Retry,
            Self::Start => Sense::Start,
        }
    }
}

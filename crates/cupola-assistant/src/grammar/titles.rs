//! Titles that are words of the grammar, or numbers: where a question can only be answered with one of them as a
//! name, that is what is asked.

use super::{Asked, Reading, marked::Marked, read_marked};
use crate::{
    conversation::Conversation,
    intent::Intent,
    names::{How, Kind, Names},
    period::Clock,
    question::Question,
};

/// So many words are looked up as titles.
const LOOKED_UP_MAX: usize = 60;

/// So many of them are tried.
const TRIED_MAX: usize = 4;

/// The question as it is asked if one word of it is a title; none where it could be answered without, or where
/// more than one word could be meant. No change is proposed by it.
pub(super) fn only_reading(
    text: &str,
    reading: &Reading,
    conversation: &Conversation,
    names: &impl Names,
    clock: Clock,
) -> Option<Asked> {
    if matches!(
        reading,
        Reading::Asked(_) | Reading::TooLong(_) | Reading::NotTaken(_)
    ) {
        return None;
    }
    let question = Question::read(text).ok()?;
    let words = question.words.iter().enumerate().take(LOOKED_UP_MAX);
    // "The first one", "the best": no name has an article.
    let has_article = |at: usize| {
        let before = at
            .checked_sub(1)
            .map(|at| question.words[at].folded.as_str());
        before.is_some_and(|before| ["the", "a", "an", "my"].contains(&before))
    };
    let words = words.filter(|(at, _)| !has_article(*at));
    let titles = words.filter_map(|(at, word)| {
        let found = names.find(How::Folded, &word.text, &[Kind::Experiment]);
        let [only] = found.as_slice() else {
            return None;
        };
        (!word.is_quoted).then(|| (at, only.clone()))
    });
    let mut found = None;
    for (at, title) in titles.take(TRIED_MAX) {
        let marked = Marked::new(&question, names, clock, &[at]);
        let Reading::Asked(mut asked) = read_marked(&marked, conversation, names, &[]) else {
            continue;
        };
        let is_change = matches!(asked.intent, Intent::Act { .. } | Intent::Submit(_));
        if is_change || found.is_some() {
            return None;
        }
        asked.guesses.push((title.name.clone(), title));
        found = Some(*asked);
    }
    found
}

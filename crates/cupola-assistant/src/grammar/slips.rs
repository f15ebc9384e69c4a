//! Slips of the hand: a question with a word that is a letter or two away from a known one is asked back.

use super::{Asked, Reading, marked::Marked, read_chosen};
use crate::{
    conversation::Conversation,
    names::{How, Kind, Names},
    period::Clock,
    question::{Question, fold},
    words,
};

/// So many words are looked at.
const LOOKED_AT_MAX: usize = 8;

/// In a longer question no slips are looked for.
const WORDS_MAX: usize = 60;

/// Words of a name at most.
const NAME_WORDS_MAX: usize = 4;

/// What is written in place of some words.
struct Mend {
    /// Bytes of the question.
    from: usize,
    until: usize,
    text: String,
}

/// The question as it may have been meant; none where nothing is doubtful, or no slip explains it.
pub(super) fn mended(
    text: &str,
    reading: &Reading,
    conversation: &Conversation,
    names: &impl Names,
    clock: Clock,
) -> Option<String> {
    let is_doubtful = match reading {
        Reading::Asked(asked) => !is_clear(asked, names),
        Reading::Unknown { .. }
        | Reading::NotTaken(_)
        | Reading::NotAnswered(_)
        | Reading::NotUnderstood => true,
        Reading::Which { term, .. } => !term.is_empty(),
        Reading::DidYouMean(_) | Reading::TooLong(_) => false,
    };
    if !is_doubtful {
        return None;
    }
    let question = Question::read(text).ok()?;
    if question.words.len() > WORDS_MAX {
        return None;
    }
    let meant = written(&question, &mends(&question, names, clock))?;
    match read_chosen(&meant, conversation, names, clock, &[]) {
        Reading::Asked(asked) if is_clear(&asked, names) => Some(meant),
        Reading::Which { term, .. } if term.is_empty() => Some(meant),
        _ => None,
    }
}

/// Whether every word was known as it was written.
fn is_clear(asked: &Asked, names: &impl Names) -> bool {
    let is_slip = |text: &str, kind: Kind| {
        let surer = [How::Exact, How::Folded, How::Id, How::Prefix, How::Part];
        let is_known = |text: &str| {
            surer
                .iter()
                .any(|how| !names.find(*how, text, &[kind]).is_empty())
        };
        !is_known(text) && !text.split(' ').all(is_known)
    };
    let mut guesses = asked.guesses.iter();
    asked.left_out.is_empty() && !guesses.any(|(text, thing)| is_slip(text, thing.kind()))
}

/// What could have been meant by the words of which nothing is known.
fn mends(question: &Question, names: &impl Names, clock: Clock) -> Vec<Mend> {
    let marked = Marked::new(question, names, clock, &[]);
    let mut mends: Vec<Mend> = Vec::new();
    for (at, word) in marked.unknown().take(LOOKED_AT_MAX) {
        if mends.last().is_some_and(|mend| word.start < mend.until) {
            continue;
        }
        let known = words::nearly(&word.folded);
        let mend = |text: &str| Mend {
            from: word.start,
            until: word.end,
            text: text.to_owned(),
        };
        let surer = [How::Exact, How::Folded, How::Id, How::Prefix, How::Part];
        if surer
            .iter()
            .any(|how| !names.find(*how, &word.text, &Kind::ALL).is_empty())
        {
            continue;
        }
        match (name_at(question, at, names), known) {
            (Some(mend), _) => mends.push(mend),
            (None, Some(known)) => mends.push(mend(known)),
            (None, None) => {}
        }
    }
    mends
}

/// A name that these words, of which one stands at `at`, are a slip away from; the longest.
fn name_at(question: &Question, at: usize, names: &impl Names) -> Option<Mend> {
    let words = &question.words;
    for length in (1..=NAME_WORDS_MAX.min(words.len())).rev() {
        let first = at.saturating_sub(length - 1);
        let last = at.min(words.len().saturating_sub(length));
        for from in first..=last {
            let until = from + length;
            let text = fold(question.between(from, until));
            let found = names.find(How::Near, &text, &Kind::ALL);
            let [thing] = found.as_slice() else { continue };
            // "Of aplha" is near to "alpha", too; the name alone was meant.
            if length > 1 && thing.name.split_whitespace().count() != length {
                continue;
            }
            let is_plain =
                thing.name.split_whitespace().count() == 1 && !thing.name.contains(['"', '`']);
            let text = if is_plain {
                thing.name.clone()
            } else {
                crate::suggest::quoted(&thing.name)
            };
            return Some(Mend {
                from: words[from].start,
                until: words[until - 1].end,
                text,
            });
        }
    }
    None
}

/// The question with its mends; none without any.
fn written(question: &Question, mends: &[Mend]) -> Option<String> {
    let (mut text, mut at) = (String::new(), 0);
    for mend in mends {
        text.push_str(question.text.get(at..mend.from)?);
        text.push_str(&mend.text);
        at = mend.until;
    }
    text.push_str(&question.text[at..]);
    (!mends.is_empty()).then_some(text)
}

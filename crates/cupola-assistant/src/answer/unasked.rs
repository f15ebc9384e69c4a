//! What is said where nothing can be answered, and what can be.

use cupola_domain::text::excerpt;

use super::{Answer, Outcome, orders, quoted};
use crate::{
    grammar::Reading,
    names::Kind,
    period,
    question::{CHARS_MAX, fold},
    suggest,
};

/// What is said where nothing can be answered.
pub(super) fn not_asked(reading: &Reading) -> Answer {
    let of = |kinds: &[Kind]| {
        if let [kind] = kinds {
            return format!("{kind}");
        }
        let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
        match kinds.split_last() {
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => "thing".to_owned(),
        }
    };
    match reading {
        Reading::Which { term, kind, choices } => {
            let text = match (term.is_empty(), choices.is_empty()) {
                (true, true) => format!("Of which {kind}? There is none yet."),
                (true, false) => format!("Of which {kind}?"),
                (false, _) if choices.len() == 1 => format!("Do you mean {}?", quoted(&choices[0].name)),
                (false, _) => format!("Which {kind} do you mean by {}?", quoted(term)),
            };
            Answer {
                outcome: Outcome::AskedBack,
                asks_back: choices.iter().map(|choice| choice.name.clone()).collect(),
                ..Answer::saying(text)
            }
        }
        Reading::Unknown { term, kinds, nearest } => {
            let nearest: Vec<_> = nearest.iter().map(|thing| thing.name.clone()).collect();
            let mut text = format!("There is no {} {}.", of(kinds), quoted(term));
            if !nearest.is_empty() {
                text.push_str(" These are like it:");
                for name in &nearest {
                    text.push(' ');
                    text.push_str(&quoted(name));
                }
                text.push('.');
            }
            Answer {
                outcome: Outcome::AskedBack,
                suggestions: suggest::examples(),
                ..Answer::saying(text)
            }
        }
        Reading::DidYouMean(meant) => did_you_mean(meant),
        Reading::NotTaken(not) => orders::not_taken(not),
        Reading::NotAnswered(words) => not_answered(words),
        Reading::TooLong(too_long) => Answer {
            outcome: Outcome::NotUnderstood,
            suggestions: suggest::examples(),
            ..Answer::saying(format!(
                "The question has {} characters; I read {} at most, so nothing of it was answered.",
                too_long.chars,
                CHARS_MAX
            ))
        },
        Reading::NotUnderstood | Reading::Asked(_) => Answer {
            outcome: Outcome::NotUnderstood,
            suggestions: suggest::examples(),
            ..Answer::saying("I do not understand that; I answer questions about experiments, runs, workers, costs, credits and checks.".to_owned())
        },
    }
}

fn not_answered(words: &[String]) -> Answer {
    let is_time = |word: &String| period::TIME_WORDS.contains(&fold(word).as_str());
    let times = if words.iter().any(is_time) {
        " Times that I read: `today`, `since 9:00`, `between 10:00 and 12:00`, `last night`, `from Monday to Wednesday`, `in the last 2 hours`."
    } else {
        ""
    };
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    Answer {
        suggestions: suggest::examples(),
        ..Answer::refused(format!(
            "I cannot answer that: {} would be left out, and the answer would be to another question.{times}",
            words.join(", ")
        ))
    }
}

fn did_you_mean(meant: &str) -> Answer {
    let said = excerpt(meant);
    let said = said.trim_end_matches(['?', '.', '!']);
    Answer {
        outcome: Outcome::AskedBack,
        asks_back: vec![meant.to_owned()],
        suggestions: vec![meant.to_owned()],
        ..Answer::saying(format!("Did you mean: {said}?"))
    }
}

pub(super) fn help() -> Answer {
    Answer {
        detail: suggest::EXAMPLES.iter().map(|example| (*example).to_owned()).collect(),
        suggestions: suggest::examples(),
        ..Answer::saying("I answer questions about what is on this hub, in English: experiments, runs, workers, costs, credits and checks. I compare, explain, draft briefs and write reports, and propose changes that you confirm. For example:".to_owned())
    }
}

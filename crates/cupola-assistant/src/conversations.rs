//! What was talked about, by whom and under which name: kept for a while, and only here.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cupola_domain::time::{Instant, Timestamp};

use crate::{
    answer::{Answer, Change},
    conversation::Conversation,
};

/// So many are kept; of more the one that was silent longest is forgotten.
const KEPT_MAX: usize = 1_000;

/// Of each so many questions are shown again.
const TURNS_MAX: usize = 20;

/// And of all together so many: those of others are forgotten first.
const TURNS_KEPT_MAX: usize = 2_000;

/// What was said so long ago is forgotten.
const REMEMBERED: Duration = Duration::from_hours(1);

/// The conversations of a hub. A restart forgets them.
#[derive(Debug, Default)]
pub struct Conversations(Mutex<HashMap<Name, Kept>>);

/// Who talks, and how they call it.
type Name = (String, String);

#[derive(Debug)]
struct Kept {
    conversation: Conversation,
    turns: Vec<Turn>,
    at: Instant,
}

/// A question with its answer, to be shown again.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Counts those of a conversation, from 1.
    pub number: u64,
    /// As it was asked.
    pub question: String,
    /// What was answered.
    pub answer: Answer,
    /// When.
    pub at: Timestamp,
    /// What became of the change that was proposed, once somebody confirmed it.
    pub made: Option<Made>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It was begun, and nobody said yet how it ended.
    Begun,
    /// It was made; the page that shows it.
    Done(Option<String>),
    /// It was refused, and why.
    Refused(String),
}

impl Conversations {
    /// What was said under a name, if anything.
    pub fn find(&self, (who, name): (&str, &str), now: Instant) -> Conversation {
        let kept = self.open();
        let found = kept.get(&(who.to_owned(), name.to_owned()));
        let found = found.filter(|kept| now.since(kept.at) < REMEMBERED);
        found
            .map(|kept| kept.conversation.clone())
            .unwrap_or_default()
    }

    /// Keeps where a conversation stands.
    pub fn keep(&self, (who, name): (&str, &str), conversation: Conversation, now: Instant) {
        let mut kept = self.open();
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, kept| now.since(kept.at) < REMEMBERED);
        }
        let name = (who.to_owned(), name.to_owned());
        if kept.len() >= KEPT_MAX && !kept.contains_key(&name) {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.at);
            let oldest = oldest.map(|(name, _)| name.clone());
            oldest.map(|oldest| kept.remove(&oldest));
        }
        let turns = kept.remove(&name).map(|kept| kept.turns);
        kept.insert(
            name,
            Kept {
                conversation,
                turns: turns.unwrap_or_default(),
                at: now,
            },
        );
    }

    /// Notes a question with its answer in a conversation that is kept.
    pub fn note(
        &self,
        (who, name): (&str, &str),
        (question, answer): (&str, Answer),
        at: Timestamp,
    ) {
        let mut all = self.open();
        let name = (who.to_owned(), name.to_owned());
        let others: usize = all.values().map(|kept| kept.turns.len()).sum();
        if others >= TURNS_KEPT_MAX {
            let longest_silent = all
                .iter()
                .filter(|(of, kept)| **of != name && !kept.turns.is_empty())
                .min_by_key(|(_, kept)| kept.at);
            let longest_silent = longest_silent.map(|(name, _)| name.clone());
            if let Some(kept) = longest_silent.and_then(|name| all.get_mut(&name)) {
                kept.turns.clear();
            }
        }
        let Some(kept) = all.get_mut(&name) else {
            return;
        };
        // No two turns of anybody's have the same, also after beginning anew and over a restart: a page that was
        // left open would otherwise confirm another change than it shows.
        let first = u64::try_from(at.millis()).unwrap_or_default();
        let next = kept.turns.last().map_or(0, |turn| turn.number + 1);
        let number = first.max(next);
        if kept.turns.len() >= TURNS_MAX {
            kept.turns.remove(0);
        }
        kept.turns.push(Turn {
            number,
            question: question.to_owned(),
            answer,
            at,
            made: None,
        });
    }

    /// The questions of a conversation with their answers, in order.
    pub fn turns(&self, (who, name): (&str, &str), now: Instant) -> Vec<Turn> {
        let all = self.open();
        let kept = all.get(&(who.to_owned(), name.to_owned()));
        let kept = kept.filter(|kept| now.since(kept.at) < REMEMBERED);
        kept.map(|kept| kept.turns.clone()).unwrap_or_default()
    }

    /// The change that a turn proposed and nobody confirmed yet: whoever takes it makes it, once.
    pub fn take_change(&self, (who, name): (&str, &str), number: u64) -> Option<Change> {
        let mut all = self.open();
        let kept = all.get_mut(&(who.to_owned(), name.to_owned()))?;
        let turn = kept.turns.iter_mut().find(|turn| turn.number == number)?;
        if turn.made.is_some() {
            return None;
        }
        let change = turn.answer.change.clone()?;
        turn.made = Some(Made::Begun);
        Some(change)
    }

    /// Says what became of a change.
    pub fn note_made(&self, (who, name): (&str, &str), number: u64, made: Made) {
        let mut all = self.open();
        let Some(kept) = all.get_mut(&(who.to_owned(), name.to_owned())) else {
            return;
        };
        let is_done = matches!(made, Made::Done(_));
        for turn in kept.turns.iter_mut().filter(|turn| turn.number == number) {
            let change = turn.answer.change.as_ref();
            if is_done && change.is_some_and(|change| change.tool == "submit_brief") {
                kept.conversation.forget_draft();
            }
            turn.made = Some(made.clone());
        }
    }

    /// Forgets a conversation.
    pub fn forget(&self, (who, name): (&str, &str)) {
        self.open().remove(&(who.to_owned(), name.to_owned()));
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Name, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::ids::RunId;

    use super::*;
    use crate::index::run_thing;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    fn about_a_run() -> Conversation {
        let id: RunId = "01a1ee56-5e00-7002-8b83-7f06583f86f5".parse().unwrap();
        Conversation {
            run: Some(run_thing(id)),
            ..Conversation::default()
        }
    }

    #[test]
    fn what_was_said_is_known_to_who_said_it_for_an_hour() {
        let all = Conversations::default();
        all.keep(("ada", "a"), about_a_run(), at(0));
        assert_eq!(all.find(("ada", "a"), at(3_599)), about_a_run());
        for other in [("ada", "b"), ("bob", "a")] {
            assert_eq!(all.find(other, at(1)), Conversation::default());
        }
        assert_eq!(all.find(("ada", "a"), at(3_600)), Conversation::default());
    }

    #[test]
    fn turns_are_shown_again_and_a_change_is_made_once() {
        let (all, name) = (Conversations::default(), ("ada", "page"));
        let asked = |question: &str| {
            let change = Change {
                tool: "start_run",
                arguments: serde_json::Map::new(),
            };
            let answer = Answer {
                change: Some(change),
                ..Answer::default()
            };
            all.note(name, (question, answer), Timestamp::from_millis(1));
        };
        asked("before it is kept");
        assert_eq!(all.turns(name, at(0)), []);
        all.keep(name, about_a_run(), at(0));
        for number in 1..=TURNS_MAX as u64 + 2 {
            asked(&format!("question {number}"));
            all.keep(name, about_a_run(), at(1));
        }
        let turns = all.turns(name, at(2));
        let numbers: Vec<_> = turns.iter().map(|turn| turn.number).collect();
        assert_eq!(numbers, (3..=TURNS_MAX as u64 + 2).collect::<Vec<_>>());
        assert_eq!(turns[0].question, "question 3");
        assert!(all.take_change(("bob", "page"), 3).is_none());
        assert!(all.take_change(name, 3).is_some());
        assert!(all.take_change(name, 3).is_none());
        assert_eq!(all.turns(name, at(2))[0].made, Some(Made::Begun));
        all.note_made(name, 3, Made::Refused("no".to_owned()));
        assert_eq!(
            all.turns(name, at(2))[0].made,
            Some(Made::Refused("no".to_owned()))
        );
        all.forget(name);
        assert_eq!(all.turns(name, at(2)), []);
    }

    #[test]
    fn the_one_that_was_silent_longest_is_forgotten_first() {
        let all = Conversations::default();
        for name in 0..=KEPT_MAX as u64 {
            all.keep(("ada", &name.to_string()), about_a_run(), at(name));
        }
        let now = at(KEPT_MAX as u64 + 1);
        assert_eq!(all.find(("ada", "0"), now), Conversation::default());
        assert_eq!(all.find(("ada", "1"), now), about_a_run());
        assert_eq!(all.open().len(), KEPT_MAX);
    }
}

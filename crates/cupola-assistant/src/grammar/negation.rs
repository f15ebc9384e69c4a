//! "Runs that did not fail", "experiments that never ran": the opposite of a state.

use std::ops::Range;

use cupola_domain::counts::State;

use super::build::Context;
use crate::{names::Kind, names::Names, words::Sense};

/// Words that say the opposite of what stands behind them.
pub(super) const NOT: &[&str] = &[
    "not", "never", "didnt", "havent", "hasnt", "werent", "arent", "isnt", "wasnt", "dont",
    "doesnt",
];

/// Words between.
const BETWEEN: &[&str] = &[
    "yet", "been", "be", "have", "has", "actually", "ever", "already", "even", "got", "a",
];

/// What a word such as "not" makes of what stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    /// In any other state.
    Not(State),
    /// Has not ended.
    Left,
    /// Its program was never started.
    Unstarted,
}

impl<N: Names> Context<'_, N> {
    /// The opposite that is asked for, and which words say it; none where it is not certain what is turned round.
    pub(super) fn turned(&self) -> Option<(Turned, Range<usize>)> {
        let words = self.marked.words();
        let said = |at: usize| words.get(at).map_or("", |word| word.folded.as_str());
        let is_not = |at: &usize| {
            !words[*at].is_quoted && !self.marked.is_taken(*at) && NOT.contains(&said(*at))
        };
        let mut places = (0..words.len()).filter(is_not);
        // "Aren't there …?" asks whether there are.
        let at = places.next().filter(|at| *at > 0)?;
        if places.next().is_some() {
            return None;
        }
        let mut of = at + 1;
        while BETWEEN.contains(&said(of)) {
            of += 1;
        }
        let turned = self.turned_of(at, of)?;
        // "Failed runs that did not …": another state is another question.
        let is_state = |sense: Sense| {
            matches!(
                sense,
                Sense::Failed
                    | Sense::Completed
                    | Sense::Cancelled
                    | Sense::Running
                    | Sense::Pending
                    | Sense::Left
                    | Sense::Lost
            )
        };
        let within = at..of + 1;
        let is_other = |(place, sense): (usize, Sense)| is_state(sense) && !within.contains(&place);
        (!self.marked.senses().any(is_other)).then_some((turned, within))
    }

    fn turned_of(&self, at: usize, of: usize) -> Option<Turned> {
        let marked = self.marked;
        let says = |sense| marked.says_at(of, sense);
        let said = marked.words().get(of)?.folded.as_str();
        Some(match said {
            "running" | "busy" | "active" => Turned::Not(State::Running),
            "start" | "started" => Turned::Unstarted,
            "run" | "ran" if says(Sense::Kind(Kind::Run)) || says(Sense::Ran) => Turned::Unstarted,
            "done" | "finished" | "finish" | "ended" | "end" => Turned::Left,
            _ if says(Sense::Failed) => Turned::Not(State::Failed),
            _ if says(Sense::Completed) => Turned::Not(State::Completed),
            _ if says(Sense::Cancelled) => Turned::Not(State::Cancelled),
            _ if says(Sense::Cancel) => Turned::Not(State::Cancelled),
            _ if says(Sense::Pending) && at < of => Turned::Not(State::Pending),
            _ => return None,
        })
    }
}

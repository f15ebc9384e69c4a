//! "Run alpha again": another of what there was, and no question about it.

use super::{
    NotTaken, Reading, Untaken,
    build::{Context, Refused},
    named::which,
    orders::{BEFORE, GREETINGS, asks_whether},
};
use crate::{
    fact::Fact,
    intent::{Action, Intent},
    names::{How, Kind, Names, Thing},
    question::{Word, fold},
};

const QUOTES: &[char] = &['"', '`', '“', '”', '\''];

/// Words that ask for it where "again" stands behind them.
const LEADS: &[&str] = &["run", "do", "execute", "submit"];

/// Words that say "again" themselves.
const AGAINS: &[&str] = &["rerun", "re-run", "repeat", "redo", "resubmit"];

/// Words beside what is to be run again.
const BESIDE: &[&str] = &[
    "again",
    "once",
    "more",
    "another",
    "one",
    "time",
    "the",
    "a",
    "my",
    "our",
    "please",
    "now",
    "exactly",
    "same",
    "brief",
    "experiment",
    "family",
    "campaign",
    "study",
    "for",
    "me",
    "us",
    "thanks",
];

/// "Them" are several: no one of them is meant.
const PRONOUNS: &[&str] = &["it", "this", "that"];

impl<N: Names> Context<'_, N> {
    /// What is to be run again, if that is asked for. Words beside it that say more are refused.
    pub(super) fn again(&mut self) -> Result<Option<Intent>, Refused> {
        let words = self.marked.words();
        let is_before = |said: &str| BEFORE.contains(&said) || GREETINGS.contains(&said);
        let begins = words.iter().position(|word| !is_before(&word.folded));
        let Some(at) = begins.filter(|at| !words[*at].is_quoted) else {
            return Ok(None);
        };
        let lead = words[at].folded.as_str();
        let says = |known: &str| {
            words[at..]
                .iter()
                .any(|word| !word.is_quoted && word.folded == known)
        };
        let is_again = says("again") || (says("once") && says("more"));
        if !(AGAINS.contains(&lead) || (LEADS.contains(&lead) && is_again)) {
            return Ok(None);
        }
        if asks_whether(self.marked) {
            let is_plain = LEADS.contains(&lead);
            return is_plain.then(|| self.would_act(Action::Retry)).transpose();
        }
        if let Some(of) = self.named_whole(at + 1)? {
            return Ok(Some(Intent::Fact(Fact::Again { of })));
        }
        let is_beside =
            |at: usize| !words[at].is_quoted && BESIDE.contains(&words[at].folded.as_str());
        let rest: Vec<usize> = (at + 1..words.len()).filter(|at| !is_beside(*at)).collect();
        let (Some(first), Some(last)) = (rest.first(), rest.last()) else {
            return Ok(None);
        };
        if PRONOUNS.contains(&words[*first].folded.as_str()) {
            return self.it_again(lead, &rest[1..]);
        }
        for until in (first + 1..=last + 1).rev() {
            let text = self.marked.question.between(*first, until);
            let text = fold(text.trim_matches(QUOTES));
            let mut found = self.names.find(How::Folded, &text, &[Kind::Experiment]);
            if found.len() > 1 {
                return Err(which(Kind::Experiment, found).into());
            }
            if let Some(of) = found.pop() {
                self.without_more(rest.iter().filter(|at| **at >= until))?;
                return Ok(Some(Intent::Fact(Fact::Again { of })));
            }
        }
        // A run is tried again, with the configuration that it had.
        let is_run = ["task", "run", "trial", "attempt"].contains(&words[*first].folded.as_str());
        if is_run && LEADS.contains(&lead) {
            return self.act(Action::Retry).map(Some);
        }
        if ["run", "execute"].contains(&lead) {
            // It is no question about what it names.
            let rest = rest.iter().map(|at| words[*at].text.clone()).collect();
            return Err(Box::new(Reading::NotTaken(NotTaken {
                action: Some(Action::Retry),
                why: Untaken::Words(rest),
            })));
        }
        Ok(None)
    }

    /// An experiment whose name has words in it that are passed elsewhere: "run experiment 1 again".
    fn named_whole(&self, begins: usize) -> Result<Option<Thing>, Refused> {
        let words = self.marked.words();
        for from in begins..words.len() {
            for until in (from + 1..=words.len()).rev() {
                let is_rest =
                    |word: &Word| !word.is_quoted && BESIDE.contains(&word.folded.as_str());
                if !words[until..].iter().all(is_rest) {
                    break;
                }
                let text = self.marked.question.between(from, until);
                let text = fold(text.trim_matches(QUOTES));
                let mut found = self.names.find(How::Folded, &text, &[Kind::Experiment]);
                if found.len() > 1 {
                    return Err(which(Kind::Experiment, found).into());
                }
                if let Some(of) = found.pop() {
                    return Ok(Some(of));
                }
            }
            let is_article = ["the", "my", "our", "a"].contains(&words[from].folded.as_str());
            if !is_article {
                break;
            }
        }
        Ok(None)
    }

    /// What was spoken of, where that is no draft.
    fn it_again(&self, lead: &str, more: &[usize]) -> Result<Option<Intent>, Refused> {
        let is_draft = self.conversation.is_draft_meant && ["do", "submit"].contains(&lead);
        let meant = self.conversation.meant(&[Kind::Run, Kind::Experiment]);
        let Some(of) = meant.filter(|_| !is_draft).cloned() else {
            return Ok(None);
        };
        self.without_more(more.iter())?;
        Ok(Some(if of.kind() == Kind::Run {
            Intent::Act {
                action: Action::Retry,
                on: of,
                runs: 1,
            }
        } else {
            Intent::Fact(Fact::Again { of })
        }))
    }

    /// Refuses what else is said of it: a draft of the same is changed once it is there.
    fn without_more<'w>(&self, more: impl Iterator<Item = &'w usize>) -> Result<(), Refused> {
        let words: Vec<String> = more
            .map(|at| self.marked.words()[*at].text.clone())
            .collect();
        if words.is_empty() {
            return Ok(());
        }
        Err(Box::new(Reading::NotAnswered(words)))
    }
}

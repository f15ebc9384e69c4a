//! Drafts of briefs: what is said of one, and what changes the one that was spoken of last.

use super::{
    Reading, Topic,
    about::About,
    build::{Context, Refused},
    orders::GREETINGS,
};
use crate::{
    conversation::is_yes,
    fact::{Deed, Fact, Timing},
    intent::{Action, Intent},
    names::{How, Kind, Names},
    question::{Question, Word, fold},
    wish,
    words::{Sense, count},
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

/// What changes a draft begins with one of these, if other things were spoken of since.
const CHANGES: &[&str] = &[
    "with", "make", "use", "using", "set", "drop", "without", "call", "name", "title", "titled",
    "called", "priority", "sampler", "double", "halve", "twice", "half", "fewer",
];

impl<N: Names> Context<'_, N> {
    /// A draft, or what changes the draft that was spoken of.
    pub(super) fn of_draft(&self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let mut kept = self.conversation.wish.clone().unwrap_or_default();
        kept.forget_unread();
        Ok(match topic {
            Some(Topic::Submit) => match self.not_submitted() {
                Some(refused) => return Err(refused),
                None if kept.goal.is_empty() || kept.template.is_none() => {
                    Some(Intent::Draft(kept))
                }
                None => Some(Intent::Submit(kept)),
            },
            Some(Topic::Draft) => {
                let said = self.wish(self.draft_begins());
                Some(Intent::Draft(wish::Wish::default().changed_by(&said)))
            }
            _ if self.makes_it() && kept.is_empty() => {
                // There is no draft that could be made otherwise.
                return Err(Box::new(Reading::NotUnderstood));
            }
            topic => self.of_kept_draft(topic, &kept),
        })
    }

    /// Whether a draft was spoken of last.
    fn is_last(&self) -> bool {
        let last = self.conversation.last.as_ref();
        last.is_some_and(|last| last.draft().is_some())
    }

    fn makes_it(&self) -> bool {
        let words = self.marked.words().iter().take(2);
        words.map(|word| word.folded.as_str()).eq(["make", "it"])
    }

    pub(super) fn says(&self, known: &[&str]) -> bool {
        let mut words = self.marked.words().iter();
        words.any(|word| !word.is_quoted && known.contains(&word.folded.as_str()))
    }

    /// What is asked about the draft that was spoken of, and what changes it.
    fn of_kept_draft(&self, topic: Option<Topic>, kept: &wish::Wish) -> Option<Intent> {
        if kept.is_empty() || self.asks_of_others(topic) {
            return self.of_changed_draft(topic, kept);
        }
        let is_whole = !kept.goal.is_empty() && kept.template.is_some();
        if is_whole && self.is_last() && is_yes(&self.marked.question.text) {
            return Some(Intent::Submit(kept.clone()));
        }
        // Of what "it" leads to elsewhere, the draft is spoken of by its name alone.
        let is_meant = self.conversation.is_draft_meant;
        let is_said = self.says(&["draft"]) || (is_meant && self.says(&["brief"]));
        let is_short = self.marked.words().len() < 4 && self.is_last();
        let is_it = is_meant && self.says(&["it", "this", "that", "they"]);
        if (is_said || is_it || is_short)
            && self.marked.spans().is_empty()
            && !(kept.goal.is_empty() && self.says_goal())
            && let Some(intent) = self.about_draft(topic, kept)
        {
            return Some(intent);
        }
        if !is_meant {
            return self.of_changed_draft(topic, kept);
        }
        self.of_taken_out(kept)
            .or_else(|| self.of_changed_draft(topic, kept))
    }

    /// Whether all that is said takes something out of the draft that there is, or changes it.
    pub(super) fn takes_out_of_draft(&self) -> bool {
        let kept = self.conversation.wish.as_ref();
        kept.is_some_and(|kept| !kept.is_empty() && self.of_taken_out(kept).is_some())
    }

    /// What takes something out of the draft and says nothing else that is not read: "remove the budget".
    fn of_taken_out(&self, kept: &wish::Wish) -> Option<Intent> {
        let later = self.wish(0);
        let is_said =
            !(later.dropped.is_empty() && later.cleared.is_empty() && later.scaled.is_empty());
        let is_read = later.unread.is_empty() && later.goal.is_empty();
        (is_said && is_read).then(|| Intent::Draft(kept.changed_by(&later)))
    }

    /// What it costs, how long it takes, and itself.
    fn about_draft(&self, topic: Option<Topic>, kept: &wish::Wish) -> Option<Intent> {
        let is_cost = topic == Some(Topic::Cost)
            || (topic == Some(Topic::Credits)
                && self.says(&["cost", "costs", "price", "expensive"]));
        let is_time = matches!(
            topic,
            Some(Topic::Fact(About::When(Timing::Left | Timing::Took)))
        );
        if is_cost || is_time {
            let wish = Box::new(kept.clone());
            return Some(Intent::Fact(Fact::Estimate { wish, is_time }));
        }
        let shows = self.marked.has(Sense::Show)
            || self.marked.has(Sense::Describe)
            || self.marked.has(Sense::Status)
            || self.marked.has(Sense::Draft);
        let is_of_it = matches!(
            topic,
            None | Some(Topic::Describe | Topic::Status | Topic::Kind(Kind::Experiment))
        );
        (shows && is_of_it).then(|| Intent::Draft(kept.clone()))
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

    /// What is said of the draft: in any words where it was spoken of last, else in such as only change one.
    fn of_changed_draft(&self, topic: Option<Topic>, kept: &wish::Wish) -> Option<Intent> {
        let is_last = self.is_last();
        if self.asks_of_others(topic) || !(is_last || self.changes_draft(topic)) {
            return None;
        }
        if is_last && kept.goal.is_empty() && self.says_goal() {
            return Some(Intent::Draft(kept.changed_by(&self.wish(0))));
        }
        let shows = self.marked.first_sense() == Some(Sense::Show);
        if is_last && kept.goal.is_empty() && shows && self.marked.spans().is_empty() {
            return Some(Intent::Draft(kept.clone()));
        }
        let tells_goal = is_last && self.tells_goal();
        if !(tells_goal || self.may_change(topic)) {
            return None;
        }
        let mut later = self.wish(0);
        let words = self.marked.words();
        if let ([only], true) = (words, kept.num_tasks.is_none())
            && matches!(kept.time, Some(wish::Time::InAll(_)))
        {
            // What was asked back: how many tasks share the time.
            let num_tasks = count(&only.folded).or(later.num_tasks);
            later = wish::Wish {
                num_tasks,
                ..wish::Wish::default()
            };
        }
        let is_goal =
            topic.is_none() && !self.agrees() && kept.goal.is_empty() && !later.goal.is_empty();
        // "On a logarithmic scale" is no log, "with 50 credits" no account.
        let is_said = match topic {
            _ if tells_goal => !later.goal.is_empty(),
            Some(Topic::Log | Topic::Curve) => !later.space.is_empty(),
            Some(Topic::Credits) => {
                let is_told = later.has_parts() && !self.asks();
                later.credits.is_some() || !later.beyond.is_empty() || is_told
            }
            _ => later.has_parts() || !later.beyond.is_empty() || is_goal,
        };
        if !is_said {
            return None;
        }
        if !kept.goal.is_empty() && !tells_goal {
            // What is to be found out is known: other words are not taken for it.
            let goal = Question::read(&later.goal).map_or_else(|_| Vec::new(), |goal| goal.words);
            let strays = goal.into_iter().filter(|word| !wish::is_filler(word));
            let strays: Vec<_> = strays.map(|word| word.text).collect();
            later.unread.splice(0..0, strays);
            later.goal.clear();
        }
        Some(Intent::Draft(kept.changed_by(&later)))
    }

    /// Whether what is asked may also be said of a draft.
    fn may_change(&self, topic: Option<Topic>) -> bool {
        match topic {
            None
            | Some(
                Topic::Runs
                | Topic::Describe
                | Topic::Kind(_)
                | Topic::Compare
                | Topic::Credits
                | Topic::Log
                | Topic::Curve
                | Topic::Fact(About::Elsewhere(Deed::Edit | Deed::Budget | Deed::Pay | Deed::Rename)),
            ) => true,
            // "Verified", "3 seeds each": no question.
            Some(
                Topic::Checks
                | Topic::Best
                | Topic::Act(Action::Retry)
                | Topic::Fact(About::Seeds | About::When(_)),
            ) => !self.asks(),
            _ => false,
        }
    }

    /// Whether nothing but a draft can be changed by it.
    fn changes_draft(&self, topic: Option<Topic>) -> bool {
        let said = self.marked.words().iter().map(|word| word.folded.as_str());
        let mut said = said.skip_while(|word| GREETINGS.contains(word));
        let is_change = said.next().is_some_and(|first| CHANGES.contains(&first));
        let others = [
            Kind::Experiment,
            Kind::Run,
            Kind::Worker,
            Kind::Model,
            Kind::Person,
        ];
        let is_other = |text: &str| !self.names.find(How::Folded, text, &others).is_empty();
        let mut words = self.marked.words().iter();
        self.conversation.wish.is_some()
            && !self.asks()
            && (is_change || topic.is_none())
            && !words.any(|word| !word.is_quoted && is_other(&word.text))
    }

    /// Whether it is a question, or asks to be shown something.
    fn asks(&self) -> bool {
        self.asks_which()
            || self.marked.question.text.contains(['?', '？'])
            || self.marked.first_sense() == Some(Sense::Show)
            || self.says(&["is", "are", "did", "does", "was", "were"])
    }

    /// "The goal is …", "maximize …".
    fn tells_goal(&self) -> bool {
        let said: Vec<_> = self
            .marked
            .words()
            .iter()
            .map(|word| word.folded.as_str())
            .collect();
        let ends = ["minimise", "minimize", "maximise", "maximize"];
        let is_end = said.first().is_some_and(|first| ends.contains(first));
        let mut pairs = said.iter().take(4).zip(said.iter().skip(1));
        let is_goal = pairs.any(|(one, next)| {
            ["goal", "aim"].contains(one) && ["is", "be", "should", "to"].contains(next)
        });
        let is_bare =
            matches!(said.as_slice(), ["goal" | "aim", next, ..] if wish::ENDS.contains(next));
        let is_goal = is_goal || is_bare;
        let asks = ["what", "which", "why", "how", "who"];
        is_end || (is_goal && !said.first().is_some_and(|first| asks.contains(first)))
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
        let template = |word: &Word| {
            let found = self.names.find(How::Folded, &word.text, &[Kind::Template]);
            found.into_iter().next().map(|thing| thing.name)
        };
        let parameter = |word: &Word| {
            let found = self.names.find(How::Folded, &word.text, &[Kind::Parameter]);
            let is_written = found.iter().any(|thing| thing.name == word.text);
            let name = found.into_iter().next().map(|thing| thing.name);
            name.map(|name| if is_written { word.text.clone() } else { name })
        };
        let is_free = |word: &Word| {
            let is_other = crate::words::phrase(&[fold(&word.text).as_str()]).is_some();
            !is_other && self.names.find(How::Folded, &word.text, NAMED).is_empty()
        };
        let known = wish::Vocabulary {
            template: &template,
            parameter: &parameter,
            is_free: &is_free,
        };
        wish::read(self.marked.question, begins, known)
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

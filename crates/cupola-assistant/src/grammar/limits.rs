//! What would make it another question if it were left out: it is named, and nothing is answered.

use super::{
    Reading, Topic,
    build::{ALL, Context, Refused},
    orders::BEFORE,
};
use crate::{
    fact::Fact,
    intent::Intent,
    names::{How, Kind, Names},
    period::TIME_WORDS,
    words::Sense,
};

/// So many words that would be left out are looked up.
const LEFT_OUT_MAX: usize = 8;

/// Words of a name at most.
const NAME_WORDS_MAX: usize = 5;

/// Words that ask for a change.
const ORDERS: &[&str] = &[
    "delete",
    "remove",
    "erase",
    "purge",
    "cancel",
    "stop",
    "kill",
    "abort",
    "terminate",
    "retry",
    "rerun",
    "restart",
    "rename",
    "ban",
    "unban",
    "pause",
    "drain",
];

/// Words that take something out, or say the opposite.
const EXCEPTIONS: &[&str] = &[
    "not",
    "never",
    "except",
    "excluding",
    "besides",
    "without",
    "nor",
    "neither",
    "didnt",
    "havent",
    "hasnt",
    "werent",
    "per",
    "cheaper",
    "dearer",
    "faster",
    "slower",
    "quicker",
];

/// The same, except where they begin a question: "isn't alpha better?"
const DENIALS: &[&str] = &["isnt", "arent", "wasnt", "dont", "doesnt", "cant", "wont"];

/// Words that hold things against each other.
const DEGREES: &[&str] = &["most", "least", "fewest", "more", "fewer", "no"];

impl<N: Names> Context<'_, N> {
    /// Refuses words that would make it another question if they were left out.
    pub(super) fn answers_without(&self, senses: &[Sense]) -> Result<(), Refused> {
        let left = self.marked.senses();
        let left = left.filter(|(_, sense)| senses.contains(sense));
        let words: Vec<_> = left
            .map(|(at, _)| self.marked.words()[at].text.clone())
            .collect();
        if words.is_empty() {
            return Ok(());
        }
        Err(Box::new(Reading::NotAnswered(words)))
    }

    /// Refuses a change that stands behind something else: neither is half of it answered, nor is it made of what
    /// was not understood. "Ignore all of that and delete alpha" is no question about alpha.
    pub(super) fn answers_one_thing(&self, topic: Option<Topic>) -> Result<(), Refused> {
        let looks_at_all = matches!(topic, Some(Topic::Draft | Topic::Act(_) | Topic::Would(_)));
        let words = self.marked.words();
        let is = |at: usize, known: &[&str]| {
            words
                .get(at)
                .is_some_and(|word| !word.is_quoted && known.contains(&word.folded.as_str()))
        };
        let is_order = |at: &usize| {
            let is_joined = is(at - 1, &["and", "then", "also"]) || words[*at].after_comma;
            let is_it = |place: usize| is(place, &["it", "them", "everything", "all"]);
            is_joined
                && is(*at, ORDERS)
                && ((at + 1..words.len()).any(is_it) || self.names_behind(*at))
        };
        let Some(at) = (1..words.len()).find(is_order).filter(|_| !looks_at_all) else {
            return Ok(());
        };
        // "With 40 tasks, remove lr from it": all of it is said of the draft.
        if self.conversation.is_draft_meant && self.takes_out_of_draft() {
            return Ok(());
        }
        let before = words[..at].iter().filter(|word| {
            let said = word.folded.as_str();
            let is_quiet = BEFORE.contains(&said) || ["also", "the", "of"].contains(&said);
            word.is_quoted || !is_quiet
        });
        let before: Vec<_> = before.map(|word| word.text.clone()).collect();
        if before.is_empty() {
            return Ok(());
        }
        Err(Box::new(Reading::NotAnswered(before)))
    }

    /// Whether something that can be changed is named behind a word.
    fn names_behind(&self, at: usize) -> bool {
        let kinds = &[
            Kind::Experiment,
            Kind::Run,
            Kind::Worker,
            Kind::Model,
            Kind::Person,
        ];
        let words = self.marked.words();
        let begins = (at + 1..words.len()).take(LEFT_OUT_MAX);
        let mut names = begins.flat_map(|from| {
            let ends = (from + 1..=words.len()).take(NAME_WORDS_MAX);
            ends.map(move |until| (from, until))
        });
        names.any(|(from, until)| {
            let text = match &words[from..until] {
                [only] => &only.text,
                _ => self.marked.question.between(from, until),
            };
            !self.names.find(How::Folded, text, kinds).is_empty()
        })
    }

    /// Whether it is about what belongs to whoever asks.
    pub(super) fn is_mine(&self) -> bool {
        let words = self.marked.words().iter();
        words
            .filter(|word| !word.is_quoted)
            .any(|word| ["my", "mine"].contains(&word.folded.as_str()))
    }

    /// Refuses "my" where it would be left out.
    pub(super) fn answers_without_own(&self) -> Result<(), Refused> {
        if self.is_mine() {
            return Err(Box::new(Reading::NotAnswered(vec!["my".to_owned()])));
        }
        Ok(())
    }

    /// Refuses "which of them is the best?" of runs that were told: it would be the best of all.
    pub(super) fn answers_without_those(&self) -> Result<(), Refused> {
        let is_part = match &self.conversation.last {
            Some(Intent::ListRuns(wanted)) => {
                let has_state = wanted.state.is_some() || wanted.is_lost || wanted.is_left;
                let is_cut = wanted.within.is_some() || wanted.newest.is_some();
                has_state || is_cut || !wanted.filter.is_empty()
            }
            Some(Intent::Best { count, .. }) => *count > 1,
            _ => false,
        };
        let mut words = self.marked.words().iter().filter(|word| !word.is_quoted);
        match words.find(|word| ["them", "those", "these"].contains(&word.folded.as_str())) {
            Some(word) if is_part => Err(Box::new(Reading::NotAnswered(vec![word.text.clone()]))),
            _ => Ok(()),
        }
    }

    /// Refuses places of a list that were not used: "when did the third run of alpha start?"
    pub(super) fn answers_without_places(&self) -> Result<(), Refused> {
        let is_used = |at| self.used.iter().any(|used| used.contains(&at));
        let is_of_best = self.marked.has(Sense::Best) || self.marked.has(Sense::Worst);
        let mut left = self.marked.senses().filter(|(at, sense)| {
            matches!(sense, Sense::Nth(place) if *place > 1 || !is_of_best) && !is_used(*at)
        });
        let Some((at, sense)) = left.next() else {
            return Ok(());
        };
        // "The first run" is one that is picked, by what it is.
        if sense == Sense::Nth(1) && self.marked.has(Sense::Kind(Kind::Run)) {
            return Ok(());
        }
        let word = self.marked.words()[at].text.clone();
        Err(Box::new(Reading::NotAnswered(vec![word])))
    }

    /// Refuses numbers that were not used: "how long will 100 more runs take?"
    pub(super) fn answers_without_numbers(&self) -> Result<(), Refused> {
        let is_used = |at: usize| {
            let before = at.checked_sub(1);
            let is_of_run =
                before.is_some_and(|before| self.marked.says_at(before, Sense::Kind(Kind::Run)));
            is_of_run || self.used.iter().any(|used| used.contains(&at))
        };
        let mut numbers = self.marked.numbers().into_iter();
        match numbers.find(|(at, _)| !is_used(*at)) {
            Some((at, _)) => {
                let word = self.marked.words()[at].text.clone();
                Err(Box::new(Reading::NotAnswered(vec![word])))
            }
            None => Ok(()),
        }
    }

    /// Whether a word is the name of something.
    pub(super) fn is_name(&self, text: &str) -> bool {
        !self.names.find(How::Folded, text, ALL).is_empty()
    }

    /// Whether a word takes something out of what is named.
    pub(super) fn says_exception(&self) -> bool {
        let mut words = self.marked.words().iter().filter(|word| !word.is_quoted);
        words.any(|word| {
            ["but", "everything", "all", "dont"].contains(&word.folded.as_str())
                || EXCEPTIONS.contains(&word.folded.as_str())
        })
    }

    /// Refuses names that would be left out: the question would be another one.
    pub(super) fn answers_without_names(&self) -> Result<(), Refused> {
        let is_name = |text: &&String| !self.names.find(How::Folded, text, ALL).is_empty();
        let mut left = self.left_out.iter().take(LEFT_OUT_MAX);
        match left.find(is_name) {
            Some(name) => Err(Box::new(Reading::NotAnswered(vec![name.clone()]))),
            None => Ok(()),
        }
    }

    /// Refuses words of times that are none as they stand: "around noon", "tomorrow".
    pub(super) fn answers_without_times(&self) -> Result<(), Refused> {
        let is_time = |word: &str| TIME_WORDS.contains(&word) && !self.is_name(word);
        let mut left = self.marked.unknown();
        match left.find(|(_, word)| is_time(&word.folded)) {
            Some((_, word)) => Err(Box::new(Reading::NotAnswered(vec![word.text.clone()]))),
            None => Ok(()),
        }
    }

    /// Refuses a filter or a time that would be left out.
    pub(super) fn answers_without_limits(&self, intent: &Intent) -> Result<(), Refused> {
        let filter = &self.marked.filter;
        let is_filtered = intent.is_filtered() || filter.is_empty();
        let period = self.marked.period.as_ref();
        let period = period.filter(|period| !intent.is_dated(&period.words));
        let left = match (is_filtered, period) {
            (false, _) => filter.clone(),
            (true, Some(period)) => period.words.clone(),
            (true, None) => return Ok(()),
        };
        Err(Box::new(Reading::NotAnswered(vec![left])))
    }

    /// Refuses exceptions, and degrees where all are listed: "runs that did not fail", "who has the most runs".
    pub(super) fn answers_without_exceptions(&self, intent: &Intent) -> Result<(), Refused> {
        let known = match intent {
            Intent::WhyFailed { .. }
            | Intent::WhyWaiting { .. }
            | Intent::Draft(_)
            | Intent::Submit(_)
            | Intent::Act { .. }
            | Intent::WouldAct { .. }
            | Intent::Help
            | Intent::Fact(
                Fact::WhyCancelled { .. }
                | Fact::Elsewhere { .. }
                | Fact::Nothing
                | Fact::NoDraft { .. }
                | Fact::Estimate { .. }
                | Fact::Problems { .. }
                | Fact::NeverRan,
            ) => return Ok(()),
            Intent::Fact(Fact::Spenders { .. }) => {
                let mut known = EXCEPTIONS.to_vec();
                known.retain(|word| *word != "per");
                known
            }
            Intent::ListRuns(_)
            | Intent::List { .. }
            | Intent::Workers
            | Intent::Running { .. } => [EXCEPTIONS, DEGREES].concat(),
            _ => EXCEPTIONS.to_vec(),
        };
        let words = self.marked.words().iter().enumerate();
        let mut words = words.filter(|(at, word)| {
            let quiet =
                |(place, sense)| place != *at || matches!(sense, Sense::Noise | Sense::Asks);
            let is_used = self.used.iter().any(|used| used.contains(at));
            let is_plain = !word.is_quoted && !self.marked.is_taken(*at) && !is_used;
            let said = word.folded.as_str();
            let is_denial = *at > 0 && DENIALS.contains(&said);
            let next = self.marked.words().get(at + 1);
            let is_recent = next.is_some_and(|next| next.folded == "recent");
            is_plain
                && !is_recent
                && (is_denial || known.contains(&said))
                && self.marked.senses().all(quiet)
        });
        match words.next() {
            Some((_, word)) => Err(Box::new(Reading::NotAnswered(vec![word.text.clone()]))),
            None => Ok(()),
        }
    }
}

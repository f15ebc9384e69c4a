//! What was talked about: what "it", "the second best" and "the other one" lead to.

use crate::{
    dialogue::{Exchange, SAID_MAX},
    fact::Fact,
    grammar::Reading,
    intent::Intent,
    names::{Kind, Thing},
    question::{Question, Word},
    wish::Wish,
    words,
};

/// What agrees.
pub(crate) const YES: &[&str] = &[
    "yes",
    "y",
    "yes please",
    "yeah",
    "yep",
    "ja",
    "sure",
    "ok",
    "okay",
    "correct",
    "right",
    "exactly",
    "do it",
    "yes do it",
    "do that",
    "go ahead",
    "yes go ahead",
    "please go ahead",
    "go on",
    "please do",
    "confirm",
    "i confirm",
    "make it so",
];

/// What declines, and what says that it was enough.
const NO: &[&str] = &[
    "no",
    "n",
    "nope",
    "no thanks",
    "no thank you",
    "never mind",
    "nevermind",
    "dont",
    "do not",
    "dont do it",
    "rather not",
    "forget it",
    "thanks",
    "thank you",
];

/// Whoever says so wants no draft any more.
const NO_DRAFT: &[&str] = &[
    "forget the draft",
    "discard the draft",
    "delete the draft",
    "drop the draft",
    "cancel the draft",
    "throw away the draft",
    "throw the draft away",
];

/// What speaks of a draft that there is.
const OF_DRAFT: &[&str] = &[
    "show the draft",
    "show me the draft",
    "show my draft",
    "submit",
    "submit it",
    "submit the draft",
    "submit this draft",
];

/// Whether somebody agrees and says nothing else.
pub(crate) fn is_yes(text: &str) -> bool {
    says(text, YES)
}

/// Whether somebody declines, or thanks, and says nothing else.
pub(crate) fn is_no(text: &str) -> bool {
    says(text, NO)
}

fn says(text: &str, known: &[&str]) -> bool {
    let words = Question::read(text).map_or_else(|_| Vec::new(), |question| question.words);
    let said: Vec<_> = words.iter().map(|word| word.folded.as_str()).collect();
    known.contains(&said.join(" ").as_str())
}

/// Where a conversation stands after an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conversation {
    /// The experiment that was spoken of last.
    pub about: Option<Thing>,
    /// The run that was spoken of or shown last.
    pub run: Option<Thing>,
    /// The worker that was spoken of last.
    pub worker: Option<Thing>,
    /// The person that was spoken of last.
    pub person: Option<Thing>,
    /// What was asked last.
    pub last: Option<Intent>,
    /// The brief that is being drafted.
    pub wish: Option<Wish>,
    /// Whether "it" leads to that brief: nothing else was named since.
    pub is_draft_meant: bool,
    /// What was asked back.
    pub pending: Option<Pending>,
    /// What was asked, without a slip: whether this was meant.
    pub meant_so: Option<String>,
    /// What was told one by one, in order.
    pub listed: Vec<Thing>,
    /// Whether the last answer told them.
    pub is_fresh: bool,
    /// The change that was proposed last, until something else is said.
    pub proposed: Option<Intent>,
    /// What was said last, for a language model.
    pub said: Vec<Exchange>,
    /// What language models took for it, in tokens.
    pub tokens: u64,
}

/// A question that waits for a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// As it was asked.
    pub question: String,
    /// The words that could mean several things; empty where something was left out.
    pub term: String,
    /// What they could mean.
    pub choices: Vec<Thing>,
    /// The choices that were made before for the same question.
    pub chosen: Vec<(String, Thing)>,
}

impl Conversation {
    /// Where it stands after a question was read; `shown` is the run that its answer shows.
    pub fn note(&mut self, question: &str, reading: &Reading, shown: Option<Thing>) {
        let before = self.pending.take();
        let meant_so = self.meant_so.take();
        // "Yes" stands for the question that was meant.
        let question = match &meant_so {
            Some(meant) if is_yes(question) || question.trim() == "1" => meant,
            _ => question,
        };
        self.proposed = None;
        self.is_fresh = false;
        match reading {
            Reading::Asked(asked) => {
                if let Some(subject) = asked.intent.subject()
                    && !self.listed.contains(subject)
                    && !self.is_spoken_of(subject)
                {
                    // "The first one" is none of what was listed before.
                    self.listed.clear();
                }
                if let Intent::Best { of, .. } = &asked.intent
                    && !of.as_ref().is_some_and(|of| self.listed.contains(of))
                {
                    self.listed.clear();
                }
                if let Some(subject) = asked.intent.subject() {
                    self.speak_of(subject.clone());
                }
                self.is_draft_meant &= asked.intent.subject().is_none() && shown.is_none();
                if let Some(shown) = shown {
                    self.run = Some(shown);
                }
                if let Some(wish) = asked.intent.draft() {
                    self.wish = Some(wish.clone());
                    self.is_draft_meant = true;
                }
                if matches!(asked.intent, Intent::Fact(Fact::NoDraft { .. })) {
                    self.forget_draft();
                }
                self.last = Some(asked.intent.clone());
            }
            Reading::Which { term, choices, .. } if !choices.is_empty() => {
                let mut pending = Pending {
                    question: question.to_owned(),
                    term: term.clone(),
                    choices: choices.clone(),
                    chosen: Vec::new(),
                };
                // A choice may leave another word open: both belong to the first question.
                if let Some(before) = before
                    && let Some(thing) = before.choice(question)
                {
                    pending.question = before.question;
                    pending.chosen = before.chosen;
                    pending.chosen.push((before.term, thing));
                }
                self.pending = Some(pending);
            }
            Reading::DidYouMean(meant) => self.meant_so = Some(meant.clone()),
            Reading::Which { .. }
            | Reading::Unknown { .. }
            | Reading::NotTaken(_)
            | Reading::NotAnswered(_)
            | Reading::NotUnderstood
            | Reading::TooLong(_) => {}
        }
    }

    /// Keeps what an answer told one by one, and what it proposed.
    pub fn keep(&mut self, listed: Vec<Thing>, proposed: Option<Intent>) {
        if !listed.is_empty() {
            self.listed = listed;
            self.is_fresh = true;
        }
        self.proposed = proposed;
    }

    /// What was proposed is made, or will be: a draft that was handed in is none any more.
    pub fn make(&mut self) {
        if let Some(Intent::Submit(_)) = self.proposed.take() {
            self.forget_draft();
        }
    }

    /// Whether somebody says that the draft is wanted no more, and nothing else. "It" is the draft where that
    /// was spoken of last.
    pub(crate) fn is_draft_thrown_away(&self, text: &str) -> bool {
        let is_it = self.is_draft_meant && says(text, &["forget it", "discard it"]);
        self.wish.is_some() && (is_it || says(text, NO_DRAFT))
    }

    /// Whether the draft is spoken of, and nothing else, where there is none.
    pub(crate) fn misses_draft(&self, text: &str) -> bool {
        let was_last = self
            .last
            .as_ref()
            .is_some_and(|last| last.draft().is_some());
        let is_it = was_last && says(text, &["show it", "show it to me", "forget it"]);
        self.wish.is_none() && (is_it || says(text, NO_DRAFT) || says(text, OF_DRAFT))
    }

    /// The draft was handed in.
    pub(crate) fn forget_draft(&mut self) {
        self.wish = None;
        self.is_draft_meant = false;
    }

    /// Remembers what was said, for a language model; only the latest of it.
    pub fn remember(&mut self, question: &str, answer: &str) {
        self.said.push(Exchange::new(question, answer));
        let passed = self.said.len().saturating_sub(SAID_MAX);
        self.said.drain(..passed);
    }

    /// What a word such as "it" leads to where one of these kinds is wanted, the first kind before others.
    pub fn meant(&self, kinds: &[Kind]) -> Option<&Thing> {
        kinds.iter().find_map(|kind| match kind {
            Kind::Experiment => self.about.as_ref(),
            Kind::Run => self.run.as_ref(),
            Kind::Worker => self.worker.as_ref(),
            Kind::Person => self.person.as_ref(),
            Kind::Template | Kind::Model | Kind::Parameter | Kind::Metric => None,
        })
    }

    /// Whether it was spoken of last.
    fn is_spoken_of(&self, thing: &Thing) -> bool {
        self.meant(&[thing.kind()]) == Some(thing)
    }

    /// A run that was shown belongs to what was spoken of before; another experiment leaves it behind.
    fn speak_of(&mut self, thing: Thing) {
        match thing.kind() {
            Kind::Experiment => {
                if self.about.as_ref() != Some(&thing) {
                    self.run = None;
                }
                self.about = Some(thing);
            }
            Kind::Run => self.run = Some(thing),
            Kind::Worker => self.worker = Some(thing),
            Kind::Person => self.person = Some(thing),
            Kind::Template | Kind::Model | Kind::Parameter | Kind::Metric => {}
        }
    }
}

impl Pending {
    /// Which of the choices an answer means: a number, a place, or the name.
    pub fn choice(&self, answer: &str) -> Option<Thing> {
        let words = Question::read(answer).ok()?.words;
        let words: Vec<&Word> = words.iter().filter(|word| !is_padding(word)).collect();
        let said: Vec<_> = words.iter().map(|word| word.folded.as_str()).collect();
        let said = said.join(" ");
        let by_name = |thing: &&Thing| crate::question::fold(&thing.name) == said;
        if let Some(thing) = self.choices.iter().find(by_name) {
            return Some(thing.clone());
        }
        if let [only] = self.choices.as_slice()
            && YES.contains(&said.as_str())
        {
            return Some(only.clone());
        }
        let number = match words::phrase(&[said.as_str()]) {
            Some((1, [words::Sense::Nth(place)])) => Some(*place),
            _ => words::count(said.trim_start_matches('#')),
        };
        let at = usize::try_from(number?.checked_sub(1)?).ok()?;
        self.choices.get(at).cloned()
    }
}

fn is_padding(word: &Word) -> bool {
    !word.is_quoted
        && ["the", "one", "number", "i", "mean", "please"].contains(&word.folded.as_str())
}

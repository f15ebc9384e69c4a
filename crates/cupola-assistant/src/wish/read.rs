//! From words to a wish: part by part, and what stands between them is its goal.

use std::{ops::Range, time::Duration};

use cupola_domain::resources::Hardware;

use super::{
    Beyond, Missing, Time, Wish,
    space::{Sure, is_strange, searched},
};
use crate::{
    period,
    question::{Question, Word},
};

/// Words between a draft's parts that belong to no goal.
pub(super) const JOINTS: &[&str] = &[
    "with", "using", "use", "on", "of", "and", "for", "in", "over", "at", "each", "per", "task",
    "a", "the", "run", "that", "to", "most", "up", "budget", "from", "make", "it", "template",
    "about", "brief", "within", "next", "under", "less", "than",
];

/// Words between parts that say nothing of a brief.
pub(super) const FILLERS: &[&str] = &[
    "instead",
    "please",
    "then",
    "too",
    "also",
    "now",
    "only",
    "just",
    "but",
    "rather",
    "or",
    "no",
    "more",
    "max",
    "maximum",
    "is",
    "be",
    "should",
    "other",
    "same",
    "different",
    "an",
    "every",
    "all",
    "long",
    "one",
    "my",
    "me",
    "i",
    "want",
    "would",
    "like",
    "have",
    "by",
    "machine",
    "machines",
    "hardware",
    "worker",
    "workers",
    "node",
    "nodes",
    "total",
    "altogether",
    "time",
    "ok",
    "okay",
    "so",
    "well",
    "yes",
    "set",
    "change",
    "give",
    "let",
    "lets",
    "put",
    "add",
    "raise",
    "increase",
    "lower",
    "reduce",
    "update",
    "as",
    "its",
    "draft",
    "search",
    "actually",
    "vary",
    "try",
    "can",
    "could",
    "you",
    "we",
    "much",
    "many",
];

/// Words that lead to a goal.
const LEADS: &[&str] = &["for", "to", "on", "that", "about"];

/// How a goal begins that nothing leads to: "goal the highest score".
pub const ENDS: &[&str] = &[
    "the", "highest", "lowest", "largest", "smallest", "most", "least",
];

/// Names that a wish may have in it.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    /// The name of a template as it is written, if the word is one.
    pub template: &'a dyn Fn(&Word) -> Option<String>,
    /// The name of a parameter as it is written, if the word is one.
    pub parameter: &'a dyn Fn(&Word) -> Option<String>,
    /// Whether nothing else is called so.
    pub is_free: &'a dyn Fn(&Word) -> bool,
}

/// What is known so far of what is to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// Nothing.
    Awaited,
    /// It begins with this word.
    Open(usize),
    /// It was said.
    Told,
}

/// A wish that is being read.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    pub(super) question: &'a Question,
    pub(super) known: Vocabulary<'a>,
    pub(super) wish: Wish,
    goal: Goal,
    begins: usize,
    /// Where its time is said.
    time_within: Option<Range<usize>>,
    /// Whether only is asked what a word would be.
    pub(super) is_probe: bool,
}

/// Reads a wish. `begins` is the first word after those that ask for a draft.
pub fn read(question: &Question, begins: usize, known: Vocabulary<'_>) -> Wish {
    let mut reader = Reader {
        question,
        known,
        wish: Wish::default(),
        goal: Goal::Open(begins),
        begins,
        time_within: None,
        is_probe: false,
    };
    let mut at = begins;
    while at < question.words.len() {
        if let Some(goal) = reader.new_goal(at) {
            reader.close_goal(at);
            reader.wish.goal.clear();
            reader.goal = Goal::Open(goal);
            at = goal;
        } else if let Some(length) = reader.part(at) {
            reader.close_goal(at);
            at += length;
        } else {
            reader.pass(at);
            at += 1;
        }
    }
    reader.close_goal(question.words.len());
    reader.wish
}

/// Whether a word between parts says nothing of a brief.
pub fn is_filler(word: &Word) -> bool {
    let said = word.folded.as_str();
    JOINTS.contains(&said) || FILLERS.contains(&said)
}

impl<'a> Reader<'a> {
    pub(super) fn words(&self) -> &'a [Word] {
        &self.question.words
    }

    /// The word in a place, folded; nothing where there is none.
    pub(super) fn said(&self, at: usize) -> &'a str {
        let word = self.words().get(at);
        word.map_or("", |word| word.folded.as_str())
    }

    /// The word before a place.
    pub(super) fn before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |at| self.said(at))
    }

    pub(super) fn follows_comma(&self, at: usize) -> bool {
        self.words().get(at).is_some_and(|word| word.after_comma)
    }

    /// The first place from here that none of these words stands in.
    pub(super) fn past(&self, mut at: usize, skipped: &[&str]) -> usize {
        while skipped.contains(&self.said(at)) {
            at += 1;
        }
        at
    }

    pub(super) fn text(&self, within: Range<usize>) -> &'a str {
        self.question.between(within.start, within.end)
    }

    /// Notes what no brief has, and how many words asked for it.
    pub(super) fn beyond(&mut self, what: Missing, within: Range<usize>) -> usize {
        let length = within.len();
        let words = self.text(within).to_owned();
        self.wish.beyond.push(Beyond { what, words });
        length
    }

    /// Whether a goal was begun before this word, and not ended.
    pub(super) fn is_in_goal(&self, at: usize) -> bool {
        match self.goal {
            Goal::Open(from) => !goal(self.question, from..at).is_empty(),
            Goal::Awaited | Goal::Told => false,
        }
    }

    /// Whether what is to be found out was said, and other things since.
    pub(super) fn has_goal_told(&self) -> bool {
        self.goal == Goal::Told
    }

    pub(super) fn has_goal(&self, at: usize) -> bool {
        self.goal == Goal::Told || self.is_in_goal(at)
    }

    /// Whether a part begins here.
    pub(super) fn is_part(&self, at: usize) -> bool {
        let mut probe = self.clone();
        probe.is_probe = true;
        at < self.words().len() && probe.part(at).is_some()
    }

    /// `the goal is …`: where it begins.
    fn new_goal(&self, at: usize) -> Option<usize> {
        let is_said = ["goal", "aim"].contains(&self.said(at))
            && (["is", "be", "should", "to"].contains(&self.said(at + 1))
                || (at == 0 && self.is_change() && ENDS.contains(&self.said(at + 1))));
        is_said.then(|| self.past(at + 1, &["is", "be", "should", "to", "now", "instead"]))
    }

    fn close_goal(&mut self, at: usize) {
        if let Goal::Open(from) = self.goal {
            self.wish.goal = goal(self.question, from..at);
            self.goal = if self.wish.goal.is_empty() {
                Goal::Awaited
            } else {
                Goal::Told
            };
        }
    }

    /// A word that is no part: of a goal, or of nothing.
    fn pass(&mut self, at: usize) {
        let word = &self.words()[at];
        // "With char-lm to reduce the time to converge": there is no draft yet that "reduce" could change.
        let begins = !self.is_change() && self.goal == Goal::Awaited && self.before(at) == "to";
        if is_filler(word) && !begins {
            return;
        }
        match self.goal {
            Goal::Awaited => {
                let is_article = ["the", "a", "an"].contains(&self.before(at));
                self.goal = Goal::Open(at - usize::from(is_article));
            }
            Goal::Open(_) => {}
            Goal::Told => self.wish.unread.push(word.text.clone()),
        }
    }

    /// Takes the part of a wish that begins here, and says how many words it has.
    pub(super) fn part(&mut self, at: usize) -> Option<usize> {
        self.change(at)
            .or_else(|| self.aside(at))
            .or_else(|| self.space(at))
            .or_else(|| self.time(at))
            .or_else(|| self.tasks(at))
            .or_else(|| self.credits(at))
            .or_else(|| self.hardware(at))
            .or_else(|| {
                self.wish.template = Some((self.known.template)(&self.words()[at])?);
                Some(1)
            })
    }

    /// Whether it is said of a draft that there is.
    pub(super) fn is_change(&self) -> bool {
        self.begins == 0
    }

    /// Whether a dash stands behind a word, with blanks around it.
    pub(super) fn dash_behind(&self, at: usize) -> bool {
        is_dash(gap(self.question, at))
    }

    pub(super) fn space(&mut self, at: usize) -> Option<usize> {
        let words = self.words();
        // Before a goal a word is more likely its first than a parameter that nobody used yet.
        let is_change = self.is_change() && !self.is_in_goal(at);
        let is_free = self.goal == Goal::Told || words[at].after_comma || is_change;
        let (known, question) = (self.known, self.question);
        let sure = |word: &Word| match () {
            () if (known.parameter)(word).is_some() => Sure::Known,
            () if is_free && is_strange(word) => Sure::Perhaps,
            () => Sure::No,
        };
        let found = self.range_of_ends(at);
        if found.is_none()
            && let Some(length) = self.compared_value(at, &sure)
        {
            return Some(length);
        }
        let is_first = sure(&words[at]);
        let may_be_word = is_first == Sure::Known && (is_change || self.before(at) == "with");
        let has_sign = |place: usize| gap(question, at + place).contains('=');
        let has_dash = |place: usize| is_dash(gap(question, at + place));
        let signs: (&dyn Fn(usize) -> bool, &dyn Fn(usize) -> bool) = (&has_sign, &has_dash);
        let found = found.or_else(|| searched(&words[at..], sure, signs, may_be_word));
        let Some(mut found) = found else {
            return (is_first == Sure::Known)
                .then(|| self.strange_value(at))
                .flatten();
        };
        let mut said = words[at..at + found.length].iter();
        let said = said.find(|word| word.text == found.name);
        if let Some(name) = said.and_then(|word| (self.known.parameter)(word)) {
            found.name = name;
        }
        self.wish.space.retain(|(known, _)| *known != found.name);
        self.wish.dropped.retain(|known| *known != found.name);
        if found.is_turned {
            self.beyond(Missing::Turned, at..at + found.length);
        }
        self.wish.space.push((found.name, found.expression));
        Some(found.length)
    }

    /// `5 minutes each`, `2 hours in total`. A time in which all should be done is none that a brief has.
    pub(super) fn time(&mut self, at: usize) -> Option<usize> {
        let is_total = ["total", "altogether"].contains(&self.said(at));
        let from = if is_total {
            self.past(at + 1, &["time", "of", "is", "budget", "for", "all"])
        } else {
            at
        };
        let (mut seconds, mut length) = period::duration(self.words().get(from..)?)?;
        // "2 min 20 s" is one time.
        let next = from + length;
        if !self.follows_comma(next)
            && let Some((more, words)) = period::duration(self.words().get(next..)?)
            && more < seconds
        {
            (seconds, length) = (seconds + more, length + words);
        }
        let span = Duration::try_from_secs_f64(seconds).ok()?;
        let ends = from + length;
        if let Some(ends) = self.in_all(ends).or(is_total.then_some(ends)) {
            self.take_time(Time::InAll(span), at..ends);
            return Some(ends - at);
        }
        let next = self.past(ends, &["for", "of", "them"]);
        let is_each = ["each", "per", "every", "apiece", "a"].contains(&self.said(next));
        let mut before = at;
        while [
            "at", "most", "under", "less", "than", "about", "the", "next",
        ]
        .contains(&self.before(before))
        {
            before -= 1;
        }
        let lead = self.before(before);
        if ["in", "within"].contains(&lead) && !is_each && self.before(before - 1) != "each" {
            let words = before - 1..ends;
            self.beyond(Missing::Date, words);
            return Some(ends - at);
        }
        self.take_time(Time::Each(span), at..ends);
        Some(ends - at)
    }

    /// A brief has one time: of two in one sentence the later counts, and the other one is told.
    fn take_time(&mut self, time: Time, within: Range<usize>) {
        if let Some(before) = self.time_within.replace(within) {
            let words = self.text(before).to_owned();
            self.wish.unread.push(words);
        }
        self.wish.time = Some(time);
    }

    /// Where `in total` ends that begins here.
    fn in_all(&self, at: usize) -> Option<usize> {
        let at = self.past(
            at,
            &["of", "machine", "compute", "computing", "gpu", "time"],
        );
        match (self.said(at), self.said(at + 1)) {
            ("in", "total" | "all") | ("all", "together") => Some(at + 2),
            ("for", "all" | "everything") if self.said(at + 2) != "of" => Some(at + 2),
            ("total" | "altogether" | "overall", _) => Some(at + 1),
            _ => None,
        }
    }

    fn hardware(&mut self, at: usize) -> Option<usize> {
        const MACHINES: &[&str] = &[
            "machine", "machines", "hardware", "worker", "workers", "node", "nodes",
        ];
        let named = |word: &str| Hardware::ALL.into_iter().find(|one| one.as_str() == word);
        let (said, next) = (self.said(at), self.said(at + 1));
        let (hardware, length) = match said {
            "gpu" | "gpus" => (Hardware::Large, 1),
            "hardware" => (named(next)?, 2),
            _ if MACHINES.contains(&next) => (named(said)?, 1),
            _ if self.is_change() && self.words().len() == 1 => (named(said)?, 1),
            _ => return None,
        };
        self.wish.hardware = Some(hardware);
        Some(length)
    }
}

/// What stands between a word and the next one.
pub(super) fn gap(question: &Question, at: usize) -> &str {
    let (one, next) = (question.words.get(at), question.words.get(at + 1));
    one.zip(next)
        .map_or("", |(one, next)| question.text[one.end..next.start].trim())
}

/// Whether it joins the two ends of a range.
fn is_dash(gap: &str) -> bool {
    ["-", "–", "—", "..", "...", "…", "→", "->", "=>"].contains(&gap)
}

/// What stands between the words that ask for a draft and its first part, as it was written.
fn goal(question: &Question, within: Range<usize>) -> String {
    let words = &question.words;
    let Range {
        start: mut from,
        end: mut until,
    } = within;
    while until > from && JOINTS.contains(&words[until - 1].folded.as_str()) {
        until -= 1;
    }
    let is = |at: usize, known: &[&str]| at < until && known.contains(&words[at].folded.as_str());
    from += usize::from(is(from, &["brief"]));
    from += usize::from(is(from, LEADS));
    // "Ok, now use …" is no goal.
    if words[from..until].iter().all(is_filler) {
        return String::new();
    }
    let goal = question.between(from, until).trim();
    goal.trim_end_matches([',', ';', ':', '.']).to_owned()
}

//! The grammar of questions: words say what is asked for, names say of what, and what was talked about
//! before fills what is left out.
//!
//! A question is read once from its beginning to its end; names are looked up in an index, for a bounded
//! number of words. What is not understood is said, never guessed.

mod about;
mod again;
mod build;
mod drafts;
mod facts;
mod filters;
mod kinds;
mod limits;
mod listed;
mod marked;
mod named;
mod negation;
mod orders;
mod picked;
mod runs;
mod slips;
#[cfg(test)]
mod tests;
mod timed;
mod titles;

use crate::{
    conversation::{Conversation, is_no, is_yes},
    fact::{Fact, Timing},
    intent::{Action, Intent},
    names::{Kind, Names, Thing},
    period::Clock,
    question::{Question, TooLong, fold},
    words::Sense,
};

use self::{about::About, marked::Marked};

/// What answers a question back is no longer.
const ANSWER_BYTES_MAX: usize = 400;

/// What was made of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// It asks for this.
    Asked(Box<Asked>),
    /// It could mean any of these.
    Which {
        /// The words in doubt; empty where something was left out.
        term: String,
        /// What is wanted.
        kind: Kind,
        /// What it could be; empty where there is nothing of the kind.
        choices: Vec<Thing>,
    },
    /// It names something that there is not.
    Unknown {
        /// As it was written.
        term: String,
        /// What was looked for.
        kinds: Vec<Kind>,
        /// What is most like it.
        nearest: Vec<Thing>,
    },
    /// A change of which not every word was understood: nothing is proposed.
    NotTaken(NotTaken),
    /// It says more than can be answered: these words would be left out, and another question answered.
    NotAnswered(Vec<String>),
    /// A word of it is a slip away from another: whether this was meant.
    DidYouMean(String),
    /// It is no question that the grammar knows.
    NotUnderstood,
    /// It is too long to be read.
    TooLong(TooLong),
}

/// A change that is not proposed, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct NotTaken {
    /// Which; `None` is handing in a draft.
    pub action: Option<Action>,
    /// What could not be carried into it.
    pub why: Untaken,
}

/// What keeps a change from being proposed.
#[derive(Debug, Clone, PartialEq)]
pub enum Untaken {
    /// Words that say something else besides.
    Words(Vec<String>),
    /// Values that it does not take.
    Values(String),
    /// It names several things.
    Several(Vec<Thing>),
    /// So many runs are not started at once.
    Runs(u32),
}

/// A question that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What it asks for.
    pub intent: Intent,
    /// Words that were taken for names which they are not, letter for letter.
    pub guesses: Vec<(String, Thing)>,
    /// Words of which nothing is known: the answer leaves them out.
    pub left_out: Vec<String>,
    /// Whether it is what was proposed before, and somebody agreed.
    pub is_agreed: bool,
}

impl Asked {
    /// Of this and no doubt about it.
    fn plain(intent: Intent) -> Self {
        Self {
            intent,
            guesses: Vec::new(),
            left_out: Vec::new(),
            is_agreed: false,
        }
    }
}

impl From<Asked> for Reading {
    fn from(asked: Asked) -> Self {
        Self::Asked(Box::new(asked))
    }
}

/// Reads a question.
pub fn read(text: &str, conversation: &Conversation, names: &impl Names, clock: Clock) -> Reading {
    if text.len() < ANSWER_BYTES_MAX
        && let Some(reading) = answered(text, conversation, names, clock)
    {
        return reading;
    }
    let mut reading = read_chosen(text, conversation, names, clock, &[]);
    if let Some(asked) = titles::only_reading(text, &reading, conversation, names, clock) {
        reading = asked.into();
    }
    let meant = slips::mended(text, &reading, conversation, names, clock);
    meant.map_or(reading, Reading::DidYouMean)
}

/// What answers a question back, or agrees to what was proposed.
fn answered(
    text: &str,
    conversation: &Conversation,
    names: &impl Names,
    clock: Clock,
) -> Option<Reading> {
    if let Some(pending) = &conversation.pending
        && let Some(thing) = pending.choice(text)
    {
        let mut chosen = pending.chosen.clone();
        chosen.push((pending.term.clone(), thing));
        let before = Conversation {
            pending: None,
            ..conversation.clone()
        };
        return Some(read_chosen(
            &pending.question,
            &before,
            names,
            clock,
            &chosen,
        ));
    }
    if conversation.is_draft_thrown_away(text) {
        let was_there = true;
        return Some(Asked::plain(Intent::Fact(Fact::NoDraft { was_there })).into());
    }
    if conversation.misses_draft(text) {
        let was_there = false;
        return Some(Asked::plain(Intent::Fact(Fact::NoDraft { was_there })).into());
    }
    if is_no(text) {
        return Some(Asked::plain(Intent::Fact(Fact::Nothing)).into());
    }
    let is_submitted = matches!(conversation.proposed, Some(Intent::Submit(_)));
    let submits = is_submitted && ["submit", "submit it"].contains(&fold(text).as_str());
    // What is asked back has a number on some faces.
    let chooses = conversation.meant_so.is_some() && text.trim() == "1";
    if !(is_yes(text) || submits || chooses) {
        return None;
    }
    if let Some(meant) = &conversation.meant_so {
        return Some(read_chosen(meant, conversation, names, clock, &[]));
    }
    let intent = conversation.proposed.clone()?;
    Some(
        Asked {
            is_agreed: true,
            ..Asked::plain(intent)
        }
        .into(),
    )
}

fn read_chosen(
    text: &str,
    conversation: &Conversation,
    names: &impl Names,
    clock: Clock,
    chosen: &[(String, Thing)],
) -> Reading {
    let question = match Question::read(text) {
        Ok(question) => question,
        Err(too_long) => return Reading::TooLong(too_long),
    };
    let marked = Marked::new(&question, names, clock, &[]);
    read_marked(&marked, conversation, names, chosen)
}

fn read_marked(
    marked: &Marked,
    conversation: &Conversation,
    names: &impl Names,
    chosen: &[(String, Thing)],
) -> Reading {
    let topic = topic(marked);
    let context = build::Context {
        marked,
        conversation,
        names,
        chosen,
        guesses: Vec::new(),
        left_out: Vec::new(),
        used: Vec::new(),
    };
    match context.read(topic) {
        Ok(asked) => asked.into(),
        Err(reading) => *reading,
    }
}

/// What a question is about, before it is known of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Draft,
    Submit,
    Report,
    Act(Action),
    Would(Action),
    WouldSubmit,
    WhyFailed,
    WhyWaiting,
    Best,
    Better,
    Compare,
    Matters,
    Changed,
    Log,
    Curve,
    Cost,
    Credits,
    Checks,
    Bans,
    Runs,
    Running,
    Help,
    Status,
    Describe,
    Kind(Kind),
    Fact(About),
}

/// The first line of which every sense is there decides.
const RULES: &[(Topic, &[Sense])] = &[
    (Topic::Bans, &[Sense::Ban]),
    (Topic::WhyFailed, &[Sense::Why, Sense::Failed]),
    (Topic::WhyFailed, &[Sense::Why, Sense::Lost]),
    (Topic::WhyFailed, &[Sense::Describe, Sense::Failed]),
    (
        Topic::Fact(About::WhyCancelled),
        &[Sense::Why, Sense::Cancelled],
    ),
    (
        Topic::Fact(About::WhyCancelled),
        &[Sense::Why, Sense::Cancel],
    ),
    (Topic::WhyWaiting, &[Sense::Why, Sense::Pending]),
    (Topic::WhyWaiting, &[Sense::Why, Sense::Start]),
    (Topic::WhyWaiting, &[Sense::Why, Sense::Ran]),
    (Topic::WhyWaiting, &[Sense::Why, Sense::Running]),
    (Topic::Report, &[Sense::Report]),
    (Topic::Best, &[Sense::Highest, Sense::Cost]),
    (Topic::Best, &[Sense::Lowest, Sense::Cost]),
    (Topic::Credits, &[Sense::Credits]),
    (Topic::Checks, &[Sense::Check]),
    (Topic::Runs, &[Sense::Lost]),
    (Topic::Better, &[Sense::Better]),
    (Topic::Compare, &[Sense::Compare]),
    (Topic::Matters, &[Sense::Matters]),
    (Topic::Log, &[Sense::Log]),
    (Topic::Curve, &[Sense::Curve]),
    (Topic::Fact(About::Mean), &[Sense::Mean]),
    (Topic::Cost, &[Sense::Cost]),
    (Topic::Best, &[Sense::Best]),
    (Topic::Best, &[Sense::Worst]),
    (Topic::Best, &[Sense::Lowest]),
    (Topic::Best, &[Sense::Highest]),
    (Topic::Best, &[Sense::Top]),
    (Topic::Best, &[Sense::Rank]),
    (Topic::Fact(About::Problems), &[Sense::Problem]),
    (Topic::Runs, &[Sense::Failed]),
    (Topic::Running, &[Sense::Running]),
    (Topic::Changed, &[Sense::Changed]),
    (Topic::Runs, &[Sense::Left]),
    (Topic::Runs, &[Sense::Pending]),
    (Topic::Runs, &[Sense::Completed]),
    (Topic::Runs, &[Sense::Cancelled]),
    (Topic::Runs, &[Sense::Where]),
    (Topic::Fact(About::Config), &[Sense::Config]),
    (Topic::Fact(About::Seeds), &[Sense::Seed]),
    (Topic::Fact(About::When(Timing::Took)), &[Sense::Duration]),
    (Topic::Help, &[Sense::Help]),
    (Topic::Status, &[Sense::Status]),
    (Topic::Describe, &[Sense::Describe]),
    (Topic::Runs, &[Sense::Ran]),
    (Topic::Runs, &[Sense::Kind(Kind::Run)]),
    (
        Topic::Kind(Kind::Experiment),
        &[Sense::Kind(Kind::Experiment)],
    ),
    (Topic::Kind(Kind::Worker), &[Sense::Kind(Kind::Worker)]),
    (Topic::Kind(Kind::Template), &[Sense::Kind(Kind::Template)]),
    (Topic::Kind(Kind::Model), &[Sense::Kind(Kind::Model)]),
    (
        Topic::Kind(Kind::Parameter),
        &[Sense::Kind(Kind::Parameter)],
    ),
    (Topic::Kind(Kind::Metric), &[Sense::Kind(Kind::Metric)]),
    (Topic::Kind(Kind::Person), &[Sense::Kind(Kind::Person)]),
];

/// Orders stand at the beginning of a sentence: "stop alpha" is one, "when did alpha stop" is none.
const ORDERS: &[(Topic, Sense)] = &[
    (Topic::Draft, Sense::Draft),
    (Topic::Submit, Sense::Submit),
    (Topic::Act(Action::Cancel), Sense::Cancel),
    (Topic::Act(Action::Retry), Sense::Retry),
    (Topic::Act(Action::Start), Sense::Start),
];

fn topic(marked: &Marked) -> Option<Topic> {
    if let Some(topic) = orders::asked_about(marked) {
        return Some(topic);
    }
    if let Some(about) = about::about(marked) {
        return Some(Topic::Fact(about));
    }
    if about::is_greeting(marked) {
        return Some(Topic::Help);
    }
    let first = marked.first_sense();
    let order = ORDERS.iter().find(|(_, sense)| first == Some(*sense));
    if let Some((topic, _)) = order {
        return Some(*topic);
    }
    let rule = RULES
        .iter()
        .find(|(_, senses)| senses.iter().all(|sense| marked.has(*sense)));
    rule.map(|(topic, _)| *topic)
}

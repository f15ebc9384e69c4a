//! Answers without a language model: what was asked, read from the hub; in one sentence first, then in detail.
//!
//! Every number names the page that shows it. What programs wrote is quoted and nothing else; a change is
//! said, never made: who asked calls its tool.

mod across;
mod again;
mod changes;
mod chosen;
mod drafts;
mod economy;
mod elsewhere;
mod estimates;
mod fact;
mod goals;
mod groups;
mod listed;
mod matters;
mod measured;
mod orders;
mod owned;
mod standing;
mod subjects;
mod times;
mod timing;
mod unasked;
mod unread;
mod work;
mod written;

use cupola_domain::{
    ids::{ExperimentId, RunId},
    text::excerpt,
    time::Timestamp,
};
use cupola_hub::{Hub, HubError};
use cupola_report::{Report, markdown};
use serde_json::{Map, Value, json};

use crate::{
    conversation::Conversation,
    fact::Fact,
    grammar::{self, Asked, Reading},
    index::{HubNames, Index, run_thing},
    intent::Intent,
    names::{Key, Thing},
    period::Clock,
    suggest,
    tools::{Caller, DATA_NOTE, Refused},
};

/// How a change is made that was proposed and agreed to.
const CONFIRMING: &str = "Words alone change nothing: press the button under the answer, or ask `cupola ask --yes yes` in the same terminal.";

/// What became of a question, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// It was answered, or what it asks for is proposed.
    #[default]
    Answered,
    /// It could mean several things, or names something that there is not.
    AskedBack,
    /// It was not understood, or could not be read.
    NotUnderstood,
    /// A change that is not proposed, or something that cannot be told.
    Refused,
}

impl Outcome {
    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::AskedBack => "asked_back",
            Self::NotUnderstood => "not_understood",
            Self::Refused => "refused",
        }
    }
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// What became of the question.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub text: String,
    /// More of it, a line each.
    pub detail: Vec<String>,
    /// Every number in it.
    pub numbers: Vec<Number>,
    /// The pages that show it.
    pub links: Vec<Link>,
    /// A small chart.
    pub chart: Option<Chart>,
    /// What programs wrote, line by line.
    pub quoted: Vec<String>,
    /// A report that was asked for.
    pub report: Option<Report>,
    /// What can be asked next.
    pub suggestions: Vec<String>,
    /// What it could have meant, where it is not known; an answer chooses one.
    pub asks_back: Vec<String>,
    /// What happens once it is confirmed.
    pub change: Option<Change>,
    /// The run that it shows, to which a later "it" leads.
    pub shown: Option<Thing>,
    /// What it tells one by one, to which a later "the second one" leads.
    pub listed: Vec<Thing>,
}

/// A number with where it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what; empty for none.
    pub unit: String,
    /// The page that shows it.
    pub source: String,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it shows.
    pub title: String,
    /// Its address.
    pub href: String,
}

/// A curve to be drawn small.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub metric: String,
    /// The page that shows all of it.
    pub source: String,
    /// Steps and values.
    pub points: Vec<(i64, f64)>,
}

/// A change that waits to be confirmed: a call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The tool.
    pub tool: &'static str,
    /// Its arguments.
    pub arguments: Map<String, Value>,
}

/// All that an answer is made with.
struct Desk<'a> {
    hub: &'a Hub,
    index: &'a Index,
    names: HubNames<'a>,
    caller: &'a Caller,
    now: Timestamp,
}

/// Answers a question, and notes in the conversation what was talked about.
pub fn ask(
    hub: &Hub,
    index: &Index,
    caller: &Caller,
    conversation: &mut Conversation,
    (question, offset_minutes): (&str, i32),
) -> Result<Answer, HubError> {
    let now = hub.now();
    let clock = Clock {
        now,
        offset_minutes,
    };
    let mut names = index.names(hub)?;
    let mut reading = grammar::read(question, conversation, &names, clock);
    if !matches!(reading, Reading::Asked(_) | Reading::TooLong(_)) && index.is_outdated(hub)? {
        names = index.names_anew(hub)?;
        reading = grammar::read(question, conversation, &names, clock);
    }
    let desk = Desk {
        hub,
        index,
        names,
        caller,
        now,
    };
    let mut answer = match &mut reading {
        Reading::Asked(asked) => desk.answered(asked, conversation)?,
        reading => unasked::not_asked(reading),
    };
    suggest::once(&mut answer.suggestions, question);
    conversation.note(question, &reading, answer.shown.take());
    let proposed = match reading {
        Reading::Asked(asked) if answer.change.is_some() => Some(asked.intent),
        _ => None,
    };
    conversation.keep(std::mem::take(&mut answer.listed), proposed);
    Ok(answer)
}

impl Desk<'_> {
    /// What is answered to a question that was understood, with all that is to be told beside it.
    fn answered(&self, asked: &mut Asked, conversation: &Conversation) -> Result<Answer, HubError> {
        let told = self.settled(&mut asked.intent);
        let mut answer = match self.answer(&asked.intent) {
            Ok(answer) => answer,
            Err(HubError::Unavailable(message)) => return Err(HubError::Unavailable(message)),
            Err(HubError::Internal(error)) => return Err(HubError::Internal(error)),
            Err(error) => Answer::refused(format!("That cannot be answered: {error}.")),
        };
        for (term, thing) in &asked.guesses {
            let line = format!(
                "I read {} as the {} {}.",
                quoted(term),
                thing.kind(),
                quoted(&thing.name)
            );
            answer.detail.push(line);
        }
        if !asked.left_out.is_empty() {
            let words: Vec<_> = asked.left_out.iter().map(|word| quoted(word)).collect();
            let line = format!("Left out, since I do not know it: {}.", words.join(", "));
            answer.detail.insert(0, line);
        }
        if asked.is_agreed && answer.change.is_some() {
            answer.detail.insert(0, CONFIRMING.to_owned());
        }
        answer.detail.splice(0..0, told);
        if answer.suggestions.is_empty() {
            answer.suggestions = suggest::after(&asked.intent, answer.shown.as_ref());
        }
        let is_gone = matches!(asked.intent, Intent::Fact(Fact::NoDraft { .. }));
        if asked.intent.draft().is_none() && !is_gone && self.has_draft(conversation) {
            suggest::offer_draft(&mut answer.suggestions);
        }
        Ok(answer)
    }

    /// A draft that was given another template has what that has, in this answer and the next ones; what is to be
    /// run again is a draft of the same.
    fn settled(&self, intent: &mut Intent) -> Vec<String> {
        match intent {
            Intent::Draft(wish) => self.settle(wish),
            Intent::Fact(Fact::Again { of }) => {
                // Where there is none, it is said why.
                let Ok(Some(wish)) = self.like(of) else {
                    return Vec::new();
                };
                let told = format!(
                    "It is as {}: the same template, space, sampler and study seed. Say what should be other.",
                    quoted(&of.name)
                );
                *intent = Intent::Draft(wish);
                vec![told]
            }
            _ => Vec::new(),
        }
    }

    /// Whether there is a draft that can be shown.
    fn has_draft(&self, conversation: &Conversation) -> bool {
        let wish = conversation.wish.as_ref();
        let template = wish.and_then(|wish| wish.template.as_deref());
        wish.zip(template)
            .is_some_and(|(wish, template)| !wish.goal.is_empty() && self.is_valid(wish, template))
    }

    fn answer(&self, intent: &Intent) -> Result<Answer, HubError> {
        match intent {
            Intent::Best {
                of,
                by,
                rank,
                count,
            } => self.best(of.as_ref(), by, *rank, *count),
            Intent::Compare { these } => self.compared(these, false),
            Intent::CompareBest { of, count } => self.best_compared(of, *count),
            Intent::IsBetter { a, b } => self.compared(&[a.clone(), b.clone()], true),
            Intent::WhatMatters { of, parameters } => self.matters(of, parameters),
            Intent::WhyFailed { of } => self.why_failed(of),
            Intent::WhyWaiting { of } => self.why_waiting(of),
            Intent::Running { of } => self.running(of.as_ref()),
            Intent::Cost {
                of,
                within,
                what,
                is_own,
            } => {
                let own = is_own.then(|| {
                    Thing::new(
                        Key::Person(self.caller.owner.clone()),
                        self.caller.owner.as_str(),
                    )
                });
                self.cost(of.as_ref().or(own.as_ref()), within.as_ref(), *what)
            }
            Intent::Credits {
                of: None,
                is_own: true,
            } => self.credits_of(&self.caller.owner),
            Intent::Credits { of, .. } => self.credits(of.as_ref()),
            Intent::Checks { of } => self.checks(of.as_ref()),
            Intent::Bans { of } => self.bans(of.as_ref()),
            Intent::WhatChanged { of, within } => self.changed(of.as_ref(), within.as_ref()),
            Intent::ShowLog { of } => self.log(of),
            Intent::ShowCurve { of, metrics } => self.curve(of, metrics),
            Intent::ListRuns(wanted) => self.runs(wanted),
            Intent::List { kind } => self.list(*kind),
            Intent::Workers => self.workers(),
            Intent::Describe { what } => self.described(what),
            Intent::Overview => self.overview(),
            Intent::Draft(wish) => self.drafted(wish),
            Intent::Submit(wish) => self.submission(wish),
            Intent::Report { on, with } => self.reported(on, with),
            Intent::Act { action, on, runs } => self.acted(*action, on, *runs),
            Intent::WouldAct { action, on } => self.would(*action, on.as_ref()),
            Intent::Fact(fact) => self.fact(fact),
            Intent::Help => Ok(unasked::help()),
        }
    }

    /// An experiment as it is called in answers.
    fn called(&self, id: ExperimentId, name: &str) -> String {
        quoted(&self.names.called(id, name))
    }
}

impl Answer {
    fn saying(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    fn refused(text: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Refused,
            ..Self::saying(text)
        }
    }

    fn more(mut self, line: impl Into<String>) -> Self {
        self.detail.push(line.into());
        self
    }

    fn number(mut self, name: impl Into<String>, value: f64, unit: &str, source: &str) -> Self {
        self.numbers.push(Number {
            name: name.into(),
            value,
            unit: unit.to_owned(),
            source: source.to_owned(),
        });
        self
    }

    fn count(self, name: impl Into<String>, count: u64, source: &str) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "nothing here is counted so far")]
        self.number(name, count as f64, "", source)
    }

    fn link(mut self, title: impl Into<String>, href: impl Into<String>) -> Self {
        self.links.push(Link {
            title: title.into(),
            href: href.into(),
        });
        self
    }

    fn showing(mut self, run: RunId) -> Self {
        self.shown = Some(run_thing(run));
        self
    }

    fn listing(mut self, thing: Thing) -> Self {
        self.listed.push(thing);
        self
    }

    /// As programs read it.
    pub fn to_json(&self) -> Value {
        let numbers: Vec<Value> = self
            .numbers
            .iter()
            .map(|number| {
                let value = cupola_domain::metric::number_json(number.value);
                json!({"name": number.name, "value": value, "unit": number.unit, "source": number.source})
            })
            .collect();
        let links: Vec<Value> = self
            .links
            .iter()
            .map(|link| json!({"title": link.title, "href": link.href}))
            .collect();
        let chart = self.chart.as_ref().map(|chart| {
            let points: Vec<Value> = chart
                .points
                .iter()
                .map(|(step, value)| json!([step, cupola_domain::metric::number_json(*value)]))
                .collect();
            json!({"metric": chart.metric, "source": chart.source, "points": points})
        });
        let quoted =
            (!self.quoted.is_empty()).then(|| json!({"data": self.quoted, "note": DATA_NOTE}));
        let change = self
            .change
            .as_ref()
            .map(|change| json!({"tool": change.tool, "arguments": change.arguments}));
        json!({
            "outcome": self.outcome.as_str(),
            "answer": self.text,
            "detail": self.detail,
            "numbers": numbers,
            "links": links,
            "chart": chart,
            "quoted": quoted,
            "report": self.report.as_ref().map(|report| markdown(report, "")),
            "suggestions": self.suggestions,
            "asks_back": self.asks_back,
            "change": change,
        })
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Self::refused(format!("That cannot be done: {refused}."))
    }
}

/// A name in a sentence, on one line and not too long.
fn quoted(name: &str) -> String {
    format!("`{}`", excerpt(name))
}

//! `/assistant`: questions in plain words, answers with their numbers, changes that are made once they are
//! confirmed.

mod present;
mod routes;

use askama::Template;

use crate::ui::{
    components::{Link, Scatter},
    frame::Frame,
    reports::Document,
};

pub(super) use present::index;
pub(crate) use routes::routes;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "assistant/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// What was asked and answered, in order.
    pub turns: Vec<TurnView>,
    /// What can be asked by whoever does not know what to ask.
    pub examples: Vec<String>,
    /// Whether a language model answers.
    pub model_note: String,
    /// Where answers are heard while they are made; empty where they are there at once.
    pub stream: &'static str,
    /// What stands in the field.
    pub asked: String,
    /// What is wrong with that; empty where nothing is.
    pub error: String,
}

/// A question with its answer.
#[derive(Debug, Clone)]
pub struct TurnView {
    /// Counts them.
    pub number: u64,
    /// As it was asked.
    pub question: String,
    /// The answer in a sentence.
    pub text: String,
    /// More of it.
    pub detail: Vec<String>,
    /// A curve.
    pub plot: Option<Scatter>,
    /// What programs wrote; empty for nothing.
    pub quoted: String,
    /// A report that was asked for.
    pub report: Option<Document>,
    /// Every number in it.
    pub numbers: Vec<NumberView>,
    /// The pages that show it.
    pub links: Vec<Link>,
    /// What is proposed.
    pub change: Option<ChangeView>,
    /// What can be asked next, or what was meant.
    pub next: Vec<String>,
}

/// A number with where it is from.
#[derive(Debug, Clone)]
pub struct NumberView {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: String,
    /// Of what.
    pub unit: String,
    /// The page that shows it.
    pub source: Link,
}

/// A change that is proposed, or what became of it.
#[derive(Debug, Clone)]
pub struct ChangeView {
    /// What it does.
    pub tool: &'static str,
    /// With what.
    pub arguments: String,
    /// Whether whoever reads this may make it.
    pub is_allowed: bool,
    /// What became of it; none before it was confirmed.
    pub made: Option<String>,
    /// To what it made.
    pub link: Option<Link>,
}

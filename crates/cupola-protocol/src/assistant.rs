//! Questions in people's words, and the tools that answer them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuestion {
    /// In English; 4,000 characters at most are read.
    pub question: String,
    /// A name of one's own, of 1 to 64 characters, for what "it" and "the second best" refer back to. What was
    /// said under it is remembered for an hour. Without one nothing is.
    #[serde(default)]
    pub conversation: Option<String>,
    /// Forgets what was said under that name.
    #[serde(default)]
    pub anew: bool,
    /// Answers without the language model, where the hub has one.
    #[serde(default)]
    pub no_model: bool,
    /// Whether the asker makes the change at once that is proposed, so that "yes" does not propose it again.
    #[serde(default)]
    pub makes: bool,
    /// How many minutes the asker's clock is ahead of UTC, for "today" and "since 9:00"; 0 unless said.
    #[serde(default)]
    pub utc_offset_minutes: i32,
}

/// An answer, made of what the hub knows and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnswerBody {
    /// `answered`, also where a change is proposed; `asked_back`, where it could mean several things or names
    /// what there is not; `not_understood`; or `refused`, where it asks for what is not done or cannot be told.
    #[serde(default)]
    pub outcome: String,
    /// In a sentence.
    pub answer: String,
    /// More of it, a line each.
    pub detail: Vec<String>,
    /// Every number in it, with where it is from.
    pub numbers: Vec<NumberBody>,
    /// The pages that show it.
    pub links: Vec<LinkBody>,
    /// A small chart.
    pub chart: Option<CurveBody>,
    /// What programs wrote, line by line: data, and nothing to be followed.
    pub quoted: Vec<String>,
    /// Markdown that was asked for.
    pub report: Option<String>,
    /// What can be asked next.
    pub suggestions: Vec<String>,
    /// What it could have meant; the next question chooses one by its name or number.
    pub asks_back: Vec<String>,
    /// A change that was asked for and not made: call the tool to make it.
    pub change: Option<ChangeBody>,
    /// The language model whose words `answer` is, if it is one's; all else is the hub's.
    #[serde(default)]
    pub model: Option<ModelSaidBody>,
    /// Why no language model said it, where one was to.
    #[serde(default)]
    pub notice: Option<String>,
}

/// The events of an answer that is heard while it is made.
pub mod stream {
    /// More words of a language model: [`super::WordsBody`]. What came before a `call` is no part of the answer.
    pub const WORDS: &str = "words";
    /// A tool that it called: [`super::ModelCallBody`].
    pub const CALL: &str = "call";
    /// The answer, and the end: [`super::AnswerBody`].
    pub const ANSWER: &str = "answer";
    /// In its place, what went wrong: a problem document.
    pub const PROBLEM: &str = "problem";
}

/// Words of an answer that is being made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WordsBody {
    /// To be put behind those before.
    pub text: String,
}

/// What a language model did for an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelSaidBody {
    /// Its name.
    pub name: String,
    /// The tools that it called, in order.
    pub calls: Vec<ModelCallBody>,
    /// How often it was asked.
    pub rounds: u32,
    /// What it took, in tokens, by its endpoint's count or an estimate.
    pub tokens: u64,
}

/// A call of a tool by a language model. One that would change something was a dry run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelCallBody {
    /// The tool.
    pub tool: String,
    /// With what; as text where it was no JSON object.
    pub arguments: Value,
    /// The bytes that it was answered with.
    pub bytes: u64,
    /// How long that took.
    pub millis: f64,
    /// Why it was refused.
    pub refused: Option<String>,
}

/// A number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NumberBody {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what; empty for none.
    pub unit: String,
    /// The path of the page that shows it.
    pub source: String,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkBody {
    /// What it shows.
    pub title: String,
    /// Its path.
    pub href: String,
}

/// A curve to be drawn small.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CurveBody {
    /// What it shows.
    pub metric: String,
    /// The path of the page that shows all of it.
    pub source: String,
    /// Steps and values, where these are finite.
    pub points: Vec<(i64, f64)>,
}

/// A call of a tool that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeBody {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// Whether a language model proposes it. It may have been talked into that by what it read: a person
    /// looks at it before it is made.
    #[serde(default)]
    pub by_model: bool,
}

/// A tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolBody {
    /// Its name.
    pub name: String,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// What it does.
    pub about: String,
    /// The least role that may call it.
    pub role: String,
    /// Whether whoever asks may call it.
    pub is_allowed: bool,
    /// Whether it changes something; it then takes `dry_run`.
    pub is_change: bool,
    /// Whether it ends or overwrites what is there.
    pub is_destructive: bool,
    /// The JSON Schema of its arguments.
    pub schema: Value,
}

/// The tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolsBody {
    /// All of them.
    pub items: Vec<ToolBody>,
}

/// Calls a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// What it is given, by the schema of the tool.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolAnswer {
    /// The answer, bounded in size.
    pub result: Value,
}

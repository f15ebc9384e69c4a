//! Which runs are wanted and in which order: a small typed language, read into data and never evaluated.
//!
//! `state = completed and params.lr < 0.01 and not tags.note ~ "bad"` is a [`Filter`];
//! `metrics.loss, created desc` are [`Order`]s. Both print themselves so that they read back as equal.
//!
//! A comparison with a value that a run does not have is false, whatever the comparison; `not` is
//! plain negation. NaN is a value that equals nothing, is neither below nor above anything, and is
//! sorted last like a missing one.

mod date;
mod evaluate;
mod field;
mod parse;
mod pattern;
mod print;
#[cfg(test)]
mod tests;
pub(crate) mod tokens;

use std::fmt;

pub use evaluate::Found;
pub use field::{Attribute, Field, Kind, Statistic};
pub use pattern::Pattern;
pub use tokens::quoted;

/// Bytes of a text that is read.
pub const TEXT_BYTES_MAX: usize = 16_384;

/// How deep parentheses and `not` may stand within each other.
pub const DEPTH_MAX: usize = 32;

/// How many comparisons one filter has at most.
pub const COMPARISONS_MAX: usize = 100;

/// How many values the lists of one filter have at most, taken together.
pub const VALUES_MAX: usize = 1_000;

/// By how many fields runs are sorted at most.
pub const ORDERS_MAX: usize = 4;

/// How many fields a list of them has at most.
pub const FIELDS_MAX: usize = 50;

/// What a run must satisfy.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every one of them.
    And(Vec<Filter>),
    /// At least one of them.
    Or(Vec<Filter>),
    /// Not this one.
    Not(Box<Filter>),
    /// One comparison.
    Compare(Comparison),
}

/// A field and what it must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Of a run.
    pub field: Field,
    /// What is asked of its value.
    pub test: Test,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It stands so to another one.
    Is(Relation, Literal),
    /// It is one of these.
    In(Vec<Literal>),
    /// The text occurs in it, whatever the case of ASCII letters.
    Contains(String),
    /// It begins as this says. Only filters of jobs have it: a store cannot ask so.
    Matches(Pattern),
    /// It has this form: `%` stands for any text, `_` for one character.
    Like {
        /// The form.
        pattern: String,
        /// Whether the case of ASCII letters counts.
        ignores_case: bool,
    },
    /// The run has no such value.
    Missing,
}

/// How two values stand to each other. Texts compare by their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A value to compare with. Times are numbers: milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
}

/// A field that runs are sorted by. Those without a value come last, both ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Of a run. Parameters that are numbers come before those that are not, both ways.
    pub field: Field,
    /// The largest first.
    pub is_descending: bool,
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct FilterError {
    /// The character, counted from 1.
    pub column: usize,
    /// Names what stands there and what to write instead.
    pub message: String,
}

/// What is searched: which names and states it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The runs of a hub.
    Runs,
    /// The jobs of a workspace.
    Jobs,
}

impl Filter {
    /// Reads a filter; a text of blanks is none.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        parse::filter(text, Subject::Runs)
    }

    /// Reads a filter of a workspace's jobs. There a name that is no attribute is a tag's, `task` is
    /// the name of what a job does, its state may be said as finely as schedulers do (`done`, `error`,
    /// `waiting`, `ready`, `scheduled` and so on), and `~` takes a regular expression.
    pub fn parse_jobs(text: &str) -> Result<Option<Self>, FilterError> {
        parse::filter(text, Subject::Jobs)
    }
}

impl Order {
    /// Reads a list of orders, separated by commas; a text of blanks is an empty one.
    pub fn parse(text: &str) -> Result<Vec<Self>, FilterError> {
        parse::orders(text)
    }

    /// The orders as one text.
    pub fn text(orders: &[Self]) -> String {
        let texts: Vec<_> = orders.iter().map(ToString::to_string).collect();
        texts.join(", ")
    }
}

impl Field {
    /// Reads a list of fields, separated by commas; a text of blanks is an empty one.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, FilterError> {
        parse::fields(text)
    }

    /// The fields as one text.
    pub fn list_text(fields: &[Self]) -> String {
        let texts: Vec<_> = fields.iter().map(ToString::to_string).collect();
        texts.join(", ")
    }
}

impl Comparison {
    /// Puts a field beside what is asked of it, if that can be asked of it.
    pub fn new(field: Field, test: Test) -> Result<Self, String> {
        let test = match test {
            Test::Is(relation, value) => Test::Is(relation, field.typed(value)?),
            Test::In(values) => {
                let typed = values.into_iter().map(|value| field.typed(value));
                Test::In(typed.collect::<Result<_, _>>()?)
            }
            test => test,
        };
        Self::fitting(field, test)
    }

    /// The same where the values are already as the field has them.
    fn fitting(field: Field, test: Test) -> Result<Self, String> {
        let is_refused = match (&test, field.kind()) {
            (Test::Missing | Test::In(_), _) => false,
            (Test::Is(relation, _), Kind::State) => {
                !matches!(relation, Relation::Equal | Relation::Unequal)
            }
            (Test::Is(..), _) => false,
            (Test::Contains(_) | Test::Matches(_) | Test::Like { .. }, kind) => {
                !matches!(kind, Kind::Text | Kind::Either)
            }
        };
        if is_refused {
            let known = field.kind().comparisons();
            return Err(format!("`{field}` cannot be compared so; use {known}"));
        }
        Ok(Self { field, test })
    }
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::Unequal,
        Self::Less,
        Self::AtMost,
        Self::Greater,
        Self::AtLeast,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

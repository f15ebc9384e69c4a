//! What of a run can be compared, sorted by and shown.

use std::str::FromStr;

use cupola_domain::counts::State;

use super::{Literal, date};

/// Something that a run may have a value of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// A parameter, by its key.
    Param(String),
    /// A metric, by its name.
    Metric(String, Statistic),
    /// A tag, by its key.
    Tag(String),
    /// What every run may have.
    Attribute(Attribute),
}

/// Which value of a metric's points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Of the last point.
    Last,
    /// The least finite one.
    Min,
    /// The largest finite one.
    Max,
}

/// What every run may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// Its id.
    Id,
    /// What its client called it.
    Name,
    /// One of the five words.
    State,
    /// Why it failed, in one word.
    Failure,
    /// The name of its experiment.
    Experiment,
    /// The name of its worker.
    Worker,
    /// The number of its task.
    Task,
    /// Which attempt at the task it is.
    Attempt,
    /// The seed of its task.
    Seed,
    /// When it was made.
    Created,
    /// When its program started.
    Started,
    /// When it ended.
    Finished,
    /// How long its program took, in seconds.
    Duration,
    /// What it cost, in the hub's currency.
    Cost,
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers, or texts where they are compared with a text.
    Either,
    /// Numbers.
    Number,
    /// Texts.
    Text,
    /// Points in time.
    Time,
    /// One of the five words.
    State,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 14] = [
        Self::Id,
        Self::Name,
        Self::State,
        Self::Failure,
        Self::Experiment,
        Self::Worker,
        Self::Task,
        Self::Attempt,
        Self::Seed,
        Self::Created,
        Self::Started,
        Self::Finished,
        Self::Duration,
        Self::Cost,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::State => "state",
            Self::Failure => "failure",
            Self::Experiment => "experiment",
            Self::Worker => "worker",
            Self::Task => "task",
            Self::Attempt => "attempt",
            Self::Seed => "seed",
            Self::Created => "created",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Duration => "duration",
            Self::Cost => "cost",
        }
    }

    /// What its values are.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Id | Self::Name | Self::Failure | Self::Experiment | Self::Worker => Kind::Text,
            Self::State => Kind::State,
            Self::Task | Self::Attempt | Self::Seed | Self::Duration | Self::Cost => Kind::Number,
            Self::Created | Self::Started | Self::Finished => Kind::Time,
        }
    }
}

impl FromStr for Attribute {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|attribute| attribute.as_str() == text);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join("`, `");
            format!(
                "`{text}` is not a field; write `params.…`, `metrics.…`, `tags.…` or one of `{known}`"
            )
        })
    }
}

/// What jobs have of these, and what of it they call otherwise.
const JOB_ATTRIBUTES: [(&str, Attribute); 14] = [
    ("id", Attribute::Id),
    ("name", Attribute::Name),
    ("task", Attribute::Name),
    ("state", Attribute::State),
    ("failure", Attribute::Failure),
    ("reason", Attribute::Failure),
    ("experiment", Attribute::Experiment),
    ("host", Attribute::Worker),
    ("worker", Attribute::Worker),
    ("attempt", Attribute::Attempt),
    ("created", Attribute::Created),
    ("started", Attribute::Started),
    ("finished", Attribute::Finished),
    ("duration", Attribute::Duration),
];

/// States of jobs as they may be written, and what they are called here.
const JOB_STATES: [(&str, &str); 13] = [
    ("pending", "pending"),
    ("running", "running"),
    ("completed", "completed"),
    ("done", "done"),
    ("failed", "failed"),
    ("error", "error"),
    ("cancelled", "cancelled"),
    ("unscheduled", "unscheduled"),
    ("waiting", "waiting"),
    ("ready", "ready"),
    ("scheduled", "scheduled"),
    ("transient", "transient"),
    ("phantom", "phantom"),
];

/// What `word` is of a workspace's jobs.
pub(super) fn job_attribute(word: &str) -> Result<Attribute, String> {
    let found = JOB_ATTRIBUTES.iter().find(|(name, _)| *name == word);
    found.map(|(_, attribute)| *attribute).ok_or_else(|| {
        let known = JOB_ATTRIBUTES.map(|(name, _)| name).join("`, `");
        format!("`{word}` is nothing that every job has; write a tag's name or one of `{known}`")
    })
}

/// A state of a workspace's jobs, in whatever case.
pub(super) fn job_state(word: &str) -> Result<&'static str, String> {
    let found = JOB_STATES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, state)| *state).ok_or_else(|| {
        let known = JOB_STATES.map(|(name, _)| name).join("`, `");
        format!("`{word}` is not a state; say one of `{known}`")
    })
}

impl Statistic {
    /// As it is written after a metric's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

impl Kind {
    /// What can be asked, for a message.
    pub(super) const fn comparisons(self) -> &'static str {
        match self {
            Self::Either | Self::Text => {
                "`=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `like`, `in` or `is missing`"
            }
            Self::Number | Self::Time => "`=`, `!=`, `<`, `<=`, `>`, `>=`, `in` or `is missing`",
            Self::State => "`=`, `!=` or `in`",
        }
    }
}

impl Field {
    /// What its values are.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Param(_) => Kind::Either,
            Self::Metric(..) => Kind::Number,
            Self::Tag(_) => Kind::Text,
            Self::Attribute(attribute) => attribute.kind(),
        }
    }

    /// A value to compare the field with, as the field's kind has it.
    pub(super) fn typed(&self, value: Literal) -> Result<Literal, String> {
        match (self.kind(), value) {
            (Kind::Number | Kind::Either | Kind::Time, Literal::Number(number)) => {
                finite(self, number)
            }
            (Kind::Number, Literal::Text(text)) => Err(format!(
                "`{self}` is a number and cannot be compared with the text `{text}`; write a number \
                 without quotes"
            )),
            (Kind::Either | Kind::Text, Literal::Text(text)) => Ok(Literal::Text(text)),
            (Kind::Text | Kind::State, Literal::Number(number)) => Err(format!(
                "`{self}` is a text and cannot be compared with the number {number}; put it in quotes"
            )),
            (Kind::Time, Literal::Text(text)) => {
                let millis = date::millis(&text).ok_or_else(|| {
                    format!(
                        "`{text}` is not a time; write `2026-11-20`, `2026-11-20T23:50:00Z` or \
                         milliseconds since 1970"
                    )
                })?;
                Ok(Literal::Number(millis))
            }
            (Kind::State, Literal::Text(text)) => {
                let state: State = text.to_ascii_lowercase().parse()?;
                Ok(Literal::Text(state.as_str().to_owned()))
            }
        }
    }
}

fn finite(field: &Field, number: f64) -> Result<Literal, String> {
    if number.is_finite() {
        return Ok(Literal::Number(number + 0.0));
    }
    Err(format!(
        "`{field}` cannot be compared with {number}; write a number up to 1.7e308"
    ))
}

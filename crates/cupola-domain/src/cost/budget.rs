//! Budgets of money: of what they are, and how far they are spent.

use std::str::FromStr;

use super::{Day, Money};
use crate::{
    field::FieldError,
    ids::{BriefId, BudgetId, ExperimentId},
    text::storable,
    time::Timestamp,
};

/// The parts of a budget, in per cent, at which somebody is told.
pub const LEVELS: [u8; 4] = [50, 75, 90, 100];

const NAME_CHARS_MAX: usize = 200;

/// By what costs are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Kind {
    /// All together.
    #[default]
    All,
    /// By the training model, a run's tag `model`.
    Model,
    /// By experiment.
    Experiment,
    /// By brief.
    Brief,
    /// By whoever made the experiment.
    Person,
}

/// Whose costs: of one model, one experiment, or all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Scope {
    /// By what.
    pub kind: Kind,
    /// Which one; empty for [`Kind::All`], and where a run has none.
    pub subject: String,
}

/// How long a budget lasts before it is full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Period {
    /// It is spent once.
    #[default]
    Total,
    /// A month by UTC.
    Month,
    /// A day by UTC.
    Day,
}

/// What is asked of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// For people.
    pub name: String,
    /// Of what.
    pub scope: Scope,
    /// How much.
    pub limit: Money,
    /// For how long.
    pub period: Period,
    /// Whether nothing new is started once it is spent.
    pub is_hard: bool,
}

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its name for programs.
    pub id: BudgetId,
    /// What was asked.
    pub wanted: Wanted,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The highest level that was told, and from which day on its period was counted.
    pub told: (u8, Option<Day>),
}

/// A budget as a form or a body gives it: texts, each of which may be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// Empty for one that follows from the rest.
    pub name: String,
    /// See [`Kind`]; empty for all.
    pub scope: String,
    /// See [`Scope::subject`].
    pub subject: String,
    /// How much.
    pub limit: String,
    /// See [`Period`]; empty for the whole time.
    pub period: String,
    /// See [`Wanted::is_hard`].
    pub is_hard: bool,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::Model,
        Self::Experiment,
        Self::Brief,
        Self::Person,
    ];

    /// The word in the database, in forms and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Model => "model",
            Self::Experiment => "experiment",
            Self::Brief => "brief",
            Self::Person => "person",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| {
            format!("is `{text}`; choose `all`, `model`, `experiment`, `brief` or `person`")
        })
    }
}

impl Period {
    /// Every period.
    pub const ALL: [Self; 3] = [Self::Total, Self::Month, Self::Day];

    /// The word in the database, in forms and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Month => "month",
            Self::Day => "day",
        }
    }

    /// The first day that counts today; none where all do.
    pub const fn since(self, today: Day) -> Option<Day> {
        match self {
            Self::Total => None,
            Self::Month => Some(today.month()),
            Self::Day => Some(today),
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|period| period.as_str() == text);
        found.ok_or_else(|| format!("is `{text}`; choose `total`, `month` or `day`"))
    }
}

impl Draft {
    /// Reads every field and names each that is wrong. Whether the subject is there is checked by
    /// whoever knows.
    pub fn check(&self) -> Result<Wanted, Vec<FieldError>> {
        let mut errors = Vec::new();
        let kind = read::<Kind>(&mut errors, "scope", &self.scope);
        let period = read::<Period>(&mut errors, "period", &self.period);
        let limit = self.limit.parse::<Money>().map_err(|message| {
            errors.push(FieldError::new("limit", message));
        });
        let name = storable(self.name.trim()).into_owned();
        if name.chars().count() > NAME_CHARS_MAX {
            let message = format!("is longer than {NAME_CHARS_MAX} characters; say it shorter");
            errors.push(FieldError::new("name", message));
        }
        let scope = kind.map(|kind| Scope {
            kind,
            subject: storable(self.subject.trim()).into_owned(),
        });
        if let Some(Err(error)) = scope.as_ref().map(Scope::check) {
            errors.push(error);
        }
        match (scope, period, limit) {
            (Some(scope), Some(period), Ok(limit)) if errors.is_empty() => Ok(Wanted {
                name: if name.is_empty() { scope.title() } else { name },
                scope,
                limit,
                period,
                is_hard: self.is_hard,
            }),
            _ => Err(errors),
        }
    }
}

impl Scope {
    /// Whether the subject can be one of its kind.
    fn check(&self) -> Result<(), FieldError> {
        let subject = &self.subject;
        let message = match self.kind {
            Kind::All if subject.is_empty() => return Ok(()),
            Kind::All => "is of all runs; leave it empty".to_owned(),
            _ if subject.is_empty() => {
                format!("is empty; say which {}", self.kind.as_str())
            }
            Kind::Model | Kind::Person => return Ok(()),
            Kind::Experiment => match subject.parse::<ExperimentId>() {
                Ok(_) => return Ok(()),
                Err(invalid) => invalid.to_string(),
            },
            Kind::Brief => match subject.parse::<BriefId>() {
                Ok(_) => return Ok(()),
                Err(invalid) => invalid.to_string(),
            },
        };
        Err(FieldError::new("subject", message))
    }

    fn title(&self) -> String {
        match self.kind {
            Kind::All => "All runs".to_owned(),
            kind => format!("{} {}", kind.as_str(), self.subject),
        }
    }
}

/// An empty word is the first of its kind.
fn read<T: FromStr<Err = String> + Default>(
    errors: &mut Vec<FieldError>,
    field: &str,
    text: &str,
) -> Option<T> {
    if text.trim().is_empty() {
        return Some(T::default());
    }
    let read = text.trim().parse();
    read.map_err(|message| errors.push(FieldError::new(field, message)))
        .ok()
}

/// The highest level that is reached; 0 before the first.
///
/// A budget of nothing is spent from the start.
pub fn level(limit: Money, spent: Money) -> u8 {
    let reaches = |level: &u8| {
        i128::from(spent.micros()) * 100 >= i128::from(limit.micros()) * i128::from(*level)
    };
    LEVELS.into_iter().rfind(reaches).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_reached_exactly() {
        let check = |spent: i64, expected: u8| {
            let money = Money::from_micros;
            assert_eq!(level(money(1_000), money(spent)), expected, "{spent}");
        };
        check(0, 0);
        check(499, 0);
        check(500, 50);
        check(749, 50);
        check(750, 75);
        check(900, 90);
        check(999, 90);
        check(1_000, 100);
        check(i64::MAX, 100);
        assert_eq!(level(Money::default(), Money::default()), 100);
    }

    #[test]
    fn a_period_begins_on_its_first_day() {
        let today = Day::from_number(20_777);
        assert_eq!(Period::Total.since(today), None);
        assert_eq!(Period::Day.since(today), Some(today));
        assert_eq!(
            Period::Month.since(today).unwrap().to_string(),
            "2026-11-01"
        );
    }

    fn check(change: impl FnOnce(&mut Draft), wrong: &[&str]) {
        let mut draft = Draft {
            limit: "20".to_owned(),
            ..Draft::default()
        };
        change(&mut draft);
        let fields: Vec<_> = match draft.check() {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        };
        assert_eq!(fields, wrong, "{draft:?}");
    }

    #[test]
    fn each_wrong_field_is_named() {
        check(|_| (), &[]);
        check(|d| d.limit = "much".into(), &["limit"]);
        check(|d| d.limit = "-1".into(), &["limit"]);
        check(|d| d.scope = "team".into(), &["scope"]);
        check(|d| d.period = "year".into(), &["period"]);
        check(|d| d.name = "x".repeat(201), &["name"]);
        check(|d| d.subject = "x".into(), &["subject"]);
        check(|d| d.scope = "model".into(), &["subject"]);
        check(
            |d| (d.scope, d.subject) = ("experiment".into(), "7".into()),
            &["subject"],
        );
    }

    #[test]
    fn a_budget_without_a_name_is_called_by_what_it_is_of() {
        let draft = Draft {
            scope: "model".to_owned(),
            subject: "majora".to_owned(),
            limit: "1".to_owned(),
            ..Draft::default()
        };
        assert_eq!(draft.check().unwrap().name, "model majora");
    }
}

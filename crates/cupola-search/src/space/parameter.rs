//! One named parameter: its values, and when it exists.

use serde_json::Value;

use crate::{
    Config,
    numbers::{integer, same},
    space::domain::{Domain, Levels},
};

/// One named parameter of a space.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The key in a configuration.
    pub name: String,
    /// The values that it may take.
    pub domain: Domain,
    /// When it exists; always, when nothing is said.
    pub when: Option<Condition>,
    /// An earlier parameter that must divide this one. Says nothing while that one does not exist.
    pub divisible_by: Option<String>,
}

/// A parameter exists only while an earlier one has one of these values.
///
/// While the earlier one does not exist itself, neither does this.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The earlier parameter.
    pub field: String,
    /// The values of it that let this one exist.
    pub one_of: Vec<Value>,
}

impl Parameter {
    /// A parameter that always exists.
    pub fn new(name: impl Into<String>, domain: Domain) -> Self {
        Self {
            name: name.into(),
            domain,
            when: None,
            divisible_by: None,
        }
    }

    /// The same parameter, existing only while `field` has one of these values.
    #[must_use]
    pub fn when(mut self, field: impl Into<String>, one_of: Vec<Value>) -> Self {
        self.when = Some(Condition {
            field: field.into(),
            one_of,
        });
        self
    }

    /// The same parameter, restricted to multiples of `field`.
    #[must_use]
    pub fn divisible_by(mut self, field: impl Into<String>) -> Self {
        self.divisible_by = Some(field.into());
        self
    }

    /// Whether the parameter exists beside the earlier values in `config`.
    pub fn exists_in(&self, config: &Config) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds_in(config))
    }

    /// The number in `config` that has to divide this parameter.
    pub(crate) fn divisor_in(&self, config: &Config) -> Option<i64> {
        let field = self.divisible_by.as_ref()?;
        config.get(field).and_then(integer).filter(|n| *n > 0)
    }

    /// The values open to it beside the earlier ones in `config`; a range becomes `points` values.
    pub(crate) fn grid_levels(&self, config: &Config, points: u64) -> Levels<'_> {
        self.domain.grid_levels(self.divisor_in(config), points)
    }

    /// The earlier parameters that this one looks at.
    pub(crate) fn depends_on(&self) -> impl Iterator<Item = &str> {
        let condition = self.when.iter().map(|when| when.field.as_str());
        condition.chain(self.divisible_by.as_deref())
    }
}

impl Condition {
    /// Whether `config` lets the dependent parameter exist.
    pub fn holds_in(&self, config: &Config) -> bool {
        config
            .get(&self.field)
            .is_some_and(|value| self.one_of.iter().any(|v| same(v, value)))
    }
}

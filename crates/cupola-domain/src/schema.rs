//! What a template can be configured with, and whether a configuration fits.
//!
//! A [`Schema`] is read from a template's manifest or from Athanor's JSON ([`athanor`]), and served
//! in that form and as standard JSON Schema ([`json_schema`]).

pub mod athanor;
mod check;
pub mod definition;
mod format;
pub mod json_schema;
mod laws;

use serde_json::Value;

use crate::{field::FieldError, task::Config, text::excerpt};

/// The fields of a template, in the order in which a form shows them. One without fields is open: it
/// takes any configuration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    /// In order.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its key in the configuration.
    pub name: String,
    /// What a form calls it.
    pub label: String,
    /// What it is for, its unit included.
    pub description: String,
    /// Whether a configuration without it is refused. A field with a default never is missing, and
    /// neither is a group: what it lacks is missing field by field.
    pub required: bool,
    /// What stands there when nobody says anything.
    pub default: Option<Value>,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// Text.
    Text {
        /// How a form asks for it, and what it must look like.
        format: TextFormat,
        /// So many characters at least.
        min_length: Option<u32>,
        /// So many characters at most.
        max_length: Option<u32>,
        /// If there are any, one of these.
        options: Vec<String>,
    },
    /// A whole number.
    Integer {
        /// Least allowed.
        min: Option<i64>,
        /// Largest allowed.
        max: Option<i64>,
        /// How far a form's control goes at a time. Values between the steps are allowed.
        step: Option<i64>,
    },
    /// Any finite number.
    Number {
        /// Least allowed.
        min: Option<f64>,
        /// Largest allowed.
        max: Option<f64>,
        /// How far a form's control goes at a time. Values between the steps are allowed: which
        /// ones lie on a step is not exact in binary fractions.
        step: Option<f64>,
    },
    /// Yes or no.
    Boolean,
    /// One of a few.
    Enum {
        /// What may be chosen.
        options: Vec<Value>,
    },
    /// Several of the same.
    List {
        /// What each holds; most often a group.
        item: Box<FieldKind>,
        /// So many at least.
        min_items: Option<u32>,
        /// So many at most.
        max_items: Option<u32>,
    },
    /// Fields that belong together.
    Group {
        /// In order.
        fields: Schema,
    },
}

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextFormat {
    /// One line.
    #[default]
    Plain,
    /// Several lines.
    Area,
    /// An address like `name@example.org`.
    Email,
    /// An address like `https://example.org/path`.
    Url,
}

impl Schema {
    /// `config` with the defaults filled in, or everything that is wrong with it. Fields that the
    /// schema does not know are refused by name: they are most often misspelt.
    pub fn complete(&self, config: &Config) -> Result<Config, Vec<FieldError>> {
        if self.fields.is_empty() {
            return Ok(config.clone());
        }
        let mut completed = Config::new();
        let mut errors = Vec::new();
        for field in &self.fields {
            match field.value_in(config) {
                Ok(Some(value)) => {
                    completed.insert(field.name.clone(), value);
                }
                Ok(None) => {}
                Err(found) => errors.extend(found),
            }
        }
        let unknown = config.keys().filter(|key| self.field(key).is_none());
        errors.extend(unknown.map(|key| FieldError::new(excerpt(key), self.unknown_message())));
        if errors.is_empty() {
            Ok(completed)
        } else {
            Err(errors)
        }
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Everything that makes this no schema: names that do not fit or stand twice, bounds that cross,
    /// defaults that are not allowed. Where a field is in it is named by its fields' names.
    pub fn flaws(&self) -> Vec<FieldError> {
        laws::flaws(self)
    }

    fn unknown_message(&self) -> String {
        const NAMES_SHOWN: usize = 30;
        let names = self.fields.iter().map(|field| format!("`{}`", field.name));
        let shown: Vec<_> = names.take(NAMES_SHOWN).collect();
        let more = match self.fields.len().saturating_sub(NAMES_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown = shown.join(", ");
        format!("is not a field of this template; there are {shown}{more}")
    }
}

impl Field {
    /// A field that may be left out, called by its name.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        let name = name.into();
        Self {
            label: name.clone(),
            name,
            description: String::new(),
            required: false,
            default: None,
            kind,
        }
    }

    /// The value as the program gets it, or what is wrong with it.
    pub fn check(&self, value: &Value) -> Result<Value, Vec<FieldError>> {
        let checked = self.kind.check(value);
        checked.map_err(|errors| errors.into_iter().map(|e| e.under(&self.name)).collect())
    }

    fn value_in(&self, config: &Config) -> Result<Option<Value>, Vec<FieldError>> {
        let given = config.get(&self.name).filter(|value| !value.is_null());
        match given.or(self.default.as_ref()) {
            Some(value) => self.check(value).map(Some),
            None if matches!(self.kind, FieldKind::Group { .. }) => {
                self.check(&Value::Object(Config::new())).map(Some)
            }
            None if self.required => Err(vec![FieldError::new(
                &self.name,
                "is required; give a value",
            )]),
            None => Ok(None),
        }
    }
}

impl FieldKind {
    /// One line of text without further rules.
    pub fn text() -> Self {
        FieldKind::Text {
            format: TextFormat::Plain,
            min_length: None,
            max_length: None,
            options: Vec::new(),
        }
    }

    /// Its word in manifests and pages.
    pub const fn word(&self) -> &'static str {
        match self {
            FieldKind::Text { .. } => "string",
            FieldKind::Integer { .. } => "integer",
            FieldKind::Number { .. } => "number",
            FieldKind::Boolean => "boolean",
            FieldKind::Enum { .. } => "enum",
            FieldKind::List { .. } => "list",
            FieldKind::Group { .. } => "group",
        }
    }
}

impl TextFormat {
    /// Its word in manifests, where it has one.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            TextFormat::Plain => None,
            TextFormat::Area => Some("textarea"),
            TextFormat::Email => Some("email"),
            TextFormat::Url => Some("url"),
        }
    }
}

#[cfg(test)]
mod tests;

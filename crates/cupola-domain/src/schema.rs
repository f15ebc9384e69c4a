//! What a template can be configured with, and whether a configuration fits.

use serde_json::{Number, Value};

use crate::{field::FieldError, task::Config};

/// The fields of a template, in the order in which a form shows them.
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
    /// Whether a configuration without it is refused. A field with a default never is missing.
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
        /// Whether a form gives it several lines.
        multiline: bool,
    },
    /// A whole number.
    Integer {
        /// Least allowed.
        min: Option<i64>,
        /// Largest allowed.
        max: Option<i64>,
    },
    /// Any finite number.
    Number {
        /// Least allowed.
        min: Option<f64>,
        /// Largest allowed.
        max: Option<f64>,
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
        /// Each item's fields.
        item: Schema,
    },
    /// Fields that belong together.
    Group {
        /// In order.
        fields: Schema,
    },
}

impl Schema {
    /// `config` with the defaults filled in, or everything that is wrong with it. Fields that the
    /// schema does not know are refused by name: they are most often misspelt.
    pub fn complete(&self, config: &Config) -> Result<Config, Vec<FieldError>> {
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
        errors.extend(unknown.map(|key| FieldError::new(key, self.unknown_message())));
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

    fn unknown_message(&self) -> String {
        let names: Vec<_> = self
            .fields
            .iter()
            .map(|field| format!("`{}`", field.name))
            .collect();
        format!(
            "is not a field of this template; it has {}",
            names.join(", ")
        )
    }
}

impl Field {
    fn value_in(&self, config: &Config) -> Result<Option<Value>, Vec<FieldError>> {
        match config
            .get(&self.name)
            .filter(|value| !value.is_null())
            .or(self.default.as_ref())
        {
            Some(value) => self.check(value).map(Some),
            None if self.required => Err(vec![FieldError::new(
                &self.name,
                "is required and has no default",
            )]),
            None => Ok(None),
        }
    }

    /// The value as the program gets it, or what is wrong with it.
    pub fn check(&self, value: &Value) -> Result<Value, Vec<FieldError>> {
        let refuse = |wanted: String| {
            Err(vec![FieldError::new(
                &self.name,
                format!("is {value}; {wanted}"),
            )])
        };
        match &self.kind {
            FieldKind::Text { .. } if value.is_string() => Ok(value.clone()),
            FieldKind::Text { .. } => refuse("give a text".to_owned()),
            FieldKind::Boolean if value.is_boolean() => Ok(value.clone()),
            FieldKind::Boolean => refuse("give `true` or `false`".to_owned()),
            FieldKind::Integer { min, max } => match as_integer(value) {
                Some(n) if min.is_none_or(|min| min <= n) && max.is_none_or(|max| n <= max) => {
                    Ok(n.into())
                }
                _ => refuse(format!(
                    "give a whole number{}",
                    range(min.as_ref(), max.as_ref())
                )),
            },
            FieldKind::Number { min, max } => match value.as_f64() {
                Some(x) if min.is_none_or(|min| min <= x) && max.is_none_or(|max| x <= max) => {
                    Ok(value.clone())
                }
                _ => refuse(format!(
                    "give a number{}",
                    range(min.as_ref(), max.as_ref())
                )),
            },
            FieldKind::Enum { options } => {
                if let Some(option) = options.iter().find(|option| same(option, value)) {
                    Ok(option.clone())
                } else {
                    let options: Vec<_> =
                        options.iter().map(|o| format!("`{}`", plain(o))).collect();
                    refuse(format!("choose one of {}", options.join(", ")))
                }
            }
            FieldKind::List { item } => self.check_list(item, value),
            FieldKind::Group { fields } => match value.as_object() {
                Some(group) => fields
                    .complete(group)
                    .map(Value::Object)
                    .map_err(|e| self.nest(e)),
                None => refuse("give an object".to_owned()),
            },
        }
    }

    fn check_list(&self, item: &Schema, value: &Value) -> Result<Value, Vec<FieldError>> {
        let Some(items) = value.as_array() else {
            return Err(vec![FieldError::new(
                &self.name,
                format!("is {value}; give a list"),
            )]);
        };
        let mut completed = Vec::with_capacity(items.len());
        let mut errors = Vec::new();
        for (at, entry) in items.iter().enumerate() {
            let checked = match entry.as_object() {
                Some(entry) => item.complete(entry),
                None => Err(vec![FieldError::new(
                    "",
                    format!("is {entry}; give an object"),
                )]),
            };
            match checked {
                Ok(entry) => completed.push(Value::Object(entry)),
                Err(found) => errors.extend(found.into_iter().map(|e| e.under(&at.to_string()))),
            }
        }
        if errors.is_empty() {
            Ok(Value::Array(completed))
        } else {
            Err(self.nest(errors))
        }
    }

    fn nest(&self, errors: Vec<FieldError>) -> Vec<FieldError> {
        errors
            .into_iter()
            .map(|error| error.under(&self.name))
            .collect()
    }
}

/// A whole number however it was written: `3` and `3.0` are the same.
fn as_integer(value: &Value) -> Option<i64> {
    let number: &Number = value.as_number()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and in range"
    )]
    number.as_i64().or_else(|| {
        number
            .as_f64()
            .filter(|x| x.fract() == 0.0 && x.abs() < 9e15)
            .map(|x| x as i64)
    })
}

fn same(option: &Value, value: &Value) -> bool {
    let both = option.as_f64().zip(value.as_f64());
    option == value || both.is_some_and(|(a, b)| a.total_cmp(&b).is_eq())
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn range<T: std::fmt::Display>(min: Option<&T>, max: Option<&T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" of at least {min}"),
        (None, Some(max)) => format!(" of at most {max}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field {
            name: name.to_owned(),
            label: name.to_owned(),
            description: String::new(),
            required: false,
            default: None,
            kind,
        }
    }

    fn schema() -> Schema {
        let layer = Schema {
            fields: vec![field(
                "width",
                FieldKind::Integer {
                    min: Some(1),
                    max: None,
                },
            )],
        };
        Schema {
            fields: vec![
                Field {
                    required: true,
                    ..field(
                        "lr",
                        FieldKind::Number {
                            min: Some(0.0),
                            max: Some(1.0),
                        },
                    )
                },
                Field {
                    default: Some(json!(4)),
                    ..field(
                        "heads",
                        FieldKind::Enum {
                            options: vec![json!(2), json!(4)],
                        },
                    )
                },
                field("layers", FieldKind::List { item: layer }),
            ],
        }
    }

    fn check(config: Value, expected: Value) {
        let config = config.as_object().unwrap();
        let found = match schema().complete(config) {
            Ok(completed) => Value::Object(completed),
            Err(errors) => errors
                .into_iter()
                .map(|e| e.field)
                .collect::<Vec<_>>()
                .into(),
        };
        assert_eq!(found, expected, "{config:?}");
    }

    #[test]
    fn defaults_are_filled_in() {
        check(json!({"lr": 0.1}), json!({"lr": 0.1, "heads": 4}));
    }

    #[test]
    fn every_wrong_field_is_named() {
        check(json!({}), json!(["lr"]));
        check(
            json!({"lr": 2, "heads": 3, "leyers": []}),
            json!(["lr", "heads", "leyers"]),
        );
        check(json!({"lr": "0.1"}), json!(["lr"]));
        check(
            json!({"lr": 0.1, "layers": [{"width": 1}, {"width": 0}]}),
            json!(["layers.1.width"]),
        );
    }

    #[test]
    fn whole_numbers_may_be_written_as_fractions() {
        check(
            json!({"lr": 0.1, "layers": [{"width": 3.0}]}),
            json!({"lr": 0.1, "heads": 4, "layers": [{"width": 3}]}),
        );
    }
}

//! A configuration as somebody wrote it: in fields, or as JSON.

use cupola_domain::{field::FieldError, schema::Schema, task::Config};
use serde_json::Value;

use super::{FIELDS_MAX, Filled, Op, Posted, filled::no_json};

/// The name of the configuration in a form, and of the text area that holds it as JSON.
pub(super) const NAME: &str = "config";

/// A configuration as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// In the fields of its schema.
    Fields(Filled),
    /// As JSON.
    Json(String),
}

impl Written {
    /// A form that nobody has touched.
    pub fn untouched(schema: &Schema) -> Self {
        Self::of_filled(schema, Filled::untouched(schema))
    }

    /// A form that says what `config` says; as JSON where that has more fields than a form may have.
    /// Values that the schema has no field for are left out, and named in the second part.
    pub fn of_config(schema: &Schema, config: &Config) -> (Self, Vec<String>) {
        if schema.fields.is_empty() {
            return (Self::of_object(config.clone()), Vec::new());
        }
        let mut left_out = Vec::new();
        let filled = Filled::of_config(schema, config, &mut left_out);
        (Self::of_filled(schema, filled), left_out)
    }

    /// What was sent: `config` alone for JSON, `config.…` for fields.
    pub fn read(schema: &Schema, pairs: &[(String, String)]) -> Self {
        if let Some((_, text)) = pairs.iter().find(|(name, _)| name == NAME) {
            return Written::Json(text.replace("\r\n", "\n"));
        }
        let posted = Posted::below(NAME, pairs);
        if schema.fields.is_empty() {
            let guessed = posted.guess().and_then(|value| value.as_object().cloned());
            return Self::of_object(guessed.unwrap_or_default());
        }
        Self::of_filled(schema, Filled::read(schema, &posted))
    }

    /// The configuration, and what is wrong with it as far as no schema is needed to say so. Fields
    /// are named as in the form: `config.layers.0.width`.
    pub fn config(&self, schema: &Schema) -> (Config, Vec<FieldError>) {
        let mut errors = Vec::new();
        let config = match self {
            Written::Fields(filled) => filled.config(schema, &mut errors),
            Written::Json(text) => match object(text) {
                Ok(config) => config,
                Err(message) => return (Config::new(), vec![FieldError::new(NAME, message)]),
            },
        };
        let named = errors.into_iter().map(|error| {
            let error = error.under(NAME);
            FieldError::new(error.field.trim_end_matches('.'), error.message)
        });
        (config, named.collect())
    }

    /// The same in the other form; stays as it is where something would be lost on the way.
    #[must_use]
    pub fn turned(self, schema: &Schema) -> Self {
        match &self {
            Written::Fields(filled) => {
                let mut errors = Vec::new();
                let config = filled.config(schema, &mut errors);
                if errors.is_empty() {
                    return Self::of_object(config);
                }
                self
            }
            Written::Json(text) => match object(text) {
                Ok(config) => match Self::of_config(schema, &config) {
                    (turned, left_out) if left_out.is_empty() => turned,
                    _ => self,
                },
                Err(_) => self,
            },
        }
    }

    /// Changes a list and says what should have the focus then.
    pub fn apply(&mut self, schema: &Schema, op: &Op) -> Option<String> {
        let Written::Fields(filled) = self else {
            return None;
        };
        let focus = op.apply(schema, filled);
        if filled.fields_total() > FIELDS_MAX / 2 {
            *self = self.clone().turned(schema);
            return Some(NAME.to_owned());
        }
        focus.map(|path| format!("{NAME}.{path}"))
    }

    fn of_object(config: Config) -> Self {
        Written::Json(format!("{:#}", Value::Object(config)))
    }

    /// As JSON where the schema takes anything, or there are too many fields.
    fn of_filled(schema: &Schema, filled: Filled) -> Self {
        let is_too_long = schema.fields.is_empty() || filled.fields_total() > FIELDS_MAX / 2;
        let written = Written::Fields(filled);
        if is_too_long {
            written.turned(schema)
        } else {
            written
        }
    }
}

fn object(text: &str) -> Result<Config, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(config)) => Ok(config),
        Ok(other) => {
            let other = match other {
                Value::Array(_) => "a list".to_owned(),
                other => format!("`{other}`"),
            };
            Err(format!("is {other}; give an object: `{{\"name\": value}}`"))
        }
        Err(error) => Err(no_json(&error)),
    }
}

//! What stands in a form, as text, in the shape of a schema.

use cupola_domain::{
    field::FieldError,
    schema::{Field, FieldKind, Schema},
    task::Config,
};
use serde_json::{Number, Value};

use super::Posted;

/// A list with more items than this is one text area with its JSON.
pub(super) const ITEMS_MAX: usize = 200;

/// What stands in the fields of a schema, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub(super) entries: Vec<Entry>,
}

/// What stands in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// As it was typed or chosen; empty for nothing.
    Text(String),
    /// The fields of a group.
    Group(Filled),
    /// Each item.
    List(Vec<Entry>),
    /// JSON in place of a group or a list that has no fields of its own in the form.
    Json(String),
}

impl Filled {
    /// A form that nobody has touched: the defaults.
    pub fn untouched(schema: &Schema) -> Self {
        Self {
            entries: schema.fields.iter().map(Entry::untouched).collect(),
        }
    }

    /// A form that says what `config` says. Values that the schema has no field for are left out;
    /// their names are added to `left_out`.
    pub fn of_config(schema: &Schema, config: &Config, left_out: &mut Vec<String>) -> Self {
        let entries = schema.fields.iter().map(|field| {
            let value = config.get(&field.name).filter(|value| !value.is_null());
            let mut lost = Vec::new();
            let entry = value.map_or_else(
                || Entry::untouched(field),
                |value| Entry::of_value(&field.kind, value, &mut lost),
            );
            let named = lost.iter().map(|name| format!("{}.{name}", field.name));
            left_out.extend(named);
            entry
        });
        let entries = entries.collect();
        let unknown = config.keys().filter(|name| schema.field(name).is_none());
        left_out.extend(unknown.cloned());
        Self { entries }
    }

    /// What was sent. A field that was not sent at all has its default.
    pub fn read(schema: &Schema, posted: &Posted) -> Self {
        let entry = |field: &Field| match posted.find(&field.name) {
            Some(posted) => Entry::read(&field.kind, posted),
            None => Entry::untouched(field),
        };
        Self {
            entries: schema.fields.iter().map(entry).collect(),
        }
    }

    /// The configuration that it says. What is empty and need not be there is not; what is no number
    /// stays a text, which the schema then refuses. JSON that is none is added to `errors`.
    pub fn config(&self, schema: &Schema, errors: &mut Vec<FieldError>) -> Config {
        let mut config = Config::new();
        for (field, entry) in schema.fields.iter().zip(&self.entries) {
            let mut found = Vec::new();
            if let Some(value) = entry.value(field, &mut found) {
                config.insert(field.name.clone(), value);
            }
            errors.extend(found.into_iter().map(|error| error.under(&field.name)));
        }
        config
    }

    /// How many fields a form of it has.
    pub fn fields_total(&self) -> usize {
        self.entries.iter().map(Entry::fields_total).sum()
    }
}

impl Entry {
    /// What stands in a new item.
    pub(super) fn of_item(kind: &FieldKind) -> Self {
        match kind {
            FieldKind::Boolean => Entry::Text("false".to_owned()),
            kind => Entry::empty(kind),
        }
    }

    fn empty(kind: &FieldKind) -> Self {
        match kind {
            FieldKind::Group { fields } if fields.fields.is_empty() => Entry::Json(String::new()),
            FieldKind::Group { fields } => Entry::Group(Filled::untouched(fields)),
            FieldKind::List { .. } => Entry::List(Vec::new()),
            _ => Entry::Text(String::new()),
        }
    }

    fn untouched(field: &Field) -> Self {
        match (&field.default, &field.kind) {
            (Some(default), kind) => Entry::of_value(kind, default, &mut Vec::new()),
            (None, FieldKind::Boolean) if field.required => Entry::Text("false".to_owned()),
            (None, kind) => Entry::empty(kind),
        }
    }

    fn of_value(kind: &FieldKind, value: &Value, left_out: &mut Vec<String>) -> Self {
        match (kind, value) {
            (FieldKind::Group { fields }, Value::Object(group)) if !fields.fields.is_empty() => {
                Entry::Group(Filled::of_config(fields, group, left_out))
            }
            (FieldKind::List { item, .. }, Value::Array(items)) if items.len() <= ITEMS_MAX => {
                let numbered = items.iter().enumerate();
                let entries = numbered.map(|(at, value)| {
                    let mut lost = Vec::new();
                    let entry = Entry::of_value(item, value, &mut lost);
                    left_out.extend(lost.iter().map(|name| format!("{at}.{name}")));
                    entry
                });
                Entry::List(entries.collect())
            }
            (FieldKind::List { .. }, Value::Array(items)) => Entry::Json(in_lines(items)),
            (FieldKind::Group { .. } | FieldKind::List { .. }, other) => {
                Entry::Json(format!("{other:#}"))
            }
            (_, other) => Entry::Text(plain(other)),
        }
    }

    fn read(kind: &FieldKind, posted: &Posted) -> Self {
        let text = posted.text().unwrap_or_default();
        match kind {
            FieldKind::Group { fields } if fields.fields.is_empty() => Entry::Json(text.to_owned()),
            FieldKind::Group { .. } | FieldKind::List { .. } if !text.trim().is_empty() => {
                Entry::Json(text.to_owned())
            }
            FieldKind::Group { fields } => Entry::Group(Filled::read(fields, posted)),
            FieldKind::List { item, .. } => {
                let items = posted.items().into_iter();
                let entries = items.map(|posted| Entry::read(item, posted)).collect();
                Entry::of_items(item, entries)
            }
            _ => Entry::Text(text.to_owned()),
        }
    }

    /// A list, or its JSON when it is too long for a form.
    pub(super) fn of_items(item: &FieldKind, items: Vec<Entry>) -> Self {
        if items.len() <= ITEMS_MAX {
            return Entry::List(items);
        }
        Entry::Json(in_lines(&values_of(item, &items, &mut Vec::new())))
    }

    /// What it says in a configuration; nothing where it is empty and need not be there.
    fn value(&self, field: &Field, errors: &mut Vec<FieldError>) -> Option<Value> {
        let may_be_absent = !field.required;
        match self {
            Entry::Text(text) if is_empty(&field.kind, text) => None,
            Entry::Json(text) if text.trim().is_empty() => None,
            Entry::List(items) if items.is_empty() && may_be_absent && field.default.is_none() => {
                None
            }
            _ => {
                let value = self.said(&field.kind, errors)?;
                let is_bare = value.as_object().is_some_and(Config::is_empty);
                (!is_bare || !may_be_absent).then_some(value)
            }
        }
    }

    /// What it says, empty or not; nothing where it is JSON that is none.
    fn said(&self, kind: &FieldKind, errors: &mut Vec<FieldError>) -> Option<Value> {
        match (self, kind) {
            (Entry::Json(text), _) => match serde_json::from_str(text) {
                Ok(value) => Some(value),
                Err(error) => {
                    errors.push(FieldError::new("", no_json(&error)));
                    None
                }
            },
            (Entry::Group(group), FieldKind::Group { fields }) => {
                Some(Value::Object(group.config(fields, errors)))
            }
            (Entry::List(items), FieldKind::List { item, .. }) => {
                Some(values_of(item, items, errors).into())
            }
            (Entry::Text(text), kind) => Some(scalar(kind, text)),
            (Entry::Group(_) | Entry::List(_), _) => None,
        }
    }

    fn fields_total(&self) -> usize {
        match self {
            Entry::Text(_) | Entry::Json(_) => 1,
            Entry::Group(group) => group.fields_total(),
            Entry::List(items) => 1 + items.iter().map(Entry::fields_total).sum::<usize>(),
        }
    }
}

/// Says that a text is no JSON.
pub(super) fn no_json(error: &serde_json::Error) -> String {
    format!("is not JSON: {error}")
}

/// A value as it stands in a field of one line.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn values_of(item: &FieldKind, items: &[Entry], errors: &mut Vec<FieldError>) -> Vec<Value> {
    let numbered = items.iter().enumerate();
    let values = numbered.filter_map(|(at, entry)| {
        let mut found = Vec::new();
        let value = entry.said(item, &mut found);
        errors.extend(found.into_iter().map(|error| error.under(&at.to_string())));
        value
    });
    values.collect()
}

/// One item a line: a long list stays readable.
fn in_lines(items: &[Value]) -> String {
    let lines: Vec<_> = items.iter().map(|item| format!("  {item}")).collect();
    format!("[\n{}\n]", lines.join(",\n"))
}

fn is_empty(kind: &FieldKind, text: &str) -> bool {
    match kind {
        FieldKind::Text { .. } => text.is_empty(),
        _ => text.trim().is_empty(),
    }
}

/// What a text says as a value of this kind; itself where it says nothing of the kind.
fn scalar(kind: &FieldKind, text: &str) -> Value {
    let trimmed = text.trim();
    let value = match kind {
        FieldKind::Integer { .. } | FieldKind::Number { .. } => number(trimmed),
        FieldKind::Boolean => trimmed.parse().ok().map(Value::Bool),
        FieldKind::Enum { options } => options.iter().find(|option| plain(option) == text).cloned(),
        _ => None,
    };
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn number(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().ok().map(Number::from);
    let number = whole.or_else(|| Number::from_f64(text.parse().ok()?));
    number.map(Value::Number)
}

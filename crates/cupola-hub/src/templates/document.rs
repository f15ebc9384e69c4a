//! A TOML document that still knows on which line each of its values stands.

use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Flaw;
use cupola_domain::{field::FieldError, text::excerpt};

/// The document: its values, and where they stand.
pub(super) struct Document<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    /// Reads `text`, or says on which lines it is no TOML.
    pub(super) fn parse(text: &'t str) -> Result<Self, Vec<Flaw>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Self { text, root };
        if errors.is_empty() {
            return Ok(document);
        }
        let flaw = |error: &toml::de::Error| Flaw {
            line: error.span().map(|span| document.line_at(span.start)),
            reason: excerpt(error.message()),
        };
        Err(errors.iter().map(flaw).collect())
    }

    /// Its values as JSON has them. What JSON lacks, such as dates and infinities, becomes a text:
    /// nobody asks for it, and the complaint shows it.
    pub(super) fn values(&self) -> Map<String, Value> {
        object(self.root.get_ref())
    }

    /// The mistake with its line: that of the value, or of the innermost table around it.
    pub(super) fn locate(&self, error: &FieldError) -> Flaw {
        Flaw {
            line: self.offset_of(&error.field).map(|at| self.line_at(at)),
            reason: error.to_string(),
        }
    }

    fn offset_of(&self, field: &str) -> Option<usize> {
        let mut at = None;
        let mut node = Node::Table(self.root.get_ref());
        for name in field.split('.') {
            if let Some((offset, below)) = node.child(name) {
                (at, node) = (Some(offset), below);
            }
        }
        at
    }

    fn line_at(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().iter().take(offset);
        let breaks = before.filter(|&&byte| byte == b'\n').count();
        u32::try_from(breaks + 1).unwrap_or(u32::MAX)
    }
}

/// Where a walk along a path is.
enum Node<'a, 't> {
    Table(&'a DeTable<'t>),
    Other(&'a DeValue<'t>),
}

impl<'a, 't> Node<'a, 't> {
    fn of(value: &'a DeValue<'t>) -> Self {
        match value {
            DeValue::Table(table) => Node::Table(table),
            other => Node::Other(other),
        }
    }

    /// What `name` names here: a key, an item's index, or the name of a field of a schema.
    fn child(&self, name: &str) -> Option<(usize, Self)> {
        match self {
            Node::Table(table) => {
                let found = table.iter().find(|(key, _)| key.get_ref() == name);
                if let Some((key, value)) = found {
                    return Some((key.span().start, Node::of(value.get_ref())));
                }
                let (_, fields) = table.iter().find(|(key, _)| key.get_ref() == "fields")?;
                Node::of(fields.get_ref()).child(name)
            }
            Node::Other(value) => {
                let items = value.as_array()?;
                let is_called = |item: &&Spanned<DeValue<'_>>| {
                    item.get_ref()
                        .get("name")
                        .and_then(|n| n.get_ref().as_str())
                        == Some(name)
                };
                let item = match name.parse::<usize>() {
                    Ok(at) => items.get(at)?,
                    Err(_) => items.iter().find(is_called)?,
                };
                Some((item.span().start, Node::of(item.get_ref())))
            }
        }
    }
}

fn object(table: &DeTable<'_>) -> Map<String, Value> {
    let pair = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        (key.to_string(), json(value.get_ref()))
    };
    table.iter().map(pair).collect()
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| integer.to_string().into(), Value::from),
        DeValue::Float(float) => {
            let number = float.as_str().parse().ok().and_then(Number::from_f64);
            number.map_or_else(|| float.to_string().into(), Value::Number)
        }
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => Value::Object(object(table)),
    }
}

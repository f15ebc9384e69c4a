//! How a field is defined, in a manifest and in Athanor's form: the same options, nested differently.

use serde_json::Value;

use super::{Field, FieldKind, Schema, TextFormat, check};
use crate::reading::Table;

/// Where a definition keeps its kind and what is nested in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `kind`; `fields` are those of a group or of each item, or `item` defines a plain item.
    Manifest,
    /// `type`; `sub_schema` and `item_schema`.
    Athanor,
}

/// The fields under the key `fields` of a manifest, or of a group or a list in one.
pub fn manifest_fields(table: &Table<'_>) -> Schema {
    let fields = table.tables("fields", |field| {
        let name = field.need("name", "give the field's key", field.text("name"))?;
        read_field(name, field, Dialect::Manifest)
    });
    Schema { fields }
}

/// One field; what makes a schema of it is looked at by [`Schema::flaws`].
pub(super) fn read_field(name: &str, table: &Table<'_>, dialect: Dialect) -> Option<Field> {
    let kind = read_kind(table, dialect);
    let label = table.text("label").filter(|label| !label.is_empty());
    let description = table.text("description").unwrap_or_default();
    let required = table.flag("required");
    let default = table.value("default").cloned();
    Some(Field {
        name: name.to_owned(),
        label: label.unwrap_or(name).to_owned(),
        description: description.to_owned(),
        required,
        default,
        kind: kind?,
    })
}

pub(super) fn read_kind(table: &Table<'_>, dialect: Dialect) -> Option<FieldKind> {
    let key = dialect.kind_key();
    let Some(kind) = table.need(key, KINDS, table.text(key)) else {
        table.take_any();
        return None;
    };
    match kind {
        "string" => Some(read_text(table, TextFormat::Plain)),
        "text" => Some(read_text(table, TextFormat::Area)),
        "integer" => Some(FieldKind::Integer {
            min: whole(table, "min"),
            max: whole(table, "max"),
            step: whole(table, "step"),
        }),
        "number" | "float" => Some(FieldKind::Number {
            min: table.number("min"),
            max: table.number("max"),
            step: table.number("step"),
        }),
        "boolean" => Some(FieldKind::Boolean),
        "enum" => Some(FieldKind::Enum {
            options: table.list("options").to_vec(),
        }),
        "list" => Some(FieldKind::List {
            min_items: table.count("min_items"),
            max_items: table.count("max_items"),
            item: Box::new(read_item(table, dialect)?),
        }),
        "group" => Some(FieldKind::Group {
            fields: read_group(table, dialect)?,
        }),
        other => {
            let other = crate::text::excerpt(other);
            table.refuse(key, format!("`{other}` is not a kind; {KINDS}"));
            table.take_any();
            None
        }
    }
}

const KINDS: &str = "choose string, text, integer, number, boolean, enum, list or group";

impl Dialect {
    const fn kind_key(self) -> &'static str {
        match self {
            Dialect::Manifest => "kind",
            Dialect::Athanor => "type",
        }
    }
}

fn read_text(table: &Table<'_>, format: TextFormat) -> FieldKind {
    const FORMATS: [TextFormat; 3] = [TextFormat::Area, TextFormat::Email, TextFormat::Url];
    let named = table.convert("format", "choose textarea, email or url", |value| {
        let word = value.as_str()?;
        FORMATS
            .into_iter()
            .find(|format| format.word() == Some(word))
    });
    FieldKind::Text {
        format: named.unwrap_or(format),
        min_length: table.count("min_length"),
        max_length: table.count("max_length"),
        options: table.texts("options"),
    }
}

fn read_item(table: &Table<'_>, dialect: Dialect) -> Option<FieldKind> {
    match dialect {
        Dialect::Manifest if table.has("item") => {
            table.table("item", |item| read_kind(item, dialect))
        }
        Dialect::Manifest => Some(FieldKind::Group {
            fields: manifest_fields(table),
        }),
        Dialect::Athanor => {
            let item = table.table("item_schema", |item| {
                let kind = item.value("type").and_then(Value::as_str);
                if kind == Some("object") || item.has("properties") {
                    let fields = super::athanor::read_properties(item);
                    Some(FieldKind::Group { fields })
                } else {
                    read_kind(item, dialect)
                }
            });
            table.need("item_schema", "say what each item holds", item)
        }
    }
}

fn read_group(table: &Table<'_>, dialect: Dialect) -> Option<Schema> {
    match dialect {
        Dialect::Manifest => Some(manifest_fields(table)),
        Dialect::Athanor => {
            let fields = table.table("sub_schema", |fields| {
                Some(super::athanor::read_properties(fields))
            });
            table.need("sub_schema", "say what the group holds", fields)
        }
    }
}

fn whole(table: &Table<'_>, key: &'static str) -> Option<i64> {
    table.convert(key, "give a whole number", check::as_integer)
}

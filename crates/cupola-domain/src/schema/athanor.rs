//! Athanor's JSON form of a schema: properties as a list, so that their order is kept.
//!
//! ```json
//! {"type": "object", "properties": [{"name": "lr", "definition": {"type": "number", "min": 0}}]}
//! ```
//!
//! Beyond what Athanor writes there are `min_length`, `max_length`, `min_items`, `max_items`, and
//! items of a list that are no object but any other definition.

use serde_json::{Map, Value, json};

use super::{Field, FieldKind, Schema, definition};
use crate::{
    field::FieldError,
    reading::{self, Table},
};

/// Reads a schema, or says everything that is wrong with it.
pub fn from_json(value: &Value) -> Result<Schema, Vec<FieldError>> {
    let Some(map) = value.as_object() else {
        let message = "give an object with `type` and `properties`";
        return Err(vec![FieldError::new("", message)]);
    };
    let schema = reading::read(map, |table| Some(read_properties(table)))?;
    match schema.flaws() {
        flaws if flaws.is_empty() => Ok(schema),
        flaws => Err(flaws),
    }
}

/// The same schema in Athanor's form.
pub fn to_json(schema: &Schema) -> Value {
    let properties = schema
        .fields
        .iter()
        .map(|field| json!({"name": field.name, "definition": definition_of(field)}));
    json!({"type": "object", "properties": properties.collect::<Vec<_>>()})
}

pub(super) fn read_properties(table: &Table<'_>) -> Schema {
    let kind = table.text("type");
    if kind.is_some_and(|kind| kind != "object") {
        table.refuse("type", "must be `object`");
    }
    let fields = table.tables("properties", |property| {
        let name = property.need("name", "give the field's key", property.text("name"));
        let field = property.table("definition", |definition| {
            definition::read_field(name?, definition, definition::Dialect::Athanor)
        });
        property.need("definition", "say what the field holds", field)
    });
    Schema { fields }
}

fn definition_of(field: &Field) -> Value {
    let mut definition = kind_of(&field.kind);
    definition.insert("label".to_owned(), field.label.as_str().into());
    if !field.description.is_empty() {
        definition.insert("description".to_owned(), field.description.as_str().into());
    }
    if field.required {
        definition.insert("required".to_owned(), true.into());
    }
    put(&mut definition, "default", field.default.clone());
    Value::Object(definition)
}

fn kind_of(kind: &FieldKind) -> Map<String, Value> {
    let mut of = Map::new();
    of.insert("type".to_owned(), kind.word().into());
    match kind {
        FieldKind::Text {
            format,
            min_length,
            max_length,
            options,
        } => {
            put(&mut of, "format", format.word());
            put(&mut of, "min_length", *min_length);
            put(&mut of, "max_length", *max_length);
            let options = (!options.is_empty()).then(|| options.clone());
            put(&mut of, "options", options);
        }
        FieldKind::Integer { min, max, step } => {
            put(&mut of, "min", *min);
            put(&mut of, "max", *max);
            put(&mut of, "step", *step);
        }
        FieldKind::Number { min, max, step } => {
            put(&mut of, "min", *min);
            put(&mut of, "max", *max);
            put(&mut of, "step", *step);
        }
        FieldKind::Boolean => {}
        FieldKind::Enum { options } => put(&mut of, "options", Some(options.clone())),
        FieldKind::List {
            item,
            min_items,
            max_items,
        } => {
            put(&mut of, "min_items", *min_items);
            put(&mut of, "max_items", *max_items);
            put(&mut of, "item_schema", Some(item_of(item)));
        }
        FieldKind::Group { fields } => put(&mut of, "sub_schema", Some(to_json(fields))),
    }
    of
}

fn item_of(item: &FieldKind) -> Value {
    match item {
        FieldKind::Group { fields } => to_json(fields),
        plain => Value::Object(kind_of(plain)),
    }
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

//! A schema as standard JSON Schema (2020-12), for editors, assistants and generated forms.
//!
//! Properties stand in the form's order, which `x-order` repeats for readers that sort keys;
//! `x-format` and `x-step` say what only a form's control knows.

use serde_json::{Map, Value, json};

use super::{Field, FieldKind, Schema, TextFormat};

/// The same schema in the standard's form, called `title`.
pub fn to_json(schema: &Schema, title: &str) -> Value {
    let mut root = Map::new();
    root.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    root.insert("title".to_owned(), title.into());
    root.extend(object_of(schema));
    Value::Object(root)
}

fn object_of(schema: &Schema) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("type".to_owned(), "object".into());
    if schema.fields.is_empty() {
        return object;
    }
    let fields = &schema.fields;
    let properties = fields.iter().map(|f| (f.name.clone(), property_of(f)));
    object.insert("properties".to_owned(), Value::Object(properties.collect()));
    let needed = fields.iter().filter(|field| needs_value(field));
    let needed: Vec<_> = needed.map(|field| field.name.as_str()).collect();
    if !needed.is_empty() {
        object.insert("required".to_owned(), needed.into());
    }
    object.insert("additionalProperties".to_owned(), false.into());
    let order: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    object.insert("x-order".to_owned(), order.into());
    object
}

/// A group may be left out when all that is in it may.
fn needs_value(field: &Field) -> bool {
    match &field.kind {
        _ if field.default.is_some() => false,
        FieldKind::Group { fields } => fields.fields.iter().any(needs_value),
        _ => field.required,
    }
}

fn property_of(field: &Field) -> Value {
    let mut property = kind_of(&field.kind);
    property.insert("title".to_owned(), field.label.as_str().into());
    if !field.description.is_empty() {
        property.insert("description".to_owned(), field.description.as_str().into());
    }
    put(&mut property, "default", field.default.clone());
    Value::Object(property)
}

fn kind_of(kind: &FieldKind) -> Map<String, Value> {
    let mut of = Map::new();
    match kind {
        FieldKind::Text {
            format,
            min_length,
            max_length,
            options,
        } => {
            put(&mut of, "type", Some("string"));
            match format {
                TextFormat::Plain => {}
                TextFormat::Area => put(&mut of, "x-format", format.word()),
                TextFormat::Email => put(&mut of, "format", Some("email")),
                TextFormat::Url => put(&mut of, "format", Some("uri")),
            }
            put(&mut of, "minLength", *min_length);
            put(&mut of, "maxLength", *max_length);
            let options = (!options.is_empty()).then(|| options.clone());
            put(&mut of, "enum", options);
        }
        FieldKind::Integer { min, max, step } => {
            put(&mut of, "type", Some("integer"));
            put(&mut of, "minimum", *min);
            put(&mut of, "maximum", *max);
            put(&mut of, "x-step", *step);
        }
        FieldKind::Number { min, max, step } => {
            put(&mut of, "type", Some("number"));
            put(&mut of, "minimum", *min);
            put(&mut of, "maximum", *max);
            put(&mut of, "x-step", *step);
        }
        FieldKind::Boolean => put(&mut of, "type", Some("boolean")),
        FieldKind::Enum { options } => put(&mut of, "enum", Some(json!(options))),
        FieldKind::List {
            item,
            min_items,
            max_items,
        } => {
            put(&mut of, "type", Some("array"));
            put(&mut of, "items", Some(Value::Object(kind_of(item))));
            put(&mut of, "minItems", *min_items);
            put(&mut of, "maxItems", *max_items);
        }
        FieldKind::Group { fields } => of = object_of(fields),
    }
    of
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

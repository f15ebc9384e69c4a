use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A schema with something of everything.
fn schema() -> Schema {
    athanor::from_json(&json!({"type": "object", "properties": [
        {"name": "lr", "definition": {"type": "float", "min": 0, "max": 1, "required": true}},
        {"name": "heads", "definition": {"type": "enum", "options": [2, 4], "default": 4}},
        {"name": "name", "definition": {"type": "string", "min_length": 2, "max_length": 5}},
        {"name": "mail", "definition": {"type": "string", "format": "email"}},
        {"name": "mode", "definition": {"type": "string", "options": ["a", "b"]}},
        {"name": "sizes", "definition": {"type": "list", "min_items": 1, "max_items": 3,
            "item_schema": {"type": "integer", "min": 0}}},
        {"name": "layers", "definition": {"type": "list",
            "item_schema": {"type": "object", "properties": [
                {"name": "width", "definition": {"type": "integer", "min": 1, "required": true}},
                {"name": "bias", "definition": {"type": "boolean", "default": true}}]}}},
        {"name": "api", "definition": {"type": "group",
            "sub_schema": {"type": "object", "properties": [
                {"name": "tries", "definition": {"type": "integer", "default": 3}}]}}},
    ]}))
    .unwrap()
}

fn outcome(schema: &Schema, config: &Value) -> String {
    match schema.complete(config.as_object().unwrap()) {
        Ok(completed) => Value::Object(completed).to_string(),
        Err(errors) => {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            errors.join(" | ")
        }
    }
}

fn check(config: Value, expected: &str) {
    assert_eq!(outcome(&schema(), &config), expected, "{config}");
}

#[test]
fn defaults_are_filled_in_at_every_depth() {
    check(
        json!({"lr": 0.1, "layers": [{"width": 1}], "mail": null}),
        r#"{"lr":0.1,"heads":4,"layers":[{"width":1,"bias":true}],"api":{"tries":3}}"#,
    );
}

#[test]
fn every_wrong_field_is_named_with_value_and_remedy() {
    check(json!({}), "`lr`: is required; give a value");
    check(
        json!({"lr": 2, "heads": 3, "leyers": []}),
        "`lr`: is 2; give a number from 0 to 1 | `heads`: is 3; choose one of `2`, `4` | `leyers`: is \
         not a field of this template; there are `lr`, `heads`, `name`, `mail`, `mode`, `sizes`, \
         `layers`, `api`",
    );
    check(
        json!({"lr": "0.1"}),
        "`lr`: is \"0.1\"; give a number from 0 to 1",
    );
    check(
        json!({"lr": 0, "mode": "c", "mail": "me"}),
        "`mail`: is \"me\"; give an address like `name@example.org` | `mode`: is \"c\"; choose one of \
         `a`, `b`",
    );
}

#[test]
fn mistakes_below_are_named_by_their_path() {
    check(
        json!({"lr": 0, "layers": [{"width": 1}, 7, {"width": 0, "bias": 1}], "api": {"tries": 0.5}}),
        "`layers.1`: is 7; give an object | `layers.2.width`: is 0; give a whole number of at least 1 \
         | `layers.2.bias`: is 1; give `true` or `false` | `api.tries`: is 0.5; give a whole number",
    );
    check(
        json!({"lr": 0, "sizes": [1, -1, 2, 3]}),
        "`sizes`: has 4 items; give 1 to 3 items | `sizes.1`: is -1; give a whole number of at least 0",
    );
}

#[test]
fn lengths_are_counted_in_characters() {
    check(
        json!({"lr": 0, "name": "üüüüü"}),
        r#"{"lr":0,"heads":4,"name":"üüüüü","api":{"tries":3}}"#,
    );
    check(
        json!({"lr": 0, "name": "x"}),
        "`name`: has 1 character; give 2 to 5 characters",
    );
}

#[test]
fn whole_numbers_may_be_written_as_fractions() {
    check(
        json!({"lr": 0, "sizes": [3.0]}),
        r#"{"lr":0,"heads":4,"sizes":[3],"api":{"tries":3}}"#,
    );
}

#[test]
fn a_long_list_of_mistakes_is_counted_not_listed() {
    let config = json!({"lr": 0, "layers": vec![json!({"width": 0}); 10_000]});
    let errors = schema().complete(config.as_object().unwrap()).unwrap_err();
    assert_eq!(errors.len(), 21);
    assert_eq!(
        errors[20].to_string(),
        "`layers`: has mistakes in 9980 more items"
    );
    let config = json!({"lr": 0, "layers": vec![json!({"width": 1}); 10_000]});
    assert!(schema().complete(config.as_object().unwrap()).is_ok());
}

#[test]
fn a_schema_without_fields_takes_anything() {
    let config = json!({"a": [1], "b": null});
    assert_eq!(outcome(&Schema::default(), &config), config.to_string());
}

fn flaw(definition: Value, expected: &str) {
    let given = json!({"properties": [{"name": "x", "definition": definition}]});
    let errors = athanor::from_json(&given).unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.join(" | "), expected);
}

#[test]
fn what_is_no_schema_is_refused() {
    flaw(
        json!({"type": "integer", "min": 3, "max": 2}),
        "`x.max`: is below `min`",
    );
    flaw(
        json!({"type": "integer", "max": 2, "default": 3}),
        "`x.default`: is 3; give a whole number of at most 2",
    );
    flaw(
        json!({"type": "enum"}),
        "`x.options`: is empty; give what may be chosen",
    );
    flaw(
        json!({"type": "enum", "options": [1, 1.0]}),
        "`x.options`: holds 1.0 twice; remove one",
    );
    flaw(
        json!({"type": "number", "step": 0}),
        "`x.step`: is 0; give a number above 0",
    );
    flaw(
        json!({"type": "list", "item_schema": {"properties": [
            {"name": "a.b", "definition": {"type": "boolean"}}]}}),
        "`x.item.a.b`: does not fit; use up to 64 letters, digits, `_` and `-`, a letter first",
    );
    flaw(
        json!({"type": "group", "sub_schema": {"properties": [
            {"name": "a.b", "definition": {"type": "boolean"}}]}}),
        "`x.a.b`: does not fit; use up to 64 letters, digits, `_` and `-`, a letter first",
    );
    flaw(
        json!({"type": "colour", "colour": 1}),
        "`properties.0.definition.type`: `colour` is not a kind; choose string, text, integer, \
         number, boolean, enum, list or group",
    );
}

prop_compose! {
    fn ordered(least: i32, span: u32)(a in least..100, b in 0..span, has in any::<(bool, bool)>())
        -> (Option<i32>, Option<i32>) {
        let top = a + i32::try_from(b).unwrap();
        (has.0.then_some(a), has.1.then_some(top))
    }
}

fn counts() -> impl Strategy<Value = (Option<u32>, Option<u32>)> {
    ordered(0, 3).prop_map(|(a, b)| {
        (
            a.map(|a| a.unsigned_abs() % 3),
            b.map(|b| b.unsigned_abs() % 3 + 3),
        )
    })
}

fn plain_kind() -> impl Strategy<Value = FieldKind> {
    let text = (
        0..4_usize,
        counts(),
        prop::collection::btree_set("[ab]{1,3}", 0..3),
    );
    let text = text.prop_map(
        |(format, (min_length, max_length), options)| FieldKind::Text {
            format: [
                TextFormat::Plain,
                TextFormat::Area,
                TextFormat::Email,
                TextFormat::Url,
            ][format],
            min_length,
            max_length,
            options: options.into_iter().collect(),
        },
    );
    let integer = (ordered(-5, 9), prop::option::of(1..9_i64));
    let integer = integer.prop_map(|((min, max), step)| FieldKind::Integer {
        min: min.map(i64::from),
        max: max.map(i64::from),
        step,
    });
    let number = (
        ordered(-5, 9),
        prop::option::of((1..99_u32).prop_map(|n| f64::from(n) / 8.0)),
    );
    let number = number.prop_map(|((min, max), step)| FieldKind::Number {
        min: min.map(f64::from),
        max: max.map(f64::from),
        step,
    });
    let options = prop::collection::btree_set("[ab]{1,3}", 1..4);
    let choice = options.prop_map(|options| FieldKind::Enum {
        options: options.into_iter().map(Value::from).collect(),
    });
    prop_oneof![text, integer, number, choice, Just(FieldKind::Boolean)]
}

fn fields_of(kind: BoxedStrategy<FieldKind>) -> impl Strategy<Value = Schema> {
    let field = (kind, "[A-Za-z ü]{1,8}", "[a-z.]{0,9}", any::<bool>());
    prop::collection::vec(field, 1..4).prop_map(|fields| {
        let made = fields.into_iter().enumerate();
        let made = made.map(|(at, (kind, label, description, required))| Field {
            name: format!("f{}", 9 - at),
            label,
            description,
            required,
            default: None,
            kind,
        });
        Schema {
            fields: made.collect(),
        }
    })
}

fn any_schema() -> impl Strategy<Value = Schema> {
    let kind = plain_kind().prop_recursive(3, 12, 3, |inner| {
        let group = fields_of(inner.clone()).prop_map(|fields| FieldKind::Group { fields });
        let list = (inner, counts()).prop_map(|(item, (min_items, max_items))| FieldKind::List {
            item: Box::new(item),
            min_items,
            max_items,
        });
        prop_oneof![group, list]
    });
    fields_of(kind.boxed())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-6..12_i64).prop_map(Value::from),
        (-6.0..12.0).prop_map(Value::from),
        "[ab]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("f[6-9]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A value that often fits `kind`, made by bending `value`.
fn bent(kind: &FieldKind, value: Value) -> Value {
    match (kind, value) {
        (FieldKind::Group { fields }, Value::Object(map)) => {
            Value::Object(bent_fields(fields, map))
        }
        (FieldKind::List { item, .. }, Value::Array(items)) => {
            items.into_iter().map(|value| bent(item, value)).collect()
        }
        (FieldKind::Integer { min, .. }, Value::Number(_)) => min.unwrap_or(2).into(),
        (FieldKind::Enum { options }, Value::String(_)) => options[0].clone(),
        (_, value) => value,
    }
}

fn bent_fields(schema: &Schema, map: Config) -> Config {
    let bend = |(name, value): (String, Value)| {
        let field = schema.field(&name);
        let value = field.map_or(value.clone(), |field| bent(&field.kind, value));
        (name, value)
    };
    map.into_iter().map(bend).collect()
}

/// What the standard says of the keywords that schemas use.
fn is_valid(schema: &Value, value: &Value) -> bool {
    let count = |key: &str| schema[key].as_u64();
    let fits_count = |n: usize, min: &str, max: &str| {
        count(min).is_none_or(|min| min <= n as u64) && count(max).is_none_or(|max| n as u64 <= max)
    };
    let fits_type = match schema["type"].as_str() {
        Some("string") => value.as_str().is_some_and(|text| {
            fits_count(text.chars().count(), "minLength", "maxLength")
                && match schema["format"].as_str() {
                    Some("email") => TextFormat::Email.unmet(text).is_none(),
                    Some("uri") => TextFormat::Url.unmet(text).is_none(),
                    _ => true,
                }
        }),
        Some("boolean") => value.is_boolean(),
        Some(number @ ("integer" | "number")) => value.as_f64().is_some_and(|x| {
            (number == "number" || x.fract() == 0.0)
                && schema["minimum"].as_f64().is_none_or(|min| min <= x)
                && schema["maximum"].as_f64().is_none_or(|max| x <= max)
        }),
        Some("array") => value.as_array().is_some_and(|items| {
            fits_count(items.len(), "minItems", "maxItems")
                && items.iter().all(|item| is_valid(&schema["items"], item))
        }),
        Some("object") => value.as_object().is_some_and(|map| {
            let required = schema["required"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            required
                .iter()
                .all(|name| map.contains_key(name.as_str().unwrap()))
                && map.iter().all(|(name, value)| {
                    let property = schema["properties"].get(name);
                    property.is_some_and(|property| is_valid(property, value))
                })
        }),
        _ => true,
    };
    let options = schema["enum"].as_array();
    fits_type && options.is_none_or(|options| options.contains(value))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn athanors_form_says_all_of_a_schema(schema in any_schema()) {
        prop_assert_eq!(schema.flaws(), vec![]);
        let json = athanor::to_json(&schema).to_string();
        let read = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(athanor::from_json(&read), Ok(schema));
    }

    #[test]
    fn json_schema_allows_what_the_schema_allows(
        schema in any_schema(),
        config in prop::collection::btree_map("f[6-9]", any_value(), 0..4),
    ) {
        let config = bent_fields(&schema, config.into_iter().collect());
        let fits = schema.complete(&config).is_ok();
        let standard = json_schema::to_json(&schema, "t");
        prop_assert_eq!(is_valid(&standard, &Value::Object(config)), fits);
    }

    #[test]
    fn completing_twice_changes_nothing(
        schema in any_schema(),
        config in prop::collection::btree_map("f[6-9]", any_value(), 0..4),
    ) {
        let config = bent_fields(&schema, config.into_iter().collect());
        if let Ok(completed) = schema.complete(&config) {
            prop_assert_eq!(schema.complete(&completed), Ok(completed));
        }
    }
}

#[test]
fn json_schema_keeps_the_forms_order_and_words() {
    let standard = json_schema::to_json(&schema(), "My template");
    let names: Vec<_> = standard["properties"].as_object().unwrap().keys().collect();
    let order: Vec<_> = standard["x-order"].as_array().unwrap().iter().collect();
    assert_eq!(names, order);
    assert_eq!(standard["title"], "My template");
    assert_eq!(standard["required"], json!(["lr"]));
    assert_eq!(
        standard["properties"]["layers"]["items"]["properties"]["width"],
        json!({"type": "integer", "minimum": 1, "title": "width"})
    );
}

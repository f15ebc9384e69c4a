//! What is typed, what that says, and how a page shows it.

use cupola_domain::{
    field::FieldError,
    schema::{Field, FieldKind, Schema, TextFormat},
    task::Config,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FIELDS_MAX, Node, Op, Shape, Written, filled::ITEMS_MAX};

fn field(name: &str, kind: FieldKind) -> Field {
    Field::new(name, kind)
}

fn list(item: FieldKind) -> FieldKind {
    FieldKind::List {
        item: Box::new(item),
        min_items: None,
        max_items: None,
    }
}

fn group(fields: Vec<Field>) -> FieldKind {
    FieldKind::Group {
        fields: Schema { fields },
    }
}

fn text(format: TextFormat) -> FieldKind {
    FieldKind::Text {
        format,
        min_length: None,
        max_length: None,
        options: Vec::new(),
    }
}

/// `lr` from 0 to 1, required; `steps` 10 unless said otherwise; `act`, `bias` and `note` may be
/// absent; `opt` with `beta`; `layers` of `width` and `heads` of `size`; `seeds` of whole numbers.
fn schema() -> Schema {
    let integer = || FieldKind::Integer {
        min: Some(1),
        max: None,
        step: None,
    };
    let number = || FieldKind::Number {
        min: Some(0.0),
        max: Some(1.0),
        step: None,
    };
    let heads = list(group(vec![field("size", integer())]));
    let options = vec![json!("relu"), json!(2)];
    Schema {
        fields: vec![
            Field {
                required: true,
                ..field("lr", number())
            },
            Field {
                default: Some(json!(10)),
                ..field("steps", integer())
            },
            field("act", FieldKind::Enum { options }),
            field("bias", FieldKind::Boolean),
            field("note", text(TextFormat::Area)),
            field("opt", group(vec![field("beta", number())])),
            field(
                "layers",
                list(group(vec![
                    field("width", integer()),
                    field("heads", heads),
                ])),
            ),
            field("seeds", list(integer())),
        ],
    }
}

fn pairs(typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = typed
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    owned.collect()
}

fn read(typed: &[(&str, &str)]) -> Written {
    Written::read(&schema(), &pairs(typed))
}

fn object(value: Value) -> Config {
    value.as_object().unwrap().clone()
}

fn of(value: Value) -> Written {
    Written::of_config(&schema(), &object(value)).0
}

/// What was typed says this.
#[track_caller]
fn check(typed: &[(&str, &str)], expected: Value) {
    let (config, errors) = read(typed).config(&schema());
    assert_eq!((Value::Object(config), errors), (expected, Vec::new()));
}

/// What was typed is refused at these fields.
#[track_caller]
fn refused(typed: &[(&str, &str)], expected: &[&str]) {
    let (config, mut errors) = read(typed).config(&schema());
    if let Err(found) = schema().complete(&config) {
        errors.extend(found.into_iter().map(|error| error.under("config")));
    }
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, expected, "{errors:?}");
}

const EMPTY: [(&str, &str); 6] = [
    ("config.lr", ""),
    ("config.steps", ""),
    ("config.act", ""),
    ("config.bias", ""),
    ("config.note", ""),
    ("config.layers", ""),
];

#[test]
fn what_is_empty_is_absent() {
    check(&EMPTY, json!({}));
    refused(&EMPTY, &["config.lr"]);
}

#[test]
fn what_was_not_sent_has_its_default() {
    check(&[("config.lr", "1")], json!({"lr": 1, "steps": 10}));
}

#[test]
fn texts_become_what_the_schema_says() {
    check(
        &[
            ("config.lr", " 1e-3 "),
            ("config.steps", "7"),
            ("config.act", "2"),
            ("config.bias", "false"),
            ("config.bias", "true"),
            ("config.note", " a\r\nb "),
            ("config.opt.beta", "0.5"),
        ],
        json!({"lr": 1e-3, "steps": 7, "act": 2, "bias": true, "note": " a\nb ", "opt": {"beta": 0.5}}),
    );
}

#[test]
fn items_stand_where_they_were_typed() {
    check(
        &[
            ("config.steps", ""),
            ("config.layers", ""),
            ("config.layers.1.width", "2"),
            ("config.layers.0.width", "1"),
            ("config.layers.0.heads", ""),
            ("config.layers.0.heads.0.size", "8"),
        ],
        json!({"layers": [{"width": 1, "heads": [{"size": 8}]}, {"width": 2}]}),
    );
}

#[test]
fn items_may_be_single_values() {
    check(
        &[
            ("config.steps", ""),
            ("config.seeds", ""),
            ("config.seeds.0", "7"),
            ("config.seeds.1", " 8"),
        ],
        json!({"seeds": [7, 8]}),
    );
    refused(
        &[
            ("config.lr", "1"),
            ("config.seeds.0", "7"),
            ("config.seeds.1", ""),
        ],
        &["config.seeds.1"],
    );
}

#[test]
fn a_schema_without_fields_takes_any_object_as_json() {
    let open = Schema::default();
    let untouched = Written::untouched(&open);
    assert_eq!(untouched, Written::Json("{}".to_owned()));
    assert_eq!(untouched.clone().turned(&open), untouched);
    let config = object(json!({"any": [1]}));
    let (written, left_out) = Written::of_config(&open, &config);
    assert_eq!((written.config(&open).0, left_out.len()), (config, 0));
}

#[test]
fn what_is_no_number_is_refused_where_it_stands() {
    refused(&[("config.lr", "soon")], &["config.lr"]);
    refused(&[("config.lr", "NaN")], &["config.lr"]);
    refused(&[("config.lr", "0,5")], &["config.lr"]);
    refused(
        &[
            ("config.lr", "1"),
            ("config.layers.0.heads.1.size", "x"),
            ("config.layers.0.heads.0.size", "1"),
        ],
        &["config.layers.0.heads.1.size"],
    );
    refused(
        &[("config.lr", "1"), ("config.act", "tanh")],
        &["config.act"],
    );
    refused(
        &[("config.lr", "1"), ("config.layers", "[1,")],
        &["config.layers"],
    );
    refused(&[("config", "{\"lr\": ")], &["config", "config.lr"]);
    refused(&[("config", "[1]")], &["config", "config.lr"]);
}

/// The leaf called `name`.
fn leaf(nodes: &[Node], name: &str) -> Option<super::super::components::Field> {
    nodes.iter().find_map(|node| match &node.shape {
        Shape::Leaf(field) => (field.name == name).then(|| field.clone()),
        Shape::Group(group) => leaf(&group.nodes, name),
        Shape::List(list) => list.items.iter().find_map(|item| leaf(&item.nodes, name)),
    })
}

#[test]
fn what_was_typed_is_shown_again_with_its_message() {
    let typed = [
        ("config.lr", "1e-3 or so"),
        ("config.layers.0.width", "wide"),
    ];
    let errors = [
        FieldError::new("config.lr", "is wrong"),
        FieldError::new("config.layers.0.width", "is wrong too"),
    ];
    let nodes = Node::all(&schema(), &read(&typed), &errors);
    let shown =
        |name: &str| leaf(&nodes, name).map(|field| (field.value, field.error.unwrap_or_default()));
    let pair = |value: &str, error: &str| Some((value.to_owned(), error.to_owned()));
    assert_eq!(shown("config.lr"), pair("1e-3 or so", "is wrong"));
    assert_eq!(shown("config.layers.0.width"), pair("wide", "is wrong too"));
    assert_eq!(shown("config.steps"), pair("10", ""));
    let mut names = Vec::new();
    for node in &nodes {
        node.names(&mut names);
    }
    for name in [
        "config.lr",
        "config.opt",
        "config.layers",
        "config.layers.0",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}

/// A list of layers by their widths, after an operation.
#[track_caller]
fn operate(widths: &[i64], op: &str, expected: &[Value], focus: Option<&str>) {
    let layers: Vec<_> = widths.iter().map(|width| json!({"width": width})).collect();
    let mut written = of(json!({"lr": 1, "layers": layers}));
    let op = Op::parse(op).unwrap();
    assert_eq!(written.apply(&schema(), &op).as_deref(), focus);
    let (config, _) = written.config(&schema());
    let none = Vec::new();
    let layers = config
        .get("layers")
        .map_or(&none, |layers| layers.as_array().unwrap());
    let found: Vec<_> = layers.iter().map(|layer| layer["width"].clone()).collect();
    assert_eq!(found, expected);
}

#[test]
fn items_are_added_removed_and_moved() {
    let (one, two, three) = (json!(1), json!(2), json!(3));
    operate(
        &[1],
        "add:layers",
        &[one.clone(), Value::Null],
        Some("config.layers.1"),
    );
    operate(
        &[1, 2, 3],
        "remove:layers.1",
        &[one.clone(), three.clone()],
        Some("config.layers.1-remove"),
    );
    operate(
        &[1, 2],
        "remove:layers.1",
        std::slice::from_ref(&one),
        Some("config.layers.0-remove"),
    );
    operate(&[1], "remove:layers.0", &[], Some("config.layers-add"));
    operate(
        &[1, 2, 3],
        "up:layers.2",
        &[one.clone(), three.clone(), two.clone()],
        Some("config.layers.1-up"),
    );
    operate(
        &[1, 2],
        "up:layers.1",
        &[two.clone(), one.clone()],
        Some("config.layers.0-down"),
    );
    operate(
        &[1, 2],
        "down:layers.0",
        &[two.clone(), one.clone()],
        Some("config.layers.1-up"),
    );
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    for op in [
        "up:layers.0",
        "down:layers.1",
        "remove:layers.2",
        "remove:layers.18446744073709551615",
        "add:nothing",
        "add:lr",
        "add:opt",
        "add:layers.7.heads",
        "remove:.0",
    ] {
        operate(&[1, 2], op, &[json!(1), json!(2)], None);
    }
    for op in [
        "",
        "add",
        "remove:layers",
        "remove:layers.x",
        "turn:layers.1",
    ] {
        assert_eq!(Op::parse(op), None, "{op}");
    }
}

#[test]
fn a_list_in_a_list_is_changed_by_its_path() {
    let mut written = of(json!({"layers": [{}, {"heads": [{"size": 1}]}]}));
    let focus = written.apply(&schema(), &Op::parse("add:layers.1.heads").unwrap());
    assert_eq!(focus.as_deref(), Some("config.layers.1.heads.1"));
    let (config, _) = written.config(&schema());
    assert_eq!(config["layers"], json!([{}, {"heads": [{"size": 1}, {}]}]));
}

#[test]
fn a_long_list_is_json() {
    let long = |items: usize| of(json!({"lr": 1, "layers": vec![json!({"width": 1}); items]}));
    let layers = |written: &Written| {
        let nodes = Node::all(&schema(), written, &[]);
        leaf(&nodes, "config.layers").map(|field| field.hint)
    };
    assert_eq!(layers(&long(ITEMS_MAX)), None);
    let hint = layers(&long(10_000)).unwrap();
    assert!(hint.contains("10\u{202f}000 items"), "{hint}");
    let (config, errors) = long(10_000).config(&schema());
    assert_eq!(
        (config["layers"].as_array().unwrap().len(), errors),
        (10_000, Vec::new())
    );
    let mut grown = long(ITEMS_MAX);
    let focus = grown.apply(&schema(), &Op::parse("add:layers").unwrap());
    assert_eq!(focus.as_deref(), Some("config.layers"));
    assert!(layers(&grown).is_some());
}

#[test]
fn more_fields_than_a_form_has_are_json() {
    let heads = json!({"heads": vec![json!({"size": 1}); 100]});
    let layers = vec![heads; FIELDS_MAX / 200 + 1];
    assert!(matches!(of(json!({"layers": layers})), Written::Json(_)));
}

#[test]
fn a_configuration_turns_into_json_and_back_without_loss() {
    let config =
        json!({"lr": 0.5, "steps": 10, "opt": {"beta": 1.0}, "layers": [{"width": "wide"}]});
    let turned = of(config.clone()).turned(&schema());
    assert!(matches!(&turned, Written::Json(text) if text.contains("\"wide\"")));
    assert_eq!(turned.clone().turned(&schema()), of(config));
    for stays in [
        "{",
        "[]",
        "{\"colour\": 1}",
        "{\"layers\": [{\"colour\": 1}]}",
    ] {
        let json = Written::Json(stays.to_owned());
        assert_eq!(json.clone().turned(&schema()), json);
    }
    let broken = read(&[("config.lr", "1"), ("config.layers", "[1,")]);
    assert_eq!(broken.clone().turned(&schema()), broken);
}

#[test]
fn what_has_no_field_is_named() {
    let config = object(json!({"lr": 1, "colour": 1, "opt": {"x": 1}, "layers": [{"y": 1}]}));
    let (_, left_out) = Written::of_config(&schema(), &config);
    assert_eq!(left_out, ["opt.x", "layers.0.y", "colour"]);
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |x| x.is_finite().then(|| Value::from(x))),
        any::<bool>().prop_map(Value::from),
        "[^\r]{1,20}".prop_map(Value::from),
    ]
}

proptest! {
    /// Names as a browser would send them say what the fields said.
    #[test]
    fn any_configuration_that_fits_survives_the_form(
        lr in 0.0..=1.0_f64, steps in 1..i64::MAX, note in "[^\r]{1,20}",
        layers in proptest::collection::vec(proptest::collection::vec(1..i64::MAX, 0..4), 0..4),
    ) {
        let layers: Vec<_> = layers
            .iter()
            .map(|sizes| {
                let heads: Vec<_> = sizes.iter().map(|size| json!({"size": size})).collect();
                if heads.is_empty() { json!({"width": 1}) } else { json!({"width": 1, "heads": heads}) }
            })
            .collect();
        let mut config = json!({"lr": lr, "steps": steps, "note": note});
        if !layers.is_empty() {
            config["layers"] = layers.into();
        }
        let (said, errors) = of(config.clone()).config(&schema());
        prop_assert!(errors.is_empty());
        prop_assert_eq!(Value::Object(said), config);
    }

    /// Whatever is sent, there is a form of it.
    #[test]
    fn nothing_that_is_sent_breaks_the_form(
        values in proptest::collection::vec(("config(\\.(lr|opt|layers|[0-9]{1,3}|heads|width|)){0,5}", ".*"), 0..20),
        op in "(add|remove|up|down):(layers|opt|[.0-9]){0,5}",
        value in scalars(),
    ) {
        let mut written = Written::read(&schema(), &values);
        if let Some(op) = Op::parse(&op) {
            written.apply(&schema(), &op);
        }
        let (config, errors) = written.config(&schema());
        let _ = schema().complete(&config);
        let nodes = Node::all(&schema(), &written, &errors);
        prop_assert!(nodes.iter().all(|node| !node.to_string().is_empty()));
        let any = json!({"lr": value, "opt": value, "layers": [value]});
        let _ = Node::all(&schema(), &of(any), &[]);
    }
}

//! Both text forms, the rules, and membership.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{arbitrary::spaces, *};
use crate::Config;

fn parse(lines: &[(&str, &str)]) -> Result<Space, Vec<SpaceError>> {
    let parameters: Vec<Parameter> = lines
        .iter()
        .map(|(name, expression)| Parameter::parse(name, expression))
        .collect::<Result<_, _>>()?;
    Space::new(parameters)
}

fn reads_as(expression: &str, printed: &str) {
    let parameter = Parameter::parse("x", expression).unwrap();
    assert_eq!(parameter.expression(), printed);
}

#[test]
fn expressions_are_read_and_printed() {
    reads_as("log_uniform(1e-4, 1e-2)", "log_uniform(1e-4, 0.01)");
    reads_as(" uniform( 0,1 ) ", "uniform(0, 1)");
    reads_as("integer(-1, 8)", "integer(-1, 8)");
    reads_as(
        "choice(cosine, linear, step_decay)",
        "choice(cosine, linear, step_decay)",
    );
    reads_as("choice(64, 1.5, true, null)", "choice(64, 1.5, true, null)");
    reads_as(
        r#"choice("a b", "64", "true", "ü\"")"#,
        r#"choice("a b", "64", "true", "ü\"")"#,
    );
    reads_as("fixed(3)", "fixed(3)");
    reads_as("3", "fixed(3)");
    reads_as("-0.5e-3", "fixed(-0.0005)");
    reads_as(r#""adam""#, "fixed(adam)");
    reads_as("null", "fixed(null)");
    reads_as(
        "integer(2, 10) if lr_schedule in (step_decay)",
        "integer(2, 10) if lr_schedule in (step_decay)",
    );
    reads_as(
        r#"choice(64, 128) divisible by n_heads if "odd name" in (1, "2")"#,
        r#"choice(64, 128) if "odd name" in (1, "2") divisible by n_heads"#,
    );
}

fn refused(expression: &str, message: &str) {
    let errors = Parameter::parse("x", expression).unwrap_err();
    let messages: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
    assert!(messages.iter().any(|m| m.contains(message)), "{messages:?}");
    assert!(errors.iter().all(|e| e.field == "x"));
}

#[test]
fn a_faulty_expression_names_the_value_and_the_remedy() {
    refused(
        "",
        "nothing is said about its values; write `uniform(low, high)`",
    );
    refused("cosine", "`cosine` is not a kind of parameter");
    refused("cosine", "here perhaps `fixed(cosine)`");
    refused(
        "loguniform(1, 2)",
        "`loguniform` is not a kind of parameter; write",
    );
    refused(
        "uniform(1)",
        "`uniform(1)` does not hold two numbers: `uniform(0, 1)`",
    );
    refused(
        "integer(1, 2.5)",
        "`integer(1, 2.5)` does not hold two whole numbers",
    );
    refused(
        "uniform(2, 1)",
        "`low` `2` is not below `high` `1`; swap them",
    );
    refused(
        "log_uniform(0, 1)",
        "`low` `0` has no logarithm; give a number above zero",
    );
    refused("integer(9, 1)", "`low` `9` is above `high` `1`; swap them");
    refused(
        "integer(0, 9007199254740993)",
        "`9007199254740993` is not exact",
    );
    refused("choice()", "`choice()` has no values; list at least one");
    refused("choice(1, 2, 1.0)", "`1.0` is listed twice");
    refused("fixed(1, 2)", "or `choice(1, 2)` to vary it");
    refused("choice(1, 2", "the expression ends too early; add `)`");
    refused(
        "choice(1; 2)",
        "`;` has no meaning here; quote text that holds it",
    );
    refused(r#"choice("a)"#, "has no closing quote");
    refused(
        "choice(3x)",
        r#"`3x` is not a finite number; write one, or quote it: `"3x"`"#,
    );
    refused("fixed(1) if a in ()", "`if a in ()` never holds");
    refused(
        "fixed(1) when a in (1)",
        "`when` is unexpected; only ` if FIELD in (VALUES)`",
    );
    refused("fixed(1) if a in (1) if b in (1)", "`if` is unexpected");
    refused("fixed(1) if a of (1)", "`of` stands where `in` should");
    refused(
        "uniform(1, 2) divisible by a",
        "only those can be `divisible by` something",
    );
    refused(
        "choice(a, 2) divisible by b",
        "only those can be `divisible by` something",
    );
    refused("uniform(-1e308, 1e308)", "is not a finite range");
}

fn rejected(lines: &[(&str, &str)], field: &str, message: &str) {
    let errors = parse(lines).unwrap_err();
    let found = errors
        .iter()
        .any(|e| e.field == field && e.message.contains(message));
    assert!(found, "{errors:?}");
}

#[test]
fn a_parameter_may_depend_only_on_an_earlier_one_that_can_do_what_it_says() {
    let a = ("a", "choice(1, 2)");
    rejected(&[a, a], "a", "the name is used twice");
    rejected(&[("", "1")], "", "a parameter has no name");
    rejected(
        &[a, ("b", "1 if c in (1)")],
        "b",
        "`c`, which does not exist; add `c` before it",
    );
    rejected(
        &[("b", "1 if a in (1)"), a],
        "b",
        "`a`, which comes later; put `a` before it",
    );
    rejected(&[("b", "1 if b in (1)")], "b", "it depends on itself");
    rejected(
        &[a, ("b", "1 if a in (3)")],
        "b",
        "`a` is never `3`; use values of `choice(1, 2)`",
    );
    rejected(
        &[("u", "uniform(0, 1)"), ("b", "1 if u in (1)")],
        "b",
        "whose values `uniform(0, 1)` cannot be listed",
    );
    rejected(
        &[("h", "choice(0, 2)"), ("d", "choice(4, 8) divisible by h")],
        "d",
        "are not all whole numbers above zero",
    );
    rejected(
        &[("h", "choice(2, 3)"), ("d", "choice(4, 8) divisible by h")],
        "d",
        "no value of `choice(4, 8)` is divisible by `3`, a value of `h`; add a multiple of `3`",
    );
    rejected(
        &[("h", "integer(1, 20000)"), ("b", "1 if h in (1)")],
        "h",
        "more than 10000 combinations",
    );
}

#[test]
fn every_fault_is_reported_at_once() {
    let errors = Space::parse_json(&json!({
        "lr": "log_uniform(0, 1)",
        "layers": {"kind": "integer", "low": 3, "high": 1},
        "heads": {"kind": "choise", "values": [1]},
        "width": {"kind": "choice", "values": [64], "divisible_by": "heads", "steps": 3},
        "decay": "integer(1, 3) if schedule in (step)",
        "width2": "choice(64) divisible by heads",
    }))
    .unwrap_err();
    let texts: Vec<String> = errors.iter().map(SpaceError::to_string).collect();
    assert_eq!(
        texts,
        [
            "`lr`: `low` `0` has no logarithm; give a number above zero, or use `uniform`",
            "`heads`: `kind` `\"choise\"` is unknown; use `uniform`, `log_uniform`, `integer`, \
             `choice` or `fixed`",
            "`width`: `steps` means nothing here; use kind, values, when, divisible_by",
            "`layers`: `low` `3` is above `high` `1`; swap them",
            "`decay`: it depends on `schedule`, which does not exist; add `schedule` before it",
        ]
    );
}

#[test]
fn json_takes_objects_expressions_scalars_and_lists() {
    let space = Space::parse_json(&json!({
        "lr": {"kind": "log_uniform", "low": 1e-4, "high": 1e-2},
        "schedule": ["cosine", "step_decay"],
        "drop_every": {"kind": "integer", "low": 2, "high": 9,
                       "when": {"field": "schedule", "one_of": ["step_decay"]}},
        "heads": "choice(2, 4)",
        "width": {"kind": "choice", "values": [64, 128], "divisible_by": "heads"},
        "dropout": 0.1,
    }))
    .unwrap();
    let expressions: Vec<String> = space
        .parameters()
        .iter()
        .map(Parameter::expression)
        .collect();
    assert_eq!(
        expressions,
        [
            "log_uniform(1e-4, 0.01)",
            "choice(cosine, step_decay)",
            "integer(2, 9) if schedule in (step_decay)",
            "choice(2, 4)",
            "choice(64, 128) divisible by heads",
            "fixed(0.1)",
        ]
    );
}

fn json_refused(parameter: &Value, message: &str) {
    let errors = Space::parse_json(&json!({ "x": parameter })).unwrap_err();
    let texts: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
    assert!(texts.iter().any(|t| t.contains(message)), "{texts:?}");
}

#[test]
fn faulty_json_names_the_key_and_the_remedy() {
    json_refused(&json!({}), "`kind` `null` is unknown; use `uniform`");
    json_refused(
        &json!({"kind": "uniform", "low": 0}),
        "`high` is missing; give a number",
    );
    json_refused(
        &json!({"kind": "uniform", "low": "0"}),
        "`low` `\"0\"` is not a number",
    );
    json_refused(
        &json!({"kind": "choice", "values": 3}),
        "`values` `3` is not a list",
    );
    json_refused(
        &json!({"kind": "choice", "values": [[1]]}),
        "`[1]` is not one value",
    );
    json_refused(&json!({"kind": "fixed"}), "`value` is missing");
    json_refused(
        &json!({"kind": "fixed", "value": 1, "when": "a"}),
        "is not a condition; write",
    );
    json_refused(
        &json!({"kind": "fixed", "value": 1, "divisible_by": 2}),
        "is not a name",
    );
    let errors = Space::parse_json(&json!([1])).unwrap_err();
    assert!(
        errors[0].message.contains("`[1]` is not an object"),
        "{errors:?}"
    );
}

fn conditional() -> Space {
    parse(&[
        ("optimizer", "choice(adam, sgd)"),
        ("schedule", "choice(constant, step) if optimizer in (sgd)"),
        ("drop", "integer(1, 3) if schedule in (step)"),
        ("heads", "choice(2, 4)"),
        ("width", "integer(6, 12) divisible by heads"),
    ])
    .unwrap()
}

fn config(value: &Value) -> Config {
    value.as_object().unwrap().clone()
}

#[test]
fn conditions_reach_through_parameters_that_do_not_exist() {
    let space = conditional();
    for accepted in [
        json!({"optimizer": "adam", "heads": 2, "width": 6}),
        json!({"optimizer": "sgd", "schedule": "constant", "heads": 4, "width": 8.0}),
        json!({"optimizer": "sgd", "schedule": "step", "drop": 3, "heads": 4, "width": 12}),
    ] {
        assert_eq!(space.contains(&config(&accepted)), Ok(()));
    }
}

fn outside(value: &Value, expected: &str) {
    let errors = conditional().contains(&config(value)).unwrap_err();
    let texts: Vec<String> = errors.iter().map(SpaceError::to_string).collect();
    assert_eq!(texts, [expected]);
}

#[test]
fn a_configuration_outside_the_space_is_told_why() {
    outside(
        &json!({"optimizer": "adam", "drop": 2, "heads": 2, "width": 6}),
        "`drop`: `2` has no place here; remove it, since it exists only while `schedule` is \
         choice(step)",
    );
    outside(
        &json!({"optimizer": "adam", "heads": 4, "width": 6}),
        "`width`: `6` is not divisible by `heads` `4`; give a multiple of it",
    );
    outside(
        &json!({"optimizer": "adam", "heads": 2, "width": 14}),
        "`width`: `14` is not in `integer(6, 12)`; give one of `integer(6, 12)`",
    );
    outside(
        &json!({"optimizer": "adam", "heads": 2}),
        "`width`: has no value; give one of `integer(6, 12)`",
    );
    outside(
        &json!({"optimizer": "adam", "heads": 2, "width": 6, "lr": 1}),
        "`lr`: there is no such parameter; remove it, or use one of: optimizer, schedule, drop, \
         heads, width",
    );
}

#[test]
fn the_size_counts_only_what_exists_together() {
    // adam, sgd constant, sgd step with three drops: 5. Heads 2: 6 8 10 12; heads 4: 8 12.
    assert_eq!(conditional().size(), Some(5 * 6));
    assert_eq!(parse(&[]).unwrap().size(), Some(1));
    assert_eq!(parse(&[("u", "uniform(0, 1)")]).unwrap().size(), None);
    let wide = |n| {
        parse(&[("a", "integer(1, 4294967296)"), ("b", n)])
            .unwrap()
            .size()
    };
    assert_eq!(
        wide("integer(1, 4294967295)"),
        Some(4_294_967_296 * 4_294_967_295)
    );
    assert_eq!(wide("integer(1, 4294967296)"), None);
}

proptest! {
    #[test]
    fn every_expression_reads_back(space in spaces()) {
        for parameter in space.parameters() {
            let read = Parameter::parse(&parameter.name, &parameter.expression());
            prop_assert_eq!(read.as_ref(), Ok(parameter));
        }
    }

    #[test]
    fn json_reads_back_even_through_text(space in spaces()) {
        prop_assert_eq!(Space::parse_json(&space.to_json()), Ok(space.clone()));
        let expressions: Config = space.parameters().iter()
            .map(|p| (p.name.clone(), Value::from(p.expression())))
            .collect();
        prop_assert_eq!(Space::parse_json(&Value::Object(expressions)), Ok(space));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,40}") {
        let _ = Parameter::parse("x", &text);
    }

    #[test]
    fn no_shuffled_expression_makes_the_reader_panic(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "choice", "uniform", "integer", "fixed", "(", ")", ",", "1", "-1e999", "a", "\"",
                "if", "in", "divisible", "by", "null", " ",
            ]),
            0..12,
        ),
    ) {
        let _ = Parameter::parse("x", &pieces.concat());
    }
}

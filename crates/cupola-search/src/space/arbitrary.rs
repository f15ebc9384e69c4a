//! Valid spaces of every kind, for property tests.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::space::{Domain, Parameter, Space};

/// A space in which some parameters depend on earlier ones.
pub(crate) fn spaces() -> impl Strategy<Value = Space> {
    let parameter = (domain(), any::<u8>(), any::<u8>(), ".{0,6}");
    prop::collection::vec(parameter, 0..7).prop_map(|rows| {
        let mut parameters: Vec<Parameter> = Vec::new();
        for (domain, condition, divisor, odd) in rows {
            let name = format!("p{}{odd}", parameters.len());
            let mut parameter = Parameter::new(name, domain);
            parameter = dependent(parameter, &parameters, condition);
            parameters.push(divided(parameter, &parameters, divisor));
        }
        Space::new(parameters).expect("the rows follow the rules")
    })
}

/// Makes two thirds of the parameters depend on an earlier one that can be listed.
fn dependent(parameter: Parameter, earlier: &[Parameter], choice: u8) -> Parameter {
    let listed = earlier.iter().filter_map(|p| match &p.domain {
        Domain::Choice(values) => Some((p.name.clone(), values)),
        _ => None,
    });
    let listed: Vec<_> = listed.collect();
    let choice = usize::from(choice);
    if choice.is_multiple_of(3) || listed.is_empty() {
        return parameter;
    }
    let (name, values) = &listed[choice % listed.len()];
    let kept = values.iter().take(1 + choice % values.len()).cloned();
    parameter.when(name.clone(), kept.collect())
}

/// Makes integers depend on an earlier choice of small numbers, where there is one.
fn divided(parameter: Parameter, earlier: &[Parameter], choice: u8) -> Parameter {
    let is_divisor = |p: &&Parameter| p.domain == divisors();
    match (earlier.iter().find(is_divisor), &parameter.domain) {
        (Some(divisor), Domain::Integer { low, high })
            if choice.is_multiple_of(2) && high - low >= 4 =>
        {
            let name = divisor.name.clone();
            parameter.divisible_by(name)
        }
        _ => parameter,
    }
}

fn divisors() -> Domain {
    Domain::Choice(vec![json!(1), json!(2), json!(4)])
}

fn domain() -> impl Strategy<Value = Domain> {
    let bound = -1e6..1e6f64;
    prop_oneof![
        (bound.clone(), 1e-3..1e6f64).prop_map(|(low, span)| Domain::Uniform {
            low,
            high: low + span
        }),
        (1e-9..1.0f64, 1.001..1e9f64).prop_map(|(low, ratio)| Domain::LogUniform {
            low,
            high: low * ratio
        }),
        (-20i64..20, 0i64..9).prop_map(|(low, span)| Domain::Integer {
            low,
            high: low + span
        }),
        prop::collection::hash_set(text_or_number(), 1..4).prop_map(|texts| {
            let values = texts.iter().map(|text| serde_json::from_str(text).unwrap());
            Domain::Choice(values.collect())
        }),
        Just(divisors()),
        text_or_number().prop_map(|text| Domain::Fixed(serde_json::from_str(&text).unwrap())),
    ]
}

/// JSON scalars as text, so that they can be told apart in a set.
fn text_or_number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i32>().prop_map(|n| Value::from(n).to_string()),
        // A half keeps it from being the same as some whole number.
        (-1000i32..1000).prop_map(|n| Value::from(f64::from(n) + 0.5).to_string()),
        ".{0,8}".prop_map(|text| Value::from(text).to_string()),
        "[a-z_]{1,8}".prop_map(|text| Value::from(text).to_string()),
        Just("true".to_owned()),
        Just("null".to_owned()),
    ]
}

//! What is searched of a parameter, in words: `0.001 to 0.1 (log)`, `1, 2 or 4`.

use cupola_search::space::{Domain, Parameter};
use serde_json::Value;

/// The values of a parameter, and what they depend on.
pub fn in_words(parameter: &Parameter) -> String {
    let mut words = match &parameter.domain {
        Domain::Uniform { low, high } => {
            let is_whole = low.fract() == 0.0 && high.fract() == 0.0;
            let note = if is_whole { " (any number)" } else { "" };
            format!("{} to {}{note}", literal(low), literal(high))
        }
        Domain::LogUniform { low, high } => format!("{} to {} (log)", literal(low), literal(high)),
        Domain::Integer { low, high } => format!("{low} to {high}"),
        Domain::Choice(values) => one_of(values),
        Domain::Fixed(value) => literal(value),
    };
    if let Some(when) = &parameter.when {
        words = format!("{words}, while {} is {}", when.field, one_of(&when.one_of));
    }
    if let Some(field) = &parameter.divisible_by {
        words = format!("{words}, divisible by {field}");
    }
    words
}

/// `1, 2 or 4`.
fn one_of(values: &[Value]) -> String {
    let texts: Vec<String> = values.iter().map(literal).collect();
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A value as spaces have it.
fn literal(value: &(impl Clone + Into<Value>)) -> String {
    let fixed = Domain::Fixed(value.clone().into()).to_string();
    let inside = fixed
        .strip_prefix("fixed(")
        .and_then(|text| text.strip_suffix(')'));
    inside.map_or(fixed.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_told_in_words() {
        for (expression, expected) in [
            ("log_uniform(0.001, 0.1)", "0.001 to 0.1 (log)"),
            ("uniform(0.01, 0.5)", "0.01 to 0.5"),
            ("integer(2, 6)", "2 to 6"),
            ("choice(1, 2, 4)", "1, 2 or 4"),
            ("choice(cosine, linear)", "cosine or linear"),
            ("choice(7)", "7"),
            ("fixed(0.001)", "0.001"),
            ("fixed(\"a b\")", "\"a b\""),
            (
                "choice(64, 128) divisible by n_heads",
                "64 or 128, divisible by n_heads",
            ),
            (
                "integer(2, 10) if kind in (a, b)",
                "2 to 10, while kind is a or b",
            ),
        ] {
            let parameter = Parameter::parse("x", expression).unwrap();
            assert_eq!(in_words(&parameter), expected, "{expression}");
        }
    }
}

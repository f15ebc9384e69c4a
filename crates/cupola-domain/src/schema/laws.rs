//! What makes a schema one: names that a path can hold, bounds that leave room, defaults that fit.

use std::collections::HashSet;

use serde_json::Value;

use super::{Field, FieldKind, Schema, check};
use crate::{field::FieldError, text::excerpt};

/// Groups and lists in each other go so deep at most: deeper ones nobody can fill in.
const DEPTH_MAX: usize = 16;

/// See [`Schema::flaws`].
pub(super) fn flaws(schema: &Schema) -> Vec<FieldError> {
    flaws_at(schema, DEPTH_MAX)
}

fn flaws_at(schema: &Schema, deeper: usize) -> Vec<FieldError> {
    let mut names = HashSet::new();
    let mut flaws = Vec::new();
    for field in &schema.fields {
        let name = excerpt(&field.name);
        if !is_field_name(&field.name) {
            let remedy = "does not fit; use up to 64 letters, digits, `_` and `-`, a letter first";
            flaws.push(FieldError::new(name, remedy));
        } else if !names.insert(&field.name) {
            flaws.push(FieldError::new(name, "stands twice; remove one of the two"));
        } else {
            let found = flaws_of_field(field, deeper);
            flaws.extend(found.into_iter().map(|flaw| flaw.under(&field.name)));
        }
    }
    flaws
}

fn flaws_of_field(field: &Field, deeper: usize) -> Vec<FieldError> {
    let flaws = flaws_of_kind(&field.kind, deeper);
    if flaws.is_empty()
        && let Some(default) = &field.default
        && let Err(errors) = field.kind.check(default)
    {
        let under = |error: FieldError| error.under("default");
        return errors.into_iter().map(under).collect();
    }
    flaws
}

fn flaws_of_kind(kind: &FieldKind, deeper: usize) -> Vec<FieldError> {
    let flaw = |field: &str, message: String| vec![FieldError::new(field, message)];
    match kind {
        FieldKind::Text {
            min_length: min,
            max_length: max,
            ..
        } if crossed(min.as_ref(), max.as_ref()) => {
            flaw("max_length", "is below `min_length`".to_owned())
        }
        FieldKind::Integer { min, max, .. } if crossed(min.as_ref(), max.as_ref()) => {
            flaw("max", "is below `min`".to_owned())
        }
        FieldKind::Number { min, max, .. } if crossed(min.as_ref(), max.as_ref()) => {
            flaw("max", "is below `min`".to_owned())
        }
        FieldKind::Integer {
            step: Some(step), ..
        } if *step <= 0 => flaw("step", format!("is {step}; give a number above 0")),
        FieldKind::Number {
            step: Some(step), ..
        } if *step <= 0.0 => flaw("step", format!("is {step}; give a number above 0")),
        FieldKind::Enum { options } => flaws_of_options(options),
        FieldKind::List {
            min_items: min,
            max_items: max,
            ..
        } if crossed(min.as_ref(), max.as_ref()) => {
            flaw("max_items", "is below `min_items`".to_owned())
        }
        FieldKind::List { .. } | FieldKind::Group { .. } if deeper == 0 => flaw(
            "",
            format!("is nested deeper than {DEPTH_MAX} groups and lists; use fewer"),
        ),
        FieldKind::List { item, .. } => {
            let found = flaws_of_kind(item, deeper - 1);
            found.into_iter().map(|flaw| flaw.under("item")).collect()
        }
        FieldKind::Group { fields } => flaws_at(fields, deeper - 1),
        _ => Vec::new(),
    }
}

fn flaws_of_options(options: &[Value]) -> Vec<FieldError> {
    let flaw = |message: String| vec![FieldError::new("options", message)];
    let is_plain = |option: &&Value| !option.is_null() && !option.is_object() && !option.is_array();
    if options.is_empty() {
        return flaw("is empty; give what may be chosen".to_owned());
    }
    if let Some(odd) = options.iter().find(|option| !is_plain(option)) {
        let shown = excerpt(odd);
        return flaw(format!("holds {shown}; give texts, numbers, true or false"));
    }
    let twice = options.iter().enumerate();
    match twice
        .into_iter()
        .find(|(at, option)| options[..*at].iter().any(|o| check::same(o, option)))
    {
        Some((_, option)) => flaw(format!("holds {} twice; remove one", excerpt(option))),
        None => Vec::new(),
    }
}

/// Whether `name` may name a field: it becomes part of paths, of a form's fields and of programs.
fn is_field_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.len() <= 64 && name.starts_with(first) && name.chars().all(fits)
}

fn crossed<T: PartialOrd>(min: Option<&T>, max: Option<&T>) -> bool {
    min.zip(max).is_some_and(|(min, max)| max < min)
}

//! Whether a value fits a field.

use std::fmt::Display;

use serde_json::Value;

use super::{FieldKind, Schema, TextFormat};
use crate::{field::FieldError, text::excerpt};

/// So many items of a list are named when they are wrong; the rest are counted.
const WRONG_ITEMS_NAMED: usize = 20;

impl FieldKind {
    /// The value as the program gets it, or what is wrong with it; mistakes in the value as a whole
    /// have no name yet.
    pub fn check(&self, value: &Value) -> Result<Value, Vec<FieldError>> {
        match self {
            FieldKind::Text {
                format,
                min_length,
                max_length,
                options,
            } => check_text(value, *format, (*min_length, *max_length), options),
            FieldKind::Boolean if value.is_boolean() => Ok(value.clone()),
            FieldKind::Boolean => refuse(value, "give `true` or `false`"),
            FieldKind::Integer { min, max, .. } => match as_integer(value) {
                Some(n) if min.is_none_or(|min| min <= n) && max.is_none_or(|max| n <= max) => {
                    Ok(n.into())
                }
                _ => refuse(value, format!("give a whole number{}", range(*min, *max))),
            },
            FieldKind::Number { min, max, .. } => match value.as_f64() {
                Some(x) if min.is_none_or(|min| min <= x) && max.is_none_or(|max| x <= max) => {
                    Ok(value.clone())
                }
                _ => refuse(value, format!("give a number{}", range(*min, *max))),
            },
            FieldKind::Enum { options } => {
                match options.iter().find(|option| same(option, value)) {
                    Some(option) => Ok(option.clone()),
                    None => refuse(value, choices(options.iter().map(plain))),
                }
            }
            FieldKind::List {
                item,
                min_items,
                max_items,
            } => check_list(value, item, *min_items, *max_items),
            FieldKind::Group { fields } => check_group(value, fields),
        }
    }
}

fn check_text(
    value: &Value,
    format: TextFormat,
    (min, max): (Option<u32>, Option<u32>),
    options: &[String],
) -> Result<Value, Vec<FieldError>> {
    let Some(text) = value.as_str() else {
        return refuse(value, "give a text");
    };
    if !options.is_empty() && options.iter().all(|option| option != text) {
        return refuse(value, choices(options.iter().map(String::clone)));
    }
    let length = text.chars().count();
    if !within(length, min, max) {
        let wanted = format!(
            "has {}; give {}",
            counted(length, "character"),
            counts(min, max, "character")
        );
        return Err(vec![FieldError::new("", wanted)]);
    }
    match format.unmet(text) {
        Some(wanted) => refuse(value, wanted),
        None => Ok(value.clone()),
    }
}

fn check_list(
    value: &Value,
    item: &FieldKind,
    min: Option<u32>,
    max: Option<u32>,
) -> Result<Value, Vec<FieldError>> {
    let Some(items) = value.as_array() else {
        return refuse(value, "give a list");
    };
    let mut errors = Vec::new();
    if !within(items.len(), min, max) {
        let wanted = format!(
            "has {}; give {}",
            counted(items.len(), "item"),
            counts(min, max, "item")
        );
        errors.push(FieldError::new("", wanted));
    }
    let mut completed = Vec::with_capacity(items.len());
    let mut wrong = 0;
    for (at, entry) in items.iter().enumerate() {
        match item.check(entry) {
            Ok(entry) => completed.push(entry),
            Err(found) => {
                wrong += 1;
                if wrong <= WRONG_ITEMS_NAMED {
                    errors.extend(found.into_iter().map(|e| e.under(&at.to_string())));
                }
            }
        }
    }
    if wrong > WRONG_ITEMS_NAMED {
        let more = counted(wrong - WRONG_ITEMS_NAMED, "more item");
        errors.push(FieldError::new("", format!("has mistakes in {more}")));
    }
    if errors.is_empty() {
        Ok(Value::Array(completed))
    } else {
        Err(errors)
    }
}

fn check_group(value: &Value, fields: &Schema) -> Result<Value, Vec<FieldError>> {
    match value.as_object() {
        Some(group) => fields.complete(group).map(Value::Object),
        None => refuse(value, "give an object"),
    }
}

fn refuse(value: &Value, wanted: impl Display) -> Result<Value, Vec<FieldError>> {
    let message = format!("is {}; {wanted}", excerpt(value));
    Err(vec![FieldError::new("", message)])
}

/// A whole number however it was written: `3` and `3.0` are the same.
pub(super) fn as_integer(value: &Value) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and in range"
    )]
    value.as_i64().or_else(|| {
        value
            .as_f64()
            .filter(|x| x.fract() == 0.0 && x.abs() < 9e15)
            .map(|x| x as i64)
    })
}

/// Equal, whichever way numbers were written.
pub(super) fn same(option: &Value, value: &Value) -> bool {
    let both = option.as_f64().zip(value.as_f64());
    option == value || both.is_some_and(|(a, b)| a.total_cmp(&b).is_eq())
}

fn choices(options: impl Iterator<Item = String>) -> String {
    const OPTIONS_SHOWN: usize = 30;
    let all: Vec<_> = options
        .map(|option| format!("`{}`", excerpt(&option)))
        .collect();
    let shown = all[..all.len().min(OPTIONS_SHOWN)].join(", ");
    match all.len().saturating_sub(OPTIONS_SHOWN) {
        0 => format!("choose one of {shown}"),
        more => format!("choose one of {shown} and {more} more"),
    }
}

fn plain(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}

fn range<T: Display>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" of at least {min}"),
        (None, Some(max)) => format!(" of at most {max}"),
        (None, None) => String::new(),
    }
}

fn within(count: usize, min: Option<u32>, max: Option<u32>) -> bool {
    let holds = |bound: u32| usize::try_from(bound).unwrap_or(usize::MAX);
    min.is_none_or(|min| holds(min) <= count) && max.is_none_or(|max| count <= holds(max))
}

fn counts(min: Option<u32>, max: Option<u32>, thing: &str) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min != max => format!("{min} to {max} {thing}s"),
        (Some(min), None) => format!("at least {}", counted(min as usize, thing)),
        (None, Some(max)) => format!("at most {}", counted(max as usize, thing)),
        (Some(exactly), _) => counted(exactly as usize, thing),
        (None, None) => format!("any number of {thing}s"),
    }
}

fn counted(count: usize, thing: &str) -> String {
    match count {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        more => format!("{more} {thing}s"),
    }
}

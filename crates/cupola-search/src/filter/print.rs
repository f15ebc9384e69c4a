//! Filters and orders as texts that read back as equal.

use std::fmt::{self, Formatter};

use super::{
    Comparison, Field, Filter, Kind, Literal, Order, Statistic, Test, date,
    tokens::{is_bare_name, quoted},
};
use crate::numbers::shortest;

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " and "),
            Self::Or(parts) => joined(f, parts, " or "),
            Self::Not(inner) => {
                f.write_str("not ")?;
                part(f, inner)
            }
            Self::Compare(comparison) => comparison.fmt(f),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { field, test } = self;
        match test {
            Test::Is(relation, value) => {
                write!(f, "{field} {relation} {}", value_text(field, value))
            }
            Test::In(values) => {
                let values: Vec<_> = values.iter().map(|v| value_text(field, v)).collect();
                write!(f, "{field} in ({})", values.join(", "))
            }
            Test::Contains(text) => write!(f, "{field} ~ {}", quoted(text)),
            Test::Matches(pattern) => write!(f, "{field} ~ {}", quoted(pattern.as_str())),
            Test::Like {
                pattern,
                ignores_case,
            } => {
                let word = if *ignores_case { "ilike" } else { "like" };
                write!(f, "{field} {word} {}", quoted(pattern))
            }
            Test::Missing => write!(f, "{field} is missing"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Param(key) => write!(f, "params.{}", name(key)),
            Self::Tag(key) => write!(f, "tags.{}", name(key)),
            Self::Metric(key, Statistic::Last) => write!(f, "metrics.{}", name(key)),
            Self::Metric(key, statistic) => {
                write!(f, "metrics.{}.{}", name(key), statistic.as_str())
            }
            Self::Attribute(attribute) => f.write_str(attribute.as_str()),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let way = if self.is_descending { " desc" } else { "" };
        write!(f, "{}{way}", self.field)
    }
}

/// Parts that are lists themselves stand in parentheses.
fn joined(f: &mut Formatter<'_>, parts: &[Filter], word: &str) -> fmt::Result {
    for (at, each) in parts.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { word })?;
        part(f, each)?;
    }
    Ok(())
}

fn part(f: &mut Formatter<'_>, filter: &Filter) -> fmt::Result {
    match filter {
        Filter::And(_) | Filter::Or(_) => write!(f, "({filter})"),
        _ => write!(f, "{filter}"),
    }
}

fn value_text(field: &Field, value: &Literal) -> String {
    match value {
        Literal::Text(text) => quoted(text),
        Literal::Number(number) if field.kind() == Kind::Time => {
            date::text(*number).map_or_else(|| shortest(*number), |text| quoted(&text))
        }
        Literal::Number(number) => shortest(*number),
    }
}

/// A name stands bare where it reads back as the same.
fn name(name: &str) -> String {
    let has_statistic = [Statistic::Last, Statistic::Min, Statistic::Max]
        .iter()
        .any(|statistic| name.ends_with(&format!(".{}", statistic.as_str())));
    if is_bare_name(name) && !has_statistic {
        name.to_owned()
    } else {
        quoted(name)
    }
}

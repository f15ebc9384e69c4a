//! Searching a few things that are all at hand.

use std::{borrow::Cow, cmp::Ordering};

use super::{
    Error,
    filter::{self, Comparison, Entity, Field, Op, Test, Value},
    like,
    order::{self, Order},
    pages::Page,
};

/// What an attribute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Compared as a text.
    Text,
    /// Compared as a number.
    Number,
}

/// What a thing says of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said<'t> {
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'t, str>),
}

impl Said<'_> {
    /// Milliseconds and versions are exact doubles for long yet.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    pub(crate) fn whole(number: i64) -> Self {
        Said::Number(number as f64)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Said::Number(a), Said::Number(b)) => a.total_cmp(b),
            (Said::Text(a), Said::Text(b)) => a.cmp(b),
            (Said::Number(_), Said::Text(_)) => Ordering::Less,
            (Said::Text(_), Said::Number(_)) => Ordering::Greater,
        }
    }
}

/// A thing that clients search.
pub(crate) trait Searched {
    /// What they are called.
    const PLURAL: &'static str;

    /// Its attributes.
    const ATTRIBUTES: &'static [(&'static str, Kind)];

    /// What else it has besides attributes.
    const ENTITIES: &'static [Entity];

    /// What it says of a field that was checked.
    fn said(&self, field: &Field) -> Option<Said<'_>>;

    /// All that it says of such a field, where that may be several things: one of them suffices a test.
    fn all_said(&self, field: &Field) -> Vec<Said<'_>> {
        self.said(field).into_iter().collect()
    }

    /// The order of things that say the same.
    fn tie(&self, other: &Self) -> Ordering;
}

/// What is asked for, understood.
#[derive(Debug)]
pub(crate) struct Search {
    comparisons: Vec<Comparison>,
    orders: Vec<Order>,
    page: Page,
}

impl Search {
    /// A search for things of one kind.
    pub(crate) fn of<T: Searched>(
        filter: &str,
        orders: &[&str],
        page: Page,
    ) -> Result<Self, Error> {
        let comparisons = filter::parse(filter)?;
        for Comparison { field, test } in &comparisons {
            check_test(field, kind_of::<T>(field)?, test)?;
        }
        let orders = order::parse(orders)?;
        for order in &orders {
            kind_of::<T>(&order.field)?;
        }
        Ok(Self {
            comparisons,
            orders,
            page,
        })
    }

    /// Whether the filter says anything of this tag.
    pub(crate) fn names_tag(&self, key: &str) -> bool {
        let is_it = |field: &Field| field.entity == Entity::Tag && field.key == key;
        self.comparisons.iter().any(|one| is_it(&one.field))
    }

    /// The page, and the token of the next.
    pub(crate) fn run<T: Searched>(&self, mut found: Vec<T>) -> (Vec<T>, Option<String>) {
        found.retain(|one| self.comparisons.iter().all(|test| holds(test, one)));
        found.sort_by(|a, b| self.compare(a, b));
        let Page { from, limit } = self.page;
        let is_more = found.len() > from.saturating_add(limit);
        let page = found.into_iter().skip(from).take(limit).collect();
        (page, self.page.next(is_more))
    }

    fn compare<T: Searched>(&self, a: &T, b: &T) -> Ordering {
        let asked = self.orders.iter().map(|order| compare_by(order, a, b));
        let asked = asked.fold(Ordering::Equal, Ordering::then);
        asked.then_with(|| a.tie(b))
    }
}

fn kind_of<T: Searched>(field: &Field) -> Result<Kind, Error> {
    let key = field.key.as_str();
    let found = match field.entity {
        Entity::Attribute => {
            let known = T::ATTRIBUTES.iter().find(|(name, _)| *name == key);
            known.map(|(_, kind)| *kind)
        }
        entity if !T::ENTITIES.contains(&entity) => None,
        Entity::Metric => Some(Kind::Number),
        _ => Some(Kind::Text),
    };
    found.ok_or_else(|| {
        let names: Vec<_> = T::ATTRIBUTES.iter().map(|(name, _)| *name).collect();
        let (names, plural) = (names.join(", "), T::PLURAL);
        Error::invalid(format!(
            "Invalid attribute key '{key}'; {plural} have tags and {names}."
        ))
    })
}

fn check_test(field: &Field, kind: Kind, test: &Test) -> Result<(), Error> {
    let is_number = kind == Kind::Number;
    let is_fitting = match test {
        Test::Is(op, Value::Number(_)) => is_number && !op.is_pattern(),
        // A number in quotes is a number all the same.
        Test::Is(op, Value::Text(digits)) if is_number => {
            digits.parse::<f64>().is_ok() && !op.is_pattern()
        }
        Test::Is(op, Value::Text(_)) => !op.is_order(),
        Test::In { .. } => !is_number,
        Test::Null { .. } => field.entity != Entity::Attribute,
    };
    if is_fitting {
        return Ok(());
    }
    let key = &field.key;
    let message = format!("Invalid comparison of '{key}': it takes another comparator or value.");
    Err(Error::invalid(message))
}

fn holds<T: Searched>(Comparison { field, test }: &Comparison, one: &T) -> bool {
    let said = one.all_said(field);
    match test {
        Test::Null { is_negated } => said.is_empty() != *is_negated,
        test => said.iter().any(|said| suffices(said, test)),
    }
}

fn suffices(said: &Said<'_>, test: &Test) -> bool {
    match (said, test) {
        (Said::Text(said), Test::Is(op, Value::Text(value))) => match op {
            Op::Eq => said == value.as_str(),
            Op::Ne => said != value.as_str(),
            Op::ILike => like::matches(&said.to_lowercase(), &value.to_lowercase()),
            _ => like::matches(said, value),
        },
        (Said::Text(said), Test::In { values, is_negated }) => {
            values.iter().any(|value| said == value.as_str()) != *is_negated
        }
        (Said::Number(number), Test::Is(op, value)) => match value {
            Value::Number(value) => is(*op, *number, *value),
            Value::Text(value) => value.parse().is_ok_and(|value| is(*op, *number, value)),
        },
        _ => false,
    }
}

fn is(op: Op, number: f64, value: f64) -> bool {
    match number.partial_cmp(&value) {
        Some(Ordering::Less) => matches!(op, Op::Lt | Op::Le | Op::Ne),
        Some(Ordering::Equal) => matches!(op, Op::Eq | Op::Le | Op::Ge),
        Some(Ordering::Greater) => matches!(op, Op::Gt | Op::Ge | Op::Ne),
        None => false,
    }
}

/// Who says nothing comes last, whichever way.
fn compare_by<T: Searched>(order: &Order, a: &T, b: &T) -> Ordering {
    match (a.said(&order.field), b.said(&order.field)) {
        (Some(a), Some(b)) if order.is_descending => b.compare(&a),
        (Some(a), Some(b)) => a.compare(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

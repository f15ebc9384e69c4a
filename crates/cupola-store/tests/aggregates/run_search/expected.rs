//! The same questions answered by going through all runs.

use std::cmp::Ordering;

use cupola_domain::{
    ids::RunId,
    labels,
    run::{Failure, Outcome, RunState},
    time::Timestamp,
};
use cupola_search::filter::{
    Attribute, Comparison, Field, Filter, Literal, Order, Relation, Statistic, Test,
};
use cupola_store::run_search::Query;

use super::made::Facts;

/// The runs of a page, whether more follow, and how many there are.
pub(super) fn page(facts: &[Facts], query: &Query) -> (Vec<RunId>, bool, u64) {
    let mut found: Vec<_> = facts
        .iter()
        .filter(|run| {
            query.experiments.is_empty() || query.experiments.contains(&run.run.experiment)
        })
        .filter(|run| query.filter.as_ref().is_none_or(|f| satisfies(run, f)))
        .collect();
    found.sort_by(|a, b| compare(a, b, &query.order));
    let (offset, limit) = (
        usize::try_from(query.offset).unwrap(),
        usize::try_from(query.limit).unwrap(),
    );
    let ids: Vec<_> = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|f| f.run.id)
        .collect();
    let has_more = found.len() > offset + limit;
    (ids, has_more, found.len() as u64)
}

fn satisfies(facts: &Facts, filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| satisfies(facts, part)),
        Filter::Or(parts) => parts.iter().any(|part| satisfies(facts, part)),
        Filter::Not(inner) => !satisfies(facts, inner),
        Filter::Compare(Comparison { field, test }) => match value(facts, field) {
            None => *test == Test::Missing,
            Some(value) => is_so(&value, test),
        },
    }
}

/// A value of a run.
enum Value {
    Number(f64),
    Text(String),
    /// Of a parameter: a number beside a number.
    Either(String),
}

fn value(facts: &Facts, field: &Field) -> Option<Value> {
    match field {
        Field::Param(key) => facts.params.get(key).cloned().map(Value::Either),
        Field::Tag(key) => facts.tags.get(key).cloned().map(Value::Text),
        Field::Metric(name, statistic) => {
            let values = facts.metrics.get(name)?;
            let finite = values.iter().copied().filter(|value| value.is_finite());
            let found = match statistic {
                Statistic::Last => values.last().copied(),
                Statistic::Min => finite.reduce(f64::min),
                Statistic::Max => finite.reduce(f64::max),
            };
            found.map(Value::Number)
        }
        Field::Attribute(attribute) => of_run(facts, *attribute),
    }
}

fn of_run(facts: &Facts, attribute: Attribute) -> Option<Value> {
    let run = &facts.run;
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
    let number = |number: i64| Some(Value::Number(number as f64));
    let time = |at: Option<Timestamp>| at.and_then(|at| number(at.millis()));
    match attribute {
        Attribute::Id => text(&run.id.to_string()),
        Attribute::Name => Some(Value::Text(run.name.clone())).filter(|_| !run.name.is_empty()),
        Attribute::State => text(run.state.word().as_str()),
        Attribute::Failure => match &run.state {
            RunState::Finished {
                outcome: Outcome::Failed(failure),
                ..
            } => text(Failure::kind(failure)),
            _ => None,
        },
        Attribute::Experiment => text(&facts.experiment),
        Attribute::Worker | Attribute::Cost => None,
        Attribute::Task => number(i64::from(facts.task_number)),
        Attribute::Attempt => number(i64::from(run.attempt)),
        Attribute::Seed => number(facts.seed),
        Attribute::Created => time(Some(run.created_at)),
        Attribute::Started => time(run.started_at),
        Attribute::Finished => time(run.finished_at),
        Attribute::Duration => {
            let between = |started| run.finished_at.map(|end| end.since(started));
            let took = run.wall_time.or_else(|| run.started_at.and_then(between));
            took.map(|took| Value::Number(took.as_secs_f64()))
        }
    }
}

fn is_so(value: &Value, test: &Test) -> bool {
    match (test, value) {
        (Test::Is(relation, literal), _) => stands(value, *relation, literal),
        (Test::In(literals), _) => literals.iter().any(|l| stands(value, Relation::Equal, l)),
        (Test::Contains(part), Value::Text(value) | Value::Either(value)) => value
            .to_ascii_lowercase()
            .contains(&part.to_ascii_lowercase()),
        (
            Test::Like {
                pattern,
                ignores_case,
            },
            Value::Text(value) | Value::Either(value),
        ) => {
            if *ignores_case {
                is_like(&value.to_ascii_lowercase(), &pattern.to_ascii_lowercase())
            } else {
                is_like(value, pattern)
            }
        }
        _ => false,
    }
}

fn stands(value: &Value, relation: Relation, literal: &Literal) -> bool {
    let ordering = match (value, literal) {
        (Value::Number(value), Literal::Number(number)) => value.partial_cmp(number),
        (Value::Text(value) | Value::Either(value), Literal::Text(text)) => Some(value.cmp(text)),
        (Value::Either(value), Literal::Number(number)) => {
            labels::number(value).and_then(|value| value.partial_cmp(number))
        }
        _ => panic!("the types do not fit"),
    };
    match relation {
        Relation::Equal => ordering == Some(Ordering::Equal),
        Relation::Unequal => ordering != Some(Ordering::Equal),
        Relation::Less => ordering.is_some_and(Ordering::is_lt),
        Relation::AtMost => ordering.is_some_and(Ordering::is_le),
        Relation::Greater => ordering.is_some_and(Ordering::is_gt),
        Relation::AtLeast => ordering.is_some_and(Ordering::is_ge),
    }
}

fn is_like(text: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('%') => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter()
                .any(|at| is_like(&text[at..], rest.as_str()))
        }
        Some(c) => {
            let mut characters = text.chars();
            characters
                .next()
                .is_some_and(|first| c == '_' || c == first)
                && is_like(characters.as_str(), rest.as_str())
        }
    }
}

/// Those without a value last, both ways; numbers before texts, both ways.
fn compare(a: &Facts, b: &Facts, orders: &[Order]) -> Ordering {
    for order in orders {
        let way = |ordering: Ordering| {
            if order.is_descending {
                ordering.reverse()
            } else {
                ordering
            }
        };
        let (a, b) = (key(a, &order.field), key(b, &order.field));
        let ranks = a.0.cmp(&b.0);
        let ordering = ranks
            .then_with(|| way(a.1.partial_cmp(&b.1).unwrap_or(Ordering::Equal)))
            .then_with(|| way(a.2.cmp(&b.2)));
        if ordering.is_ne() {
            return ordering;
        }
    }
    let ids = a.run.id.cmp(&b.run.id);
    match orders.last() {
        Some(order) if !order.is_descending => ids,
        _ => ids.reverse(),
    }
}

/// What a run is sorted by: numbers, texts, nothing; then the number and the text.
fn key(facts: &Facts, field: &Field) -> (u8, f64, String) {
    let beginning = |text: &str| text.chars().take(64).collect::<String>();
    match value(facts, field) {
        Some(Value::Number(number)) if !number.is_nan() => (0, number, String::new()),
        Some(Value::Either(text)) => match labels::number(&text) {
            Some(number) => (0, number, beginning(&text)),
            None => (1, 0.0, beginning(&text)),
        },
        Some(Value::Text(text)) => (1, 0.0, beginning(&text)),
        _ => (2, 0.0, String::new()),
    }
}

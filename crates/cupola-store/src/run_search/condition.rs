//! A filter as a condition on `run`, and the runs that an index finds for it.

use cupola_domain::{counts::State, labels, text::storable};
use cupola_search::filter::{
    Attribute, Comparison, Field, Filter, Literal, Relation, Statistic, Test,
};

use super::{
    place::{column, place},
    written::Written,
};
use crate::engine::dialect::Dialect;

/// So many characters of a text stand in an index.
pub(super) const INDEXED_CHARS: usize = 64;

/// Writes a filter as a condition on a row of `run` that is true or false, never NULL.
pub(super) fn write(to: &mut Written, filter: &Filter, dialect: Dialect) {
    match filter {
        Filter::And(parts) => write_all(to, parts, " AND ", dialect),
        Filter::Or(parts) => write_all(to, parts, " OR ", dialect),
        Filter::Not(inner) => {
            to.say("NOT (");
            write(to, inner, dialect);
            to.say(")");
        }
        Filter::Compare(comparison) => write_comparison(to, comparison, dialect),
    }
}

/// Whether an index finds the runs that can satisfy a filter.
pub(super) fn is_indexed(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().any(is_indexed),
        Filter::Or(parts) => parts.iter().all(is_indexed),
        Filter::Not(_) => false,
        Filter::Compare(Comparison { field, test }) => match (field, test) {
            (_, Test::Missing) => false,
            (Field::Attribute(Attribute::State), Test::Is(relation, _)) => {
                *relation == Relation::Equal
            }
            (Field::Attribute(Attribute::State), _) => matches!(test, Test::In(_)),
            (Field::Attribute(_), _) => false,
            (Field::Metric(_, statistic), _) => *statistic == Statistic::Last,
            (Field::Param(_) | Field::Tag(_), _) => true,
        },
    }
}

/// Whether [`write_members`] finds exactly the runs that satisfy the filter.
pub(super) fn is_exact(filter: &Filter) -> bool {
    match filter {
        Filter::Compare(_) => true,
        Filter::Or(parts) => parts.iter().all(is_exact),
        Filter::And(_) | Filter::Not(_) => false,
    }
}

/// Writes a query for the runs, as `run_id`, that can satisfy an indexed filter.
pub(super) fn write_members(to: &mut Written, filter: &Filter, dialect: Dialect) {
    match filter {
        Filter::And(parts) => {
            if let Some(part) = parts.iter().find(|part| is_indexed(part)) {
                write_members(to, part, dialect);
            }
        }
        Filter::Or(parts) => {
            to.joined(parts, " UNION ALL ", |to, part| {
                write_members(to, part, dialect);
            });
        }
        Filter::Compare(comparison) => write_found(to, comparison, dialect),
        Filter::Not(_) => {}
    }
}

/// An attribute as an expression on a row of `run`, NULL where there is none. Numbers are doubles.
pub(super) const fn expression(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Id => "run.id",
        Attribute::Name => "NULLIF(run.name, '')",
        Attribute::State => STATE,
        Attribute::Failure => "run.failure",
        Attribute::Experiment => {
            "(SELECT experiment.name FROM experiment WHERE experiment.id = run.experiment_id)"
        }
        Attribute::Worker => "(SELECT worker.name FROM worker WHERE worker.id = run.worker_id)",
        Attribute::Task => {
            "(SELECT CAST(task.number AS DOUBLE PRECISION) FROM task WHERE task.id = run.task_id)"
        }
        Attribute::Attempt => "CAST(run.attempt AS DOUBLE PRECISION)",
        Attribute::Seed => {
            // What a client logged has the seed that the client said, if any.
            "CASE WHEN run.code_hash = '' \
             THEN (SELECT number FROM run_param WHERE run_id = run.id AND key = 'seed') \
             ELSE (SELECT CAST(task.seed AS DOUBLE PRECISION) FROM task WHERE task.id = run.task_id) \
             END"
        }
        Attribute::Created => "CAST(run.created_at AS DOUBLE PRECISION)",
        Attribute::Started => "CAST(run.started_at AS DOUBLE PRECISION)",
        Attribute::Finished => "CAST(run.finished_at AS DOUBLE PRECISION)",
        Attribute::Duration => DURATION,
        Attribute::Cost => {
            "(SELECT CAST(run_cost.money_micros AS DOUBLE PRECISION) / 1000000.0 FROM run_cost \
              WHERE run_cost.run_id = run.id)"
        }
    }
}

macro_rules! duration {
    () => {
        "(COALESCE(CAST(run.wall_time_millis AS DOUBLE PRECISION), \
         CAST(run.finished_at - run.started_at AS DOUBLE PRECISION)) / 1000.0)"
    };
}

/// Seconds; an index has just this expression.
pub(super) const DURATION: &str = duration!();
/// Whether a run has one.
pub(super) const LASTED: &str = concat!(duration!(), " IS NOT NULL");
/// Whether it has none.
pub(super) const UNLASTED: &str = concat!(duration!(), " IS NULL");

/// The same word as `RunState::word`.
const STATE: &str = "CASE WHEN run.outcome IS NOT NULL THEN run.outcome
    WHEN run.phase = 'pending' OR run.phase = 'lost' THEN 'pending' ELSE 'running' END";

fn write_all(to: &mut Written, parts: &[Filter], word: &str, dialect: Dialect) {
    to.say("(")
        .joined(parts, word, |to, part| write(to, part, dialect))
        .say(")");
}

fn write_comparison(to: &mut Written, comparison: &Comparison, dialect: Dialect) {
    let Comparison { field, test } = comparison;
    let Some(place) = place(field) else {
        return write_attribute(to, comparison, dialect);
    };
    let is_missing = *test == Test::Missing;
    to.say(if is_missing {
        "NOT EXISTS ("
    } else {
        "EXISTS ("
    })
    .say("SELECT 1 FROM ")
    .say(place.table)
    .say(" WHERE ")
    .say(place.owner_column)
    .say(" = run.id AND ")
    .say(place.key_column)
    .say(" = ")
    .text(storable(place.key));
    if !is_missing {
        to.say(" AND ");
        write_value(to, field, test, dialect);
    } else if let Field::Metric(_, statistic @ (Statistic::Min | Statistic::Max)) = field {
        to.say(" AND ").say(column(*statistic)).say(" IS NOT NULL");
    }
    to.say(")");
}

/// The runs that an index finds for one comparison.
fn write_found(to: &mut Written, comparison: &Comparison, dialect: Dialect) {
    let Comparison { field, test } = comparison;
    if let Some(place) = place(field) {
        to.say("SELECT run_id FROM ")
            .say(place.table)
            .say(" WHERE ")
            .say(place.key_column)
            .say(" = ")
            .text(storable(place.key))
            .say(if place.is_shared {
                " AND run_id IS NOT NULL AND "
            } else {
                " AND "
            });
        write_value(to, field, test, dialect);
    } else {
        to.say("SELECT id AS run_id FROM run WHERE ");
        write_states(to, test);
    }
}

fn write_attribute(to: &mut Written, comparison: &Comparison, dialect: Dialect) {
    let Comparison { field, test } = comparison;
    let Field::Attribute(attribute) = field else {
        return;
    };
    match (attribute, test) {
        (_, Test::Missing) => {
            to.say("(").say(expression(*attribute)).say(" IS NULL)");
        }
        (Attribute::State, Test::In(_) | Test::Is(Relation::Equal, _)) => {
            to.say("COALESCE(");
            write_states(to, test);
            to.say(", FALSE)");
        }
        _ => {
            to.say("COALESCE(");
            write_test(to, expression(*attribute), test, dialect);
            to.say(", FALSE)");
        }
    }
}

/// States in the columns that have an index.
fn write_states(to: &mut Written, test: &Test) {
    let wanted = |state: State| match test {
        Test::Is(_, value) => *value == Literal::Text(state.as_str().to_owned()),
        Test::In(values) => values.contains(&Literal::Text(state.as_str().to_owned())),
        _ => false,
    };
    let states = State::ALL.into_iter().filter(|state| wanted(*state));
    let conditions = states.map(|state| match state {
        State::Pending => "(outcome IS NULL AND phase IN ('pending', 'lost'))",
        State::Running => "(outcome IS NULL AND phase IN ('leased', 'running', 'cancelling'))",
        State::Completed => "outcome = 'completed'",
        State::Failed => "outcome = 'failed'",
        State::Cancelled => "outcome = 'cancelled'",
    });
    let conditions: Vec<_> = conditions.collect();
    match conditions.as_slice() {
        [] => to.say("outcome = ''"),
        conditions => to.say(&conditions.join(" OR ")),
    };
}

/// A test of the value in a row of the field's table.
fn write_value(to: &mut Written, field: &Field, test: &Test, dialect: Dialect) {
    match (field, test) {
        (Field::Param(_), Test::Is(relation, value)) => write_param(to, *relation, value),
        (Field::Param(_), Test::In(values)) => {
            to.say("(")
                .joined(values, " OR ", |to, value| {
                    write_param(to, Relation::Equal, value);
                })
                .say(")");
        }
        (Field::Tag(_), Test::Is(Relation::Equal, Literal::Text(word))) => {
            write_equal_text(to, word);
        }
        (Field::Metric(_, Statistic::Last), Test::Is(Relation::Unequal, _)) => {
            to.say("(last_value IS NULL OR ");
            write_test(to, "last_value", test, dialect);
            to.say(")");
        }
        (Field::Metric(_, statistic), _) => write_test(to, column(*statistic), test, dialect),
        (_, Test::Contains(part)) => write_contained(to, part, dialect),
        _ => write_test(to, "value", test, dialect),
    }
}

/// A parameter beside a number is compared as a number, which equals no text.
fn write_param(to: &mut Written, relation: Relation, value: &Literal) {
    match (relation, value) {
        (Relation::Unequal, Literal::Number(number)) => {
            to.say("(number IS NULL OR number <> ")
                .number(*number)
                .say(")");
        }
        (_, Literal::Number(number)) => {
            to.say("number ")
                .say(sign(relation))
                .say(" ")
                .number(*number);
        }
        (Relation::Equal, Literal::Text(text)) => {
            // The index is by number first, and what reads as one has it there.
            match labels::number(text) {
                Some(number) => to.say("(number = ").number(number),
                None => to.say("(number IS NULL"),
            };
            to.say(" AND ");
            write_equal_text(to, text);
            to.say(")");
        }
        (_, Literal::Text(text)) => {
            to.say("value ")
                .say(sign(relation))
                .say(" ")
                .text(storable(text));
        }
    }
}

/// The whole text is looked at only where its beginning does not say all.
fn write_equal_text(to: &mut Written, text: &str) {
    let text = storable(text);
    let beginning: String = text.chars().take(INDEXED_CHARS).collect();
    let is_whole = text.chars().count() < INDEXED_CHARS;
    to.say("SUBSTR(value, 1, 64) = ").text(beginning);
    if !is_whole {
        to.say(" AND value = ").text(text);
    }
}

fn write_test(to: &mut Written, expression: &str, test: &Test, dialect: Dialect) {
    match test {
        Test::Is(relation, value) => {
            to.say(expression).say(" ").say(sign(*relation)).say(" ");
            write_literal(to, value);
        }
        Test::In(values) => {
            to.say(expression)
                .say(" IN (")
                .joined(values, ", ", write_literal)
                .say(")");
        }
        Test::Contains(part) => write_contains(to, expression, part, dialect),
        Test::Like {
            pattern,
            ignores_case,
        } => write_like(to, expression, (pattern, *ignores_case), dialect),
        // Filters of runs have none; statements have no expressions in common.
        Test::Matches(_) => {
            to.say("1 = 0");
        }
        Test::Missing => {
            to.say(expression).say(" IS NULL");
        }
    }
}

fn write_literal(to: &mut Written, value: &Literal) {
    match value {
        Literal::Number(number) => to.number(*number),
        Literal::Text(text) => to.text(storable(text)),
    };
}

/// What stands in the index is looked at first; the whole text only where there is more of it.
fn write_contained(to: &mut Written, part: &str, dialect: Dialect) {
    to.say("(");
    write_contains(to, "SUBSTR(value, 1, 64)", part, dialect);
    to.say(" OR (LENGTH(SUBSTR(value, 1, 64)) = 64 AND ");
    write_contains(to, "value", part, dialect);
    to.say("))");
}

/// `LIKE` ignores the case of ASCII letters in SQLite.
fn write_contains(to: &mut Written, expression: &str, part: &str, dialect: Dialect) {
    match dialect {
        Dialect::Sqlite => to.say(expression),
        Dialect::Postgres => to.say("LOWER(").say(expression).say(")"),
    }
    .say(" LIKE ")
    .text(contains_pattern(part))
    .say(" ESCAPE '\\'");
}

/// `LIKE` ignores case in SQLite, whose `GLOB` does not. Neither has a sign here that takes the
/// meaning from `%` and `_`.
fn write_like(
    to: &mut Written,
    expression: &str,
    (pattern, ignores_case): (&str, bool),
    dialect: Dialect,
) {
    let pattern = storable(pattern);
    let end = match dialect {
        Dialect::Sqlite => "",
        Dialect::Postgres => " ESCAPE ''",
    };
    match (dialect, ignores_case) {
        (_, true) => to
            .say("LOWER(")
            .say(expression)
            .say(") LIKE ")
            .text(pattern.to_ascii_lowercase())
            .say(end),
        (Dialect::Sqlite, false) => to.say(expression).say(" GLOB ").text(glob(&pattern)),
        (Dialect::Postgres, false) => to.say(expression).say(" LIKE ").text(pattern).say(end),
    };
}

fn glob(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        match c {
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            '*' | '?' | '[' => glob.extend(['[', c, ']']),
            c => glob.push(c),
        }
    }
    glob
}

/// As [`crate::briefs::contains_pattern`], for ASCII letters only: that is what `LOWER` is about.
fn contains_pattern(text: &str) -> String {
    let text = storable(text).to_ascii_lowercase();
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

const fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "=",
        Relation::Unequal => "<>",
        Relation::Less => "<",
        Relation::AtMost => "<=",
        Relation::Greater => ">",
        Relation::AtLeast => ">=",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_durations_has_the_words_of_searches() {
        let index = include_str!("../migrations/0016_run_by_duration_again.sql");
        let words = |text: &str| text.split_whitespace().collect::<String>();
        let asked = words(&DURATION.replace("run.", ""));
        assert!(words(index).contains(&asked), "{asked}");
    }
}

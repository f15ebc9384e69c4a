//! A client's filter and order in the language in which runs are found.

use std::sync::Arc;

use cupola_domain::{counts::State, dataset::Dataset};
use cupola_hub::logged::DatasetTest;
use cupola_search::filter::{
    Attribute, Comparison as Found, Field as Of, Filter, Literal, Order as Sorted, Relation,
    Statistic, Test as Asked,
};

use super::super::{
    Error,
    filter::{self, Comparison, Entity, Field, Op, Test, Value},
    like,
    order::{self, Order},
    wire::{self, USER_TAG},
};

/// The tag that says what some data was used for.
const CONTEXT_TAG: &str = "mlflow.data.context";

/// What runs must satisfy, and which data they must have used.
pub(super) fn filter(text: &str) -> Result<(Vec<Filter>, Vec<DatasetTest>), Error> {
    let (mut filters, mut datasets) = (Vec::new(), Vec::new());
    for comparison in filter::parse(text)? {
        if comparison.field.entity == Entity::Dataset {
            datasets.push(of_dataset(comparison)?);
        } else {
            filters.push(of_run(comparison)?);
        }
    }
    Ok((filters, datasets))
}

/// By what runs are sorted; where nothing is said of it, those that began last come first.
pub(super) fn order(texts: &[&str]) -> Result<Vec<Sorted>, Error> {
    let orders = order::parse(texts)?.into_iter();
    let sorted = orders.map(
        |Order {
             field,
             is_descending,
         }| {
            let field = field_of(&field)?;
            Ok(Sorted {
                field,
                is_descending,
            })
        },
    );
    let mut sorted = sorted.collect::<Result<Vec<_>, Error>>()?;
    let started = Of::Attribute(Attribute::Started);
    if !sorted.iter().any(|order| order.field == started) {
        sorted.push(Sorted {
            field: started,
            is_descending: true,
        });
    }
    Ok(sorted)
}

fn field_of(field: &Field) -> Result<Of, Error> {
    let key = field.key.clone();
    Ok(match field.entity {
        Entity::Metric => Of::Metric(key, Statistic::Last),
        Entity::Param => Of::Param(key),
        Entity::Tag => Of::Tag(key),
        Entity::Attribute => match key.as_str() {
            "run_id" | "run_uuid" => Of::Attribute(Attribute::Id),
            "run_name" | "run name" | "Run name" | "Run Name" => Of::Attribute(Attribute::Name),
            "status" => Of::Attribute(Attribute::State),
            "start_time" | "created" | "Created" => Of::Attribute(Attribute::Started),
            "end_time" => Of::Attribute(Attribute::Finished),
            "user_id" => Of::Tag(USER_TAG.to_owned()),
            _ => {
                return Err(Error::invalid(format!(
                    "Invalid attribute key '{key}'; there are run_id, run_name, status, start_time, \
                     end_time and user_id."
                )));
            }
        },
        Entity::Dataset => return Err(Error::invalid("Runs are not sorted by their data.")),
    })
}

/// What the values of a field are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Status,
}

fn kind(field: &Of) -> Kind {
    match field {
        Of::Metric(..) | Of::Attribute(Attribute::Started | Attribute::Finished) => Kind::Number,
        Of::Attribute(Attribute::State) => Kind::Status,
        _ => Kind::Text,
    }
}

fn of_run(Comparison { field, test }: Comparison) -> Result<Filter, Error> {
    let of = field_of(&field)?;
    let kind = kind(&of);
    let test = match test {
        Test::Null { is_negated } if matches!(field.entity, Entity::Param | Entity::Tag) => {
            return compare(of, Asked::Missing).map(|missing| not(missing, !is_negated));
        }
        Test::In { values, is_negated } if of == Of::Attribute(Attribute::Id) => {
            let values = values.into_iter().map(Literal::Text).collect();
            return compare(of, Asked::In(values)).map(|found| not(found, !is_negated));
        }
        Test::Is(op, Value::Text(text)) if kind == Kind::Status && !op.is_order() => {
            return of_status(of, op, &text);
        }
        Test::Is(op, Value::Text(pattern)) if kind == Kind::Text && op.is_pattern() => {
            let ignores_case = op == Op::ILike;
            Asked::Like {
                pattern,
                ignores_case,
            }
        }
        Test::Is(Op::Eq, Value::Text(text)) if kind == Kind::Text => {
            Asked::Is(Relation::Equal, Literal::Text(text))
        }
        Test::Is(Op::Ne, Value::Text(text)) if kind == Kind::Text => {
            Asked::Is(Relation::Unequal, Literal::Text(text))
        }
        Test::Is(op, Value::Number(number)) if kind == Kind::Number => {
            let relation = relation(op).ok_or_else(|| misused(&field))?;
            Asked::Is(relation, Literal::Number(number))
        }
        _ => return Err(misused(&field)),
    };
    compare(of, test)
}

fn misused(field: &Field) -> Error {
    let key = &field.key;
    let takes = match field.entity {
        Entity::Metric => "numbers and =, !=, <, <=, >, >=",
        Entity::Param | Entity::Tag => "texts in quotes and =, !=, LIKE, ILIKE, IS [NOT] NULL",
        Entity::Attribute if key.contains("time") || key.eq_ignore_ascii_case("created") => {
            "milliseconds and =, !=, <, <=, >, >="
        }
        Entity::Attribute if key == "run_id" => "texts in quotes and =, !=, LIKE, ILIKE, [NOT] IN",
        Entity::Attribute => "texts in quotes and =, !=, LIKE, ILIKE",
        Entity::Dataset => "texts in quotes and =, !=, LIKE, ILIKE, [NOT] IN",
    };
    Error::invalid(format!("Invalid comparison of '{key}': it takes {takes}."))
}

fn compare(field: Of, test: Asked) -> Result<Filter, Error> {
    let found =
        Found::new(field, test).map_err(|why| Error::invalid(format!("Invalid filter: {why}.")))?;
    Ok(Filter::Compare(found))
}

fn not(filter: Filter, holds: bool) -> Filter {
    if holds {
        filter
    } else {
        Filter::Not(Box::new(filter))
    }
}

const fn relation(op: Op) -> Option<Relation> {
    Some(match op {
        Op::Eq => Relation::Equal,
        Op::Ne => Relation::Unequal,
        Op::Lt => Relation::Less,
        Op::Le => Relation::AtMost,
        Op::Gt => Relation::Greater,
        Op::Ge => Relation::AtLeast,
        Op::Like | Op::ILike => return None,
    })
}

/// The states whose words in the clients' language fit; none may.
fn of_status(of: Of, op: Op, text: &str) -> Result<Filter, Error> {
    let fits = |state: &State| is(op, wire::status(*state), text);
    let states = State::ALL.into_iter().filter(fits);
    let states: Vec<_> = states
        .map(|state| Literal::Text(state.as_str().to_owned()))
        .collect();
    if states.is_empty() {
        return compare(Of::Attribute(Attribute::Id), Asked::Missing);
    }
    compare(of, Asked::In(states))
}

fn is(op: Op, text: &str, value: &str) -> bool {
    match op {
        Op::Eq => text == value,
        Op::Ne => text != value,
        Op::ILike => like::matches(&text.to_lowercase(), &value.to_lowercase()),
        _ => like::matches(text, value),
    }
}

fn of_dataset(Comparison { field, test }: Comparison) -> Result<DatasetTest, Error> {
    type Read = fn(&Dataset) -> Option<&str>;
    let read: Read = match field.key.as_str() {
        "name" => |dataset| Some(&dataset.name),
        "digest" => |dataset| Some(&dataset.digest),
        "context" => |dataset| dataset.tags.get(CONTEXT_TAG).map(String::as_str),
        key => {
            let message =
                format!("Invalid dataset key '{key}'; there are name, digest and context.");
            return Err(Error::invalid(message));
        }
    };
    Ok(match test {
        Test::Is(op, Value::Text(value)) if !op.is_order() => {
            DatasetTest(Arc::new(move |dataset| {
                read(dataset).is_some_and(|text| is(op, text, &value))
            }))
        }
        Test::In { values, is_negated } => DatasetTest(Arc::new(move |dataset| {
            read(dataset).is_some_and(|text| values.iter().any(|value| value == text) != is_negated)
        })),
        _ => return Err(misused(&field)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows what is looked for, in our own language.
    fn check(text: &str, expected: &str) {
        let seen = match filter(text) {
            Ok((filters, datasets)) => {
                let shown: Vec<_> = filters.iter().map(ToString::to_string).collect();
                format!("{} {}", shown.join("; "), "dataset ".repeat(datasets.len()))
            }
            Err(error) => format!("{error:?}"),
        };
        assert!(seen.contains(expected), "{text}: {seen} is not {expected}");
    }

    #[test]
    fn filters_are_said_in_our_own_language() {
        check(
            "metrics.a < 1 AND metrics.b != 2",
            "metrics.a < 1; metrics.b != 2",
        );
        check("params.a = 'x'", r#"params.a = "x""#);
        check("params.a LIKE 'x%'", "params.a like");
        check("tags.`a b` ILIKE '%x'", "like");
        check("params.a IS NULL", "params.a is missing");
        check("params.a IS NOT NULL", "not");
        check("status = 'FINISHED'", "completed");
        check("attributes.status != 'RUNNING'", "failed");
        check("status LIKE 'F%'", "failed");
        check("status = 'finished'", "id is missing");
        check("run_name = 'x'", "name = ");
        check("`run name` LIKE 'x%'", "name like");
        check("start_time >= 5 AND created < 9", "started");
        check("run_id IN ('a')", "id in");
        check("run_id NOT IN ('a')", "not");
        check("user_id = 'ada'", "tags");
        check(
            "dataset.name = 'x' AND datasets.context IN ('train')",
            "dataset dataset",
        );
    }

    #[test]
    fn what_a_field_does_not_take_is_refused() {
        for text in [
            "metrics.a = 'x'",
            "metrics.a LIKE '1'",
            "params.a < 'x'",
            "params.a = 1",
            "tags.a IN ('x')",
            "metrics.a IS NULL",
            "start_time = 'x'",
            "status < 'x'",
            "status IN ('RUNNING')",
            "artifact_uri = 'x'",
            "foo = 'x'",
            "dataset.foo = 'x'",
            "dataset.name < 'x'",
        ] {
            check(text, "InvalidParameterValue");
        }
    }

    #[test]
    fn runs_that_began_last_come_first_unless_said_otherwise() {
        let check = |texts: &[&str], expected: &str| {
            assert_eq!(Sorted::text(&order(texts).unwrap()), expected);
        };
        check(&[], "started desc");
        check(
            &["metrics.a DESC", "params.b"],
            "metrics.a desc, params.b, started desc",
        );
        check(&["attributes.start_time ASC"], "started");
        assert!(order(&["dataset.name"]).is_err());
    }
}

//! Values of a draft that the template's fields do not allow.

use cupola_domain::{
    field::FieldError,
    schema::{Field, FieldKind, Schema},
};
use cupola_search::{
    numbers::integer,
    space::{Domain, Parameter, Space},
};
use serde_json::{Map, Value};

/// So many values of a range are looked at one by one.
const LISTED_MAX: usize = 1_000;

/// What is wrong with a draft's values: each task would be refused them where it is made by hand. What the template
/// searches by itself is its author's, in whatever form a draft repeats it.
pub(super) fn beyond_bounds(
    (fields, own): (&Schema, &Map<String, Value>),
    space: &Space,
    changed: &Map<String, Value>,
) -> Vec<FieldError> {
    let own = Space::parse_json(&Value::Object(own.clone())).ok();
    let is_same = |one: &Parameter| own.as_ref().and_then(|own| own.find(&one.name)) == Some(one);
    // What it is a multiple of says which values it can have.
    let is_own = |one: &Parameter| {
        let of = one.divisible_by.as_ref().and_then(|of| space.find(of));
        is_same(one) && of.is_none_or(is_same)
    };
    let parameters = space.parameters().iter();
    let said = parameters.filter(|one| changed.contains_key(&one.name) && !is_own(one));
    let found = said.flat_map(|parameter| {
        let field = fields.field(&parameter.name);
        field.map_or_else(Vec::new, |field| {
            unfit(
                field,
                &parameter.domain,
                divisors(parameter, space).as_deref(),
            )
        })
    });
    found.map(|error| error.under("space")).collect()
}

/// Why a field does not take all of these values.
fn unfit(field: &Field, domain: &Domain, divisors: Option<&[i64]>) -> Vec<FieldError> {
    let is_whole = matches!(field.kind, FieldKind::Integer { .. });
    let values = match (&field.kind, domain) {
        (FieldKind::Enum { .. }, Domain::Integer { low, high }) => {
            listed((*low, *high), divisors).ok_or(())
        }
        (FieldKind::Enum { .. }, Domain::Uniform { .. } | Domain::LogUniform { .. }) => Err(()),
        _ => Ok(ends_of(domain, divisors)),
    };
    let Ok(values) = values else {
        let message = "takes some values only; write a choice of them, such as `choice(A, B)`";
        return vec![FieldError::new(&field.name, message)];
    };
    let given = values.iter().filter(|value| !value.is_null());
    let wrong = given.filter_map(|value| field.check(value).err());
    if matches!(field.kind, FieldKind::Enum { .. }) && matches!(domain, Domain::Integer { .. }) {
        // One of a range says it for all of them.
        return wrong.take(1).flatten().collect();
    }
    let mut errors: Vec<_> = wrong.flatten().collect();
    if errors.is_empty() && is_whole && domain.is_continuous() {
        let message = "takes whole numbers; write `integer(low, high)`, or a choice of values";
        errors.push(FieldError::new(&field.name, message));
    }
    errors
}

/// What a parameter's values are multiples of: each of these in some task. None where they are of nothing.
fn divisors(parameter: &Parameter, space: &Space) -> Option<Vec<i64>> {
    let of = space.find(parameter.divisible_by.as_ref()?)?;
    // Where it is not there, nothing has to be a multiple of it.
    if of.when.is_some() {
        return None;
    }
    let whole = |value: &Value| integer(value).filter(|value| *value > 0);
    let divisors: Vec<i64> = match &of.domain {
        Domain::Integer { low, high } => (*low.max(&1)..=*high).collect(),
        Domain::Choice(values) => values.iter().filter_map(whole).collect(),
        Domain::Fixed(value) => whole(value).into_iter().collect(),
        Domain::Uniform { .. } | Domain::LogUniform { .. } => return None,
    };
    (!divisors.is_empty()).then_some(divisors)
}

/// Every value of a range that can occur; none where they are too many.
fn listed((low, high): (i64, i64), divisors: Option<&[i64]>) -> Option<Vec<Value>> {
    let can_occur = |value: &i64| occurs(*value, divisors);
    let values: Vec<Value> = (low..=high)
        .take(LISTED_MAX + 1)
        .filter(can_occur)
        .map(Value::from)
        .collect();
    let is_whole = high
        .checked_sub(low)
        .and_then(|span| usize::try_from(span).ok())
        .is_some_and(|span| span < LISTED_MAX);
    is_whole.then_some(values)
}

fn occurs(value: i64, divisors: Option<&[i64]>) -> bool {
    divisors.is_none_or(|all| all.iter().any(|divisor| value % divisor == 0))
}

/// The values that say whether all of them are allowed: every one, or the least and the greatest that can occur.
fn ends_of(domain: &Domain, divisors: Option<&[i64]>) -> Vec<Value> {
    let can_occur = |value: &&Value| integer(value).is_none_or(|value| occurs(value, divisors));
    match domain {
        Domain::Uniform { low, high } | Domain::LogUniform { low, high } => {
            vec![(*low).into(), (*high).into()]
        }
        Domain::Integer { low, high } => {
            let Some(divisors) = divisors else {
                return vec![(*low).into(), (*high).into()];
            };
            let least = divisors
                .iter()
                .filter_map(|divisor| low.checked_add(low.checked_neg()?.rem_euclid(*divisor)));
            let most = divisors
                .iter()
                .filter_map(|divisor| high.checked_sub(high.rem_euclid(*divisor)));
            let ends = [least.min(), most.max()];
            ends.into_iter().flatten().map(Value::from).collect()
        }
        Domain::Choice(values) => values.iter().filter(can_occur).cloned().collect(),
        Domain::Fixed(value) => vec![value.clone()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field {
            name: name.to_owned(),
            label: String::new(),
            description: String::new(),
            required: false,
            default: None,
            kind,
        }
    }

    fn check(changed: Value, expected: &[&str]) {
        let whole = |min, max| FieldKind::Integer {
            min: Some(min),
            max: Some(max),
            step: None,
        };
        let options = [1, 2, 4].map(Value::from).to_vec();
        let fields = vec![
            field("h", whole(1, 16)),
            field("width", whole(8, 64)),
            field("old", whole(8, 64)),
            field("size", FieldKind::Enum { options }),
        ];
        let own = json!({"old": {"kind": "choice", "values": [2, 8]}, "h": "choice(8, 16)"});
        let (Value::Object(own), Value::Object(changed)) = (own, changed) else {
            panic!("they are objects")
        };
        let mut all = own.clone();
        all.extend(changed.clone());
        let space = Space::parse_json(&Value::Object(all)).unwrap();
        let found = beyond_bounds((&Schema { fields }, &own), &space, &changed);
        let found: Vec<_> = found
            .iter()
            .map(|error| format!("{}: {}", error.field, error.message))
            .collect();
        assert_eq!(found, expected, "{changed:?}");
    }

    #[test]
    fn what_the_template_searches_is_its_authors_in_any_form() {
        check(json!({"old": "choice(2, 8)"}), &[]);
        check(json!({"old": {"kind": "choice", "values": [2, 8]}}), &[]);
        check(
            json!({"old": "choice(2, 16)"}),
            &["space.old: is 2; give a whole number from 8 to 64"],
        );
    }

    #[test]
    fn one_of_a_few_takes_no_range_with_others_in_it() {
        let some =
            "space.size: takes some values only; write a choice of them, such as `choice(A, B)`";
        check(json!({"size": "integer(1, 2)"}), &[]);
        check(json!({"size": "choice(1, 4)"}), &[]);
        check(
            json!({"size": "integer(1, 4)"}),
            &["space.size: is 3; choose one of `1`, `2`, `4`"],
        );
        check(json!({"size": "uniform(1, 4)"}), &[some]);
        check(json!({"size": "integer(1, 100000)"}), &[some]);
    }

    #[test]
    fn of_multiples_those_count_that_there_are() {
        check(json!({"width": "integer(1, 64) divisible by h"}), &[]);
        check(json!({"width": "integer(1, 71) divisible by h"}), &[]);
        check(json!({"width": "choice(4, 16) divisible by h"}), &[]);
        check(
            json!({"width": "integer(0, 72) divisible by h"}),
            &[
                "space.width: is 0; give a whole number from 8 to 64",
                "space.width: is 72; give a whole number from 8 to 64",
            ],
        );
        // Where the other is not there, every value can occur.
        check(
            json!({
                "h": "choice(8, 16) if old in (8)",
                "width": "integer(1, 64) divisible by h",
            }),
            &["space.width: is 1; give a whole number from 8 to 64"],
        );
        // Another divisor makes other multiples of what the template says too.
        check(json!({"h": "choice(8)"}), &[]);
        check(
            json!({"width": "integer(1, 64)"}),
            &["space.width: is 1; give a whole number from 8 to 64"],
        );
    }
}

//! What is read, what is refused and how, and that what is written reads back.

use proptest::prelude::*;

use super::*;

/// A filter and how it is written back.
fn check(text: &str, expected: &str) {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let filter = filter.expect("there is one");
    assert_eq!(filter.to_string(), expected);
    assert_eq!(Filter::parse(expected), Ok(Some(filter)));
}

fn refused(text: &str, expected: &str) {
    let error = Filter::parse(text).expect_err(text);
    assert_eq!(error.to_string(), expected);
}

fn ordered(text: &str, expected: &str) {
    let orders = Order::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(Order::text(&orders), expected);
}

#[test]
fn fields_are_read() {
    check("params.lr = 0.01", "params.lr = 0.01");
    check("PARAM.layers.0.width = 3", "params.layers.0.width = 3");
    check("metrics.val/loss < 1", "metrics.val/loss < 1");
    check("metrics.loss.min < 1", "metrics.loss.min < 1");
    check("metrics.loss.last < 1", "metrics.loss < 1");
    check("metrics.\"loss.min\" < 1", "metrics.\"loss.min\" < 1");
    check("metrics.`a b`.max > 2", "metrics.\"a b\".max > 2");
    check("tags.\"a \\\" b\" = x", "tags.\"a \\\" b\" = \"x\"");
    check("attributes.seed = 3", "seed = 3");
    check("State = Completed", "state = \"completed\"");
}

#[test]
fn values_are_read_as_their_fields_have_them() {
    check("params.lr=0.001", "params.lr = 1e-3");
    check("params.lr = '1e-3'", "params.lr = \"1e-3\"");
    check("params.optimizer = adam", "params.optimizer = \"adam\"");
    check("params.a >= -.5", "params.a >= -0.5");
    check("tags.fold = 1", "tags.fold = \"1\"");
    check(
        "state in (FAILED, cancelled)",
        "state in (\"failed\", \"cancelled\")",
    );
    check(
        "created > 2026-11-20",
        "created > \"2026-11-20T00:00:00.000Z\"",
    );
    check("started <= 1000", "started <= \"1970-01-01T00:00:01.000Z\"");
    check("started <= 0.5", "started <= 0.5");
}

#[test]
fn comparisons_are_read() {
    check("params.a == 1", "params.a = 1");
    check("params.a <> 1", "params.a != 1");
    check("name ~ \"x y\"", "name ~ \"x y\"");
    check("name !~ x", "not name ~ \"x\"");
    check("name like '%x_'", "name like \"%x_\"");
    check("name NOT ILIKE '%x_'", "not name ilike \"%x_\"");
    check("params.a in (1, 'b', c)", "params.a in (1, \"b\", \"c\")");
    check("params.a not in (1)", "not params.a in (1)");
    check("worker is missing", "worker is missing");
    check("worker IS NOT NULL", "not worker is missing");
}

#[test]
fn and_binds_closer_than_or() {
    let (a, b, c) = ("params.a = 1", "params.b = 1", "params.c = 1");
    check(
        &format!("{a} and {b} OR {c}"),
        &format!("({a} and {b}) or {c}"),
    );
    check(
        &format!("{a} and ({b} or {c})"),
        &format!("{a} and ({b} or {c})"),
    );
    check(&format!("not {a} and {b}"), &format!("not {a} and {b}"));
    check(&format!("not ({a} and {b})"), &format!("not ({a} and {b})"));
    check(&format!("(({a}))"), a);
}

/// A filter of jobs and how it is written back.
fn check_jobs(text: &str, expected: &str) {
    let filter = Filter::parse_jobs(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let filter = filter.expect("there is one");
    assert_eq!(filter.to_string(), expected);
    assert_eq!(Filter::parse_jobs(expected), Ok(Some(filter)));
}

#[test]
fn jobs_are_searched_by_their_own_words() {
    check_jobs("@state = 'DONE'", "state = \"done\"");
    check_jobs(
        "state in [Error, waiting]",
        "state in (\"error\", \"waiting\")",
    );
    check_jobs("@name ~ 'bm25'", "name ~ \"bm25\"");
    check_jobs("task ~ bm25", "name ~ \"bm25\"");
    check_jobs(r"task ~ 'ir\.\w+$'", r#"name ~ "ir\\.\\w+$""#);
    check_jobs("reason = timeout", "failure = \"timeout\"");
    check_jobs("seed = 1", "tags.seed = \"1\"");
    check_jobs(
        r#"model = "bm25" and mode in ["a","b"]"#,
        r#"tags.model = "bm25" and tags.mode in ("a", "b")"#,
    );
    check_jobs(
        "mode in [a, b] and not (x[0] = 1)",
        "tags.mode in (\"a\", \"b\") and not tags.x[0] = \"1\"",
    );
    let error = Filter::parse_jobs("@model = x").unwrap_err().to_string();
    assert!(
        error.starts_with("column 1: `model` is nothing that every job has"),
        "{error}"
    );
    let error = Filter::parse_jobs("state = gone").unwrap_err().to_string();
    assert!(
        error.starts_with("column 9: `gone` is not a state; say one of `pending`"),
        "{error}"
    );
}

#[test]
fn a_blank_text_is_no_filter() {
    assert_eq!(Filter::parse("  \n"), Ok(None));
    assert_eq!(Order::parse(" "), Ok(Vec::new()));
}

#[test]
fn mistakes_name_the_place_and_the_remedy() {
    refused(
        "params.lr",
        "column 10: the end is unexpected after `params.lr`; write `=`, `!=`, `<`, `<=`, `>`, `>=`, \
         `~`, `like`, `in` or `is missing`",
    );
    refused(
        "params.lr = ",
        "column 12: the end is not a value; write a number or a text in quotes",
    );
    refused(
        "params. = 1",
        "column 9: a name is missing; write `params.name` or `params.\"a name\"`",
    );
    refused(
        "state = done",
        "column 9: `done` is not a state; say `pending`, `running`, `completed`, `failed` or `cancelled`",
    );
    refused(
        "state > failed",
        "column 7: `state` cannot be compared so; use `=`, `!=` or `in`",
    );
    refused(
        "metrics.loss < low",
        "column 16: `metrics.loss` is a number and cannot be compared with the text `low`; write a \
         number without quotes",
    );
    refused(
        "metrics.loss ~ 'x'",
        "column 14: `metrics.loss` cannot be compared so; use `=`, `!=`, `<`, `<=`, `>`, `>=`, `in` or \
         `is missing`",
    );
    refused(
        "metrics.loss < 1e999",
        "column 16: `metrics.loss` cannot be compared with inf; write a number up to 1.7e308",
    );
    refused(
        "created > yesterday",
        "column 11: `yesterday` is not a time; write `2026-11-20`, `2026-11-20T23:50:00Z` or milliseconds since 1970",
    );
}

#[test]
fn mistakes_between_comparisons_name_the_place_and_the_remedy() {
    refused(
        "params.a = 1 params.b = 2",
        "column 14: `params.b` is unexpected; join comparisons with `and` or `or`",
    );
    refused(
        "(params.a = 1",
        "column 14: the end is unexpected; close the parenthesis with `)`",
    );
    refused(
        "params.a in 1",
        "column 13: `1` is unexpected; write values in parentheses: `in (1, 2)`",
    );
    refused(
        "params.a is big",
        "column 13: `big` is unexpected after `is`; write `missing` or `not missing`",
    );
    refused(
        "params.a = 'x",
        "column 12: the text that begins with ' has no end; write another ' after it",
    );
    refused(
        "ä = 1; drop",
        "column 6: `;` has no meaning here; put a name or a text that holds it in quotes",
    );
    refused(
        "metrics.\"a\".mean > 1",
        "column 13: `mean` is unexpected; write `last`, `min` or `max`",
    );
    let error = Filter::parse("loss < 1").unwrap_err().to_string();
    assert!(
        error.starts_with("column 1: `loss` is not a field; write `params.…`, `metrics.…`"),
        "{error}"
    );
}

#[test]
fn filters_are_bounded() {
    let one = "params.a = 1";
    let nested = |depth: usize| format!("{}{one}{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(DEPTH_MAX)).is_ok());
    refused(
        &nested(DEPTH_MAX + 1),
        "column 34: this stands too deep; nest at most 32 levels",
    );
    refused(
        &"not ".repeat(100_000)[..TEXT_BYTES_MAX],
        "column 133: this stands too deep; nest at most 32 levels",
    );
    let many = vec![one; COMPARISONS_MAX].join(" or ");
    assert!(Filter::parse(&many).is_ok());
    assert!(Filter::parse(&format!("{many} or {one}")).is_err());
    let values = |count: usize| format!("params.a in ({})", vec!["1"; count].join(","));
    assert!(Filter::parse(&values(VALUES_MAX)).is_ok());
    assert!(Filter::parse(&values(VALUES_MAX + 1)).is_err());
    refused(
        &" ".repeat(TEXT_BYTES_MAX + 1),
        "column 1: the text has 16385 bytes; write at most 16384",
    );
}

#[test]
fn orders_are_read() {
    ordered("metrics.loss", "metrics.loss");
    ordered(
        "metrics.loss ASC, created DESC",
        "metrics.loss, created desc",
    );
    let error = Order::parse("created backwards").unwrap_err().to_string();
    assert_eq!(
        error,
        "column 9: `backwards` is unexpected; write `asc`, `desc` or a comma"
    );
    let error = Order::parse("id,id,id,id,id").unwrap_err().to_string();
    assert_eq!(
        error,
        "column 13: there are too many fields; write at most 4"
    );
}

#[test]
fn lists_of_fields_are_read() {
    let fields = Field::parse_list("params.lr, metrics.loss.min,state").unwrap();
    assert_eq!(
        Field::list_text(&fields),
        "params.lr, metrics.loss.min, state"
    );
    let error = Field::parse_list("params.lr state")
        .unwrap_err()
        .to_string();
    assert_eq!(error, "column 11: `state` is unexpected; write a comma");
}

fn field() -> impl Strategy<Value = Field> {
    let name = "[a-z.\"\\\\ äA-Z0-9/'-]{1,8}";
    let statistic = prop::sample::select(vec![Statistic::Last, Statistic::Min, Statistic::Max]);
    prop_oneof![
        name.prop_map(Field::Param),
        name.prop_map(Field::Tag),
        (name, statistic).prop_map(|(name, statistic)| Field::Metric(name, statistic)),
        prop::sample::select(Attribute::ALL.to_vec()).prop_map(Field::Attribute),
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        prop::num::f64::NORMAL.prop_map(Literal::Number),
        (-1_000_000_000_i32..100_000_000).prop_map(|ms| Literal::Number(f64::from(ms) * 1000.0)),
        ".{0,8}".prop_map(Literal::Text),
        prop::sample::select(vec!["running", "failed"]).prop_map(|s| Literal::Text(s.to_owned())),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let relation = prop::sample::select(Relation::ALL.to_vec());
    prop_oneof![
        (relation, literal()).prop_map(|(relation, value)| Test::Is(relation, value)),
        prop::collection::vec(literal(), 1..4).prop_map(Test::In),
        ".{0,8}".prop_map(Test::Contains),
        (".{0,8}", any::<bool>()).prop_map(|(pattern, ignores_case)| Test::Like {
            pattern,
            ignores_case
        }),
        Just(Test::Missing),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let comparison = (field(), test()).prop_filter_map("types", |(field, test)| {
        Comparison::new(field, test).ok().map(Filter::Compare)
    });
    comparison.prop_recursive(4, 20, 4, |inner| {
        let parts = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(Filter::And),
            parts.prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(filter in filter()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text), Ok(Some(filter)), "{}", text);
    }

    #[test]
    fn orders_read_back(orders in prop::collection::vec((field(), any::<bool>()), 0..ORDERS_MAX)) {
        let orders: Vec<_> = orders.into_iter()
            .map(|(field, is_descending)| Order { field, is_descending })
            .collect();
        prop_assert_eq!(Order::parse(&Order::text(&orders)), Ok(orders));
    }

    #[test]
    fn any_text_is_read_or_refused_within_itself(text in ".{0,60}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.column <= text.chars().count() + 1);
        }
    }
}

//! What a run gave is listed, opened level by level, and bounded.

use std::time::Duration;

use cupola_domain::ids::RunId;
use cupola_hub::{
    HubError,
    run_results::Sort,
    work::{Finish, Order, Report},
};
use serde_json::{Value, json};

use crate::support::{TestHub, completed, finish};

fn taken() -> (TestHub, Order) {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    (hub, order)
}

fn said(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn say(hub: &TestHub, order: &Order, seq: i64, results: &Value) -> Result<(), HubError> {
    let report = Report {
        seq,
        results: said(results),
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
}

/// `key kind bytes +secs`, the seconds counted from the start.
fn list(hub: &TestHub, run: RunId, sort: (Sort, bool)) -> Vec<String> {
    let (heads, total) = hub.run_results(run, sort, 200, 0).unwrap();
    assert_eq!(heads.len() as u64, total);
    let shown = heads.iter().map(|head| {
        let secs = (head.at.millis() - 1_795_000_000_000) / 1000;
        format!("{} {} +{secs}", head.key, head.glance.kind)
    });
    shown.collect()
}

fn fields(refused: Result<impl std::fmt::Debug, HubError>) -> Vec<String> {
    match refused.unwrap_err() {
        HubError::Invalid(errors) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn results_keep_the_time_at_which_they_came() {
    let (hub, order) = taken();
    say(&hub, &order, 0, &json!({"b": [1], "a\u{0}": "x"})).unwrap();
    hub.world.advance(Duration::from_secs(5));
    let mut end = completed(1.0);
    end.results.extend(said(&json!({"b": [1], "c": null})));
    finish(&hub, &order, end).unwrap();
    let run = order.run.id;
    let (a, b, c) = ("a\u{2400} String +0", "b Array(1) +0", "c Null +5");
    let loss = "val_bpb Number +5";
    assert_eq!(list(&hub, run, (Sort::Key, false)), [a, b, c, loss]);
    assert_eq!(list(&hub, run, (Sort::Time, true)), [c, loss, a, b]);
    let page = hub.run_results(run, (Sort::Key, true), 2, 1).unwrap();
    assert_eq!((page.0[0].key.as_str(), page.0.len(), page.1), ("c", 2, 4));
}

#[test]
fn a_value_is_opened_level_by_level() {
    let (hub, order) = taken();
    let items: Vec<_> = (0..130).map(|n| json!({"n": n})).collect();
    say(&hub, &order, 0, &json!({"r": {"items": items, "x": "NaN"}})).unwrap();
    let level = |path: &str, offset| hub.run_result_level(order.run.id, "r", path, offset);
    let top = level("", 0).unwrap().level.unwrap();
    let last = top.children.last().unwrap();
    assert_eq!(last.glance.preview, "\"NaN\"");
    let items = level("/items", 100).unwrap().level.unwrap();
    assert_eq!(
        (items.children.len(), items.total, items.next()),
        (30, 130, None)
    );
    assert_eq!(items.children[0].path, "/items/100");
    let n = level("/items/129/n", 0).unwrap().level.unwrap();
    assert_eq!(n.scalar, Some(json!(129)));
    for path in ["/none", "x"] {
        assert_eq!(level(path, 0).unwrap().level, None, "{path}");
    }
    let refused = hub.run_result_level(order.run.id, "other", "", 0);
    assert!(matches!(refused, Err(HubError::NotFound { .. })));
}

#[test]
fn a_large_value_is_whole_where_it_is_asked_for_and_nowhere_else() {
    let (hub, order) = taken();
    let text = "x".repeat(100_000);
    say(&hub, &order, 0, &json!({"large": text, "small": 1})).unwrap();
    let run = order.run.id;
    assert_eq!(
        Value::Object(hub.run_detail(run).unwrap().results),
        json!({"small": 1})
    );
    assert_eq!(
        hub.run_result(run, "large").unwrap().0,
        json!(text).to_string()
    );
    let (heads, _) = hub.run_results(run, (Sort::Key, false), 9, 0).unwrap();
    assert_eq!(heads[0].bytes, 100_002);
    assert!(heads[0].glance.preview.len() < 200);
}

#[test]
fn results_out_of_bounds_are_refused_by_name_and_change_nothing() {
    let (hub, order) = taken();
    let deep = (0..125).fold(json!(1), |inner, _| json!([inner]));
    let large = "x".repeat(5_000_000 - 2);
    let refused = say(
        &hub,
        &order,
        0,
        &json!({"fine": 1, "deep": deep, "large": large}),
    );
    assert_eq!(
        fields(refused),
        [
            "`results.deep`: is nested deeper than 120 levels",
            "`results.large`: has 5,000,000 bytes; at most 4,194,304 are kept: say it as an artifact",
        ]
    );
    let end = Finish {
        results: said(&json!({"": 1})),
        ..completed(1.0)
    };
    assert_eq!(
        fields(finish(&hub, &order, end)),
        ["`results.`: has an empty key"]
    );
    assert!(list(&hub, order.run.id, (Sort::Key, false)).is_empty());
    say(&hub, &order, 0, &json!({"fine": 1})).unwrap();
}

#[test]
fn a_run_has_at_most_so_many_results_over_all_reports() {
    let (hub, order) = taken();
    let many: serde_json::Map<_, _> = (0..10_000).map(|n| (n.to_string(), json!(n))).collect();
    say(&hub, &order, 0, &Value::Object(many)).unwrap();
    let refused = say(&hub, &order, 1, &json!({"one": 1}));
    let message = format!(
        "`results`: run `{}` would have 10001; a run may have at most 10000",
        order.run.id
    );
    assert_eq!(fields(refused), [message]);
    say(&hub, &order, 1, &json!({"7": 8})).unwrap();
    let page = hub.run_results(order.run.id, (Sort::Key, false), 1, 0);
    assert_eq!(page.unwrap().1, 10_000);
}

//! Every field of every call: missing, of another type, too long, over its limit.

use serde_json::{Value, json};

use super::{Client, refusal};
use crate::harness::TestHub;

/// A body that is taken, and for each field what may not stand there. `null` is a field that is missing.
struct Call {
    path: &'static str,
    body: Value,
    wrong: Vec<(&'static str, Vec<Value>)>,
}

fn long(length: usize) -> Value {
    Value::String("x".repeat(length))
}

/// What no text that must be there may be.
fn texts() -> Vec<Value> {
    vec![
        json!(null),
        json!(""),
        json!(1),
        json!(true),
        json!(["a"]),
        json!({"a": 1}),
    ]
}

/// What no name may be.
fn keys() -> Vec<Value> {
    let names = ["a\nb", "/a", "a/../b", "a//b", "..", "a,b"].map(|name| json!(name));
    texts()
        .into_iter()
        .chain(names)
        .chain([long(251)])
        .collect()
}

/// What no whole number may be.
fn numbers() -> Vec<Value> {
    vec![
        json!("x"),
        json!(1.5),
        json!(true),
        json!([1]),
        json!(1e300),
    ]
}

fn with(values: Vec<Value>, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
    values.into_iter().chain(more).collect()
}

fn calls(run: &str, experiment: &str) -> Vec<Call> {
    let metric = json!({"key": "m", "value": 1, "timestamp": 1, "step": 1});
    let dataset = json!({
        "name": "d", "digest": "1", "source_type": "local", "source": "{}", "schema": "{}",
        "profile": "{}",
    });
    let call = |path, body, wrong| Call { path, body, wrong };
    vec![
        call(
            "experiments/create",
            json!({"name": "new", "tags": [{"key": "a", "value": "b"}]}),
            vec![
                ("name", with(texts(), [long(501)])),
                ("tags", vec![json!("a"), json!({}), json!([1])]),
                ("tags.0.key", keys()),
                ("tags.0.value", vec![json!(1), long(20_001)]),
                ("artifact_location", vec![json!(1), json!("s3://elsewhere")]),
            ],
        ),
        call(
            "experiments/update",
            json!({"experiment_id": experiment, "new_name": "renamed"}),
            vec![
                ("experiment_id", texts()),
                ("new_name", with(texts(), [long(501)])),
            ],
        ),
        call(
            "experiments/set-experiment-tag",
            json!({"experiment_id": experiment, "key": "a", "value": "b"}),
            vec![
                ("experiment_id", texts()),
                ("key", keys()),
                ("value", vec![json!(1), long(20_001)]),
            ],
        ),
        call(
            "experiments/delete-experiment-tag",
            json!({"experiment_id": experiment, "key": "a"}),
            vec![("experiment_id", texts()), ("key", texts())],
        ),
        call(
            "experiments/search",
            json!({"max_results": 5, "view_type": "ALL", "order_by": ["name"], "filter": "name = 'x'"}),
            vec![
                (
                    "max_results",
                    with(numbers(), [json!(0), json!(-1), json!(50_001)]),
                ),
                ("view_type", vec![json!("SOME"), json!(7), json!([])]),
                (
                    "order_by",
                    vec![
                        json!("name"),
                        json!([1]),
                        json!(["metrics.a"]),
                        json!(["name up"]),
                    ],
                ),
                (
                    "filter",
                    vec![
                        json!(1),
                        json!("name ="),
                        json!("metrics.a = 1"),
                        json!("name < 'x'"),
                    ],
                ),
                ("page_token", vec![json!(1), json!("x"), json!("-1")]),
            ],
        ),
        call(
            "runs/create",
            json!({"experiment_id": experiment, "start_time": 5, "run_name": "a", "user_id": "me",
                   "tags": [{"key": "a", "value": "b"}]}),
            vec![
                ("experiment_id", vec![json!(1), json!([])]),
                ("start_time", with(numbers(), [json!(-1)])),
                ("run_name", vec![json!(1), long(8_001)]),
                ("user_id", vec![json!(1), long(8_001)]),
                ("tags", vec![json!("a"), json!([1])]),
                ("tags.0.key", keys()),
                ("tags.0.value", vec![json!(1), long(8_001)]),
            ],
        ),
        call(
            "runs/update",
            json!({"run_id": run, "status": "RUNNING", "end_time": 9, "run_name": "b"}),
            vec![
                ("run_id", texts()),
                (
                    "status",
                    vec![json!("DONE"), json!(9), json!(true), json!([])],
                ),
                ("end_time", with(numbers(), [json!(-1)])),
                ("run_name", vec![json!(1), long(8_001)]),
            ],
        ),
        call(
            "runs/log-metric",
            with_run(run, &metric),
            vec![
                ("run_id", texts()),
                ("key", keys()),
                (
                    "value",
                    vec![json!(null), json!("x"), json!(true), json!([])],
                ),
                ("timestamp", with(numbers(), [json!(null), json!(-1)])),
                ("step", numbers()),
                ("model_id", vec![json!(1)]),
                ("dataset_name", vec![json!(1)]),
                ("dataset_digest", vec![json!(1)]),
            ],
        ),
        call(
            "runs/log-parameter",
            json!({"run_id": run, "key": "p", "value": "v"}),
            vec![
                ("run_id", texts()),
                ("key", keys()),
                ("value", vec![json!(1), long(6_001)]),
            ],
        ),
        call(
            "runs/set-tag",
            json!({"run_id": run, "key": "t", "value": "v"}),
            vec![
                ("run_id", texts()),
                ("key", keys()),
                ("value", vec![json!(1), long(8_001)]),
            ],
        ),
        call(
            "runs/delete-tag",
            json!({"run_id": run, "key": "t"}),
            vec![("run_id", texts()), ("key", texts())],
        ),
        call(
            "runs/log-batch",
            json!({"run_id": run, "metrics": [metric], "params": [{"key": "q", "value": "v"}],
                   "tags": [{"key": "t", "value": "v"}]}),
            vec![
                ("run_id", texts()),
                (
                    "metrics",
                    vec![json!("x"), json!([1]), many(&metric, 1_001)],
                ),
                ("metrics.0.key", keys()),
                (
                    "metrics.0.value",
                    vec![json!(null), json!("x"), json!(true)],
                ),
                (
                    "metrics.0.timestamp",
                    with(numbers(), [json!(null), json!(-1)]),
                ),
                ("metrics.0.step", numbers()),
                ("params", vec![json!("x"), twice("q"), distinct("v", 101)]),
                ("params.0.key", keys()),
                ("params.0.value", vec![json!(1), long(6_001)]),
                ("tags", vec![json!("x"), distinct("v", 101)]),
                ("tags.0.key", keys()),
                ("tags.0.value", vec![json!(1), long(8_001)]),
            ],
        ),
        call(
            "runs/log-inputs",
            json!({"run_id": run, "datasets": [
                {"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": dataset},
            ]}),
            vec![
                ("run_id", texts()),
                ("datasets", vec![json!("x"), json!([1]), json!([{}])]),
                ("datasets.0.dataset.name", with(texts(), [long(501)])),
                ("datasets.0.dataset.digest", with(texts(), [long(37)])),
                ("datasets.0.dataset.source_type", texts()),
                ("datasets.0.dataset.source", with(texts(), [long(65_536)])),
                ("datasets.0.dataset.schema", vec![json!(1), long(1_048_576)]),
                (
                    "datasets.0.dataset.profile",
                    vec![json!(1), long(16_777_216)],
                ),
                ("datasets.0.tags.0.key", with(texts(), [long(256)])),
                (
                    "datasets.0.tags.0.value",
                    vec![json!(null), json!(1), long(501)],
                ),
                ("models", vec![json!("x"), json!([{}])]),
            ],
        ),
        call(
            "runs/search",
            json!({"experiment_ids": [experiment], "max_results": 5, "filter": "metrics.m < 2",
                   "run_view_type": "ALL", "order_by": ["metrics.m DESC"]}),
            vec![
                ("experiment_ids", vec![json!("x"), json!([1])]),
                ("max_results", with(numbers(), [json!(0), json!(50_001)])),
                ("run_view_type", vec![json!("SOME"), json!([])]),
                (
                    "filter",
                    vec![json!(1), json!("metrics.m"), json!("a = 1"), long(100_000)],
                ),
                (
                    "order_by",
                    vec![
                        json!("x"),
                        json!(["nothing"]),
                        json!(["params.a", "params.a"]),
                    ],
                ),
                ("page_token", vec![json!(1), json!("x")]),
            ],
        ),
    ]
}

fn with_run(run: &str, metric: &Value) -> Value {
    let mut body = metric.clone();
    body["run_id"] = json!(run);
    body
}

fn many(item: &Value, count: usize) -> Value {
    Value::Array(vec![item.clone(); count])
}

fn twice(key: &str) -> Value {
    many(&json!({"key": key, "value": "v"}), 2)
}

fn distinct(value: &str, count: usize) -> Value {
    let item = |at: usize| json!({"key": format!("k{at}"), "value": value});
    Value::Array((0..count).map(item).collect())
}

/// The body with something else at `place`: `tags.0.key`.
fn put(body: &Value, place: &str, value: &Value) -> Value {
    let mut body = body.clone();
    let mut at = &mut body;
    let mut parts = place.split('.').peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        at = match part.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) if is_last && value.is_null() => {
                at.as_object_mut().unwrap().remove(part);
                return body;
            }
            Err(_) => &mut at[part],
        };
    }
    *at = value.clone();
    body
}

#[tokio::test]
async fn a_field_that_is_wrong_is_refused_with_its_code_and_leaves_nothing_behind() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let before = client.seen().await;
    for Call { path, body, wrong } in calls(&client.run, &client.experiment) {
        for (place, values) in wrong {
            for value in values {
                let answer = client.post(path, &put(&body, place, &value)).await;
                let status = answer.status.as_u16();
                let shown: String = value.to_string().chars().take(40).collect();
                assert_eq!(status, 400, "{path} {place} {shown}: {}", answer.text());
                let code = refusal(&answer, 400);
                assert_eq!(code, "INVALID_PARAMETER_VALUE", "{path} {place} {shown}");
            }
        }
        // Updates apart, what is refused leaves the run as it was.
        if path != "runs/update" {
            assert_eq!(client.seen().await, before, "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_without_mistakes_is_taken() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    for Call { path, body, .. } in calls(&client.run, &client.experiment) {
        let answer = client.post(path, &body).await;
        answer.expect(200);
    }
}

#[tokio::test]
async fn what_is_not_there_is_named_so() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let nobody = "01900000-0000-7000-8000-000000000000";
    for Call { path, body, .. } in calls(nobody, nobody) {
        if matches!(
            path,
            "experiments/create" | "experiments/search" | "runs/search"
        ) {
            continue;
        }
        let answer = client.post(path, &body).await;
        assert_eq!(refusal(&answer, 404), "RESOURCE_DOES_NOT_EXIST", "{path}");
    }
    for call in [
        "experiments/get?experiment_id=5",
        "experiments/get-by-name?experiment_name=nothing",
        "runs/get?run_id=abc",
        "metrics/get-history?run_id=abc&metric_key=m",
    ] {
        assert_eq!(
            refusal(&client.get(call).await, 404),
            "RESOURCE_DOES_NOT_EXIST",
            "{call}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_named() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let run = &client.run;
    for call in [
        "experiments/get".to_owned(),
        "experiments/get-by-name".to_owned(),
        "experiments/search?max_results=x".to_owned(),
        "experiments/search?filter=name".to_owned(),
        "experiments/search?view_type=SOME".to_owned(),
        "runs/get".to_owned(),
        "metrics/get-history".to_owned(),
        format!("metrics/get-history?run_id={run}"),
        format!("metrics/get-history?run_id={run}&metric_key=m&max_results=0"),
        format!("metrics/get-history?run_id={run}&metric_key=m&page_token=x"),
        "metrics/get-history-bulk?metric_key=m".to_owned(),
        format!("metrics/get-history-bulk?run_id={run}"),
        format!(
            "metrics/get-history-bulk?metric_key=m{}",
            format!("&run_id={run}").repeat(101)
        ),
        format!("metrics/get-history-bulk-interval?run_ids={run}&metric_key=m&start_step=1"),
        format!(
            "metrics/get-history-bulk-interval?run_ids={run}&metric_key=m&start_step=2&end_step=1"
        ),
    ] {
        assert_eq!(
            refusal(&client.get(&call).await, 400),
            "INVALID_PARAMETER_VALUE",
            "{call}"
        );
    }
}

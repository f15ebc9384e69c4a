//! Runs and experiments that clients look for.

use serde_json::{Value, json};

use super::{Client, refusal, text};
use crate::harness::TestHub;

/// Five runs, `a` to `e`, with `m` from 1 to 5, of which the last has none.
async fn five(client: &Client<'_>) {
    for (at, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let run = client
            .begin(&json!({"run_name": name, "start_time": 1_000 + at, "tags": [
                {"key": "mlflow.user", "value": "ada"}, {"key": "odd key", "value": format!("Tag {name}")},
            ]}))
            .await;
        let metric = json!({"key": "m", "value": at + 1, "timestamp": 1});
        let metrics = if name == "e" {
            json!([])
        } else {
            json!([metric])
        };
        let body = json!({
            "run_id": run, "metrics": metrics,
            "params": [{"key": "p", "value": format!("v{at}")}],
        });
        client.post("runs/log-batch", &body).await.expect(200);
        if at % 2 == 0 {
            let ended = json!({"run_id": run, "status": "FINISHED", "end_time": 2_000 + at});
            client.post("runs/update", &ended).await.expect(200);
        }
    }
    let first = json!({"run_id": client.run});
    client.post("runs/delete", &first).await.expect(200);
}

impl Client<'_> {
    async fn found(&self, with: &Value) -> (String, Option<String>) {
        let mut body = json!({"experiment_ids": [self.experiment]});
        body.as_object_mut()
            .unwrap()
            .extend(with.as_object().unwrap().clone());
        let found = self.post("runs/search", &body).await.expect(200);
        let runs = found["runs"].as_array().unwrap();
        let names: Vec<_> = runs
            .iter()
            .map(|run| text(&run["info"]["run_name"]))
            .collect();
        let token = found["next_page_token"].as_str().map(str::to_owned);
        (names.join(" "), token)
    }
}

#[tokio::test]
async fn runs_are_filtered_in_the_clients_language() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    five(&client).await;
    for (filter, expected) in [
        ("", "e d c b a"),
        ("metrics.m < 3", "b a"),
        ("metrics.m >= 2 AND metrics.m != 3", "d b"),
        ("metrics.nothing != 3", ""),
        ("params.p = 'v1'", "b"),
        ("params.p LIKE 'v%' and metric.m > 3", "d"),
        ("params.p LIKE 'V%'", ""),
        ("param.p ILIKE 'V_'", "e d c b a"),
        ("params.p != 'v0'", "e d c b"),
        ("params.q IS NULL", "e d c b a"),
        ("params.p IS NOT NULL AND params.q IS NULL", "e d c b a"),
        ("tags.`odd key` = 'Tag c'", "c"),
        (
            "tags.\"odd key\" ILIKE 'tag%' AND status = 'RUNNING'",
            "d b",
        ),
        ("attributes.status = 'FINISHED'", "e c a"),
        ("attr.status != 'FINISHED'", "d b"),
        ("run_name = 'a'", "a"),
        ("attributes.run_name LIKE '%'", "e d c b a"),
        ("tags.mlflow.runName = 'b'", "b"),
        ("user_id = 'ada' AND start_time > 1002", "e d"),
        ("start_time <= 1001", "b a"),
        ("end_time >= 2002", "e c"),
        ("run_id IN ('x')", ""),
        ("run_id NOT IN ('x')", "e d c b a"),
        ("dataset.name = 'x'", ""),
    ] {
        assert_eq!(
            client.found(&json!({"filter": filter})).await.0,
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn runs_are_sorted_and_paged() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    five(&client).await;
    for (order, expected) in [
        ("metrics.m", "a b c d e"),
        ("metrics.m DESC", "d c b a e"),
        ("params.p desc", "e d c b a"),
        ("start_time ASC", "a b c d e"),
        ("attributes.run_name DESC", "e d c b a"),
        ("tags.`odd key`", "a b c d e"),
        ("status", "c a"),
    ] {
        let found = client.found(&json!({"order_by": [order]})).await.0;
        assert!(found.contains(expected), "{order}: {found}");
    }
    let mut pages = Vec::new();
    let mut token = String::new();
    loop {
        let asked = json!({"order_by": ["metrics.m"], "max_results": 2, "page_token": token});
        let (names, next) = client.found(&asked).await;
        pages.push(names);
        match next {
            Some(next) => token = next,
            None => break,
        }
    }
    assert_eq!(pages, ["a b", "c d", "e"]);
}

#[tokio::test]
async fn deleted_runs_are_found_where_they_are_asked_for() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    five(&client).await;
    let found = async |view: &str| client.found(&json!({"run_view_type": view})).await.0;
    assert_eq!(found("DELETED_ONLY").await, "first");
    assert_eq!(found("ALL").await, "e d c b a first");
    assert_eq!(found("ACTIVE_ONLY").await, "e d c b a");
    let experiment = json!({"experiment_id": client.experiment});
    client
        .post("experiments/delete", &experiment)
        .await
        .expect(200);
    assert_eq!(found("ACTIVE_ONLY").await, "");
    assert_eq!(found("DELETED_ONLY").await, "e d c b a first");
    let nowhere = json!({"experiment_ids": []});
    assert_eq!(client.found(&nowhere).await.0, "");
}

#[tokio::test]
async fn runs_are_found_by_their_data() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let body = json!({"run_id": client.run, "datasets": [{
        "tags": [{"key": "mlflow.data.context", "value": "train"}],
        "dataset": {"name": "iris", "digest": "abc", "source_type": "local", "source": "{}"},
    }]});
    client.post("runs/log-inputs", &body).await.expect(200);
    client.begin(&json!({"run_name": "other"})).await;
    for (filter, expected) in [
        ("dataset.name = 'iris'", "first"),
        (
            "datasets.digest LIKE 'a%' AND dataset.context IN ('train', 'eval')",
            "first",
        ),
        ("dataset.name != 'iris'", ""),
        ("dataset.context NOT IN ('eval')", "first"),
    ] {
        assert_eq!(
            client.found(&json!({"filter": filter})).await.0,
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn experiments_are_filtered_sorted_and_paged() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    for name in ["b", "a", "c"] {
        let tags = json!([{"key": "kind", "value": format!("Kind {name}")}]);
        let made = json!({"name": name, "tags": tags});
        client.post("experiments/create", &made).await.expect(200);
    }
    let deleted = json!({"experiment_id": client.experiment});
    client
        .post("experiments/delete", &deleted)
        .await
        .expect(200);
    let names = |found: &Value| {
        let found = found["experiments"].as_array().unwrap();
        let names: Vec<_> = found.iter().map(|one| text(&one["name"])).collect();
        names.join(" ")
    };
    for (asked, expected) in [
        (json!({}), "c a b"),
        (
            json!({"view_type": "ALL", "order_by": ["name"]}),
            "a b c mine",
        ),
        (json!({"view_type": 2}), "mine"),
        (json!({"filter": "name = 'a'"}), "a"),
        (json!({"filter": "attribute.name ILIKE 'A'"}), "a"),
        (
            json!({"filter": "name != 'a' AND tags.kind LIKE 'Kind%'"}),
            "c b",
        ),
        (
            json!({"filter": "tags.other IS NULL", "order_by": ["name DESC"]}),
            "c b a",
        ),
        (
            json!({"filter": "tags.kind IS NOT NULL", "max_results": 1}),
            "c",
        ),
        (
            json!({"filter": "creation_time > 0 AND last_update_time > 0"}),
            "c a b",
        ),
        (json!({"filter": "experiment_id IN ('x')"}), ""),
    ] {
        let found = client.post("experiments/search", &asked).await.expect(200);
        assert_eq!(names(&found), expected, "{asked}");
    }
    let query = "experiments/search?max_results=2&order_by=name&filter=name+LIKE+%27%25%27";
    let page = client.get(query).await.expect(200);
    assert_eq!(names(&page), "a b");
    let token = text(&page["next_page_token"]);
    let rest = client
        .get(&format!("{query}&page_token={token}"))
        .await
        .expect(200);
    assert_eq!(names(&rest), "c");
}

#[tokio::test]
async fn a_search_that_asks_for_too_much_is_told_so() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let joined = |count: usize| vec!["metrics.m < 3"; count].join(" AND ");
    let orders = |count: usize| (0..count).map(|at| format!("metrics.m{at}"));
    for (fits, breaks) in [
        (
            json!({"filter": joined(100)}),
            json!({"filter": joined(1_001)}),
        ),
        (
            json!({"order_by": orders(10).collect::<Vec<_>>()}),
            json!({"order_by": orders(11).collect::<Vec<_>>()}),
        ),
        (
            json!({"filter": format!("params.a LIKE '{}'", "%".repeat(16_384))}),
            json!({"filter": format!("params.a LIKE '{}'", "%".repeat(60_000))}),
        ),
    ] {
        client.found(&fits).await;
        let answer = client.post("runs/search", &breaks).await;
        assert_eq!(refusal(&answer, 400), "INVALID_PARAMETER_VALUE");
    }
    let often = json!({"experiment_ids": vec![client.experiment.as_str(); 20_000]});
    assert_eq!(client.found(&often).await.0, "first");
}

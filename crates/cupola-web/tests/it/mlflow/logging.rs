//! What is logged is there, once, in order, live.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use super::{Client, refusal};
use crate::harness::TestHub;

/// The values of a history with their steps: `0:1 1:2`.
fn shown(history: &Value) -> String {
    let metrics = history["metrics"].as_array().unwrap();
    let point = |metric: &Value| format!("{}:{}", metric["step"], metric["value"]);
    metrics.iter().map(point).collect::<Vec<_>>().join(" ")
}

fn point(key: &str, step: i64, timestamp: i64, value: f64) -> Value {
    json!({"key": key, "value": value, "timestamp": timestamp, "step": step})
}

impl Client<'_> {
    async fn log(&self, metrics: &[Value]) {
        let body = json!({"run_id": self.run, "metrics": metrics});
        self.post("runs/log-batch", &body).await.expect(200);
    }

    async fn history(&self, key: &str, more: &str) -> Value {
        let call = format!(
            "metrics/get-history?run_id={}&metric_key={key}{more}",
            self.run
        );
        self.get(&call).await.expect(200)
    }
}

#[tokio::test]
async fn a_batch_with_one_mistake_stores_nothing() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    client.log(&[]).await;
    let param = json!({"run_id": client.run, "key": "p", "value": "1"});
    client.post("runs/log-parameter", &param).await.expect(200);
    client.post("runs/log-parameter", &param).await.expect(200);
    let before = client.seen().await;
    let contradiction = json!({
        "run_id": client.run, "metrics": [point("m", 0, 1, 1.0)], "tags": [{"key": "t", "value": "v"}],
        "params": [{"key": "fresh", "value": "1"}, {"key": "p", "value": "2"}],
    });
    let answer = client.post("runs/log-batch", &contradiction).await;
    assert_eq!(refusal(&answer, 400), "INVALID_PARAMETER_VALUE");
    assert!(answer.text().contains("params.p"), "{}", answer.text());
    assert_eq!(client.seen().await, before);
}

#[tokio::test]
async fn a_batch_of_as_many_as_may_be_is_taken() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let many: Vec<_> = (0..1_000).map(|step| point("m", step, step, 0.5)).collect();
    client.log(&many).await;
    let history = client.history("m", "").await;
    assert_eq!(history["metrics"].as_array().unwrap().len(), 1_000);
    let names: Vec<_> = (0..800)
        .map(|at| point(&format!("n{at}"), 0, 1, 1.0))
        .collect();
    let labels = |prefix: &str| -> Vec<_> {
        (0..100)
            .map(|at| json!({"key": format!("{prefix}{at}"), "value": "v"}))
            .collect()
    };
    let full = json!({
        "run_id": client.run, "metrics": names, "params": labels("p"), "tags": labels("t"),
    });
    client.post("runs/log-batch", &full).await.expect(200);
    let seen = client.seen().await;
    assert_eq!(seen["data"]["metrics"].as_array().unwrap().len(), 801);
    assert_eq!(seen["data"]["params"].as_array().unwrap().len(), 100);
    let over = json!({
        "run_id": client.run, "metrics": names, "params": labels("p"),
        "tags": labels("t").into_iter().chain([json!({"key": "t0"})]).collect::<Vec<_>>(),
    });
    let answer = client.post("runs/log-batch", &over).await;
    assert_eq!(refusal(&answer, 400), "INVALID_PARAMETER_VALUE");
}

#[tokio::test]
async fn a_history_has_what_a_restart_superseded_and_what_was_said_twice_once() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let first: Vec<_> = (0..4).map(|step| point("m", step, step, 1.0)).collect();
    client.log(&first).await;
    client.log(&first[3..]).await;
    let restarted: Vec<_> = (2..4)
        .map(|step| point("m", step, 10 + step, 2.0))
        .collect();
    client.log(&restarted).await;
    let history = client.history("m", "").await;
    assert_eq!(shown(&history), "0:1.0 1:1.0 2:1.0 3:1.0 2:2.0 3:2.0");

    let mut paged = String::new();
    let mut token = String::new();
    for _ in 0..3 {
        let page = client
            .history("m", &format!("&max_results=2&page_token={token}"))
            .await;
        paged = format!("{paged} {}", shown(&page));
        token = page["next_page_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
    }
    assert_eq!(paged.trim(), shown(&history));
    assert_eq!(token, "");
    assert_eq!(shown(&client.history("nothing", "").await), "");
}

#[tokio::test]
async fn values_that_are_not_finite_come_back_as_they_went() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    for (step, value) in ["NaN", "Infinity", "-Infinity"].into_iter().enumerate() {
        let body = json!({
            "run_id": client.run, "key": "m", "value": value, "timestamp": step, "step": step,
        });
        client.post("runs/log-metric", &body).await.expect(200);
    }
    let history = client.history("m", "").await;
    assert_eq!(shown(&history), r#"0:"NaN" 1:"Infinity" 2:"-Infinity""#);
}

#[tokio::test]
async fn histories_of_several_runs_come_together() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let many: Vec<_> = (0..10).map(|step| point("m", step, step, 1.0)).collect();
    client.log(&many).await;
    let run = &client.run;
    let bulk = format!("metrics/get-history-bulk?run_id={run}&metric_key=m&max_results=3");
    let bulk = client.get(&bulk).await.expect(200);
    assert_eq!(shown(&bulk), "0:1.0 1:1.0 2:1.0");
    assert_eq!(bulk["metrics"][0]["run_id"], run.as_str());
    let interval = format!(
        "metrics/get-history-bulk-interval?run_ids={run}&metric_key=m&start_step=2&end_step=8&max_results=3"
    );
    assert_eq!(
        shown(&client.get(&interval).await.expect(200)),
        "2:1.0 5:1.0 8:1.0"
    );
}

#[tokio::test]
async fn data_that_a_run_used_is_told_with_it() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let input = |context: &str| {
        json!({"run_id": client.run, "datasets": [{
            "tags": [{"key": "mlflow.data.context", "value": context}],
            "dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}"},
        }]})
    };
    for context in ["train", "eval"] {
        client
            .post("runs/log-inputs", &input(context))
            .await
            .expect(200);
    }
    let inputs = client.seen().await["inputs"]["dataset_inputs"].clone();
    assert_eq!(
        inputs,
        json!([{
            "tags": [{"key": "mlflow.data.context", "value": "eval"}],
            "dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}"},
        }])
    );
}

#[tokio::test]
async fn tags_change_and_go() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    for value in ["1", "2", ""] {
        let body = json!({"run_id": client.run, "key": "t", "value": value});
        client.post("runs/set-tag", &body).await.expect(200);
    }
    let name = json!({"key": "mlflow.runName", "value": "first"});
    let tags = client.seen().await["data"]["tags"].clone();
    assert_eq!(tags, json!([name, {"key": "t", "value": ""}]));
    let body = json!({"run_id": client.run, "key": "t"});
    client.post("runs/delete-tag", &body).await.expect(200);
    let again = client.post("runs/delete-tag", &body).await;
    assert_eq!(refusal(&again, 404), "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn a_logged_run_is_on_the_pages_without_a_worker() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    client.log(&[point("loss", 0, 1, 0.25)]).await;
    let param = json!({"run_id": client.run, "key": "depth", "value": "3"});
    client.post("runs/log-parameter", &param).await.expect(200);
    let viewer = hub.somebody(Role::Researcher);
    let page = viewer.get(&format!("/runs/{}", client.run)).await;
    page.expect(200);
    let html = page.text();
    for said in ["logged by a client", "loss", "depth", "first"] {
        assert!(html.contains(said), "{said} is not on the page");
    }
    for hidden in ["/retry", "experiments/new?run=", "Time budget"] {
        assert!(!html.contains(hidden), "{hidden} is on the page");
    }
    let page = viewer
        .get(&format!("/experiments/{}", client.experiment))
        .await;
    page.expect(200);
    let html = page.text();
    assert!(html.contains("Clients log its runs"));
    assert!(!html.contains("/start\""));
    let listed = viewer.get("/api/v1/overview").await.expect(200);
    assert_eq!(listed["tasks"]["running"], 1, "{listed}");
}

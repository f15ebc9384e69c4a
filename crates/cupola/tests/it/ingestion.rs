//! The hub is killed while clients log to it. Every point that it acknowledged is there when it comes
//! back, once, and every batch is there whole or not at all.

use std::{collections::BTreeMap, time::Duration};

use cupola_search::rng::Rng;
use serde_json::{Value, json};

use crate::support::{SECRET, TestHub};

const CLIENTS: u64 = 4;

/// Points a batch.
const BATCH: i64 = 50;

#[tokio::test]
async fn a_killed_hub_loses_no_point_that_it_acknowledged() {
    let kills: u64 = std::env::var("CUPOLA_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(25);
    let mut hub = TestHub::start();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Client::begin(&hub.url).await);
    }
    let mut rng = Rng::new(5);
    for _ in 0..kills {
        let working = clients.into_iter().map(|client| tokio::spawn(client.log()));
        let working: Vec<_> = working.collect();
        tokio::time::sleep(Duration::from_micros(20_000 + rng.bits() % 60_000)).await;
        hub.process.kill();
        clients = Vec::new();
        for worked in working {
            clients.push(worked.await.unwrap());
        }
        hub.restart();
        for client in &clients {
            client.check().await;
        }
    }
    let acknowledged: usize = clients.iter().map(|client| client.acknowledged.len()).sum();
    assert!(acknowledged > 0, "nothing was ever acknowledged");
}

/// A client with a run of its own, to which it logs batch after batch.
struct Client {
    http: reqwest::Client,
    api: String,
    run: String,
    /// The step at which the next batch begins.
    next: i64,
    /// The first steps of batches that were acknowledged.
    acknowledged: Vec<i64>,
}

impl Client {
    async fn begin(url: &str) -> Self {
        let mut client = Self {
            http: cupola_client::http_builder(None).build().unwrap(),
            api: format!("{url}/api/2.0/mlflow"),
            run: String::new(),
            next: 0,
            acknowledged: Vec::new(),
        };
        let made = client.post("runs/create", &json!({})).await.unwrap();
        let id = made["run"]["info"]["run_id"].as_str().unwrap();
        id.clone_into(&mut client.run);
        client
    }

    /// The answer to a call; none when the hub went before it answered.
    async fn post(&self, call: &str, body: &Value) -> Option<Value> {
        let asked = self.http.post(format!("{}/{call}", self.api));
        let asked = asked
            .bearer_auth(SECRET)
            .header("content-type", "application/json");
        let answer = asked.body(body.to_string()).send().await.ok()?;
        let is_taken = answer.status().is_success();
        let text = answer.text().await.ok()?;
        assert!(is_taken, "{text}");
        serde_json::from_str(&text).ok()
    }

    /// Logs until the hub is gone.
    async fn log(mut self) -> Self {
        loop {
            let first = self.next;
            self.next += BATCH;
            let point = |step: i64| json!({"key": "m", "value": value(step), "timestamp": step, "step": step});
            let metrics: Vec<_> = (first..first + BATCH).map(point).collect();
            let body = json!({"run_id": self.run, "metrics": metrics});
            if self.post("runs/log-batch", &body).await.is_none() {
                return self;
            }
            self.acknowledged.push(first);
        }
    }

    async fn check(&self) {
        let call = format!(
            "{}/metrics/get-history?metric_key=m&run_id={}",
            self.api, self.run
        );
        let answer = self
            .http
            .get(call)
            .bearer_auth(SECRET)
            .send()
            .await
            .unwrap();
        let history: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let mut batches: BTreeMap<i64, i64> = BTreeMap::new();
        for metric in history["metrics"].as_array().unwrap() {
            let step = metric["step"].as_i64().unwrap();
            assert_eq!(metric["value"], value(step));
            *batches.entry(step - step % BATCH).or_default() += 1;
        }
        let torn = batches.iter().find(|(_, points)| **points != BATCH);
        assert_eq!(torn, None, "a batch is neither whole nor absent");
        let lost = self
            .acknowledged
            .iter()
            .find(|first| !batches.contains_key(first));
        assert_eq!(lost, None, "a batch was acknowledged and is gone");
    }
}

#[expect(clippy::cast_precision_loss, reason = "the steps are few")]
fn value(step: i64) -> f64 {
    step as f64 / 8.0
}

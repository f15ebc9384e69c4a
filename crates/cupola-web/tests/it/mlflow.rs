//! `MLflow`'s REST interface on the wire: answers, refusals, limits.

mod fields;
mod logging;
mod searching;

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub, request};

const API: &str = "/api/2.0/mlflow/";

/// A client of the hub with an experiment and a run.
pub(crate) struct Client<'h> {
    who: Caller<'h>,
    pub(crate) experiment: String,
    pub(crate) run: String,
}

impl<'h> Client<'h> {
    pub(crate) async fn new(hub: &'h TestHub) -> Self {
        let mut client = Self {
            who: hub.somebody(Role::Researcher),
            experiment: String::new(),
            run: String::new(),
        };
        let made = client
            .post("experiments/create", &json!({"name": "mine"}))
            .await;
        client.experiment = text(&made.expect(200)["experiment_id"]);
        client.run = client.begin(&json!({"run_name": "first"})).await;
        client
    }

    /// Begins a run of the experiment.
    pub(crate) async fn begin(&self, with: &Value) -> String {
        let mut body = json!({"experiment_id": self.experiment, "start_time": 1_000});
        body.as_object_mut()
            .unwrap()
            .extend(with.as_object().unwrap().clone());
        let made = self.post("runs/create", &body).await.expect(200);
        text(&made["run"]["info"]["run_id"])
    }

    pub(crate) async fn post(&self, call: &str, body: &Value) -> Answer {
        self.who.post(&format!("{API}{call}"), body).await
    }

    pub(crate) async fn get(&self, call: &str) -> Answer {
        self.who.get(&format!("{API}{call}")).await
    }

    /// The run as it is now.
    pub(crate) async fn seen(&self) -> Value {
        let run = self.get(&format!("runs/get?run_id={}", self.run)).await;
        run.expect(200)["run"].clone()
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The code of an answer that refuses with this status, in the shape that clients read.
#[track_caller]
pub(crate) fn refusal(answer: &Answer, status: u16) -> String {
    let body = answer.expect(status);
    let keys: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["error_code", "message"], "{body}");
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    );
    assert_eq!(answer.header("content-type"), "application/json");
    text(&body["error_code"])
}

#[tokio::test]
async fn a_run_goes_from_its_beginning_to_its_end() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let body = json!({
        "run_id": client.run,
        "metrics": [
            {"key": "loss", "value": 2.5, "timestamp": 5, "step": 0},
            {"key": "loss", "value": "NaN", "timestamp": 6, "step": "1"},
        ],
        "params": [{"key": "lr", "value": "0.1"}],
        "tags": [{"key": "who", "value": "me"}],
    });
    assert_eq!(
        client.post("runs/log-batch", &body).await.expect(200),
        json!({})
    );
    let ended = json!({"run_id": client.run, "status": "FINISHED", "end_time": 9_000});
    let ended = client.post("runs/update", &ended).await.expect(200);
    assert_eq!(ended["run_info"]["status"], "FINISHED");

    let run = client.seen().await;
    let location = format!(
        "mlflow-artifacts:/{}/{}/artifacts",
        client.experiment, client.run
    );
    assert_eq!(
        run["info"],
        json!({
            "run_id": client.run, "run_uuid": client.run, "run_name": "first",
            "experiment_id": client.experiment, "user_id": "", "status": "FINISHED",
            "start_time": 1_000, "end_time": 9_000, "artifact_uri": location,
            "lifecycle_stage": "active",
        })
    );
    assert_eq!(
        run["data"],
        json!({
            "metrics": [{"key": "loss", "value": "NaN", "timestamp": 6, "step": 1}],
            "params": [{"key": "lr", "value": "0.1"}],
            "tags": [
                {"key": "mlflow.runName", "value": "first"},
                {"key": "who", "value": "me"},
            ],
        })
    );
}

#[tokio::test]
async fn a_run_is_closed_reopened_and_renamed() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let moves = [
        ("FAILED", "FAILED"),
        ("KILLED", "KILLED"),
        ("RUNNING", "RUNNING"),
        ("SCHEDULED", "RUNNING"),
        ("FINISHED", "FINISHED"),
    ];
    for (status, expected) in moves {
        let body = json!({"run_id": client.run, "status": status, "run_name": status});
        let info = client.post("runs/update", &body).await.expect(200)["run_info"].clone();
        assert_eq!(
            (&info["status"], &info["run_name"]),
            (&json!(expected), &json!(status))
        );
    }
    let run = client.seen().await;
    let name = json!({"key": "mlflow.runName", "value": "FINISHED"});
    assert_eq!(run["data"]["tags"], json!([name]));
}

#[tokio::test]
async fn a_time_that_is_not_in_milliseconds_is_refused() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let latest = 253_402_207_200_000_i64;
    for wrong in [-1, latest + 1, 1_700_000_000_000_000_000] {
        let begun = json!({"experiment_id": client.experiment, "start_time": wrong});
        let ended = json!({"run_id": client.run, "status": "FINISHED", "end_time": wrong});
        for (call, body) in [("runs/create", begun), ("runs/update", ended)] {
            let answer = client.post(call, &body).await;
            assert_eq!(refusal(&answer, 400), "INVALID_PARAMETER_VALUE", "{call}");
        }
    }
    assert_eq!(client.seen().await["info"]["status"], "RUNNING");
    let ended = json!({"run_id": client.run, "status": "FINISHED", "end_time": latest});
    client.post("runs/update", &ended).await.expect(200);
    let path = format!("/api/v1/runs/{}", client.run);
    let shown = client.who.get(&path).await.expect(200);
    assert_eq!(shown["run"]["finished_at"], "9999-12-30T22:00:00.000Z");
}

#[tokio::test]
async fn experiments_are_made_found_and_renamed() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let tag = json!({"experiment_id": client.experiment, "key": "team", "value": "a"});
    client
        .post("experiments/set-experiment-tag", &tag)
        .await
        .expect(200);
    let rename = json!({"experiment_id": client.experiment, "new_name": "other"});
    client.post("experiments/update", &rename).await.expect(200);
    let found = client
        .get("experiments/get-by-name?experiment_name=other")
        .await;
    let found = found.expect(200)["experiment"].clone();
    assert_eq!(found["experiment_id"], client.experiment.as_str());
    assert_eq!(found["tags"], json!([{"key": "team", "value": "a"}]));
    assert_eq!(found["lifecycle_stage"], "active");

    let again = client
        .post("experiments/create", &json!({"name": "other"}))
        .await;
    assert_eq!(refusal(&again, 400), "RESOURCE_ALREADY_EXISTS");
    let second = client
        .post("experiments/create", &json!({"name": "second"}))
        .await;
    let second = text(&second.expect(200)["experiment_id"]);
    let taken = json!({"experiment_id": second, "new_name": "other"});
    let taken = client.post("experiments/update", &taken).await;
    assert_eq!(refusal(&taken, 400), "RESOURCE_ALREADY_EXISTS");
    let untag = json!({"experiment_id": client.experiment, "key": "team"});
    client
        .post("experiments/delete-experiment-tag", &untag)
        .await
        .expect(200);
    let again = client
        .post("experiments/delete-experiment-tag", &untag)
        .await;
    assert_eq!(refusal(&again, 404), "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn the_experiment_without_a_name_is_made_when_it_is_first_asked_for() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let viewer = hub.somebody(Role::Viewer);
    let path = format!("{API}experiments/get?experiment_id=0");
    assert_eq!(
        refusal(&viewer.get(&path).await, 404),
        "RESOURCE_DOES_NOT_EXIST"
    );
    let run = client.post("runs/create", &json!({})).await.expect(200)["run"].clone();
    let found = viewer.get(&path).await.expect(200)["experiment"].clone();
    assert_eq!(found["name"], "Default");
    assert_eq!(run["info"]["experiment_id"], found["experiment_id"]);
    let name = text(&run["info"]["run_name"]);
    assert!(name.starts_with("run-"), "{name}");
}

#[tokio::test]
async fn what_is_deleted_is_hidden_and_can_be_restored() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let run = json!({"run_id": client.run});
    for _ in 0..2 {
        client.post("runs/delete", &run).await.expect(200);
        assert_eq!(client.seen().await["info"]["lifecycle_stage"], "deleted");
        let tag = json!({"run_id": client.run, "key": "a", "value": "b"});
        let refused = client.post("runs/set-tag", &tag).await;
        assert_eq!(refusal(&refused, 400), "INVALID_PARAMETER_VALUE");
        client.post("runs/restore", &run).await.expect(200);
        let seen = client.seen().await;
        assert_eq!(seen["info"]["lifecycle_stage"], "active");
        assert_eq!(seen["info"]["experiment_id"], client.experiment.as_str());
    }
    let experiment = json!({"experiment_id": client.experiment});
    client
        .post("experiments/delete", &experiment)
        .await
        .expect(200);
    assert_eq!(client.seen().await["info"]["lifecycle_stage"], "deleted");
    let again = client
        .post("experiments/create", &json!({"name": "mine"}))
        .await;
    assert_eq!(refusal(&again, 400), "RESOURCE_ALREADY_EXISTS");
    let begun = client.post("runs/create", &experiment).await;
    assert_eq!(refusal(&begun, 400), "INVALID_PARAMETER_VALUE");
    let rename = json!({"experiment_id": client.experiment, "new_name": "free"});
    let renamed = client.post("experiments/update", &rename).await;
    assert_eq!(refusal(&renamed, 400), "INVALID_PARAMETER_VALUE");
    client
        .post("experiments/restore", &experiment)
        .await
        .expect(200);
    assert_eq!(client.seen().await["info"]["lifecycle_stage"], "active");
    let again = client.post("experiments/restore", &experiment).await;
    assert_eq!(refusal(&again, 400), "INVALID_PARAMETER_VALUE");
}

#[tokio::test]
async fn layers_refuse_in_the_shape_that_clients_read() {
    let hub = TestHub::new();
    let path = format!("{API}experiments/get?experiment_id=0");
    let nobody = request(Method::GET, &path).body(Body::empty()).unwrap();
    assert_eq!(refusal(&hub.send(nobody).await, 401), "UNAUTHENTICATED");
    let viewer = hub.somebody(Role::Viewer);
    let create = format!("{API}experiments/create");
    let refused = viewer.post(&create, &json!({"name": "x"})).await;
    assert_eq!(refusal(&refused, 403), "PERMISSION_DENIED");
    let nowhere = viewer.get(&format!("{API}nothing")).await;
    assert_eq!(refusal(&nowhere, 404), "ENDPOINT_NOT_FOUND");
    let refused = viewer.get(&create).await;
    assert_eq!(refusal(&refused, 405), "ENDPOINT_NOT_FOUND");
    assert_eq!(refused.header("allow"), "POST");
}

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let path = format!("{API}runs/log-metric");
    for body in ["", "[", "[]", "null", "\"x\"", "{\"run_id\": \"\u{1}\"}"] {
        let answer = client.who.post_bytes(&path, body.as_bytes().to_vec()).await;
        assert_eq!(refusal(&answer, 400), "INVALID_PARAMETER_VALUE", "{body}");
    }
    let text = client
        .who
        .request(Method::POST, &path)
        .header(header::CONTENT_TYPE, "text/plain");
    let answer = hub.send(text.body(Body::from("{}")).unwrap()).await;
    assert_eq!(refusal(&answer, 400), "INVALID_PARAMETER_VALUE");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let hub = TestHub::new();
    let client = Client::new(&hub).await;
    let path = format!("{API}runs/log-batch");
    let said = |length: usize| {
        client
            .who
            .request(Method::POST, &path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, length)
    };
    // Nobody ever sends it.
    let never = Body::from_stream(tokio_stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let answer = hub.send(said((1 << 20) + 1).body(never).unwrap()).await;
    assert_eq!(refusal(&answer, 413), "INVALID_PARAMETER_VALUE");
    // One that does not say how long it is, is cut off.
    let long = vec![b' '; (1 << 20) + 1];
    let answer = client.who.post_bytes(&path, long).await;
    assert_eq!(refusal(&answer, 413), "INVALID_PARAMETER_VALUE");
}

//! Experiments over the API, as a person's program uses it.

use axum::{body::Body, http::Method};
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub};

const EXPERIMENTS: &str = "/api/v1/experiments";

fn asked() -> Value {
    json!({
        "name": "first <b>", "template": "char-lm", "config": {"lr": 0.001},
        "environment": {"OMP_NUM_THREADS": "1"}, "tags": {"team": "a"}, "time_budget_secs": 10,
    })
}

async fn put(caller: &Caller<'_>, path: &str, body: &Value) -> Answer {
    let request = caller
        .request(Method::PUT, path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    caller.hub.send(request.unwrap()).await
}

/// Makes an experiment and says its address.
async fn make(researcher: &Caller<'_>) -> String {
    let answer = researcher.post(EXPERIMENTS, &asked()).await;
    answer.expect(201);
    answer.header("location").to_owned()
}

fn fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_experiment_is_made_shown_edited_and_deleted() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let place = make(&researcher).await;
    let shown = researcher.get(&place).await.expect(200);
    let one = &shown["experiment"];
    assert_eq!(
        (&one["name"], &one["origin"]),
        (&json!("first <b>"), &json!("manual"))
    );
    assert_eq!(
        (&one["status"], &one["metric_name"]),
        (&json!("pending"), &json!("val_bpb"))
    );
    assert_eq!(one["config"]["lr"], 0.001);
    assert!(
        one["config"].as_object().unwrap().len() > 1,
        "defaults are filled in"
    );
    assert_eq!(
        (&shown["runs"], &shown["has_template"]),
        (&json!(0), &json!(true))
    );

    let edited = json!({"name": "second", "template": "char-lm", "seed": 3});
    let answer = put(&researcher, &place, &edited).await.expect(200);
    assert_eq!(answer["experiment"]["seed"], 3);
    assert_eq!(answer["experiment"]["environment"], json!({}));
    let listed = researcher.get(EXPERIMENTS).await.expect(200);
    assert_eq!(
        (&listed["total"], &listed["items"][0]["name"]),
        (&json!(1), &json!("second"))
    );
    for (query, total) in [
        ("search=SEC", 1),
        ("search=x", 0),
        ("status=pending", 1),
        ("status=running", 0),
        ("template=char-lm&sort=-name", 1),
        ("families=true", 1),
        ("origin=manual", 1),
        ("origin=file", 0),
    ] {
        let found = researcher
            .get(&format!("{EXPERIMENTS}?{query}"))
            .await
            .expect(200);
        assert_eq!(found["total"], total, "{query}");
    }
    researcher
        .get(&format!("{EXPERIMENTS}?sort=colour&origin=x"))
        .await
        .expect(422);

    researcher.delete(&place).await.expect(204);
    researcher.get(&place).await.expect(404);
    put(&researcher, &place, &edited).await.expect(404);
}

#[tokio::test]
async fn what_is_wrong_is_said_the_same_before_and_when_it_is_made() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let wrong = json!({
        "name": "", "template": "char-lm", "config": {"lr": "x"}, "time_budget_secs": 0,
        "environment": {"CUPOLA_X": ""}, "working_folder": "here",
    });
    let checked = researcher
        .post(&format!("{EXPERIMENTS}/check"), &wrong)
        .await
        .expect(200);
    let made = researcher.post(EXPERIMENTS, &wrong).await.expect(422);
    assert_eq!(checked["errors"], made["errors"]);
    assert_eq!(
        fields(&made),
        [
            "name",
            "config.lr",
            "time_budget_secs",
            "environment.CUPOLA_X",
            "working_folder"
        ]
    );
    let checked = researcher
        .post(&format!("{EXPERIMENTS}/check"), &asked())
        .await
        .expect(200);
    assert_eq!(
        (&checked["errors"], &checked["config"]["lr"]),
        (&json!([]), &json!(0.001))
    );
    let unknown = json!({"name": "x", "template": "char-lm", "colour": "red"});
    assert_eq!(
        fields(&researcher.post(EXPERIMENTS, &unknown).await.expect(422)),
        ["colour"]
    );
}

#[tokio::test]
async fn started_runs_are_listed_and_compared() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let place = make(&researcher).await;
    let start = format!("{place}/start");
    let started = researcher
        .post(&start, &json!({"runs": 2}))
        .await
        .expect(201);
    let ids: Vec<_> = started["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(
        fields(
            &researcher
                .post(&start, &json!({"runs": 0}))
                .await
                .expect(422)
        ),
        ["runs"]
    );
    researcher.post(&start, &json!({})).await.expect(201);
    let runs = researcher
        .get(&format!("{place}/runs?per_page=2"))
        .await
        .expect(200);
    assert_eq!(runs["total"], 3);
    let numbers = [
        &runs["items"][0]["task_number"],
        &runs["items"][1]["task_number"],
    ];
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    assert_eq!(runs["items"][1]["run"]["run_id"], ids[1]);

    let compared = format!("/api/v1/runs/comparison?runs={},{}", ids[0], ids[1]);
    let compared = researcher.get(&compared).await.expect(200);
    let rows = compared["config"].as_array().unwrap().iter();
    let differing: Vec<_> = rows.filter(|row| row["differs"] == true).collect();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0]["path"], "seed");
    assert_eq!(differing[0]["values"], json!([42, 43]));
    let refused = researcher
        .get("/api/v1/runs/comparison?runs=x")
        .await
        .expect(422);
    assert_eq!(fields(&refused), ["runs"]);

    let cancelled = researcher
        .post(&format!("{place}/cancellation"), &json!(null))
        .await
        .expect(200);
    assert_eq!(cancelled["experiment"]["status"], "cancelled");
    assert_eq!(cancelled["experiment"]["last_run"]["status"], "cancelled");
}

//! Credits over the API and on pages: everybody sees their own, operators see all.

use axum::{body::Body, http::Method};
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub};

const CREDITS: &str = "/api/v1/credits";
const HISTORY: &str = "/api/v1/credits/history";

async fn put(caller: &Caller<'_>, path: &str, body: &Value) -> Answer {
    let request = caller
        .request(Method::PUT, path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    caller.hub.send(request.unwrap()).await
}

async fn form(caller: &Caller<'_>, path: &str, fields: String) -> Answer {
    let request = caller
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(fields));
    caller.hub.send(request.unwrap()).await
}

/// A brief of two tasks with a budget of 1,000.
async fn brief(caller: &Caller<'_>) -> String {
    let asked = json!({
        "goal": "find the best small model", "num_tasks": 2, "time_budget": 10,
        "budget_credits": 1000, "hardware": "small",
    });
    let made = caller.post("/api/v1/briefs", &asked).await.expect(201);
    made["brief"]["brief_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn everybody_sees_their_own_and_operators_see_all() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let operator = hub.somebody(Role::Operator);
    let shown = viewer.get(CREDITS).await.expect(200);
    assert_eq!(shown["you"]["person"], json!("viewer"));
    assert_eq!(shown["you"]["balance"], json!("10000.000000"));
    assert_eq!(shown["issued"], json!("20000.000000"));
    let own = viewer.get(HISTORY).await.expect(200);
    assert_eq!(own["items"][0]["kind"], json!("grant"));
    viewer
        .get(&format!("{HISTORY}?person=viewer"))
        .await
        .expect(200);
    let other = format!("{HISTORY}?person=operator");
    viewer.get(&other).await.expect(403);
    viewer.get(&format!("{HISTORY}?all=true")).await.expect(403);
    operator.get(&other).await.expect(200);
    let all = operator.get(&format!("{HISTORY}?all=true&limit=1")).await;
    let all = all.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    let before = all["next_before"].as_i64().unwrap();
    let older = format!("{HISTORY}?all=true&before={before}");
    let older = operator.get(&older).await.expect(200);
    assert_eq!(older["items"][0]["number"], json!(before - 1));
    for path in ["/api/v1/credits/people", "/api/v1/credits/verification"] {
        viewer.get(path).await.expect(403);
        operator.get(path).await.expect(200);
    }
}

#[tokio::test]
async fn an_operator_moves_credits_and_says_why() {
    let hub = TestHub::new();
    let (viewer, operator) = (hub.somebody(Role::Viewer), hub.somebody(Role::Operator));
    let moved = json!({
        "from": "issued", "to": "person:viewer", "amount": "2.5", "note": "thanks", "key": "k",
    });
    let path = "/api/v1/credits/transfers";
    viewer.post(path, &moved).await.expect(403);
    let first = operator.post(path, &moved).await.expect(201);
    assert_eq!(
        (&first["kind"], &first["author"]),
        (&json!("grant"), &json!("operator"))
    );
    let again = operator.post(path, &moved).await.expect(201);
    assert_eq!(first["number"], again["number"]);
    let shown = viewer.get(CREDITS).await.expect(200);
    assert_eq!(shown["you"]["balance"], json!("10002.500000"));
    let wrong = json!({"from": "bank", "to": "person:viewer", "amount": "-1", "note": ""});
    operator.post(path, &wrong).await.expect(422);
    let found = operator
        .get("/api/v1/credits/verification")
        .await
        .expect(200);
    assert_eq!(
        (&found["is_sound"], &found["sum_micros"]),
        (&json!(true), &json!(0))
    );
}

#[tokio::test]
async fn a_brief_shows_and_raises_its_budget() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let id = brief(&researcher).await;
    let path = format!("/api/v1/briefs/{id}/budget");
    let shown = researcher.get(&path).await.expect(200);
    assert_eq!(shown["budget"], json!("1000.000000"));
    let lower = json!({"budget_credits": 10});
    put(&researcher, &path, &lower).await.expect(422);
    let higher = json!({"budget_credits": 1500.25});
    let raised = put(&researcher, &path, &higher).await.expect(200);
    assert_eq!(raised["budget"], json!("1500.250000"));
    let page = format!("/briefs/{id}/budget");
    let answer = form(&researcher, &page, "budget_credits=2000".to_owned()).await;
    assert_eq!(answer.status.as_u16(), 303);
    let shown = researcher.get(&path).await.expect(200);
    assert_eq!(shown["budget"], json!("2000.000000"));
    let answer = form(&researcher, &page, "budget_credits=many".to_owned()).await;
    assert_eq!(answer.status.as_u16(), 422);
}

#[tokio::test]
async fn what_a_run_earned_has_receipts() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    brief(&researcher).await;
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let question = json!({"session": "s1", "free_slots": 1, "holding": [], "wait_secs": 0.0});
    let leases = format!("/api/v1/workers/{id}/leases");
    let orders = worker.post(&leases, &question).await.expect(200);
    let run = orders["start"][0]["run_id"].as_str().unwrap();
    let path = format!("/api/v1/credits/receipts/{run}");
    let receipts = researcher.get(&path).await.expect(200);
    let receipt = &receipts[0];
    assert_eq!(receipt["transfer"]["kind"], json!("reserve"));
    assert_eq!(receipt["transfer"]["amount"], json!("15.000000"));
    let line = receipt["line"].as_str().unwrap();
    assert!(
        line.contains(run) && line.contains("escrow:worker"),
        "{line}"
    );
    assert!(!receipt["previous_hash"].as_str().unwrap().is_empty());
    let earned = format!("/api/v1/workers/{id}/earnings");
    let earned = researcher.get(&earned).await.expect(200);
    assert_eq!(earned["total"]["amount"], json!("0.000000"));
    // The worker asks of several, and is told nothing of others'.
    let other = run.replace(&run[..4], "ffff");
    let own = format!("/api/v1/workers/{id}/earned?run={other}&run={run}");
    let own = worker.get(&own).await.expect(200);
    assert_eq!(own["runs"], json!({run: "15.000000"}));
    assert_eq!(own["run"], json!(null));
    let wrong = format!("/api/v1/workers/{id}/earned?run=x");
    worker.get(&wrong).await.expect(422);
}

#[tokio::test]
async fn the_pages_are_shown_to_whom_they_are_for() {
    let hub = TestHub::new();
    let (viewer, operator) = (hub.somebody(Role::Viewer), hub.somebody(Role::Operator));
    let text = |answer: Answer| String::from_utf8(answer.bytes).unwrap();
    let page = text(viewer.get("/credits").await);
    assert!(page.contains("Your latest transfers") && !page.contains("What people have"));
    let page = text(operator.get("/credits").await);
    assert!(page.contains("What people have") && page.contains("Move credits"));
    let status = |answer: Answer| answer.status.as_u16();
    let other = "/credits/history?person=operator";
    assert_eq!(status(viewer.get(other).await), 403);
    assert_eq!(status(operator.get(other).await), 200);
    assert_eq!(status(viewer.get("/credits/history").await), 200);
    let wrong = form(
        &operator,
        "/credits",
        "from=x&to=y&amount=z&note=".to_owned(),
    );
    assert_eq!(status(wrong.await), 422);
}

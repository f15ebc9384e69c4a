//! What runs cost, and budgets: over the API and on pages.

use std::time::Duration;

use axum::{body::Body, http::Method};
use cupola_domain::{
    access::Role,
    cost::{Money, Of, Price, PriceBook, Priced},
};
use cupola_hub::{costs::Prices, logged::LoggedBatch};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub};

const BUDGETS: &str = "/api/v1/budgets";

/// Every machine costs 2 an hour.
fn prices() -> Prices {
    let entry = Priced {
        of: Of::Any,
        price: Price::Hourly(Money::from_micros(2_000_000)),
        watts: Some(100.0),
    };
    Prices {
        currency: "EUR".to_owned(),
        book: PriceBook {
            entries: vec![entry],
            electricity: None,
        },
    }
}

/// A run that goes on for an hour, and its family.
async fn scene(hub: &TestHub) -> (String, String) {
    hub.hub.use_prices(prices());
    let family = hub.somebody(Role::Researcher).submit_brief(3).await;
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let question = json!({"session": "s1", "free_slots": 1, "holding": [], "wait_secs": 0.0});
    let leases = format!("/api/v1/workers/{id}/leases");
    let orders = worker.post(&leases, &question).await.expect(200);
    let run = orders["start"][0]["run_id"].as_str().unwrap().to_owned();
    hub.advance(Duration::from_hours(1));
    (run, family)
}

async fn form(caller: &Caller<'_>, path: &str, fields: &'static str) -> Answer {
    let request = caller
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(fields));
    caller.hub.send(request.unwrap()).await
}

async fn put(caller: &Caller<'_>, path: &str, body: &Value) -> Answer {
    let request = caller
        .request(Method::PUT, path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    caller.hub.send(request.unwrap()).await
}

#[tokio::test]
async fn costs_are_told_by_run_experiment_and_person() {
    let hub = TestHub::new();
    let (run, family) = scene(&hub).await;
    let viewer = hub.somebody(Role::Viewer);
    let shown = viewer.get(&format!("/api/v1/runs/{run}")).await.expect(200);
    let cost = &shown["cost"];
    let hourly = cost["hourly"].as_f64().unwrap();
    assert!(hourly > 0.0 && hourly <= 2.0, "{cost}");
    assert_eq!(cost["cost"], json!(hourly));
    assert_eq!(
        (&cost["basis"], &cost["is_final"]),
        (&json!("book"), &json!(false))
    );
    for by in ["experiment", "person", "model", "brief", "all"] {
        let path = format!("/api/v1/costs?by={by}&days=7");
        let costs = viewer.get(&path).await.expect(200);
        assert_eq!(costs["total"]["cost"], cost["cost"], "{by}");
        assert_eq!(costs["subjects"][0]["cost"], cost["cost"], "{by}");
        assert_eq!(costs["days"].as_array().unwrap().len(), 7);
        assert_eq!(costs["hourly_now"], json!(hourly));
    }
    let detail = viewer
        .get(&format!("/api/v1/families/{family}"))
        .await
        .expect(200);
    assert_eq!(detail["spending"]["cost"], cost["cost"]);
    let refused = viewer.get("/api/v1/costs?by=team&days=0").await.expect(422);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_brief_says_about_what_it_costs_before_anything_has_run() {
    let hub = TestHub::new();
    hub.hub.use_prices(prices());
    let researcher = hub.somebody(Role::Researcher);
    hub.somebody(Role::Worker).join("s1").await;
    let family = researcher.submit_brief(36).await;
    let path = format!("/api/v1/families/{family}");
    let spending = &researcher.get(&path).await.expect(200)["spending"];
    // 36 tasks of 10 s on a quarter of a machine of 2 an hour.
    assert_eq!(spending["planned_most"], 0.05);
    assert_eq!(spending["cost"], Value::Null);
    let page = researcher.get("/briefs/new").await.text();
    assert!(page.contains("data-hourly=\"small:0.5:0.5"), "{page}");
}

#[tokio::test]
async fn a_budget_is_made_changed_and_deleted() {
    let hub = TestHub::new();
    let (run, family) = scene(&hub).await;
    let operator = hub.somebody(Role::Operator);
    let asked = json!({"scope": "experiment", "subject": family, "limit": 0.001, "hard": true});
    let made = operator.post(BUDGETS, &asked).await.expect(201);
    assert_eq!(
        (&made["level"], &made["is_stopping"]),
        (&json!(100), &json!(true))
    );
    let detail = operator.get(&format!("/families/{family}")).await;
    assert!(
        detail.text().contains("is spent; raise it to go on"),
        "{}",
        detail.text()
    );
    // Whether a budget keeps a task back stands on its page, and changes with the budget.
    let found = operator.get(&format!("/api/v1/runs/{run}")).await;
    let found = found.expect(200);
    let task = found["run"]["task_id"].as_str().unwrap();
    let page = operator.get(&format!("/tasks/{task}")).await;
    assert!(
        page.text()
            .contains(",budgets,credits,verification\" data-src"),
        "{}",
        page.text()
    );
    let path = format!("{BUDGETS}/{}", made["budget_id"].as_str().unwrap());
    let raised = json!({"scope": "experiment", "subject": family, "limit": 50, "hard": true});
    let raised = put(&operator, &path, &raised).await.expect(200);
    assert_eq!(
        (&raised["level"], &raised["is_stopping"]),
        (&json!(0), &json!(false))
    );
    // As sums of decimal fractions come out.
    let summed = json!({"scope": "experiment", "subject": family, "limit": 0.1 + 0.2});
    let summed = put(&operator, &path, &summed).await.expect(200);
    assert_eq!(summed["limit"], 0.3);
    let wrong = json!({"scope": "experiment", "subject": "x", "limit": -1});
    let wrong = operator.post(BUDGETS, &wrong).await.expect(422);
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2);
    operator.delete(&path).await.expect(204);
    let gone = operator.get(&path).await;
    assert_eq!(gone.status, 404);
    assert_eq!(operator.get(BUDGETS).await.expect(200)["total"], 0);
}

#[tokio::test]
async fn the_page_shows_costs_and_takes_budgets() {
    let hub = TestHub::new();
    scene(&hub).await;
    let operator = hub.somebody(Role::Operator);
    let page = operator.get("/training/costs?by=person").await.text();
    assert!(page.contains("Rate/hour") && page.contains("€"), "{page}");
    let budgets = "/training/costs/budgets";
    let fields = "name=%3Cb%3E&scope=all&limit=1&period=month&is_hard=true";
    let answer = form(&operator, budgets, fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = operator.get("/training/costs").await.text();
    assert!(page.contains("&#60;b&#62;"), "{page}");
    let wrong = form(&operator, budgets, "limit=much").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("is not an amount"));
    let viewer = hub.somebody(Role::Viewer);
    let page = viewer.get("/training/costs").await.text();
    assert!(!page.contains("New budget"));
}

#[tokio::test]
async fn the_table_cannot_run_formulas() {
    let hub = TestHub::new();
    let (run, _) = scene(&hub).await;
    let batch = LoggedBatch {
        tags: vec![("model".to_owned(), "=cmd|' /C calc'!A0".to_owned())],
        ..LoggedBatch::default()
    };
    hub.hub.log_to_run(run.parse().unwrap(), batch).unwrap();
    let viewer = hub.somebody(Role::Viewer);
    let table = viewer
        .get("/training/costs/export?by=model&format=csv")
        .await;
    let text = table.text();
    assert!(text.contains("'=cmd|"), "{text}");
    assert!(
        text.starts_with("model,name,runs,hours,rate_per_hour,cost"),
        "{text}"
    );
    let json = viewer
        .get("/training/costs/export?format=json")
        .await
        .text();
    assert!(serde_json::from_str::<Value>(&json).unwrap()[0]["cost"].as_f64() > Some(0.0));
}

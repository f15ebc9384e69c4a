//! The API as people's programs use it: shapes and errors.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, TestHub};

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// What differs from one build or template to the next is left out of shapes.
fn without_ids(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_id = name.ends_with("_id") || ["code_hash", "name"].contains(&name.as_str());
                let is_of_template = ["space", "config"].contains(&name.as_str());
                if is_id && value.is_string() || is_of_template {
                    *value = json!("…");
                } else {
                    *value = without_ids(value.take());
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_ids(item.take());
            }
        }
        _ => {}
    }
    value
}

#[tokio::test]
async fn the_counters_of_an_empty_hub_are_zero() {
    let hub = TestHub::new();
    let answer = hub
        .somebody(Role::Viewer)
        .get("/api/v1/overview")
        .await
        .expect(200);
    insta::assert_json_snapshot!(answer, @r#"
    {
      "workers_online": 0,
      "workers_total": 0,
      "tasks": {
        "pending": 0,
        "running": 0,
        "completed": 0,
        "failed": 0,
        "cancelled": 0,
        "total": 0
      },
      "families": 0,
      "briefs": 0,
      "generated_at": "2026-11-21T00:00:00.000Z"
    }
    "#);
}

#[tokio::test]
async fn a_brief_makes_a_family_and_its_tasks() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let brief = json!({
        "goal_description": "find the best small model", "budget_credits": 100.5,
        "target_hardware": "small", "num_tasks": 2, "time_budget": 10, "study_seed": 7,
    });
    let answer = researcher.post("/api/v1/briefs", &brief).await;
    let body = answer.expect(201);
    let id = body["brief"]["brief_id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/briefs/{id}"));
    assert_eq!(
        researcher.get(answer.header("location")).await.expect(200),
        body
    );
    insta::assert_json_snapshot!(without_ids(body.clone()), @r#"
    {
      "brief": {
        "brief_id": "…",
        "title": "find the best small model",
        "goal": "find the best small model",
        "constraints": "",
        "template": "char-lm",
        "budget_credits": "100.5",
        "hardware": "small",
        "device_class": "any",
        "num_tasks": 2,
        "time_budget": 10.0,
        "sampler": "random",
        "study_seed": 7,
        "priority": 0,
        "space": "…",
        "author": "researcher",
        "created_at": "2026-11-21T00:00:00.000Z",
        "family": {
          "family_id": "…",
          "name": "…",
          "status": "pending",
          "brief_id": "…",
          "metric_name": "val_bpb",
          "direction": "minimize",
          "baseline_value": null,
          "template": "char-lm",
          "code_hash": "…",
          "minimum_resources": {
            "cpu_cores": 1,
            "ram_gb": 1.0,
            "disk_gb": 0.0,
            "gpus": 0,
            "gpu_vram_gb": 0.0,
            "python": false,
            "torch": false,
            "cuda": false
          },
          "device_class": null,
          "tasks": {
            "pending": 2,
            "running": 0,
            "completed": 0,
            "failed": 0,
            "cancelled": 0,
            "total": 2
          },
          "created_at": "2026-11-21T00:00:00.000Z"
        }
      },
      "summary": {
        "generated_at": "2026-11-21T00:00:00.000Z",
        "counted": 0,
        "excluded_not_finite": 0,
        "excluded_not_measured": 0,
        "mean": null,
        "std": null,
        "min": null,
        "max": null,
        "median": null,
        "best": null,
        "better_in_check": null,
        "top_configs": [],
        "factor_analysis": [],
        "reproducibility": [],
        "anomalies": []
      },
      "task_price": "15.000000",
      "price": "30.000000"
    }
    "#);
    let family = body["brief"]["family"]["family_id"].as_str().unwrap();
    let tasks = researcher
        .get(&format!("/api/v1/tasks?family_id={family}"))
        .await
        .expect(200);
    assert_eq!(
        (&tasks["total"], tasks["items"].as_array().unwrap().len()),
        (&json!(2), 2)
    );
    insta::assert_json_snapshot!(without_ids(tasks["items"][0].clone()), @r#"
    {
      "task_id": "…",
      "task_type": "training",
      "family_id": "…",
      "number": 1,
      "status": "pending",
      "reason": "",
      "priority": 1,
      "config": "…",
      "seeds": [
        43
      ],
      "time_budget": 10.0,
      "run_id": "…",
      "assigned_worker_id": null,
      "value": null,
      "created_at": "2026-11-21T00:00:00.000Z",
      "completed_at": null
    }
    "#);
}

#[tokio::test]
async fn every_wrong_field_of_a_brief_is_named() {
    let hub = TestHub::new();
    let brief = json!({
        "goal": "", "num_tasks": 0, "time_budget": -1, "hardware": "huge", "template": "none",
        "sampler": "luck",
    });
    let answer = hub
        .somebody(Role::Researcher)
        .post("/api/v1/briefs", &brief)
        .await;
    assert_eq!(answer.problem(422), "invalid");
    let problem = answer.json();
    let errors = problem["errors"].as_array().unwrap();
    let fields: Vec<_> = errors
        .iter()
        .map(|e| e["field"].as_str().unwrap())
        .collect();
    for field in [
        "goal",
        "num_tasks",
        "time_budget",
        "hardware",
        "template",
        "sampler",
    ] {
        assert!(fields.contains(&field), "{field} is not among {fields:?}");
    }
}

/// All addresses of a list, in both forms.
async fn check_list(caller: &Caller<'_>, path: &str, total: u64) {
    let page = caller.get(path).await.expect(200);
    assert_eq!(page["total"], total, "{path}");
    assert_eq!(
        (&page["page"], &page["per_page"]),
        (&json!(1), &json!(50)),
        "{path}"
    );
    let one = caller
        .get(&format!("{path}?per_page=1&page=2"))
        .await
        .expect(200);
    let expected = usize::from(total > 1);
    assert_eq!(one["items"].as_array().unwrap().len(), expected, "{path}");
    for form in ["limit=1000", "format=array"] {
        let array = caller.get(&format!("{path}?{form}")).await;
        assert_eq!(array.header("x-total-count"), total.to_string(), "{path}");
        assert_eq!(array.expect(200), page["items"], "{path}");
    }
}

#[tokio::test]
async fn lists_come_as_pages_or_as_arrays() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    admin.submit_brief(3).await;
    admin.submit_brief(1).await;
    hub.somebody(Role::Worker).join("s1").await;
    check_list(&admin, "/api/v1/briefs", 2).await;
    check_list(&admin, "/api/v1/families", 2).await;
    check_list(&admin, "/api/v1/tasks", 4).await;
    check_list(&admin, "/api/v1/results", 0).await;
    check_list(&admin, "/api/v1/workers", 1).await;
    check_list(&admin, "/api/v1/tokens", 2).await;
    let templates = admin.get("/api/v1/templates").await.expect(200);
    check_list(
        &admin,
        "/api/v1/templates",
        templates["total"].as_u64().unwrap(),
    )
    .await;
}

#[tokio::test]
async fn tasks_are_filtered_and_sorted() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let family = researcher.submit_brief(5).await;
    let numbers = async |query: &str| -> Vec<u64> {
        let path = format!("/api/v1/tasks?family_id={family}&{query}");
        let page = researcher.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|task| task["number"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers("").await, [4, 3, 2, 1, 0]);
    assert_eq!(numbers("sort=created").await, [0, 1, 2, 3, 4]);
    assert_eq!(numbers("sort=-priority").await, [0, 1, 2, 3, 4]);
    assert_eq!(
        numbers("sort=priority&order=desc&per_page=2&page=2").await,
        [2, 3]
    );
    assert_eq!(numbers("status=running").await, [0u64; 0]);
    assert_eq!(numbers("status=pending").await.len(), 5);
}

#[tokio::test]
async fn families_are_filtered_by_their_state() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let stopped = researcher.submit_brief(2).await;
    researcher.submit_brief(1).await;
    let path = format!("/api/v1/families/{stopped}/cancellation");
    let answer = researcher.post(&path, &Value::Null).await.expect(200);
    assert_eq!(answer["family"]["status"], "cancelled");
    let cancelled = researcher
        .get("/api/v1/families?status=cancelled")
        .await
        .expect(200);
    assert_eq!(
        (&cancelled["total"], &cancelled["items"][0]["family_id"]),
        (&json!(1), &json!(stopped))
    );
    let pending = researcher
        .get("/api/v1/families?status=pending")
        .await
        .expect(200);
    assert_eq!(pending["total"], 1);
}

#[tokio::test]
async fn a_wrong_query_is_named() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let check = async |path: &str, fields: &[&str]| {
        let answer = viewer.get(path).await;
        assert_eq!(answer.problem(422), "invalid", "{path}");
        let problem = answer.json();
        let errors = problem["errors"].as_array().unwrap();
        let named: Vec<_> = errors
            .iter()
            .map(|e| e["field"].as_str().unwrap())
            .collect();
        assert_eq!(named, fields, "{path}");
    };
    check("/api/v1/briefs?page=0&per_page=1001", &["per_page", "page"]).await;
    check("/api/v1/tasks?page=x", &["page"]).await;
    check(
        "/api/v1/tasks?status=done&sort=luck&order=up",
        &["status", "sort", "order"],
    )
    .await;
    check("/api/v1/tasks?family_id=x", &["family_id"]).await;
    check(
        &format!("/api/v1/families/{NOBODY}/comparison?a=x"),
        &["b", "a"],
    )
    .await;
    check(
        &format!("/api/v1/runs/{NOBODY}/series?width=0"),
        &["name", "width"],
    )
    .await;
    check(&format!("/api/v1/runs/{NOBODY}/log?after=-1"), &["after"]).await;
    check(
        &format!("/api/v1/runs/{NOBODY}/charts?axis=x&from=2&to=1&width=0&match=(&per_page=51"),
        &["axis", "width", "to", "per_page", "match"],
    )
    .await;
    check(
        &format!("/api/v1/runs/{NOBODY}/points?format=xlsx"),
        &["name", "format"],
    )
    .await;
    check("/events", &["keys"]).await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_however_it_is_spelt() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    for id in [NOBODY, "x", "%00", "..", "0", "%27%20or%201=1"] {
        for path in ["briefs", "families", "tasks", "runs", "workers"] {
            let answer = admin.get(&format!("/api/v1/{path}/{id}")).await;
            assert_eq!(answer.problem(404), "not_found", "{path} {id}");
        }
        let answer = admin.delete(&format!("/api/v1/tokens/{id}")).await;
        assert_eq!(answer.problem(404), "not_found", "{id}");
    }
    for path in ["log", "log/raw", "series?name=x", "charts", "points?name=x"] {
        let answer = admin.get(&format!("/api/v1/runs/{NOBODY}/{path}")).await;
        assert_eq!(answer.problem(404), "not_found", "{path}");
    }
    let report = admin
        .get(&format!("/api/v1/families/{NOBODY}/report"))
        .await;
    insta::assert_json_snapshot!(report.expect(404), @r#"
    {
      "type": "not_found",
      "status": 404,
      "title": "there is no family `01900000-0000-7000-8000-000000000000`"
    }
    "#);
}

#[tokio::test]
async fn a_task_is_cancelled_once_and_retried() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    researcher.submit_brief(1).await;
    let tasks = researcher.get("/api/v1/tasks?limit=1").await.expect(200);
    let task = format!("/api/v1/tasks/{}", tasks[0]["task_id"].as_str().unwrap());
    let post = async |part: &str| {
        researcher
            .post(&format!("{task}/{part}"), &Value::Null)
            .await
    };
    assert_eq!(post("retry").await.problem(409), "conflict");
    let cancelled = post("cancellation").await.expect(200);
    assert_eq!(cancelled["task"]["status"], "cancelled");
    assert_eq!(cancelled["result"]["success"], false);
    assert_eq!(post("cancellation").await.problem(409), "conflict");
    let retried = post("retry").await.expect(200);
    assert_eq!(retried["task"]["status"], "pending");
    assert_eq!(retried["runs"].as_array().unwrap().len(), 2);
    assert_eq!(retried["result"], Value::Null);
}

#[tokio::test]
async fn a_family_goes_with_its_brief() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let family = format!("/api/v1/families/{}", researcher.submit_brief(1).await);
    let brief = researcher.get(&family).await.expect(200)["family"]["brief_id"].clone();
    researcher.delete(&family).await.expect(204);
    researcher.get(&family).await.problem(404);
    let brief = format!("/api/v1/briefs/{}", brief.as_str().unwrap());
    researcher.get(&brief).await.problem(404);
    researcher.delete(&brief).await.problem(404);
}

#[tokio::test]
async fn a_report_has_the_form_of_the_export() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let family = researcher.submit_brief(1).await;
    let report = researcher
        .get(&format!("/api/v1/families/{family}/report"))
        .await;
    insta::assert_json_snapshot!(without_ids(report.expect(200)), @r#"
    {
      "family_id": "…",
      "generated_at": "2026-11-21T00:00:00.000Z",
      "summary": {
        "max": null,
        "mean": null,
        "min": null,
        "std": null
      },
      "factor_analysis": {},
      "top_configs": [],
      "reproducibility": [],
      "anomaly_task_ids": []
    }
    "#);
}

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    let new = json!({"name": "laptop", "role": "viewer", "ttl_secs": 3600});
    let created = admin.post("/api/v1/tokens", &new).await.expect(201);
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("cupola_viewer_"));
    let listed = admin.get("/api/v1/tokens").await;
    assert!(!listed.text().contains(secret));
    let laptop = Caller {
        hub: &hub,
        token: secret.to_owned(),
    };
    let whoami = laptop.get("/api/v1/whoami").await.expect(200);
    assert_eq!(
        whoami,
        json!({"name": "laptop", "role": "viewer", "owner": "laptop"})
    );
    let path = format!(
        "/api/v1/tokens/{}",
        created["token"]["token_id"].as_str().unwrap()
    );
    admin.delete(&path).await.expect(204);
    assert_eq!(
        laptop.get("/api/v1/whoami").await.problem(401),
        "unauthorized"
    );
    let wrong = json!({"name": "x", "role": "king"});
    let answer = admin.post("/api/v1/tokens", &wrong).await;
    assert_eq!(answer.expect(422)["errors"][0]["field"], "role");
}

#[tokio::test]
async fn the_metrics_are_for_viewers_and_their_own_token() {
    let hub = TestHub::with_settings(cupola_web::Settings {
        port: 7171,
        metrics_token: Some("scrape-me-please".to_owned()),
        ..cupola_web::Settings::default()
    });
    hub.somebody(Role::Researcher).submit_brief(2).await;
    let scraper = Caller {
        hub: &hub,
        token: "scrape-me-please".to_owned(),
    };
    let text = scraper.get("/metrics").await;
    assert_eq!(text.status, 200);
    for line in [
        "cupola_tasks{state=\"pending\"} 2",
        "cupola_workers{presence=\"online\"} 0",
        "cupola_leases 0",
        "cupola_http_requests_total{method=\"POST\",route=\"/api/v1/briefs\",status=\"201\"} 1",
        concat!(
            "cupola_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        ),
    ] {
        assert!(
            text.text().lines().any(|found| found == line),
            "no {line} in {}",
            text.text()
        );
    }
    assert_eq!(
        scraper.get("/api/v1/overview").await.problem(401),
        "unauthorized"
    );
    assert_eq!(hub.somebody(Role::Worker).get("/metrics").await.status, 403);
}

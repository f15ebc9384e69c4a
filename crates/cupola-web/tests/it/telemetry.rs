//! What workers measure: what is taken, what is refused and why, and where it is seen.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, TestHub};

fn path(worker: &str) -> String {
    format!("/api/v1/workers/{worker}/telemetry")
}

fn report(values: Value) -> Value {
    json!({"session": "s1", "samples": [{"number": 0, "age_millis": 0, "values": values}]})
}

#[tokio::test]
async fn what_a_worker_measures_is_on_its_page_and_in_its_charts() {
    let hub = TestHub::new();
    let (worker, viewer) = (hub.somebody(Role::Worker), hub.somebody(Role::Viewer));
    let id = worker.join("s1").await;
    let page = format!("/workers/{id}");
    let empty = viewer.get(&page).await.text();
    assert!(empty.contains("Nothing of its machine has been measured yet."));
    let values = json!({"cpu.percent": 71.5, "memory.used_bytes": 4_294_967_296_u64});
    let taken = worker.post(&path(&id), &report(values.clone())).await;
    assert_eq!(taken.expect(200), json!({"next_report_secs": 5.0}));
    // The same once more is nothing new.
    worker.post(&path(&id), &report(values)).await.expect(200);
    let found = viewer.get(&page).await.text();
    assert!(found.contains("cpu.percent") && found.contains("memory.used_bytes"));
    let charts = format!("/api/v1/workers/{id}/charts?axis=time&name=cpu.percent");
    let charts = viewer.get(&charts).await.expect(200);
    assert_eq!(charts["charts"][0]["columns"]["last"], json!([71.5]));
    let points = format!("/api/v1/workers/{id}/points?name=cpu.percent");
    let points = viewer.get(&points).await.text();
    assert_eq!(points.lines().count(), 2, "{points}");
}

/// A sample is refused with a message that has this text, and nothing of it is taken.
async fn check(worker: &Caller<'_>, id: &str, body: Value, status: u16, text: &str) {
    let refused = worker.post(&path(id), &body).await;
    let problem = refused.expect(status);
    assert!(problem.to_string().contains(text), "{problem}");
}

#[tokio::test]
async fn what_cannot_have_been_measured_is_refused_with_its_place() {
    let hub = TestHub::new();
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let of = |values: Value| report(values);
    check(
        &worker,
        &id,
        of(json!({"cpu.percent": -1})),
        422,
        "samples.0.values.cpu.percent",
    )
    .await;
    check(
        &worker,
        &id,
        of(json!({"cpu.percent": 1e300})),
        422,
        "from 0 to 100",
    )
    .await;
    check(
        &worker,
        &id,
        of(json!({"loss": 1})),
        422,
        "nothing that is measured",
    )
    .await;
    check(
        &worker,
        &id,
        of(json!({"cpu.percent": "NaN"})),
        422,
        "write a number",
    )
    .await;
    let names: serde_json::Map<String, Value> = (0..10_000)
        .map(|n| (format!("gpu.{n}.percent"), json!(1)))
        .collect();
    check(
        &worker,
        &id,
        of(Value::Object(names)),
        422,
        "nothing that is measured",
    )
    .await;
    let mut old = report(json!({"cpu.percent": 1}));
    old["samples"][0]["age_millis"] = json!(i64::MAX);
    check(&worker, &id, old.clone(), 422, "samples.0.age_millis").await;
    old["samples"][0]["age_millis"] = json!(-5);
    check(&worker, &id, old, 422, "samples.0.age_millis").await;
    let many: Vec<Value> = (0..1_001)
        .map(|n| json!({"number": n, "age_millis": 0, "values": {}}))
        .collect();
    let many = json!({"session": "s1", "samples": many});
    check(&worker, &id, many, 422, "at most 1000").await;
    let other = json!({"session": "s0", "samples": []});
    check(&worker, &id, other, 409, "another start").await;
    let viewer = hub.somebody(Role::Viewer);
    let charts = viewer.get(&format!("/api/v1/workers/{id}/charts")).await;
    assert_eq!(charts.expect(200)["names"], json!(0));
}

#[tokio::test]
async fn a_worker_tells_of_no_machine_but_its_own() {
    let hub = TestHub::new();
    let id = hub.somebody(Role::Worker).join("s1").await;
    let other = hub.somebody(Role::Worker);
    let refused = other
        .post(&path(&id), &report(json!({"cpu.percent": 1})))
        .await;
    assert_eq!(refused.problem(403), "forbidden");
}

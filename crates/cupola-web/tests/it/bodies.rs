//! Bodies that are no JSON, too long, compressed, or say more than they may.

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::access::Role;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::TestHub;

async fn check(media_type: Option<&str>, body: Vec<u8>, status: u16, name: &str) {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    let mut asked = admin.request(Method::POST, "/api/v1/tokens");
    if let Some(media_type) = media_type {
        asked = asked.header(header::CONTENT_TYPE, media_type);
    }
    let answer = hub.send(asked.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.problem(status), name, "{}", answer.text());
}

#[tokio::test]
async fn only_json_is_read() {
    let body = || br#"{"name":"a","role":"viewer"}"#.to_vec();
    check(None, body(), 415, "unsupported_media_type").await;
    for other in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
    ] {
        check(Some(other), body(), 415, "unsupported_media_type").await;
    }
}

#[tokio::test]
async fn what_is_no_json_names_its_line() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    let answer = admin
        .post_bytes("/api/v1/tokens", b"{\n\"name\": }".to_vec())
        .await;
    assert_eq!(answer.problem(400), "bad_request");
    assert!(
        answer.text().contains("line 2 column 9"),
        "{}",
        answer.text()
    );
    let nested = format!("{{\"goal\":\"x\",\"space\":{{\"a\":{}", "[".repeat(100_000));
    let answer = admin
        .post_bytes("/api/v1/briefs", nested.into_bytes())
        .await;
    assert_eq!(answer.problem(400), "bad_request");
    check(
        Some("application/json"),
        vec![0xff, 0xfe],
        400,
        "bad_request",
    )
    .await;
}

#[tokio::test]
async fn long_bodies_are_refused_and_reports_may_be_longer() {
    let long = |bytes: usize| {
        let padding = " ".repeat(bytes);
        format!("{{\"name\":\"a\",\"role\":\"viewer\"{padding}}}").into_bytes()
    };
    check(Some("application/json"), long(1 << 20), 413, "too_large").await;
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    admin
        .post_bytes("/api/v1/tokens", long((1 << 20) - 100))
        .await
        .expect(201);
    let worker = hub.somebody(Role::Worker);
    let path = "/api/v1/runs/01900000-0000-7000-8000-000000000000/reports";
    let report = |bytes: usize| {
        let results = json!({"x": "y".repeat(bytes)});
        json!({"worker_id": "x", "epoch": 1, "seq": 0, "results": results})
    };
    let most = cupola_protocol::work::REPORT_BYTES_MAX;
    worker.post(path, &report(most - 200)).await.problem(422);
    assert_eq!(
        worker.post(path, &report(most)).await.problem(413),
        "too_large"
    );
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    let asked = admin
        .request(Method::POST, "/api/v1/tokens")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(Body::from(vec![0x1f, 0x8b]));
    let answer = hub.send(asked.unwrap()).await;
    assert_eq!(answer.problem(415), "unsupported_media_type");
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_can_read_them() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let asked = viewer
        .request(Method::GET, "/api/openapi.json")
        .header("accept-encoding", "gzip")
        .body(Body::empty());
    let answer = hub.send(asked.unwrap()).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.bytes.starts_with(&[0x1f, 0x8b]));
}

/// Names that would matter if somebody believed them.
const PRIVILEGED: [&str; 12] = [
    "author",
    "brief_id",
    "family_id",
    "created_at",
    "status",
    "state",
    "role",
    "token_id",
    "is_admin",
    "provenance",
    "revoked_at",
    "expires_at",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_field_that_is_not_asked_for_changes_nothing(
        name in prop::sample::select(PRIVILEGED.to_vec()),
        value in prop_oneof![Just(json!("admin")), Just(json!(true)), Just(json!(1)), Just(Value::Null)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(refuses_extra(name, &value));
    }
}

async fn refuses_extra(name: &str, value: &Value) {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    let mut brief = json!({"goal": "x", "num_tasks": 1});
    brief[name] = value.clone();
    admin.post("/api/v1/briefs", &brief).await.expect(422);
    assert_eq!(admin.get("/api/v1/overview").await.expect(200)["briefs"], 0);
    if name != "role" {
        let mut token = json!({"name": "x", "role": "viewer"});
        token[name] = value.clone();
        admin.post("/api/v1/tokens", &token).await.expect(422);
    }
    assert_eq!(admin.get("/api/v1/tokens").await.expect(200)["total"], 1);
    // Workers of a later version may say more; what they say has no effect.
    let worker = hub.somebody(Role::Worker);
    let mut registration = crate::harness::registration("s1");
    registration[name] = value.clone();
    let id = worker
        .post("/api/v1/workers", &registration)
        .await
        .expect(201);
    let path = format!("/api/v1/workers/{}", id["worker_id"].as_str().unwrap());
    let seen = admin.get(&path).await.expect(200);
    assert_eq!(
        (&seen["status"], &seen["running"]),
        (&json!("online"), &json!(0))
    );
}

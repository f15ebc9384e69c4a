//! Ways in over HTTP: who makes them, what a code says, and what a machine is answered.

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::access::Role;
use cupola_protocol::{WORKER_PROTOCOL, WORKER_PROTOCOL_MIN, joining::JoinCode};
use cupola_web::{Settings, auth::Peer};
use serde_json::{Value, json};

use crate::harness::{Caller, TestHub, registration, request};

const OWN: &str = "cupola_worker_0123456789abcdef0123456789ABCDEF";

async fn code(hub: &TestHub, asked: &Value) -> JoinCode {
    let admin = hub.somebody(Role::Admin);
    let made = admin.post("/api/v1/enrolments", asked).await.expect(201);
    made["join_code"].as_str().unwrap().parse().unwrap()
}

fn coming(own: &str) -> Value {
    json!({"secret": own, "name": "gpu-1", "protocol": WORKER_PROTOCOL})
}

#[tokio::test]
async fn a_machine_comes_in_by_a_code_and_works() {
    let hub = TestHub::new();
    let code = code(&hub, &json!({"owner": "ann", "team": "lab"})).await;
    assert_eq!(code.hubs, ["http://localhost:7171"]);
    assert_eq!(code.key, hub.hub.public_key());
    let machine = Caller {
        hub: &hub,
        token: code.secret,
    };
    let entered = machine.post("/api/v1/enrolments/use", &coming(OWN)).await;
    let entered = entered.expect(201);
    assert_eq!(
        (&entered["owner"], &entered["team"]),
        (&json!("ann"), &json!("lab"))
    );
    assert_eq!(
        machine.get("/api/v1/whoami").await.problem(401),
        "unauthorized"
    );
    let worker = Caller {
        hub: &hub,
        token: OWN.to_owned(),
    };
    let id = worker.join("s1").await;
    let left = worker
        .post(
            &format!("/api/v1/workers/{id}/leaving"),
            &json!({"finish": true}),
        )
        .await;
    assert_eq!(left.expect(200), json!({"running": 0}));
    let again = worker.post("/api/v1/workers", &registration("s2")).await;
    assert_eq!(again.problem(401), "unauthorized");
}

#[tokio::test]
async fn a_code_says_the_addresses_that_others_reach() {
    let settings = Settings {
        port: 7171,
        hosts: vec!["hub.lab".to_owned()],
        addresses: vec!["http://10.0.0.5:7171".to_owned()],
        ..Settings::default()
    };
    let hub = TestHub::with_settings(settings);
    assert_eq!(code(&hub, &json!({})).await.hubs, ["http://10.0.0.5:7171"]);
}

#[tokio::test]
async fn a_list_says_what_became_of_the_codes() {
    let hub = TestHub::new();
    let code = code(&hub, &json!({"name": "lab", "uses": 2, "ttl_secs": 60})).await;
    let machine = Caller {
        hub: &hub,
        token: code.secret,
    };
    machine
        .post("/api/v1/enrolments/use", &coming(OWN))
        .await
        .expect(201);
    let admin = hub.somebody(Role::Admin);
    let listed = admin.get("/api/v1/enrolments").await.expect(200);
    let way = &listed["items"][0];
    assert_eq!((&way["uses"], &way["state"]), (&json!(1), &json!("open")));
    assert_eq!(way["owner"], "admin", "whoever made it");
    let path = format!(
        "/api/v1/enrolments/{}",
        way["enrolment_id"].as_str().unwrap()
    );
    admin.delete(&path).await.expect(204);
    let listed = admin.get("/api/v1/enrolments").await.expect(200);
    assert_eq!(listed["items"][0]["state"], "revoked");
    let other = OWN.replace("0123", "9999");
    let refused = machine
        .post("/api/v1/enrolments/use", &coming(&other))
        .await;
    assert_eq!(refused.problem(401), "unauthorized");
    assert!(refused.text().contains("revoked"), "{}", refused.text());
}

#[tokio::test]
async fn what_is_asked_for_is_checked() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    let fields = async |asked: Value| {
        let refused = admin.post("/api/v1/enrolments", &asked).await.expect(422);
        let errors = refused["errors"].as_array().unwrap();
        let fields: Vec<_> = errors
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        fields.join(" ")
    };
    assert_eq!(
        fields(json!({"uses": 0, "ttl_secs": 0})).await,
        "uses ttl_secs"
    );
    assert_eq!(fields(json!({"owner": "a\u{7}"})).await, "owner");
    assert_eq!(fields(json!({"name": "x".repeat(101)})).await, "name");
    assert_eq!(fields(json!({"role": "admin"})).await, "role");
}

#[tokio::test]
async fn guessing_is_slow() {
    let hub = TestHub::new();
    let guess = async || {
        let body = Body::from(coming(OWN).to_string());
        let asked = request(Method::POST, "/api/v1/enrolments/use")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, "Bearer cupola_join_guessed")
            .extension(Peer([10, 9, 8, 7].into()))
            .body(body);
        hub.send(asked.unwrap()).await.status.as_u16()
    };
    for _ in 0..20 {
        assert_eq!(guess().await, 401);
    }
    assert_eq!(guess().await, 429);
}

#[tokio::test]
async fn another_sites_page_brings_nobody_in() {
    let hub = TestHub::new();
    let secret = code(&hub, &json!({})).await.secret;
    let asked = request(Method::POST, "/api/v1/enrolments/use")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {secret}"))
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(coming(OWN).to_string()));
    let refused = hub.send(asked.unwrap()).await;
    assert_eq!(refused.problem(403), "cross_site");
}

#[tokio::test]
async fn versions_that_do_not_go_together_are_refused_with_the_reason() {
    let hub = TestHub::new();
    let worker = hub.somebody(Role::Worker);
    let register = async |change: &dyn Fn(&mut Value)| {
        let mut body = registration("s");
        change(&mut body);
        worker.post("/api/v1/workers", &body).await
    };
    let newer = register(&|body| {
        body["protocol"] = json!(WORKER_PROTOCOL + 1);
        // Whatever else it says, and however.
        body["capabilities"] = json!({"in": "another shape"});
        body["slots"] = json!("many");
    });
    let newer = newer.await;
    assert_eq!(newer.problem(409), "conflict");
    assert!(
        newer.text().contains("bring the hub up to date"),
        "{}",
        newer.text()
    );
    let older = register(&|body| body["protocol"] = json!(WORKER_PROTOCOL_MIN - 1)).await;
    assert_eq!(older.problem(409), "conflict");
    assert!(
        older.text().contains("bring the worker up to date"),
        "{}",
        older.text()
    );
    let absurd = register(&|body| body["protocol"] = json!(u64::MAX)).await;
    assert_eq!(absurd.problem(409), "conflict");
    let unsaid = register(&|body| {
        body.as_object_mut().unwrap().remove("protocol");
    });
    assert_eq!(unsaid.await.problem(422), "invalid");
    let with_more = register(&|body| body["something"] = json!({"new": true})).await;
    with_more.expect(201);
    let code = code(&hub, &json!({})).await;
    let machine = Caller {
        hub: &hub,
        token: code.secret,
    };
    let mut newer = coming(OWN);
    newer["protocol"] = json!(WORKER_PROTOCOL + 1);
    let refused = machine.post("/api/v1/enrolments/use", &newer).await;
    assert_eq!(refused.problem(409), "conflict");
}

#[tokio::test]
async fn the_page_makes_a_code_for_administrators_alone() {
    let hub = TestHub::new();
    let page = async |role: Role, method: Method, form: &'static str| {
        let who = hub.somebody(role);
        let asked = who
            .request(method, "/workers/joining")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .body(Body::from(form));
        hub.send(asked.unwrap()).await
    };
    let made = page(Role::Admin, Method::POST, "owner=ann&uses=2&hours=3").await;
    made.expect(200);
    let text = made.text();
    assert!(
        text.contains("cupola worker --join cupola-join-1."),
        "{text}"
    );
    assert!(text.contains("2 machines of ann"), "{text}");
    assert!(text.contains("0 of 2"), "{text}");
    let wrong = page(Role::Admin, Method::POST, "uses=many&hours=0").await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(
        wrong.text().contains("is not a whole number"),
        "{}",
        wrong.text()
    );
    for role in [Role::Viewer, Role::Researcher, Role::Operator] {
        assert_eq!(
            page(role, Method::GET, "").await.status.as_u16(),
            403,
            "{role}"
        );
        assert_eq!(
            page(role, Method::POST, "uses=1").await.status.as_u16(),
            403,
            "{role}"
        );
    }
    let workers = hub.somebody(Role::Admin).get("/workers").await.text();
    assert!(workers.contains("/workers/joining"), "{workers}");
    let workers = hub.somebody(Role::Operator).get("/workers").await.text();
    assert!(!workers.contains("/workers/joining"), "{workers}");
}

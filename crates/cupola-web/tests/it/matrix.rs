//! Every route × method × caller, compared with the table of who may use what.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use axum::{
    body::Body,
    http::{Method, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cupola_domain::{
    access::Role,
    provenance::Provenance,
    run::{Lease, Outcome},
};
use cupola_hub::work::Finish;
use cupola_web::{
    Settings,
    auth::{Access, Peer},
    router::Route,
    routes,
};

use serde_json::{Value, json};

use crate::harness::{TestHub, request};

/// An id that names nothing.
const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// Routes that anybody may use. A line here is a decision.
const PUBLIC: [&str; 8] = [
    "GET /api/health",
    "GET /assets/{file}",
    "GET /health",
    "GET /login",
    "GET /version",
    "POST /api/v1/enrolments/use",
    "POST /login",
    "POST /logout",
];

const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

fn path_of(pattern: &str) -> String {
    let path = pattern.replace("{id}", NOBODY).replace("{hash}", "abc");
    let path = path.replace("{name}", "char-lm");
    path.replace("{task}", "m.learn")
        .replace("{stream}", "stdout")
        .replace("{file}", "missing.css")
        .replace("{key}", "abc")
        .replace("{version}", "1")
        .replace("{alias}", "best")
        .replace("{*name}", "a/b")
        .replace("{*path}", "a/b")
}

/// What a caller should see of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Admitted,
    Unauthorized,
    Forbidden,
    MethodNotAllowed,
}

impl Expected {
    fn of(status: u16) -> Self {
        match status {
            401 => Expected::Unauthorized,
            403 => Expected::Forbidden,
            405 => Expected::MethodNotAllowed,
            421 | 429 | 500 | 502.. => panic!("{status} is no answer to any of these"),
            _ => Expected::Admitted,
        }
    }
}

/// Who the caller is.
#[derive(Debug, Clone, Copy)]
enum Held {
    Nothing,
    Role(Role),
    /// By `Authorization: Basic`.
    BasicRole(Role),
    /// The token of a run's program.
    Program,
}

fn expected(declared: &[Route], pattern: &str, method: &Method, held: Held) -> Expected {
    let asked = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let route = declared
        .iter()
        .find(|route| route.pattern == pattern && route.method == *asked);
    let (needed, takes_passwords, is_for_programs) = match route.map(|route| route.access) {
        None => return Expected::MethodNotAllowed,
        Some(Access::Public) => return Expected::Admitted,
        Some(Access::Role(role)) => (role, false, false),
        Some(Access::Client(role)) => (role, true, false),
        Some(Access::ClientOrProgram(role)) => (role, true, true),
        Some(Access::Worker) => (Role::Worker, false, false),
        Some(Access::Metrics) => (Role::Viewer, false, false),
    };
    match held {
        Held::Nothing => Expected::Unauthorized,
        Held::BasicRole(_) if !takes_passwords => Expected::Unauthorized,
        Held::Role(held) | Held::BasicRole(held) if held.includes(needed) => Expected::Admitted,
        Held::Program if is_for_programs => Expected::Admitted,
        Held::Role(_) | Held::BasicRole(_) | Held::Program => Expected::Forbidden,
    }
}

/// What a caller shows.
enum Shown {
    Nothing,
    Bearer(String),
    Scheme(String),
    /// A fresh session each time, since one of the routes ends it.
    Cookie(String),
    /// Nothing but a place on the hub's own machine.
    Place,
}

async fn check(name: &str, make: impl Fn(&TestHub) -> (Shown, Held)) {
    let hub = TestHub::new();
    let (shown, held) = make(&hub);
    check_of(name, &hub, shown, held).await;
}

async fn check_of(name: &str, hub: &TestHub, shown: Shown, held: Held) {
    let routes = routes();
    let patterns: BTreeSet<_> = routes
        .declared()
        .iter()
        .map(|route| route.pattern)
        .collect();
    for pattern in patterns {
        for method in METHODS {
            let mut asked = request(method.clone(), &path_of(pattern));
            asked = match &shown {
                Shown::Nothing => asked,
                Shown::Bearer(token) => asked.header("authorization", format!("Bearer {token}")),
                Shown::Scheme(value) => asked.header("authorization", value),
                Shown::Cookie(token) => {
                    let cookie = hub.hub.log_in(token).unwrap();
                    asked.header("cookie", format!("cupola_session={cookie}"))
                }
                Shown::Place => asked.extension(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            };
            asked = asked.header("sec-fetch-site", "same-origin");
            let answer = hub.send(asked.body(Body::empty()).unwrap()).await;
            assert_eq!(
                Expected::of(answer.status.as_u16()),
                expected(routes.declared(), pattern, &method, held),
                "{name}: {method} {pattern} answered {}",
                answer.status
            );
        }
    }
}

#[tokio::test]
async fn nobody_reaches_only_what_is_public() {
    check("nobody", |_| (Shown::Nothing, Held::Nothing)).await;
}

#[tokio::test]
async fn a_role_reaches_what_the_table_says() {
    for role in Role::ALL {
        check(role.as_str(), |hub| {
            (Shown::Bearer(hub.token(role)), Held::Role(role))
        })
        .await;
    }
}

#[tokio::test]
async fn a_session_reaches_what_its_token_does() {
    for role in [Role::Viewer, Role::Admin] {
        check("session", |hub| {
            (Shown::Cookie(hub.token(role)), Held::Role(role))
        })
        .await;
    }
}

#[tokio::test]
async fn a_place_on_the_hubs_machine_reaches_what_its_role_does() {
    for role in [Role::Viewer, Role::Researcher, Role::Operator] {
        let hub = TestHub::with_settings(Settings {
            port: 7171,
            loopback_role: Some(role),
            ..Settings::default()
        });
        check_of("loopback", &hub, Shown::Place, Held::Role(role)).await;
        check_of("elsewhere", &hub, Shown::Nothing, Held::Nothing).await;
    }
    check("not granted", |_| (Shown::Place, Held::Nothing)).await;
}

#[tokio::test]
async fn an_expired_token_is_no_token() {
    let make = |hub: &TestHub| {
        let (token, _) = hub.token_for(Role::Admin, Some(Duration::from_mins(1)));
        hub.advance(Duration::from_mins(1));
        (Shown::Bearer(token), Held::Nothing)
    };
    check("expired", make).await;
}

#[tokio::test]
async fn a_revoked_token_is_no_token() {
    let make = |hub: &TestHub| {
        let (secret, token) = hub.token_for(Role::Admin, None);
        hub.hub.revoke_token(token.id).unwrap();
        (Shown::Bearer(secret), Held::Nothing)
    };
    check("revoked", make).await;
}

#[tokio::test]
async fn a_malformed_token_is_no_token() {
    for shown in [
        "Bearer",
        "Bearer a b",
        "Basic YTpi",
        "cupola_admin_x",
        "Bearer \u{e9}",
    ] {
        check(shown, |_| (Shown::Scheme(shown.to_owned()), Held::Nothing)).await;
    }
    let unknown = "cupola_admin_0000000000000000000000000000000";
    let shown = || (Shown::Bearer(unknown.to_owned()), Held::Nothing);
    check("unknown", |_| shown()).await;
}

#[tokio::test]
async fn a_password_opens_only_what_is_for_clients() {
    for role in [Role::Viewer, Role::Researcher, Role::Worker] {
        check("basic", |hub| {
            let pair = STANDARD.encode(format!("anybody:{}", hub.token(role)));
            (
                Shown::Scheme(format!("Basic {pair}")),
                Held::BasicRole(role),
            )
        })
        .await;
    }
}

/// The token of a program whose worker has the run now.
async fn program(hub: &TestHub) -> String {
    let (order, _) = leased(hub).await;
    order["token"].as_str().unwrap().to_owned()
}

/// A run's order and the worker that has it.
pub(crate) async fn leased(hub: &TestHub) -> (Value, String) {
    hub.somebody(Role::Researcher).submit_brief(2).await;
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s").await;
    let asked = json!({"session": "s", "free_slots": 1, "holding": [], "wait_secs": 0.0});
    let path = format!("/api/v1/workers/{id}/leases");
    let orders = worker.post(&path, &asked).await.expect(200);
    (orders["start"][0].clone(), id)
}

#[tokio::test]
async fn a_program_reaches_only_what_is_for_clients() {
    let hub = TestHub::new();
    let token = program(&hub).await;
    check_of("program", &hub, Shown::Bearer(token.clone()), Held::Program).await;
    let pair = STANDARD.encode(format!("x:{token}"));
    let shown = Shown::Scheme(format!("Basic {pair}"));
    check_of("program by password", &hub, shown, Held::Program).await;
}

#[tokio::test]
async fn a_token_of_another_attempt_opens_nothing() {
    let forgeries: [fn(&str, &str, &str) -> String; 6] = [
        |run, epoch, code| {
            format!(
                "cupola_run_{run}_{}_{code}",
                epoch.parse::<i64>().unwrap() - 1
            )
        },
        |run, epoch, code| {
            format!(
                "cupola_run_{run}_{}_{code}",
                epoch.parse::<i64>().unwrap() + 1
            )
        },
        |_, epoch, code| format!("cupola_run_{NOBODY}_{epoch}_{code}"),
        |run, epoch, _| format!("cupola_run_{run}_{epoch}_{}", "0".repeat(64)),
        |run, epoch, code| format!("cupola_run_{run}_{epoch}_{}", code.to_uppercase()),
        |run, epoch, _| format!("cupola_run_{run}_{epoch}_"),
    ];
    let hub = TestHub::new();
    let token = program(&hub).await;
    let parts: Vec<_> = token.split('_').collect();
    for forge in forgeries {
        let forged = forge(parts[2], parts[3], parts[4]);
        assert_ne!(forged, token);
        check_of(&forged, &hub, Shown::Bearer(forged.clone()), Held::Nothing).await;
    }
}

#[tokio::test]
async fn the_token_of_a_program_ends_with_its_attempt() {
    let hub = TestHub::new();
    let (order, worker) = leased(&hub).await;
    let token = order["token"].as_str().unwrap();
    let lease = Lease {
        worker: worker.parse().unwrap(),
        epoch: order["epoch"].as_i64().unwrap(),
    };
    let run = order["run_id"].as_str().unwrap().parse().unwrap();
    hub.hub.authenticate_program(token).unwrap();
    hub.hub.cancel_run(run).unwrap();
    hub.hub.authenticate_program(token).unwrap();
    let found = hub.hub.list_workers().unwrap();
    hub.hub
        .finish_run(found[0].worker.token, run, lease, cancelled())
        .unwrap();
    check_of(
        "ended",
        &hub,
        Shown::Bearer(token.to_owned()),
        Held::Nothing,
    )
    .await;
}

fn cancelled() -> Finish {
    Finish {
        outcome: Outcome::Cancelled,
        results: serde_json::Map::new(),
        wall_time: Duration::ZERO,
        stop: None,
        environment: None,
        provenance: Provenance::Measured,
    }
}

#[tokio::test]
async fn another_site_changes_nothing_with_a_cookie_and_reads_nothing() {
    let hub = TestHub::new();
    let token = hub.token(Role::Admin);
    for route in routes().declared() {
        for site in ["cross-site", "same-site"] {
            let cookie = hub.hub.log_in(&token).unwrap();
            let asked = request(route.method.clone(), &path_of(route.pattern))
                .header("cookie", format!("cupola_session={cookie}"))
                .header("sec-fetch-site", site);
            let answer = hub.send(asked.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 403, "{} {}", route.method, route.pattern);
        }
    }
}

#[tokio::test]
async fn a_revocation_is_seen_by_the_next_request() {
    let hub = TestHub::new();
    let (secret, token) = hub.token_for(Role::Viewer, None);
    let cookie = hub.hub.log_in(&secret).unwrap();
    let ask = async |name: &str, value: &str| {
        let asked = request(Method::GET, "/api/v1/whoami").header(name, value);
        hub.send(asked.body(Body::empty()).unwrap())
            .await
            .status
            .as_u16()
    };
    let (bearer, cookie) = (
        format!("Bearer {secret}"),
        format!("cupola_session={cookie}"),
    );
    assert_eq!(ask("authorization", &bearer).await, 200);
    assert_eq!(ask("cookie", &cookie).await, 200);
    hub.hub.revoke_token(token.id).unwrap();
    assert_eq!(ask("authorization", &bearer).await, 401);
    assert_eq!(ask("cookie", &cookie).await, 401);
}

#[tokio::test]
async fn what_is_not_declared_is_not_there() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    for path in [
        "/api/v1/nothing",
        "/api/v1/overview/",
        "//api/v1/overview",
        "/api//v1/overview",
        "/api/v1/./overview",
        "/api/v1/x/../overview",
        "/api/v1/%6fverview",
        "/api/v1/Overview",
        "/api%2fv1/overview",
        "/.env",
    ] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    let overridden = admin
        .request(Method::POST, "/api/v1/overview")
        .header("x-http-method-override", "GET")
        .body(Body::empty());
    let answer = hub.send(overridden.unwrap()).await;
    assert_eq!(answer.problem(405), "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET");
}

#[test]
fn what_is_public_is_named() {
    let routes = routes();
    let public = routes
        .declared()
        .iter()
        .filter(|r| r.access == Access::Public);
    let mut public: Vec<_> = public
        .map(|r| format!("{} {}", r.method, r.pattern))
        .collect();
    public.sort();
    assert_eq!(public, PUBLIC);
}

/// Who may use what of the routes that are picked, a line each.
fn table_of(is_picked: fn(&str) -> bool) -> String {
    let routes = routes();
    let picked = routes.declared().iter().filter(|r| is_picked(r.pattern));
    let line = |route: &Route| format!("{} {} {:?}", route.pattern, route.method, route.access);
    let mut lines: Vec<String> = picked.map(line).collect();
    lines.sort();
    lines.iter().fold(String::new(), |mut table, line| {
        let _ = writeln!(table, "{line}");
        table
    })
}

fn is_mlflow(pattern: &str) -> bool {
    pattern.starts_with("/api/2.0/") || pattern.starts_with("/api/3.0/")
}

#[test]
fn the_table_of_what_mlflow_clients_use_is_this() {
    insta::assert_snapshot!("mlflow_routes", table_of(is_mlflow));
}

#[test]
fn the_table_of_the_api_is_this() {
    let table = table_of(|pattern| pattern.starts_with("/api/") && !is_mlflow(pattern));
    insta::assert_snapshot!(table, @r#"
    /api/costs/breakdown GET Role(Viewer)
    /api/export/csv GET Role(Viewer)
    /api/export/json GET Role(Viewer)
    /api/health GET Public
    /api/metrics/gpu-utilization GET Role(Viewer)
    /api/metrics/throughput GET Role(Viewer)
    /api/metrics/training-loss GET Role(Viewer)
    /api/models/registry GET Role(Viewer)
    /api/models/status GET Role(Viewer)
    /api/models/{key}/download GET Role(Viewer)
    /api/models/{key}/status GET Role(Viewer)
    /api/openapi.json GET Role(Viewer)
    /api/training/status GET Role(Viewer)
    /api/update-status POST Role(Researcher)
    /api/v1/alerts GET Role(Viewer)
    /api/v1/alerts/deliveries GET Role(Viewer)
    /api/v1/alerts/rules GET Role(Viewer)
    /api/v1/alerts/rules POST Role(Researcher)
    /api/v1/alerts/rules/{id} DELETE Role(Researcher)
    /api/v1/alerts/rules/{id} GET Role(Viewer)
    /api/v1/alerts/rules/{id} PUT Role(Researcher)
    /api/v1/alerts/rules/{id}/mute PUT Role(Researcher)
    /api/v1/alerts/rules/{id}/resolution POST Role(Researcher)
    /api/v1/alerts/targets GET Role(Viewer)
    /api/v1/alerts/targets POST Role(Admin)
    /api/v1/alerts/targets/{id} DELETE Role(Admin)
    /api/v1/alerts/targets/{id}/test POST Role(Admin)
    /api/v1/alerts/{id} GET Role(Viewer)
    /api/v1/alerts/{id}/acknowledgement POST Role(Researcher)
    /api/v1/alerts/{id}/resolution POST Role(Researcher)
    /api/v1/assistant/ask POST Role(Viewer)
    /api/v1/assistant/stream POST Role(Viewer)
    /api/v1/assistant/tools GET Role(Viewer)
    /api/v1/assistant/tools/{name} POST Role(Viewer)
    /api/v1/briefs GET Role(Viewer)
    /api/v1/briefs POST Role(Researcher)
    /api/v1/briefs/{id} DELETE Role(Researcher)
    /api/v1/briefs/{id} GET Role(Viewer)
    /api/v1/briefs/{id}/budget GET Role(Viewer)
    /api/v1/briefs/{id}/budget PUT Role(Researcher)
    /api/v1/broken-templates GET Role(Viewer)
    /api/v1/budgets GET Role(Viewer)
    /api/v1/budgets POST Role(Operator)
    /api/v1/budgets/{id} DELETE Role(Operator)
    /api/v1/budgets/{id} GET Role(Viewer)
    /api/v1/budgets/{id} PUT Role(Operator)
    /api/v1/bundles/{hash} GET Worker
    /api/v1/code/{hash} GET Role(Viewer)
    /api/v1/compare GET Role(Viewer)
    /api/v1/compare/curves GET Role(Viewer)
    /api/v1/costs GET Role(Viewer)
    /api/v1/credits GET Role(Viewer)
    /api/v1/credits/history GET Role(Viewer)
    /api/v1/credits/leaders GET Role(Viewer)
    /api/v1/credits/people GET Role(Operator)
    /api/v1/credits/receipts/{id} GET Role(Viewer)
    /api/v1/credits/transfers POST Role(Operator)
    /api/v1/credits/verification GET Role(Operator)
    /api/v1/enrolments GET Role(Admin)
    /api/v1/enrolments POST Role(Admin)
    /api/v1/enrolments/use POST Public
    /api/v1/enrolments/{id} DELETE Role(Admin)
    /api/v1/experiments GET Role(Viewer)
    /api/v1/experiments POST Role(Researcher)
    /api/v1/experiments/check POST Role(Researcher)
    /api/v1/experiments/files POST Role(Researcher)
    /api/v1/experiments/{id} DELETE Role(Researcher)
    /api/v1/experiments/{id} GET Role(Viewer)
    /api/v1/experiments/{id} PUT Role(Researcher)
    /api/v1/experiments/{id}/cancellation POST Role(Researcher)
    /api/v1/experiments/{id}/device-class DELETE Role(Researcher)
    /api/v1/experiments/{id}/runs GET Role(Viewer)
    /api/v1/experiments/{id}/start POST Role(Researcher)
    /api/v1/export/{what} GET Role(Viewer)
    /api/v1/families GET Role(Viewer)
    /api/v1/families/{id} DELETE Role(Researcher)
    /api/v1/families/{id} GET Role(Viewer)
    /api/v1/families/{id}/cancellation POST Role(Researcher)
    /api/v1/families/{id}/comparison GET Role(Viewer)
    /api/v1/families/{id}/report GET Role(Viewer)
    /api/v1/imports POST Role(Researcher)
    /api/v1/models GET Role(Viewer)
    /api/v1/models POST Role(Researcher)
    /api/v1/models/{name} DELETE Role(Researcher)
    /api/v1/models/{name} GET Role(Viewer)
    /api/v1/models/{name} PATCH Role(Researcher)
    /api/v1/models/{name}/aliases/{alias} DELETE Role(Researcher)
    /api/v1/models/{name}/aliases/{alias} PUT Role(Researcher)
    /api/v1/models/{name}/data/{file} GET Role(Viewer)
    /api/v1/models/{name}/deployments GET Role(Viewer)
    /api/v1/models/{name}/deployments POST Role(Researcher)
    /api/v1/models/{name}/download GET Role(Viewer)
    /api/v1/models/{name}/evaluations GET Role(Viewer)
    /api/v1/models/{name}/evaluations POST Role(Researcher)
    /api/v1/models/{name}/versions/{version} DELETE Role(Researcher)
    /api/v1/models/{name}/versions/{version} GET Role(Viewer)
    /api/v1/models/{name}/versions/{version} PATCH Role(Researcher)
    /api/v1/models/{name}/versions/{version}/archive GET Role(Viewer)
    /api/v1/models/{name}/versions/{version}/files/{*path} GET Role(Viewer)
    /api/v1/models/{name}/versions/{version}/stage PUT Role(Researcher)
    /api/v1/overview GET Role(Viewer)
    /api/v1/reports GET Role(Viewer)
    /api/v1/reports POST Role(Researcher)
    /api/v1/reports/now GET Role(Viewer)
    /api/v1/reports/schedules GET Role(Viewer)
    /api/v1/reports/schedules POST Role(Researcher)
    /api/v1/reports/schedules/{id} DELETE Role(Researcher)
    /api/v1/reports/{id} DELETE Role(Researcher)
    /api/v1/reports/{id} GET Role(Viewer)
    /api/v1/results GET Role(Viewer)
    /api/v1/runs GET Role(Viewer)
    /api/v1/runs/comparison GET Role(Viewer)
    /api/v1/runs/names GET Role(Viewer)
    /api/v1/runs/{id} GET Role(Viewer)
    /api/v1/runs/{id}/artifacts GET Role(Viewer)
    /api/v1/runs/{id}/artifacts/{*name} GET Role(Viewer)
    /api/v1/runs/{id}/artifacts/{*name} PUT Worker
    /api/v1/runs/{id}/cancellation POST Role(Researcher)
    /api/v1/runs/{id}/charts GET Role(Viewer)
    /api/v1/runs/{id}/log GET Role(Viewer)
    /api/v1/runs/{id}/log/raw GET Role(Viewer)
    /api/v1/runs/{id}/logs GET Role(Viewer)
    /api/v1/runs/{id}/logs/matches GET Role(Viewer)
    /api/v1/runs/{id}/points GET Role(Viewer)
    /api/v1/runs/{id}/promotion POST Role(Researcher)
    /api/v1/runs/{id}/reports POST Worker
    /api/v1/runs/{id}/result POST Worker
    /api/v1/runs/{id}/results GET Role(Viewer)
    /api/v1/runs/{id}/results/{key} GET Role(Viewer)
    /api/v1/runs/{id}/results/{key}/raw GET Role(Viewer)
    /api/v1/runs/{id}/retry POST Role(Researcher)
    /api/v1/runs/{id}/series GET Role(Viewer)
    /api/v1/runs/{id}/start POST Worker
    /api/v1/tasks GET Role(Viewer)
    /api/v1/tasks/{id} GET Role(Viewer)
    /api/v1/tasks/{id}/cancellation POST Role(Researcher)
    /api/v1/tasks/{id}/retry POST Role(Researcher)
    /api/v1/templates GET Role(Viewer)
    /api/v1/templates/{name} GET Role(Viewer)
    /api/v1/templates/{name}/check POST Role(Viewer)
    /api/v1/templates/{name}/schema GET Role(Viewer)
    /api/v1/tokens GET Role(Admin)
    /api/v1/tokens POST Role(Admin)
    /api/v1/tokens/{id} DELETE Role(Admin)
    /api/v1/training/files GET Role(Viewer)
    /api/v1/verification/bans POST Role(Admin)
    /api/v1/verification/bans/lifted POST Role(Admin)
    /api/v1/verification/checks GET Role(Viewer)
    /api/v1/verification/checks POST Role(Operator)
    /api/v1/verification/checks/{id} GET Role(Viewer)
    /api/v1/verification/owners GET Role(Viewer)
    /api/v1/verification/runs/{id} GET Role(Viewer)
    /api/v1/whoami GET Role(Viewer)
    /api/v1/workers GET Role(Viewer)
    /api/v1/workers POST Worker
    /api/v1/workers/{id} DELETE Role(Operator)
    /api/v1/workers/{id} GET Role(Viewer)
    /api/v1/workers/{id}/charts GET Role(Viewer)
    /api/v1/workers/{id}/departure POST Worker
    /api/v1/workers/{id}/drain DELETE Role(Operator)
    /api/v1/workers/{id}/drain PUT Role(Operator)
    /api/v1/workers/{id}/earned GET Worker
    /api/v1/workers/{id}/earnings GET Role(Viewer)
    /api/v1/workers/{id}/heartbeat POST Worker
    /api/v1/workers/{id}/leases POST Worker
    /api/v1/workers/{id}/leaving POST Worker
    /api/v1/workers/{id}/points GET Role(Viewer)
    /api/v1/workers/{id}/telemetry POST Worker
    /api/v1/workspaces GET Role(Viewer)
    /api/v1/workspaces/{id}/experiments GET Role(Viewer)
    /api/v1/workspaces/{id}/jobs GET Role(Viewer)
    /api/v1/workspaces/{id}/jobs/{task}/{hash} GET Role(Viewer)
    /api/v1/workspaces/{id}/jobs/{task}/{hash}/logs/{stream} GET Role(Viewer)
    "#);
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect() {
    let hub = TestHub::new();
    let admin = hub.somebody(Role::Admin);
    for path in [
        "/health",
        "/api/v1/overview",
        "/nothing",
        "/login",
        "/api/v1/runs/x",
    ] {
        let answer = admin.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(
            answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN.as_str()),
            ""
        );
    }
}

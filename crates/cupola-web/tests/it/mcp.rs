//! `/mcp`: who comes in, with what, and what they are told. The real client is in the binary's tests.

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use cupola_domain::access::Role;
use cupola_web::{Settings, auth::Peer};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub, request};

const MCP: &str = "/mcp";
const BOTH: &str = "application/json, text/event-stream";

fn message(method: &str, params: Value) -> Vec<u8> {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    message.to_string().into_bytes()
}

async fn post(caller: &Caller<'_>, body: Vec<u8>) -> Answer {
    let request = caller
        .request(Method::POST, MCP)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, BOTH)
        .body(Body::from(body));
    caller.hub.send(request.unwrap()).await
}

async fn call(caller: &Caller<'_>, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    let answer = post(caller, message("tools/call", params)).await;
    answer.expect(200)["result"].clone()
}

fn open(request: axum::http::request::Builder) -> Request<Body> {
    request
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, BOTH)
        .body(Body::from(message("tools/list", json!({}))))
        .unwrap()
}

#[tokio::test]
async fn it_is_behind_the_same_doors_as_the_api() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let nobody = hub.send(open(request(Method::POST, MCP))).await;
    assert_eq!(nobody.status.as_u16(), 403, "neither token nor origin");
    let stranger = Caller {
        hub: &hub,
        token: "cupola_viewer_0123456789".to_owned(),
    };
    let unknown = post(&stranger, message("tools/list", json!({}))).await;
    assert_eq!(unknown.problem(401), "unauthorized");
    assert_eq!(unknown.header("www-authenticate"), "Bearer");
    let worker = hub.somebody(Role::Worker);
    let refused = post(&worker, message("tools/list", json!({}))).await;
    assert_eq!(refused.problem(403), "forbidden");
    let foreign = Request::builder()
        .method(Method::POST)
        .uri(MCP)
        .header(header::HOST, "evil.example:7171")
        .header(header::AUTHORIZATION, format!("Bearer {}", viewer.token));
    let foreign = hub.send(open(foreign)).await;
    assert_eq!(foreign.problem(421), "misdirected");
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let page = viewer.request(Method::POST, MCP).header(name, value);
        let page = hub.send(open(page)).await;
        assert_eq!(page.problem(403), "cross_site", "{name}");
    }
    for method in [Method::GET, Method::DELETE] {
        let other = viewer.request(method, MCP).body(Body::empty());
        let other = hub.send(other.unwrap()).await;
        assert_eq!(other.status.as_u16(), 405);
        assert_eq!(other.header("allow"), "POST");
    }
}

#[tokio::test]
async fn where_the_api_needs_no_token_it_needs_none_either() {
    let hub = TestHub::with_settings(Settings {
        port: 7171,
        loopback_role: Some(Role::Viewer),
        ..Settings::default()
    });
    let mut here = open(request(Method::POST, MCP));
    let peer = Peer(IpAddr::V4(Ipv4Addr::LOCALHOST));
    here.extensions_mut().insert(peer);
    let listed = hub.send(here).await.expect(200);
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "overview"));
    assert!(tools.iter().all(|tool| tool["name"] != "start_run"));
}

#[tokio::test]
async fn a_token_that_ends_ends_what_it_opened() {
    let hub = TestHub::new();
    let (secret, token) = hub.token_for(Role::Viewer, None);
    let caller = Caller {
        hub: &hub,
        token: secret,
    };
    let begun = json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    let begun = post(&caller, message("initialize", begun)).await;
    assert_eq!(begun.header("mcp-session-id"), "", "nothing is kept");
    assert_eq!(begun.expect(200)["result"]["protocolVersion"], "2025-06-18");
    hub.hub.revoke_token(token.id).unwrap();
    let later = post(&caller, message("tools/list", json!({}))).await;
    assert_eq!(later.problem(401), "unauthorized");
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let too_large = post(&viewer, vec![b' '; (1 << 20) + 1]).await;
    assert_eq!(too_large.problem(413), "too_large");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for wrong in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        deep,
        json!({"jsonrpc": "1.0", "id": 1, "method": "tools/list"}).to_string(),
        json!([{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}]).to_string(),
    ] {
        let shown: String = wrong.chars().take(60).collect();
        let answer = post(&viewer, wrong.into_bytes()).await;
        assert!(
            answer.status.is_client_error(),
            "{shown}: {}",
            answer.status
        );
    }
    for (method, params) in [
        ("tools/call", json!({"name": "overview", "arguments": []})),
        ("tools/call", json!({"arguments": {}})),
        ("tools/call", json!({"name": 1})),
        ("nothing/of/this", json!({})),
    ] {
        let answer = post(&viewer, message(method, params.clone())).await;
        let said = answer.json();
        assert!(
            said["error"]["code"].is_i64(),
            "{method} {params}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn notifications_are_taken_and_mean_nothing() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let told = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = post(&viewer, told.to_string().into_bytes()).await;
    assert_eq!(answer.status.as_u16(), 202);
}

#[tokio::test]
async fn a_tool_answers_what_it_answers_over_the_api() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let called = call(&researcher, "list_templates", json!({})).await;
    let api = json!({"arguments": {}});
    let api = researcher
        .post("/api/v1/assistant/tools/list_templates", &api)
        .await
        .expect(200);
    assert_eq!(called["structuredContent"], api["result"]);
    assert_eq!(called["isError"], false);
}

#[tokio::test]
async fn a_viewer_changes_nothing_by_any_tool() {
    let hub = TestHub::new();
    let (researcher, viewer) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    let family = researcher.submit_brief(2).await;
    let listed = researcher.get("/api/v1/assistant/tools").await.expect(200);
    let before = researcher.get("/api/v1/overview").await.expect(200);
    let tools = listed["items"].as_array().unwrap();
    let mut tried = 0;
    for tool in tools.iter().filter(|tool| tool["is_change"] == true) {
        let arguments = json!({"id": family, "experiment_id": family, "run_id": family, "title": "x", "goal": "x"});
        let refused = call(&viewer, tool["name"].as_str().unwrap(), arguments).await;
        let text = refused["content"][0]["text"].as_str().unwrap();
        assert!(
            refused["isError"] == true && text.contains("needs the role"),
            "{tool}: {text}"
        );
        tried += 1;
    }
    assert!(tried >= 7, "{tried}");
    let cancelled = call(&viewer, "cancel_experiment", json!({"id": family})).await;
    assert_eq!(cancelled["isError"], true);
    let after = researcher.get("/api/v1/overview").await.expect(200);
    assert_eq!(
        (&before["tasks"], &before["families"]),
        (&after["tasks"], &after["families"])
    );
    // Who may is heard.
    let cancelled = call(&researcher, "cancel_experiment", json!({"id": family})).await;
    assert_eq!(cancelled["isError"], false, "{cancelled}");
}

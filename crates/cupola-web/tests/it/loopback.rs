//! Callers on the hub's own machine who show nothing, where that is enough.

use std::net::IpAddr;

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::access::Role;
use cupola_web::{Settings, auth::Peer};
use serde_json::json;

use crate::harness::{Answer, TestHub, request};

fn granting(role: Role) -> TestHub {
    TestHub::with_settings(Settings {
        port: 7171,
        loopback_role: Some(role),
        ..Settings::default()
    })
}

/// Asks who one is, from this address with these headers.
async fn ask(hub: &TestHub, peer: &str, headers: &[(&str, &str)]) -> Answer {
    let peer: IpAddr = peer.parse().unwrap();
    let mut asked = request(Method::GET, "/api/v1/whoami").extension(Peer(peer));
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    hub.send(asked.body(Body::empty()).unwrap()).await
}

/// Submits a brief from this machine with these headers.
async fn submit(hub: &TestHub, headers: &[(&str, &str)]) -> Answer {
    let brief = json!({"goal": "find a small model", "num_tasks": 1, "time_budget": 10});
    let mut asked = request(Method::POST, "/api/v1/briefs")
        .extension(Peer("127.0.0.1".parse().unwrap()))
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    hub.send(asked.body(Body::from(brief.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn whoever_is_on_this_machine_has_the_role() {
    let hub = granting(Role::Viewer);
    for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        let who = ask(&hub, peer, &[]).await.expect(200);
        assert_eq!(
            who,
            json!({"name": "loopback", "role": "viewer", "owner": "loopback"}),
            "{peer}"
        );
    }
}

#[tokio::test]
async fn whoever_is_elsewhere_has_nothing() {
    let hub = granting(Role::Operator);
    for peer in [
        "10.0.0.1",
        "128.0.0.1",
        "::2",
        "::ffff:10.0.0.1",
        "0.0.0.0",
        "::",
    ] {
        assert_eq!(
            ask(&hub, peer, &[]).await.problem(401),
            "unauthorized",
            "{peer}"
        );
    }
    let unknown = request(Method::GET, "/api/v1/whoami").body(Body::empty());
    assert_eq!(hub.open(unknown.unwrap()).await.status(), 401);
}

#[tokio::test]
async fn a_proxy_has_nothing() {
    let hub = granting(Role::Operator);
    for header in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-for", ""),
        ("X-Forwarded-Proto", "https"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
    ] {
        let answer = ask(&hub, "127.0.0.1", &[header]).await;
        assert_eq!(answer.problem(401), "unauthorized", "{header:?}");
    }
}

#[tokio::test]
async fn a_bad_credential_is_not_made_good_by_the_place() {
    let hub = granting(Role::Operator);
    let unknown = "Bearer cupola_admin_0000000000000000000000000000000";
    for header in [
        ("authorization", unknown),
        ("authorization", "Bearer"),
        ("authorization", ""),
        ("authorization", "Basic YTpi"),
        ("cookie", "cupola_session=nobody"),
    ] {
        let answer = ask(&hub, "127.0.0.1", &[header]).await;
        assert_eq!(answer.problem(401), "unauthorized", "{header:?}");
    }
    let long = format!("cupola_session={}", "x".repeat(300));
    let answer = ask(&hub, "127.0.0.1", &[("cookie", &long)]).await;
    assert_eq!(answer.problem(401), "unauthorized");
}

#[tokio::test]
async fn a_good_credential_counts_more_than_the_place() {
    let hub = granting(Role::Researcher);
    let bearer = format!("Bearer {}", hub.token(Role::Viewer));
    let who = ask(&hub, "127.0.0.1", &[("authorization", &bearer)]).await;
    assert_eq!(who.expect(200)["role"], "viewer");
    let cookie = hub.hub.log_in(&hub.token(Role::Admin)).unwrap();
    let cookie = format!("cupola_session={cookie}");
    let who = ask(&hub, "127.0.0.1", &[("cookie", &cookie)]).await;
    assert_eq!(who.expect(200)["role"], "admin");
    // What logging out leaves is no credential.
    let who = ask(&hub, "127.0.0.1", &[("cookie", "cupola_session=")]).await;
    assert_eq!(who.expect(200)["name"], "loopback");
}

#[tokio::test]
async fn a_program_on_this_machine_is_the_author_of_what_it_makes() {
    let hub = granting(Role::Researcher);
    let made = submit(&hub, &[]).await.expect(201);
    assert_eq!(made["brief"]["author"], "loopback");
}

#[tokio::test]
async fn another_sites_page_changes_nothing_though_its_browser_is_on_this_machine() {
    let hub = granting(Role::Operator);
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://localhost:3000")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let answer = submit(&hub, headers).await;
        assert_eq!(answer.problem(403), "cross_site", "{headers:?}");
    }
    let own = [("origin", "http://localhost:7171")];
    submit(&hub, &own).await.expect(201);
}

#[tokio::test]
async fn another_host_name_is_not_answered() {
    let hub = granting(Role::Operator);
    let asked = axum::http::Request::builder()
        .uri("/api/v1/whoami")
        .header(header::HOST, "evil.example:7171")
        .extension(Peer("127.0.0.1".parse().unwrap()));
    let answer = hub.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.problem(421), "misdirected");
}

#[tokio::test]
async fn what_changes_is_told_without_a_token() {
    let hub = granting(Role::Viewer);
    let asked = request(Method::GET, "/events?keys=tasks")
        .extension(Peer("127.0.0.1".parse().unwrap()))
        .body(Body::empty());
    assert_eq!(hub.open(asked.unwrap()).await.status(), 200);
}

//! Hosts that are ours, and requests that come from our own pages.

use axum::{
    body::Body,
    http::{Method, Request},
};
use cupola_domain::access::Role;
use cupola_web::Settings;

use crate::harness::{HOST, TestHub};

async fn check_host(hub: &TestHub, hosts: &[&str], status: u16) {
    let mut request = Request::builder().uri("/health");
    for host in hosts {
        request = request.header("host", *host);
    }
    let answer = hub.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, status, "{hosts:?}");
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let hub = TestHub::with_settings(Settings {
        port: 7171,
        hosts: vec!["hub.lab".to_owned()],
        ..Settings::default()
    });
    for host in [
        "localhost:7171",
        "127.0.0.1:7171",
        "[::1]:7171",
        "hub.lab",
        "HUB.lab:9000",
    ] {
        check_host(&hub, &[host], 200).await;
    }
    for host in [
        "evil.example",
        "localhost",
        "localhost:80",
        "0.0.0.0:7171",
        "[::ffff:127.0.0.1]:7171x",
        "localhost.:7171",
        "127.0.0.1.evil.example:7171",
        "",
        "x@localhost:7171",
    ] {
        check_host(&hub, &[host], 421).await;
    }
    check_host(&hub, &[], 421).await;
    check_host(&hub, &["localhost:7171", "localhost:7171"], 421).await;
    let absolute = Request::builder()
        .uri("http://evil.example/health")
        .header("host", HOST);
    let answer = hub.send(absolute.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 421);
}

/// Asks with these headers, with a cookie, a bearer or both; a request that is let through ends as
/// 415, since it has no body.
async fn check(method: Method, shown: &str, headers: &[(&str, &str)], is_admitted: bool) {
    let hub = TestHub::new();
    let token = hub.token(Role::Researcher);
    let mut request = Request::builder()
        .method(method.clone())
        .uri("/api/v1/briefs")
        .header("host", HOST);
    if shown.contains("cookie") {
        let cookie = hub.hub.log_in(&token).unwrap();
        request = request.header("cookie", format!("cupola_session={cookie}"));
    }
    if shown.contains("bearer") {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = hub.send(request.body(Body::empty()).unwrap()).await;
    let admitted = if method == Method::GET { 200 } else { 415 };
    let expected = if is_admitted { admitted } else { 403 };
    assert_eq!(answer.status, expected, "{method} {shown} {headers:?}");
}

#[tokio::test]
async fn a_page_of_ours_may_change_things() {
    for shown in ["cookie", "bearer", "cookie and bearer"] {
        check(
            Method::POST,
            shown,
            &[("sec-fetch-site", "same-origin")],
            true,
        )
        .await;
        check(Method::POST, shown, &[("sec-fetch-site", "none")], true).await;
        check(
            Method::POST,
            shown,
            &[("origin", "http://localhost:7171")],
            true,
        )
        .await;
    }
}

#[tokio::test]
async fn another_page_may_not() {
    for shown in ["cookie", "bearer", "cookie and bearer"] {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://localhost:7171"),
            ],
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
            ],
            &[("origin", "http://evil.example")],
            &[("origin", "http://localhost:7172")],
            &[("origin", "null")],
            &[("origin", "localhost:7171")],
        ] {
            check(Method::POST, shown, headers, false).await;
        }
    }
}

#[tokio::test]
async fn a_program_needs_a_token_and_no_cookie() {
    check(Method::POST, "bearer", &[], true).await;
    check(Method::POST, "cookie", &[], false).await;
    check(Method::POST, "cookie and bearer", &[], false).await;
}

#[tokio::test]
async fn reading_from_elsewhere_is_opening_a_page() {
    let elsewhere = ("sec-fetch-site", "cross-site");
    check(
        Method::GET,
        "cookie",
        &[elsewhere, ("sec-fetch-mode", "navigate")],
        true,
    )
    .await;
    for mode in ["cors", "no-cors", "websocket"] {
        check(
            Method::GET,
            "cookie",
            &[elsewhere, ("sec-fetch-mode", mode)],
            false,
        )
        .await;
    }
    check(Method::GET, "cookie", &[], true).await;
}

//! Calls against a small server of our own.

use axum::{
    Json, Router,
    extract::RawQuery,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use cupola_client::{Client, Error, query::TaskFilter};
use cupola_protocol::{
    problem::Problem,
    work::{Heartbeat, LeaseRequest},
};
use serde_json::json;

/// A client of a server with these routes.
async fn client(routes: Router) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has free ports");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Client::new(&format!("http://{address}/"), "secret").expect("the address is valid")
}

#[tokio::test]
async fn the_token_travels_as_a_bearer() {
    let routes = Router::new().route(
        "/api/v1/whoami",
        get(|headers: HeaderMap| async move {
            let bearer = headers["authorization"].to_str().unwrap().to_owned();
            Json(json!({"name": bearer, "role": "viewer"}))
        }),
    );
    let whoami = client(routes).await.whoami().await.unwrap();
    assert_eq!(whoami.name, "Bearer secret");
}

#[tokio::test]
async fn only_the_filters_that_are_set_are_sent_and_they_are_escaped() {
    let routes = Router::new().route(
        "/api/v1/tasks",
        get(|RawQuery(query): RawQuery| async move {
            assert_eq!(query.unwrap(), "search=a%26b+c&per_page=3");
            Json(json!({"items": [], "total": 0, "page": 1, "per_page": 3}))
        }),
    );
    let filter = TaskFilter {
        search: Some("a&b c".to_owned()),
        per_page: Some(3),
        ..TaskFilter::default()
    };
    let page = client(routes).await.tasks(&filter).await.unwrap();
    assert_eq!(page.per_page, 3);
}

#[tokio::test]
async fn a_refusal_keeps_the_hubs_words() {
    let problem = Problem {
        r#type: "stale_lease".to_owned(),
        status: 409,
        title: "the lease with epoch 1 is not current".to_owned(),
        errors: Vec::new(),
    };
    let answer = problem.clone();
    let routes = Router::new().route(
        "/api/v1/workers/w/leases",
        post(|| async { (StatusCode::CONFLICT, Json(answer)) }),
    );
    let request = LeaseRequest {
        session: "s".to_owned(),
        free_slots: 1,
        holding: Vec::new(),
        wait_secs: 0.0,
    };
    match client(routes).await.lease("w", &request).await {
        Err(Error::Refused { status, problem: p }) => assert_eq!((status, p), (409, problem)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_without_content_is_an_answer() {
    let routes = Router::new().route(
        "/api/v1/workers/w/departure",
        post(|| async { StatusCode::NO_CONTENT }),
    );
    let last = Heartbeat {
        returning: Vec::new(),
        resting: None,
        session: "s".to_owned(),
        holding: Vec::new(),
    };
    client(routes).await.depart("w", &last).await.unwrap();
}

#[tokio::test]
async fn an_answer_of_another_shape_is_not_understood_and_not_retried() {
    let routes = Router::new().route("/health", get(|| async { "<html>" }));
    let error = client(routes).await.health().await.unwrap_err();
    assert!(matches!(error, Error::NotUnderstood(_)), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn nobody_at_the_address_is_worth_another_try() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(&format!("http://{address}"), "").unwrap();
    let error = client.health().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

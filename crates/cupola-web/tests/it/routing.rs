//! What happens around handlers: undeclared routes, panics, spellings, faces of errors.

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
    response::IntoResponse as _,
    routing::get,
};
use cupola_domain::access::Role;
use cupola_web::{
    Faces, Routes, Settings, Web, auth::Access, error::PageError, error::Refused, router_of, routes,
};
use tower::ServiceExt as _;

use crate::harness::{HOST, TestHub, request};

/// A face that says what it was asked to show.
const FACES: Faces = Faces {
    error: |failure| {
        let who = failure
            .who
            .as_ref()
            .map_or("nobody", |who| who.role.as_str());
        let kind = if failure.is_part { "part" } else { "page" };
        format!("{kind} for {who}: {}", failure.problem.title).into_response()
    },
    login: |prompt| format!("log in for {}", prompt.next).into_response(),
};

/// Answers of some routes of our own beside a hub.
async fn ask(hub: &TestHub, routes: Routes, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let settings = Settings {
        port: 7171,
        ..Settings::default()
    };
    let web = Web::with_faces(hub.hub.clone(), settings, FACES);
    let mut asked = Request::builder().uri(path).header("host", HOST);
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    let asked = asked.body(Body::empty()).unwrap();
    let response = router_of(web, routes).oneshot(asked).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn a_route_that_is_not_declared_stays_shut() {
    let pages = Router::new()
        .route("/declared", get(async || "in"))
        .route("/forgotten", get(async || "in"));
    let declared = [(Method::GET, "/declared", Access::Public)];
    let routes = || Routes::new().with_router(pages.clone(), &declared);
    let hub = TestHub::new();
    assert_eq!(
        ask(&hub, routes(), "/declared", &[]).await,
        (200, "in".to_owned())
    );
    let bearer = format!("Bearer {}", hub.token(Role::Admin));
    let (status, _) = ask(&hub, routes(), "/forgotten", &[("authorization", &bearer)]).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_panic_is_answered_and_tells_nothing() {
    async fn broken() -> &'static str {
        panic!("the secret is 42")
    }
    let routes = Routes::new().get("/broken", Access::Public, broken);
    let (status, text) = ask(&TestHub::new(), routes, "/broken", &[]).await;
    assert_eq!(status, 500);
    assert!(
        text.contains("internal error") && !text.contains("42"),
        "{text}"
    );
}

#[tokio::test]
async fn an_error_has_the_face_that_was_asked_for() {
    let conflict = || Refused::new(axum::http::StatusCode::CONFLICT, "conflict", "too late");
    let routes = || {
        Routes::new()
            .get("/any", Access::Role(Role::Viewer), async move || conflict())
            .get("/page", Access::Role(Role::Viewer), async move || {
                PageError(conflict().0)
            })
    };
    let hub = TestHub::new();
    let bearer = format!("Bearer {}", hub.token(Role::Viewer));
    let check = async |path: &str, headers: &[(&str, &str)], expected: &str| {
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        let (status, text) = ask(&hub, routes(), path, &headers).await;
        assert_eq!(
            (status, text.as_str()),
            (409, expected),
            "{path} {headers:?}"
        );
    };
    let html = ("accept", "text/html");
    let json = r#"{"type":"conflict","status":409,"title":"too late"}"#;
    check("/any", &[], json).await;
    check("/any", &[html], "page for viewer: too late").await;
    check("/any", &[("x-part", "1")], "part for viewer: too late").await;
    check("/page", &[], "page for viewer: too late").await;
    check("/page", &[("x-part", "1")], "part for viewer: too late").await;
}

#[tokio::test]
async fn no_spelling_of_an_address_goes_round_its_rule() {
    let hub = TestHub::new();
    let mutations: [fn(&str) -> String; 12] = [
        |path| format!("/{path}"),
        |path| format!("{path}/"),
        |path| format!("{path}//"),
        |path| format!("{path}/."),
        |path| format!("{path};a=b"),
        |path| format!("{path}%20"),
        |path| format!("/.{path}"),
        |path| format!("/x/..{path}"),
        |path| path.to_uppercase(),
        |path| path.replacen("/api", "/%61pi", 1),
        |path| path.replacen("/v1/", "/v1%2f", 1),
        |path| path.replacen("/v1/", "/v1//", 1),
    ];
    for route in routes().declared() {
        if route.access == Access::Public {
            continue;
        }
        let id = "01900000-0000-7000-8000-000000000000";
        let path = route.pattern.replace("{id}", id).replace("{hash}", "abc");
        for mutate in mutations {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let asked = request(method.clone(), &mutate(&path))
                    .header("sec-fetch-site", "same-origin")
                    .header("x-original-url", "/health")
                    .header("x-forwarded-host", "localhost:7171");
                let answer = hub.send(asked.body(Body::empty()).unwrap()).await;
                let status = answer.status.as_u16();
                let is_shut = matches!(status, 401 | 404 | 405);
                assert!(is_shut, "{method} {} answered {status}", mutate(&path));
            }
        }
    }
}

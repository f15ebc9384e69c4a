//! Logging in and out, and how often one may try.

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use cupola_domain::access::Role;
use cupola_web::{Settings, auth::Peer};

use crate::harness::{Answer, TestHub, request};

async fn post_form(hub: &TestHub, path: &str, form: &str, cookie: &str) -> Answer {
    let asked = request(Method::POST, path)
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()));
    hub.send(asked.unwrap()).await
}

fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

async fn whoami(hub: &TestHub, cookie: &str) -> Answer {
    let asked = request(Method::GET, "/api/v1/whoami").header("cookie", cookie);
    hub.send(asked.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_token_opens_a_session_until_one_logs_out() {
    let hub = TestHub::new();
    let token = hub.token(Role::Viewer);
    let answer = post_form(&hub, "/login", &format!("token={token}&next=/tasks"), "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/tasks")
    );
    let set = answer.header("set-cookie");
    assert!(
        set.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"),
        "{set}"
    );
    let cookie = cookie_of(&answer);
    assert_eq!(whoami(&hub, &cookie).await.expect(200)["role"], "viewer");
    let answer = post_form(&hub, "/logout", "", &cookie).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/login")
    );
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(whoami(&hub, &cookie).await.problem(401), "unauthorized");
}

#[tokio::test]
async fn only_a_form_logs_in() {
    let hub = TestHub::new();
    let token = hub.token(Role::Viewer);
    for (media_type, body) in [
        ("application/json", format!("{{\"token\":\"{token}\"}}")),
        ("text/plain", format!("token={token}")),
        (
            "application/x-www-form-urlencoded",
            "token=wrong".to_owned(),
        ),
        ("application/x-www-form-urlencoded", String::new()),
    ] {
        let asked = request(Method::POST, "/login")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", media_type)
            .body(Body::from(body));
        let answer = hub.send(asked.unwrap()).await;
        assert!(
            answer.status.is_client_error(),
            "{media_type}: {}",
            answer.status
        );
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn logging_in_again_ends_the_session_before() {
    let hub = TestHub::new();
    let form = format!("token={}", hub.token(Role::Viewer));
    let first = cookie_of(&post_form(&hub, "/login", &form, "").await);
    let second = cookie_of(&post_form(&hub, "/login", &form, &first).await);
    assert_eq!(whoami(&hub, &first).await.status, 401);
    assert_eq!(whoami(&hub, &second).await.status, 200);
}

#[tokio::test]
async fn a_login_link_works_once_and_not_by_looking() {
    let hub = TestHub::new();
    let (_, token) = hub.token_for(Role::Admin, None);
    let link = format!(
        "/login?code={}&next=/briefs",
        hub.hub.create_login_code(token.id)
    );
    let open = async |method: Method| {
        hub.send(request(method, &link).body(Body::empty()).unwrap())
            .await
    };
    assert_eq!(open(Method::HEAD).await.header("set-cookie"), "");
    let answer = open(Method::GET).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/briefs")
    );
    assert_eq!(
        whoami(&hub, &cookie_of(&answer)).await.expect(200)["role"],
        "admin"
    );
    let answer = open(Method::GET).await;
    assert_eq!(answer.status, 401);
    let told = answer.text();
    assert!(told.contains("the login link was used before or is too old"));
}

#[tokio::test]
async fn a_login_leads_only_to_paths_of_ours() {
    let hub = TestHub::new();
    let token = hub.token(Role::Viewer);
    for next in [
        "https://evil.example",
        "//evil.example",
        "/%5Cevil.example",
        "%2F%2Fevil",
    ] {
        let form = format!("token={token}&next={next}");
        let answer = post_form(&hub, "/login", &form, "").await;
        assert_eq!(answer.header("location"), "/", "{next}");
    }
}

#[tokio::test]
async fn a_workers_token_opens_no_session() {
    let hub = TestHub::new();
    let form = format!("token={}", hub.token(Role::Worker));
    let answer = post_form(&hub, "/login", &form, "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("set-cookie")),
        (403, "")
    );
}

#[tokio::test]
async fn over_tls_the_cookie_stays_with_the_host() {
    let hub = TestHub::with_settings(Settings {
        port: 7171,
        is_tls: true,
        ..Settings::default()
    });
    let form = format!("token={}", hub.token(Role::Viewer));
    let answer = post_form(&hub, "/login", &form, "").await;
    let set = answer.header("set-cookie");
    assert!(
        set.starts_with("__Host-cupola_session=") && set.ends_with("; Secure"),
        "{set}"
    );
    assert_eq!(whoami(&hub, &cookie_of(&answer)).await.status, 200);
}

#[tokio::test]
async fn a_browser_is_shown_the_way_in_and_a_program_is_told() {
    let hub = TestHub::new();
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        let mut asked = request(Method::GET, path);
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        hub.send(asked.body(Body::empty()).unwrap()).await
    };
    let html = ("accept", "text/html,*/*");
    let answer = ask("/metrics?a=b&c", &[html]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        "/login?next=/metrics%3Fa%3Db%26c"
    );
    for headers in [
        &[][..],
        &[html, ("x-part", "1")],
        &[html, ("sec-fetch-mode", "cors")],
    ] {
        let answer = ask("/metrics", headers).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("www-authenticate")),
            (401, "Bearer")
        );
    }
    let answer = ask("/api/v1/overview", &[html]).await;
    assert_eq!(answer.problem(401), "unauthorized");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

async fn try_token(hub: &TestHub, token: &str) -> u16 {
    let mut asked: Request<Body> = request(Method::GET, "/api/v1/whoami")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let peer = Peer(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    asked.extensions_mut().insert(peer);
    hub.send(asked).await.status.as_u16()
}

#[tokio::test]
async fn guessing_is_slow_and_does_not_hold_up_who_is_known() {
    let hub = TestHub::new();
    let (known, stranger) = (hub.token(Role::Viewer), hub.token(Role::Viewer));
    assert_eq!(try_token(&hub, &known).await, 200);
    for guess in 0..20 {
        assert_eq!(try_token(&hub, &format!("guess-{guess}")).await, 401);
    }
    assert_eq!(try_token(&hub, "guess-20").await, 429);
    assert_eq!(try_token(&hub, &stranger).await, 429);
    hub.advance(std::time::Duration::from_secs(3));
    assert_eq!(try_token(&hub, &known).await, 200);
    assert_eq!(try_token(&hub, &stranger).await, 200);
}

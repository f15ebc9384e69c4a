//! Who may come to a desk: whoever shows its key, from a page of its own or from no page.

use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::text::hex;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Web;
use crate::{
    auth::{check_host, check_site},
    error::Refused,
    state::Settings,
};

/// The way in.
pub(super) const OPEN: &str = "/open";

/// A secret, and what a browser shows instead of it.
pub(super) struct Key {
    digest: [u8; 32],
    /// Two desks of one machine have one set of cookies, by a browser's lights.
    cookie_name: String,
    cookie: String,
    settings: Settings,
}

impl Key {
    pub(super) fn new(secret: &str, port: u16) -> Self {
        Self {
            digest: digest("key", secret),
            cookie_name: format!("cupola_desk_{port}"),
            cookie: hex(&digest("cookie", secret)),
            settings: Settings {
                port,
                ..Settings::default()
            },
        }
    }

    fn opens(&self, secret: &str) -> bool {
        // What is compared are hashes: how long it takes says nothing of the secret.
        digest("key", secret) == self.digest
    }

    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        if let Some(shown) = headers.get(header::AUTHORIZATION).map(text) {
            let bearer = shown.split_once(' ');
            return bearer.is_some_and(|(scheme, secret)| {
                scheme.eq_ignore_ascii_case("bearer") && self.opens(secret.trim())
            });
        }
        let cookies = headers.get_all(header::COOKIE).iter().map(text);
        let expected = digest("shown", &self.cookie);
        cookies
            .flat_map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>())
            .filter_map(|pair| {
                let (name, value) = pair.trim().split_once('=')?;
                (name == self.cookie_name).then(|| value.to_owned())
            })
            .any(|value| digest("shown", &value) == expected)
    }

    fn check(&self, request: &Parts) -> Result<(), Refused> {
        check_host(request, &self.settings)?;
        check_site(request, false, false)?;
        let path = request.uri.path();
        if path == OPEN || path.starts_with("/assets/") || self.is_shown(&request.headers) {
            return Ok(());
        }
        Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "open the address that `cupola worker status` shows on this machine",
        ))
    }
}

/// Lets a request through, or says why not.
pub(super) async fn admit(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(Refused(problem)) = web.key.check(&parts) {
        return refused(problem.status, &problem.title);
    }
    next.run(Request::from_parts(parts, body)).await
}

/// A refusal in words.
pub(super) fn refused(status: u16, words: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, format!("{words}\n")).into_response()
}

#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    key: String,
}

/// Takes the key out of the address and gives the browser something to show from now on.
pub(super) async fn open(State(web): State<Web>, Query(shown): Query<Shown>) -> Response {
    if !web.key.opens(&shown.key) {
        let words = "this is not the key of this worker; `cupola worker status` shows its address";
        return refused(401, words);
    }
    let mut response = Redirect::to("/").into_response();
    let (name, value) = (&web.key.cookie_name, &web.key.cookie);
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn digest(what: &str, secret: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(what)
        .chain_update(secret)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_as_a_token_or_as_this_desks_cookie() {
        let key = Key::new("secret", 7180);
        let check = |name: header::HeaderName, value: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
            assert_eq!(key.is_shown(&headers), expected, "{value}");
        };
        check(header::AUTHORIZATION, "Bearer secret", true);
        check(header::AUTHORIZATION, "bearer  secret", true);
        check(header::AUTHORIZATION, "Bearer secrets", false);
        check(header::AUTHORIZATION, "Basic secret", false);
        let cookie = format!("a=b; cupola_desk_7180={}", key.cookie);
        check(header::COOKIE, &cookie, true);
        check(header::COOKIE, &cookie.replace("7180", "7181"), false);
        check(header::COOKIE, "cupola_desk_7180=secret", false);
        check(header::COOKIE, "cupola_desk_7180=", false);
        assert!(!key.is_shown(&HeaderMap::new()));
    }
}

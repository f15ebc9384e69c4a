//! Logging in and out.

use std::fmt::Write as _;

use axum::{
    Form,
    extract::{FromRequest as _, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use cupola_hub::{HubError, access::SESSION_TTL};
use serde::Deserialize;

use super::{
    Access, Peer,
    credentials::{cookie_name, sessions_of},
};
use crate::{
    error::{PageError, Refused, complete, problem_of},
    params::Params,
    router::Routes,
    state::{LoginPrompt, Web, hub_call},
};

/// The way in.
pub const LOGIN: &str = "/login";

/// The way out.
pub const LOGOUT: &str = "/logout";

/// Longer paths are not worth going back to.
const NEXT_BYTES_MAX: usize = 2000;

/// The routes.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get(LOGIN, Access::Public, show)
        .post(LOGIN, Access::Public, create)
        .post(LOGOUT, Access::Public, destroy)
}

/// The address of the login page that leads back to `next`.
pub(crate) fn login_address(next: &str) -> String {
    let escaped: String = next.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    });
    format!("{LOGIN}?next={escaped}")
}

/// Where the request came from.
struct From(Option<Peer>);

impl FromRequestParts<Web> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get().copied()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Given {
    token: String,
    next: String,
}

/// The form; or, with the code of a login link, a session at once. Only a `GET` uses a code up: a
/// program that looks where a link leads does not.
async fn show(
    State(web): State<Web>,
    method: Method,
    from: From,
    params: Params,
    headers: HeaderMap,
) -> Response {
    let (code, next) = (params.text("code").to_owned(), params.text("next"));
    if code.is_empty() || method != Method::GET {
        return (web.faces.login)(&LoginPrompt {
            next: local_path(next).to_owned(),
            refused: None,
        });
    }
    log_in(&web, from.0, &headers, next, move |hub| {
        hub.log_in_by_code(&code)
    })
    .await
}

async fn create(
    State(web): State<Web>,
    from: From,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let Given { token, next } = match given(&web, request).await {
        Ok(given) => given,
        Err(refused) => return refuse(&web, "/", refused),
    };
    log_in(&web, from.0, &headers, &next, move |hub| hub.log_in(&token)).await
}

/// The form's fields. Only a form is read: no other page's script can send one unasked.
async fn given(web: &Web, request: Request) -> Result<Given, Refused> {
    let (parts, body) = request.into_parts();
    let copy = Request::from_parts(parts.clone(), body);
    let bytes = crate::api::body::read(copy, web).await?;
    let form = Form::<Given>::from_request(Request::from_parts(parts, bytes.into()), web).await;
    form.map(|form| form.0).map_err(|refused| {
        Refused::new(
            refused.status(),
            "bad_request",
            refused.body_text().to_lowercase(),
        )
    })
}

/// Ends the session whose cookie came along, if one did; each, if several did.
async fn destroy(State(web): State<Web>, headers: HeaderMap) -> Result<Response, PageError> {
    for cookie in sessions_of(&headers, web.settings.is_tls) {
        hub_call(&web, move |hub| hub.log_out(&cookie)).await?;
    }
    let mut response = Redirect::to(LOGIN).into_response();
    set_cookie(&web, &mut response, "", 0);
    Ok(response)
}

async fn log_in(
    web: &Web,
    peer: Option<Peer>,
    headers: &HeaderMap,
    next: &str,
    ask: impl FnOnce(&cupola_hub::Hub) -> Result<String, HubError> + Send + 'static,
) -> Response {
    let next = local_path(next);
    let now = web.hub.monotonic();
    if let Err(refused) = web.attempts.check(peer, now) {
        return refuse(web, next, refused);
    }
    match hub_call(web, ask).await {
        Ok(cookie) => {
            // A browser has one session at a time.
            for old in sessions_of(headers, web.settings.is_tls) {
                let _ = hub_call(web, move |hub| hub.log_out(&old)).await;
            }
            let mut response = Redirect::to(next).into_response();
            set_cookie(web, &mut response, &cookie, SESSION_TTL.as_secs());
            response
        }
        Err(error) => {
            if matches!(error, HubError::Unauthorized(_)) {
                web.attempts.note_failure(peer, now);
            }
            refuse(web, next, Refused(problem_of(&error)))
        }
    }
}

/// The form again, with what was wrong.
fn refuse(web: &Web, next: &str, refused: Refused) -> Response {
    let mut response = (web.faces.login)(&LoginPrompt {
        next: next.to_owned(),
        refused: Some(refused.0.title.clone()),
    });
    complete(&mut response, &refused.0);
    response
}

fn set_cookie(web: &Web, response: &mut Response, value: &str, age_secs: u64) {
    let is_tls = web.settings.is_tls;
    let secure = if is_tls { "; Secure" } else { "" };
    let name = cookie_name(is_tls);
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={age_secs}; HttpOnly; SameSite=Strict{secure}");
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// `next` if it is a path of ours, else the first page: nobody is sent elsewhere by a link.
fn local_path(next: &str) -> &str {
    let mut bytes = next.bytes();
    let is_local = bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && next.len() <= NEXT_BYTES_MAX
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !next.starts_with(LOGIN);
    if is_local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_back_to() {
        for ours in ["/", "/families/x?page=2#top", "/a%0d%0ab"] {
            assert_eq!(local_path(ours), ours);
        }
        for other in [
            "",
            "families",
            "//evil",
            "/\\evil",
            "https://evil",
            "/a\r\nb",
            "/a b",
            "/ä",
            "javascript:alert(1)",
            "/login?next=/",
            "\t//evil",
        ] {
            assert_eq!(local_path(other), "/", "{other:?}");
        }
    }

    #[test]
    fn the_way_back_is_escaped() {
        assert_eq!(
            login_address("/tasks?a=b&c=d"),
            "/login?next=/tasks%3Fa%3Db%26c%3Dd"
        );
    }
}

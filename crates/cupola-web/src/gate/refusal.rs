//! What somebody is shown who does not get through.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use super::{Way, name_of};
use crate::{auth::sessions::LOGIN, error::Refused};

#[derive(Template)]
#[template(path = "gate.html")]
struct Page<'a> {
    title: &'a str,
    log_in: Option<String>,
}

/// In words, for a browser with a link to where the hub lets people in.
pub(super) fn refuse(way: &Way, headers: &HeaderMap, refused: &Refused) -> Response {
    let problem = &refused.0;
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    let is_page = accept.is_some_and(|accept| accept.contains("text/html"));
    let is_known = status != StatusCode::MISDIRECTED_REQUEST;
    let page = Page {
        title: &problem.title,
        log_in: (status == StatusCode::UNAUTHORIZED && is_known).then(|| log_in(way, headers)),
    };
    let mut response = match page.render() {
        Ok(page) if is_page => Html(page).into_response(),
        _ => format!("{}\n", problem.title).into_response(),
    };
    *response.status_mut() = status;
    let none = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, none);
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn log_in(way: &Way, headers: &HeaderMap) -> String {
    let settings = &way.web.settings;
    if let Some(url) = &settings.gates.hub_url {
        return format!("{}{LOGIN}", url.trim_end_matches('/'));
    }
    let name = name_of(headers).unwrap_or_default();
    if settings.is_tls {
        return format!("https://{name}{LOGIN}");
    }
    format!("http://{name}:{}{LOGIN}", settings.port)
}

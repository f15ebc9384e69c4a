//! Where a request was sent to, and from where: `Host`, `Sec-Fetch-Site`, `Origin`.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, StatusCode, header, request::Parts, uri::Authority};

use super::credentials::has_session;
use crate::{error::Refused, state::Settings};

/// Refuses names that are not ours, so that no page of another name can be made to point at us.
pub(crate) fn check_host(request: &Parts, settings: &Settings) -> Result<(), Refused> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_single = hosts.next().is_none();
    let is_ours = host.is_some_and(|host| is_ours(host, settings));
    // A request line with a whole address must name the same host.
    let agrees = match (request.uri.authority(), host) {
        (Some(authority), Some(host)) => authority.as_str().eq_ignore_ascii_case(host),
        _ => true,
    };
    if is_ours && is_single && agrees {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::MISDIRECTED_REQUEST,
        "misdirected",
        "the hub does not answer to this host name",
    ))
}

fn is_ours(host: &str, settings: &Settings) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    if authority.as_str().contains('@') {
        return false;
    }
    let (name, port) = (authority.host(), authority.port_u16());
    let has_port = authority.as_str().len() > name.len();
    if has_port && port.is_none() {
        return false;
    }
    let is_configured = settings.hosts.iter().any(|ours| {
        ours.eq_ignore_ascii_case(name) || ours.eq_ignore_ascii_case(authority.as_str())
    });
    let usual = if settings.tls.is_some() { 443 } else { 80 };
    is_configured || (is_loopback(name) && port.unwrap_or(usual) == settings.port)
}

/// Whether a name or an address is this machine's own.
pub(crate) fn is_loopback(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Refuses what another site's page makes a browser send.
///
/// A request that changes something must come from our own pages, from nowhere (an address bar, a
/// bookmark) or from a program that has a token and no cookie, or needs none where it is. A request
/// that only reads may come from elsewhere only as the opening of a page.
pub(crate) fn check_site(
    request: &Parts,
    is_tls: bool,
    needs_no_token: bool,
) -> Result<(), Refused> {
    let headers = &request.headers;
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let is_safe = matches!(request.method, Method::GET | Method::HEAD);
    let allowed = match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) => true,
        (Some(_), _) => is_safe && text("sec-fetch-mode") == Some("navigate"),
        (None, _) if is_safe => true,
        (None, Some(origin)) => is_same_host(origin, text("host")),
        (None, None) => needs_no_token || is_program(headers, is_tls),
    };
    if allowed {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "the request does not come from a page of this hub",
    ))
}

/// Refuses that another page opens a socket: browsers ask nobody before that, and say from where.
pub(super) fn check_upgrade(request: &Parts) -> Result<(), Refused> {
    let headers = &request.headers;
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let is_own = text("origin").is_none_or(|origin| is_same_host(origin, text("host")));
    if is_own || !headers.contains_key(header::UPGRADE) {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "the socket is not opened by a page of this service",
    ))
}

/// Whether a page of `host` says that it comes from there.
pub(crate) fn is_same_host(origin: &str, host: Option<&str>) -> bool {
    let named = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    matches!((named, host), (Some(named), Some(host)) if named.eq_ignore_ascii_case(host))
}

fn is_program(headers: &HeaderMap, is_tls: bool) -> bool {
    headers.contains_key(header::AUTHORIZATION) && !has_session(headers, is_tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, expected: bool) {
        let settings = Settings {
            port: 7171,
            hosts: vec!["hub.lab".to_owned(), "gpu.lab:8080".to_owned()],
            ..Settings::default()
        };
        assert_eq!(is_ours(host, &settings), expected, "{host}");
    }

    #[test]
    fn loopback_names_with_our_port_are_ours() {
        for host in [
            "localhost:7171",
            "LOCALHOST:7171",
            "127.0.0.1:7171",
            "[::1]:7171",
        ] {
            check(host, true);
        }
        for host in ["localhost", "localhost:80", "127.0.0.1:7172", "[::1]"] {
            check(host, false);
        }
    }

    #[test]
    fn configured_names_are_ours() {
        check("hub.lab", true);
        check("hub.lab:9000", true);
        check("gpu.lab:8080", true);
        check("gpu.lab", false);
    }

    #[test]
    fn what_only_looks_like_ours_is_not() {
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:7171",
            "localhost.:7171",
            "0.0.0.0:7171",
            "a@localhost:7171",
            "localhost:7171@evil",
            "localhost:",
            "localhost:99999",
            "127.0.0.1.nip.io:7171",
            "hub.lab.evil",
            "[::ffff:10.0.0.1]:7171",
            "localhost:7171/x",
            "2130706433:7171",
            "localhost:7171 ",
        ] {
            check(host, false);
        }
    }
}

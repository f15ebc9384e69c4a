//! What of a request a service is told, and what of its answer is told on.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::auth::{PROXIED, Peer, cookie_name, is_same_host};

/// These are between two neighbours.
const OF_A_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
];

/// The only protocol that is changed to: into any other nobody here could look.
const SOCKET: &str = "websocket";

/// The change of protocol that is asked for, or answered.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut words = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let is_asked = words.any(|word| word.trim().eq_ignore_ascii_case("upgrade"));
    let to = headers.get(header::UPGRADE).filter(|_| is_asked);
    to.filter(|to| to.as_bytes().eq_ignore_ascii_case(SOCKET.as_bytes()))
        .cloned()
}

/// Takes out what is the hub's alone, and names the service as it names itself: what it compares
/// agrees for its own pages, and for no others.
pub(super) fn inwards(
    headers: &mut HeaderMap,
    service: SocketAddr,
    is_tls: bool,
    peer: Option<Peer>,
) {
    let upgrade = upgrade(headers);
    drop_hops(headers);
    let host = headers.get(header::HOST).cloned();
    let origin = format!("http://{service}");
    headers.remove(header::AUTHORIZATION);
    let cookies = without_session(headers);
    headers.remove(header::COOKIE);
    put(headers, header::COOKIE, cookies.as_deref());
    put(headers, header::HOST, Some(&service.to_string()));
    let named = host.as_ref().and_then(|host| host.to_str().ok());
    let came_from = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok());
    if came_from.is_some_and(|page| is_same_host(page, named)) {
        put(headers, header::ORIGIN, Some(&origin));
    }
    if let Some(referrer) = headers.remove(header::REFERER) {
        let page = referrer.to_str().ok().and_then(split);
        let path = page.filter(|(page, _)| is_same_host(page, named));
        put(
            headers,
            header::REFERER,
            path.map(|(_, path)| format!("{origin}{path}")).as_deref(),
        );
    }
    for name in PROXIED {
        headers.remove(name);
    }
    // That somebody else asks is said, so that nobody is taken for this machine.
    let scheme = if is_tls { "https" } else { "http" };
    let peer = peer.map_or_else(|| "unknown".to_owned(), |Peer(address)| address.to_string());
    put(
        headers,
        HeaderName::from_static("x-forwarded-for"),
        Some(&peer),
    );
    put(
        headers,
        HeaderName::from_static("x-forwarded-proto"),
        Some(scheme),
    );
    put(headers, HeaderName::from_static("x-forwarded-host"), named);
    if let Some(upgrade) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, upgrade);
    }
}

/// Takes out what could stand for the hub's own cookie, and leads back here what leads to the service.
pub(super) fn outwards(headers: &mut HeaderMap, service: SocketAddr) {
    let upgrade = upgrade(headers);
    drop_hops(headers);
    headers.remove("clear-site-data");
    let cookies: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter(|cookie| !is_session(cookie.as_bytes()))
        .cloned()
        .collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    let origin = format!("http://{service}");
    let location = headers
        .get(header::LOCATION)
        .and_then(|it| it.to_str().ok());
    let inner = location.and_then(|location| location.strip_prefix(&origin));
    if let Some(path) = inner.map(str::to_owned) {
        let path = if path.starts_with('/') {
            path
        } else {
            format!("/{path}")
        };
        put(headers, header::LOCATION, Some(&path));
    }
    if let Some(upgrade) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, upgrade);
    }
}

fn drop_hops(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in OF_A_HOP {
        headers.remove(name);
    }
    headers.remove(header::UPGRADE);
}

/// All cookies but ours; none when nothing is left.
fn without_session(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let others: Vec<&str> = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty() && !is_session(cookie.as_bytes()))
        .collect();
    (!others.is_empty()).then(|| others.join("; "))
}

/// Whether a cookie goes by a name of ours, however it is written. One without a name may be sent as
/// one with whatever name its value begins with.
fn is_session(cookie: &[u8]) -> bool {
    let name = cookie.split(|byte| *byte == b'=' || *byte == b';').next();
    let name = name.unwrap_or_default().trim_ascii();
    let is_ours = |is_tls| name.eq_ignore_ascii_case(cookie_name(is_tls).as_bytes());
    name.is_empty() || is_ours(true) || is_ours(false)
}

/// An address up to its host, and what follows that.
fn split(address: &str) -> Option<(&str, &str)> {
    let host = address.find("://")? + 3;
    let path = host + address[host..].find('/')?;
    Some(address.split_at(path))
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    match value.and_then(|value| HeaderValue::from_str(value).ok()) {
        Some(value) => headers.insert(name, value),
        None => headers.remove(name),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&str, &str)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers.iter().map(header) {
            map.append(name, value);
        }
        map
    }

    fn lines(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    fn check_in(given: &[(&str, &str)], expected: &[&str]) {
        let mut headers = map(given);
        let peer = Peer("10.0.0.9".parse().unwrap());
        inwards(
            &mut headers,
            "127.0.0.1:60".parse().unwrap(),
            false,
            Some(peer),
        );
        let always = [
            "host: 127.0.0.1:60",
            "x-forwarded-for: 10.0.0.9",
            "x-forwarded-proto: http",
        ];
        let mut expected: Vec<_> = expected
            .iter()
            .chain(&always)
            .map(|it| (*it).to_owned())
            .collect();
        expected.sort();
        assert_eq!(lines(&headers), expected, "{given:?}");
    }

    #[test]
    fn what_let_somebody_in_is_not_passed_on() {
        check_in(
            &[
                ("authorization", "Bearer x"),
                ("cookie", "cupola_session=x"),
            ],
            &[],
        );
        check_in(
            &[
                ("cookie", "a=b; cupola_session=x;c=d"),
                ("cookie", "CUPOLA_SESSION=y; e=f"),
            ],
            &["cookie: a=b; c=d; e=f"],
        );
        check_in(
            &[("cookie", "__Host-cupola_session=x; cupola_session")],
            &[],
        );
    }

    #[test]
    fn a_service_is_named_as_it_names_itself() {
        check_in(
            &[
                ("host", "hub.lab:7200"),
                ("origin", "http://hub.lab:7200"),
                ("referer", "http://hub.lab:7200/a?b"),
                ("x-forwarded-for", "1.1.1.1"),
            ],
            &[
                "origin: http://127.0.0.1:60",
                "referer: http://127.0.0.1:60/a?b",
                "x-forwarded-host: hub.lab:7200",
            ],
        );
    }

    #[test]
    fn a_page_of_another_service_is_not_named_as_its_own() {
        let host = ("host", "hub.lab:7200");
        let named = "x-forwarded-host: hub.lab:7200";
        check_in(
            &[
                host,
                ("origin", "http://hub.lab:7201"),
                ("referer", "http://hub.lab:7201/a"),
            ],
            &["origin: http://hub.lab:7201", named],
        );
        check_in(&[host, ("origin", "null")], &["origin: null", named]);
        check_in(&[host, ("referer", "https://evil.example")], &[named]);
    }

    #[test]
    fn what_a_proxy_says_is_said_anew() {
        check_in(
            &[
                ("forwarded", "for=127.0.0.1"),
                ("x-real-ip", "127.0.0.1"),
                ("x-forwarded-for", "127.0.0.1"),
            ],
            &[],
        );
    }

    #[test]
    fn neighbours_keep_their_own() {
        check_in(
            &[
                ("connection", "close, x-own"),
                ("x-own", "1"),
                ("te", "trailers"),
            ],
            &[],
        );
        check_in(
            &[
                ("connection", "keep-alive, Upgrade"),
                ("upgrade", "websocket"),
            ],
            &["connection: upgrade", "upgrade: websocket"],
        );
        check_in(&[("upgrade", "websocket")], &[]);
        check_in(&[("connection", "upgrade"), ("upgrade", "h2c")], &[]);
    }

    #[test]
    fn an_answer_leads_back_and_sets_no_cookie_of_ours() {
        let check = |given: &[(&str, &str)], expected: &[&str]| {
            let mut headers = map(given);
            outwards(&mut headers, "127.0.0.1:60".parse().unwrap());
            assert_eq!(lines(&headers), expected, "{given:?}");
        };
        check(
            &[
                ("set-cookie", "a=b; Path=/"),
                ("set-cookie", " cupola_session=x; Path=/w"),
            ],
            &["set-cookie: a=b; Path=/"],
        );
        check(&[("set-cookie", "=cupola_session=x; Path=/w")], &[]);
        check(&[("clear-site-data", "\"cookies\"")], &[]);
        check(
            &[("location", "http://127.0.0.1:60/lab")],
            &["location: /lab"],
        );
        check(&[("location", "http://127.0.0.1:60")], &["location: /"]);
        check(&[("location", "https://a.b/")], &["location: https://a.b/"]);
        check(&[("transfer-encoding", "chunked")], &[]);
    }
}

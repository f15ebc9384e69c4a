//! What a request shows to prove who sent it.

use std::fmt;

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cupola_hub::{HubError, programs::TOKEN_PREFIX};
use sha2::{Digest as _, Sha256};

use crate::error::Refused;

/// Longer ones are no secrets of ours.
const SECRET_BYTES_MAX: usize = 256;

/// A name and a password in base 64 fit into this.
const BASIC_BYTES_MAX: usize = 1024;

/// More sessions than these nobody ends at once.
const SESSIONS_MAX: usize = 4;

/// A token or a session's cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// `Authorization: Bearer …`
    Bearer(String),
    /// The password of `Authorization: Basic …`, whatever the user's name.
    Basic(String),
    /// The cookie of a browser that logged in.
    Session(String),
    /// Nothing but a place on the hub's own machine, where that is enough.
    Loopback,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::Bearer(_) => "Bearer(…)",
            Credential::Basic(_) => "Basic(…)",
            Credential::Session(_) => "Session(…)",
            Credential::Loopback => "Loopback",
        })
    }
}

impl Credential {
    /// The one that a request shows. A header that is there and wrong is not made good by a cookie.
    pub(crate) fn find(headers: &HeaderMap, is_tls: bool) -> Result<Option<Self>, Refused> {
        let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
        if let Some(first) = authorizations.next() {
            let shown = first.to_str().ok().and_then(shown_in);
            return match (shown, authorizations.next()) {
                (Some(credential), None) => Ok(Some(credential)),
                _ => Err(unauthorized()),
            };
        }
        Self::session(headers, is_tls)
    }

    /// The session whose cookie came along. Of two nobody knows which one is the browser's own: a page
    /// of another port may have put the other there.
    pub(super) fn session(headers: &HeaderMap, is_tls: bool) -> Result<Option<Self>, Refused> {
        let cookie = session_of(headers, is_tls);
        if cookie.is_none() && has_session(headers, is_tls) {
            let message =
                "two cookies of sessions came: delete this site's cookies, and log in again";
            return Err(HubError::Unauthorized(message.to_owned()).into());
        }
        Ok(cookie.map(|cookie| Self::Session(cookie.to_owned())))
    }

    pub(crate) const fn is_session(&self) -> bool {
        matches!(self, Credential::Session(_))
    }

    /// The token of a run's program, if it is one.
    pub(super) fn program_token(&self) -> Option<&str> {
        match self {
            Credential::Bearer(token) | Credential::Basic(token) => {
                token.starts_with(TOKEN_PREFIX).then_some(token)
            }
            Credential::Session(_) | Credential::Loopback => None,
        }
    }

    /// By which it is remembered: the secret itself is not kept.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let (kind, secret) = match self {
            Credential::Bearer(token) | Credential::Basic(token) => (b"b", token.as_str()),
            Credential::Session(cookie) => (b"s", cookie.as_str()),
            Credential::Loopback => (b"l", ""),
        };
        Sha256::new()
            .chain_update(kind)
            .chain_update(secret.as_bytes())
            .finalize()
            .into()
    }
}

pub(super) fn unauthorized() -> Refused {
    none_came().into()
}

pub(super) fn none_came() -> HubError {
    HubError::Unauthorized("no valid token came with the request".to_owned())
}

fn shown_in(authorization: &str) -> Option<Credential> {
    let (scheme, shown) = authorization.split_once(' ')?;
    let shown = shown.trim();
    let secret = |token: &str| {
        let fits = (1..=SECRET_BYTES_MAX).contains(&token.len()) && !token.contains(' ');
        fits.then(|| token.to_owned())
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return secret(shown).map(Credential::Bearer);
    }
    if !scheme.eq_ignore_ascii_case("basic") || shown.len() > BASIC_BYTES_MAX {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(shown).ok()?).ok()?;
    let (_, password) = pair.split_once(':')?;
    secret(password).map(Credential::Basic)
}

/// The name of the session's cookie. A browser takes `__Host-` names over TLS only.
pub(crate) const fn cookie_name(is_tls: bool) -> &'static str {
    if is_tls {
        "__Host-cupola_session"
    } else {
        "cupola_session"
    }
}

/// The value of the session's cookie; none where several came that differ.
pub(crate) fn session_of(headers: &HeaderMap, is_tls: bool) -> Option<&str> {
    let mut cookies = session_cookies(headers, is_tls);
    let first = cookies.next().filter(|value| is_secret(value))?;
    cookies.all(|other| other == first).then_some(first)
}

/// Whether a cookie of a session came along, be it one of several.
pub(super) fn has_session(headers: &HeaderMap, is_tls: bool) -> bool {
    session_cookies(headers, is_tls).any(is_secret)
}

/// All of them, within reason: who leaves wants to be out, whichever is theirs.
pub(super) fn sessions_of(headers: &HeaderMap, is_tls: bool) -> Vec<String> {
    let cookies = session_cookies(headers, is_tls).filter(|value| is_secret(value));
    cookies.take(SESSIONS_MAX).map(str::to_owned).collect()
}

/// Whether a request shows anything that claims to be a credential, be it good or not. A cookie
/// without a value is what logging out leaves.
pub(super) fn is_shown(headers: &HeaderMap, is_tls: bool) -> bool {
    headers.contains_key(header::AUTHORIZATION)
        || session_cookies(headers, is_tls).any(|value| !value.is_empty())
}

fn is_secret(value: &str) -> bool {
    (1..=SECRET_BYTES_MAX).contains(&value.len())
}

fn session_cookies(headers: &HeaderMap, is_tls: bool) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(name, _)| *name == cookie_name(is_tls))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// What is found: a token, a cookie with `session:` before it, or `nothing`; `refused` when a
    /// header is there and wrong.
    fn check(headers: &[(&'static str, &str)], expected: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let found = match Credential::find(&map, false) {
            Ok(Some(Credential::Bearer(token))) => token,
            Ok(Some(Credential::Basic(password))) => format!("basic:{password}"),
            Ok(Some(Credential::Session(cookie))) => format!("session:{cookie}"),
            Ok(Some(Credential::Loopback)) => "loopback".to_owned(),
            Ok(None) => "nothing".to_owned(),
            Err(_) => "refused".to_owned(),
        };
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn a_bearer_is_read() {
        check(&[("authorization", "Bearer abc")], "abc");
        check(&[("authorization", "bearer abc")], "abc");
    }

    #[test]
    fn the_password_of_any_user_is_read() {
        check(&[("authorization", "Basic YW55Ym9keTphYmM=")], "basic:abc");
        check(&[("authorization", "basic OmE6Yg==")], "basic:a:b");
    }

    #[test]
    fn what_is_neither_is_refused_even_beside_a_cookie() {
        let cookie = ("cookie", "cupola_session=x");
        let long = format!("Basic {}", "YTpi".repeat(257));
        for wrong in [
            "abc",
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Basic",
            "Basic abc",
            "Basic YWJj",
            "Basic YTo=",
            "Basic YTpiIGM=",
            "Basic gICAgA==",
            "Digest YTpi",
            long.as_str(),
        ] {
            check(&[("authorization", wrong), cookie], "refused");
        }
        let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        check(&twice, "refused");
    }

    #[test]
    fn of_two_sessions_none_is_believed() {
        for second in ["y", ""] {
            let both = format!("cupola_session=x; cupola_session={second}");
            check(&[("cookie", &both)], "refused");
            let apart = format!("cupola_session={second}");
            check(
                &[("cookie", &apart), ("cookie", "cupola_session=x")],
                "refused",
            );
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        check(&[("cookie", "a=b; cupola_session=x; c=d")], "session:x");
        check(&[("cookie", "a=b; xcupola_session=x")], "nothing");
        check(&[("cookie", "cupola_session=")], "nothing");
        check(
            &[("cookie", "cupola_session=x; cupola_session=x")],
            "session:x",
        );
        check(&[], "nothing");
    }
}

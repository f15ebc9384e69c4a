//! What a request shows to prove who sent it.

use std::fmt;

use axum::http::{HeaderMap, header};
use cupola_hub::HubError;
use sha2::{Digest as _, Sha256};

use crate::error::Refused;

/// Longer ones are no secrets of ours.
const SECRET_BYTES_MAX: usize = 256;

/// A token or a session's cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// `Authorization: Bearer …`
    Bearer(String),
    /// The cookie of a browser that logged in.
    Session(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::Bearer(_) => "Bearer(…)",
            Credential::Session(_) => "Session(…)",
        })
    }
}

impl Credential {
    /// The one that a request shows. A header that is there and wrong is not made good by a cookie.
    pub(crate) fn find(headers: &HeaderMap, is_tls: bool) -> Result<Option<Self>, Refused> {
        let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
        if let Some(first) = authorizations.next() {
            let bearer = first.to_str().ok().and_then(bearer_of);
            return match (bearer, authorizations.next()) {
                (Some(token), None) => Ok(Some(Self::Bearer(token.to_owned()))),
                _ => Err(unauthorized()),
            };
        }
        Ok(session_of(headers, is_tls).map(|cookie| Self::Session(cookie.to_owned())))
    }

    pub(crate) const fn is_session(&self) -> bool {
        matches!(self, Credential::Session(_))
    }

    /// By which it is remembered: the secret itself is not kept.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let (kind, secret) = match self {
            Credential::Bearer(token) => (b"b", token),
            Credential::Session(cookie) => (b"s", cookie),
        };
        Sha256::new()
            .chain_update(kind)
            .chain_update(secret.as_bytes())
            .finalize()
            .into()
    }
}

fn unauthorized() -> Refused {
    HubError::Unauthorized("no valid token came with the request".to_owned()).into()
}

fn bearer_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let fits = (1..=SECRET_BYTES_MAX).contains(&token.len()) && !token.contains(' ');
    (scheme.eq_ignore_ascii_case("bearer") && fits).then_some(token)
}

/// The name of the session's cookie. A browser takes `__Host-` names over TLS only.
pub(crate) const fn cookie_name(is_tls: bool) -> &'static str {
    if is_tls {
        "__Host-cupola_session"
    } else {
        "cupola_session"
    }
}

/// The value of the session's cookie.
pub(crate) fn session_of(headers: &HeaderMap, is_tls: bool) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == cookie_name(is_tls))
        .map(|(_, value)| value)
        .filter(|value| (1..=SECRET_BYTES_MAX).contains(&value.len()))
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
            Ok(Some(Credential::Session(cookie))) => format!("session:{cookie}"),
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
    fn what_is_no_bearer_is_refused_even_beside_a_cookie() {
        let cookie = ("cookie", "cupola_session=x");
        for wrong in ["abc", "Bearer", "Bearer ", "Basic abc", "Bearer a b"] {
            check(&[("authorization", wrong), cookie], "refused");
        }
        let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        check(&twice, "refused");
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        check(&[("cookie", "a=b; cupola_session=x; c=d")], "session:x");
        check(&[("cookie", "a=b; xcupola_session=x")], "nothing");
        check(&[("cookie", "cupola_session=")], "nothing");
        check(&[], "nothing");
    }
}

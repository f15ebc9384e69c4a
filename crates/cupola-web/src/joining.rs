//! Join codes: by which addresses another machine reaches this hub, and how it recognises it.

use axum::http::Uri;
use cupola_protocol::joining::JoinCode;

use crate::{auth, server::Tls, state::Web, ui::Address};

/// The code for the way in with this secret. The address that somebody asked by is one that works, unless it
/// is this machine's own.
pub(crate) fn code(web: &Web, Address(asked_by): &Address, secret: String) -> JoinCode {
    let pin = web.settings.tls.as_ref().map(Tls::fingerprint);
    JoinCode {
        hubs: hubs(asked_by, &web.settings.addresses, pin),
        key: web.hub.public_key(),
        secret,
    }
}

/// The address that somebody asked by, as clients are given it.
pub(crate) fn pinned(web: &Web, Address(asked_by): &Address) -> String {
    let pin = web.settings.tls.as_ref().map(Tls::fingerprint);
    with_pin(asked_by, pin)
}

/// The command by which a machine joins.
pub(crate) fn command(code: &JoinCode) -> String {
    format!("cupola worker --join {code}")
}

/// What whoever hands it on should know; empty for nothing.
pub(crate) fn warning(web: &Web, code: &JoinCode) -> &'static str {
    let is_behind_proxy = web.settings.is_tls && web.settings.tls.is_none();
    warning_of(code, is_behind_proxy)
}

fn warning_of(code: &JoinCode, is_behind_proxy: bool) -> &'static str {
    if is_behind_proxy && code.hubs.iter().all(|hub| is_own(hub)) {
        "It works nowhere, because the hub does not know by which address its proxy is reached: say it as `url` \
         in its configuration, or make the code on a page that was opened by that address."
    } else if code.hubs.iter().all(|hub| is_own(hub)) {
        "It works on the hub's own machine alone, because the hub is called by no other address: start it with \
         --host ADDRESS --tls, or make the code on a page that was opened by the address that others use."
    } else if code.hubs.iter().any(|hub| hub.starts_with("http:")) {
        "Nothing is encrypted on the way to the hub: start it with --tls, unless you trust the network."
    } else {
        ""
    }
}

fn hubs(asked_by: &str, known: &[String], pin: Option<&str>) -> Vec<String> {
    let is_own = is_own(asked_by);
    let first = (!is_own).then_some(asked_by);
    let last = (is_own && known.is_empty()).then_some(asked_by);
    let mut all: Vec<String> = Vec::new();
    for hub in first
        .into_iter()
        .chain(known.iter().map(String::as_str))
        .chain(last)
    {
        let hub = with_pin(hub, pin);
        if !all.contains(&hub) {
            all.push(hub);
        }
    }
    all
}

fn with_pin(hub: &str, pin: Option<&str>) -> String {
    match pin {
        Some(pin) if hub.starts_with("https:") => format!("{hub}#sha256={pin}"),
        _ => hub.to_owned(),
    }
}

/// Whether only this machine reaches the hub there.
fn is_own(address: &str) -> bool {
    let uri = address.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host);
    host.is_none_or(auth::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked_by: &str, known: &[&str], pin: Option<&str>, expected: &[&str]) {
        let known: Vec<_> = known.iter().map(|hub| (*hub).to_owned()).collect();
        assert_eq!(
            hubs(asked_by, &known, pin),
            expected,
            "{asked_by} {known:?}"
        );
    }

    #[test]
    fn the_address_that_somebody_came_by_is_the_first() {
        check(
            "http://10.0.0.5:7171",
            &["http://hub.lab:7171", "http://10.0.0.5:7171"],
            None,
            &["http://10.0.0.5:7171", "http://hub.lab:7171"],
        );
    }

    #[test]
    fn this_machines_own_is_said_only_where_there_is_no_other() {
        check(
            "http://127.0.0.1:7171",
            &["http://hub.lab"],
            None,
            &["http://hub.lab"],
        );
        check(
            "http://localhost:7171",
            &[],
            None,
            &["http://localhost:7171"],
        );
        check("http://[::1]:7171", &[], None, &["http://[::1]:7171"]);
    }

    #[test]
    fn whoever_hands_it_on_is_warned() {
        let check = |hubs: &[&str], expected: &str| {
            let code = JoinCode {
                hubs: hubs.iter().map(|hub| (*hub).to_owned()).collect(),
                key: String::new(),
                secret: String::new(),
            };
            let said = warning_of(&code, false);
            assert!(said.starts_with(expected), "{hubs:?}");
            assert_eq!(said.is_empty(), expected.is_empty(), "{hubs:?}");
            let behind = warning_of(&code, true);
            let works_nowhere = hubs.iter().all(|hub| is_own(hub));
            assert_eq!(behind.contains("`url`"), works_nowhere, "{hubs:?}");
        };
        check(&["https://hub.lab#sha256=ab"], "");
        check(
            &["https://hub.lab", "http://hub.lab"],
            "Nothing is encrypted",
        );
        check(
            &["http://127.0.0.1:7171"],
            "It works on the hub's own machine",
        );
    }

    #[test]
    fn each_has_the_certificates_fingerprint() {
        check(
            "https://127.0.0.1:7171",
            &["https://hub.lab:7171"],
            Some("ab"),
            &["https://hub.lab:7171#sha256=ab"],
        );
        check(
            "http://127.0.0.1:7171",
            &[],
            Some("ab"),
            &["http://127.0.0.1:7171"],
        );
    }
}

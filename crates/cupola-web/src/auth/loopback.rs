//! Who comes from the hub's own machine and shows nothing, where that is enough.

use axum::http::request::Parts;

use super::{Peer, credentials};
use crate::state::Settings;

/// By these a proxy says that it asks for somebody else, who may be anywhere.
pub(crate) const PROXIED: [&str; 12] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-port",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
];

/// Whether a request opens by its place alone. One with a credential does not, however bad that is:
/// who shows a token wants to be who it says.
pub(super) fn is_enough(request: &Parts, settings: &Settings) -> bool {
    let peer = request.extensions.get::<Peer>();
    settings.loopback_role.is_some()
        && peer.is_some_and(|Peer(address)| address.to_canonical().is_loopback())
        && !credentials::is_shown(&request.headers, settings.is_tls)
        && !PROXIED
            .iter()
            .any(|name| request.headers.contains_key(*name))
}

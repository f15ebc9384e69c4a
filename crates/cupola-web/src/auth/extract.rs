//! Authority in a handler's signature.
//!
//! The layer at the root has decided already; these hand the principal on and check once more, so
//! that a route declared too weakly still refuses.

use axum::{extract::FromRequestParts, http::request::Parts};
use cupola_domain::access::{Principal, Role};
use cupola_hub::HubError;

use crate::{error::Refused, state::Web};

macro_rules! authorities {
    ($($(#[$doc:meta])* $name:ident, $role:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Principal);

        impl FromRequestParts<Web> for $name {
            type Rejection = Refused;

            async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Refused> {
                principal(parts, Role::$role).map(Self)
            }
        }
    )*};
}

authorities! {
    /// Reads everything.
    Viewer, Viewer;
    /// Writes briefs, cancels and retries.
    Researcher, Researcher;
    /// Admits and removes workers.
    Operator, Operator;
    /// Makes and revokes tokens.
    Admin, Admin;
    /// Leases and reports its own runs.
    WorkerAuth, Worker;
}

fn principal(parts: &Parts, needed: Role) -> Result<Principal, Refused> {
    let principal = parts.extensions.get::<Principal>();
    let fitting = principal.filter(|principal| principal.role.includes(needed));
    fitting
        .cloned()
        .ok_or_else(|| HubError::Forbidden(format!("this needs the role `{needed}`")).into())
}

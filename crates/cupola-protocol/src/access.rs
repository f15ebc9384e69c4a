//! Tokens and who one is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// Asks for a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// `viewer`, `researcher`, `operator`, `admin` or `worker`.
    pub role: String,
    /// Seconds until it expires; none when absent.
    #[serde(default)]
    pub ttl_secs: Option<u64>,
    /// The person it belongs to; who is called as the token is, when absent.
    #[serde(default)]
    pub owner: String,
    /// Their team; none when absent.
    #[serde(default)]
    pub team: String,
}

/// A new token. The secret is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// What to send as `Authorization: Bearer …`.
    pub secret: String,
    /// Its row.
    pub token: TokenBody,
}

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenBody {
    /// Its id.
    pub token_id: String,
    /// What it is for.
    pub name: String,
    /// The person it belongs to.
    #[serde(default)]
    pub owner: String,
    /// Their team; empty for none.
    #[serde(default)]
    pub team: String,
    /// What its bearer may do.
    pub role: String,
    /// The first characters of the secret.
    pub prefix: String,
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// Who the bearer of this request's token is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoAmI {
    /// The token's name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// The person it belongs to.
    #[serde(default)]
    pub owner: String,
}

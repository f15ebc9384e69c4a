//! Health, version, overview, templates.

use serde::{Deserialize, Serialize};

use utoipa::ToSchema;

use crate::{families::CountsBody, time::Time};

/// `GET /health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
}

/// `GET /version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// `cupola`.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// [`crate::WORKER_PROTOCOL`].
    pub worker_protocol: u32,
    /// The hub's public key (Ed25519, hexadecimal), by which workers recognise what it signed.
    #[serde(default)]
    pub hub_key: String,
}

/// `GET /api/v1/overview`: the numbers of the first page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// Heard of just now.
    pub workers_online: u64,
    /// All.
    pub workers_total: u64,
    /// Over all families.
    pub tasks: CountsBody,
    /// How many families.
    pub families: u64,
    /// How many briefs.
    pub briefs: u64,
    /// When it was read.
    pub generated_at: Time,
}

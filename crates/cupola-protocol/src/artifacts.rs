//! Files that a run keeps.

use cupola_domain::artifact::Artifact;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// A file that a run keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactBody {
    /// Relative, with `/` between its parts.
    pub name: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// When it was kept.
    pub kept_at: Time,
}

impl From<&Artifact> for ArtifactBody {
    fn from(artifact: &Artifact) -> Self {
        Self {
            name: artifact.name.clone(),
            size_bytes: artifact.size,
            sha256: artifact.hash.clone(),
            kept_at: artifact.kept_at.into(),
        }
    }
}

/// The query of `PUT /api/v1/runs/{id}/artifacts/{name}`, whose body is the file's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactUpload {
    /// The worker.
    pub worker_id: String,
    /// The epoch of its lease.
    pub epoch: i64,
    /// How many bytes come.
    pub size_bytes: u64,
    /// What their SHA-256 is.
    pub sha256: String,
}

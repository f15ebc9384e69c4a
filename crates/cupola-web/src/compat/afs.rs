//! The training monitor under the addresses and in the bodies of an AFS dashboard. What its own server
//! made up is measured here, or null; `basis` says which value is of what kind.

mod download;
mod error;
mod export;
mod metrics;
mod models;
mod session;
mod update;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use cupola_domain::access::Role;
use cupola_protocol::paths::afs;
use serde::Serialize;

use crate::{auth::Access, router::Routes, state::Web};

pub(crate) use error::Error;

/// Addresses that begin so are answered as such programs expect, refusals too.
const PREFIXES: [&str; 7] = [
    "/api/health",
    "/api/training/",
    "/api/models/",
    "/api/costs/",
    "/api/metrics/",
    "/api/export/",
    "/api/update-status",
];

/// Whether a request to this path comes from such a program.
pub(crate) fn is_address(path: &str) -> bool {
    PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

/// All of it.
pub fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(afs::HEALTH, Access::Public, session::health)
        .get(afs::TRAINING_STATUS, viewer, session::status)
        .get(afs::MODELS_STATUS, viewer, models::index)
        .get(afs::MODEL_STATUS, viewer, models::show)
        .get(afs::COSTS, viewer, models::costs)
        .get(afs::REGISTRY, viewer, models::registry)
        .get(afs::DOWNLOAD, viewer, download::download)
        .get(afs::GPU_UTILIZATION, viewer, metrics::gpu_utilization)
        .get(afs::TRAINING_LOSS, viewer, metrics::training_loss)
        .get(afs::THROUGHPUT, viewer, metrics::throughput)
        .get(afs::EXPORT_CSV, viewer, export::csv)
        .get(afs::EXPORT_JSON, viewer, export::json)
        .post(
            afs::UPDATE_STATUS,
            Access::Role(Role::Researcher),
            update::update,
        )
}

type Answer = Result<Response, Error>;

/// A model's key in a path. One that is no text names nothing.
struct Key(String);

impl FromRequestParts<Web> for Key {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let found = Path::<String>::from_request_parts(parts, web).await;
        found.map_or_else(|_| Err(Error::unknown_model()), |path| Ok(Self(path.0)))
    }
}

/// A body on one line that ends with a line break, as these programs got it.
fn line(body: &impl Serialize) -> Answer {
    let mut bytes = serde_json::to_vec(body).map_err(internal)?;
    bytes.push(b'\n');
    let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
    Ok((kind, bytes).into_response())
}

fn internal(error: impl Into<anyhow::Error>) -> Error {
    cupola_hub::HubError::Internal(error.into()).into()
}

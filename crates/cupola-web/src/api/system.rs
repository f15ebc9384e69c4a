//! Health, version, overview, who one is.

use axum::{Json, extract::State};
use cupola_domain::access::Role;
use cupola_hub::Hub;
use cupola_protocol::{
    WORKER_PROTOCOL,
    access::WhoAmI,
    paths::api,
    system::{Health, Overview, Version},
};

use super::present;
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    router::Routes,
    state::{Web, hub_call},
};

/// Whether the hub is up.
pub(crate) const HEALTH: &str = "/health";
/// Which hub it is.
pub(crate) const VERSION: &str = "/version";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get(HEALTH, Access::Public, health)
        .get(VERSION, Access::Public, version)
}

pub(crate) fn people_routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::OVERVIEW, viewer, overview)
        .get(api::WHOAMI, viewer, whoami)
}

/// Whether the store answers.
async fn health(State(web): State<Web>) -> Result<Json<Health>, ApiError> {
    hub_call(&web, Hub::last_change).await?;
    Ok(Json(Health {
        status: "ok".to_owned(),
    }))
}

async fn version(State(web): State<Web>) -> Json<Version> {
    Json(Version {
        name: "cupola".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        worker_protocol: WORKER_PROTOCOL,
        hub_key: web.hub.public_key(),
    })
}

async fn overview(State(web): State<Web>, _: Viewer) -> Result<Json<Overview>, ApiError> {
    let overview = hub_call(&web, Hub::overview).await?;
    Ok(Json(present::overview(&overview)))
}

async fn whoami(Viewer(principal): Viewer) -> Json<WhoAmI> {
    Json(WhoAmI {
        owner: principal.owner,
        role: principal.role.to_string(),
        name: principal.name,
    })
}

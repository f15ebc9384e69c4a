//! Any runs held against each other.

use axum::{Json, extract::State};
use cupola_domain::access::Role;
use cupola_protocol::{
    compare::{CompareBody, OverlayBody},
    paths::api,
};

use super::present;
use crate::{
    auth::{Access, Viewer},
    compared::Asked,
    error::ApiError,
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::COMPARE, viewer, compare)
        .get(api::COMPARE_CURVES, viewer, curves)
}

async fn compare(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Json<CompareBody>, ApiError> {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let body = hub_call(&web, move |hub| {
        let found = hub.comparison(&asked.selection, &asked.question)?;
        Ok(present::compare(&found))
    });
    Ok(Json(body.await?))
}

async fn curves(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Json<OverlayBody>, ApiError> {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let body = hub_call(&web, move |hub| {
        let found = hub.overlay(&asked.selection, &asked.overlay)?;
        Ok(present::overlay(&found, asked.overlay.axis))
    });
    Ok(Json(body.await?))
}

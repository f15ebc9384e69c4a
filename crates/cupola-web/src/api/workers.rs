//! Workers as people see them.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{access::Role, ids::WorkerId};
use cupola_hub::Hub;
use cupola_protocol::{paths::api, workers::WorkerBody};

use super::present;
use crate::{
    auth::{Access, Operator, Viewer},
    error::ApiError,
    params::Listing,
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    Routes::new()
        .get(api::WORKERS, viewer, index)
        .get(api::WORKER, viewer, show)
        .delete(api::WORKER, operator, destroy)
        .put(api::WORKER_DRAIN, operator, drain)
        .delete(api::WORKER_DRAIN, operator, undrain)
}

async fn index(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let rows = hub_call(&web, Hub::list_workers).await?;
    let (rows, total) = listing.cut(rows);
    Ok(listing.answer(rows.iter().map(present::worker).collect(), total))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<WorkerId>,
) -> Result<Json<WorkerBody>, ApiError> {
    let (detail, earnings, standing) = hub_call(&web, move |hub| {
        let detail = hub.worker_detail(id)?;
        let earnings = hub.earnings_of_worker(id)?;
        Ok((detail, earnings, hub.standing_of_worker(id)?))
    })
    .await?;
    let mut body = present::worker(&detail.row);
    body.card = Some(present::worker_card(&detail, &earnings, standing.as_ref()));
    Ok(Json(body))
}

async fn drain(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<WorkerId>,
) -> Result<Json<WorkerBody>, ApiError> {
    let by = who.name;
    let detail = hub_call(&web, move |hub| hub.drain_worker(id, Some(&by))).await?;
    Ok(Json(present::worker(&detail.row)))
}

async fn undrain(
    State(web): State<Web>,
    _: Operator,
    Id(id): Id<WorkerId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.drain_worker(id, None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn destroy(
    State(web): State<Web>,
    _: Operator,
    Id(id): Id<WorkerId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.remove_worker(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

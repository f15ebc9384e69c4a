//! Families and what their results say.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{access::Role, field::FieldError, ids::ExperimentId};
use cupola_hub::HubError;
use cupola_protocol::{
    families::{ComparisonBody, FamilyDetail, ReportBody},
    paths::api,
};

use super::present;
use crate::{
    auth::{Access, Researcher, Viewer},
    error::ApiError,
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(api::FAMILIES, viewer, index)
        .get(api::FAMILY, viewer, show)
        .delete(api::FAMILY, researcher, destroy)
        .post(api::FAMILY_CANCELLATION, researcher, cancel)
        .get(api::FAMILY_REPORT, viewer, report)
        .get(api::FAMILY_COMPARISON, viewer, comparison)
}

async fn index(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let asked = listing.clone();
    let (rows, total) = hub_call(&web, move |hub| {
        let (search, limit, offset) = (&asked.search, asked.per_page, asked.offset());
        match asked.status {
            Some(state) => hub.list_families_in(state, search, limit, offset),
            None => hub.list_families(search, limit, offset),
        }
    })
    .await?;
    let bodies = rows.iter().map(|row| present::family(&row.family));
    Ok(listing.answer(bodies.collect(), total))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<ExperimentId>,
) -> Result<Json<FamilyDetail>, ApiError> {
    let detail = hub_call(&web, move |hub| hub.family_detail(id)).await?;
    Ok(Json(present::family_detail(&detail)))
}

async fn destroy(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_family(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn cancel(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<Json<FamilyDetail>, ApiError> {
    let detail = hub_call(&web, move |hub| {
        hub.cancel_family(id)?;
        hub.family_detail(id)
    });
    Ok(Json(present::family_detail(&detail.await?)))
}

async fn report(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<ExperimentId>,
) -> Result<Json<ReportBody>, ApiError> {
    let detail = hub_call(&web, move |hub| hub.family_detail(id)).await?;
    Ok(Json(present::report(&detail)))
}

async fn comparison(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<ExperimentId>,
    mut params: Params,
) -> Result<Json<ComparisonBody>, ApiError> {
    for name in ["a", "b"] {
        if params.text(name).is_empty() {
            params.refuse(FieldError::new(name, "name a completed task"));
        }
    }
    let (a, b) = (params.parsed("a"), params.parsed("b"));
    params.finish()?;
    let (Some(a), Some(b)) = (a, b) else {
        return Err(Vec::new().into());
    };
    let comparison = hub_call(&web, move |hub| hub.compare_tasks(id, a, b)).await?;
    let body = present::comparison(&comparison).ok_or_else(|| {
        HubError::Conflict("one of the two has no finite value to compare".to_owned())
    })?;
    Ok(Json(body))
}

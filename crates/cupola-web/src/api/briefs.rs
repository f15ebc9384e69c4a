//! Briefs.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{access::Role, brief::Draft, ids::BriefId};
use cupola_protocol::{
    briefs::{BriefDetail, NewBrief},
    paths::api::{self, with},
};

use super::{
    body::{Body, created},
    present,
};
use crate::{
    auth::{Access, Researcher, Viewer},
    error::ApiError,
    params::Listing,
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(api::BRIEFS, viewer, index)
        .post(api::BRIEFS, researcher, create)
        .get(api::BRIEF, viewer, show)
        .delete(api::BRIEF, researcher, destroy)
}

async fn index(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let asked = listing.clone();
    let (rows, total) = hub_call(&web, move |hub| {
        hub.list_briefs(&asked.search, asked.per_page, asked.offset())
    })
    .await?;
    let bodies = rows
        .iter()
        .map(|row| present::brief(&row.brief, &row.family));
    Ok(listing.answer(bodies.collect(), total))
}

async fn create(
    State(web): State<Web>,
    Researcher(principal): Researcher,
    Body(brief): Body<NewBrief>,
) -> Result<Response, ApiError> {
    let draft = draft(brief);
    let detail = hub_call(&web, move |hub| hub.submit_brief(&draft, &principal.name)).await?;
    let body = present::brief_detail(&detail, &web.hub.economy());
    let place = with(api::BRIEF, &body.brief.brief_id);
    Ok(created(&place, body))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<BriefId>,
) -> Result<Json<BriefDetail>, ApiError> {
    let detail = hub_call(&web, move |hub| hub.brief_detail(id)).await?;
    Ok(Json(present::brief_detail(&detail, &web.hub.economy())))
}

async fn destroy(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<BriefId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_brief(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Numbers travel as they were written, so that the domain names a wrong one as it came.
fn draft(brief: NewBrief) -> Draft {
    let budget = brief.budget_credits;
    Draft {
        title: brief.title,
        goal: brief.goal,
        constraints: brief.constraints,
        template: brief.template,
        budget_credits: budget.map(|budget| budget.to_string()).unwrap_or_default(),
        hardware: brief.hardware,
        device_class: brief.device_class,
        num_tasks: whole(&brief.num_tasks),
        time_budget: brief.time_budget.to_string(),
        sampler: brief.sampler,
        study_seed: whole(&brief.study_seed),
        priority: whole(&brief.priority),
        space: brief.space,
    }
}

/// `10.0` is a whole number too.
fn whole(number: &serde_json::Number) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

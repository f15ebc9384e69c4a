//! What runs cost, and budgets.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{
    access::Role,
    cost::{Draft, Kind},
    ids::BudgetId,
};
use cupola_hub::{
    Hub,
    costs::{CostsQuery, DAYS_MAX},
};
use cupola_protocol::{
    costs::{BudgetBody, CostsBody, NewBudget},
    paths::api,
};

use super::{body::Body, present};
use crate::{
    auth::{Access, Operator, Viewer},
    error::ApiError,
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    Routes::new()
        .get(api::COSTS, viewer, costs)
        .get(api::BUDGETS, viewer, index)
        .post(api::BUDGETS, operator, create)
        .get(api::BUDGET, viewer, show)
        .put(api::BUDGET, operator, update)
        .delete(api::BUDGET, operator, destroy)
}

async fn costs(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Json<CostsBody>, ApiError> {
    let query = CostsQuery {
        kind: params.parsed("by").unwrap_or(Kind::Model),
        days: params.optional("days", 1..=DAYS_MAX),
    };
    params.finish()?;
    let costs = hub_call(&web, move |hub| hub.costs(&query)).await?;
    let currency = &web.hub.prices().currency;
    Ok(Json(present::costs(&costs, query.kind, currency)))
}

async fn index(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let (rows, total) = listing.cut(hub_call(&web, Hub::list_budgets).await?);
    let currency = &web.hub.prices().currency;
    let budgets = rows.iter().map(|row| present::budget(row, currency));
    Ok(listing.answer(budgets.collect(), total))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<BudgetId>,
) -> Result<Json<BudgetBody>, ApiError> {
    let row = hub_call(&web, move |hub| hub.find_budget(id)).await?;
    Ok(Json(present::budget(&row, &web.hub.prices().currency)))
}

async fn create(
    State(web): State<Web>,
    Operator(who): Operator,
    Body(new): Body<NewBudget>,
) -> Result<(StatusCode, Json<BudgetBody>), ApiError> {
    let draft = draft(new);
    let row = hub_call(&web, move |hub| hub.create_budget(&draft, &who.name)).await?;
    let made = present::budget(&row, &web.hub.prices().currency);
    Ok((StatusCode::CREATED, Json(made)))
}

async fn update(
    State(web): State<Web>,
    _: Operator,
    Id(id): Id<BudgetId>,
    Body(new): Body<NewBudget>,
) -> Result<Json<BudgetBody>, ApiError> {
    let draft = draft(new);
    let row = hub_call(&web, move |hub| hub.edit_budget(id, &draft)).await?;
    Ok(Json(present::budget(&row, &web.hub.prices().currency)))
}

async fn destroy(
    State(web): State<Web>,
    _: Operator,
    Id(id): Id<BudgetId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_budget(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn draft(new: NewBudget) -> Draft {
    Draft {
        name: new.name,
        scope: new.scope,
        subject: new.subject,
        // To the nearest millionth: a number may come out of a computation.
        limit: format!("{:.6}", new.limit),
        period: new.period,
        is_hard: new.hard,
    }
}

//! Checks of results, what is known of owners, and bans.

use axum::{Json, extract::State, http::StatusCode};
use cupola_domain::{
    access::Role,
    audit::{Finding, Stage},
    field::FieldError,
    ids::{AuditId, RunId},
};
use cupola_hub::{
    Hub, HubError,
    verification::{Filter, Sight},
};
use cupola_protocol::{
    page::{PER_PAGE, Page},
    paths::api,
    verification::{
        CheckBody, CheckDetailBody, ChecksBody, NewBan, NewCheck, ProofBody, StandingBody,
    },
};

use super::{body::Body, present};
use crate::{
    auth::{Access, Admin, Operator, Viewer},
    error::ApiError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
};

/// A page is never longer.
const CHECKS_MAX: u32 = 200;

pub(super) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    let admin = Access::Role(Role::Admin);
    Routes::new()
        .get(api::CHECKS, viewer, list)
        .post(api::CHECKS, operator, ask)
        .get(api::CHECK, viewer, show)
        .get(api::CHECKS_OF_RUN, viewer, of_run)
        .get(api::STANDINGS, viewer, standings)
        .post(api::BANS, admin, ban)
        .post(api::BANS_LIFTED, admin, lift)
}

/// Which checks are asked for.
pub(crate) fn filter(params: &mut Params) -> Filter {
    Filter {
        stage: params.parsed::<Stage>("stage"),
        finding: params.parsed::<Finding>("finding"),
        owner: params.text("owner").to_owned(),
        before: params.parsed::<AuditId>("before"),
        limit: params
            .optional("limit", 1..=CHECKS_MAX)
            .unwrap_or(PER_PAGE)
            .into(),
        ..Filter::default()
    }
}

async fn list(
    State(web): State<Web>,
    Viewer(who): Viewer,
    mut params: Params,
) -> Result<Json<ChecksBody>, ApiError> {
    let filter = filter(&mut params);
    params.finish()?;
    let sight = Sight::of(who.role);
    let page = hub_call(&web, move |hub| hub.list_audits(filter, sight)).await?;
    Ok(Json(present::checks(&page, &web.hub().verification())))
}

async fn show(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<AuditId>,
) -> Result<Json<CheckDetailBody>, ApiError> {
    let sight = Sight::of(who.role);
    let detail = hub_call(&web, move |hub| hub.audit_detail(id, sight)).await?;
    Ok(Json(present::check_detail(&detail)))
}

async fn of_run(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<RunId>,
) -> Result<Json<ProofBody>, ApiError> {
    let sight = Sight::of(who.role);
    let (proof, audits) = hub_call(&web, move |hub| {
        Ok((hub.proof_of_run(id)?, hub.audits_of_run(id, sight)?))
    })
    .await?;
    Ok(Json(present::proof(proof, &audits)))
}

async fn ask(
    State(web): State<Web>,
    Operator(who): Operator,
    Body(new): Body<NewCheck>,
) -> Result<(StatusCode, Json<CheckBody>), ApiError> {
    let run = new
        .run_id
        .parse::<RunId>()
        .map_err(|error| HubError::Invalid(vec![FieldError::new("run_id", error.to_string())]))?;
    let detail = hub_call(&web, move |hub| {
        let id = hub.check_run(run, &who.name)?;
        hub.audit_detail(id, Sight::Whole)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(present::check(&detail.audit))))
}

async fn standings(
    State(web): State<Web>,
    _: Viewer,
) -> Result<Json<Page<StandingBody>>, ApiError> {
    let rows = hub_call(&web, Hub::list_standings).await?;
    let total = rows.len() as u64;
    Ok(Json(Page {
        items: rows.iter().map(present::standing).collect(),
        total,
        page: 1,
        per_page: u32::try_from(total).unwrap_or(u32::MAX),
    }))
}

async fn ban(
    State(web): State<Web>,
    Admin(who): Admin,
    Body(new): Body<NewBan>,
) -> Result<Json<StandingBody>, ApiError> {
    let row = hub_call(&web, move |hub| {
        hub.ban_owner(&new.owner, &new.note, &who.name)?;
        hub.owner_row(&new.owner)
    })
    .await?;
    Ok(Json(present::standing(&row)))
}

async fn lift(
    State(web): State<Web>,
    Admin(who): Admin,
    Body(new): Body<NewBan>,
) -> Result<Json<StandingBody>, ApiError> {
    let row = hub_call(&web, move |hub| {
        hub.lift_ban(&new.owner, &new.note, &who.name)?;
        hub.owner_row(&new.owner)
    })
    .await?;
    Ok(Json(present::standing(&row)))
}

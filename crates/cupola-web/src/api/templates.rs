//! Templates, and the code that runs used.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use cupola_domain::{
    access::Role,
    field::FieldError,
    schema::{athanor, json_schema},
};
use cupola_hub::{Hub, HubError};
use cupola_protocol::{
    paths::api,
    templates::{CheckedConfig, CodeBody, ConfigToCheck, TemplateDetail},
};
use serde_json::Value;

use super::{body::Body, present};
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    params::{Listing, Params},
    router::Routes,
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::TEMPLATES, viewer, index)
        .get(api::BROKEN_TEMPLATES, viewer, broken)
        .get(api::TEMPLATE, viewer, show)
        .get(api::TEMPLATE_SCHEMA, viewer, schema)
        .post(api::TEMPLATE_CHECK, viewer, check)
        .get(api::CODE, viewer, code)
}

type Named = Result<Path<String>, PathRejection>;

/// The name in the path. One that is no text names nothing.
fn name(path: Named, kind: &'static str) -> Result<String, HubError> {
    path.map(|Path(name)| name)
        .map_err(|_| HubError::not_found(kind, "?"))
}

async fn index(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let list = hub_call(&web, Hub::template_list).await?;
    let (rows, total) = listing.cut(list.rows);
    let bodies = rows.iter().map(present::templates::row).collect();
    Ok(listing.answer(bodies, total))
}

async fn broken(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let list = hub_call(&web, Hub::template_list).await?;
    let (broken, total) = listing.cut(list.broken);
    let bodies = broken.iter().map(present::templates::broken).collect();
    Ok(listing.answer(bodies, total))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    path: Named,
) -> Result<Json<TemplateDetail>, ApiError> {
    let name = name(path, "template")?;
    let row = hub_call(&web, move |hub| hub.template_row(&name)).await?;
    Ok(Json(present::templates::detail(&row)))
}

async fn schema(
    State(web): State<Web>,
    _: Viewer,
    path: Named,
    mut params: Params,
) -> Result<Json<Value>, ApiError> {
    let format = params.text("format").to_owned();
    if !["", "json-schema", "athanor"].contains(&format.as_str()) {
        let message = "choose `json-schema` or `athanor`";
        params.refuse(FieldError::new("format", message));
    }
    params.finish()?;
    let name = name(path, "template")?;
    let template = hub_call(&web, move |hub| hub.find_template(&name)).await?;
    Ok(Json(match format.as_str() {
        "athanor" => athanor::to_json(&template.schema),
        _ => json_schema::to_json(&template.schema, &template.title),
    }))
}

async fn check(
    State(web): State<Web>,
    _: Viewer,
    path: Named,
    Body(given): Body<ConfigToCheck>,
) -> Result<Json<CheckedConfig>, ApiError> {
    let name = name(path, "template")?;
    let checked = hub_call(&web, move |hub| hub.check_config(&name, &given.config)).await;
    Ok(Json(present::templates::checked(checked)?))
}

async fn code(State(web): State<Web>, _: Viewer, path: Named) -> Result<Json<CodeBody>, ApiError> {
    let hash = name(path, "code")?;
    let code = hub_call(&web, move |hub| hub.find_code(&hash)).await?;
    Ok(Json(present::templates::code(&code)))
}

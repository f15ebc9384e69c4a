//! What one run gave.

use axum::{
    Json,
    body::Body as AnswerBody,
    extract::{FromRequestParts, Path, State},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use cupola_domain::{access::Role, field::FieldError, ids::RunId};
use cupola_hub::{HubError, run_results::Sort};
use cupola_protocol::{paths::api, results::ResultLevel};

use super::present;
use crate::{
    auth::{Access, Viewer},
    error::{ApiError, Refused},
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::RUN_RESULTS, viewer, index)
        .get(api::RUN_RESULT_LEVEL, viewer, show)
        .get(api::RUN_RESULT_RAW, viewer, raw)
}

/// A result in a path.
struct OfRun {
    id: RunId,
    key: String,
}

impl FromRequestParts<Web> for OfRun {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refused> {
        let found = Path::<(String, String)>::from_request_parts(parts, web).await;
        let (id, key) = found.map(|path| path.0).unwrap_or_default();
        let id = id
            .parse()
            .map_err(|invalid: cupola_domain::ids::InvalidId| {
                HubError::not_found(invalid.kind, invalid.text)
            })?;
        Ok(Self { id, key })
    }
}

/// How results are sorted: `sort` is `key` or `time`, `order` is `asc` or `desc`.
pub(crate) fn order(params: &mut Params) -> (Sort, bool) {
    let sort = match params.text("sort") {
        "key" => Sort::Key,
        "" | "time" => Sort::Time,
        other => {
            let message = format!("is `{other}`; choose `key` or `time`");
            params.refuse(FieldError::new("sort", message));
            Sort::Time
        }
    };
    let is_descending = match params.text("order") {
        "" | "asc" => false,
        "desc" => true,
        other => {
            let message = format!("is `{other}`; choose `asc` or `desc`");
            params.refuse(FieldError::new("order", message));
            false
        }
    };
    (sort, is_descending)
}

async fn index(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    let sort = order(&mut params);
    params.finish()?;
    let (limit, offset) = (listing.per_page, listing.offset());
    let listed = hub_call(&web, move |hub| hub.run_results(id, sort, limit, offset)).await?;
    let heads = listed.0.iter().map(present::result_head).collect();
    Ok(listing.answer(heads, listed.1))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    OfRun { id, key }: OfRun,
    mut params: Params,
) -> Result<Json<ResultLevel>, ApiError> {
    let path = params.text("path").to_owned();
    let offset = params.optional("offset", 0..=u64::MAX).unwrap_or(0);
    params.finish()?;
    let place = format!("{key}{path}");
    let level = hub_call(&web, move |hub| {
        hub.run_result_level(id, &key, &path, offset)
    });
    let level = present::result_level(level.await?);
    let level = level.ok_or_else(|| HubError::not_found("value", place))?;
    Ok(Json(level))
}

async fn raw(
    State(web): State<Web>,
    _: Viewer,
    OfRun { id, key }: OfRun,
) -> Result<Response, ApiError> {
    whole(&web, id, key).await
}

/// A whole result, to be kept as a file.
pub(crate) async fn whole(web: &Web, id: RunId, key: String) -> Result<Response, ApiError> {
    let (text, _) = hub_call(web, move |hub| hub.run_result(id, &key)).await?;
    let mut response = AnswerBody::from(text).into_response();
    let headers = response.headers_mut();
    let name = format!("attachment; filename=\"result-{id}.json\"");
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

//! Runs by a filter, and the names that one may speak of.

use axum::{Json, extract::State};
use cupola_domain::access::Role;
use cupola_hub::run_search::{Columns, NAMES_MAX};
use cupola_protocol::{
    page::{PER_PAGE, PER_PAGE_MAX},
    paths::api,
    runs::{FoundRunsBody, RunNamesBody},
};

use super::present;
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    params::Params,
    router::Routes,
    run_query::{Beginning, RunQuery, named},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::RUNS, viewer, index)
        .get(api::RUN_NAMES, viewer, names)
}

async fn index(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Json<FoundRunsBody>, ApiError> {
    let query = RunQuery::read(&mut params);
    let page = params.optional("page", 1..=u32::MAX).unwrap_or(1);
    let per_page = params.optional("per_page", 1..=PER_PAGE_MAX);
    let per_page = per_page.unwrap_or(PER_PAGE);
    params.finish()?;
    let columns = if query.columns.is_empty() {
        Columns::All
    } else {
        Columns::These(query.columns.clone())
    };
    let offset = u64::from(page - 1) * u64::from(per_page);
    let search = query.page(columns, per_page, offset);
    let found = hub_call(&web, move |hub| hub.search_runs(search)).await?;
    Ok(Json(FoundRunsBody {
        items: found.runs.iter().map(present::found_run).collect(),
        total: found.total,
        has_more: found.has_more,
        page,
        per_page,
    }))
}

pub(crate) async fn names(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Json<RunNamesBody>, ApiError> {
    let beginning: Option<Beginning> = params.parsed("prefix");
    let limit = params.optional("limit", 1..=NAMES_MAX).unwrap_or(20);
    params.finish()?;
    let Some(Beginning { kind, name }) = beginning else {
        return Ok(Json(RunNamesBody { names: Vec::new() }));
    };
    let found = hub_call(&web, move |hub| hub.run_names(kind, &name, limit)).await?;
    let names = found.into_iter().map(|name| named(kind, name).to_string());
    Ok(Json(RunNamesBody {
        names: names.collect(),
    }))
}

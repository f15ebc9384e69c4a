//! Tasks and their results.

use axum::{Json, extract::State, response::Response};
use cupola_domain::{access::Role, field::FieldError, ids::TaskId};
use cupola_hub::{
    Hub, HubError,
    tasks::{Filter, Sort},
};
use cupola_protocol::{paths::api, tasks::TaskDetail};

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
        .get(api::TASKS, viewer, index)
        .get(api::TASK, viewer, show)
        .post(api::TASK_CANCELLATION, researcher, cancel)
        .post(api::TASK_RETRY, researcher, retry)
        .get(api::RESULTS, viewer, results)
}

async fn index(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    let (sort, descending) = order(&mut params);
    let filter = Filter {
        experiment: params.parsed("family_id"),
        state: listing.status,
        search: listing.search.clone(),
        sort,
        descending,
        limit: i64::from(listing.per_page),
        offset: i64::try_from(listing.offset()).unwrap_or(i64::MAX),
    };
    params.finish()?;
    let page = hub_call(&web, move |hub| hub.list_tasks(filter)).await?;
    let bodies = page.tasks.iter().map(present::task).collect();
    Ok(listing.answer(bodies, page.total))
}

/// `sort` names a column, with `-` before it for the other way; `order` says `asc` or `desc`. The
/// latest tasks come first unless asked for otherwise.
fn order(params: &mut Params) -> (Sort, bool) {
    let text = params.text("sort").to_owned();
    let (column, is_reversed) = match text.strip_prefix('-') {
        Some(column) => (column, true),
        None => (text.as_str(), false),
    };
    let sort = match column {
        "" | "created" | "created_at" => Sort::Created,
        "priority" => Sort::Priority,
        "value" => Sort::Value,
        "finished" | "completed" | "completed_at" => Sort::Finished,
        other => {
            let message =
                format!("is `{other}`; choose `created`, `priority`, `value` or `finished`");
            params.refuse(FieldError::new("sort", message));
            Sort::Created
        }
    };
    let descending = match params.text("order") {
        "" => is_reversed || column.is_empty(),
        "asc" => false,
        "desc" => true,
        other => {
            let message = format!("is `{other}`; choose `asc` or `desc`");
            params.refuse(FieldError::new("order", message));
            false
        }
    };
    (sort, descending)
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<TaskId>,
) -> Result<Json<TaskDetail>, ApiError> {
    hub_call(&web, move |hub| detail(hub, id))
        .await
        .map(Json)
        .map_err(Into::into)
}

async fn cancel(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<TaskId>,
) -> Result<Json<TaskDetail>, ApiError> {
    let answer = hub_call(&web, move |hub| {
        hub.cancel_task(id)?;
        detail(hub, id)
    });
    Ok(Json(answer.await?))
}

async fn retry(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<TaskId>,
) -> Result<Json<TaskDetail>, ApiError> {
    let answer = hub_call(&web, move |hub| {
        hub.refuse_spending_on_task(id, (&who.owner, who.role))?;
        hub.retry_task(id)?;
        detail(hub, id)
    });
    Ok(Json(answer.await?))
}

fn detail(hub: &Hub, id: TaskId) -> Result<TaskDetail, HubError> {
    Ok(present::task_detail(&hub.task_detail(id)?))
}

async fn results(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    let family = params.parsed("family_id");
    params.finish()?;
    let (limit, offset) = (listing.per_page, listing.offset());
    let (found, total) = hub_call(&web, move |hub| hub.list_results(family, limit, offset)).await?;
    let bodies = found
        .iter()
        .map(|r| present::result(&r.task, &r.run, &r.results));
    Ok(listing.answer(bodies.collect(), total))
}

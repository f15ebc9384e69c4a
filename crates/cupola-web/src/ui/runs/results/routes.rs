//! What the addresses of results answer.

use axum::{extract::State, response::Response};
use cupola_domain::{access::Role, field::FieldError, ids::RunId};
use cupola_hub::{
    Hub, HubError,
    run_results::{HEADS_MAX, ResultLevel},
};

use super::present::{self, Listed, Order};
use crate::{
    api,
    auth::{Access, Viewer},
    error::{PageError, Refused},
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html},
        runs::routes::seen,
    },
};

pub(in crate::ui::runs) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get("/runs/{id}/results", viewer, index)
        .get("/runs/{id}/result", viewer, show)
        .get("/runs/{id}/result/level", viewer, level)
        .get("/runs/{id}/result.json", viewer, whole)
}

/// The results that are asked for.
pub(in crate::ui::runs) fn listed(hub: &Hub, id: RunId, order: Order) -> Result<Listed, HubError> {
    let (heads, total) = hub.run_results(id, order.sort(), HEADS_MAX, order.offset())?;
    Ok(Listed {
        order,
        heads,
        total,
    })
}

/// A place in a result: `key`, `path` and `offset`.
struct Asked {
    key: String,
    path: String,
    offset: u64,
}

impl Asked {
    fn read(mut params: Params) -> Result<Self, Refused> {
        let (key, path) = (
            params.text("key").to_owned(),
            params.text("path").to_owned(),
        );
        let offset = params.optional("offset", 0..=u64::MAX).unwrap_or(0);
        if key.is_empty() {
            params.refuse(FieldError::new("key", "name a result"));
        }
        params.finish()?;
        Ok(Self { key, path, offset })
    }

    async fn find(self, web: &Web, id: RunId) -> Result<ResultLevel, PageError> {
        let found = hub_call(web, move |hub| {
            hub.run_result_level(id, &self.key, &self.path, self.offset)
        });
        Ok(found.await?)
    }
}

async fn index(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Rendered {
    let order = Order::read(&mut params);
    params.finish()?;
    let part = hub_call(&web, move |hub| {
        let run = seen(hub, id)?;
        Ok(listed(hub, id, order)?.results(run.of_run()))
    });
    html(&part.await?)
}

async fn show(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<RunId>,
    params: Params,
) -> Rendered {
    let asked = Asked::read(params)?;
    let offset = asked.offset;
    let found = asked.find(&web, id).await?;
    html(&present::page(id, &who, &found, offset))
}

async fn level(State(web): State<Web>, _: Viewer, Id(id): Id<RunId>, params: Params) -> Rendered {
    let asked = Asked::read(params)?;
    let offset = asked.offset;
    let found = asked.find(&web, id).await?;
    html(&present::level(id, &found, offset))
}

async fn whole(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    params: Params,
) -> Result<Response, PageError> {
    let asked = Asked::read(params)?;
    let answer = api::result_whole(&web, id, asked.key).await;
    answer.map_err(|error| PageError(error.0))
}

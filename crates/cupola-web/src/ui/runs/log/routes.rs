//! What the addresses of logs answer.

use axum::extract::State;
use cupola_domain::{access::Role, ids::RunId};
use cupola_hub::logs::{From, LogQuery};

use super::shown;
use crate::{
    api,
    auth::{Access, Viewer},
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::answer::{Rendered, html},
};

/// Lines of a window.
const LINES: usize = 200;

/// How much of a line is shown.
const LINE_BYTES: usize = 4 << 10;

pub(crate) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get("/runs/{id}/log", viewer, log)
        .get("/runs/{id}/log/matches", viewer, api::logs::matches)
        .get("/runs/{id}/log.txt", viewer, api::logs::raw)
}

/// The window that is asked for; without `from`, the last lines.
pub(crate) fn query(params: &mut Params) -> LogQuery {
    let asked = api::logs::query(params);
    LogQuery {
        from: match params.text("from") {
            "" => From::Last,
            _ => asked.from,
        },
        limit: LINES,
        line_bytes: LINE_BYTES,
        ..asked
    }
}

async fn log(State(web): State<Web>, _: Viewer, Id(id): Id<RunId>, mut params: Params) -> Rendered {
    let limit = params.optional("limit", 0..=LINES).unwrap_or(LINES);
    let asked = LogQuery {
        limit,
        ..query(&mut params)
    };
    params.finish()?;
    let part = hub_call(&web, move |hub| hub.run_log(id, asked)).await?;
    html(&shown::lines(id, &part))
}

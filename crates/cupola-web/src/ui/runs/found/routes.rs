//! What the addresses of the list of runs answer.

use axum::extract::State;
use cupola_domain::access::Role;

use super::{FoundPage, asked::Asked};
use crate::{
    api,
    auth::{Access, Viewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html, read},
        frame::{Frame, Section},
        paths,
    },
};

pub(in crate::ui::runs) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::RUNS, viewer, index)
        .get("/runs/list", viewer, list)
        .get("/runs/names", viewer, api::run_names)
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let search = asked.clone();
    let (seq, list) = read(&web, move |hub| search.list(hub)).await?;
    html(&FoundPage {
        frame: Frame::new("Runs", Section::Runs, Some((&who).into())).at(seq),
        filter: asked.filter.clone(),
        columns: asked.columns.clone(),
        order: asked.order.clone(),
        experiments: asked.experiments(),
        words: super::asked::words(),
        list,
    })
}

async fn list(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    html(&hub_call(&web, move |hub| asked.list(hub)).await?)
}

//! What the addresses of workers answer.

use axum::{extract::State, response::Response};
use cupola_domain::{access::Role, ids::WorkerId};
use cupola_hub::Hub;

use super::{Index, Show, joining, present};
use crate::{
    api,
    auth::{Access, Operator, Viewer},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Address, Rendered, done, html, read},
        components::Link,
        confirmation::Confirmation,
        format,
        frame::{Frame, Section},
        paths,
        present::may,
        runs::AskedCurves,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    Routes::new()
        .get(paths::WORKERS, viewer, index)
        .get("/workers/list", viewer, list)
        .get("/workers/{id}", viewer, show)
        .get("/workers/{id}/header", viewer, header)
        .get("/workers/{id}/curves", viewer, curves)
        .get("/workers/{id}/charts", viewer, api::charts::worker_index)
        .get("/workers/{id}/points", viewer, api::charts::worker_points)
        .get("/workers/{id}/runs", viewer, runs)
        .get("/workers/{id}/drain", operator, ask_drain)
        .post("/workers/{id}/drain", operator, drain)
        .post("/workers/{id}/undrain", operator, undrain)
        .get("/workers/{id}/removal", operator, ask_removal)
        .post("/workers/{id}/removal", operator, remove)
        .merge(joining::routes())
}

/// How a machine joins the hub at this address with a token that somebody made.
pub(crate) fn join_command(web: &Web, address: &Address, token: &str) -> String {
    let hub = crate::joining::pinned(web, address);
    format!("cupola worker --hub {hub} --token {token}")
}

async fn index(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let (seq, rows) = read(&web, Hub::list_workers).await?;
    let adding = || Link::new("Add a worker", paths::JOINING);
    html(&Index {
        frame: Frame::new("Workers", Section::Workers, Some((&who).into())).at(seq),
        list: present::list(&rows, &who),
        adding: may(&who, Role::Admin).then(adding),
    })
}

async fn list(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let rows = hub_call(&web, Hub::list_workers).await?;
    html(&present::list(&rows, &who))
}

async fn show(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<WorkerId>,
    mut params: Params,
) -> Rendered {
    let asked = AskedCurves::read(&mut params);
    params.finish()?;
    let (seq, (detail, (earnings, standing), curves, now)) = read(&web, move |hub| {
        let detail = hub.worker_detail(id)?;
        let earnings = (hub.earnings_of_worker(id)?, hub.standing_of_worker(id)?);
        let curves = asked.clone().find_of(hub, id.into(), &present::USUAL)?;
        Ok((detail, earnings, curves, hub.now()))
    })
    .await?;
    let name = &detail.row.worker.name;
    html(&Show {
        frame: Frame::new(name, Section::Workers, Some((&who).into()))
            .under("Workers", paths::WORKERS)
            .with_curves()
            .at(seq),
        header: present::header(&detail.row, (&earnings, standing.as_ref()), &who),
        curves: curves.curves_of(present::shown_curves(id)),
        runs: present::runs(&detail, now),
    })
}

async fn header(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<WorkerId>) -> Rendered {
    let (detail, earnings, standing) = hub_call(&web, move |hub| {
        let detail = hub.worker_detail(id)?;
        Ok((
            detail,
            hub.earnings_of_worker(id)?,
            hub.standing_of_worker(id)?,
        ))
    })
    .await?;
    html(&present::header(
        &detail.row,
        (&earnings, standing.as_ref()),
        &who,
    ))
}

async fn curves(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<WorkerId>,
    mut params: Params,
) -> Rendered {
    let asked = AskedCurves::read(&mut params);
    params.finish()?;
    let found = hub_call(&web, move |hub| {
        asked.find_of(hub, id.into(), &present::USUAL)
    });
    html(&found.await?.curves_of(present::shown_curves(id)))
}

async fn runs(State(web): State<Web>, _: Viewer, Id(id): Id<WorkerId>) -> Rendered {
    let (detail, now) = hub_call(&web, move |hub| Ok((hub.worker_detail(id)?, hub.now()))).await?;
    html(&present::runs(&detail, now))
}

async fn ask_drain(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<WorkerId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.worker_detail(id)).await?;
    let name = &detail.row.worker.name;
    let running = detail.row.running as u64;
    let mut consequences = vec!["it gets no more work".to_owned()];
    if running > 0 {
        let runs = format::counted(running, "run", "runs");
        consequences.push(format!("{runs} that it has: it finishes them"));
    }
    html(&Confirmation {
        frame: Frame::new("Drain the worker", Section::Workers, Some((&who).into()))
            .under("Workers", paths::WORKERS)
            .under(name, paths::worker(id, "")),
        question: format!("Drain the worker “{name}”?"),
        lead: "This happens:",
        consequences,
        remark: "It stays on the lists, and drained over restarts of the hub too, until it is let work again."
            .to_owned(),
        verb: "Drain",
        action: paths::worker(id, "/drain"),
        back: paths::worker(id, ""),
    })
}

async fn drain(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<WorkerId>,
) -> Result<Response, PageError> {
    let by = who.name.clone();
    let answer = hub_call(&web, move |hub| hub.drain_worker(id, Some(&by))).await;
    let back = Link::new("Back to the workers", paths::WORKERS);
    done(answer, &who, &paths::worker(id, ""), back)
}

async fn undrain(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<WorkerId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.drain_worker(id, None)).await;
    let back = Link::new("Back to the workers", paths::WORKERS);
    done(answer, &who, &paths::worker(id, ""), back)
}

async fn ask_removal(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<WorkerId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.worker_detail(id)).await?;
    let name = &detail.row.worker.name;
    let running = detail.row.running as u64;
    let mut consequences = vec!["it leaves the lists and gets no more work".to_owned()];
    if running > 0 {
        let runs = format::counted(running, "run", "runs");
        consequences.push(format!("{runs} that it has: other workers try again"));
    }
    html(&Confirmation {
        frame: Frame::new("Remove the worker", Section::Workers, Some((&who).into()))
            .under("Workers", paths::WORKERS)
            .under(name, paths::worker(id, "")),
        question: format!("Remove the worker “{name}”?"),
        lead: "This happens:",
        consequences,
        remark: "It can join again with another join code. One that came with a token that somebody made can \
                 join again with that; revoke the token to keep it out."
            .to_owned(),
        verb: "Remove",
        action: paths::worker(id, "/removal"),
        back: paths::worker(id, ""),
    })
}

async fn remove(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<WorkerId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.remove_worker(id)).await;
    let back = Link::new("Back to the worker", paths::worker(id, ""));
    done(answer, &who, paths::WORKERS, back)
}

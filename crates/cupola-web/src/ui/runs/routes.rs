//! What the addresses of runs answer.

use axum::{extract::State, response::Response};
use cupola_domain::{access::Role, ids::RunId};
use cupola_hub::{Hub, HubError};

use super::{
    curves, found, log,
    present::Seen,
    results::{self, Order},
};
use crate::{
    api,
    auth::{Access, Researcher, Viewer},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, done, html, read},
        components::Link,
        confirmation::Confirmation,
        frame::{Frame, Section},
        paths,
        present::task_link,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    results::routes()
        .get("/runs/export", viewer, api::exported)
        .get("/runs/{id}", viewer, show)
        .get("/runs/{id}/header", viewer, header)
        .get("/runs/{id}/curves", viewer, curves)
        .get("/runs/{id}/hardware", viewer, hardware)
        .get("/runs/{id}/charts", viewer, api::charts::index)
        .get("/runs/{id}/points", viewer, api::charts::points)
        .merge(log::routes())
        .merge(found::routes())
        .get("/runs/{id}/attempts", viewer, attempts)
        .get("/runs/{id}/artifacts", viewer, artifacts)
        .get("/runs/{id}/artifacts/{*name}", viewer, api::download)
        .get("/runs/{id}/environment", viewer, environment)
        .post("/runs/{id}/retry", researcher, retry)
        .get("/runs/{id}/cancellation", researcher, ask_cancellation)
        .post("/runs/{id}/cancellation", researcher, cancel)
}

pub(super) fn seen(hub: &Hub, id: RunId) -> Result<Seen, HubError> {
    let detail = hub.run_detail(id)?;
    let template = hub.find_template(&detail.template).ok();
    Ok(Seen {
        detail,
        now: hub.now(),
        template_hash: template.map(|template| template.code_hash.clone()),
    })
}

async fn show(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Rendered {
    let curves = curves::Asked::read(&mut params);
    let asked = log::query(&mut params);
    let order = Order::read(&mut params);
    params.finish()?;
    let (seq, (run, curves, log, listed, hardware)) = read(&web, move |hub| {
        let run = seen(hub, id)?;
        let curves = curves.clone().find(hub, &run)?;
        let part = hub.run_log(id, asked.clone())?;
        let listed = results::listed(hub, id, order)?;
        let log = log::log(id, &asked, &part);
        Ok((run, curves, log, listed, hub.run_hardware(id)?))
    })
    .await?;
    html(&run.show(&who, seq, (&curves, log, &listed), &hardware))
}

async fn header(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<RunId>) -> Rendered {
    let run = hub_call(&web, move |hub| seen(hub, id)).await?;
    html(&run.header(&who))
}

async fn curves(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Rendered {
    let asked = curves::Asked::read(&mut params);
    params.finish()?;
    let part = hub_call(&web, move |hub| {
        let run = seen(hub, id)?;
        Ok(asked.find(hub, &run)?.curves(&run))
    });
    html(&part.await?)
}

async fn hardware(State(web): State<Web>, _: Viewer, Id(id): Id<RunId>) -> Rendered {
    let read = hub_call(&web, move |hub| Ok((seen(hub, id)?, hub.run_hardware(id)?)));
    let (run, hardware) = read.await?;
    html(&run.hardware(&hardware))
}

async fn attempts(State(web): State<Web>, _: Viewer, Id(id): Id<RunId>) -> Rendered {
    let run = hub_call(&web, move |hub| seen(hub, id)).await?;
    html(&run.attempts())
}

async fn artifacts(State(web): State<Web>, _: Viewer, Id(id): Id<RunId>) -> Rendered {
    let run = hub_call(&web, move |hub| seen(hub, id)).await?;
    html(&run.artifacts())
}

async fn environment(State(web): State<Web>, _: Viewer, Id(id): Id<RunId>) -> Rendered {
    let run = hub_call(&web, move |hub| seen(hub, id)).await?;
    html(&run.environment())
}

/// Leads to the new run.
async fn retry(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<RunId>,
) -> Result<Response, PageError> {
    let by = (who.owner.clone(), who.role);
    let answer = hub_call(&web, move |hub| {
        hub.refuse_spending_on_run(id, (&by.0, by.1))?;
        hub.retry_run(id)
    });
    let answer = answer.await;
    let to = answer.as_ref().map_or(id, |run| run.id);
    let back = Link::new("Back to the run", paths::run(id, ""));
    done(answer, &who, &paths::run(to, ""), back)
}

async fn ask_cancellation(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<RunId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.run_detail(id)).await?;
    let task = task_link(&detail.task);
    let run = format!("Run {}", id.short());
    html(&Confirmation {
        frame: Frame::new("Cancel the run", Section::Tasks, Some((&who).into()))
            .under("Tasks", paths::TASKS)
            .under(&task.text, task.href)
            .under(run, paths::run(id, "")),
        question: format!("Cancel attempt {} at {}?", detail.run.attempt, task.text),
        lead: "",
        consequences: Vec::new(),
        remark: "Its program is stopped and the task is cancelled with it. It can be tried again \
                 later."
            .to_owned(),
        verb: "Cancel the run",
        action: paths::run(id, "/cancellation"),
        back: paths::run(id, ""),
    })
}

async fn cancel(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<RunId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.cancel_run(id)).await;
    let back = paths::run(id, "");
    done(answer, &who, &back, Link::new("Back to the run", &back))
}

//! What the addresses of tasks answer.

use axum::{extract::State, response::Response};
use cupola_domain::{access::Role, ids::TaskId};
use cupola_hub::{Hub, HubError};

use super::{
    Index,
    listed::{Asked, FAMILIES_MAX},
    present::Seen,
};
use crate::{
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
        present::family_link,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(paths::TASKS, viewer, index)
        .get("/tasks/list", viewer, list)
        .get("/tasks/{id}", viewer, show)
        .get("/tasks/{id}/header", viewer, header)
        .get("/tasks/{id}/result", viewer, result)
        .get("/tasks/{id}/attempts", viewer, attempts)
        .get("/tasks/{id}/cancellation", researcher, ask_cancellation)
        .post("/tasks/{id}/cancellation", researcher, cancel)
        .post("/tasks/{id}/retry", researcher, retry)
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let filter = asked.clone();
    let (seq, (slice, families)) = read(&web, move |hub| {
        let (families, _) = hub.list_families("", FAMILIES_MAX, 0)?;
        Ok((filter.find(hub)?, families))
    })
    .await?;
    html(&Index {
        frame: Frame::new("Tasks", Section::Tasks, Some((&who).into())).at(seq),
        search: asked.search.clone(),
        state: asked.state_word().to_owned(),
        families: asked.families(&families),
        sort: asked.order.key.to_owned(),
        order: asked.order.word(),
        list: asked.list(&slice),
    })
}

async fn list(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let part = hub_call(&web, move |hub| Ok(asked.list(&asked.find(hub)?)));
    html(&part.await?)
}

fn seen(hub: &Hub, id: TaskId) -> Result<Seen, HubError> {
    Ok(Seen {
        detail: hub.task_detail(id)?,
        now: hub.now(),
    })
}

async fn show(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<TaskId>) -> Rendered {
    let (seq, task) = read(&web, move |hub| seen(hub, id)).await?;
    html(&task.show(&who, seq))
}

async fn header(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<TaskId>) -> Rendered {
    let task = hub_call(&web, move |hub| seen(hub, id)).await?;
    html(&task.header(&who))
}

async fn result(State(web): State<Web>, _: Viewer, Id(id): Id<TaskId>) -> Rendered {
    let task = hub_call(&web, move |hub| seen(hub, id)).await?;
    html(&task.outcome())
}

async fn attempts(State(web): State<Web>, _: Viewer, Id(id): Id<TaskId>) -> Rendered {
    let task = hub_call(&web, move |hub| seen(hub, id)).await?;
    html(&task.attempts())
}

async fn ask_cancellation(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<TaskId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.task_detail(id)).await?;
    let name = format!("task {}", detail.task.number);
    let family = family_link(&detail.experiment);
    html(&Confirmation {
        frame: Frame::new("Cancel the task", Section::Tasks, Some((&who).into()))
            .under("Tasks", paths::TASKS)
            .under(&name, paths::task(id, "")),
        question: format!("Cancel {name} of {}?", family.text),
        lead: "",
        consequences: Vec::new(),
        remark: "If it runs, its program is stopped. It can be tried again later.".to_owned(),
        verb: "Cancel the task",
        action: paths::task(id, "/cancellation"),
        back: paths::task(id, ""),
    })
}

async fn cancel(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<TaskId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.cancel_task(id)).await;
    let back = paths::task(id, "");
    done(answer, &who, &back, Link::new("Back to the task", &back))
}

async fn retry(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<TaskId>,
) -> Result<Response, PageError> {
    let by = (who.owner.clone(), who.role);
    let answer = hub_call(&web, move |hub| {
        hub.refuse_spending_on_task(id, (&by.0, by.1))?;
        hub.retry_task(id)
    });
    let answer = answer.await;
    let back = paths::task(id, "");
    done(answer, &who, &back, Link::new("Back to the task", &back))
}

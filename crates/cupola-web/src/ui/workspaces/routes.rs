//! What the addresses of workspaces answer.

mod file;

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use cupola_domain::access::Role;
use cupola_workspace::model::RunKey;

use super::{
    Experiments, ExperimentsPage, GraphPage, Index, JobPage, Jobs, JobsPage, LogPage, Needed,
    Orphans, OrphansPage, Services, ServicesPage, action, graph,
    head::{Head, Tab},
    index::List,
    job, jobs, log,
    looked::{Looked, NotShown, Shown, shown},
};
use crate::{
    auth::{Access, Operator, Viewer},
    error::{PageError, Refused},
    gate,
    params::Params,
    router::Routes,
    state::Web,
    ui::{
        answer::{html, read},
        components::Link,
        error_page::ErrorPage,
        frame::{Frame, Section},
        paths,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    Routes::new()
        .get(paths::WORKSPACES, viewer, index)
        .get("/workspaces/list", viewer, list)
        .get("/workspaces/{id}", viewer, experiments_page)
        .get("/workspaces/{id}/waiting", viewer, waiting)
        .get("/workspaces/{id}/head", viewer, head)
        .get("/workspaces/{id}/experiments", viewer, experiments)
        .get("/workspaces/{id}/jobs", viewer, jobs_page)
        .get("/workspaces/{id}/jobs/list", viewer, jobs)
        .get("/workspaces/{id}/jobs/{task}/{hash}", viewer, job_page)
        .get(
            "/workspaces/{id}/jobs/{task}/{hash}/details",
            viewer,
            details,
        )
        .get("/workspaces/{id}/jobs/{task}/{hash}/needed", viewer, needed)
        .get("/workspaces/{id}/graph", viewer, graph_page)
        .get("/workspaces/{id}/graph/view", viewer, graph)
        .get("/workspaces/{id}/services", viewer, services_page)
        .get("/workspaces/{id}/services/list", viewer, services)
        .get("/workspaces/{id}/services/open", viewer, open_service)
        .get("/workspaces/{id}/orphans", viewer, orphans_page)
        .get("/workspaces/{id}/log", viewer, log_page)
        .get("/workspaces/{id}/log/lines", viewer, lines)
        .get("/workspaces/{id}/log/file", viewer, file::download)
        .get("/workspaces/{id}/action", operator, ask_action)
        .post("/workspaces/{id}/action", operator, act)
}

async fn index(State(web): State<Web>, Viewer(who): Viewer) -> Result<Response, PageError> {
    let mut all = web.settings.workspaces.iter();
    // A list of one says nothing.
    if let (Some(only), None) = (all.next(), all.next()) {
        return Ok(Redirect::to(&paths::workspace(&only.id, "")).into_response());
    }
    let asked = web.clone();
    let (seq, list) = read(&web, move |_| Ok(List::of(&asked))).await?;
    let page = html(&Index {
        frame: Frame::new("Workspaces", Section::Workspaces, Some((&who).into())).at(seq),
        list,
    });
    Ok(page?.into_response())
}

async fn list(State(web): State<Web>, _: Viewer) -> Shown {
    let asked = web.clone();
    let (_, list) = read(&web, move |_| Ok(List::of(&asked))).await?;
    shown(&list)
}

async fn waiting(looked: Looked) -> Shown {
    match looked.waiting() {
        Some(waiting) => shown(&waiting),
        // The page itself shows it now.
        None => Err(Refused::new(StatusCode::NOT_FOUND, "not_found", "it is open").into()),
    }
}

async fn head(looked: Looked, params: Params) -> Shown {
    let tab = Head::tab(params.text("tab"));
    let head = looked.ask(move |looked, source| Head::of(looked, source, tab));
    shown(&head.await?)
}

async fn experiments_page(looked: Looked) -> Shown {
    let found = looked.page(Tab::Experiments, |looked, source| {
        let found = source.experiments()?;
        let can_act = source.place().can_act;
        Ok(Experiments::of(looked, &found, can_act, source.now()))
    });
    let (frame, head, list) = found.await?;
    shown(&ExperimentsPage { frame, head, list })
}

async fn experiments(looked: Looked) -> Shown {
    let found = looked.ask(|looked, source| {
        let found = source.experiments()?;
        let can_act = source.place().can_act;
        Ok(Experiments::of(looked, &found, can_act, source.now()))
    });
    shown(&found.await?)
}

async fn jobs_page(looked: Looked, mut params: Params) -> Shown {
    let asked = jobs::Asked::read(&mut params);
    params.finish()?;
    let action = looked.address("/jobs");
    let filled = asked.clone();
    let found = looked.page(Tab::Jobs, move |looked, source| {
        let experiments = source.experiments()?;
        let list = filled.list(looked, source, &experiments)?;
        Ok((
            filled.experiments(&experiments),
            filled.runs(&experiments),
            list,
        ))
    });
    let (frame, head, (experiments, runs, list)) = found.await?;
    shown(&JobsPage {
        frame,
        head,
        action,
        filter: asked.filter.clone(),
        words: jobs::words(),
        experiments,
        runs,
        sort: asked.sort(),
        order: asked.order(),
        list,
    })
}

async fn jobs(looked: Looked, mut params: Params) -> Shown {
    let asked = jobs::Asked::read(&mut params);
    params.finish()?;
    let list = looked.ask(move |looked, source| -> Result<Jobs, _> {
        asked.list(looked, source, &source.experiments()?)
    });
    shown(&list.await?)
}

async fn job_page(looked: Looked, mut params: Params) -> Shown {
    let key = looked.job();
    let asked = log::Asked::of_job(&key, &mut params);
    let is_asked = job::asks_all(&params);
    params.finish()?;
    let title = job::title(&key);
    let jobs = looked.address("/jobs");
    let found = looked.page(Tab::Jobs, move |looked, source| {
        let found = source.job(&key)?;
        let asked = asked.for_job(&found.job);
        let is_growing = found.job.ended_at.is_none();
        let can_act = source.place().can_act;
        Ok((
            job::details(looked, &found, can_act, source.now()),
            job::parameters(&found.parameters),
            job::needed(looked, source, &found, is_asked)?,
            asked.log(looked, source, is_growing)?,
        ))
    });
    let (frame, head, (details, parameters, needed, log)) = found.await?;
    shown(&JobPage {
        frame: Frame { title, ..frame }.under("Jobs", jobs),
        head,
        details,
        parameters,
        needed,
        log,
    })
}

async fn details(looked: Looked) -> Shown {
    let key = looked.job();
    let found = looked.ask(move |looked, source| {
        let can_act = source.place().can_act;
        Ok(job::details(
            looked,
            &source.job(&key)?,
            can_act,
            source.now(),
        ))
    });
    shown(&found.await?)
}

async fn needed(looked: Looked, params: Params) -> Shown {
    let key = looked.job();
    let is_asked = job::asks_all(&params);
    let found = looked.ask(move |looked, source| -> Result<Needed, _> {
        job::needed(looked, source, &source.job(&key)?, is_asked)
    });
    shown(&found.await?)
}

async fn graph_page(looked: Looked, params: Params) -> Shown {
    let asked = graph::Asked::read(&params);
    let action = looked.address("/graph");
    let found = looked.page(Tab::Graph, move |looked, source| {
        let all = source.experiments()?;
        let view = asked.view(looked, source, &all)?;
        Ok((asked.experiments(&all), asked.runs(&all), view))
    });
    let (frame, head, (experiments, runs, view)) = found.await?;
    shown(&GraphPage {
        frame,
        head,
        action,
        experiments,
        runs,
        view,
    })
}

async fn graph(looked: Looked, params: Params) -> Shown {
    let asked = graph::Asked::read(&params);
    let view = looked.ask(move |looked, source| asked.view(looked, source, &source.experiments()?));
    shown(&view.await?)
}

async fn services_page(looked: Looked) -> Shown {
    let found = looked.page(Tab::Services, Services::of);
    let (frame, head, list) = found.await?;
    shown(&ServicesPage { frame, head, list })
}

async fn services(looked: Looked) -> Shown {
    shown(&looked.ask(Services::of).await?)
}

/// Leads to the gate of a service, which is opened by that.
async fn open_service(
    State(web): State<Web>,
    looked: Looked,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, NotShown> {
    let run = RunKey {
        experiment: params.text("experiment").to_owned(),
        run: params.text("run").to_owned(),
    };
    let id = params.text("service").to_owned();
    let serving = looked.ask(move |_, source| Ok(source.serving(&run, &id)));
    let serving = serving.await?.and_then(|serving| serving.upgrade());
    let serving = serving.ok_or_else(|| {
        let title = "the service does not run";
        Refused::new(StatusCode::NOT_FOUND, "not_found", title)
    })?;
    let port = gate::open(&web, &Arc::downgrade(&serving)).map_err(|error| {
        let title = format!("no gate to the service can be opened: {error}");
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title)
    })?;
    let address = gate::address(&web, &headers, port, &serving.begin);
    Ok(Redirect::to(&address).into_response())
}

async fn orphans_page(looked: Looked, params: Params) -> Shown {
    let with_sizes = params.text("sizes") == "counted";
    let found = looked.page(Tab::Orphans, move |looked, source| {
        Orphans::of(looked, source, with_sizes)
    });
    let (frame, head, list) = found.await?;
    shown(&OrphansPage { frame, head, list })
}

async fn log_page(looked: Looked, mut params: Params) -> Shown {
    let asked = log::Asked::read(&mut params);
    params.finish()?;
    let found = looked.page(Tab::Log, move |looked, source| {
        asked.log(looked, source, true)
    });
    let (frame, head, log) = found.await?;
    shown(&LogPage { frame, head, log })
}

async fn lines(looked: Looked, mut params: Params) -> Shown {
    let asked = log::Asked::read(&mut params);
    params.finish()?;
    let found = looked.ask(move |looked, source| asked.log(looked, source, true));
    shown(&found.await?)
}

fn asked_action(params: &Params) -> Result<action::Asked, Refused> {
    action::Asked::read(params).ok_or_else(|| {
        let title = "there is nothing that is done by this name";
        Refused::new(StatusCode::NOT_FOUND, "not_found", title)
    })
}

async fn ask_action(looked: Looked, _: Operator, params: Params) -> Shown {
    let asked = asked_action(&params)?;
    let question = looked.ask(move |looked, source| asked.confirmation(looked, source));
    shown(&question.await?)
}

async fn act(looked: Looked, _: Operator, params: Params) -> Result<Response, NotShown> {
    let asked = asked_action(&params)?;
    let back = asked.back(&looked);
    let done = looked.ask(move |_, source| asked.carry_out(source)).await;
    let problem = match done {
        Ok(_) => return Ok(Redirect::to(&back).into_response()),
        Err(NotShown::Page(PageError(problem))) if problem.status == 409 => problem,
        Err(error) => return Err(error),
    };
    let page = ErrorPage::new(problem.status, &problem.title, Some((&looked.who).into()));
    let page = shown(&page.leading_back(Link::new("Back", back)))?;
    Ok((StatusCode::CONFLICT, page).into_response())
}

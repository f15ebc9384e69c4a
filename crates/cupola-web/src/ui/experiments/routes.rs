//! What the addresses of experiments answer.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    experiment::Experiment,
    field::FieldError,
    ids::ExperimentId,
};
use cupola_hub::{Hub, HubError, experiments::RunRow};

use super::{Index, Show, editing, listed::Asked, present};
use crate::{
    auth::{Access, Researcher, Viewer},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, done, html, read},
        components::Link,
        confirmation::{Subject, stopped},
        format,
        frame::{Frame, Section},
        listing::{self, ROWS, Slice, query, slice},
        paths,
        present::may,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .merge(editing::routes())
        .get(paths::EXPERIMENTS, viewer, index)
        .get("/experiments/list", viewer, list)
        .get("/experiments/{id}", viewer, show)
        .get("/experiments/{id}/header", viewer, header)
        .get("/experiments/{id}/setup", viewer, setup)
        .get("/experiments/{id}/runs", viewer, runs)
        .get("/experiments/{id}/comparison", viewer, comparison)
        .post("/experiments/{id}/start", researcher, start)
        .get(
            "/experiments/{id}/cancellation",
            researcher,
            ask_cancellation,
        )
        .post("/experiments/{id}/cancellation", researcher, cancel)
        .get("/experiments/{id}/deletion", researcher, ask_deletion)
        .post("/experiments/{id}/deletion", researcher, delete)
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let (seq, found) = read(&web, move |hub| query.find(hub)).await?;
    html(&Index {
        frame: Frame::new("Experiments", Section::Experiments, Some((&who).into())).at(seq),
        states: asked.states(),
        origins: asked.origins(),
        sort: asked.sort,
        order: asked.order(),
        may_make: may(&who, Role::Researcher),
        list: asked.list(&found, &who),
        search: asked.search,
    })
}

async fn list(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let found = hub_call(&web, move |hub| query.find(hub)).await?;
    html(&asked.list(&found, &who))
}

fn page_of_runs(hub: &Hub, id: ExperimentId, page: u64) -> Result<Slice<Vec<RunRow>>, HubError> {
    slice(page, |offset| hub.experiment_runs(id, ROWS, offset))
}

/// A family has a page of its own.
async fn show(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<ExperimentId>,
    mut params: Params,
) -> Result<Response, PageError> {
    let page = listing::page(&mut params);
    params.finish()?;
    let (seq, (detail, found, now)) = read(&web, move |hub| {
        let detail = hub.experiment_detail(id)?;
        Ok((detail, page_of_runs(hub, id, page)?, hub.now()))
    })
    .await?;
    if detail.experiment.origin.brief().is_some() {
        return Ok(Redirect::to(&paths::family(id, "")).into_response());
    }
    let name = &detail.experiment.name;
    let page = html(&Show {
        frame: Frame::new(name, Section::Experiments, Some((&who).into()))
            .under("Experiments", paths::EXPERIMENTS)
            .at(seq),
        header: present::header(&detail, &who),
        runs: present::runs(&detail, &found, now, &who),
        setup: present::setup(&detail),
        comparable: id.to_string(),
    })?;
    Ok(page.into_response())
}

async fn header(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<ExperimentId>) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.experiment_detail(id)).await?;
    html(&present::header(&detail, &who))
}

async fn setup(State(web): State<Web>, _: Viewer, Id(id): Id<ExperimentId>) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.experiment_detail(id)).await?;
    html(&present::setup(&detail))
}

async fn runs(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<ExperimentId>,
    mut params: Params,
) -> Rendered {
    let page = listing::page(&mut params);
    params.finish()?;
    let part = hub_call(&web, move |hub| {
        let detail = hub.experiment_detail(id)?;
        let found = page_of_runs(hub, id, page)?;
        Ok(present::runs(&detail, &found, hub.now(), &who))
    });
    html(&part.await?)
}

/// Where runs were compared before.
async fn comparison(_: Viewer, Id(id): Id<ExperimentId>, fields: Fields) -> Redirect {
    let runs: Vec<&str> = fields.all("runs").collect();
    let id = id.to_string();
    let asked = query(&[("of", &id), ("runs", &runs.join(","))]);
    Redirect::to(&format!("{}?{asked}", paths::COMPARE))
}

async fn start(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let number = match fields.text("runs").trim() {
        "" => 1,
        text => text.parse().map_err(|_| {
            let message = format!("is `{text}`; give a whole number of at least 1");
            vec![FieldError::new("runs", message)]
        })?,
    };
    let by = (who.owner.clone(), who.role);
    let answer = hub_call(&web, move |hub| {
        hub.refuse_spending(id, (&by.0, by.1))?;
        hub.start_experiment(id, number)
    });
    let answer = answer.await;
    let back = paths::experiment(id, "");
    done(
        answer,
        &who,
        &back,
        Link::new("Back to the experiment", &back),
    )
}

fn subject<'a>(who: &'a Principal, experiment: &'a Experiment) -> Subject<'a> {
    Subject {
        who,
        section: Section::Experiments,
        list: ("Experiments", paths::EXPERIMENTS),
        kind: "experiment",
        name: &experiment.name,
        address: paths::experiment(experiment.id, ""),
    }
}

async fn ask_cancellation(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.experiment_detail(id)).await?;
    let asked = subject(&who, &detail.experiment);
    html(&asked.cancellation(&detail.experiment.counts, "run", "runs"))
}

async fn cancel(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.cancel_experiment(id)).await;
    let back = paths::experiment(id, "");
    done(
        answer,
        &who,
        &back,
        Link::new("Back to the experiment", &back),
    )
}

async fn ask_deletion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.experiment_detail(id)).await?;
    let kept = || {
        let runs = format::counted(detail.runs, "run", "runs");
        format!("{runs} with results, curves and logs")
    };
    let goes = (detail.runs > 0).then(kept).into_iter();
    let goes = goes.chain(stopped(detail.experiment.counts.running));
    html(&subject(&who, &detail.experiment).deletion(goes.collect()))
}

async fn delete(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.delete_experiment(id)).await;
    let back = Link::new("Back to the experiment", paths::experiment(id, ""));
    done(answer, &who, paths::EXPERIMENTS, back)
}

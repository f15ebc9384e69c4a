//! Experiments that people configure.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{
    access::Role,
    field::FieldError,
    ids::{ExperimentId, RunId},
};
use cupola_hub::experiments::{ExperimentDraft, ExperimentQuery, ExperimentSort};
use cupola_protocol::{
    experiments::{
        ExperimentDetail, NewExperiment, RunComparisonBody, StartExperiment, StartedRuns,
    },
    paths::api::{self, with},
    templates::CheckedConfig,
};

use super::{
    body::{Body, created},
    present,
};
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
        .get(api::EXPERIMENTS, viewer, index)
        .post(api::EXPERIMENTS, researcher, create)
        .post(api::EXPERIMENT_CHECK, researcher, check)
        .get(api::EXPERIMENT, viewer, show)
        .put(api::EXPERIMENT, researcher, update)
        .delete(api::EXPERIMENT, researcher, destroy)
        .post(api::EXPERIMENT_START, researcher, start)
        .post(api::EXPERIMENT_CANCELLATION, researcher, cancel)
        .delete(api::EXPERIMENT_CLASS, researcher, release_class)
        .get(api::EXPERIMENT_RUNS, viewer, runs)
        .get(api::RUN_COMPARISON, viewer, comparison)
}

async fn index(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    let (sort, descending) = order(&mut params);
    let query = ExperimentQuery {
        with_families: params.text("families") == "true",
        template: params.parsed("template"),
        origin: origin(&mut params),
        state: listing.status,
        search: listing.search.clone(),
        sort,
        descending,
        limit: i64::from(listing.per_page),
        offset: i64::try_from(listing.offset()).unwrap_or(i64::MAX),
    };
    params.finish()?;
    let (rows, total) = hub_call(&web, move |hub| hub.list_experiments(&query)).await?;
    let bodies = rows
        .iter()
        .map(|row| present::experiment(&row.experiment, row.last.as_ref()));
    Ok(listing.answer(bodies.collect(), total))
}

/// Where an experiment may come from; families are asked for by their own parameter.
fn origin(params: &mut Params) -> Option<&'static str> {
    const WORDS: [&str; 4] = ["manual", "file", "workspace", "mlflow"];
    let text = params.text("origin").to_owned();
    let found = WORDS.into_iter().find(|word| *word == text);
    if found.is_none() && !text.is_empty() {
        let message = format!("is `{text}`; choose one of `{}`", WORDS.join("`, `"));
        params.refuse(FieldError::new("origin", message));
    }
    found
}

/// The latest come first unless asked for otherwise.
fn order(params: &mut Params) -> (ExperimentSort, bool) {
    let text = params.text("sort").to_owned();
    let (column, is_reversed) = match text.strip_prefix('-') {
        Some(column) => (column, true),
        None => (text.as_str(), false),
    };
    let sort = match column {
        "" | "created" => ExperimentSort::Created,
        "updated" => ExperimentSort::Updated,
        "name" => ExperimentSort::Name,
        other => {
            let message = format!("is `{other}`; choose `created`, `updated` or `name`");
            params.refuse(FieldError::new("sort", message));
            ExperimentSort::Created
        }
    };
    (sort, is_reversed || column.is_empty())
}

async fn create(
    State(web): State<Web>,
    Researcher(principal): Researcher,
    Body(asked): Body<NewExperiment>,
) -> Result<Response, ApiError> {
    let draft = draft(asked);
    let detail = hub_call(&web, move |hub| {
        hub.create_experiment(&draft, &principal.name)
    })
    .await?;
    let place = with(api::EXPERIMENT, &detail.experiment.id.to_string());
    let body = present::experiment_detail(&detail);
    Ok(created(&place, body))
}

/// What is wrong is the answer here, not an error.
async fn check(
    State(web): State<Web>,
    _: Researcher,
    Body(asked): Body<NewExperiment>,
) -> Result<Json<CheckedConfig>, ApiError> {
    let draft = draft(asked);
    let checked = hub_call(&web, move |hub| hub.check_experiment(&draft)).await;
    Ok(Json(present::templates::checked(
        checked.map(|it| it.setup.config),
    )?))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<ExperimentId>,
) -> Result<Json<ExperimentDetail>, ApiError> {
    let detail = hub_call(&web, move |hub| hub.experiment_detail(id)).await?;
    Ok(Json(present::experiment_detail(&detail)))
}

async fn update(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<ExperimentId>,
    Body(asked): Body<NewExperiment>,
) -> Result<Json<ExperimentDetail>, ApiError> {
    let draft = draft(asked);
    let detail = hub_call(&web, move |hub| hub.update_experiment(id, &draft)).await?;
    Ok(Json(present::experiment_detail(&detail)))
}

async fn destroy(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_experiment(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn start(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
    Body(asked): Body<StartExperiment>,
) -> Result<(StatusCode, Json<StartedRuns>), ApiError> {
    let made = hub_call(&web, move |hub| {
        hub.refuse_spending(id, (&who.owner, who.role))?;
        hub.start_experiment(id, asked.runs)
    });
    let made = made.await?;
    let runs = made.iter().map(RunId::to_string).collect();
    Ok((StatusCode::CREATED, Json(StartedRuns { runs })))
}

async fn cancel(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<Json<ExperimentDetail>, ApiError> {
    let answer = hub_call(&web, move |hub| {
        hub.cancel_experiment(id)?;
        hub.experiment_detail(id)
    });
    Ok(Json(present::experiment_detail(&answer.await?)))
}

async fn release_class(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.release_class(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn runs(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<ExperimentId>,
    listing: Listing,
) -> Result<Response, ApiError> {
    let (limit, offset) = (listing.per_page, listing.offset());
    let found = hub_call(&web, move |hub| hub.experiment_runs(id, limit, offset));
    let (rows, total) = found.await?;
    let bodies = rows.iter().map(present::experiment_run).collect();
    Ok(listing.answer(bodies, total))
}

async fn comparison(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Json<RunComparisonBody>, ApiError> {
    let ids = params.list("runs");
    params.finish()?;
    let found = hub_call(&web, move |hub| hub.compare_runs(&ids)).await?;
    Ok(Json(present::run_comparison(found)))
}

fn draft(asked: NewExperiment) -> ExperimentDraft {
    ExperimentDraft {
        name: asked.name,
        description: asked.description,
        template: asked.template,
        config: asked.config,
        seed: asked.seed,
        time_budget_secs: asked.time_budget_secs,
        environment: asked.environment,
        working_folder: asked.working_folder,
        tags: asked.tags,
        priority: asked.priority,
    }
}

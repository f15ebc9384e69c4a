//! Workspaces: what lies there, as programs read it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use cupola_domain::{access::Role, field::FieldError};
use cupola_protocol::{paths::api, workspaces::WorkspaceJob};
use cupola_workspace::{
    model::{Job, JobKey, RunKey},
    source::{LogAsked, LogOf, SourceError},
};

use super::present;
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    params::{Listing, Params},
    router::Routes,
    state::Web,
    workspaces::{ask, matching},
};

/// Bytes of a log in one answer.
const LOG_BYTES_MAX: u64 = 1 << 20;

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::WORKSPACES, viewer, index)
        .get(api::WORKSPACE_EXPERIMENTS, viewer, experiments)
        .get(api::WORKSPACE_JOBS, viewer, jobs)
        .get(api::WORKSPACE_JOB, viewer, job)
        .get(api::WORKSPACE_LOG, viewer, log)
}

async fn index(State(web): State<Web>, _: Viewer, listing: Listing) -> Response {
    let all = web.settings.workspaces.iter();
    let (rows, total) = listing.cut(all.map(|each| present::workspace(each)).collect());
    listing.answer(rows, total)
}

async fn experiments(
    State(web): State<Web>,
    _: Viewer,
    Path(id): Path<String>,
    listing: Listing,
) -> Result<Response, ApiError> {
    let found = ask(&web, &id, |source| source.experiments()).await?;
    let wanted = found
        .iter()
        .filter(|known| known.id.contains(&listing.search));
    let (rows, total) = listing.cut(wanted.map(present::workspace_experiment).collect());
    Ok(listing.answer(rows, total))
}

async fn jobs(
    State(web): State<Web>,
    _: Viewer,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    let text = |name| params.text(name).to_owned();
    let (filter, experiment, run) = (text("filter"), text("experiment"), text("run"));
    params.finish()?;
    let page = listing.clone();
    let known = web.settings.workspaces.find(&id);
    let kept = known.map_or_else(Arc::default, |known| Arc::clone(&known.parameters));
    let found = ask(&web, &id, move |source| {
        let of = RunKey { experiment, run };
        let jobs = if of.run.is_empty() {
            let named = source.jobs(None)?.into_iter();
            named.filter(|job| is_of(job, &of.experiment)).collect()
        } else {
            source.jobs(Some(&of))?
        };
        let jobs = match matching(source, &kept, jobs, &filter, source.now()) {
            Ok(jobs) => jobs,
            Err(words) => return Ok(Err(words)),
        };
        let (jobs, total) = page.cut(jobs);
        let bodies = jobs.iter().filter_map(|job| match source.job(&job.key) {
            // It has gone since it was listed.
            Err(SourceError::Unknown(_)) => None,
            found => Some(found.map(present::workspace_job)),
        });
        let bodies: Result<Vec<WorkspaceJob>, _> = bodies.collect();
        Ok(Ok((bodies?, total)))
    });
    match found.await? {
        Ok((bodies, total)) => Ok(listing.answer(bodies, total)),
        Err(words) => Err(vec![FieldError::new("filter", words)].into()),
    }
}

/// Whether one of an experiment's runs names it; all are of the experiment without a name.
fn is_of(job: &Job, experiment: &str) -> bool {
    experiment.is_empty() || job.runs.iter().any(|run| run.experiment == experiment)
}

async fn job(
    State(web): State<Web>,
    _: Viewer,
    Path((id, task, hash)): Path<(String, String, String)>,
) -> Result<Json<WorkspaceJob>, ApiError> {
    let key = JobKey { task, id: hash };
    let found = ask(&web, &id, move |source| source.job(&key)).await?;
    Ok(Json(present::workspace_job(found)))
}

/// The bytes from an offset on, with where they begin and how many there are in all.
async fn log(
    State(web): State<Web>,
    _: Viewer,
    Path((id, task, hash, stream)): Path<(String, String, String, String)>,
    mut params: Params,
) -> Result<Response, ApiError> {
    let offset = params.optional("offset", 0..=u64::MAX).unwrap_or(0);
    params.finish()?;
    let asked = LogAsked {
        of: LogOf::Job(JobKey { task, id: hash }),
        stream,
        offset: Some(offset),
        bytes: LOG_BYTES_MAX,
    };
    let part = ask(&web, &id, move |source| source.log(&asked)).await?;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut answer = ([(header::CONTENT_TYPE, text)], part.bytes).into_response();
    let headers = answer.headers_mut();
    headers.insert("x-offset", part.offset.into());
    headers.insert("x-size", part.size.into());
    Ok(answer)
}

//! Runs and their curves.

mod reduce;

use axum::{Json, extract::State};
use cupola_domain::{access::Role, field::FieldError, ids::RunId};
use cupola_protocol::{
    number::Number,
    paths::api,
    runs::{RunBody, RunDetail, SeriesBody},
};

use super::present;
use crate::{
    auth::{Access, Researcher, Viewer},
    error::ApiError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub use reduce::reduce;

/// More points than this on a screen are no use.
const WIDTH_MAX: u32 = 10_000;

pub(super) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(api::RUN, viewer, show)
        .post(api::RUN_CANCELLATION, researcher, cancel)
        .post(api::RUN_RETRY, researcher, retry)
        .get(api::RUN_SERIES, viewer, series)
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
) -> Result<Json<RunDetail>, ApiError> {
    let detail = hub_call(&web, move |hub| hub.run_detail(id)).await?;
    Ok(Json(present::run_detail(&detail)))
}

async fn cancel(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<RunId>,
) -> Result<Json<RunBody>, ApiError> {
    let run = hub_call(&web, move |hub| hub.cancel_run(id)).await?;
    Ok(Json(present::run(&run)))
}

async fn retry(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<RunId>,
) -> Result<Json<RunBody>, ApiError> {
    let run = hub_call(&web, move |hub| {
        hub.refuse_spending_on_run(id, (&who.owner, who.role))?;
        hub.retry_run(id)
    });
    let run = run.await?;
    Ok(Json(present::run(&run)))
}

/// The points of `name` from cursor `after` on; with `width`, about as many as fit.
async fn series(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Result<Json<SeriesBody>, ApiError> {
    let name = params.text("name").to_owned();
    if name.is_empty() {
        params.refuse(FieldError::new("name", "name a series"));
    }
    let after = params.optional("after", 0..=i64::MAX).unwrap_or(0);
    let width = params.optional("width", 1..=WIDTH_MAX);
    params.finish()?;
    let asked = name.clone();
    let (points, next) = hub_call(&web, move |hub| hub.run_series(id, &asked, after)).await?;
    let points_total = points.len() as u64;
    let points = match width {
        Some(width) => reduce(points, usize::try_from(width).unwrap_or(usize::MAX)),
        None => points,
    };
    Ok(Json(SeriesBody {
        name,
        reduced: (points.len() as u64) < points_total,
        points: points
            .iter()
            .map(|point| (point.step, point.time_millis, Number(point.value)))
            .collect(),
        points_total,
        next,
    }))
}

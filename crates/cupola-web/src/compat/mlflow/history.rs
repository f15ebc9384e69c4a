//! `metrics/*`: all that was ever logged of a series.

use axum::{Json, extract::State};
use cupola_domain::ids::RunId;
use cupola_hub::HubError;
use serde::Serialize;

use super::{
    Error, PROGRAM_READS, READS,
    logging::run_in,
    pages::{asked, number, parse_token},
    wire::Metric,
};
use crate::{
    auth::{ClientViewer, Viewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

/// So many points are on a page at most, and where a client asks for no pages.
const POINTS_MAX: usize = 1_000_000;

/// So many points of several runs are given at once.
const BULK_POINTS_MAX: usize = 25_000;

/// So many runs may be asked for at once.
const BULK_RUNS_MAX: usize = 100;

/// So many points of each run are picked of an interval.
const INTERVAL_POINTS_MAX: usize = 2_500;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get(
            "/api/2.0/mlflow/metrics/get-history",
            PROGRAM_READS,
            history,
        )
        .get("/api/2.0/mlflow/metrics/get-history-bulk", READS, bulk)
        .get(
            "/api/2.0/mlflow/metrics/get-history-bulk-interval",
            READS,
            interval,
        )
}

#[derive(Debug, Serialize)]
struct History {
    metrics: Vec<Metric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A number of points of a query, from 1 on.
fn points_of(params: &Params, max: usize) -> Result<usize, Error> {
    let Some(wanted) = number(params, "max_results")? else {
        return Ok(max);
    };
    let fitting = usize::try_from(wanted).ok().filter(|count| *count > 0);
    let wrong = || Error::of_field("max_results", format_args!("{wanted} is not above 0"));
    fitting.map(|count| count.min(max)).ok_or_else(wrong)
}

async fn history(
    State(web): State<Web>,
    ClientViewer(who): ClientViewer,
    params: Params,
) -> Result<Json<History>, Error> {
    let run = run_in(&params, &who)?;
    let key = asked(&params, "metric_key")?;
    let limit = points_of(&params, POINTS_MAX)?;
    let from = parse_token(Some(params.text("page_token")))? as u64;
    let name = key.clone();
    let found = hub_call(&web, move |hub| hub.run_history(run, &name, from, limit)).await?;
    Ok(Json(History {
        metrics: found.points.iter().map(|p| Metric::of(&key, p)).collect(),
        next_page_token: found.next.map(|next| next.to_string()),
    }))
}

/// The runs that are asked for, each once.
fn runs_of(params: &Params, field: &str) -> Result<Vec<RunId>, Error> {
    let ids = params.all(field);
    if ids.is_empty() {
        return Err(Error::missing(field));
    }
    if ids.len() > BULK_RUNS_MAX {
        let why = format!("there are {} runs, and {BULK_RUNS_MAX} may be", ids.len());
        return Err(Error::of_field(field, why));
    }
    let parsed = ids
        .into_iter()
        .map(|id| id.parse::<RunId>().map_err(|_| Error::unknown("run", id)));
    let mut runs = parsed.collect::<Result<Vec<_>, _>>()?;
    runs.sort_unstable();
    runs.dedup();
    Ok(runs)
}

async fn bulk(
    State(web): State<Web>,
    Viewer(_): Viewer,
    params: Params,
) -> Result<Json<History>, Error> {
    let runs = runs_of(&params, "run_id")?;
    let key = asked(&params, "metric_key")?;
    let limit = points_of(&params, BULK_POINTS_MAX)?;
    let found = hub_call(&web, move |hub| {
        let mut metrics = Vec::new();
        for run in runs {
            let left = limit - metrics.len();
            let part = hub.run_history(run, &key, 0, left)?.points;
            metrics.extend(part.iter().map(|point| of_run(run, &key, point)));
        }
        Ok(metrics)
    });
    Ok(Json(History {
        metrics: found.await?,
        next_page_token: None,
    }))
}

async fn interval(
    State(web): State<Web>,
    Viewer(_): Viewer,
    params: Params,
) -> Result<Json<History>, Error> {
    let runs = runs_of(&params, "run_ids")?;
    let key = asked(&params, "metric_key")?;
    let limit = points_of(&params, INTERVAL_POINTS_MAX)?;
    let steps = match (number(&params, "start_step")?, number(&params, "end_step")?) {
        (None, None) => i64::MIN..=i64::MAX,
        (Some(start), Some(end)) if start <= end => start..=end,
        (Some(_), Some(_)) => {
            return Err(Error::of_field("end_step", "it comes before start_step"));
        }
        _ => {
            return Err(Error::invalid(
                "Say both start_step and end_step, or neither.",
            ));
        }
    };
    let found = hub_call(&web, move |hub| -> Result<Vec<Metric>, HubError> {
        let mut metrics = Vec::new();
        for run in runs {
            let points = hub.run_history_within(run, &key, steps.clone(), limit)?;
            metrics.extend(points.iter().map(|point| of_run(run, &key, point)));
        }
        Ok(metrics)
    });
    Ok(Json(History {
        metrics: found.await?,
        next_page_token: None,
    }))
}

fn of_run(run: RunId, key: &str, point: &cupola_domain::metric::Point) -> Metric {
    Metric {
        run_id: Some(run.to_string()),
        ..Metric::of(key, point)
    }
}

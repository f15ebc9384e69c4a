//! `runs/log-batch`: many points, parameters and tags at once.

use std::collections::HashMap;

use axum::{Json, extract::State};
use cupola_domain::{ids::RunId, metric::Point, model::LoggedModelMetric};
use cupola_hub::logged::LoggedBatch;
use serde::Deserialize;

use super::{
    super::{
        Error,
        body::{Body, Text},
        experiments::{Tag, pairs},
        names,
        wire::Done,
    },
    Metric, run_of, take,
};
use crate::{
    auth::{Client, ClientResearcher},
    state::Web,
};

const METRICS_MAX: usize = 1_000;
const PARAMS_MAX: usize = 100;
const TAGS_MAX: usize = 100;
const ITEMS_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    metrics: Option<Vec<Metric<'a>>>,
    #[serde(borrow)]
    params: Option<Vec<Tag<'a>>>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
}

pub(super) async fn log(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let (run, batch) = read(&body, &who)?;
    take(&web, run, batch).await
}

/// Reads a batch and drops it: what taking one is held against.
pub(in crate::compat::mlflow) async fn dropped(
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    read(&body, &who).map(|_| Json(Done {}))
}

fn read(body: &Body, who: &Client) -> Result<(RunId, LoggedBatch), Error> {
    let asked: Batch<'_> = body.read()?;
    let run = run_of(asked.run_id, None, who)?;
    let metrics = asked.metrics.unwrap_or_default();
    let count = |said: &Option<Vec<_>>| said.as_ref().map_or(0, Vec::len);
    check_counts(metrics.len(), count(&asked.params), count(&asked.tags))?;
    let (points, measured) = by_series(&metrics, run)?;
    let batch = LoggedBatch {
        points,
        params: params(asked.params)?,
        tags: pairs(asked.tags, "tags", names::check_tag)?,
        measured,
        is_of_program: who.program().is_some(),
        ..LoggedBatch::default()
    };
    Ok((run, batch))
}

fn check_counts(metrics: usize, params: usize, tags: usize) -> Result<(), Error> {
    let all = metrics + params + tags;
    let limits = [
        ("metrics", metrics, METRICS_MAX),
        ("params", params, PARAMS_MAX),
        ("tags", tags, TAGS_MAX),
        ("metrics, params and tags", all, ITEMS_MAX),
    ];
    match limits.iter().find(|(_, count, max)| count > max) {
        None => Ok(()),
        Some((what, count, max)) => Err(Error::invalid(format!(
            "A batch logging request can contain at most {max} {what}; this one has {count}. \
             Split it."
        ))),
    }
}

type Series = Vec<(String, Vec<Point>)>;

/// The points of each series, in order of arrival, and what is measured of models.
fn by_series(
    metrics: &[Metric<'_>],
    run: RunId,
) -> Result<(Series, Vec<LoggedModelMetric>), Error> {
    let mut series: HashMap<&str, Vec<Point>> = HashMap::new();
    let mut measured = Vec::new();
    for (at, metric) in metrics.iter().enumerate() {
        let place = |field: &str| format!("metrics[{at}].{field}");
        let (key, point) = metric.point(place)?;
        series.entry(key).or_default().push(point);
        measured.extend(metric.measured(run, &point, place)?);
    }
    let series = series.into_iter();
    let series = series.map(|(key, points)| (key.to_owned(), points));
    Ok((series.collect(), measured))
}

/// The parameters; none is named twice.
fn params(said: Option<Vec<Tag<'_>>>) -> Result<Vec<(String, String)>, Error> {
    let params = pairs(said, "params", names::check_param)?;
    let mut keys: Vec<&str> = params.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(params),
        Some(pair) => {
            let why = format!("'{}' is named twice", pair[0]);
            Err(Error::of_field("params", why))
        }
    }
}

//! Charts of the series of runs and workers, and the points that they are made of.

use std::fmt::Write as _;

use axum::{Json, extract::State, response::Response};
use cupola_domain::{
    access::Role,
    field::FieldError,
    ids::{RunId, WorkerId},
    metric::{Point, non_finite_word},
    time::Timestamp,
};
use cupola_hub::{
    Hub, HubError,
    charts::{Across, Charts, NamePattern, SeriesChart, SeriesQuery, Shown},
    series::{Owner, Summary},
};
use cupola_protocol::{
    charts::{ChartBody, ChartsBody, ColumnsBody},
    number::Number,
    paths::api,
    time::Time,
};

use super::download::{as_download, streamed};
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
};

/// Charts of one answer.
const CHARTS_MAX: usize = 50;

/// Charts of one answer unless somebody says otherwise.
const CHARTS: usize = 24;

/// No run has so many pages of series.
const PAGES_MAX: u64 = 1_000_000;

/// More columns than this on a screen are no use.
const WIDTH_MAX: u32 = 10_000;

/// Columns unless somebody says otherwise.
const WIDTH: u32 = 1_000;

/// Longer expressions find nothing that shorter ones do not.
const PATTERN_CHARS_MAX: usize = 1_000;

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::RUN_CHARTS, viewer, index)
        .get(api::RUN_POINTS, viewer, points)
        .get(api::WORKER_CHARTS, viewer, worker_index)
        .get(api::WORKER_POINTS, viewer, worker_points)
}

/// Charts of the series that are named, else of a page of those that match.
pub(crate) async fn index(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    params: Params,
) -> Result<Json<ChartsBody>, ApiError> {
    charts_of(web, id.into(), params).await
}

/// The same of what a worker measured.
pub(crate) async fn worker_index(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<WorkerId>,
    params: Params,
) -> Result<Json<ChartsBody>, ApiError> {
    charts_of(web, id.into(), params).await
}

/// All points of a series within a window, as a file.
pub(crate) async fn points(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    params: Params,
) -> Result<Response, ApiError> {
    points_of(web, id.into(), params).await
}

/// The same of what a worker measured.
pub(crate) async fn worker_points(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<WorkerId>,
    params: Params,
) -> Result<Response, ApiError> {
    points_of(web, id.into(), params).await
}

async fn charts_of(
    web: Web,
    owner: Owner,
    mut params: Params,
) -> Result<Json<ChartsBody>, ApiError> {
    let shown = shown(&mut params);
    let named = named(&mut params);
    let query = query(&mut params);
    params.finish()?;
    let (matching, charts) =
        hub_call(&web, move |hub| charts(hub, owner, named, query, shown)).await?;
    Ok(Json(body(shown.across, matching, charts)))
}

async fn points_of(web: Web, owner: Owner, mut params: Params) -> Result<Response, ApiError> {
    let name = params.text("name").to_owned();
    if name.is_empty() {
        params.refuse(FieldError::new("name", "name a series"));
    }
    let is_json = match params.text("format") {
        "" | "csv" => false,
        "json" => true,
        other => {
            let message = format!("is `{other}`; choose `csv` or `json`");
            params.refuse(FieldError::new("format", message));
            false
        }
    };
    let shown = shown(&mut params);
    params.finish()?;
    let (media_type, kind) = if is_json {
        ("application/json", "json")
    } else {
        ("text/csv; charset=utf-8", "csv")
    };
    let file = file_of(owner, &name, kind);
    let body = streamed(web, move |hub, at| {
        let (points, next) = hub.series_points(owner, &name, shown, at)?;
        let part = if is_json {
            json(&name, &points, at.is_none(), next.is_none())
        } else {
            csv(&points, at.is_none())
        };
        Ok((next, part.into_bytes()))
    });
    Ok(as_download(body.await?, media_type, &file))
}

/// What `match` asks for.
pub(crate) fn pattern(params: &mut Params) -> Option<NamePattern> {
    if params.text("match").chars().count() > PATTERN_CHARS_MAX {
        let message = format!("is longer than {PATTERN_CHARS_MAX} characters");
        params.refuse(FieldError::new("match", message));
        return None;
    }
    params.parsed("match")
}

fn query(params: &mut Params) -> SeriesQuery {
    let page = params.optional("page", 1..=PAGES_MAX).unwrap_or(1);
    let limit = params.optional("per_page", 1..=CHARTS_MAX);
    let limit = limit.unwrap_or(CHARTS);
    SeriesQuery {
        matching: pattern(params),
        offset: (page - 1) * limit as u64,
        limit,
        ..SeriesQuery::default()
    }
}

/// The series that are named, each with the cursor that it goes on from.
fn named(params: &mut Params) -> Vec<(String, Option<i64>)> {
    let names: Vec<String> = params.all("name").into_iter().map(str::to_owned).collect();
    if names.len() > CHARTS_MAX {
        let message = format!("names {} series; name at most {CHARTS_MAX}", names.len());
        params.refuse(FieldError::new("name", message));
    }
    let after: Vec<Option<i64>> = params
        .all("after")
        .into_iter()
        .map(|text| text.parse().ok().filter(|after| *after >= 0))
        .collect();
    let after = after.into_iter().chain(std::iter::repeat(None));
    names.into_iter().zip(after).collect()
}

fn shown(params: &mut Params) -> Shown {
    let shown = Shown {
        across: params.parsed("axis").unwrap_or_default(),
        from: params.optional("from", i64::MIN..=i64::MAX),
        to: params.optional("to", i64::MIN..=i64::MAX),
        columns: params.optional("width", 1..=WIDTH_MAX).unwrap_or(WIDTH),
    };
    if shown.from.zip(shown.to).is_some_and(|(from, to)| from > to) {
        params.refuse(FieldError::new("to", "comes before `from`"));
    }
    shown
}

fn charts(
    hub: &Hub,
    owner: Owner,
    named: Vec<(String, Option<i64>)>,
    query: SeriesQuery,
    shown: Shown,
) -> Result<(u64, Charts), HubError> {
    let of = |names| match owner {
        Owner::Run(run) => hub.run_charts(run, names, shown),
        Owner::Worker(worker) => hub.worker_charts(worker, names, shown),
    };
    if !named.is_empty() {
        let charts = of(named)?;
        return Ok((charts.charts.len() as u64, charts));
    }
    let page = hub.search_series(owner, query)?;
    let found = page.series.into_iter().map(|series| (series.name, None));
    Ok((page.matching, of(found.collect())?))
}

fn body(across: Across, matching: u64, charts: Charts) -> ChartsBody {
    ChartsBody {
        axis: across.as_str().to_owned(),
        began_at: charts.began_at.millis(),
        pace: charts
            .pace
            .map(|pace| (pace.since.millis(), pace.micros_per_milli / 1e6)),
        names: charts.names.count,
        refused_points: charts.names.refused_points,
        matching,
        charts: charts.charts.into_iter().map(chart).collect(),
    }
}

fn chart(chart: SeriesChart) -> ChartBody {
    let series = chart.series;
    let last = series.last;
    ChartBody {
        name: series.name,
        points_total: series.points,
        last: last.map(|last| (last.step, last.time_millis, Number(last.value))),
        min: series.min,
        max: series.max,
        superseded: series.superseded,
        restarts_total: series.restarts,
        restarts: chart
            .restarts
            .iter()
            .map(|restart| (restart.step, restart.time_millis))
            .collect(),
        reduced: chart.is_reduced,
        appended: chart.is_appended,
        cursor: chart.cursor,
        columns: columns(&chart.entries, chart.is_reduced),
    }
}

fn columns(entries: &[Summary], is_reduced: bool) -> ColumnsBody {
    fn list<T>(entries: &[Summary], is_there: bool, of: impl Fn(&Summary) -> T) -> Vec<T> {
        let entries = if is_there { entries } else { &[] };
        entries.iter().map(of).collect()
    }
    let finite = |entry: &Summary, value: f64| (entry.finite > 0).then_some(value);
    let is_lossy = entries.iter().any(|entry| entry.finite < entry.count);
    ColumnsBody {
        step: list(entries, true, |entry| entry.first.step),
        time: list(entries, true, |entry| entry.first.time_millis),
        first: list(entries, is_reduced, |entry| Number(entry.first.value)),
        last: list(entries, true, |entry| Number(entry.last.value)),
        min: list(entries, is_reduced, |entry| finite(entry, entry.min)),
        max: list(entries, is_reduced, |entry| finite(entry, entry.max)),
        mean: list(entries, is_reduced, Summary::mean),
        count: list(entries, is_reduced, |entry| entry.count),
        finite: list(entries, is_reduced && is_lossy, |entry| entry.finite),
    }
}

/// Steps, times and values are numbers and dates: nothing in them can be taken for a formula.
fn csv(points: &[Point], is_first: bool) -> String {
    let mut text = String::with_capacity(points.len() * 48);
    if is_first {
        text.push_str("step,time,value\r\n");
    }
    for point in points {
        let time = Time(Timestamp::from_millis(point.time_millis));
        let _ = match non_finite_word(point.value) {
            Some(word) => write!(text, "{},{time},{word}\r\n", point.step),
            None => write!(text, "{},{time},{:?}\r\n", point.step, point.value),
        };
    }
    text
}

/// `{"name": …, "points": [[step, milliseconds since 1970, value], …]}`, part by part.
fn json(name: &str, points: &[Point], is_first: bool, is_last: bool) -> String {
    let mut text = String::with_capacity(points.len() * 40);
    if is_first {
        let name = serde_json::Value::from(name);
        let _ = write!(text, "{{\"name\":{name},\"points\":[");
    }
    for (at, point) in points.iter().enumerate() {
        let comma = if is_first && at == 0 { "" } else { "," };
        let (step, time) = (point.step, point.time_millis);
        let _ = match non_finite_word(point.value) {
            Some(word) => write!(text, "{comma}[{step},{time},\"{word}\"]"),
            None => write!(text, "{comma}[{step},{time},{:?}]", point.value),
        };
    }
    if is_last {
        text.push_str("]}");
    }
    text
}

fn file_of(owner: Owner, name: &str, kind: &str) -> String {
    let whose = match owner {
        Owner::Run(_) => "run",
        Owner::Worker(_) => "worker",
    };
    format!("{whose}-{owner}-{}.{kind}", file_name(name))
}

/// A name that every file system takes.
fn file_name(name: &str) -> String {
    let plain = |char: char| {
        if char.is_ascii_alphanumeric() || "._-".contains(char) {
            char
        } else {
            '_'
        }
    };
    name.chars().map(plain).take(80).collect()
}

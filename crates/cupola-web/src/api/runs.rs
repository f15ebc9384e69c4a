//! Runs, their logs and their curves.

mod reduce;

use axum::{
    Json,
    body::{Body as AnswerBody, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use cupola_domain::{access::Role, field::FieldError, ids::RunId};
use cupola_hub::HubError;
use cupola_protocol::{
    number::Number,
    paths::api,
    runs::{LogBody, RunBody, RunDetail, SeriesBody},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

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

/// Lines of a log's end that may be asked for.
const LINES_MAX: usize = 10_000;

pub(super) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(api::RUN, viewer, show)
        .post(api::RUN_CANCELLATION, researcher, cancel)
        .post(api::RUN_RETRY, researcher, retry)
        .get(api::RUN_LOG, viewer, log)
        .get(api::RUN_LOG_RAW, viewer, log_raw)
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
    _: Researcher,
    Id(id): Id<RunId>,
) -> Result<Json<RunBody>, ApiError> {
    let run = hub_call(&web, move |hub| hub.retry_run(id)).await?;
    Ok(Json(present::run(&run)))
}

/// Lines from cursor `after` on; without it, the last `limit` lines of those at the end.
async fn log(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Result<Json<LogBody>, ApiError> {
    let after = params.optional("after", 0..=i64::MAX);
    let limit = params.optional("limit", 1..=LINES_MAX);
    params.finish()?;
    let mut part = hub_call(&web, move |hub| hub.run_log(id, after)).await?;
    if let (None, Some(limit)) = (after, limit) {
        let dropped = part.lines.len().saturating_sub(limit);
        part.lines.drain(..dropped);
    }
    Ok(Json(present::log(part)))
}

/// The whole log as the program wrote it, a part at a time.
pub(crate) async fn log_raw(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
) -> Result<Response, ApiError> {
    let first = hub_call(&web, move |hub| hub.run_log_bytes(id, 0)).await?;
    let (parts, stream) = mpsc::channel::<Result<Bytes, HubError>>(1);
    tokio::spawn(async move {
        let (mut bytes, mut next) = first;
        while !bytes.is_empty() {
            if parts.send(Ok(bytes.into())).await.is_err() {
                return;
            }
            match hub_call(&web, move |hub| hub.run_log_bytes(id, next)).await {
                Ok(more) => (bytes, next) = more,
                // The answer breaks off, so that nobody takes it for whole.
                Err(error) => {
                    let _ = parts.send(Err(error)).await;
                    return;
                }
            }
        }
    });
    let mut response = AnswerBody::from_stream(ReceiverStream::new(stream)).into_response();
    let name = format!("attachment; filename=\"run-{id}.log\"");
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, text);
    let sandbox = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, sandbox);
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// The points of `name` from cursor `after` on; with `width`, about as many as fit.
pub(crate) async fn series(
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

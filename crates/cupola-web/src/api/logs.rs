//! Logs of runs: lines from anywhere, how many match, and the bytes as they are.

use axum::{Json, extract::State, response::Response};
use cupola_domain::{
    access::Role,
    field::FieldError,
    ids::RunId,
    log::{ENTRIES, Level},
};
use cupola_hub::logs::{From, Line, LogPart, LogQuery};
use cupola_protocol::{
    logs::{LevelsBody, LogBody, LogEntry, LogLine, LogMatches, LogsBody},
    paths::api,
};
use serde_json::Value;

use super::{
    download::{as_download, streamed},
    present::unsigned,
};
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
};

/// Lines of one answer.
const LINES_MAX: usize = 10_000;

/// Lines of one answer unless somebody says otherwise.
const LINES: usize = 1_000;

/// Longer searches find nothing that shorter ones do not.
const TEXT_CHARS_MAX: usize = 200;

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::RUN_LOG, viewer, log)
        .get(api::RUN_LOGS, viewer, logs)
        .get(api::RUN_LOG_MATCHES, viewer, matches)
        .get(api::RUN_LOG_RAW, viewer, raw)
}

/// Lines from cursor `after` on; without it, the last `limit` lines.
async fn log(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Result<Json<LogBody>, ApiError> {
    let after = params.optional("after", 0..=i64::MAX);
    let limit = params.optional("limit", 1..=LINES_MAX);
    params.finish()?;
    let query = match after {
        Some(after) => LogQuery {
            from: From::After(after),
            limit: LINES_MAX,
            ..LogQuery::default()
        },
        None => LogQuery {
            from: From::Last,
            limit: limit.unwrap_or(LINES),
            ..LogQuery::default()
        },
    };
    let part = hub_call(&web, move |hub| hub.run_log(id, query)).await?;
    Ok(Json(log_body(part)))
}

async fn logs(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Result<Json<LogsBody>, ApiError> {
    let limit = params.optional("limit", 0..=LINES_MAX).unwrap_or(LINES);
    let query = LogQuery {
        limit,
        ..query(&mut params)
    };
    params.finish()?;
    let part = hub_call(&web, move |hub| hub.run_log(id, query)).await?;
    Ok(Json(logs_body(part)))
}

/// How many lines behind `after` match, as far as one answer goes.
pub(crate) async fn matches(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Result<Json<LogMatches>, ApiError> {
    let after = params.optional("after", 0..=i64::MAX).unwrap_or(0);
    let LogQuery { level, text, .. } = query(&mut params);
    params.finish()?;
    let count = hub_call(&web, move |hub| hub.count_run_log(id, level, text, after)).await?;
    Ok(Json(LogMatches {
        matches: count.matches,
        to: count.to,
        end: count.is_end,
    }))
}

/// The log as the program wrote it: all of it, the lines that match, or one line.
pub(crate) async fn raw(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<RunId>,
    mut params: Params,
) -> Result<Response, ApiError> {
    let line = params.optional("line", 1..=i64::MAX);
    let LogQuery { level, text, .. } = query(&mut params);
    params.finish()?;
    let name = match line {
        Some(line) => format!("run-{id}-line-{line}.txt"),
        None => format!("run-{id}.log"),
    };
    let body = match line {
        Some(line) => {
            streamed(web, move |hub, at| {
                let (bytes, next) = hub.run_log_line(id, line, at.unwrap_or(-1))?;
                Ok(((!bytes.is_empty()).then_some(next), bytes))
            })
            .await
        }
        None if level > Level::Debug || !text.is_empty() => {
            streamed(web, move |hub, at| {
                let after = at.unwrap_or(0);
                let (bytes, to, is_end) = hub.run_log_matches(id, level, text.clone(), after)?;
                Ok(((!is_end).then_some(to), bytes))
            })
            .await
        }
        None => {
            streamed(web, move |hub, at| {
                let (bytes, next) = hub.run_log_bytes(id, at.unwrap_or(0))?;
                Ok(((!bytes.is_empty()).then_some(next), bytes))
            })
            .await
        }
    };
    Ok(as_download(body?, "text/plain; charset=utf-8", &name))
}

/// What `from`, `level` and `text` ask for.
pub(crate) fn query(params: &mut Params) -> LogQuery {
    let from = match params.text("from") {
        "" | "first" => Some(From::First),
        "last" => Some(From::Last),
        text => {
            let numbered = |text: &str| text.parse().ok().filter(|line: &i64| *line >= 0);
            match text.split_once(':') {
                Some(("after", line)) => numbered(line).map(From::After),
                Some(("before", line)) => numbered(line).map(From::Before),
                Some(_) => None,
                None => numbered(text).map(From::Line),
            }
        }
    };
    if from.is_none() {
        let message = format!(
            "is `{}`; say `first`, `last`, a line, `after:` or `before:` and a line",
            params.text("from")
        );
        params.refuse(FieldError::new("from", message));
    }
    let text = params.text("text").to_owned();
    if text.chars().count() > TEXT_CHARS_MAX {
        let message = format!("is longer than {TEXT_CHARS_MAX} characters");
        params.refuse(FieldError::new("text", message));
    }
    LogQuery {
        from: from.unwrap_or(From::First),
        level: params.parsed("level").unwrap_or_default(),
        text,
        ..LogQuery::default()
    }
}

fn log_body(part: LogPart) -> LogBody {
    let line = |line: Line| LogLine {
        number: unsigned(line.number),
        at: line.at.into(),
        text: match line.stream.as_str() {
            ENTRIES if line.fields.is_empty() => format!("[{}] {}", line.level, line.text),
            ENTRIES => {
                let (level, text) = (line.level, line.text);
                format!("[{level}] {text} {}", Value::Object(line.fields))
            }
            _ => line.text,
        },
        stream: line.stream,
    };
    LogBody {
        next: part.to,
        complete: part.is_complete(),
        lines_total: unsigned(part.levels.total()),
        bytes_omitted: unsigned(part.bytes_omitted),
        lines: part.lines.into_iter().map(line).collect(),
    }
}

fn logs_body(part: LogPart) -> LogsBody {
    let entry = |line: Line| LogEntry {
        number: unsigned(line.number),
        level: line.level.to_string(),
        at: line.at.into(),
        stream: line.stream,
        text: line.text,
        fields: line.fields,
        bytes: unsigned(line.bytes),
        cut: line.is_cut,
        omitted: unsigned(line.omitted),
    };
    LogsBody {
        from: part.from,
        to: part.to,
        start: part.is_start,
        end: part.is_end,
        complete: part.is_complete(),
        levels: LevelsBody {
            total: unsigned(part.levels.total()),
            debug: unsigned(part.levels.of(Level::Debug)),
            info: unsigned(part.levels.of(Level::Info)),
            warn: unsigned(part.levels.of(Level::Warn)),
            error: unsigned(part.levels.of(Level::Error)),
        },
        bytes_total: unsigned(part.bytes_total),
        bytes_omitted: unsigned(part.bytes_omitted),
        lines: part.lines.into_iter().map(entry).collect(),
    }
}

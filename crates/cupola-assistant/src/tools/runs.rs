//! Tools about runs: lists, details, logs, results, curves.

use cupola_domain::{field::FieldError, ids::RunId, log::Level, run::Run};
use cupola_hub::{
    charts::Shown,
    logs::{From as LogFrom, LogQuery},
    run_results::Sort,
    run_search::{
        Columns, RunSearch,
        filter::{Filter, Order},
    },
};
use serde_json::{Map, Value, json};

use super::{
    Desk, Refused,
    answer::{Found, all_given, given as given_value, said, some_time, time},
    arguments::{Count, Limit, Offset, arguments},
};

/// Characters of a result's value that are given.
const RESULT_CHARS_MAX: usize = 16_000;

/// Bytes of one line of a log that are given.
const LINE_BYTES_MAX: usize = 1_000;

arguments! {
    /// Which runs are listed.
    ListRuns {
        /// Only those of this experiment: its id or its name.
        experiment_id: Option<String>,
        /// What they must satisfy: `state = failed and params.lr < 0.01`.
        filter: Option<String>,
        /// By what they are sorted: `metrics.loss, created desc`.
        order: Option<String>,
        /// How many.
        limit: Limit,
        /// How many to pass over.
        offset: Offset,
    }
}

arguments! {
    /// One run.
    OfRun {
        /// The id of a run, the end of it that pages show, or `EXPERIMENT #TASK`.
        id: String,
    }
}

arguments! {
    /// Which lines of a log.
    RunLogs {
        /// The run.
        run_id: String,
        /// How many lines.
        limit: Count<1, 500, 100>,
        /// Only lines of this level and louder: `debug`, `info`, `warn` or `error`.
        level: Option<String>,
        /// Only lines with this text in them.
        text: Option<String>,
        /// The lines behind this one; 0 for the last lines.
        after: Count<0, 2_000_000_000, 0>,
    }
}

arguments! {
    /// Which results.
    ListResults {
        /// The run.
        run_id: String,
        /// How many.
        limit: Limit,
        /// How many to pass over.
        offset: Offset,
    }
}

arguments! {
    /// One result.
    ResultDetails {
        /// The run.
        run_id: String,
        /// The result's key.
        key: String,
    }
}

arguments! {
    /// Which curve.
    Curve {
        /// The run.
        run_id: String,
        /// The metric; the first of the run where nothing is said.
        metric: Option<String>,
        /// To how many columns it is reduced.
        columns: Count<2, 400, 60>,
    }
}

pub(super) fn list(desk: &Desk<'_>, given: &ListRuns) -> Result<Found, Refused> {
    let experiment = given
        .experiment_id
        .as_deref()
        .map(|called| desk.experiment(called))
        .transpose()?;
    let filter = Filter::parse(given.filter.as_deref().unwrap_or_default())
        .map_err(|error| wrong("filter", &error))?;
    let order = Order::parse(given.order.as_deref().unwrap_or_default())
        .map_err(|error| wrong("order", &error))?;
    let found = desk.hub.search_runs(RunSearch {
        experiments: experiment.into_iter().collect(),
        filter,
        order,
        columns: Columns::OfFirst(8, 6),
        limit: given.limit.0,
        offset: u64::from(given.offset.0),
    })?;
    let rows = found
        .runs
        .iter()
        .map(|one| {
            let params: Map<String, Value> = one
                .params
                .iter()
                .map(|(key, value)| (key.clone(), value.as_str().into()))
                .collect();
            let metrics: Map<String, Value> = one
                .metrics
                .iter()
                .map(|series| {
                    (
                        series.name.clone(),
                        series.last.map_or(Value::Null, |point| number(point.value)),
                    )
                })
                .collect();
            let mut row = row_of(&one.run);
            row["experiment"] = said(&one.experiment_name);
            row["task_number"] = one.task_number.into();
            row["parameters"] = all_given(&params);
            row["metrics"] = all_given(&metrics);
            row["cost"] = one.cost.map_or(Value::Null, |cost| cost.units().into());
            row
        })
        .collect();
    let found_more = found.has_more;
    Ok(Found::default()
        .rows("runs", rows, u64::from(given.offset.0), found.total)
        .more(found_more, "offset"))
}

pub(super) fn show(desk: &Desk<'_>, given: &OfRun) -> Result<Found, Refused> {
    let detail = desk.hub.run_detail(desk.run(&given.id)?)?;
    let run = &detail.run;
    let mut found = Found::default();
    if let Value::Object(row) = row_of(run) {
        for (name, value) in row {
            found = found.with(&name, value);
        }
    }
    let attempts: Vec<Value> = detail
        .attempts
        .iter()
        .map(|run| json!({"id": run.id.to_string(), "attempt": run.attempt, "status": run.state.word().as_str()}))
        .collect();
    let files: Vec<Value> = detail
        .artifacts
        .iter()
        .take(50)
        .map(|file| said(&file.name))
        .collect();
    let tags: Map<String, Value> = detail
        .tags
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect();
    let series: Vec<Value> = detail
        .series
        .iter()
        .take(100)
        .map(|name| said(name))
        .collect();
    let worker = run
        .worker
        .and_then(|id| detail.workers.get(&id))
        .map(|name| said(name));
    Ok(found
        .with("experiment_id", detail.experiment.id.to_string())
        .with("experiment", said(&detail.experiment.name))
        .with("task_number", detail.task.number)
        .with("reason", said(&detail.task.reason_of(run)))
        .with("configuration", all_given(&detail.task.config))
        .with("seed", detail.task.seed)
        .with("template", detail.template.as_str())
        .with("code_hash", run.code_hash.as_str())
        .with("results", all_given(&detail.results))
        .with("series", series)
        .with("tags", all_given(&tags))
        .with("files", files)
        .with("log_lines", detail.intake.log_levels.total())
        .with("attempts", attempts)
        .with_some("worker", worker)
        .with_some(
            "cost",
            detail
                .cost
                .and_then(|cost| cost.cost.money)
                .map(|money| json!({"amount": money.units(), "currency": detail.currency})),
        ))
}

pub(super) fn logs(desk: &Desk<'_>, given: &RunLogs) -> Result<Found, Refused> {
    let run = desk.run(&given.run_id)?;
    let level = match given.level.as_deref() {
        None => Level::Debug,
        Some(word) => word
            .parse::<Level>()
            .map_err(|message| wrong("level", &message))?,
    };
    let from = match given.after.0 {
        0 => LogFrom::Last,
        line => LogFrom::After(i64::from(line)),
    };
    let part = desk.hub.run_log(
        run,
        LogQuery {
            from,
            level,
            text: given.text.clone().unwrap_or_default(),
            limit: usize::try_from(given.limit.0).unwrap_or(usize::MAX),
            line_bytes: LINE_BYTES_MAX,
        },
    )?;
    let last = part.lines.last().map_or(part.to, |line| line.number);
    let lines = part
        .lines
        .iter()
        .map(|line| {
            json!({
                "number": line.number,
                "at": time(line.at),
                "level": line.level.as_str(),
                "stream": said(&line.stream),
                "text": said(&line.text),
                "is_cut": line.is_cut,
            })
        })
        .collect();
    let before = u64::try_from(last)
        .unwrap_or(0)
        .saturating_sub(part.lines.len() as u64);
    Ok(Found::default()
        .with("lines_total", part.levels.total())
        .with("is_over", part.is_over)
        .rows("lines", lines, before, None)
        .more(!part.is_end, "after"))
}

pub(super) fn results(desk: &Desk<'_>, given: &ListResults) -> Result<Found, Refused> {
    let run = desk.run(&given.run_id)?;
    let (heads, total) = desk.hub.run_results(
        run,
        (Sort::Key, false),
        given.limit.0,
        u64::from(given.offset.0),
    )?;
    let small = desk.hub.run_detail(run)?.results;
    let rows = heads
        .iter()
        .map(|head| {
            json!({
                "key": said(&head.key),
                "at": time(head.at),
                "bytes": head.bytes,
                "value": small.get(&head.key).map(given_value),
            })
        })
        .collect();
    Ok(Found::default().rows("results", rows, u64::from(given.offset.0), Some(total)))
}

pub(super) fn result(desk: &Desk<'_>, given: &ResultDetails) -> Result<Found, Refused> {
    let run = desk.run(&given.run_id)?;
    let (text, at) = desk.hub.run_result(run, &given.key)?;
    let found = Found::default()
        .with("key", said(&given.key))
        .with("at", time(at))
        .with("bytes", text.len());
    let value = serde_json::from_str::<Value>(&text)
        .ok()
        .filter(|_| text.len() <= RESULT_CHARS_MAX);
    if let Some(value) = value {
        return Ok(found.with("value", json!({"data": value})));
    }
    let beginning: String = text.chars().take(RESULT_CHARS_MAX / 2).collect();
    let rest = format!(
        "only its beginning; the whole is at {}/result.json",
        crate::links::run(run)
    );
    Ok(found
        .with("beginning", json!({"data": beginning}))
        .with("rest", rest))
}

pub(super) fn curve(desk: &Desk<'_>, given: &Curve) -> Result<Found, Refused> {
    let run = desk.run(&given.run_id)?;
    let metric = match &given.metric {
        Some(metric) => metric.clone(),
        None => first_metric(desk, run)?,
    };
    let shown = Shown {
        columns: given.columns.0,
        ..Shown::default()
    };
    let charts = desk
        .hub
        .run_charts(run, vec![(metric.clone(), None)], shown)?;
    let chart = charts.charts.into_iter().next();
    let chart = chart.ok_or_else(|| {
        cupola_hub::HubError::not_found("series", cupola_domain::text::excerpt(&metric))
    })?;
    let points: Vec<Value> = chart
        .entries
        .iter()
        .map(|entry| {
            json!({
                "step": entry.last.step,
                "value": number(entry.last.value),
                "min": number(entry.min),
                "max": number(entry.max),
                "count": entry.count,
            })
        })
        .collect();
    let total = points.len() as u64;
    Ok(Found::default()
        .with("metric", said(&metric))
        .with("points_total", chart.series.points)
        .with("is_reduced", chart.is_reduced)
        .with("restarts", chart.series.restarts)
        .rows("points", points, 0, Some(total)))
}

/// The objective where the run measured it over its steps, else what it measured first.
fn first_metric(desk: &Desk<'_>, run: RunId) -> Result<String, Refused> {
    let detail = desk.hub.run_detail(run)?;
    let objective = detail
        .experiment
        .objective
        .map(|objective| objective.metric);
    let own = objective.filter(|metric| detail.series.contains(metric));
    let any = own.or_else(|| detail.series.first().cloned());
    Ok(any.ok_or_else(|| cupola_hub::HubError::not_found("series", "any"))?)
}

/// What is said of a run wherever it is said.
pub(super) fn row_of(run: &Run) -> Value {
    json!({
        "id": run.id.to_string(),
        "name": said(&run.name),
        "status": run.state.word().as_str(),
        "attempt": run.attempt,
        "created_at": time(run.created_at),
        "started_at": some_time(run.started_at),
        "finished_at": some_time(run.finished_at),
        "link": crate::links::run(run.id),
    })
}

/// A number, or the word for one that JSON does not have.
pub(super) fn number(value: f64) -> Value {
    cupola_domain::metric::number_json(value)
}

fn wrong(field: &str, message: &impl ToString) -> Refused {
    Refused::Arguments(vec![FieldError::new(field, message.to_string())])
}

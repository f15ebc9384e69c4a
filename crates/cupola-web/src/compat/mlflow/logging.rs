//! What clients log to runs: each request is one transaction, taken whole or not at all.

mod batch;
mod inputs;

use axum::{Json, extract::State};
use cupola_domain::{ids::RunId, metric::Point, model::LoggedModelMetric, time::Timestamp};
use cupola_hub::{HubError, logged::LoggedBatch};
use serde::Deserialize;

use super::{
    Error, PROGRAM_WRITES,
    body::{Body, Double, Long, Text, required},
    experiments::Tag,
    names,
    places::logged_model,
    wire::Done,
};
use crate::{
    auth::{Client, ClientResearcher},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

/// A request names so many models at most.
pub(super) const MODELS_MAX: usize = 1_000;

/// Bytes of what some data is called.
const DATASET_NAME_BYTES_MAX: usize = 500;

/// Bytes of what tells data of one name apart.
const DATASET_DIGEST_BYTES_MAX: usize = 36;

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/api/2.0/mlflow/runs/log-metric", PROGRAM_WRITES, metric)
        .post("/api/2.0/mlflow/runs/log-batch", PROGRAM_WRITES, batch::log)
        .post("/api/2.0/mlflow/runs/log-parameter", PROGRAM_WRITES, param)
        .post("/api/2.0/mlflow/runs/set-tag", PROGRAM_WRITES, set_tag)
        .post(
            "/api/2.0/mlflow/runs/delete-tag",
            PROGRAM_WRITES,
            delete_tag,
        )
        .post_up_to(
            inputs::BYTES_MAX,
            "/api/2.0/mlflow/runs/log-inputs",
            PROGRAM_WRITES,
            inputs::log,
        )
}

/// The one route that takes batches, of which nothing is kept.
pub(super) fn dropping_routes() -> Routes {
    let path = "/api/2.0/mlflow/runs/log-batch";
    Routes::new().post(path, PROGRAM_WRITES, batch::dropped)
}

/// Which run a request is about. Old clients say `run_uuid`.
pub(super) fn run_of(
    run_id: Option<Text<'_>>,
    run_uuid: Option<Text<'_>>,
    who: &Client,
) -> Result<RunId, Error> {
    let id = required(run_id.or(run_uuid), "run_id")?;
    parse_run(&id, who)
}

/// The same, asked for in an address.
pub(super) fn run_in(params: &Params, who: &Client) -> Result<RunId, Error> {
    let id = match params.text("run_id") {
        "" => params.text("run_uuid"),
        id => id,
    };
    if id.is_empty() {
        return Err(Error::missing("run_id"));
    }
    parse_run(id, who)
}

/// A run of which its id is known, unless it is another one's.
pub(super) fn parse_run(id: &str, who: &Client) -> Result<RunId, Error> {
    let run = id.parse().map_err(|_| Error::unknown("run", id))?;
    who.check_run(run)?;
    Ok(run)
}

/// A point as clients say it. One that comes alone says of which run it is.
#[derive(Debug, Deserialize)]
struct Metric<'a> {
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    run_uuid: Option<Text<'a>>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    value: Option<Double>,
    timestamp: Option<Long>,
    step: Option<Long>,
    #[serde(borrow)]
    model_id: Option<Text<'a>>,
    #[serde(borrow)]
    dataset_name: Option<Text<'a>>,
    #[serde(borrow)]
    dataset_digest: Option<Text<'a>>,
}

impl Metric<'_> {
    /// The point, checked; `place` is where it stands in the body.
    fn point(&self, place: impl Fn(&str) -> String) -> Result<(&str, Point), Error> {
        let missing = |field: &str| Error::missing(&place(field));
        let key: &str = self.key.as_deref().unwrap_or_default();
        if !names::is_key(key) {
            names::check_key(key, &place("key"))?;
        }
        let value = self.value.ok_or_else(|| missing("value"))?.0;
        let timestamp = self.timestamp.ok_or_else(|| missing("timestamp"))?.0;
        if timestamp < 0 {
            let why = format!("{timestamp} is before 1970");
            return Err(Error::of_field(&place("timestamp"), why));
        }
        let point = Point {
            step: self.step.map_or(0, |step| step.0),
            time_millis: timestamp,
            value,
        };
        Ok((key, point))
    }

    /// What is measured of a model, if the point is about one.
    fn measured(
        &self,
        run: RunId,
        point: &Point,
        place: impl Fn(&str) -> String,
    ) -> Result<Option<LoggedModelMetric>, Error> {
        let id = self.model_id.as_deref().unwrap_or_default();
        if id.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            let why = format!("'{id}' is no id of a logged model");
            Error::of_field(&place("model_id"), why)
        };
        let text = |text: &Option<Text<'_>>, name: &str, max: usize| {
            let text = text.as_deref().unwrap_or_default();
            names::check_length(text, &place(name), max)?;
            Ok::<_, Error>(text.to_owned())
        };
        Ok(Some(LoggedModelMetric {
            model: logged_model(id).ok_or_else(wrong)?,
            key: self.key.as_deref().unwrap_or_default().to_owned(),
            value: point.value,
            at: Timestamp::from_millis(point.time_millis),
            step: point.step,
            run,
            dataset_name: text(&self.dataset_name, "dataset_name", DATASET_NAME_BYTES_MAX)?,
            dataset_digest: text(
                &self.dataset_digest,
                "dataset_digest",
                DATASET_DIGEST_BYTES_MAX,
            )?,
        }))
    }
}

/// Takes all that a request says.
pub(super) async fn take(web: &Web, run: RunId, batch: LoggedBatch) -> Result<Json<Done>, Error> {
    hub_call(web, move |hub| hub.log_to_run(run, batch)).await?;
    Ok(Json(Done {}))
}

async fn metric(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let mut said: Metric<'_> = body.read()?;
    let run = run_of(said.run_id.take(), said.run_uuid.take(), &who)?;
    let (key, point) = said.point(str::to_owned)?;
    let measured = said.measured(run, &point, str::to_owned)?;
    let batch = LoggedBatch {
        points: vec![(key.to_owned(), vec![point])],
        measured: measured.into_iter().collect(),
        is_of_program: who.program().is_some(),
        ..LoggedBatch::default()
    };
    take(&web, run, batch).await
}

/// A key with a value, of a run.
#[derive(Debug, Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    run_uuid: Option<Text<'a>>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
}

impl Said<'_> {
    fn read(
        self,
        who: &Client,
        check: fn(&str, &str) -> Result<(), Error>,
    ) -> Result<(RunId, (String, String)), Error> {
        let run = run_of(self.run_id, self.run_uuid, who)?;
        let pair = Tag::new(self.key, self.value).pair("", check)?;
        Ok((run, pair))
    }
}

async fn param(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let asked: Said<'_> = body.read()?;
    let (run, param) = asked.read(&who, names::check_param)?;
    let batch = LoggedBatch {
        params: vec![param],
        ..LoggedBatch::default()
    };
    take(&web, run, batch).await
}

async fn set_tag(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let asked: Said<'_> = body.read()?;
    let (run, tag) = asked.read(&who, names::check_tag)?;
    let batch = LoggedBatch {
        tags: vec![tag],
        ..LoggedBatch::default()
    };
    take(&web, run, batch).await
}

async fn delete_tag(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let asked: Said<'_> = body.read()?;
    let run = run_of(asked.run_id, asked.run_uuid, &who)?;
    let key = required(asked.key, "key")?.into_owned();
    let gone = hub_call(&web, move |hub| -> Result<(), HubError> {
        hub.untag_run(run, &key)
    });
    gone.await?;
    Ok(Json(Done {}))
}

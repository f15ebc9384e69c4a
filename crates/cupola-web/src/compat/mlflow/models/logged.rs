//! `logged-models/*` and `runs/outputs`: models that clients log, registered or not.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::request::Parts,
};
use cupola_domain::{
    artifact::Keeper,
    ids::{ExperimentId, LoggedModelId, RunId},
    model::{ModelRole, ModelUse, Readiness},
};
use cupola_hub::{
    Hub, HubError,
    logged::LoggedBatch,
    logged_models::{KnownLoggedModel, NewLoggedModel},
};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        Error, PROGRAM_READS, PROGRAM_WRITES,
        artifacts::{self, Listed},
        body::{Body, Long, Text, Word, required},
        experiments::{Tag, meant},
        few::Search,
        filter::parse_field,
        logging::{MODELS_MAX, run_of, take},
        names,
        order::ORDERS_MAX,
        pages::{Page, text},
        places::{self, check_path},
        wire::Done,
    },
    found::{LookedAt, Looking, OnData},
    owned, pairs, wire,
};
use crate::{
    auth::{Client, ClientResearcher, ClientViewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

/// A page has so many models unless the client says otherwise.
const RESULTS: i64 = 100;

/// A search names so much data at most.
const DATASETS_MAX: usize = 100;

/// A name may not have these: it stands in addresses and filters.
const NOT_IN_NAMES: [char; 6] = ['/', ':', '.', '%', '"', '\''];

pub(super) fn routes() -> Routes {
    const ONE: &str = "/api/2.0/mlflow/logged-models/{id}";
    const FILES: &str = "/api/2.0/mlflow/logged-models/{id}/artifacts/directories";
    const TAG: &str = "/api/2.0/mlflow/logged-models/{id}/tags/{key}";
    Routes::new()
        .post("/api/2.0/mlflow/logged-models", PROGRAM_WRITES, create)
        .post(
            "/api/2.0/mlflow/logged-models/search",
            PROGRAM_READS,
            search,
        )
        .get(ONE, PROGRAM_READS, show)
        .patch(ONE, PROGRAM_WRITES, finalize)
        .delete(ONE, PROGRAM_WRITES, delete)
        .patch(
            "/api/2.0/mlflow/logged-models/{id}/tags",
            PROGRAM_WRITES,
            set_tags,
        )
        .delete(TAG, PROGRAM_WRITES, delete_tag)
        .post(
            "/api/2.0/mlflow/logged-models/{id}/params",
            PROGRAM_WRITES,
            log_params,
        )
        .get(FILES, PROGRAM_READS, files)
        .post("/api/2.0/mlflow/runs/outputs", PROGRAM_WRITES, log_outputs)
}

/// The model that a path names, with what follows it.
struct Meant {
    id: LoggedModelId,
    key: String,
}

impl FromRequestParts<Web> for Meant {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let found = Path::<Vec<(String, String)>>::from_request_parts(parts, web).await;
        let Path(found) = found.map_err(|error| Error::of_field("model_id", error.body_text()))?;
        let mut values = found.into_iter().map(|(_, value)| value);
        let id = values.next().unwrap_or_default();
        Ok(Self {
            id: places::logged_model(&id).ok_or_else(|| Error::unknown("logged model", &id))?,
            key: values.next().unwrap_or_default(),
        })
    }
}

impl Meant {
    /// Refuses a program that names a model which its run did not make.
    fn check(&self, hub: &Hub, client: &Client) -> Result<(), HubError> {
        artifacts::check_program(hub, client, Keeper::LoggedModel(self.id))
    }
}

/// What is said of a model, in any of the calls.
#[derive(Debug, Default, Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    experiment_id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    model_type: Option<Text<'a>>,
    #[serde(borrow)]
    source_run_id: Option<Text<'a>>,
    status: Option<Word>,
    #[serde(borrow)]
    params: Option<Vec<Tag<'a>>>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
}

#[derive(Debug, Serialize)]
struct One {
    model: wire::LoggedModel,
}

fn one(known: KnownLoggedModel) -> Json<One> {
    Json(One {
        model: known.into(),
    })
}

async fn create(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    body: Body,
) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let experiment = required(said.experiment_id, "experiment_id")?.into_owned();
    let name = owned(said.name);
    if name.contains(NOT_IN_NAMES) {
        let why = "a name has none of `/`, `:`, `.`, `%` and quotes";
        return Err(Error::of_field("name", format_args!("'{name}': {why}")));
    }
    let run = match said.source_run_id.as_deref().unwrap_or_default() {
        "" => client.program().map(|program| program.run),
        id => Some(id.parse::<RunId>().map_err(|_| Error::unknown("run", id))?),
    };
    let (kind, params, tags) = (owned(said.model_type), pairs(said.params), pairs(said.tags));
    let made = hub_call(&web, move |hub| {
        client.check_model(run)?;
        hub.open_logged_model(NewLoggedModel {
            experiment: meant(hub, &experiment, &client)?,
            name: if name.is_empty() {
                "model".to_owned()
            } else {
                name
            },
            kind,
            run,
            params,
            tags,
        })
    });
    Ok(one(made.await?))
}

async fn show(
    State(web): State<Web>,
    ClientViewer(client): ClientViewer,
    meant: Meant,
) -> Result<Json<One>, Error> {
    let found = hub_call(&web, move |hub| {
        meant.check(hub, &client)?;
        hub.find_logged_model(meant.id)
    });
    Ok(one(found.await?))
}

/// A client says whether the files of a model came.
async fn finalize(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    meant: Meant,
    body: Body,
) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let status = status_of(said.status.as_deref().unwrap_or_default())?;
    let closed = hub_call(&web, move |hub| {
        meant.check(hub, &client)?;
        hub.close_logged_model(meant.id, status)
    });
    Ok(one(closed.await?))
}

fn status_of(word: &str) -> Result<Readiness, Error> {
    match word {
        "" => Err(Error::missing("status")),
        "LOGGED_MODEL_PENDING" | "1" => Ok(Readiness::Pending),
        "LOGGED_MODEL_READY" | "2" => Ok(Readiness::Ready),
        "LOGGED_MODEL_UPLOAD_FAILED" | "3" => Ok(Readiness::Failed),
        other => Err(Error::of_field(
            "status",
            format_args!("'{other}' is not the status of a logged model"),
        )),
    }
}

async fn delete(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    meant: Meant,
) -> Result<Json<Done>, Error> {
    hub_call(&web, move |hub| {
        meant.check(hub, &client)?;
        hub.delete_logged_model(meant.id)
    })
    .await?;
    Ok(Json(Done {}))
}

async fn set_tags(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    meant: Meant,
    body: Body,
) -> Result<Json<One>, Error> {
    let tags = pairs(body.read::<Said<'_>>()?.tags);
    let tagged = hub_call(&web, move |hub| {
        meant.check(hub, &client)?;
        hub.tag_logged_model(meant.id, tags)
    });
    Ok(one(tagged.await?))
}

async fn delete_tag(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    meant: Meant,
) -> Result<Json<Done>, Error> {
    hub_call(&web, move |hub| {
        meant.check(hub, &client)?;
        hub.untag_logged_model(meant.id, &meant.key)
    })
    .await?;
    Ok(Json(Done {}))
}

async fn log_params(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    meant: Meant,
    body: Body,
) -> Result<Json<Done>, Error> {
    let params = pairs(body.read::<Said<'_>>()?.params);
    hub_call(&web, move |hub| {
        meant.check(hub, &client)?;
        hub.log_to_model(meant.id, params)
    })
    .await?;
    Ok(Json(Done {}))
}

/// What lies directly in a folder of a model; paths in the answer begin at the model.
async fn files(
    State(web): State<Web>,
    ClientViewer(client): ClientViewer,
    meant: Meant,
    params: Params,
) -> Result<Json<Listed>, Error> {
    let folder = params
        .text("artifact_directory_path")
        .trim_end_matches('/')
        .to_owned();
    check_path(&folder, "artifact_directory_path")?;
    let found = hub_call(&web, move |hub| {
        meant.check(hub, &client)?;
        let kept = hub.list_artifacts(Keeper::LoggedModel(meant.id))?;
        Ok::<_, HubError>((hub.find_logged_model(meant.id)?, kept))
    });
    let (known, kept) = found.await?;
    let root = places::of_logged_model(&known.model);
    Ok(Json(Listed::below(root, &kept, &folder)))
}

#[derive(Debug, Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    experiment_ids: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    filter: Option<Text<'a>>,
    #[serde(borrow)]
    datasets: Option<Vec<Data<'a>>>,
    max_results: Option<Long>,
    #[serde(borrow)]
    order_by: Option<Vec<OrderBy<'a>>>,
    #[serde(borrow)]
    page_token: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct OrderBy<'a> {
    #[serde(borrow)]
    field_name: Option<Text<'a>>,
    ascending: Option<bool>,
    #[serde(borrow)]
    dataset_name: Option<Text<'a>>,
    #[serde(borrow)]
    dataset_digest: Option<Text<'a>>,
}

/// Data on which something was measured.
#[derive(Debug, Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    dataset_name: Option<Text<'a>>,
    #[serde(borrow)]
    dataset_digest: Option<Text<'a>>,
}

fn on_data(name: Option<Text<'_>>, digest: Option<Text<'_>>) -> OnData {
    let said = |text: Option<Text<'_>>| Some(owned(text)).filter(|text| !text.is_empty());
    OnData {
        name: said(name),
        digest: said(digest),
    }
}

impl Asked<'_> {
    /// On which data the models are looked at.
    fn looking(&mut self) -> Result<Looking, Error> {
        let mut looking = Looking::default();
        let datasets = self.datasets.take().unwrap_or_default();
        names::check_count(datasets.len(), "datasets", DATASETS_MAX)?;
        for (at, data) in datasets.into_iter().enumerate() {
            let on = on_data(data.dataset_name, data.dataset_digest);
            if on.name.is_none() {
                return Err(Error::missing(&format!("datasets[{at}].dataset_name")));
            }
            looking.tested_on.push(on);
        }
        for order in self.order_by.iter_mut().flatten() {
            let on = on_data(order.dataset_name.take(), order.dataset_digest.take());
            let field = parse_field(order.field_name.as_deref().unwrap_or_default())?;
            looking.sorted_on.insert(field.key, on);
        }
        Ok(looking)
    }
}

#[derive(Debug, Serialize)]
struct Found {
    models: Vec<wire::LoggedModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

async fn search(
    State(web): State<Web>,
    ClientViewer(client): ClientViewer,
    body: Body,
) -> Result<Json<Found>, Error> {
    let mut asked: Asked<'_> = body.read()?;
    let orders = asked.order_by.as_deref().unwrap_or_default();
    names::check_count(orders.len(), "order_by", ORDERS_MAX)?;
    let orders: Vec<String> = orders.iter().map(order_text).collect::<Result<_, _>>()?;
    let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
    let results = asked.max_results.map_or(RESULTS, |results| results.0);
    let page = Page::parse(Some(results), text(asked.page_token.as_ref()))?;
    let filter = text(asked.filter.as_ref()).unwrap_or_default();
    let search = Search::of::<LookedAt<'_>>(filter, &orders, page)?;
    let looking = asked.looking()?;
    let named = asked.experiment_ids.unwrap_or_default().into_iter();
    let named: BTreeSet<String> = named.map(Text::into_owned).collect();
    let found = hub_call(&web, move |hub| {
        let ids = named.iter().map(|id| meant(hub, id, &client));
        let ids: BTreeSet<ExperimentId> = ids.collect::<Result<_, _>>()?;
        let mut found = hub.list_logged_models(ids.into_iter().collect())?;
        found.retain(|known| client.check_model(known.model.run).is_ok());
        Ok::<_, HubError>(found)
    })
    .await?;
    // Where nothing was measured on the data that is named, a model is not meant.
    let is_meant = |known: &KnownLoggedModel| {
        looking.tested_on.is_empty() || known.metrics.iter().any(|said| looking.tests(said))
    };
    let found = found.into_iter().filter(is_meant);
    let by = &looking;
    let looked_at = found.map(|known| LookedAt { known, by });
    let (page, next_page_token) = search.run(looked_at.collect());
    Ok(Json(Found {
        models: page.into_iter().map(|one| one.known.into()).collect(),
        next_page_token,
    }))
}

fn order_text(order: &OrderBy<'_>) -> Result<String, Error> {
    let field = order.field_name.as_deref().unwrap_or_default();
    if field.is_empty() {
        return Err(Error::missing("order_by.field_name"));
    }
    let way = if order.ascending == Some(false) {
        "DESC"
    } else {
        "ASC"
    };
    Ok(format!("{field} {way}"))
}

#[derive(Debug, Deserialize)]
struct Outputs<'a> {
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    models: Option<Vec<Output<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    model_id: Option<Text<'a>>,
    step: Option<Long>,
}

/// The models that a run gave.
async fn log_outputs(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let said: Outputs<'_> = body.read()?;
    let run = run_of(said.run_id, None, &client)?;
    let outputs = said.models.unwrap_or_default();
    names::check_count(outputs.len(), "models", MODELS_MAX)?;
    let uses = outputs.into_iter().enumerate();
    let batch = LoggedBatch {
        uses: uses
            .map(|(at, output)| used(at, output))
            .collect::<Result<_, _>>()?,
        is_of_program: client.program().is_some(),
        ..LoggedBatch::default()
    };
    take(&web, run, batch).await
}

fn used(at: usize, output: Output<'_>) -> Result<ModelUse, Error> {
    let id = required(output.model_id, &format!("models[{at}].model_id"))?;
    Ok(ModelUse {
        model: places::logged_model(&id).ok_or_else(|| Error::unknown("logged model", &id))?,
        role: ModelRole::Output,
        step: output.step.map_or(0, |step| step.0),
    })
}

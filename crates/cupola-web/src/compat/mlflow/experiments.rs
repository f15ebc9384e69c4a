//! `experiments/*`.

mod search;

use axum::{Json, extract::State};
use cupola_domain::{access::Role, experiment::Origin, ids::ExperimentId};
use cupola_hub::{Hub, HubError};
use serde::{Deserialize, Serialize};

use super::{
    Error, PROGRAM_READS, PROGRAM_WRITES, READS, WRITES,
    body::{Body, Text, required},
    names,
    wire::{self, Done},
};
use crate::{
    auth::{Client, ClientResearcher, ClientViewer, Researcher},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

/// What clients call the experiment that they log to when they name none.
pub(super) const DEFAULT_ID: &str = "0";

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/api/2.0/mlflow/experiments/create", PROGRAM_WRITES, create)
        .get("/api/2.0/mlflow/experiments/get", PROGRAM_READS, get)
        .get(
            "/api/2.0/mlflow/experiments/get-by-name",
            PROGRAM_READS,
            get_by_name,
        )
        .post("/api/2.0/mlflow/experiments/search", READS, search::by_body)
        .get(
            "/api/2.0/mlflow/experiments/search",
            READS,
            search::by_query,
        )
        .post("/api/2.0/mlflow/experiments/update", WRITES, update)
        .post("/api/2.0/mlflow/experiments/delete", WRITES, delete)
        .post("/api/2.0/mlflow/experiments/restore", WRITES, restore)
        .post(
            "/api/2.0/mlflow/experiments/set-experiment-tag",
            WRITES,
            set_tag,
        )
        .post(
            "/api/2.0/mlflow/experiments/delete-experiment-tag",
            WRITES,
            delete_tag,
        )
}

/// A key and a value.
#[derive(Debug, Deserialize)]
pub(super) struct Tag<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
}

impl<'a> Tag<'a> {
    /// A key and a value, as they came.
    pub(super) fn new(key: Option<Text<'a>>, value: Option<Text<'a>>) -> Self {
        Self { key, value }
    }

    /// As they came.
    pub(super) fn into_parts(self) -> (Option<Text<'a>>, Option<Text<'a>>) {
        (self.key, self.value)
    }

    /// The pair, with names for what is wrong with it: `tags[3].key`.
    pub(super) fn pair(
        self,
        place: &str,
        check: fn(&str, &str) -> Result<(), Error>,
    ) -> Result<(String, String), Error> {
        let (key_field, value_field) = (place_of(place, "key"), place_of(place, "value"));
        let key = required(self.key, &key_field)?;
        let value = self.value.unwrap_or_default();
        names::check_key(&key, &key_field)?;
        check(&value, &value_field)?;
        Ok((key.into_owned(), value.into_owned()))
    }
}

fn place_of(place: &str, field: &str) -> String {
    match place {
        "" => field.to_owned(),
        place => format!("{place}.{field}"),
    }
}

/// The pairs of a list that is called `field`, each checked.
pub(super) fn pairs(
    tags: Option<Vec<Tag<'_>>>,
    field: &str,
    check: fn(&str, &str) -> Result<(), Error>,
) -> Result<Vec<(String, String)>, Error> {
    let tags = tags.unwrap_or_default().into_iter().enumerate();
    tags.map(|(at, tag)| tag.pair(&format!("{field}[{at}]"), check))
        .collect()
}

#[derive(Debug, Deserialize)]
struct Create<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    artifact_location: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
}

#[derive(Debug, Serialize)]
struct Created {
    experiment_id: String,
}

async fn create(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Created>, Error> {
    let asked: Create<'_> = body.read()?;
    let name = required(asked.name, "name")?.into_owned();
    names::check_experiment_name(&name, "name")?;
    let place = asked.artifact_location.unwrap_or_default();
    if !place.is_empty() && !place.starts_with("mlflow-artifacts:") {
        let why = "this hub keeps the files of its runs itself; leave it out";
        return Err(Error::of_field("artifact_location", why));
    }
    let tags = pairs(asked.tags, "tags", names::check_experiment_tag)?;
    let made = hub_call(&web, move |hub| {
        if let Some(own) = own(hub, &who)? {
            Ok(own)
        } else {
            let author = who.name();
            let made = hub.create_logged_experiment(&name, Origin::Mlflow, "mlflow", tags, &author);
            made.map(|made| made.id)
        }
    });
    Ok(Json(Created {
        experiment_id: made.await?.to_string(),
    }))
}

#[derive(Debug, Serialize)]
struct One {
    experiment: wire::Experiment,
}

async fn get(
    State(web): State<Web>,
    ClientViewer(who): ClientViewer,
    params: Params,
) -> Result<Json<One>, Error> {
    let id = params.text("experiment_id").to_owned();
    if id.is_empty() {
        return Err(Error::missing("experiment_id"));
    }
    let known = hub_call(&web, move |hub| {
        hub.known_experiment(meant(hub, &id, &who)?)
    });
    Ok(Json(One {
        experiment: known.await?.into(),
    }))
}

async fn get_by_name(
    State(web): State<Web>,
    ClientViewer(who): ClientViewer,
    params: Params,
) -> Result<Json<One>, Error> {
    let name = params.text("experiment_name").to_owned();
    if name.is_empty() {
        return Err(Error::missing("experiment_name"));
    }
    let asked = name.clone();
    let known = hub_call(&web, move |hub| match own(hub, &who)? {
        Some(own) => hub.known_experiment(own).map(Some),
        None => hub.known_experiment_called(&asked),
    })
    .await?;
    let known = known.ok_or_else(|| Error::unknown("experiment", &name))?;
    Ok(Json(One {
        experiment: known.into(),
    }))
}

#[derive(Debug, Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    experiment_id: Option<Text<'a>>,
    #[serde(borrow)]
    new_name: Option<Text<'a>>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
}

async fn update(
    State(web): State<Web>,
    Researcher(who): Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let asked: Change<'_> = body.read()?;
    let id = required(asked.experiment_id, "experiment_id")?.into_owned();
    let name = required(asked.new_name, "new_name")?.into_owned();
    names::check_experiment_name(&name, "new_name")?;
    let renamed = hub_call(&web, move |hub| {
        let id = resolve(hub, &id, Some(&who.name))?;
        hub.rename_logged_experiment(id, &name)
    });
    renamed.await?;
    Ok(Json(Done {}))
}

async fn delete(
    State(web): State<Web>,
    Researcher(who): Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let asked: Change<'_> = body.read()?;
    let change = Hub::remove_logged_experiment;
    change_of(&web, asked.experiment_id, who.name, change).await
}

async fn restore(
    State(web): State<Web>,
    Researcher(who): Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let asked: Change<'_> = body.read()?;
    let change = Hub::restore_logged_experiment;
    change_of(&web, asked.experiment_id, who.name, change).await
}

async fn set_tag(
    State(web): State<Web>,
    Researcher(who): Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let Change {
        experiment_id,
        key,
        value,
        ..
    } = body.read()?;
    let tag = Tag { key, value }.pair("", names::check_experiment_tag)?;
    let change = |hub: &Hub, id| hub.tag_logged_experiment(id, tag);
    change_of(&web, experiment_id, who.name, change).await
}

async fn delete_tag(
    State(web): State<Web>,
    Researcher(who): Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let asked: Change<'_> = body.read()?;
    let key = required(asked.key, "key")?.into_owned();
    let change = move |hub: &Hub, id| hub.untag_logged_experiment(id, &key);
    change_of(&web, asked.experiment_id, who.name, change).await
}

/// One change of an experiment.
async fn change_of(
    web: &Web,
    id: Option<Text<'_>>,
    author: String,
    change: impl FnOnce(&Hub, ExperimentId) -> Result<(), HubError> + Send + 'static,
) -> Result<Json<Done>, Error> {
    let id = required(id, "experiment_id")?.into_owned();
    let changed = hub_call(web, move |hub| {
        let id = resolve(hub, &id, Some(&author))?;
        change(hub, id)
    });
    changed.await?;
    Ok(Json(Done {}))
}

/// The experiment of a program's run: by whatever name or number it calls its experiment, it is this.
pub(super) fn own(hub: &Hub, who: &Client) -> Result<Option<ExperimentId>, HubError> {
    let run = who.program().map(|program| hub.known_run(program.run));
    Ok(run.transpose()?.map(|known| known.experiment))
}

/// The experiment that somebody means. A program means its own and reaches no other.
pub(super) fn meant(hub: &Hub, id: &str, who: &Client) -> Result<ExperimentId, HubError> {
    match (own(hub, who)?, who) {
        (Some(own), _) if id == DEFAULT_ID || own.to_string() == id => Ok(own),
        (Some(own), _) => Err(HubError::Forbidden(format!(
            "the token is for a run of experiment `{own}` and opens no other"
        ))),
        (None, Client::Person(person)) if person.role.includes(Role::Researcher) => {
            resolve(hub, id, Some(&person.name))
        }
        (None, _) => resolve(hub, id, None),
    }
}

/// The experiment that a client means. The one that clients log to when they name none is made for
/// `author` when it is not there yet.
pub(super) fn resolve(hub: &Hub, id: &str, author: Option<&str>) -> Result<ExperimentId, HubError> {
    let unknown = || HubError::not_found("experiment", id);
    match (id, author) {
        (DEFAULT_ID, Some(author)) => hub.default_experiment(author),
        (DEFAULT_ID, None) => {
            let known = hub.find_default_experiment()?.ok_or_else(unknown)?;
            Ok(known.experiment.id)
        }
        _ => id.parse().map_err(|_| unknown()),
    }
}

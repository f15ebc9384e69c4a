//! `registered-models/*`: the registry's models, their tags and their aliases.

mod found;
mod logged;
mod versions;
mod wire;

use axum::{Json, extract::State};
use cupola_domain::model::Stage;
use cupola_hub::{
    Hub, HubError,
    models::{KnownModel, KnownVersion, NewModel, VersionName},
};
use serde::{Deserialize, Serialize};

use super::{
    Error, PROGRAM_READS, PROGRAM_WRITES, READS, WRITES,
    body::{Body, Text, required},
    experiments::Tag,
    few::Search,
    pages::{Page, asked, number},
    wire::Done,
};
use crate::{
    auth::{ClientResearcher, ClientViewer, Researcher, Viewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

/// Models with this tag are prompts: lists leave them out unless they are asked for.
const IS_PROMPT: &str = "mlflow.prompt.is_prompt";

pub(super) fn routes() -> Routes {
    const LATEST: &str = "/api/2.0/mlflow/registered-models/get-latest-versions";
    const ALIAS: &str = "/api/2.0/mlflow/registered-models/alias";
    Routes::new()
        .post(
            "/api/2.0/mlflow/registered-models/create",
            PROGRAM_WRITES,
            create,
        )
        .get("/api/2.0/mlflow/registered-models/get", PROGRAM_READS, show)
        .post("/api/2.0/mlflow/registered-models/rename", WRITES, rename)
        .patch("/api/2.0/mlflow/registered-models/update", WRITES, update)
        .delete("/api/2.0/mlflow/registered-models/delete", WRITES, delete)
        .get("/api/2.0/mlflow/registered-models/search", READS, search)
        .post(LATEST, PROGRAM_READS, latest_by_body)
        .get(LATEST, PROGRAM_READS, latest_by_query)
        .post("/api/2.0/mlflow/registered-models/set-tag", WRITES, set_tag)
        .delete(
            "/api/2.0/mlflow/registered-models/delete-tag",
            WRITES,
            delete_tag,
        )
        .get(ALIAS, PROGRAM_READS, show_alias)
        .post(ALIAS, WRITES, set_alias)
        .delete(ALIAS, WRITES, delete_alias)
        .merge(versions::routes())
        .merge(logged::routes())
}

/// What is said of a model, in any of the calls.
#[derive(Debug, Default, Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    new_name: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(borrow)]
    alias: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
    #[serde(borrow)]
    stages: Option<Vec<Text<'a>>>,
}

/// The pairs of a list; what is wrong with them, the hub says.
fn pairs(tags: Option<Vec<Tag<'_>>>) -> Vec<(String, String)> {
    let tags = tags.unwrap_or_default().into_iter();
    let parts = tags.map(Tag::into_parts);
    parts
        .map(|(key, value)| (owned(key), owned(value)))
        .collect()
}

fn owned(text: Option<Text<'_>>) -> String {
    text.map(Text::into_owned).unwrap_or_default()
}

#[derive(Debug, Serialize)]
struct One {
    registered_model: wire::Model,
}

fn one(known: KnownModel) -> Json<One> {
    Json(One {
        registered_model: known.into(),
    })
}

async fn create(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    body: Body,
) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let new = NewModel {
        name: required(said.name, "name")?.into_owned(),
        description: owned(said.description),
        tags: pairs(said.tags),
    };
    let made = hub_call(&web, move |hub| hub.create_model(new, &client.name()));
    Ok(one(made.await?))
}

async fn show(State(web): State<Web>, _: ClientViewer, params: Params) -> Result<Json<One>, Error> {
    let name = asked(&params, "name")?;
    Ok(one(hub_call(&web, move |hub| hub.find_model(&name)).await?))
}

async fn rename(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    let new_name = required(said.new_name, "new_name")?.into_owned();
    let renamed = hub_call(&web, move |hub| hub.rename_model(&name, &new_name));
    Ok(one(renamed.await?))
}

async fn update(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    let description = owned(said.description);
    let updated = hub_call(&web, move |hub| hub.describe_model(&name, &description));
    Ok(one(updated.await?))
}

async fn delete(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    hub_call(&web, move |hub| hub.delete_model(&name)).await?;
    Ok(Json(Done {}))
}

#[derive(Debug, Serialize)]
struct Found {
    registered_models: Vec<wire::Model>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

async fn search(
    State(web): State<Web>,
    Viewer(_): Viewer,
    params: Params,
) -> Result<Json<Found>, Error> {
    let search = searched::<KnownModel>(&params)?;
    let mut found = hub_call(&web, Hub::list_models).await?;
    if !search.names_tag(IS_PROMPT) {
        found.retain(|known| !is_prompt(known.model.tags.get(IS_PROMPT)));
    }
    let (page, next_page_token) = search.run(found);
    Ok(Json(Found {
        registered_models: page.into_iter().map(Into::into).collect(),
        next_page_token,
    }))
}

fn searched<T: super::few::Searched>(params: &Params) -> Result<Search, Error> {
    let page = Page::parse(
        number(params, "max_results")?,
        Some(params.text("page_token")),
    )?;
    Search::of::<T>(params.text("filter"), &params.all("order_by"), page)
}

fn is_prompt(tag: Option<&String>) -> bool {
    tag.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

async fn latest_by_body(
    State(web): State<Web>,
    _: ClientViewer,
    body: Body,
) -> Result<Json<versions::Many>, Error> {
    let said: Said<'_> = body.read()?;
    let stages = said.stages.unwrap_or_default();
    let stages: Vec<&str> = stages.iter().map(|stage| &**stage).collect();
    let name = required(said.name, "name")?.into_owned();
    latest(&web, name, &stages).await
}

async fn latest_by_query(
    State(web): State<Web>,
    _: ClientViewer,
    params: Params,
) -> Result<Json<versions::Many>, Error> {
    let name = asked(&params, "name")?;
    latest(&web, name, &params.all("stages")).await
}

/// The newest version of each of these stages, or of every stage.
async fn latest(web: &Web, name: String, stages: &[&str]) -> Result<Json<versions::Many>, Error> {
    let stages: Vec<Stage> = stages
        .iter()
        .map(|stage| stage_of(stage))
        .collect::<Result<_, _>>()?;
    let known = hub_call(web, move |hub| hub.find_model(&name)).await?;
    let is_meant =
        |known: &KnownVersion| stages.is_empty() || stages.contains(&known.version.stage);
    let latest = known.latest.into_iter().filter(is_meant);
    Ok(Json(versions::Many::all(latest)))
}

fn stage_of(text: &str) -> Result<Stage, Error> {
    text.parse().map_err(|()| {
        let words = "Value must be one of None, Staging, Production, Archived";
        Error::invalid(format!("Invalid Model Version stage: {text}. {words}."))
    })
}

async fn set_tag(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    let (key, value) = (required(said.key, "key")?.into_owned(), owned(said.value));
    hub_call(&web, move |hub| hub.tag_model(&name, &key, &value)).await?;
    Ok(Json(Done {}))
}

async fn delete_tag(
    State(web): State<Web>,
    _: Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    let key = required(said.key, "key")?.into_owned();
    hub_call(&web, move |hub| hub.untag_model(&name, &key)).await?;
    Ok(Json(Done {}))
}

async fn show_alias(
    State(web): State<Web>,
    _: ClientViewer,
    params: Params,
) -> Result<Json<versions::One>, Error> {
    let (name, alias) = (asked(&params, "name")?, asked(&params, "alias")?);
    let wanted = VersionName::Alias(alias.clone());
    let found = hub_call(&web, move |hub| hub.find_model_version(&name, wanted)).await;
    match found {
        Ok(known) => Ok(Json(known.into())),
        // Clients know a model without this alias from one that is not there.
        Err(HubError::NotFound { kind: "alias", .. }) => Err(Error::invalid(format!(
            "Registered model alias {alias} not found."
        ))),
        Err(error) => Err(error.into()),
    }
}

async fn set_alias(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    let alias = required(said.alias, "alias")?.into_owned();
    let number = version_of(&required(said.version, "version")?)?;
    hub_call(&web, move |hub| {
        hub.alias_model_of_client(&name, &alias, number)
    })
    .await?;
    Ok(Json(Done {}))
}

async fn delete_alias(
    State(web): State<Web>,
    _: Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    let alias = required(said.alias, "alias")?.into_owned();
    hub_call(&web, move |hub| hub.unalias_model(&name, &alias)).await?;
    Ok(Json(Done {}))
}

/// The number of a version. What no version can have is none that is there.
fn version_of(text: &str) -> Result<u32, Error> {
    let wrong = |_| Error::of_field("version", format_args!("'{text}' is not an integer"));
    let number: i64 = text.trim().parse().map_err(wrong)?;
    Ok(u32::try_from(number).unwrap_or(0))
}

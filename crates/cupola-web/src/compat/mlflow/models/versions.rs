//! `model-versions/*`: versions of registered models.

use axum::{Json, extract::State};
use cupola_domain::{artifact::Keeper, ids::RunId};
use cupola_hub::{
    Hub, HubError,
    models::{KnownVersion, NewVersion, VersionName, VersionOrigin},
};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        Error, PROGRAM_READS, PROGRAM_WRITES, READS, WRITES,
        body::{Body, Text, required},
        experiments::Tag,
        pages::asked,
        places::{self, Place, check_path},
        wire::Done,
    },
    IS_PROMPT, is_prompt, owned, pairs, searched, stage_of, version_of, wire,
};
use crate::{
    auth::{ClientResearcher, ClientViewer, Researcher, Viewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    const GET_URI: &str = "/api/2.0/mlflow/model-versions/get-download-uri";
    Routes::new()
        .post(
            "/api/2.0/mlflow/model-versions/create",
            PROGRAM_WRITES,
            create,
        )
        .get("/api/2.0/mlflow/model-versions/get", PROGRAM_READS, show)
        .patch("/api/2.0/mlflow/model-versions/update", WRITES, update)
        .delete("/api/2.0/mlflow/model-versions/delete", WRITES, delete)
        .get("/api/2.0/mlflow/model-versions/search", READS, search)
        .post(
            "/api/2.0/mlflow/model-versions/transition-stage",
            WRITES,
            stage,
        )
        .get(GET_URI, PROGRAM_READS, download_uri)
        .post("/api/2.0/mlflow/model-versions/set-tag", WRITES, set_tag)
        .delete(
            "/api/2.0/mlflow/model-versions/delete-tag",
            WRITES,
            delete_tag,
        )
}

/// What is said of a version, in any of the calls.
#[derive(Debug, Default, Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    model_id: Option<Text<'a>>,
    #[serde(borrow)]
    run_link: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    stage: Option<Text<'a>>,
    archive_existing_versions: Option<bool>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
}

/// Which version is meant.
struct Meant {
    name: String,
    number: u32,
}

impl Meant {
    fn of(name: Option<Text<'_>>, version: Option<Text<'_>>) -> Result<Self, Error> {
        Ok(Self {
            name: required(name, "name")?.into_owned(),
            number: version_of(&required(version, "version")?)?,
        })
    }

    fn in_query(params: &Params) -> Result<Self, Error> {
        Ok(Self {
            name: asked(params, "name")?,
            number: version_of(&asked(params, "version")?)?,
        })
    }

    fn find(self, hub: &Hub) -> Result<KnownVersion, HubError> {
        hub.find_model_version(&self.name, VersionName::Number(self.number))
    }
}

#[derive(Debug, Serialize)]
pub(super) struct One {
    model_version: wire::Version,
}

impl From<KnownVersion> for One {
    fn from(known: KnownVersion) -> Self {
        Self {
            model_version: known.into(),
        }
    }
}

/// Some of them.
#[derive(Debug, Serialize)]
pub(super) struct Many {
    model_versions: Vec<wire::Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

impl Many {
    pub(super) fn all(versions: impl Iterator<Item = KnownVersion>) -> Self {
        Self {
            model_versions: versions.map(Into::into).collect(),
            next_page_token: None,
        }
    }
}

async fn create(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    body: Body,
) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let name = required(said.name, "name")?.into_owned();
    let source = required(said.source, "source")?.into_owned();
    let new = NewVersion {
        origin: origin_of(&source)?,
        source,
        run: optional(said.run_id, |id| id.parse().ok(), "run")?,
        logged: optional(said.model_id, places::logged_model, "logged model")?,
        only_of: client.program().map(|program| program.run),
        run_link: owned(said.run_link),
        description: owned(said.description),
        tags: pairs(said.tags),
    };
    let made = hub_call(&web, move |hub| {
        hub.create_model_version(&name, new, &client.name())
    });
    Ok(Json(made.await?.into()))
}

/// An id that may be left out; one that names nothing is refused.
fn optional<T>(
    text: Option<Text<'_>>,
    read: impl FnOnce(&str) -> Option<T>,
    kind: &str,
) -> Result<Option<T>, Error> {
    match text.as_deref().unwrap_or_default() {
        "" => Ok(None),
        id => read(id).map(Some).ok_or_else(|| Error::unknown(kind, id)),
    }
}

/// Where a version comes from, as its address says; from another store, which clients reach by themselves,
/// it has nothing.
fn origin_of(source: &str) -> Result<VersionOrigin, Error> {
    let wrong =
        |why: &str| Error::invalid(format!("Invalid model version source: '{source}' {why}."));
    if let Some(named) = source.strip_prefix("models:/") {
        return of_model(named).ok_or_else(|| wrong("names no model"));
    }
    if let Some(Place { keeper, name }) = Place::of_uri(source)? {
        return Ok(VersionOrigin::Files(keeper, vec![name]));
    }
    if let Some(path) = source.strip_prefix("runs:/") {
        let (run, name) = path.split_once('/').unwrap_or((path, ""));
        let run: RunId = run.parse().map_err(|_| Error::unknown("run", run))?;
        check_path(name, "source")?;
        return Ok(VersionOrigin::Files(
            Keeper::Run(run),
            vec![name.to_owned()],
        ));
    }
    match source.split_once(':') {
        Some((scheme, rest)) if rest.starts_with("//") && scheme != "file" => {
            Ok(VersionOrigin::Elsewhere)
        }
        _ => Err(wrong("is no address that others can reach")),
    }
}

fn of_model(named: &str) -> Option<VersionOrigin> {
    if let Some(id) = places::logged_model(named) {
        return Some(VersionOrigin::Files(Keeper::LoggedModel(id), Vec::new()));
    }
    let (name, version) = if let Some((name, alias)) = named.split_once('@') {
        (name, VersionName::Alias(alias.to_owned()))
    } else {
        let (name, number) = named.split_once('/')?;
        (name, VersionName::Number(number.parse().ok()?))
    };
    Some(VersionOrigin::Version(name.to_owned(), version))
}

async fn show(State(web): State<Web>, _: ClientViewer, params: Params) -> Result<Json<One>, Error> {
    let meant = Meant::in_query(&params)?;
    Ok(Json(hub_call(&web, |hub| meant.find(hub)).await?.into()))
}

async fn update(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let description = owned(said.description);
    let Meant { name, number } = Meant::of(said.name, said.version)?;
    let updated = hub_call(&web, move |hub| {
        hub.describe_model_version(&name, number, &description)
    });
    Ok(Json(updated.await?.into()))
}

async fn delete(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let Meant { name, number } = Meant::of(said.name, said.version)?;
    hub_call(&web, move |hub| hub.delete_model_version(&name, number)).await?;
    Ok(Json(Done {}))
}

async fn search(
    State(web): State<Web>,
    Viewer(_): Viewer,
    params: Params,
) -> Result<Json<Many>, Error> {
    let search = searched::<KnownVersion>(&params)?;
    let mut found = hub_call(&web, Hub::list_model_versions).await?;
    if !search.names_tag(IS_PROMPT) {
        found.retain(|known| !is_prompt(known.version.tags.get(IS_PROMPT)));
    }
    let (page, next_page_token) = search.run(found);
    Ok(Json(Many {
        next_page_token,
        ..Many::all(page.into_iter())
    }))
}

async fn stage(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<One>, Error> {
    let said: Said<'_> = body.read()?;
    let stage = stage_of(&required(said.stage, "stage")?)?;
    let is_alone = said.archive_existing_versions;
    let is_alone = is_alone.ok_or_else(|| Error::missing("archive_existing_versions"))?;
    let Meant { name, number } = Meant::of(said.name, said.version)?;
    let staged = hub_call(&web, move |hub| {
        hub.stage_model_version(&name, number, stage, is_alone)
    });
    Ok(Json(staged.await?.into()))
}

#[derive(Debug, Serialize)]
struct Uri {
    artifact_uri: String,
}

/// Where the version's own files are; where it has none, where it said that it comes from.
async fn download_uri(
    State(web): State<Web>,
    _: ClientViewer,
    params: Params,
) -> Result<Json<Uri>, Error> {
    let meant = Meant::in_query(&params)?;
    let found = hub_call(&web, |hub| {
        let known = meant.find(hub)?;
        let has_files = !hub.list_artifacts(known.keeper())?.is_empty();
        let logged = known.version.logged.filter(|_| !has_files);
        let logged = logged.and_then(|id| hub.find_logged_model(id).ok());
        Ok::<_, HubError>((known, has_files, logged))
    });
    let (known, has_files, logged) = found.await?;
    let artifact_uri = match logged {
        _ if has_files => places::of_version(&known),
        Some(logged) => places::of_logged_model(&logged.model),
        None => known.version.source,
    };
    Ok(Json(Uri { artifact_uri }))
}

async fn set_tag(State(web): State<Web>, _: Researcher, body: Body) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let (key, value) = (required(said.key, "key")?.into_owned(), owned(said.value));
    let Meant { name, number } = Meant::of(said.name, said.version)?;
    hub_call(&web, move |hub| {
        hub.tag_model_version(&name, number, &key, &value)
    })
    .await?;
    Ok(Json(Done {}))
}

async fn delete_tag(
    State(web): State<Web>,
    _: Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let said: Said<'_> = body.read()?;
    let key = required(said.key, "key")?.into_owned();
    let Meant { name, number } = Meant::of(said.name, said.version)?;
    hub_call(&web, move |hub| {
        hub.untag_model_version(&name, number, &key)
    })
    .await?;
    Ok(Json(Done {}))
}

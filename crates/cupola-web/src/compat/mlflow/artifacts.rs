//! `mlflow-artifacts/*` and `artifacts/list`: files, up and down in streams.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Body as Bytes,
    extract::{FromRequestParts, Path, State},
    http::{HeaderMap, header, request::Parts},
    response::Response,
};
use cupola_domain::{
    artifact::{Artifact, Keeper},
    ids::RunId,
};
use cupola_hub::{Hub, HubError};
use serde::Serialize;

use super::{
    Code, Error, PROGRAM_READS, PROGRAM_WRITES,
    places::{self, Place, check_path},
    wire::Done,
};
use crate::{
    api::{drain, receive, stream},
    auth::{Client, ClientResearcher, ClientViewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

/// Clients that hear this send the file whole; it must be said in exactly these words.
const NO_PARTS: &str = "Multipart upload is not supported for the current artifact repository";

/// Clients that hear this with the code fetch the file from here.
const NO_LINKS: &str =
    "Files of this hub are fetched from it; there are no other addresses of them.";

pub(super) fn routes() -> Routes {
    const ALL: &str = "/api/2.0/mlflow-artifacts/artifacts";
    const ONE: &str = "/api/2.0/mlflow-artifacts/artifacts/{*path}";
    Routes::new()
        .get("/api/2.0/mlflow/artifacts/list", PROGRAM_READS, of_run)
        .get(ALL, PROGRAM_READS, list)
        .get(ONE, PROGRAM_READS, download)
        .put(ONE, PROGRAM_WRITES, upload)
        .delete(ONE, PROGRAM_WRITES, delete)
        .post(
            "/api/2.0/mlflow-artifacts/mpu/create/{*path}",
            PROGRAM_WRITES,
            no_parts,
        )
        .post(
            "/api/2.0/mlflow-artifacts/mpu/complete/{*path}",
            PROGRAM_WRITES,
            no_parts,
        )
        .post(
            "/api/2.0/mlflow-artifacts/mpu/abort/{*path}",
            PROGRAM_WRITES,
            no_parts,
        )
        .get(
            "/api/2.0/mlflow-artifacts/presigned/{*path}",
            PROGRAM_READS,
            no_links,
        )
}

/// The place that an address of a file names.
impl FromRequestParts<Web> for Place {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Error> {
        let found = Path::<String>::from_request_parts(parts, web).await;
        let Path(path) = found.map_err(|error| Error::of_field("path", error.body_text()))?;
        Place::parse(&path)
    }
}

/// A file or a folder.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct FileInfo {
    path: String,
    is_dir: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
}

/// What lies in a folder.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    root_uri: Option<String>,
    files: Vec<FileInfo>,
}

impl Listed {
    /// What lies directly in a folder, with paths from the root on.
    pub(super) fn below(root_uri: String, kept: &[Artifact], folder: &str) -> Self {
        let mut files = children(kept, folder);
        if !folder.is_empty() {
            for file in &mut files {
                file.path = format!("{folder}/{}", file.path);
            }
        }
        Self {
            root_uri: Some(root_uri),
            files,
        }
    }
}

/// By the run and a path below it; paths in the answer begin at the run.
async fn of_run(
    State(web): State<Web>,
    ClientViewer(client): ClientViewer,
    params: Params,
) -> Result<Json<Listed>, Error> {
    let run = params.text("run_id");
    let run: RunId = match run {
        "" => return Err(Error::missing("run_id")),
        run => run.parse().map_err(|_| Error::unknown("run", run))?,
    };
    let folder = params.text("path").trim_end_matches('/').to_owned();
    check_path(&folder, "path")?;
    client.check_run(run)?;
    let (detail, kept) = hub_call(&web, move |hub| {
        Ok::<_, HubError>((hub.run_detail(run)?, hub.list_artifacts(run)?))
    })
    .await?;
    Ok(Json(Listed::below(
        places::of_run(&detail.run),
        &kept,
        &folder,
    )))
}

/// By the address of a folder; paths in the answer begin at that.
async fn list(
    State(web): State<Web>,
    ClientViewer(client): ClientViewer,
    params: Params,
) -> Result<Json<Listed>, Error> {
    let Place { keeper, name } = Place::parse(params.text("path"))?;
    let kept = hub_call(&web, move |hub| {
        check_program(hub, &client, keeper)?;
        hub.list_artifacts(keeper)
    });
    Ok(Json(Listed {
        root_uri: None,
        files: children(&kept.await?, &name),
    }))
}

async fn download(
    State(web): State<Web>,
    ClientViewer(client): ClientViewer,
    place: Place,
) -> Result<Response, Error> {
    let opened = hub_call(&web, move |hub| {
        check_program(hub, &client, place.keeper)?;
        hub.open_artifact(place.keeper, &place.name)
    });
    let (artifact, file) = opened.await?;
    Ok(stream(&artifact, file))
}

/// Takes a file, and answers once it is durable.
async fn upload(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    place: Place,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Done>, Error> {
    let length = headers.get(header::CONTENT_LENGTH);
    let size = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let mut bytes = body.into_data_stream();
    let begun = hub_call(&web, move |hub| {
        check_writer(hub, &client, place.keeper)?;
        hub.begin_logged_artifact(place.keeper, &place.name, size)
    });
    let kept = match begun.await {
        Ok(upload) => receive(&web, upload, &mut bytes).await,
        Err(error) => Err(error),
    };
    if kept.is_err() {
        drain(&mut bytes).await;
    }
    kept?;
    Ok(Json(Done {}))
}

async fn delete(
    State(web): State<Web>,
    ClientResearcher(client): ClientResearcher,
    place: Place,
) -> Result<Json<Done>, Error> {
    hub_call(&web, move |hub| {
        check_writer(hub, &client, place.keeper)?;
        hub.delete_artifacts(place.keeper, &place.name)
    })
    .await?;
    Ok(Json(Done {}))
}

async fn no_parts(_: ClientResearcher) -> Error {
    Error::new(Code::NotImplemented, NO_PARTS)
}

async fn no_links(_: ClientViewer) -> Error {
    Error::new(Code::NotImplemented, NO_LINKS)
}

/// A program reads what its run and its models keep, and what is registered.
pub(super) fn check_program(hub: &Hub, client: &Client, keeper: Keeper) -> Result<(), HubError> {
    match keeper {
        _ if client.program().is_none() => Ok(()),
        Keeper::Run(run) => client.check_run(run),
        Keeper::LoggedModel(id) => client.check_model(hub.find_logged_model(id)?.model.run),
        Keeper::ModelVersion(..) => Ok(()),
    }
}

/// It writes to its run and its models alone.
fn check_writer(hub: &Hub, client: &Client, keeper: Keeper) -> Result<(), HubError> {
    match keeper {
        Keeper::ModelVersion(..) => client.check_model(None),
        keeper => check_program(hub, client, keeper),
    }
}

/// What lies directly in a folder: files and folders, by name.
fn children(kept: &[Artifact], folder: &str) -> Vec<FileInfo> {
    let mut found: BTreeMap<(&str, bool), Option<u64>> = BTreeMap::new();
    for artifact in kept {
        let name = match folder {
            "" => Some(artifact.name.as_str()),
            folder => artifact
                .name
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/')),
        };
        match name.map(|name| name.split_once('/').unwrap_or((name, ""))) {
            None => {}
            Some((file, "")) => drop(found.insert((file, false), Some(artifact.size))),
            Some((folder, _)) => drop(found.insert((folder, true), None)),
        }
    }
    let info = |((path, is_dir), file_size): ((&str, bool), Option<u64>)| FileInfo {
        path: path.to_owned(),
        is_dir,
        file_size,
    };
    found.into_iter().map(info).collect()
}

#[cfg(test)]
mod tests {
    use cupola_domain::time::Timestamp;

    use super::*;

    fn check(names: &str, folder: &str, expected: &str) {
        let kept = names.split_whitespace().map(|name| Artifact {
            name: name.to_owned(),
            hash: String::new(),
            size: 3,
            kept_at: Timestamp::from_millis(0),
        });
        let kept: Vec<_> = kept.collect();
        let found = children(&kept, folder);
        let shown: Vec<_> = found
            .iter()
            .map(|info| match info.file_size {
                Some(size) => format!("{}:{size}", info.path),
                None => format!("{}/", info.path),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{names} in {folder}");
    }

    #[test]
    fn a_folder_shows_what_lies_directly_in_it() {
        let names = "a.txt b/c b/d/e bb/f";
        check(names, "", "a.txt:3 b/ bb/");
        check(names, "b", "c:3 d/");
        check(names, "b/d", "e:3");
        check(names, "a.txt", "");
        check(names, "nowhere", "");
        check("", "", "");
    }
}

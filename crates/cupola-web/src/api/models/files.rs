//! Files of models, down in streams.

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use cupola_domain::{
    artifact::{Artifact, Keeper},
    training::DataFile,
};
use cupola_formats::tar::{self, Entry};
use cupola_hub::{
    HubError,
    models::{KnownVersion, ModelDownload},
};
use tokio::{io::AsyncReadExt as _, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::version_of;
use crate::{
    api::artifacts::{self, attached, send_blocks},
    auth::Viewer,
    error::ApiError,
    state::{Web, hub_call},
};

/// The best that there is of a model: one file, or an archive of several.
pub(crate) async fn download(
    State(web): State<Web>,
    _: Viewer,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    match hub_call(&web, move |hub| hub.model_download(&name)).await? {
        ModelDownload::Data(data, file) => Ok(whole_file(&data, file)?),
        ModelDownload::Version(known, files) => match &files[..] {
            [one] => of_version(&web, known.keeper(), one.name.clone()).await,
            _ => Ok(archived(web, &known, files)),
        },
    }
}

/// Samples that lie in a folder.
pub(crate) async fn data(
    State(web): State<Web>,
    _: Viewer,
    Path((name, wanted)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let opened = hub_call(&web, move |hub| hub.open_model_data(&name, &wanted));
    let (data, file) = opened.await?;
    Ok(whole_file(&data, file)?)
}

/// One file of a version.
pub(crate) async fn file(
    State(web): State<Web>,
    _: Viewer,
    Path((name, version, wanted)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let keeper = hub_call(&web, move |hub| {
        let known = hub.find_model_version(&hub.model_name(&name)?, version_of(&version))?;
        Ok::<_, HubError>(known.keeper())
    });
    of_version(&web, keeper.await?, wanted).await
}

async fn of_version(web: &Web, keeper: Keeper, name: String) -> Result<Response, ApiError> {
    let opened = hub_call(web, move |hub| hub.open_artifact(keeper, &name));
    let (artifact, file) = opened.await?;
    Ok(artifacts::stream(&artifact, file))
}

/// All files of a version.
pub(crate) async fn archive(
    State(web): State<Web>,
    _: Viewer,
    Path((name, version)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let found = hub_call(&web, move |hub| {
        let known = hub.find_model_version(&hub.model_name(&name)?, version_of(&version))?;
        let files = hub.list_artifacts(known.keeper())?;
        Ok::<_, HubError>((known, files))
    });
    let (known, files) = found.await?;
    Ok(archived(web, &known, files))
}

/// A file of a folder, as long as it is now. One that shrinks meanwhile breaks off.
fn whole_file(data: &DataFile, file: std::fs::File) -> Result<Response, HubError> {
    let length = file.metadata().map(|found| found.len());
    let length = length.map_err(|error| HubError::Internal(error.into()))?;
    let (blocks, stream) = mpsc::channel(1);
    let file = tokio::fs::File::from_std(file).take(length);
    tokio::spawn(async move {
        send_blocks(file, &blocks).await;
    });
    Ok(answer(
        stream,
        length,
        &data.name,
        "application/octet-stream",
    ))
}

/// The files one behind the other, each read when its turn comes.
fn archived(web: Web, known: &KnownVersion, files: Vec<Artifact>) -> Response {
    let keeper = known.keeper();
    let name = format!("{}-v{}.tar", known.name, known.version.number);
    let length = files.iter().map(|file| entry(file).len()).sum::<u64>();
    let (blocks, stream) = mpsc::channel(1);
    tokio::spawn(async move {
        for artifact in files {
            if !send_file(&web, keeper, artifact, &blocks).await {
                return;
            }
        }
        let _ = blocks.send(Ok(Bytes::from_static(tar::END))).await;
    });
    let length = length + tar::END.len() as u64;
    answer(stream, length, &name, "application/x-tar")
}

fn entry(artifact: &Artifact) -> Entry<'_> {
    Entry {
        name: &artifact.name,
        size: artifact.size,
        changed_secs: u64::try_from(artifact.kept_at.millis() / 1_000).unwrap_or(0),
    }
}

type Blocks = mpsc::Sender<Result<Bytes, std::io::Error>>;

/// Says whether the next one may follow.
async fn send_file(web: &Web, keeper: Keeper, artifact: Artifact, blocks: &Blocks) -> bool {
    let name = artifact.name.clone();
    let opened = hub_call(web, move |hub| hub.open_artifact(keeper, &name)).await;
    let file = match opened {
        Ok((_, file)) => file,
        // The answer breaks off, so that nobody takes it for whole.
        Err(error) => {
            let _ = blocks.send(Err(std::io::Error::other(error))).await;
            return false;
        }
    };
    let entry = entry(&artifact);
    if blocks.send(Ok(entry.header().into())).await.is_err() {
        return false;
    }
    let file = tokio::fs::File::from_std(file).take(artifact.size);
    send_blocks(file, blocks).await
        && blocks
            .send(Ok(Bytes::from_static(entry.padding())))
            .await
            .is_ok()
}

fn answer(
    stream: mpsc::Receiver<Result<Bytes, std::io::Error>>,
    length: u64,
    name: &str,
    media_type: &'static str,
) -> Response {
    let mut response = Body::from_stream(ReceiverStream::new(stream)).into_response();
    let headers = response.headers_mut();
    attached(headers, name, length);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

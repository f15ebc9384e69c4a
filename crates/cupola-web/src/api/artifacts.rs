//! Files that runs keep, up and down in streams.

use axum::{
    Json,
    body::{Body as AnswerBody, BodyDataStream, Bytes},
    extract::{FromRequestParts, Path, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use cupola_domain::{
    access::Role,
    artifact::{ARTIFACTS_MAX, Artifact},
    field::FieldError,
    ids::{RunId, TokenId},
};
use cupola_hub::{
    Hub, HubError,
    artifacts::{NewArtifact, Upload},
};
use cupola_protocol::{
    artifacts::{ArtifactBody, ArtifactUpload},
    page::Page,
    paths::api,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::mpsc,
};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};

use super::work::lease_of;
use crate::{
    auth::{Access, Viewer, WorkerAuth},
    error::{ApiError, Refused},
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
};

/// Bytes of a file that are written or read together.
const BLOCK_BYTES: usize = 1 << 20;

/// Of a file that is refused so much is still read: whoever sends without listening would miss why.
const DRAINED_BYTES_MAX: usize = 64 << 20;

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(api::RUN_ARTIFACTS, viewer, index)
        .get(api::RUN_ARTIFACT, viewer, download)
        .put(api::RUN_ARTIFACT, Access::Worker, upload)
}

/// A file of a run in a path.
pub(crate) struct File {
    run: RunId,
    name: String,
}

impl FromRequestParts<Web> for File {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refused> {
        let found = Path::<(String, String)>::from_request_parts(parts, web).await;
        let Path((run, name)) = found.map_err(|_| HubError::not_found("artifact", "?"))?;
        let parsed = run.parse();
        Ok(Self {
            run: parsed.map_err(|_| HubError::not_found("run", run))?,
            name,
        })
    }
}

/// All of them: a run has few.
async fn index(
    State(web): State<Web>,
    _: Viewer,
    Id(run): Id<RunId>,
) -> Result<Json<Page<ArtifactBody>>, ApiError> {
    let found = hub_call(&web, move |hub| hub.list_artifacts(run)).await?;
    Ok(Json(Page {
        items: found.iter().map(Into::into).collect(),
        total: found.len() as u64,
        page: 1,
        per_page: u32::try_from(ARTIFACTS_MAX).unwrap_or(u32::MAX),
    }))
}

/// The bytes, a block at a time. Whatever they are, a browser keeps them and shows nothing.
pub(crate) async fn download(
    State(web): State<Web>,
    _: Viewer,
    wanted: File,
) -> Result<Response, ApiError> {
    let File { run, name } = wanted;
    let opened = hub_call(&web, move |hub| hub.open_artifact(run, &name));
    let (artifact, file) = opened.await?;
    Ok(stream(&artifact, file))
}

/// An answer with a file's bytes.
pub(crate) fn stream(artifact: &Artifact, file: std::fs::File) -> Response {
    let (blocks, stream) = mpsc::channel(1);
    tokio::spawn(async move {
        send_blocks(tokio::fs::File::from_std(file), &blocks).await;
    });
    let mut response = AnswerBody::from_stream(ReceiverStream::new(stream)).into_response();
    describe(response.headers_mut(), artifact);
    response
}

/// Takes a file from the worker that has the run, and answers once it is durable.
async fn upload(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    file: File,
    params: Params,
    body: AnswerBody,
) -> Result<Json<ArtifactBody>, ApiError> {
    let mut bytes = body.into_data_stream();
    let taken = take(&web, principal.token, file, params, &mut bytes).await;
    if taken.is_err() {
        drain(&mut bytes).await;
    }
    taken.map(|artifact| Json((&artifact).into()))
}

async fn take(
    web: &Web,
    token: TokenId,
    file: File,
    params: Params,
    bytes: &mut BodyDataStream,
) -> Result<Artifact, ApiError> {
    let said = said(params)?;
    let lease = lease_of(&said.worker_id, said.epoch)?;
    let wanted = NewArtifact {
        name: file.name,
        size: said.size_bytes,
        hash: said.sha256,
    };
    let begin = move |hub: &Hub| hub.begin_artifact(token, file.run, lease, wanted);
    let upload = hub_call(web, begin).await?;
    Ok(receive(web, upload, bytes).await?)
}

/// Writes what comes, and keeps it once it is there.
pub(crate) async fn receive(
    web: &Web,
    mut upload: Upload,
    bytes: &mut BodyDataStream,
) -> Result<Artifact, HubError> {
    let mut block = Vec::new();
    while let Some(chunk) = bytes.next().await {
        block.push(chunk.map_err(|_| broken_off())?);
        if block.iter().map(Bytes::len).sum::<usize>() >= BLOCK_BYTES {
            upload = written(web, upload, std::mem::take(&mut block)).await?;
        }
    }
    upload = written(web, upload, block).await?;
    hub_call(web, move |hub| hub.keep_artifact(upload)).await
}

fn said(mut params: Params) -> Result<ArtifactUpload, Refused> {
    let epoch = params.optional("epoch", 0..=i64::MAX);
    let size_bytes = params.optional("size_bytes", 0..=u64::MAX);
    for (name, is_missing) in [
        ("epoch", epoch.is_none()),
        ("size_bytes", size_bytes.is_none()),
    ] {
        if is_missing && params.text(name).is_empty() {
            params.refuse(FieldError::new(name, "is missing"));
        }
    }
    let said = ArtifactUpload {
        worker_id: params.text("worker_id").to_owned(),
        epoch: epoch.unwrap_or_default(),
        size_bytes: size_bytes.unwrap_or_default(),
        sha256: params.text("sha256").to_owned(),
    };
    params.finish()?;
    Ok(said)
}

async fn written(web: &Web, mut upload: Upload, block: Vec<Bytes>) -> Result<Upload, HubError> {
    hub_call(web, move |_| {
        block.iter().try_for_each(|chunk| upload.write(chunk))?;
        Ok(upload)
    })
    .await
}

fn broken_off() -> HubError {
    HubError::Unavailable("the file broke off".to_owned())
}

/// Reads on for a while what is refused.
pub(crate) async fn drain(bytes: &mut BodyDataStream) {
    let mut left = DRAINED_BYTES_MAX;
    while let Some(Ok(chunk)) = bytes.next().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            return;
        }
    }
}

/// Sends a file to its end; says whether it came so far.
pub(super) async fn send_blocks(
    mut file: impl AsyncRead + Unpin,
    blocks: &mpsc::Sender<Result<Bytes, std::io::Error>>,
) -> bool {
    loop {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        let read = file.read_buf(&mut block).await;
        let is_over = read.is_err();
        let block = match read {
            Ok(0) => return true,
            Ok(_) => Ok(block.into()),
            // The answer breaks off, so that nobody takes it for whole.
            Err(error) => Err(error),
        };
        if blocks.send(block).await.is_err() || is_over {
            return false;
        }
    }
}

fn describe(headers: &mut HeaderMap, artifact: &Artifact) {
    attached(headers, &artifact.name, artifact.size);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", artifact.hash)) {
        headers.insert(header::ETAG, tag);
    }
}

/// Bytes that are kept as a file, and never run as a page.
pub(super) fn attached(headers: &mut HeaderMap, name: &str, length: u64) {
    let bytes = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, bytes);
    headers.insert(header::CONTENT_LENGTH, length.into());
    let sandbox = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, sandbox);
    if let Ok(disposition) = HeaderValue::from_str(&disposition(name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
}

/// To be kept under the last part of its name, which any browser can read one of two ways.
fn disposition(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let plain: String = last
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let escaped = crate::ui::listing::escaped(last);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(disposition(name), format!("attachment; {expected}"));
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        check(
            "a/model.bin",
            "filename=\"model.bin\"; filename*=UTF-8''model.bin",
        );
        check(
            "<b>\"x\"; y",
            "filename=\"_b__x__ y\"; filename*=UTF-8''%3Cb%3E%22x%22%3B%20y",
        );
        check("é", "filename=\"_\"; filename*=UTF-8''%C3%A9");
    }
}

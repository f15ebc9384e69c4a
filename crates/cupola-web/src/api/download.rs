//! Answers that are files: as long as they are, sent while they are read.

use axum::{
    BoxError,
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use cupola_hub::{Hub, HubError};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::state::{Web, hub_call};

/// An answer made of parts of what the hub keeps: each call of `part` says where the next one begins,
/// if there is one.
pub(super) async fn streamed(
    web: Web,
    part: impl Fn(&Hub, Option<i64>) -> Result<(Option<i64>, Vec<u8>), HubError>
    + Clone
    + Send
    + 'static,
) -> Result<Body, HubError> {
    let first = part.clone();
    let first = hub_call(&web, move |hub| first(hub, None)).await?;
    Ok(going_on(first, move |at| {
        let (web, part) = (web.clone(), part.clone());
        async move { hub_call(&web, move |hub| part(hub, Some(at))).await }
    }))
}

/// An answer that begins with a part: while that names a next one, it is asked for when whoever reads
/// has taken what came before.
pub(crate) fn going_on<At, Asked, E>(
    first: (Option<At>, Vec<u8>),
    ask: impl Fn(At) -> Asked + Send + 'static,
) -> Body
where
    At: Send + 'static,
    Asked: Future<Output = Result<(Option<At>, Vec<u8>), E>> + Send,
    E: Into<BoxError> + Send + 'static,
{
    let (parts, stream) = mpsc::channel::<Result<Bytes, E>>(1);
    tokio::spawn(async move {
        let (mut next, mut bytes) = first;
        while parts.send(Ok(bytes.into())).await.is_ok() {
            let Some(at) = next else {
                return;
            };
            match ask(at).await {
                Ok(more) => (next, bytes) = more,
                // The answer breaks off, so that nobody takes it for whole.
                Err(error) => {
                    let _ = parts.send(Err(error)).await;
                    return;
                }
            }
        }
    });
    Body::from_stream(ReceiverStream::new(stream))
}

/// What a program said: to be kept as a file, and never run as a page.
pub(crate) fn as_download(body: Body, media_type: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(media_type);
    headers.insert(header::CONTENT_TYPE, media_type);
    let sandbox = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, sandbox);
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

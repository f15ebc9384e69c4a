//! `GET /events`: what changed, as it changes.
//!
//! A client names the keys it shows. What is sent are keys, never payloads, so that nobody learns
//! by the stream what they may not read, and a client that was away reads everything by the same
//! routes as one that just came.

mod board;
mod stream;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use cupola_domain::{access::Role, field::FieldError, ids::TokenId};

use crate::{
    auth::{Access, Credential, Viewer},
    error::Refused,
    params::Params,
    router::Routes,
    state::Web,
};

/// The stream.
pub const EVENTS: &str = cupola_protocol::events::STREAM;

pub(crate) use board::{Board, Mark, Watched};

/// So many streams one token may have open, in all of its browsers together. A lab may share one
/// token, and each visible page has a stream; one costs less than 40 KB.
const STREAMS_MAX: usize = 1_024;

/// So many keys one stream may ask for; what a stream holds is bounded by them.
const KEYS_MAX: usize = 256;

/// Longer keys are none of ours.
const KEY_BYTES_MAX: usize = 100;

/// How often a silent stream says that it is still there. An event, not a comment: pages see it, and
/// one that slept notices that its stream is dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(crate) fn routes() -> Routes {
    Routes::new().get(EVENTS, Access::Role(Role::Viewer), open)
}

/// How many streams each token has open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Streams(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    by_token: Mutex<HashMap<TokenId, usize>>,
    all: AtomicUsize,
}

impl Streams {
    /// One more, until what is returned is dropped; `None` when there are too many.
    fn enter(&self, token: TokenId) -> Option<Entered> {
        let counted = &self.0.by_token;
        let mut open = counted.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(token).or_default();
        if *count >= STREAMS_MAX {
            return None;
        }
        *count += 1;
        self.0.all.fetch_add(1, Ordering::Relaxed);
        Some(Entered {
            streams: self.clone(),
            token,
        })
    }

    /// All that are open.
    pub(crate) fn count(&self) -> usize {
        self.0.all.load(Ordering::Relaxed)
    }
}

/// An open stream's place.
#[derive(Debug)]
struct Entered {
    streams: Streams,
    token: TokenId,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let counted = &self.streams.0;
        counted.all.fetch_sub(1, Ordering::Relaxed);
        let mut open = counted
            .by_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.token) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.token);
            }
        }
    }
}

async fn open(
    State(web): State<Web>,
    Viewer(principal): Viewer,
    Extension(credential): Extension<Credential>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Refused> {
    let keys = keys(&mut params);
    let header = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = match header.map(str::parse::<i64>) {
        Some(Ok(seq)) => Some(seq),
        _ => params.optional("after", 0..=i64::MAX),
    };
    params.finish()?;
    let entered = web.streams.enter(principal.token).ok_or_else(|| {
        let title = format!("this token has {STREAMS_MAX} streams open already");
        Refused::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", title)
    })?;
    let asked = stream::Asked {
        keys,
        after,
        credential,
    };
    let events = stream::open(web, asked, entered).await?;
    let alive = KeepAlive::new()
        .interval(HEARTBEAT)
        .event(Event::default().event("alive").data("[]"));
    Ok(unbuffered(
        Sse::new(events).keep_alive(alive).into_response(),
    ))
}

/// A stream as proxies are to hand it on: one that collects answers first would hold changes back.
pub(crate) fn unbuffered(mut stream: Response) -> Response {
    let no = axum::http::HeaderValue::from_static("no");
    stream.headers_mut().insert("x-accel-buffering", no);
    stream
}

fn keys(params: &mut Params) -> std::collections::HashSet<String> {
    let text = params.text("keys").to_owned();
    let keys: std::collections::HashSet<String> = text
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    let fits = |key: &String| key.len() <= KEY_BYTES_MAX;
    if keys.is_empty() || keys.len() > KEYS_MAX || !keys.iter().all(fits) {
        let message = format!(
            "name 1 to {KEYS_MAX} keys of at most {KEY_BYTES_MAX} bytes, with commas between them"
        );
        params.refuse(FieldError::new("keys", message));
    }
    keys
}

//! Parts of pages, made once for all who look at the same thing.
//!
//! A part of a page is asked for by its address whenever one of its keys changes, by every open
//! page. The first who asks makes it; the others get the same bytes, as long as nothing that
//! touches the part's keys has changed since before it was made. What is kept is kept by role,
//! because roles are offered different buttons, and for a second at most, because some parts show
//! how long ago something was.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use cupola_domain::access::{Principal, Role};
use tokio::time::{Instant, timeout};

use crate::{
    live::{Board, Mark, Watched},
    state::Web,
};

/// So long a part is kept.
const LIFE: Duration = Duration::from_secs(1);

/// So many are kept at once.
const PARTS_MAX: usize = 1_024;

/// Larger ones are not kept.
const BYTES_MAX: usize = 512 << 10;

/// Changes are noted within a millisecond; when they are not, nothing that was kept is used.
const NOTE_WAIT: Duration = Duration::from_millis(500);

/// The keys of an answer that has no root element to name them.
pub(crate) const KEYS: HeaderName = HeaderName::from_static("x-live");

/// What is kept.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    kept: Mutex<HashMap<Address, Arc<Part>>>,
    made: AtomicU64,
    shared: AtomicU64,
}

/// Path and query, and who may see what is there.
type Address = (String, Role);

#[derive(Debug)]
struct Part {
    watched: Watched,
    /// Held while it is made: whoever asks meanwhile waits for it.
    made: tokio::sync::Mutex<Option<Made>>,
}

#[derive(Debug, Clone)]
struct Made {
    /// All changes up to this one are in it.
    mark: Mark,
    at: Instant,
    media_type: HeaderValue,
    body: Bytes,
}

impl Parts {
    /// How many were made, and how often one that was made for another was answered.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.made), read(&self.shared))
    }

    fn find(&self, address: &Address) -> Option<Arc<Part>> {
        self.kept().get(address).cloned()
    }

    fn put(&self, address: Address, part: Part) {
        let mut kept = self.kept();
        if kept.len() >= PARTS_MAX {
            // Those that somebody waits for, or that are still good.
            kept.retain(|_, part| match part.made.try_lock() {
                Ok(made) => made.as_ref().is_some_and(Made::is_young),
                Err(_) => true,
            });
        }
        if kept.len() < PARTS_MAX {
            kept.insert(address, Arc::new(part));
        }
    }

    fn forget(&self, address: &Address) {
        self.kept().remove(address);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Address, Arc<Part>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    fn of(board: &Board, keys: Vec<String>) -> Self {
        Self {
            watched: board.watch(keys),
            made: tokio::sync::Mutex::default(),
        }
    }
}

impl Made {
    fn is_young(&self) -> bool {
        self.at.elapsed() < LIFE
    }

    fn answer(&self) -> Response {
        let headers = [(header::CONTENT_TYPE, self.media_type.clone())];
        (headers, self.body.clone()).into_response()
    }
}

/// The layer.
pub(crate) async fn share(State(web): State<Web>, request: Request, next: Next) -> Response {
    let Some(address) = address_of(&request) else {
        return next.run(request).await;
    };
    // Whoever asks was told of no change after this one.
    let told = web.hub.last_told();
    let Some(part) = web.parts.find(&address) else {
        // Its keys are known from now on, so the next answer can be kept.
        let (response, read) = read(next.run(request).await).await;
        if let Some((keys, _)) = read {
            web.parts.put(address, Part::of(web.board(), keys));
        }
        web.parts.made.fetch_add(1, Ordering::Relaxed);
        return response;
    };
    let mut made = part.made.lock().await;
    let is_noted = timeout(NOTE_WAIT, web.board().has_noted(told))
        .await
        .is_ok();
    if let Some(made) = made.as_ref().filter(|made| {
        is_noted && made.is_young() && !part.watched.has_changed(made.mark, Mark::EVER)
    }) {
        web.parts.shared.fetch_add(1, Ordering::Relaxed);
        return made.answer();
    }
    let (seq, turn) = (web.hub.last_told(), web.board().turn());
    let (mark, at) = (Mark { seq, turn }, Instant::now());
    let (response, read) = read(next.run(request).await).await;
    web.parts.made.fetch_add(1, Ordering::Relaxed);
    *made = None;
    match read {
        Some((keys, (media_type, body))) if part.watched.is_of(&keys) => {
            *made = Some(Made {
                mark,
                at,
                media_type,
                body,
            });
        }
        // It has other keys now, or cannot be kept.
        _ => web.parts.forget(&address),
    }
    response
}

/// What is asked for, if it can be the same for others of the role. What stands below `/settings`
/// knows who looks at it.
fn address_of(request: &Request) -> Option<Address> {
    let is_part = *request.method() == Method::GET && request.headers().contains_key("x-part");
    let path = request.uri().path_and_query()?.as_str();
    if !is_part || path.starts_with("/settings") {
        return None;
    }
    let principal = request.extensions().get::<Principal>()?;
    Some((path.to_owned(), principal.role))
}

type Read = (Vec<String>, (HeaderValue, Bytes));

/// An answer's body and keys, if it can be kept; and the answer itself.
async fn read(response: Response) -> (Response, Option<Read>) {
    let (mut parts, body) = response.into_parts();
    let named = parts.headers.remove(&KEYS);
    let media_type = parts.headers.get(header::CONTENT_TYPE).cloned();
    let is_whole =
        parts.status == StatusCode::OK && !parts.headers.contains_key(header::SET_COOKIE);
    let (Some(media_type), true) = (media_type, is_whole && is_small(&body)) else {
        return (Response::from_parts(parts, body), None);
    };
    let Ok(body) = axum::body::to_bytes(body, BYTES_MAX).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR.into_response(), None);
    };
    let keys = match &named {
        Some(keys) => keys.to_str().ok(),
        None => keys_of(&body),
    };
    let keys: Vec<String> = keys.map(split).unwrap_or_default();
    let response = Response::from_parts(parts, Body::from(body.clone()));
    let read = (!keys.is_empty()).then_some((keys, (media_type, body)));
    (response, read)
}

/// Whether it is in memory and not too large.
fn is_small(body: &Body) -> bool {
    use axum::body::HttpBody as _;
    let size = body.size_hint().exact();
    size.is_some_and(|size| size <= BYTES_MAX as u64)
}

/// `data-live` of the first element.
fn keys_of(html: &[u8]) -> Option<&str> {
    let tag = html.split(|byte| *byte == b'>').next()?;
    let tag = std::str::from_utf8(tag).ok()?;
    let (_, rest) = tag.split_once(" data-live=\"")?;
    rest.split('"').next()
}

fn split(keys: &str) -> Vec<String> {
    let keys = keys.split(',').map(str::trim);
    keys.filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect()
}

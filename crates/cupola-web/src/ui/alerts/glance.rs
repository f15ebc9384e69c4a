//! What the head of every page knows of alerts.
//!
//! It is read once for each request of a page, before anything else, and kept beside the request: pages
//! are made in many places, and none of them is about alerts.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{Bell, present};
use crate::state::{Home, Web, hub_call};

tokio::task_local! {
    static GLANCE: Glance;
}

/// How many alerts were open, and up to which change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance {
    /// All changes up to this one are in it.
    pub(crate) seq: i64,
    /// Whether only workspaces are shown.
    pub(crate) is_for_workspaces: bool,
    open: u64,
}

impl Glance {
    /// The request's own.
    pub(crate) fn here() -> Option<Self> {
        GLANCE.try_with(|glance| *glance).ok()
    }

    /// The bell of the page that is made.
    pub(crate) fn bell() -> Bell {
        present::bell(Self::here().map_or(0, |glance| glance.open))
    }
}

/// Reads it for whoever asks for a page.
pub(crate) async fn look(State(web): State<Web>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_other = ["/api/", "/assets/", "/events", "/health", "/metrics"]
        .iter()
        .any(|head| path.starts_with(head));
    if is_other || request.headers().contains_key("x-part") {
        return next.run(request).await;
    }
    let is_for_workspaces = web.settings.home == Home::Workspaces;
    let asked = hub_call(&web, move |hub| {
        // Before the count: whatever is told from here on reaches the page.
        let seq = hub.last_told();
        let open = hub.count_open_alerts()?;
        Ok(Glance {
            seq,
            is_for_workspaces,
            open,
        })
    });
    match asked.await {
        Ok(glance) => GLANCE.scope(glance, next.run(request)).await,
        // The page itself will say what is wrong with the store.
        Err(_) => next.run(request).await,
    }
}

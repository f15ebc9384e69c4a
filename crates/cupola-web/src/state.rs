//! What all handlers share: the hub, the settings, who was recognised a moment ago.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use cupola_assistant::{conversations::Conversations, index::Index};
use cupola_domain::access::{Principal, Role};
use cupola_hub::{Hub, HubError};
use cupola_protocol::problem::Problem;
use tokio::sync::watch;

use crate::{
    auth::{Attempts, Known},
    error,
    gate::{self, Gates},
    language::Language,
    live::{Board, Streams},
    metrics::Requests,
    parts::Parts,
    server::Tls,
    ui,
    workspaces::Workspaces,
};

/// How the hub is reached.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The port in use, by which loopback names are recognised.
    pub port: u16,
    /// Further names by which the hub is called: `hub.lab` for any port, `hub.lab:8080` for one.
    pub hosts: Vec<String>,
    /// Whether browsers come by TLS, the hub's or a proxy's: cookies are then marked `Secure`.
    pub is_tls: bool,
    /// The hub's own TLS; none where it speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Addresses by which other machines reach the hub, the best first.
    pub addresses: Vec<String>,
    /// A token that opens `/metrics` and nothing else.
    pub metrics_token: Option<String>,
    /// What a caller on loopback may do without showing anything.
    pub loopback_role: Option<Role>,
    /// What the first page is.
    pub home: Home,
    /// The workspaces that it shows beside its own things.
    pub workspaces: Workspaces,
    /// The language model that answers questions, where there is one.
    pub language: Option<Arc<Language>>,
    /// Where services are reached.
    pub gates: gate::Settings,
}

/// What `/` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Home {
    /// What there is, what runs, what came of it.
    #[default]
    Overview,
    /// The training monitor.
    Training,
    /// The workspaces, and nothing else stands in the navigation.
    Workspaces,
}

/// What went wrong, for whoever makes a page of it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What went wrong.
    pub problem: Problem,
    /// Who asked, where that is known.
    pub who: Option<Principal>,
    /// Whether only a part of a page was asked for (`X-Part`).
    pub is_part: bool,
}

/// What the login page is asked to show.
#[derive(Debug, Clone, Default)]
pub struct LoginPrompt {
    /// Where to go afterwards: a path of ours.
    pub next: String,
    /// Why the last try did not work.
    pub refused: Option<String>,
}

/// Who draws the pages that layers answer with. Status and headers are set on what they return.
#[derive(Debug, Clone, Copy)]
pub struct Faces {
    /// A page that says what went wrong.
    pub error: fn(&Failure) -> Response,
    /// The login page.
    pub login: fn(&LoginPrompt) -> Response,
}

impl Default for Faces {
    /// Plain text.
    fn default() -> Self {
        Self {
            error: |failure| error::plain(&failure.problem),
            login: |prompt| {
                let refused = prompt.refused.as_deref();
                refused
                    .unwrap_or("POST a token to this address")
                    .to_owned()
                    .into_response()
            },
        }
    }
}

/// What all handlers share. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Shared>);

/// What the assistant remembers from one question to the next.
#[derive(Debug, Default)]
pub(crate) struct Assistant {
    /// The names of what there is.
    pub(crate) index: Index,
    /// What was talked about.
    pub(crate) conversations: Conversations,
}

/// Behind a [`Web`].
pub struct Shared {
    pub(crate) hub: Arc<Hub>,
    pub(crate) settings: Settings,
    pub(crate) faces: Faces,
    pub(crate) known: Known,
    pub(crate) attempts: Attempts,
    pub(crate) streams: Streams,
    board: Arc<Board>,
    pub(crate) parts: Parts,
    pub(crate) requests: Requests,
    pub(crate) gates: Gates,
    assistant: Arc<Assistant>,
    /// Handlers that wait hold receivers; [`crate::serve`] sends once.
    stopping: watch::Sender<bool>,
}

impl std::ops::Deref for Web {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Web {
    /// The web face of `hub`.
    pub fn new(hub: Arc<Hub>, settings: Settings) -> Self {
        Self::with_faces(hub, settings, ui::faces())
    }

    /// The same with errors and login drawn by somebody else.
    pub fn with_faces(hub: Arc<Hub>, settings: Settings, faces: Faces) -> Self {
        Self(Arc::new(Shared {
            hub,
            settings,
            faces,
            known: Known::default(),
            attempts: Attempts::default(),
            streams: Streams::default(),
            board: Arc::default(),
            parts: Parts::default(),
            requests: Requests::default(),
            gates: Gates::default(),
            assistant: Arc::default(),
            stopping: watch::Sender::new(false),
        }))
    }

    /// What the assistant remembers.
    pub(crate) fn assistant(&self) -> Arc<Assistant> {
        Arc::clone(&self.assistant)
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// What changed last, by key. Begins to be kept at the first call, within a runtime.
    pub(crate) fn board(&self) -> &Arc<Board> {
        self.board.begin(&self.hub);
        &self.board
    }

    /// Ends everything that waits: live streams and questions for work.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Resolves when the server stops.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // The sender lives as long as `self`.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}

/// Asks the hub something. Its methods block, so they run beside the threads that serve.
pub async fn hub_call<T: Send + 'static>(
    web: &Web,
    call: impl FnOnce(&Hub) -> Result<T, HubError> + Send + 'static,
) -> Result<T, HubError> {
    let hub = Arc::clone(&web.hub);
    tokio::task::spawn_blocking(move || call(&hub))
        .await
        .unwrap_or_else(|panic| Err(HubError::Internal(panic_error(&panic))))
}

fn panic_error(panic: &tokio::task::JoinError) -> anyhow::Error {
    anyhow::anyhow!("a call of the hub did not end: {panic}")
}

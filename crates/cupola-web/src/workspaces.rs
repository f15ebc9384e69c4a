//! Workspaces that a hub shows beside its own things: what they are called, and their sources, each
//! opened when somebody first looks.
//!
//! Nothing of them is in the store. What changes there is told to whoever looks as it is noticed, at
//! most twice a second, and kept for nobody.

mod follow;
mod needs;
mod search;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use cupola_domain::text::hex;
use cupola_hub::HubError;
use cupola_workspace::{
    model::JobKey,
    source::{Connection, Source, SourceError},
};
use sha2::{Digest as _, Sha256};

pub(crate) use needs::{KeptNeeds, Needs};
pub(crate) use search::{KeptParameters, matching};

use crate::{
    error::{ApiError, Refused},
    state::Web,
};

/// What takes longer to open is waited for by looking again.
const OPEN_WAIT: Duration = Duration::from_secs(2);

/// Opens a source; called on a thread of its own.
pub type Opener = Box<dyn Fn() -> Result<Arc<dyn Source>, SourceError> + Send + Sync>;

/// All of them, in the order in which they are shown.
#[derive(Debug, Clone, Default)]
pub struct Workspaces {
    all: Arc<[Arc<Workspace>]>,
    by_id: Arc<HashMap<String, Arc<Workspace>>>,
}

/// One of them.
pub struct Workspace {
    /// Its name in addresses: letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// For people: where it is.
    pub title: String,
    /// Whether opening it is a journey, which is not made for a list.
    pub is_remote: bool,
    open: Opener,
    state: Mutex<State>,
    opened: Condvar,
    /// Which jobs need which, of runs that were looked at.
    pub(crate) needs: KeptNeeds,
    /// Parameters of jobs that were searched by them.
    pub(crate) parameters: Arc<KeptParameters>,
}

/// How far its opening is.
enum State {
    Closed,
    Opening,
    Failed(SourceError),
    Open(Arc<dyn Source>, Connection),
}

/// Why a workspace gives no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// There is none of that name.
    Unknown(String),
    /// It is being opened.
    Opening,
    /// It could not be opened.
    Closed(SourceError),
    /// It said so.
    Said(SourceError),
}

impl Workspaces {
    /// These; of those that go by one name, the first.
    pub fn new(all: Vec<Workspace>) -> Self {
        let all: Arc<[_]> = all.into_iter().map(Arc::new).collect();
        let by_id = all.iter().rev();
        let by_id = by_id.map(|each| (each.id.clone(), Arc::clone(each)));
        Self {
            by_id: Arc::new(by_id.collect()),
            all,
        }
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Workspace>> {
        self.all.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The one that goes by `id`.
    pub fn find(&self, id: &str) -> Option<&Arc<Workspace>> {
        self.by_id.get(id)
    }
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.id, self.title)
    }
}

impl Workspace {
    /// One that is not opened yet.
    pub fn new(id: String, title: String, is_remote: bool, open: Opener) -> Self {
        Self {
            id,
            title,
            is_remote,
            open,
            state: Mutex::new(State::Closed),
            opened: Condvar::new(),
            needs: KeptNeeds::default(),
            parameters: Arc::default(),
        }
    }

    /// What it is about, opened now if it is not open. Blocks for at most two seconds.
    pub(crate) fn source(self: &Arc<Self>, web: &Web) -> Result<Arc<dyn Source>, Unanswered> {
        let mut state = self.lock();
        if matches!(*state, State::Closed | State::Failed(_)) {
            *state = State::Opening;
            if let Err(error) = follow::begin(self, web.board()) {
                *state = State::Failed(SourceError::Away(format!("no thread for it: {error}")));
            }
        }
        let waited = self
            .opened
            .wait_timeout_while(state, OPEN_WAIT, |state| matches!(state, State::Opening));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.source()
    }

    /// The same for who does not want it opened.
    pub(crate) fn opened_source(&self) -> Result<Arc<dyn Source>, Unanswered> {
        self.lock().source()
    }

    /// Whether it has never been looked at.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(*self.lock(), State::Closed)
    }

    /// How it stands to its place; none while it is not open.
    pub(crate) fn connection(&self) -> Option<Connection> {
        match &*self.lock() {
            State::Open(_, connection) => Some(connection.clone()),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn source(&self) -> Result<Arc<dyn Source>, Unanswered> {
        match self {
            State::Open(source, _) => Ok(Arc::clone(source)),
            State::Failed(error) => Err(Unanswered::Closed(error.clone())),
            State::Closed | State::Opening => Err(Unanswered::Opening),
        }
    }
}

/// Asks a workspace something. Its calls block, so they run beside the threads that serve.
pub(crate) async fn ask<T: Send + 'static>(
    web: &Web,
    id: &str,
    call: impl FnOnce(&dyn Source) -> Result<T, SourceError> + Send + 'static,
) -> Result<T, Unanswered> {
    let found = web.settings.workspaces.find(id).cloned();
    let Some(workspace) = found else {
        return Err(Unanswered::Unknown(id.to_owned()));
    };
    let web = web.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let source = workspace.source(&web)?;
        call(&*source).map_err(Unanswered::Said)
    });
    asked.await.unwrap_or_else(|panic| {
        let words = format!("the workspace did not answer: {panic}");
        Err(Unanswered::Said(SourceError::Away(words)))
    })
}

/// A job's place in keys, whatever its task is called.
pub(crate) fn hash_of(key: &JobKey) -> String {
    hex(&Sha256::digest(key.to_string())[..8])
}

/// By which many jobs are told from any others.
pub(crate) fn hash_of_all(keys: &BTreeSet<JobKey>) -> String {
    let mut digest = Sha256::new();
    for key in keys {
        digest.update(hash_of(key));
    }
    hex(&digest.finalize()[..8])
}

impl From<Unanswered> for Refused {
    fn from(unanswered: Unanswered) -> Self {
        let away = |words: String| Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words);
        match unanswered {
            Unanswered::Unknown(id) => HubError::not_found("workspace", id).into(),
            Unanswered::Opening => away("the workspace is being opened".to_owned()),
            Unanswered::Closed(error) => away(error.to_string()),
            Unanswered::Said(error) => match error {
                SourceError::Unknown(words) => Self::new(StatusCode::NOT_FOUND, "not_found", words),
                SourceError::Away(words) => away(words),
                SourceError::Refused(words) | SourceError::Unsupported(words) => {
                    Self::new(StatusCode::CONFLICT, "conflict", words)
                }
            },
        }
    }
}

impl From<Unanswered> for ApiError {
    fn from(unanswered: Unanswered) -> Self {
        Refused::from(unanswered).into()
    }
}

//! What any caller, human or program, can be told.

use cupola_domain::{field::FieldError, run::RunRefused, task::TaskRefused};
use cupola_store::StoreError;

/// Why a command or query was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// There is no such thing.
    #[error("there is no {kind} `{id}`")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// By which name.
        id: String,
    },
    /// Fields are wrong, each named.
    #[error("{}", list(.0))]
    Invalid(Vec<FieldError>),
    /// What was asked does not go with the state of things.
    #[error("{0}")]
    Conflict(String),
    /// The name is somebody else's already.
    #[error("{0}")]
    Taken(String),
    /// Another agent is this worker: whoever says so too is a copy, or was its machine before.
    #[error("{0}")]
    Rival(String),
    /// The lease that a worker reports under is not current: it should drop the run.
    #[error("{0}")]
    StaleLease(String),
    /// The principal may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody, or nobody known, is asking.
    #[error("{0}")]
    Unauthorized(String),
    /// More bytes than are taken.
    #[error("{0}")]
    TooLarge(String),
    /// There is no room for it here.
    #[error("{0}")]
    NoSpace(String),
    /// Try again later.
    #[error("{0}")]
    Unavailable(String),
    /// Our fault. Logged once, where it is answered; the caller is told no more than that.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

impl HubError {
    /// There is no `kind` called `id`.
    pub fn not_found(kind: &'static str, id: impl std::fmt::Display) -> Self {
        Self::NotFound {
            kind,
            id: id.to_string(),
        }
    }
}

fn list(errors: &[FieldError]) -> String {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

impl From<StoreError> for HubError {
    fn from(error: StoreError) -> Self {
        if error.is_temporary() {
            Self::Unavailable(error.to_string())
        } else {
            match error {
                // Something that no database can hold, a NUL in a text for one: the caller's to mend.
                StoreError::Value(message) => Self::Invalid(vec![FieldError::new("body", message)]),
                StoreError::Closed | StoreError::Crashed(_) => Self::Unavailable(error.to_string()),
                _ => Self::Internal(error.into()),
            }
        }
    }
}

impl From<RunRefused> for HubError {
    fn from(refused: RunRefused) -> Self {
        match refused {
            RunRefused::StaleLease { .. } => Self::StaleLease(refused.to_string()),
            RunRefused::Invalid { .. } => Self::Conflict(refused.to_string()),
        }
    }
}

impl From<TaskRefused> for HubError {
    fn from(refused: TaskRefused) -> Self {
        Self::Conflict(refused.to_string())
    }
}

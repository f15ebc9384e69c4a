//! Why a worker stopped by itself.

use std::{io, path::PathBuf};

/// Why a worker stopped by itself. An unreachable hub is no reason.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Its own folder cannot be used.
    #[error("the worker's folder `{}` cannot be used: {source}", .path.display())]
    State {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The hub will not have this worker: its token, its protocol, or another agent in its place.
    #[error("this worker was turned away: {0}")]
    TurnedAway(cupola_client::Error),
    /// The hub knows no more what it knew it by.
    #[error(
        "the hub does not take this worker's token any more: somebody removed the worker there or revoked the \
         token; to come in again, ask who runs the hub for a join code (`cupola token worker` there), then \
         `cupola worker --join CODE` here ({0})"
    )]
    ShutOut(cupola_client::Error),
    /// Its owner let it leave the hub.
    #[error("this worker has left its hub, as its owner asked")]
    Left,
    /// The owner wants programs kept in, and this machine cannot.
    #[error("the sandbox that is required cannot be had: this machine lacks {0}")]
    Sandbox(&'static str),
    /// The hub has another key than the one that this worker joined.
    #[error(
        "the hub's key is `{found}` and not `{pinned}`, which this worker knows: it is another hub, or was made \
         anew; to join it all the same, give the worker a new folder"
    )]
    OtherHub {
        /// What is known.
        pinned: String,
        /// What the hub says.
        found: String,
    },
    /// The settings name no usable hub.
    #[error(transparent)]
    Client(cupola_client::Error),
}

impl WorkerError {
    /// Whether starting again makes no sense before somebody has looked.
    pub fn is_for_good(&self) -> bool {
        matches!(
            self,
            Self::TurnedAway(_) | Self::ShutOut(_) | Self::Left | Self::OtherHub { .. }
        )
    }
}

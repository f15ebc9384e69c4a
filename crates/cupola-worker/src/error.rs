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
    /// The settings name no usable hub.
    #[error(transparent)]
    Client(cupola_client::Error),
}

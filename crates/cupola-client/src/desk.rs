//! The desk of a worker on the same machine: its address and its key lie in the worker's folder.

use cupola_protocol::desk::{DeskBody, LimitsBody, PauseBody, TestBody, paths};

use crate::{Client, Error};

impl Client {
    /// A worker as its owner sees it.
    pub async fn desk(&self) -> Result<DeskBody, Error> {
        self.fetch(paths::DESK).await
    }

    /// No more work is taken.
    pub async fn pause_desk(&self, pause: &PauseBody) -> Result<DeskBody, Error> {
        self.post(paths::PAUSE, pause).await
    }

    /// Work is taken again.
    pub async fn resume_desk(&self) -> Result<DeskBody, Error> {
        self.post(paths::RESUME, &()).await
    }

    /// The worker may have something else from now on.
    pub async fn change_desk(&self, limits: &LimitsBody) -> Result<DeskBody, Error> {
        self.put(paths::SETTINGS, limits).await
    }

    /// Asks the worker's hub for a sign of life.
    pub async fn test_desk(&self) -> Result<TestBody, Error> {
        self.post(paths::TEST, &()).await
    }
}

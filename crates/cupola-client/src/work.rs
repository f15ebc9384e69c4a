//! The worker's side of the worker protocol.

use std::time::Duration;

use cupola_protocol::{
    artifacts::{ArtifactBody, ArtifactUpload},
    credits::OwnEarningsBody,
    joining::{Enrol, Enrolled, Leave, Left},
    paths::api,
    telemetry::{TelemetryReport, TelemetryTaken},
    work::{
        Acknowledged, Bundle, Finished, Heartbeat, LeaseRequest, Orders, Registered, Registration,
        Report, Started,
    },
};
use serde::de::IgnoredAny;

use crate::{
    Client, Error,
    transport::{REQUEST_TIMEOUT, at, at_file},
};

/// How much longer than the hub's own wait a lease request may take.
const LEASE_SLACK: Duration = Duration::from_secs(15);

/// How long a heartbeat may take: of a connection that is dead without anybody saying so there has to be
/// time for another before a lease of 30 s runs out.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(10);

impl Client {
    /// Joins, or comes back.
    pub async fn register(&self, registration: &Registration) -> Result<Registered, Error> {
        self.post(api::WORKERS, registration).await
    }

    /// Asks for work. The hub keeps the question open for up to `wait_secs`.
    pub async fn lease(&self, worker_id: &str, request: &LeaseRequest) -> Result<Orders, Error> {
        let wait = Duration::try_from_secs_f64(request.wait_secs).unwrap_or(REQUEST_TIMEOUT);
        let path = at(api::WORKER_LEASES, worker_id);
        self.post_within(&path, request, wait + LEASE_SLACK).await
    }

    /// Renews leases.
    pub async fn heartbeat(&self, worker_id: &str, heartbeat: &Heartbeat) -> Result<Orders, Error> {
        let path = at(api::WORKER_HEARTBEAT, worker_id);
        self.post_within(&path, heartbeat, HEARTBEAT_TIMEOUT).await
    }

    /// Sends what was measured of the machine. Safe to repeat: each sample is taken once.
    pub async fn telemetry(
        &self,
        worker_id: &str,
        report: &TelemetryReport,
    ) -> Result<TelemetryTaken, Error> {
        self.post(&at(api::WORKER_TELEMETRY, worker_id), report)
            .await
    }

    /// Says goodbye: nothing runs here any more, whatever was leased may be leased again.
    pub async fn depart(&self, worker_id: &str, last: &Heartbeat) -> Result<(), Error> {
        self.post::<_, IgnoredAny>(&at(api::WORKER_DEPARTURE, worker_id), last)
            .await
            .map(drop)
    }

    /// Leaves for good. Asked again while runs are finished; safe to repeat.
    pub async fn leave(&self, worker_id: &str, leave: &Leave) -> Result<Left, Error> {
        self.post(&at(api::WORKER_LEAVING, worker_id), leave).await
    }

    /// Comes in: this client's token is the secret of a join code. Safe to repeat with the same body.
    pub async fn enrol(&self, enrol: &Enrol) -> Result<Enrolled, Error> {
        self.post(api::ENROLMENT_USE, enrol).await
    }

    /// Says that a run's program runs.
    pub async fn start_run(&self, run_id: &str, started: &Started) -> Result<(), Error> {
        self.post::<_, IgnoredAny>(&at(api::RUN_START, run_id), started)
            .await
            .map(drop)
    }

    /// Sends what a program said. Safe to repeat with the same number and body.
    pub async fn report(&self, run_id: &str, report: &Report) -> Result<(), Error> {
        self.post::<_, IgnoredAny>(&at(api::RUN_REPORTS, run_id), report)
            .await
            .map(drop)
    }

    /// Says how a run ended. Safe to repeat.
    pub async fn finish_run(
        &self,
        run_id: &str,
        finished: &Finished,
    ) -> Result<Acknowledged, Error> {
        self.post(&at(api::RUN_RESULT, run_id), finished).await
    }

    /// Sends a file that a run keeps. Safe to repeat: a file of the same name takes its place.
    pub async fn put_artifact(
        &self,
        run_id: &str,
        name: &str,
        upload: &ArtifactUpload,
        file: tokio::fs::File,
    ) -> Result<ArtifactBody, Error> {
        self.upload(&at_file(run_id, name), upload, file, upload.size_bytes)
            .await
    }

    /// What the worker earned, with some of its runs.
    pub async fn earned(&self, worker_id: &str, runs: &[String]) -> Result<OwnEarningsBody, Error> {
        let runs: Vec<_> = runs.iter().map(|run| ("run", run)).collect();
        self.list(&at(api::WORKER_EARNED, worker_id), &runs).await
    }

    /// Whether this client's token is a worker's that the hub lets in.
    pub async fn is_worker(&self) -> Result<bool, Error> {
        // Workers alone are told that there is no such bundle.
        match self.bundle("none").await {
            Ok(_) => Ok(true),
            Err(error) => match error.status() {
                Some(404) => Ok(true),
                Some(401 | 403) => Ok(false),
                _ => Err(error),
            },
        }
    }

    /// A template's files.
    pub async fn bundle(&self, hash: &str) -> Result<Bundle, Error> {
        self.fetch_paced(&at(api::BUNDLE, hash)).await
    }
}

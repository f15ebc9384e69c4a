//! Being a worker of a hub: joining, and joining again.

use std::{sync::Arc, time::Duration};

use cupola_client::{Client, Error};
use cupola_protocol::{
    WORKER_PROTOCOL,
    work::{Registered, Registration},
};
use tracing::warn;

use super::identity::Identity;
use crate::{
    WorkerError,
    backoff::{Backoff, random},
    executor::Context,
    hardware, process,
    settings::Settings,
};

/// What a hub's heartbeat period is taken for at least and at most, in seconds.
const HEARTBEAT_SECS: (f64, f64) = (0.05, 60.0);

/// A worker's place at its hub.
#[derive(Debug)]
pub(super) struct Membership {
    settings: Settings,
    identity: Identity,
    registration: Registration,
    registered: Registered,
}

impl Membership {
    /// Measures the machine and joins. Waits for a hub that is away.
    pub(super) async fn join(settings: &Settings, client: &Client) -> Result<Self, WorkerError> {
        let identity = Identity::open(&settings.state_dir)?;
        let measured = hardware::measure(
            settings.state_dir.clone(),
            settings.python.clone(),
            &process::allowed(&settings.environment),
        )
        .await;
        let mut registration = Registration {
            protocol: WORKER_PROTOCOL,
            worker_id: identity.worker_id(),
            name: settings.name.clone(),
            session: format!("{:016x}{:016x}", random(), random()),
            slots: settings.slots.max(1),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: measured.into(),
        };
        let registered = register(client, &mut registration).await?;
        identity.keep(&registered.worker_id)?;
        Ok(Self {
            settings: settings.clone(),
            identity,
            registration,
            registered,
        })
    }

    /// Joins again in the same session, and says whether it is as the same worker.
    pub(super) async fn rejoin(&mut self, client: &Client) -> Result<bool, WorkerError> {
        let before = self.registered.worker_id.clone();
        self.registration.worker_id = Some(before.clone());
        self.registered = register(client, &mut self.registration).await?;
        self.identity.keep(&self.registered.worker_id)?;
        Ok(self.registered.worker_id == before)
    }

    /// What the runs of this worker share.
    pub(super) fn context(&self, client: &Client) -> (Arc<Context>, u32) {
        let machine = &self.registration.capabilities;
        let context = Context::new(&self.settings, client.clone(), &self.registered, machine);
        (Arc::new(context), self.registration.slots)
    }

    pub(super) fn worker_id(&self) -> &str {
        &self.registered.worker_id
    }

    pub(super) fn session(&self) -> &str {
        &self.registration.session
    }

    pub(super) fn heartbeat_period(&self) -> Duration {
        let (least, most) = HEARTBEAT_SECS;
        Duration::from_secs_f64(self.registered.heartbeat_secs.max(least).min(most))
    }
}

async fn register(
    client: &Client,
    registration: &mut Registration,
) -> Result<Registered, WorkerError> {
    let mut backoff = Backoff::default();
    loop {
        let error = match client.register(registration).await {
            Ok(registered) => return Ok(registered),
            Err(error) => error,
        };
        if error.status() == Some(404) && registration.worker_id.take().is_some() {
            // The id is another hub's, or from before this hub lost its memory.
            continue;
        }
        if !error.is_retryable() && !matches!(error, Error::NotUnderstood(_)) {
            return Err(WorkerError::TurnedAway(error));
        }
        warn!(%error, "cannot join yet; asking again");
        tokio::time::sleep(backoff.pause()).await;
    }
}

//! Being a worker of a hub: joining, and joining again.

use std::{path::PathBuf, sync::Arc, time::Duration};

use cupola_client::{Client, Error};
use cupola_domain::resources::{Capabilities, GIB};
use cupola_process::starter::Starter;
use cupola_protocol::{
    WORKER_PROTOCOL,
    work::{Registered, Registration},
};
use tokio::time::Instant;
use tracing::warn;

use super::{identity::Identity, place};
use crate::{
    WorkerError,
    backoff::{Backoff, random},
    desk::LogLevel,
    device_class,
    executor::Context,
    hardware,
    limits::Limits,
    process,
    sandbox::Keeper,
    settings::Settings,
};

/// What a hub's heartbeat period is taken for at least and at most, in seconds.
const HEARTBEAT_SECS: (f64, f64) = (0.05, 60.0);

/// So long an agent waits for another one that is this worker to be gone; then it is a copy.
const RIVAL_PATIENCE: Duration = Duration::from_mins(1);

/// A worker's place at its hub.
#[derive(Debug)]
pub(super) struct Membership {
    settings: Settings,
    identity: Identity,
    registration: Registration,
    registered: Registered,
    measured: Capabilities,
    /// What the probe of the device class gave.
    probed: Option<Vec<u8>>,
    limits: Limits,
    keeper: Arc<Keeper>,
    starter: Arc<Starter>,
}

impl Membership {
    /// Measures the machine and joins with what its owner lets it have, of which its folder has taken
    /// `disk_used` already. Waits for a hub that is away.
    pub(super) async fn join(
        identity: Identity,
        settings: &Settings,
        client: &Client,
        disk_used: u64,
    ) -> Result<Self, WorkerError> {
        let measured = measure(settings).await;
        let probed = device_class::probed(settings.probe).await;
        let limits = settings.desk.limits();
        let found = (&measured, probed.as_deref());
        let (keeper, offered) = grant(settings, found, &limits, disk_used)?;
        // Only now: a control group is divided while nobody else is in it.
        let starter = Starter::default();
        if let Err(error) = starter.begin() {
            // Each run tries again, and says why it cannot be started.
            warn!(%error, "what starts programs cannot be started");
        }
        let mut registration = Registration {
            protocol: WORKER_PROTOCOL,
            worker_id: identity.worker_id(),
            name: settings.name.clone(),
            session: format!("{:016x}{:016x}", random(), random()),
            place: place::of(&settings.state_dir),
            slots: slots(settings, &limits),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: offered.into(),
        };
        let registered = register(client, &mut registration).await;
        let registered = registered.map_err(|error| identity.explained(error))?;
        keep(settings, &identity, &registered)?;
        settings.desk.joined(&registered.worker_id);
        Ok(Self {
            settings: settings.clone(),
            identity,
            registration,
            registered,
            measured,
            probed,
            limits,
            keeper: Arc::new(keeper),
            starter: Arc::new(starter),
        })
    }

    /// Takes other limits of its owner; says whether these are news. What the hub is offered from now on is
    /// in the [`registration`](Self::registration).
    pub(super) fn grant(&mut self, limits: Limits, disk_used: u64) -> Result<bool, WorkerError> {
        if limits == self.limits {
            return Ok(false);
        }
        let found = (&self.measured, self.probed.as_deref());
        let (keeper, offered) = grant(&self.settings, found, &limits, disk_used)?;
        self.keeper = Arc::new(keeper);
        self.registration.capabilities = offered.into();
        self.registration.slots = slots(&self.settings, &limits);
        self.limits = limits;
        Ok(true)
    }

    /// What the hub is to know of this worker.
    pub(super) fn registration(&self) -> Registration {
        Registration {
            worker_id: Some(self.registered.worker_id.clone()),
            ..self.registration.clone()
        }
    }

    /// Keeps what the hub answered to the [`registration`](Self::registration).
    pub(super) fn keep(&mut self, registered: Registered) -> Result<(), WorkerError> {
        keep(&self.settings, &self.identity, &registered)?;
        self.registered = registered;
        Ok(())
    }

    /// Joins again in the same session, and says whether it is as the same worker.
    pub(super) async fn rejoin(&mut self, client: &Client) -> Result<bool, WorkerError> {
        let before = self.registered.worker_id.clone();
        self.registration.worker_id = Some(before.clone());
        self.registered = register(client, &mut self.registration).await?;
        keep(&self.settings, &self.identity, &self.registered)?;
        Ok(self.registered.worker_id == before)
    }

    /// What the runs of this worker share.
    pub(super) fn context(&self, client: &Client) -> (Arc<Context>, u32) {
        let machine = &self.registration.capabilities;
        let (settings, client) = (&self.settings, client.clone());
        let context = Context::new(
            settings,
            client,
            &self.registered,
            machine,
            (&self.keeper, &self.starter),
        );
        (Arc::new(context), self.registration.slots)
    }

    /// The same error, or that its owner let it leave the hub.
    pub(super) fn explained(&self, error: WorkerError) -> WorkerError {
        self.identity.explained(error)
    }

    pub(super) fn worker_id(&self) -> &str {
        &self.registered.worker_id
    }

    pub(super) fn session(&self) -> &str {
        &self.registration.session
    }

    /// After how long the next heartbeat is due: as the hub said last, else as it said at first.
    pub(super) fn heartbeat_period(&self, said: Option<f64>) -> Duration {
        let (least, most) = HEARTBEAT_SECS;
        let secs = said.unwrap_or(self.registered.heartbeat_secs);
        Duration::from_secs_f64(secs.max(least).min(most))
    }
}

/// Keeps who this worker is, unless the hub is not the one whose worker it is.
fn keep(
    settings: &Settings,
    identity: &Identity,
    registered: &Registered,
) -> Result<(), WorkerError> {
    let found = &registered.hub_key;
    match settings.hub_key.clone().or_else(|| identity.hub_key()) {
        Some(pinned) if pinned != *found => Err(WorkerError::OtherHub {
            pinned,
            found: found.clone(),
        }),
        _ => identity.keep(&registered.worker_id, found),
    }
}

async fn measure(settings: &Settings) -> Capabilities {
    let desk = &settings.desk;
    desk.log(LogLevel::Info, "looking for Python and PyTorch");
    let measured = hardware::measure(
        settings.state_dir.clone(),
        settings.python.clone(),
        &process::allowed(&settings.environment),
    )
    .await;
    let python = measured.python.as_ref();
    let python = python.map_or_else(
        || "no Python: tasks that need it go elsewhere".to_owned(),
        |found| match &found.torch {
            Some(torch) => format!("ready: Python {} with PyTorch {torch}", found.version),
            None => format!("ready: Python {} without PyTorch", found.version),
        },
    );
    desk.log(LogLevel::Info, &python);
    desk.log(LogLevel::Info, &format!("detected {}", words(&measured)));
    measured
}

/// What keeps programs within their owner's limits, and what of the machine, by measuring and by its probe,
/// is offered then.
fn grant(
    settings: &Settings,
    (measured, probed): (&Capabilities, Option<&[u8]>),
    limits: &Limits,
    disk_used: u64,
) -> Result<(Keeper, Capabilities), WorkerError> {
    let keeper = keeper(settings, measured)?.within(limits);
    let mut offered = limits.offered(measured, disk_used);
    offered.confinement = Some(keeper.confinement());
    // Without its graphics processors, a machine computes other bits.
    offered.device_class = probed.map(|probed| device_class::name(probed, &offered));
    let desk = &settings.desk;
    desk.log(LogLevel::Info, &format!("allocated {}", words(&offered)));
    desk.offer(measured, &offered, slots(settings, limits));
    Ok((keeper, offered))
}

fn slots(settings: &Settings, limits: &Limits) -> u32 {
    limits.slots.unwrap_or(settings.slots).max(1)
}

/// `4 cores, 7.8 GiB of memory, 100.0 GiB of disk, no GPU`.
fn words(has: &Capabilities) -> String {
    let gib = |bytes: u64| {
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let gib = bytes as f64 / GIB as f64;
        format!("{gib:.1} GiB")
    };
    let gpus: Vec<_> = has.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let gpus = if gpus.is_empty() {
        "no GPU".to_owned()
    } else {
        gpus.join(", ")
    };
    let cores = match has.cpu_cores {
        1 => "1 core".to_owned(),
        cores => format!("{cores} cores"),
    };
    format!(
        "{cores}, {} of memory, {} of disk, {gpus}",
        gib(has.memory_bytes),
        gib(has.disk_bytes)
    )
}

/// What keeps the programs in; it knows the machine's memory and what placeholders stand for.
fn keeper(settings: &Settings, measured: &Capabilities) -> Result<Keeper, WorkerError> {
    let python = measured.python.as_ref();
    let python = python.map(|python| PathBuf::from(&python.path));
    let known = [Some(settings.binary.clone()), python];
    let known = known.into_iter().flatten().collect();
    let variables = process::allowed(&settings.environment);
    let keeper = Keeper::new(&settings.sandbox, &settings.state_dir, &variables, known)?;
    Ok(keeper.with_memory(measured.memory_bytes))
}

async fn register(
    client: &Client,
    registration: &mut Registration,
) -> Result<Registered, WorkerError> {
    let mut backoff = Backoff::default();
    let begun = Instant::now();
    loop {
        let error = match client.register(registration).await {
            Ok(registered) => return Ok(registered),
            Err(error) => error,
        };
        let is_unknown = error.is_final() && error.status() == Some(404);
        if is_unknown && registration.worker_id.take().is_some() {
            // The id is another hub's, or from before this hub lost its memory.
            continue;
        }
        // After a crash the machine may be back before the hub noticed that it was gone.
        let may_be_gone_soon =
            error.is_problem("worker_in_use") && begun.elapsed() < RIVAL_PATIENCE;
        let is_temporary = !error.is_final() && !matches!(error, Error::InvalidAddress { .. });
        if !is_temporary && !may_be_gone_soon {
            return Err(WorkerError::TurnedAway(error));
        }
        warn!(%error, "cannot join yet; asking again");
        tokio::time::sleep(backoff.pause()).await;
    }
}

//! The hub itself: a store, the live leases, the templates, and who is told of changes.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use cupola_domain::{
    ids::Ids,
    resources::Profiles,
    scheduling::Policy,
    time::{Instant, Timestamp},
};
use cupola_economy::prf::Key;
use cupola_store::{Durability, Location, Options, Store, StoreError, Tx, scheduling as owners};
use uuid::Uuid;

use crate::{
    HubError,
    access::LoginCodes,
    alerts::{OpenAlerts, Reach, Watch},
    analysis::AnalysisCache,
    artifacts::Files,
    budgets::Spent,
    bus::{Bus, Changes},
    costs::Prices,
    endings::LatestEndings,
    ledger::Economy,
    live::Live,
    programs::ProgramKey,
    run_folders::RunFolders,
    signing::SigningKey,
    telemetry::{self, Fleet},
    templates::Library,
    training::Keeper,
    training_models::Folders,
    verification::{self, Verification},
    work::choosing::Book,
    world::World,
};

/// How a hub is opened.
pub struct Settings {
    /// Where its rows are.
    pub location: Location,
    /// Where the files lie that runs keep.
    pub artifacts: PathBuf,
    /// Where every run has a folder from which its rows can be made again; none where nobody wants that.
    pub runs: Option<PathBuf>,
    /// How many bytes are kept of one file; [`crate::artifacts::BYTES_MAX`] for most.
    pub artifact_bytes_max: u64,
    /// Folders with templates besides the built-in ones.
    pub template_dirs: Vec<PathBuf>,
    /// Whether what is acknowledged survives a loss of power. Only a simulation says no.
    pub durability: Durability,
    /// Called once when the database cannot be trusted any more; the program should exit.
    pub on_fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
}

/// The hub. Shared by handlers and loops; all of its methods may be called from any thread.
pub struct Hub {
    store: Store,
    world: Arc<dyn World>,
    ids: Mutex<Ids>,
    live: Mutex<Live>,
    fleet: Mutex<Fleet>,
    prices: RwLock<Arc<Prices>>,
    economy: RwLock<Arc<Economy>>,
    policy: RwLock<Arc<Policy>>,
    profiles: RwLock<Arc<Profiles>>,
    pub(crate) book: Arc<Book>,
    verification: RwLock<Arc<Verification>>,
    check_key: Key,
    banned: RwLock<BTreeSet<String>>,
    pub(crate) reach: Reach,
    pub(crate) spent: Spent,
    pub(crate) bus: Bus,
    pub(crate) files: Files,
    pub(crate) folders: Folders,
    pub(crate) run_folders: RunFolders,
    artifact_bytes_max: u64,
    pub(crate) templates: Library,
    pub(crate) analyses: AnalysisCache,
    pub(crate) logins: LoginCodes,
    pub(crate) endings: LatestEndings,
    pub(crate) training: Keeper,
    pub(crate) program_key: ProgramKey,
    pub(crate) signing_key: SigningKey,
    watch: Mutex<Watch>,
    pub(crate) open_alerts: OpenAlerts,
    access_epoch: AtomicU64,
}

impl Hub {
    /// Opens the store, reads the templates, and waits for the workers that had leases: their runs
    /// go on as if the hub had not been away.
    pub fn open(settings: Settings, world: Arc<dyn World>) -> Result<Self, HubError> {
        let bus = Bus::new();
        let clock = Arc::clone(&world);
        let mut options = Options::new(move || clock.now().millis());
        options.durability = settings.durability;
        options.on_fatal = settings.on_fatal;
        let published = bus.clone();
        options.on_commit = Arc::new(move |rows| published.publish(rows));
        let store = Store::open(&settings.location, options).map_err(|error| match error {
            // These say what the operator should do; they are not our fault.
            StoreError::Locked { .. }
            | StoreError::SchemaVersion { .. }
            | StoreError::SchemaHistory(_)
            | StoreError::NetworkFilesystem { .. }
            | StoreError::Unsupported(_)
            | StoreError::Io { .. } => HubError::Unavailable(error.to_string()),
            error => error.into(),
        })?;
        let shown = settings.artifacts.display().to_string();
        let files = Files::open(settings.artifacts).map_err(|error| {
            HubError::Unavailable(format!("the artifacts' folder `{shown}`: {error}"))
        })?;
        let mut seed = [0; 8];
        world.random(&mut seed);
        let run_folders = RunFolders::open(settings.runs, &store, world.as_ref())?;
        let program_key = ProgramKey::load(&store, world.as_ref())?;
        let signing_key = SigningKey::load(&store, world.as_ref())?;
        store.write(|tx| Ok::<_, HubError>(owners::count_loads(tx)?))?;
        let check_key = verification::load_key(&store, world.as_ref())?;
        let banned = verification::load_banned(&store)?;
        let live = Live::load(&store, world.monotonic(), world.now())?;
        let fleet = telemetry::rebuild(&store, world.now())?;
        bus.begin(store.last_seq()?);
        let watch = Watch::after(bus.last_told());
        let hub = Self {
            store,
            ids: Mutex::new(Ids::new(u64::from_le_bytes(seed))),
            live: Mutex::new(live),
            fleet: Mutex::new(fleet),
            prices: RwLock::default(),
            economy: RwLock::default(),
            policy: RwLock::default(),
            profiles: RwLock::default(),
            book: Arc::default(),
            verification: RwLock::default(),
            check_key,
            banned: RwLock::new(banned),
            reach: Reach::default(),
            spent: Spent::default(),
            bus,
            files,
            folders: Folders::default(),
            run_folders,
            artifact_bytes_max: settings.artifact_bytes_max,
            templates: Library::load(&settings.template_dirs),
            analyses: AnalysisCache::default(),
            logins: LoginCodes::default(),
            endings: LatestEndings::default(),
            training: Keeper::new(world.now()),
            program_key,
            signing_key,
            watch: Mutex::new(watch),
            open_alerts: OpenAlerts::default(),
            access_epoch: AtomicU64::new(0),
            world,
        };
        hub.refresh_budgets()?;
        Ok(hub)
    }

    /// From now on, all that changes.
    pub fn subscribe(&self) -> Changes {
        self.bus.subscribe()
    }

    /// The changes after `seq`, oldest first, at most `limit`.
    pub fn changes_after(
        &self,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<cupola_store::EventRow>, HubError> {
        Ok(self.store.events_after(seq, limit)?)
    }

    /// The number of the newest change.
    pub fn last_change(&self) -> Result<i64, HubError> {
        Ok(self.store.last_seq()?)
    }

    /// The number of the newest change that was told. Whoever was answered by a command finds its
    /// changes below this number.
    pub fn last_told(&self) -> i64 {
        self.bus.last_told()
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// The clock that only moves forwards.
    pub fn monotonic(&self) -> Instant {
        self.world.monotonic()
    }

    /// What machines cost from now on. Runs that have begun keep the price that they began with.
    pub fn use_prices(&self, prices: Prices) {
        let mut used = self.prices.write().unwrap_or_else(PoisonError::into_inner);
        *used = Arc::new(prices);
    }

    /// What machines cost.
    pub fn prices(&self) -> Arc<Prices> {
        Arc::clone(&self.prices.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What owners may have at work from now on.
    pub fn use_scheduling(&self, policy: Policy) {
        let mut used = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        *used = Arc::new(policy);
    }

    /// What owners may have at work.
    pub fn scheduling(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which classes of machine may be asked for from now on. Families keep what they were made with.
    pub fn use_profiles(&self, profiles: Profiles) {
        let mut used = self
            .profiles
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *used = Arc::new(profiles);
    }

    /// Which classes of machine may be asked for.
    pub fn profiles(&self) -> Arc<Profiles> {
        Arc::clone(&self.profiles.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_economy(&self, economy: Arc<Economy>) {
        let mut used = self.economy.write().unwrap_or_else(PoisonError::into_inner);
        *used = economy;
    }

    /// How credits go.
    pub fn economy(&self) -> Arc<Economy> {
        Arc::clone(&self.economy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who is believed and whose results are checked, from now on.
    pub fn use_verification(&self, verification: Verification) {
        let mut used = self
            .verification
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *used = Arc::new(verification);
    }

    /// Who is believed and whose results are checked.
    pub fn verification(&self) -> Arc<Verification> {
        let used = self.verification.read();
        Arc::clone(&used.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn check_key(&self) -> Key {
        self.check_key
    }

    /// The owners who are banned, by heart.
    pub(crate) fn banned(&self) -> RwLockReadGuard<'_, BTreeSet<String>> {
        self.banned.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_banned(&self, banned: BTreeSet<String>) {
        *self.banned.write().unwrap_or_else(PoisonError::into_inner) = banned;
    }

    /// A maker of identifiers for one transaction.
    pub(crate) fn ids(&self) -> Ids {
        let mut seed = [0; 8];
        self.world.random(&mut seed);
        Ids::new(u64::from_le_bytes(seed))
    }

    /// How many bytes are kept of one file.
    pub fn artifact_bytes_max(&self) -> u64 {
        self.artifact_bytes_max
    }

    /// Goes up whenever somebody is shut out, before the command that did it returns. Whoever
    /// remembers an authentication for a moment forgets it when this has changed since.
    pub fn access_epoch(&self) -> u64 {
        self.access_epoch.load(Ordering::Acquire)
    }

    pub(crate) fn shut_out(&self) {
        self.access_epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// What the store did since it was opened.
    pub fn store_stats(&self) -> cupola_store::Stats {
        self.store.stats()
    }

    /// Finishes what was asked and closes the store.
    pub fn close(&self) {
        self.store.close();
    }

    pub(crate) fn world(&self) -> &dyn World {
        self.world.as_ref()
    }

    pub(crate) fn next_id<I: From<Uuid>>(&self) -> I {
        lock(&self.ids).next(self.now())
    }

    /// What the rules of alerts know by heart; held for as long as they look.
    pub(crate) fn watch(&self) -> MutexGuard<'_, Watch> {
        lock(&self.watch)
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        lock(&self.live)
    }

    pub(crate) fn heart_of_fleet(&self) -> MutexGuard<'_, Fleet> {
        lock(&self.fleet)
    }

    /// Runs a command in one transaction; when this returns, it is durable.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Tx) -> Result<T, HubError> + Send + 'static,
    ) -> Result<T, HubError> {
        self.store.write(command)
    }

    /// Runs a query on a snapshot.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Tx) -> Result<T, HubError> + Send + 'static,
    ) -> Result<T, HubError> {
        self.store.read(query)
    }
}

/// A lock whose holder panicked guards nothing that a panic could have left half-done: every
/// change under these locks is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

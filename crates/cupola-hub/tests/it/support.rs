//! A hub in a temporary folder, with a clock and a source of chance that the test holds.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use cupola_domain::{
    access::Role,
    brief::Draft,
    ids::{ExperimentId, RunId, TaskId, TokenId, WorkerId},
    provenance::Provenance,
    resources::{Capabilities, GIB},
    run::{Failure, Outcome, Run},
    time::{Instant, Timestamp},
    worker::Worker,
};
use cupola_hub::{
    Hub, HubError, Settings,
    costs::Prices,
    work::{Finish, Held, Order, Orders, Registration},
    world::World,
};
use cupola_search::rng::Rng;
use cupola_store::{Durability, Location};
use cupola_testkit::Database;
use serde_json::json;
use tempfile::TempDir;

/// A number below a bound.
pub trait Below {
    fn below(&mut self, bound: u64) -> u64;
}

impl Below for Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }
}

/// A clock that moves when told to, and chance from a seed.
#[derive(Debug)]
pub struct TestWorld {
    state: Mutex<(Timestamp, Instant, Rng)>,
}

impl TestWorld {
    pub fn new(seed: u64) -> Arc<Self> {
        let start = Timestamp::from_millis(1_795_000_000_000);
        let monotonic = Instant::from_origin(Duration::from_hours(1));
        Arc::new(Self {
            state: Mutex::new((start, monotonic, Rng::new(seed))),
        })
    }

    /// Both clocks move on.
    pub fn advance(&self, span: Duration) {
        let mut state = self.state.lock().unwrap();
        state.1 = state.1.plus(span);
        state.0 = moved(state.0, i64::try_from(span.as_millis()).unwrap());
    }

    /// Only the wall clock moves, as when somebody sets it.
    pub fn jump(&self, millis: i64) {
        let mut state = self.state.lock().unwrap();
        state.0 = moved(state.0, millis);
    }
}

fn moved(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.millis() + millis)
}

impl World for TestWorld {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap().0
    }

    fn monotonic(&self) -> Instant {
        self.state.lock().unwrap().1
    }

    fn random(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&state.2.bits().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A hub that can be stopped and started again on the same folder.
pub struct TestHub {
    pub world: Arc<TestWorld>,
    pub token: TokenId,
    hub: Option<Hub>,
    location: Location,
    folder: TempDir,
}

impl TestHub {
    pub fn new() -> Self {
        Self::with_seed(1)
    }

    pub fn with_seed(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("cupola.db"));
        Self::at(location, folder, seed)
    }

    /// One whose rows are in a database that outlives it.
    pub fn on(database: &Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(database.location().clone(), folder, 1)
    }

    fn at(location: Location, folder: TempDir, seed: u64) -> Self {
        let world = TestWorld::new(seed);
        let hub = open(location.clone(), folder.path(), &world);
        let (_, token) = hub.create_token("workers", Role::Worker, None).unwrap();
        Self {
            world,
            token: token.id,
            hub: Some(hub),
            location,
            folder,
        }
    }

    /// Drops all that the hub knows by heart and opens it anew.
    pub fn restart(&mut self) {
        self.hub = None;
        let folder = self.folder.path();
        self.hub = Some(open(self.location.clone(), folder, &self.world));
    }

    /// Loses the database, and opens a new one over the rest.
    pub fn forget(&mut self) {
        if let Some(hub) = self.hub.take() {
            hub.close();
        }
        let Location::Sqlite(file) = &self.location else {
            panic!("a database of its own is not lost");
        };
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
        }
        self.restart();
    }

    /// Goes on with another database over the rest.
    pub fn turn_to(&mut self, location: Location) {
        if let Some(hub) = self.hub.take() {
            hub.close();
        }
        self.location = location;
        self.restart();
    }

    /// Opens it anew, and says again what machines cost.
    pub fn restart_with(&mut self, prices: Prices) {
        self.restart();
        self.use_prices(prices);
    }

    /// Where all lies that is kept.
    pub fn place(&self) -> &Path {
        self.folder.path()
    }

    pub fn submit(&self, num_tasks: u32) -> ExperimentId {
        self.submit_brief(&draft(num_tasks), "ada")
            .unwrap()
            .family
            .id
    }

    pub fn join(&self, name: &str) -> TestWorker {
        let mut worker = TestWorker {
            id: None,
            name: name.to_owned(),
            session: String::new(),
            place: String::new(),
        };
        worker.start(self);
        worker
    }

    /// The states of a family's tasks in order, one letter each.
    pub fn states(&self, family: ExperimentId) -> String {
        let filter = cupola_hub::tasks::Filter {
            experiment: Some(family),
            limit: 1000,
            ..Default::default()
        };
        let page = self.list_tasks(filter).unwrap();
        page.tasks
            .iter()
            .map(|task| &task.state.word().as_str()[..1])
            .collect()
    }
}

impl std::ops::Deref for TestHub {
    type Target = Hub;

    fn deref(&self) -> &Hub {
        self.hub.as_ref().expect("the hub runs")
    }
}

fn open(location: Location, folder: &Path, world: &Arc<TestWorld>) -> Hub {
    let settings = Settings {
        location,
        artifacts: folder.join("artifacts"),
        runs: Some(folder.join("runs")),
        artifact_bytes_max: 1000,
        template_dirs: Vec::new(),
        durability: Durability::Off,
        on_fatal: Arc::new(|error| panic!("the store is lost: {error}")),
    };
    let world: Arc<dyn World> = Arc::clone(world) as Arc<dyn World>;
    Hub::open(settings, world).unwrap()
}

pub fn draft(num_tasks: u32) -> Draft {
    Draft {
        goal: "find the best small model".to_owned(),
        template: "char-lm".to_owned(),
        hardware: "small".to_owned(),
        num_tasks: num_tasks.to_string(),
        time_budget: "10".to_owned(),
        sampler: "random".to_owned(),
        ..Draft::default()
    }
}

pub fn laptop() -> Capabilities {
    Capabilities {
        hostname: "laptop".into(),
        platform: "linux-x86_64".into(),
        cpu_cores: 4,
        memory_bytes: 8 * GIB,
        disk_bytes: 100 * GIB,
        ..Capabilities::default()
    }
}

pub fn completed(value: f64) -> Finish {
    Finish {
        outcome: Outcome::Completed,
        results: json!({"val_bpb": value}).as_object().unwrap().clone(),
        wall_time: Duration::from_secs(9),
        stop: None,
        environment: None,
        provenance: Provenance::Measured,
    }
}

pub fn failed(failure: Failure) -> Finish {
    Finish {
        outcome: Outcome::Failed(failure),
        results: serde_json::Map::new(),
        ..completed(0.0)
    }
}

/// A worker's side of the protocol, without a machine behind it.
#[derive(Debug, Clone)]
pub struct TestWorker {
    id: Option<WorkerId>,
    name: String,
    pub session: String,
    pub place: String,
}

impl TestWorker {
    pub fn id(&self) -> WorkerId {
        self.id.expect("it has joined")
    }

    /// The agent starts: a new session.
    pub fn start(&mut self, hub: &TestHub) {
        self.session = hub.world.monotonic().since_origin().as_nanos().to_string() + &self.session;
        self.id = Some(self.register(hub).unwrap().id);
    }

    pub fn register(&self, hub: &TestHub) -> Result<Worker, HubError> {
        self.register_with(hub, laptop())
    }

    pub fn register_with(
        &self,
        hub: &TestHub,
        capabilities: Capabilities,
    ) -> Result<Worker, HubError> {
        let registration = Registration {
            id: self.id,
            name: self.name.clone(),
            session: self.session.clone(),
            place: self.place.clone(),
            slots: 4,
            version: "test".to_owned(),
            capabilities,
        };
        hub.register_worker(hub.token, registration)
    }

    pub fn poll(&self, hub: &TestHub, slots: u32, holding: &[Held]) -> Result<Orders, HubError> {
        hub.lease_runs(hub.token, self.id(), &self.session, slots, holding)
    }

    /// Leases one run.
    pub fn take(&self, hub: &TestHub) -> Order {
        let held: Vec<Held> = Vec::new();
        let orders = self.poll(hub, 1, &held).unwrap();
        orders.start.into_iter().next().expect("there is work")
    }

    pub fn heartbeat(&self, hub: &TestHub, holding: &[Held]) -> Result<Orders, HubError> {
        hub.renew_leases(hub.token, self.id(), &self.session, holding)
    }
}

/// The worker says that the program runs.
pub fn start(hub: &TestHub, order: &Order) -> Result<Run, HubError> {
    hub.start_run(hub.token, order.run.id, order.lease, "{}".to_owned())
}

/// The worker says how it ended.
pub fn finish(hub: &TestHub, order: &Order, finish: Finish) -> Result<Run, HubError> {
    hub.finish_run(hub.token, order.run.id, order.lease, finish)
}

pub fn held(order: &Order) -> Held {
    (order.run.id, order.lease.epoch)
}

pub fn task_of(hub: &TestHub, run: RunId) -> TaskId {
    hub.run_detail(run).unwrap().task.id
}

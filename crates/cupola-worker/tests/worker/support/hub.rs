//! A hub that does as it is told and remembers what it was told.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use cupola_domain::time::Timestamp;
use cupola_protocol::{
    artifacts::{ArtifactBody, ArtifactUpload},
    credits::{EarnedBody, OwnEarningsBody, WorkerEarningsBody},
    paths::api,
    problem::Problem,
    telemetry::{SampleBody, TelemetryReport, TelemetryTaken},
    work::{
        Acknowledged, Bundle, Finished, Heartbeat, Held, LeaseRequest, Orders, Registered,
        Registration, Report, RunOrder, Started,
    },
    workers::DrainedBody,
};
use serde::Serialize;
use tokio::{net::TcpListener, runtime::Runtime, sync::Notify};

use super::PATIENCE;

/// What the hub knows and what it is told to do.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) queue: VecDeque<RunOrder>,
    pub(crate) leased: HashMap<Held, RunOrder>,
    pub(crate) cancel: Vec<Held>,
    pub(crate) abandon: Vec<Held>,
    pub(crate) bundles: HashMap<String, Bundle>,
    pub(crate) registrations: Vec<Registration>,
    pub(crate) started: HashSet<String>,
    /// Run → its reports, each once.
    pub(crate) reports: BTreeMap<String, Vec<Report>>,
    /// How often a report came that was there already.
    pub(crate) repeated: usize,
    pub(crate) finished: HashMap<String, Finished>,
    /// What workers said again and again.
    pub(crate) beats: Vec<Heartbeat>,
    pub(crate) departures: usize,
    pub(crate) polls: usize,
    /// The first answer to each start, report and result is lost after it took effect.
    pub(crate) lose_first_answers: bool,
    /// Every report and result is refused with this status.
    pub(crate) refuse_with: Option<u16>,
    /// So many reports are answered with this status.
    pub(crate) refuse_reports: (usize, u16),
    /// Every registration and heartbeat is refused with this status.
    pub(crate) turn_away_with: Option<u16>,
    /// How often workers are to renew; 0 for ten times a second.
    pub(crate) heartbeat_secs: f64,
    /// Run and name → the bytes of a file that it keeps.
    pub(crate) artifacts: BTreeMap<(String, String), Vec<u8>>,
    /// Files that came, kept or not.
    pub(crate) uploads: usize,
    /// So many uploads are answered with this status.
    pub(crate) refuse_uploads: (usize, u16),
    /// Uploads wait while this is so.
    pub(crate) hold_uploads: bool,
    /// What was measured, each sample as often as it was taken.
    pub(crate) samples: Vec<SampleBody>,
    /// So many telemetry reports are answered with this status, after they took effect.
    pub(crate) refuse_telemetry: (usize, u16),
    /// Reports take this long.
    pub(crate) report_delay: Duration,
    /// Who drains the workers.
    pub(crate) drained: Option<DrainedBody>,
    /// Run → what it is worth.
    pub(crate) worth: BTreeMap<String, String>,
}

impl World {
    /// The bytes of one stream of a run, and how many were left out of it.
    pub(crate) fn log(&self, run_id: &str, stream: &str) -> (Vec<u8>, u64) {
        let (mut bytes, mut omitted) = (Vec::new(), 0);
        let reports = self.reports.get(run_id).map_or(&[][..], Vec::as_slice);
        for piece in reports.iter().flat_map(|report| &report.log) {
            if piece.stream == stream {
                bytes.extend(piece.decoded().expect("logs are base 64"));
                omitted += piece.omitted;
            }
        }
        (bytes, omitted)
    }

    /// The values of one series of a run.
    pub(crate) fn series(&self, run_id: &str, name: &str) -> Vec<f64> {
        let reports = self.reports.get(run_id).map_or(&[][..], Vec::as_slice);
        let metrics = reports.iter().flat_map(|report| &report.metrics);
        metrics
            .filter(|metric| metric.name == name)
            .flat_map(|metric| metric.points.iter().map(|point| point.2.0))
            .collect()
    }

    fn orders(&mut self, free_slots: u32, holding: &[Held]) -> Orders {
        let mut start: Vec<_> = self
            .leased
            .iter()
            .filter(|(held, _)| !holding.contains(held))
            .map(|(_, order)| order.clone())
            .collect();
        while start.len() < free_slots as usize
            && let Some(order) = self.queue.pop_front()
        {
            self.leased.insert(held(&order), order.clone());
            start.push(order);
        }
        start.truncate(free_slots as usize);
        let held_of = |list: &[Held]| {
            let held = list.iter().filter(|held| holding.contains(held));
            held.cloned().collect()
        };
        Orders {
            start,
            cancel: held_of(&self.cancel),
            abandon: held_of(&self.abandon),
            next_heartbeat_secs: None,
            drained: self.drained.clone(),
        }
    }
}

#[derive(Clone, Default)]
struct Shared {
    world: Arc<Mutex<World>>,
    changed: Arc<Notify>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a message that took effect, or loses the answer on its way.
    fn answer(&self, is_first: bool, body: impl Serialize) -> Response {
        self.changed.notify_waiters();
        if is_first && self.world().lose_first_answers {
            // Ends the connection without a word and without a backtrace.
            std::panic::resume_unwind(Box::new("answer lost"));
        }
        Json(body).into_response()
    }
}

/// A hub on a port of its own, that can go away and come back.
pub(crate) struct FakeHub {
    shared: Shared,
    address: SocketAddr,
    server: Option<Runtime>,
}

impl FakeHub {
    pub(crate) fn start() -> Self {
        let mut hub = Self {
            shared: Shared::default(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            server: None,
        };
        hub.come_back();
        hub
    }

    pub(crate) fn with(orders: impl IntoIterator<Item = RunOrder>) -> Self {
        let hub = Self::start();
        hub.world().queue.extend(orders);
        hub
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// Adds work, or changes what the hub does.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let changed = change(&mut self.world());
        self.shared.changed.notify_waiters();
        changed
    }

    /// Closes all connections and the port, and returns when they are closed: somebody may listen there next.
    pub(crate) fn go_away(&mut self) {
        if let Some(server) = self.server.take() {
            let closing = std::thread::spawn(|| server.shutdown_timeout(PATIENCE));
            closing.join().expect("it is closed");
        }
    }

    /// Listens at the same address again, and remembers everything.
    pub(crate) fn come_back(&mut self) {
        let server = Runtime::new().expect("there are threads left");
        let listener = std::net::TcpListener::bind(self.address).expect("the port is free");
        self.address = listener.local_addr().expect("it is bound");
        listener.set_nonblocking(true).expect("sockets can");
        let routes = routes(self.shared.clone());
        server.spawn(async move {
            let listener = TcpListener::from_std(listener)?;
            axum::serve(listener, routes).await
        });
        self.server = Some(server);
    }

    /// Waits until `found` finds something in what the hub knows.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        mut found: impl FnMut(&World) -> Option<T>,
    ) -> T {
        let waiting = async {
            loop {
                let changed = self.shared.changed.notified();
                let mut changed = std::pin::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = found(&self.world()) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| panic!("waited in vain: {what}"))
    }

    /// Waits for the end of a run.
    pub(crate) async fn finished(&self, run_id: &str) -> Finished {
        self.until(run_id, |world| world.finished.get(run_id).cloned())
            .await
    }

    /// Waits until a run has written `text` to its standard output.
    pub(crate) async fn said(&self, run_id: &str, text: &str) -> String {
        self.until(text, |world| {
            let said = String::from_utf8_lossy(&world.log(run_id, "stdout").0).into_owned();
            said.contains(text).then_some(said)
        })
        .await
    }
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        self.go_away();
    }
}

pub(crate) fn held(order: &RunOrder) -> Held {
    Held {
        run_id: order.run_id.clone(),
        epoch: order.epoch,
    }
}

fn routes(shared: Shared) -> Router {
    Router::new()
        .route(api::WORKERS, post(register))
        .route(api::WORKER_LEASES, post(lease))
        .route(api::WORKER_HEARTBEAT, post(heartbeat))
        .route(api::WORKER_DEPARTURE, post(depart))
        .route(api::WORKER_TELEMETRY, post(measure))
        .route(api::WORKER_EARNED, get(earned))
        .route(api::RUN_START, post(start))
        .route(api::RUN_REPORTS, post(report))
        .route(api::RUN_RESULT, post(finish))
        .route(api::BUNDLE, get(bundle))
        .route(api::RUN_ARTIFACT, put(artifact))
        .layer(DefaultBodyLimit::max(
            cupola_protocol::work::REPORT_BYTES_MAX,
        ))
        .with_state(shared)
}

fn refusal(status: u16) -> Response {
    let problem = Problem {
        r#type: "refused".to_owned(),
        status,
        title: "as told".to_owned(),
        errors: Vec::new(),
    };
    let code = StatusCode::from_u16(status).expect("it is a status");
    (code, Json(problem)).into_response()
}

async fn register(State(hub): State<Shared>, Json(body): Json<Registration>) -> Response {
    let mut world = hub.world();
    if let Some(status) = world.turn_away_with {
        return refusal(status);
    }
    let worker_id = body.worker_id.clone();
    world.registrations.push(body);
    let heartbeat_secs = world.heartbeat_secs;
    drop(world);
    hub.changed.notify_waiters();
    let registered = Registered {
        worker_id: worker_id.unwrap_or_else(|| "w1".to_owned()),
        lease_ttl_secs: 3.0,
        hub_key: String::new(),
        artifact_bytes_max: 1 << 20,
        heartbeat_secs: if heartbeat_secs > 0.0 {
            heartbeat_secs
        } else {
            0.1
        },
    };
    Json(registered).into_response()
}

async fn lease(State(hub): State<Shared>, Json(body): Json<LeaseRequest>) -> Response {
    hub.world().polls += 1;
    let wait = Duration::from_secs_f64(body.wait_secs);
    let waiting = async {
        loop {
            let changed = hub.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let orders = hub.world().orders(body.free_slots, &body.holding);
            if orders != Orders::default() {
                return orders;
            }
            changed.await;
        }
    };
    let orders = tokio::time::timeout(wait, waiting).await;
    Json(orders.unwrap_or_default()).into_response()
}

async fn measure(State(hub): State<Shared>, Json(body): Json<TelemetryReport>) -> Response {
    let mut world = hub.world();
    world.samples.extend(body.samples);
    let refused = (world.refuse_telemetry.0 > 0).then(|| {
        world.refuse_telemetry.0 -= 1;
        world.refuse_telemetry.1
    });
    drop(world);
    hub.changed.notify_waiters();
    match refused {
        Some(status) => refusal(status),
        None => Json(TelemetryTaken {
            next_report_secs: 5.0,
        })
        .into_response(),
    }
}

async fn earned(State(hub): State<Shared>, RawQuery(asked): RawQuery) -> Response {
    let asked = asked.unwrap_or_default();
    let asked = asked
        .split('&')
        .filter_map(|pair| pair.strip_prefix("run="));
    let world = hub.world();
    let runs: BTreeMap<_, _> = asked
        .filter_map(|run| world.worth.get_key_value(run))
        .map(|(run, amount)| (run.clone(), amount.clone()))
        .collect();
    let total: f64 = world
        .worth
        .values()
        .filter_map(|of| of.parse::<f64>().ok())
        .sum();
    let of = EarnedBody {
        name: String::new(),
        runs: 0,
        amount: format!("{total:.6}"),
    };
    Json(OwnEarningsBody {
        earnings: WorkerEarningsBody {
            total: of.clone(),
            today: of.clone(),
            week: of,
        },
        run: runs.values().next().cloned(),
        runs,
    })
    .into_response()
}

async fn heartbeat(State(hub): State<Shared>, Json(body): Json<Heartbeat>) -> Response {
    let mut world = hub.world();
    if let Some(status) = world.turn_away_with {
        return refusal(status);
    }
    let returned = |held: &Held| body.returning.contains(held);
    world.leased.retain(|held, _| !returned(held));
    let orders = world.orders(0, &body.holding);
    world.beats.push(body);
    drop(world);
    hub.changed.notify_waiters();
    Json(orders).into_response()
}

async fn depart(State(hub): State<Shared>, Json(_): Json<Heartbeat>) -> Response {
    hub.world().departures += 1;
    hub.answer(false, ())
}

async fn start(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Started>,
) -> Response {
    assert!(body.environment.contains_key("command"));
    if let Some(status) = hub.world().refuse_with {
        return refusal(status);
    }
    let is_first = hub.world().started.insert(id);
    hub.answer(is_first, ())
}

async fn report(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Report>,
) -> Response {
    let delay = hub.world().report_delay;
    tokio::time::sleep(delay).await;
    let mut world = hub.world();
    if let Some(status) = world.refuse_with {
        return refusal(status);
    }
    if let (left @ 1.., status) = world.refuse_reports {
        world.refuse_reports.0 = left - 1;
        return refusal(status);
    }
    let reports = world.reports.entry(id).or_default();
    let is_first = body.seq == reports.len() as u64;
    match usize::try_from(body.seq)
        .ok()
        .and_then(|at| reports.get(at))
    {
        None if is_first => reports.push(body),
        Some(before) if *before == body => world.repeated += 1,
        _ => return refusal(400),
    }
    drop(world);
    hub.answer(is_first, ())
}

async fn finish(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Finished>,
) -> Response {
    let mut world = hub.world();
    if let Some(status) = world.refuse_with {
        return refusal(status);
    }
    let status = body.outcome.clone();
    world.leased.retain(|held, _| held.run_id != id);
    let is_first = world.finished.insert(id, body).is_none();
    drop(world);
    hub.answer(is_first, Acknowledged { status })
}

async fn bundle(State(hub): State<Shared>, Path(hash): Path<String>) -> Response {
    match hub.world().bundles.get(&hash) {
        Some(bundle) => Json(bundle).into_response(),
        None => refusal(404),
    }
}

async fn artifact(
    State(hub): State<Shared>,
    Path((run, name)): Path<(String, String)>,
    Query(said): Query<ArtifactUpload>,
    bytes: Bytes,
) -> Response {
    loop {
        let changed = hub.changed.notified();
        if !hub.world().hold_uploads {
            break;
        }
        changed.await;
    }
    let mut world = hub.world();
    world.uploads += 1;
    if let (left @ 1.., status) = world.refuse_uploads {
        world.refuse_uploads.0 = left - 1;
        return refusal(status);
    }
    assert!(!world.finished.contains_key(&run), "the run has ended");
    assert_eq!(said.size_bytes, bytes.len() as u64);
    let answer = ArtifactBody {
        name: name.clone(),
        size_bytes: said.size_bytes,
        sha256: said.sha256,
        kept_at: Timestamp::from_millis(0).into(),
    };
    let is_first = world.artifacts.insert((run, name), bytes.into()).is_none();
    drop(world);
    hub.answer(is_first, answer)
}

//! How many requests a second the router answers, in process: `cargo run --release -p cupola-web
//! --example request_rate`. The store is on disk and every commit waits for it.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use cupola_domain::{
    access::Role,
    time::{Instant as Monotonic, Timestamp},
};
use cupola_hub::{Hub, world::World};
use cupola_store::{Durability, Location};
use cupola_web::{Settings, Web, router};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

const OVERVIEWS: usize = 20_000;
const TASKS: usize = 5_000;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The clocks of this machine; chance that repeats itself is enough here.
struct Here(Instant);

impl World for Here {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the clock comes from"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(0))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(self.0.elapsed())
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let nanos = u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(0);
            *byte = (nanos.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).to_le_bytes()[0];
        }
    }
}

/// Somebody who asks.
#[derive(Clone)]
struct Caller {
    router: Router,
    token: String,
}

impl Caller {
    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Value, AnyError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:7171")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))?;
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
        if !status.is_success() {
            return Err(format!("{path}: {status} {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let dir = tempfile::tempdir_in(std::env::current_dir()?)?;
    let settings = cupola_hub::Settings {
        location: Location::Sqlite(dir.path().join("cupola.db")),
        artifacts: dir.path().join("artifacts"),
        runs: None,
        artifact_bytes_max: cupola_hub::artifacts::BYTES_MAX,
        template_dirs: Vec::new(),
        durability: Durability::Full,
        on_fatal: Arc::new(|_| {}),
    };
    let hub = Arc::new(Hub::open(settings, Arc::new(Here(Instant::now())))?);
    let web = Web::new(
        Arc::clone(&hub),
        Settings {
            port: 7171,
            ..Settings::default()
        },
    );
    let router = router(web);
    let caller = |role: Role| -> Result<Caller, AnyError> {
        let (token, _) = hub.create_token(role.as_str(), role, None)?;
        let router = router.clone();
        Ok(Caller { router, token })
    };
    let (researcher, worker) = (caller(Role::Researcher)?, caller(Role::Worker)?);
    for callers in [1, 32] {
        overviews(&researcher, callers).await?;
    }
    for workers in [1, 32, 128] {
        pairs(&researcher, &worker, workers).await?;
    }
    Ok(())
}

async fn overviews(caller: &Caller, callers: usize) -> Result<(), AnyError> {
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for _ in 0..callers {
        let caller = caller.clone();
        asking.spawn(async move {
            for _ in 0..OVERVIEWS / callers {
                caller
                    .ask(Method::GET, "/api/v1/overview", Value::Null)
                    .await?;
            }
            Ok::<_, AnyError>(())
        });
    }
    all(asking).await?;
    say("overview", callers, OVERVIEWS, began.elapsed());
    Ok(())
}

/// Every worker leases one run at a time and reports its result at once.
async fn pairs(researcher: &Caller, worker: &Caller, workers: usize) -> Result<(), AnyError> {
    let brief = json!({"goal": "measure", "num_tasks": TASKS, "time_budget": 10});
    researcher
        .ask(Method::POST, "/api/v1/briefs", brief)
        .await?;
    let mut ids = Vec::new();
    for name in 0..workers {
        let joined = worker
            .ask(Method::POST, "/api/v1/workers", registration(name))
            .await?;
        ids.push(text(&joined["worker_id"])?);
    }
    let began = Instant::now();
    let mut working = JoinSet::new();
    for id in ids {
        working.spawn(work(worker.clone(), id));
    }
    all(working).await?;
    say("lease and result", workers, TASKS, began.elapsed());
    Ok(())
}

async fn work(worker: Caller, id: String) -> Result<(), AnyError> {
    let leases = format!("/api/v1/workers/{id}/leases");
    let question = json!({"session": "s", "free_slots": 1, "holding": [], "wait_secs": 0.0});
    loop {
        let orders = worker.ask(Method::POST, &leases, question.clone()).await?;
        let Some(order) = orders["start"].get(0) else {
            return Ok(());
        };
        let result = format!("/api/v1/runs/{}/result", text(&order["run_id"])?);
        let finished = json!({
            "worker_id": id, "epoch": order["epoch"], "outcome": "completed",
            "results": {"val_bpb": 3.5}, "wall_time_secs": 9.0,
        });
        worker.ask(Method::POST, &result, finished).await?;
    }
}

async fn all(mut set: JoinSet<Result<(), AnyError>>) -> Result<(), AnyError> {
    while let Some(ended) = set.join_next().await {
        ended??;
    }
    Ok(())
}

fn text(value: &Value) -> Result<String, AnyError> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| "no text".into())
}

fn registration(name: usize) -> Value {
    json!({
        "protocol": cupola_protocol::WORKER_PROTOCOL, "worker_id": null, "name": format!("box-{name}"), "session": "s",
        "slots": 1, "version": "0",
        "capabilities": {
            "hostname": "box", "platform": "linux", "cpu_model": "", "cpu_cores": 16,
            "memory_bytes": 64_u64 << 30, "disk_bytes": 500_u64 << 30, "gpus": [], "python": null,
        },
    })
}

fn say(what: &str, callers: usize, count: usize, took: Duration) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let rate = f64::from(count) / took.as_secs_f64();
    println!("{what}: {callers} at a time, {count} in {took:.2?}: {rate:.0}/s");
}

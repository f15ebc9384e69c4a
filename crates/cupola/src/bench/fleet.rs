//! A fleet of simulated workers over real connections: signs of life and questions for work while nothing
//! happens, memory, and how they all come back when the hub is killed and started again.

mod agent;

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use cupola_client::Client;
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    Figure,
    fixture::Folder,
    server::{SECRET, Server, free_port},
};
use agent::{Agent, Fleet};

/// As many as the goals are said for.
pub(super) const WORKERS: u32 = 10_000;

/// How long nothing happens.
const STEADY: Duration = Duration::from_secs(30);

/// Between two that join: nobody starts ten thousand machines at once, but all come back at once.
const JOIN_PACE: Duration = Duration::from_millis(5);

/// So many more tasks than workers, per cent: what was leased to one whose request was given up is taken back
/// only later.
const SPARE_PERCENT: u32 = 5;

/// All have joined within this: each is given a task, which is a durable write.
const JOINED_MAX: Duration = Duration::from_mins(8);

/// All are back within this, or are counted as missing.
const BACK_MAX: Duration = Duration::from_mins(2);

/// How often it is looked whether all are back: the error of that figure.
const LOOK_PERIOD: Duration = Duration::from_millis(100);

pub(super) async fn measure(workers: u32) -> anyhow::Result<Vec<Figure>> {
    crate::files::allow_many();
    let folder = Folder::new("fleet")?;
    let templates = folder.with_trivial_template()?;
    let arguments = ["hub", "--templates", &templates.display().to_string()];
    let port = free_port()?;
    let server = Server::start_on(&folder, &arguments, port).await?;
    let client = Client::new(&server.url, SECRET)?;
    let token = json!({"name": "fleet", "role": "worker"});
    let token = client.create_token(&serde_json::from_value(token)?).await?;
    let fleet = Arc::new(Fleet::new(format!("127.0.0.1:{port}"), token.secret));
    submit(&client, workers).await?;
    let empty = server.resident_mib()?;

    let began = Instant::now();
    let mut agents = JoinSet::new();
    for number in 0..workers {
        let agent = Agent::new(number, Arc::clone(&fleet));
        agents.spawn(async move {
            tokio::time::sleep(JOIN_PACE * number).await;
            agent.work().await;
        });
    }
    wait_for_all(&fleet, workers, JOINED_MAX).await?;
    let joined = began.elapsed();
    fleet.forget_times();
    tokio::time::sleep(STEADY).await;
    let steady = fleet.take_times();
    let filled = server.resident_mib()?;

    let refused_before = fleet.failures.load(Ordering::Relaxed);
    fleet.heard.store(0, Ordering::Relaxed);
    fleet.round.fetch_add(1, Ordering::Relaxed);
    drop(server);
    let server = Server::start_on(&folder, &arguments, port).await?;
    let began = Instant::now();
    let is_back = wait_for_all(&fleet, workers, BACK_MAX).await;
    let back = began.elapsed();
    let returning = fleet.take_times();
    let late = fleet.late.load(Ordering::Relaxed);
    let lost = fleet.lost.load(Ordering::Relaxed);
    let after = server.resident_mib()?;
    agents.shutdown().await;
    if let Err(error) = is_back {
        tracing::warn!(%error, "not all came back");
    }
    tracing::info!(refused_before, after, "the fleet was measured");
    Ok(figures(&Measured {
        workers,
        joined,
        back,
        late,
        lost,
        steady,
        returning,
        kib: (filled - empty) * 1024.0 / f64::from(workers),
    }))
}

/// What was measured of a fleet.
struct Measured {
    workers: u32,
    joined: Duration,
    back: Duration,
    late: u64,
    lost: u64,
    steady: Vec<f64>,
    returning: Vec<f64>,
    kib: f64,
}

fn figures(measured: &Measured) -> Vec<Figure> {
    let Measured {
        workers,
        steady,
        returning,
        ..
    } = measured;
    let one = |what: &str, value: f64, target: &'static str| {
        Figure::new(format!("{workers} workers: {what}"), vec![value], target)
    };
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let (late, lost, beats) = (
        measured.late as f64,
        measured.lost as f64,
        steady.len() as f64 / STEADY.as_secs_f64(),
    );
    vec![
        one(
            "all have joined and have a task, s",
            measured.joined.as_secs_f64(),
            "–",
        ),
        one("requests/s while nothing happens", beats, "–"),
        one("p50 of these, ms", share(steady, 50), "–"),
        one("p99 of these, ms", share(steady, 99), "≤ 50"),
        one("memory of the hub for each, KiB", measured.kib, "≤ 20"),
        one(
            "all are back after a restart, s",
            measured.back.as_secs_f64(),
            "≤ 60",
        ),
        one("p99 of requests meanwhile, ms", share(returning, 99), "–"),
        one("requests without an answer in 10 s", late, "0"),
        one("runs falsely lost", lost, "0"),
    ]
}

/// So many per cent of them took no longer.
fn share(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (sorted.len() * percent / 100).min(last);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// A task for each of them, of ten owners.
async fn submit(client: &Client, workers: u32) -> anyhow::Result<()> {
    let brief = json!({
        "goal": "measure", "template": "trivial", "num_tasks": workers + workers * SPARE_PERCENT / 100, "time_budget": 3_600,
    });
    client.create_brief(&serde_json::from_value(brief)?).await?;
    Ok(())
}

/// Waits until each of the workers was answered in this round.
async fn wait_for_all(fleet: &Fleet, workers: u32, most: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + most;
    while fleet.heard.load(Ordering::Relaxed) < u64::from(workers) {
        anyhow::ensure!(
            Instant::now() < until,
            "{} of {workers} were heard of after {} s; the last was told: {}",
            fleet.heard.load(Ordering::Relaxed),
            most.as_secs(),
            said(&fleet.said),
        );
        tokio::time::sleep(LOOK_PERIOD).await;
    }
    Ok(())
}

fn said(text: &Mutex<String>) -> String {
    text.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

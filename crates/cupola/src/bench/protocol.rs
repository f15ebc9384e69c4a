//! Lease, heartbeat, result, all durable, by 64 workers at once, beside what the disk allows if each
//! commit carries one step of every worker.

use std::{
    fs::File,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
};

const WORKERS: usize = 64;
const SLICE: Duration = Duration::from_secs(2);

/// Bytes that one worker's step adds to the log, about.
const STEP_BYTES: usize = 2048;

pub(super) async fn measure(runs: usize) -> anyhow::Result<Vec<Figure>> {
    tokio::task::spawn_blocking(move || {
        let folder = Folder::new("protocol")?;
        let hub = Arc::new(BenchHub::open(&folder, Durability::Full)?);
        hub.submit(200_000)?;
        let mut pairs = Vec::new();
        let mut ceilings = Vec::new();
        for run in 0..runs {
            ceilings.push(ceiling(&folder)?);
            pairs.push(slice(&hub, run)?);
        }
        let what = format!("lease+heartbeat+result by {WORKERS} workers, durable, pairs/s");
        let figure = Figure::new(what, pairs, "≥ 5000, or ratio ≥ 0.25");
        Ok(vec![figure.beside("grouped fdatasync, pairs/s", ceilings)])
    })
    .await?
}

/// Pairs a second while all workers go on at once.
pub(super) fn slice(hub: &Arc<BenchHub>, run: usize) -> anyhow::Result<f64> {
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let mut workers = Vec::new();
    for n in 0..WORKERS {
        let worker = hub.join(&format!("bench-{run}-{n}"))?;
        let (hub, stop, done) = (Arc::clone(hub), Arc::clone(&stop), Arc::clone(&done));
        workers.push(thread::spawn(move || -> anyhow::Result<()> {
            while !stop.load(Ordering::Relaxed) {
                let Some(order) = hub.lease(worker)? else {
                    break;
                };
                let held = [(order.run.id, order.lease.epoch)];
                hub.hub.renew_leases(hub.token, worker, "bench", &held)?;
                hub.finish(&order, 1.0)?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }));
    }
    let started = Instant::now();
    thread::sleep(SLICE);
    stop.store(true, Ordering::Relaxed);
    let elapsed = started.elapsed();
    let pairs = done.load(Ordering::Relaxed);
    for worker in workers {
        worker
            .join()
            .map_err(|_| anyhow::anyhow!("a simulated worker panicked"))??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = pairs as f64 / elapsed.as_secs_f64();
    Ok(rate)
}

/// Pairs a second if writing were all: one `fdatasync` for a step of each worker, two steps a pair.
fn ceiling(folder: &Folder) -> anyhow::Result<f64> {
    let mut file = File::create(folder.path().join("ceiling"))?;
    let group = vec![7u8; WORKERS * STEP_BYTES];
    let started = Instant::now();
    let mut syncs = 0.0;
    while started.elapsed() < SLICE / 4 {
        file.write_all(&group)?;
        file.sync_data()?;
        syncs += 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let steps = syncs * WORKERS as f64;
    Ok(steps / 2.0 / started.elapsed().as_secs_f64())
}

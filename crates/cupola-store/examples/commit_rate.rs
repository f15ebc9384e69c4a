//! How many durable writes a second the store acknowledges, beside what the disk could do.
//!
//! The ceiling is a thread that writes as many bytes as the store's log takes for a group and
//! calls `fdatasync`, in the same folder and the same minute: disks differ by a factor of forty
//! between runs, so only the ratio means something.
//!
//! `cargo run --release -p cupola-store --example commit_rate [FOLDER | postgres://…]`

use std::{
    env,
    error::Error,
    fs::File,
    io::{Seek, Write, stdout},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use cupola_store::{Location, NewEvent, Options, Stats, Store, StoreError};

const THREADS: u32 = 64;
const SPAN: Duration = Duration::from_secs(3);
/// As long as the store lets its log become.
const LOG_BYTES: usize = 16 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let target = env::args().nth(1);
    let folder = tempfile::Builder::new()
        .prefix("commit-rate-")
        .tempdir_in(".")?;
    let location = match target.as_deref() {
        Some(url) if url.starts_with("postgres") => Location::parse(url),
        Some(path) => Location::Sqlite(Path::new(path).join("commit-rate.db")),
        None => Location::Sqlite(folder.path().join("commit-rate.db")),
    };
    let store = Arc::new(Store::open(&location, Options::new(|| 0))?);
    let mut out = stdout().lock();
    for threads in [1, THREADS] {
        let (stats, latencies) = measure_writes(&store, threads)?;
        let rate = per_second(stats.writes);
        let group = (stats.writes / stats.commits.max(1)).max(1);
        writeln!(
            out,
            "{threads} threads: {rate} durable writes/s in {} commits/s, {group} a commit; \
             latency p50 {:?} p99 {:?} max {:?}",
            per_second(stats.commits),
            latencies[latencies.len() / 2],
            latencies[latencies.len() * 99 / 100],
            latencies[latencies.len() - 1],
        )?;
        let ceiling = measure_disk(folder.path(), group)?;
        writeln!(
            out,
            "  the disk alone: {} fdatasync/s, so {} writes/s at {group} a commit; ratio {}.{:02}",
            per_second(ceiling),
            per_second(ceiling * group),
            stats.commits / ceiling.max(1),
            stats.commits * 100 / ceiling.max(1) % 100,
        )?;
    }
    for threads in [1, 8] {
        let reads = measure_reads(&store, threads)?;
        writeln!(out, "{threads} threads: {} reads/s", per_second(reads))?;
    }
    Ok(())
}

/// Each thread writes one event after the other, as a request handler that waits does.
fn measure_writes(store: &Arc<Store>, threads: u32) -> Result<(Stats, Vec<Duration>), StoreError> {
    let before = store.stats();
    let mut latencies = run_threads(threads, store, |store| {
        store.write(|tx| {
            tx.record(NewEvent {
                kind: "run",
                subject: "0198c0de-0000-7000-8000-000000000000".to_owned(),
                parent: None,
            });
            Ok::<_, StoreError>(())
        })
    })?;
    latencies.sort_unstable();
    let after = store.stats();
    let stats = Stats {
        commits: after.commits - before.commits,
        writes: after.writes - before.writes,
        ..after
    };
    Ok((stats, latencies))
}

fn measure_reads(store: &Arc<Store>, threads: u32) -> Result<u64, StoreError> {
    let reads = run_threads(threads, store, |store| store.last_seq().map(drop))?;
    Ok(reads.len() as u64)
}

fn run_threads(
    threads: u32,
    store: &Arc<Store>,
    call: fn(&Store) -> Result<(), StoreError>,
) -> Result<Vec<Duration>, StoreError> {
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (store, stop) = (Arc::clone(store), Arc::clone(&stop));
            thread::spawn(move || {
                let mut latencies = Vec::new();
                while !stop.load(Relaxed) {
                    let started = Instant::now();
                    call(&store)?;
                    latencies.push(started.elapsed());
                }
                Ok::<_, StoreError>(latencies)
            })
        })
        .collect();
    thread::sleep(SPAN);
    stop.store(true, Relaxed);
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.append(&mut worker.join().expect("no thread panics")?);
    }
    Ok(latencies)
}

/// One page of the log for each group, and one more for each forty events of it, written over
/// a file that is there already, as the store's log is after its first checkpoint.
fn measure_disk(folder: &Path, group: u64) -> Result<u64, Box<dyn Error>> {
    let pages = 1 + group / 40;
    let bytes = vec![7_u8; usize::try_from(pages * (4_096 + 24))?];
    let mut file = File::create(folder.join("ceiling"))?;
    file.write_all(&vec![1; LOG_BYTES])?;
    file.sync_all()?;
    file.rewind()?;
    let started = Instant::now();
    let mut syncs = 0;
    while started.elapsed() < SPAN {
        if file.stream_position()? > (LOG_BYTES - bytes.len()) as u64 {
            file.rewind()?;
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(syncs)
}

fn per_second(count: u64) -> u64 {
    count / SPAN.as_secs()
}

//! How many durable writes a second the store acknowledges, beside what the disk could do.
//!
//! The ceiling is a thread that writes as many bytes as the store's log takes for a group and
//! calls `fdatasync`, in the same folder and in turns with the store: a disk differs by a factor
//! of forty between runs, so only the ratio means something.
//!
//! `cargo run --release -p cupola-store --example commit_rate [FOLDER | postgres://…]`

#![expect(
    clippy::cast_precision_loss,
    reason = "rates are printed with four digits"
)]

use std::{
    env,
    error::Error,
    fmt,
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

use cupola_store::{Location, NewEvent, Options, Store, StoreError};

const THREADS: u32 = 64;
const SLICE: Duration = Duration::from_millis(500);
const SLICES: u32 = 8;
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
        let rates = measure_both(&store, folder.path(), threads)?;
        writeln!(out, "{threads} threads: {rates}")?;
    }
    for threads in [1, 8] {
        let reads = measure_reads(&store, threads)?;
        writeln!(
            out,
            "{threads} threads: {:.0} reads/s",
            reads as f64 / SLICE.as_secs_f64()
        )?;
    }
    Ok(())
}

/// What the store and the disk did, each for the same time.
#[derive(Default)]
struct Rates {
    writes: u64,
    commits: u64,
    syncs: u64,
    latencies: Vec<Duration>,
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = SLICE.as_secs_f64() * f64::from(SLICES);
        let [writes, commits, syncs] =
            [self.writes, self.commits, self.syncs].map(|count| count as f64 / seconds);
        let latency = |share: usize| self.latencies[(self.latencies.len() - 1) * share / 100];
        write!(
            f,
            "{writes:.0} durable writes/s in {commits:.0} commits/s ({:.1} a commit); \
             latency p50 {:.1?} p99 {:.1?} max {:.1?}; the disk alone: {syncs:.0} fdatasync/s; ratio {:.2}",
            writes / commits,
            latency(50),
            latency(99),
            latency(100),
            commits / syncs,
        )
    }
}

/// In turns: the disk of a virtual machine changes its speed within seconds.
fn measure_both(store: &Arc<Store>, folder: &Path, threads: u32) -> Result<Rates, Box<dyn Error>> {
    let mut rates = Rates::default();
    for _ in 0..SLICES {
        let before = store.stats();
        let mut latencies = run_threads(threads, store, write_event)?;
        let after = store.stats();
        let (writes, commits) = (after.writes - before.writes, after.commits - before.commits);
        rates.writes += writes;
        rates.commits += commits;
        rates.latencies.append(&mut latencies);
        rates.syncs += measure_disk(folder, writes / commits.max(1))?;
    }
    rates.latencies.sort_unstable();
    Ok(rates)
}

/// One event after the other, as a request handler that waits for each.
fn write_event(store: &Store) -> Result<(), StoreError> {
    store.write(|tx| {
        tx.record(NewEvent {
            kind: "run",
            subject: "0198c0de-0000-7000-8000-000000000000".to_owned(),
            parent: None,
        });
        Ok::<_, StoreError>(())
    })
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
    thread::sleep(SLICE);
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
    while started.elapsed() < SLICE {
        if file.stream_position()? > (LOG_BYTES - bytes.len()) as u64 {
            file.rewind()?;
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(syncs)
}

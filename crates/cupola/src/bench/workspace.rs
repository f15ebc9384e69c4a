//! How fast a workspace of Experimaestro is read and followed, and what it takes.

mod made;

use std::{
    fs,
    path::Path,
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use cupola_workspace::{
    Folder as Workspace, Here, Watching,
    source::{Change, Source as _},
};

use super::{Figure, fixture::Folder};
use crate::world::wall_clock;

/// How many jobs, unless said otherwise.
const SIZES: [usize; 3] = [200, 10_000, 100_000];

/// So many files one job has written, in the last workspace.
const FILES: usize = 1_000_000;

/// So many changes are waited for.
const CHANGES: u32 = 100;

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(30);

/// Nothing more comes when nothing came for so long.
const QUIET: Duration = Duration::from_millis(100);

/// For so long nothing changes while it is seen what following takes.
const IDLE: Duration = Duration::from_secs(5);

/// Workspaces of three sizes and one with a million files, or one of `jobs` jobs; in `kept`, made
/// there first where there is none, or in a temporary folder.
pub(super) fn measure(
    jobs: Option<u32>,
    kept: Option<&Path>,
    runs: usize,
) -> anyhow::Result<Vec<Figure>> {
    let jobs = jobs.map(usize::try_from).transpose()?;
    let mut figures = Vec::new();
    for size in jobs.map_or(SIZES.to_vec(), |jobs| vec![jobs]) {
        let folder = Folder::new("workspace")?;
        let root = kept.unwrap_or(folder.path());
        if !made::is_there(root) {
            made::workspace(root, size)?;
        }
        figures.extend(one(root, &format!("workspace of {size} jobs"), size, runs)?);
    }
    if jobs.is_none() && kept.is_none() {
        let folder = Folder::new("workspace")?;
        made::workspace(folder.path(), SIZES[0])?;
        made::files(folder.path(), FILES)?;
        let what = format!("workspace of {} jobs, one with {FILES} files", SIZES[0]);
        figures.extend(one(folder.path(), &what, SIZES[0], runs)?);
    }
    Ok(figures)
}

fn one(root: &Path, what: &str, jobs: usize, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let mut is_cold = true;
    let (mut reads, mut opened) = (Vec::new(), None);
    for _ in 0..runs.max(1) {
        drop(opened.take());
        is_cold &= forget_files();
        let began = Instant::now();
        let workspace = Workspace::open(root, Here::new(Arc::new(wall_clock)), Watching::Auto)?;
        workspace.experiments()?;
        let found = workspace.jobs(None)?.len();
        reads.push(millis(began.elapsed()));
        ensure!(found == jobs, "{found} jobs were found, not {jobs}");
        opened = Some(workspace);
    }
    let workspace = opened.context("it was never opened")?;
    let memory = vec![resident_mb()?];
    let changes = workspace.changes();
    let mut spans = (0..CHANGES)
        .map(|step| change(root, &changes, step))
        .collect::<anyhow::Result<Vec<f64>>>()?;
    let first = vec![spans[0]];
    spans.sort_by(f64::total_cmp);
    let p99 = vec![spans[spans.len() * 99 / 100]];
    let before = processor_seconds()?;
    std::thread::sleep(IDLE);
    let idle = vec![100.0 * (processor_seconds()? - before) / IDLE.as_secs_f64()];
    let began = Instant::now();
    workspace.refresh();
    let again = vec![millis(began.elapsed())];
    let (read_target, memory_target) = match jobs {
        ..=10_000 => ("500 or less", "100 or less"),
        _ => ("5000 or less", "400 or less"),
    };
    let cold = if is_cold {
        "cold"
    } else {
        "from the page cache"
    };
    let figure = |words: &str, runs, target| Figure::new(format!("{what}: {words}"), runs, target);
    Ok(vec![
        figure(&format!("all jobs, {cold}, ms"), reads, read_target),
        figure("memory of this process then, MB", memory, memory_target),
        figure(
            "the first change until it is told, ms",
            first,
            "200 or less",
        ),
        figure("a change until it is told, ms", spans, "200 or less"),
        figure("the same, p99 of 100, ms", p99, "200 or less"),
        figure(
            "followed, nothing changes, % of a processor",
            idle,
            "under 1",
        ),
        figure("everything read again, ms", again, ""),
        figure(
            "memory of this process then, MB",
            vec![resident_mb()?],
            memory_target,
        ),
    ])
}

/// A running job says how far it is.
fn change(root: &Path, changes: &Receiver<Change>, step: u32) -> anyhow::Result<f64> {
    if step > 0 {
        while changes.recv_timeout(QUIET).is_ok() {}
    }
    let began = Instant::now();
    made::progress(root, f64::from(step) / f64::from(CHANGES))?;
    loop {
        match changes.recv_timeout(LIMIT)? {
            Change::Job(_) | Change::All => return Ok(millis(began.elapsed())),
            _ => {}
        }
    }
}

/// Whether files are read from the disk again: only who owns the machine may ask for that.
fn forget_files() -> bool {
    rustix::fs::sync();
    fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

fn resident_mb() -> anyhow::Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.context("this system does not say how much memory is used")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024.0 / 1e6)
}

/// Of all threads of this process.
fn processor_seconds() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    // The kernel counts hundredths of seconds for programs, whatever it counts for itself.
    Ok(ticks / 100.0)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

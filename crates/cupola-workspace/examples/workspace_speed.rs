//! How fast a large workspace is read and followed: `workspace_speed FOLDER JOBS` makes one in
//! FOLDER when it is not there, with all the files that Experimaestro leaves, and measures.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement ends at the first thing that is not as it should be"
)]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    Folder, Here, Watching,
    source::{Change, Source as _},
};
use serde_json::json;

const RUN: &str = "20260101_000000";
const STATUS: &str = ".experimaestro/status.json";
const EVENTS: &str = ".experimaestro/events/event-0.jsonl";
/// Of 1000 jobs: that many run, that many failed, that many still wait; the rest is done.
const RUNNING: usize = 2;
const FAILED: usize = 50;
const WAITING: usize = 48;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let root = Path::new(&arguments[1]);
    let jobs: usize = arguments[2].parse().unwrap();
    if !root.join(".__experimaestro__").exists() {
        let start = Instant::now();
        make(root, jobs);
        println!("made {jobs} jobs in {:.1?}", start.elapsed());
    }
    measure(root);
}

#[expect(clippy::disallowed_methods, reason = "the clock of whoever measures")]
fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

fn timed<T>(what: &str, done: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let made = done();
    println!("{what}: {:.1?}", start.elapsed());
    made
}

fn measure(root: &Path) {
    let here = Here::new(Arc::new(now));
    let folder = timed("opened", || {
        Folder::open(root, here, Watching::Auto).unwrap()
    });
    let experiments = timed("experiments", || folder.experiments().unwrap());
    println!("  {:?}", experiments[0].runs[0].counts);
    let jobs = timed("all jobs", || folder.jobs(None).unwrap());
    println!("  {}", jobs.len());
    memory();
    let changes = timed("watched", || folder.changes());
    let running = jobs.iter().find(|job| job.process.is_some()).unwrap();
    timed("details of one", || folder.job(&running.key).unwrap());
    let live = live_file(root, &running.key.id);
    let step = |step| change(&live, &changes, step);
    let mut spans: Vec<Duration> = (0..50).map(step).collect();
    spans.sort();
    println!(
        "a change until it is told: median {:.1?}, worst {:.1?}",
        spans[25], spans[49]
    );
    let before = processor_time();
    std::thread::sleep(Duration::from_secs(10));
    let spent = processor_time() - before;
    println!("idle: {:.2} % of a processor", spent / 10.0 * 100.0);
    timed("everything again", || folder.refresh());
    memory();
}

/// A running job says how far it is.
fn change(live: &Path, changes: &std::sync::mpsc::Receiver<Change>, step: u32) -> Duration {
    while changes.recv_timeout(Duration::from_millis(100)).is_ok() {}
    let event = json!({"event_type": "JobProgressEvent", "level": 0, "progress": f64::from(step) / 100.0, "desc": "epoch"});
    let mut file = fs::File::options().append(true).open(live).unwrap();
    let start = Instant::now();
    file.write_all(format!("{event}\n").as_bytes()).unwrap();
    while !matches!(
        changes.recv_timeout(Duration::from_secs(5)).unwrap(),
        Change::Job(_)
    ) {}
    start.elapsed()
}

fn memory() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    for line in status
        .lines()
        .filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"))
    {
        println!("  {line}");
    }
}

/// Of all threads of this process, in seconds.
fn processor_time() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
    let ticks: f64 = fields[12].parse::<f64>().unwrap() + fields[13].parse::<f64>().unwrap();
    ticks / 100.0
}

/// As Experimaestro calls the live events of a job.
fn live_file(root: &Path, id: &str) -> PathBuf {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest("large.learn");
    let hash = u32::from_be_bytes(*hash.first_chunk().unwrap());
    root.join(format!(".events/jobs/{hash:08x}-{id}-0.jsonl"))
}

fn make(root: &Path, jobs: usize) {
    let run = root.join("experiments/large").join(RUN);
    for folder in [
        &run,
        &root.join(".events/jobs"),
        &root.join(".events/experiments"),
    ] {
        fs::create_dir_all(folder).unwrap();
    }
    let mut lines = String::new();
    let mut states = serde_json::Map::new();
    for number in 0..jobs {
        let id = format!("{number:064x}");
        let line = json!({"job_id": id, "task_id": "large.learn", "tags": {"lr": 0.01, "seed": number}, "timestamp": 1_767_225_600.0});
        lines += &line.to_string();
        lines.push('\n');
        let state = state_of(number);
        if state != "waiting" {
            let folder = root.join("jobs/large.learn").join(&id);
            make_job(&folder, &id, state);
            if state == "running" {
                fs::hard_link(folder.join(EVENTS), live_file(root, &id)).unwrap();
            }
        }
        states.insert(id, json!(state));
    }
    let whole = json!({
        "version": 1, "experiment_id": "large", "run_id": RUN, "status": "running",
        "hostname": "elsewhere", "started_at": "2026-01-01T00:00:00", "ended_at": null,
        "job_states": states, "events_count": 0,
    });
    fs::write(run.join("status.json"), whole.to_string()).unwrap();
    fs::write(run.join("jobs.jsonl"), lines).unwrap();
    fs::write(root.join(".__experimaestro__"), "").unwrap();
}

fn state_of(number: usize) -> &'static str {
    match number % 1000 {
        n if n < RUNNING => "running",
        n if n < RUNNING + FAILED => "error",
        n if n < RUNNING + FAILED + WAITING => "waiting",
        _ => "done",
    }
}

fn make_job(folder: &Path, id: &str, state: &str) {
    fs::create_dir_all(folder.join(".experimaestro/events")).unwrap();
    let process = json!({"type": "local", "pid": 12, "host": "elsewhere"});
    let is_running = state == "running";
    let status = json!({
        "job_id": id, "task_id": "large.learn", "path": folder, "state": state,
        "failure_reason": null, "scheduler_state": state, "scheduler_failure_reason": null,
        "started_time": "2026-01-01T00:00:01.123456",
        "ended_time": (!is_running).then_some("2026-01-01T00:10:01.123456"),
        "exit_code": null, "retry_count": 0, "resumable": false, "progress": [],
        "process": is_running.then_some(&process), "run_group_id": "20260101-000000.00", "events_count": 0,
    });
    let object = |id: i64, name: &str, fields: serde_json::Value| {
        json!({"id": id, "module": "large", "type": name, "typename": format!("large.{name}"),
               "identifier": "0", "file": "/home/me/large.py", "fields": fields})
    };
    let params = json!({"workspace": "/w", "version": 3, "objects": [
        object(1, "Model", json!({"depth": 3, "name": "small"})),
        object(2, "Learn", json!({"model": {"type": "python", "value": 1}, "lr": 0.01})),
    ]});
    let event = json!({"timestamp": 1_767_225_601.0, "job_id": id, "task_id": "large.learn", "state": "running",
        "failure_reason": null, "started_time": "2026-01-01T00:00:01.123456", "ended_time": null,
        "exit_code": null, "retry_count": 0, "progress": [], "event_type": "JobStateChangedEvent"});
    let mark = match state {
        "running" => ("learn.pid", process.to_string()),
        "done" => ("learn.done", String::new()),
        _ => (
            "learn.failed",
            json!({"code": 1, "reason": "failed"}).to_string(),
        ),
    };
    for (name, text) in [
        (STATUS, status.to_string()),
        (EVENTS, format!("{event}\n")),
        ("params.json", params.to_string()),
        ("learn.py", "#!/usr/bin/python3\n".to_owned()),
        ("learn.out", "step 0\n".to_owned()),
        ("learn.err", String::new()),
        ("learn.lock", String::new()),
        (mark.0, mark.1),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

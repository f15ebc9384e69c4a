//! Workspaces with all the files that Experimaestro leaves.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

const RUN: &str = "20260101_000000";
const TASK: &str = "large.learn";
/// As Experimaestro calls the live events of that task's jobs: by a hash of its name.
const LIVE: &str = "7b6a7c7c";
const STATUS: &str = ".experimaestro/status.json";
const EVENTS: &str = ".experimaestro/events/event-0.jsonl";

/// Of 1000 jobs: that many run, that many failed, that many still wait; the rest is done.
const RUNNING: usize = 2;
const FAILED: usize = 50;
const WAITING: usize = 48;

/// So many files lie in one folder of a job that writes many.
const IN_A_FOLDER: usize = 10_000;

pub(super) fn is_there(root: &Path) -> bool {
    root.join(".__experimaestro__").exists()
}

/// One experiment with one run of so many jobs.
pub(super) fn workspace(root: &Path, jobs: usize) -> io::Result<()> {
    let run = root.join("experiments/large").join(RUN);
    for folder in [
        &run,
        &root.join(".events/jobs"),
        &root.join(".events/experiments"),
    ] {
        fs::create_dir_all(folder)?;
    }
    let mut lines = String::new();
    let mut states = Map::new();
    for number in 0..jobs {
        let id = id_of(number);
        let line = json!({
            "job_id": id, "task_id": TASK, "timestamp": 1_767_225_600.0,
            "tags": {"lr": 0.01, "seed": number},
        });
        lines += &line.to_string();
        lines.push('\n');
        let state = state_of(number);
        if state != "waiting" {
            let folder = folder_of(root, number);
            job(&folder, &id, state)?;
            if state == "running" {
                fs::hard_link(folder.join(EVENTS), live_file(root, &id))?;
            }
        }
        states.insert(id, json!(state));
    }
    let whole = json!({
        "version": 1, "experiment_id": "large", "run_id": RUN, "status": "running",
        "hostname": "elsewhere", "started_at": "2026-01-01T00:00:00", "ended_at": null,
        "job_states": states, "events_count": 0,
    });
    fs::write(run.join("status.json"), whole.to_string())?;
    fs::write(run.join("jobs.jsonl"), lines)?;
    fs::write(root.join(".__experimaestro__"), "")
}

/// The first job, which runs, has written so many more.
pub(super) fn files(root: &Path, count: usize) -> io::Result<()> {
    let folder = folder_of(root, 0).join("samples");
    for number in 0..count {
        let within = folder.join((number / IN_A_FOLDER).to_string());
        if number % IN_A_FOLDER == 0 {
            fs::create_dir_all(&within)?;
        }
        fs::File::create(within.join(number.to_string()))?;
    }
    Ok(())
}

/// The first job says how far it is.
pub(super) fn progress(root: &Path, progress: f64) -> io::Result<()> {
    let event = json!({
        "event_type": "JobProgressEvent", "level": 0, "progress": progress, "desc": "epoch",
    });
    let live = live_file(root, &id_of(0));
    let mut file = fs::File::options().append(true).open(live)?;
    file.write_all(format!("{event}\n").as_bytes())
}

fn id_of(number: usize) -> String {
    format!("{number:064x}")
}

fn folder_of(root: &Path, number: usize) -> PathBuf {
    root.join("jobs").join(TASK).join(id_of(number))
}

fn live_file(root: &Path, id: &str) -> PathBuf {
    root.join(format!(".events/jobs/{LIVE}-{id}-0.jsonl"))
}

fn state_of(number: usize) -> &'static str {
    match number % 1000 {
        n if n < RUNNING => "running",
        n if n < RUNNING + FAILED => "error",
        n if n < RUNNING + FAILED + WAITING => "waiting",
        _ => "done",
    }
}

fn job(folder: &Path, id: &str, state: &str) -> io::Result<()> {
    fs::create_dir_all(folder.join(".experimaestro/events"))?;
    let process = json!({"type": "local", "pid": 12, "host": "elsewhere"});
    let mark = match state {
        "running" => ("learn.pid", process.to_string()),
        "done" => ("learn.done", String::new()),
        _ => (
            "learn.failed",
            json!({"code": 1, "reason": "failed"}).to_string(),
        ),
    };
    for (name, text) in [
        (STATUS, status(folder, id, state, &process).to_string()),
        (EVENTS, format!("{}\n", event(id))),
        ("params.json", params().to_string()),
        ("learn.py", "#!/usr/bin/python3\n".to_owned()),
        ("learn.out", "step 0\n".to_owned()),
        ("learn.err", String::new()),
        ("learn.lock", String::new()),
        (mark.0, mark.1),
    ] {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn status(folder: &Path, id: &str, state: &str, process: &Value) -> Value {
    let is_running = state == "running";
    json!({
        "job_id": id, "task_id": TASK, "path": folder, "state": state,
        "failure_reason": null, "scheduler_state": state, "scheduler_failure_reason": null,
        "started_time": "2026-01-01T00:00:01.123456",
        "ended_time": (!is_running).then_some("2026-01-01T00:10:01.123456"),
        "exit_code": null, "retry_count": 0, "resumable": false, "progress": [],
        "process": is_running.then_some(process), "run_group_id": "20260101-000000.00",
        "events_count": 0,
    })
}

fn params() -> Value {
    let object = |id: i64, name: &str, fields: Value| {
        json!({"id": id, "module": "large", "type": name, "typename": format!("large.{name}"),
               "identifier": "0", "file": "/home/me/large.py", "fields": fields})
    };
    json!({"workspace": "/w", "version": 3, "objects": [
        object(1, "Model", json!({"depth": 3, "name": "small"})),
        object(2, "Learn", json!({"model": {"type": "python", "value": 1}, "lr": 0.01})),
    ]})
}

fn event(id: &str) -> Value {
    json!({
        "timestamp": 1_767_225_601.0, "job_id": id, "task_id": TASK, "state": "running",
        "failure_reason": null, "started_time": "2026-01-01T00:00:01.123456", "ended_time": null,
        "exit_code": null, "retry_count": 0, "progress": [], "event_type": "JobStateChangedEvent",
    })
}

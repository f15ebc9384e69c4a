//! Workspaces on disk and the programs that serve them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use cupola_domain::time::Timestamp;
use cupola_workspace::model::JobKey;
use serde_json::json;

use super::sshd::ran;

pub(crate) const TASK: &str = "tasks.train";

/// Names a Python that has what `.ci/requirements.txt` lists. These tests are not skipped without it.
pub(crate) fn python() -> String {
    std::env::var("CUPOLA_TEST_PYTHON").expect(
        "CUPOLA_TEST_PYTHON names a Python with what `.ci/requirements.txt` lists; `.ci/run` makes one",
    )
}

/// The program `experimaestro` beside that Python.
pub(crate) fn experimaestro() -> String {
    let beside = Path::new(&python()).with_file_name("experimaestro");
    beside.to_str().unwrap().to_owned()
}

/// This crate's example, which every build of the tests builds too.
pub(crate) fn our_server() -> String {
    let test = std::env::current_exe().unwrap();
    let server = test.parent().unwrap().with_file_name("examples");
    let server = server.join("monitor_server");
    assert!(
        server.exists(),
        "build the examples: `cargo test --examples --tests`"
    );
    server.to_str().unwrap().to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "files of this machine are dated by its clock"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_millis(i64::try_from(since.unwrap().as_millis()).unwrap())
}

/// Makes a workspace by the real Experimaestro.
pub(crate) fn make(folder: &Path, scenario: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("cupola-workspace")
        .join("tests/it/make_workspace.py");
    ran(&[
        "env",
        &format!("HOME={}", folder.display()),
        &python(),
        script.to_str().unwrap(),
        folder.to_str().unwrap(),
        scenario,
    ]);
}

/// A workspace by hand, in a folder whose name nobody likes.
pub(crate) struct Made {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

impl Made {
    /// With `jobs` that are done.
    pub(crate) fn new(jobs: usize) -> Self {
        Self::with(jobs, jobs)
    }

    /// With `jobs` of which the first `done` are done; the others run, as far as their process, which
    /// is the test's, can tell.
    pub(crate) fn with(jobs: usize, done: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder
            .path()
            .canonicalize()
            .unwrap()
            .join("it's \"my\" $ws; -x *");
        let run = root.join("experiments/demo/20261121_133504");
        fs::create_dir_all(&run).unwrap();
        fs::write(root.join(".__experimaestro__"), "").unwrap();
        let state = |number| if number < done { "done" } else { "running" };
        let states: serde_json::Map<_, _> = (0..jobs)
            .map(|number| (id(number), json!(state(number))))
            .collect();
        let whole = json!({
            "version": 1, "experiment_id": "demo", "run_id": "20261121_133504", "status": "done",
            "hostname": "vm", "started_at": "2026-11-21T13:35:04", "ended_at": "2026-11-21T13:36:04",
            "job_states": states,
        });
        fs::write(run.join("status.json"), whole.to_string()).unwrap();
        let line = |number| {
            let job = json!({
                "job_id": id(number), "task_id": TASK, "tags": {"seed": number},
                "timestamp": 1_795_193_213.5,
            });
            format!("{job}\n")
        };
        fs::write(
            run.join("jobs.jsonl"),
            (0..jobs).map(line).collect::<String>(),
        )
        .unwrap();
        let host = ran(&["uname", "-n"]);
        let process = json!({"type": "local", "pid": std::process::id(), "host": host.trim()});
        let made = Self { folder, root };
        for number in 0..jobs {
            if number < done {
                made.write(number, "train.done", b"");
            } else {
                let process = process.to_string();
                made.write(number, "train.pid", process.as_bytes());
            }
            made.write(number, "train.out", b"line 1\nline 2\n");
        }
        made
    }

    pub(crate) fn job(&self, number: usize) -> PathBuf {
        self.root.join("jobs").join(TASK).join(id(number))
    }

    pub(crate) fn write(&self, number: usize, name: &str, bytes: &[u8]) {
        let path = self.job(number).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Whatever else the test keeps on disk.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub(crate) fn id(number: usize) -> String {
    format!("{number:064x}")
}

pub(crate) fn key(number: usize) -> JobKey {
    JobKey {
        task: TASK.to_owned(),
        id: id(number),
    }
}

//! Workspaces by hand, and waiting for what should become true.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant, SystemTime},
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    Folder, Here, Watching,
    model::{Experiment, Job, JobKey},
    source::{Change, Source as _},
};
use serde_json::{Value, json};

/// Longer than anything here takes on a busy machine.
pub const LIMIT: Duration = Duration::from_mins(1);

#[expect(
    clippy::disallowed_methods,
    reason = "processes of this machine are dated by its clock"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_millis(i64::try_from(since.unwrap().as_millis()).unwrap())
}

pub fn here() -> Here {
    Here::new(Arc::new(now))
}

pub fn open(root: &Path) -> Folder {
    Folder::open(root, here(), Watching::Auto).unwrap()
}

/// Waits for changes until `done` gives something.
pub fn until<T>(changes: &Receiver<Change>, what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(start.elapsed() < LIMIT, "never came: {what}");
        let _ = changes.recv_timeout(Duration::from_millis(100));
    }
}

/// Waits until a change is told that `is_it`.
pub fn hear(changes: &Receiver<Change>, what: &str, is_it: impl Fn(&Change) -> bool) {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        if changes
            .recv_timeout(Duration::from_millis(100))
            .is_ok_and(|change| is_it(&change))
        {
            return;
        }
    }
    panic!("never told: {what}");
}

/// The only job whose task ends like that.
pub fn job_of(folder: &Folder, task: &str) -> Option<Arc<Job>> {
    let jobs = folder.jobs(None).unwrap();
    jobs.into_iter().find(|job| job.key.task.ends_with(task))
}

pub fn experiment(folder: &Folder, id: &str) -> Experiment {
    let experiments = folder.experiments().unwrap();
    experiments
        .into_iter()
        .find(|known| known.id == id)
        .unwrap()
}

pub fn key(task: &str, id: &str) -> JobKey {
    JobKey {
        task: task.to_owned(),
        id: id.to_owned(),
    }
}

/// A workspace by hand.
pub struct Made {
    pub folder: tempfile::TempDir,
}

impl Made {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["jobs", "experiments", ".events/jobs", ".events/experiments"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join(".__experimaestro__"), "").unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A run that is over, with jobs in given states.
    pub fn run(&self, experiment: &str, run: &str, jobs: &[(&str, &str, &str)]) {
        let states: Value = jobs
            .iter()
            .map(|(_, id, state)| ((*id).to_owned(), json!(state)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let whole = json!({
            "status": "done",
            "hostname": here().host,
            "started_at": "2026-01-01T00:00:00",
            "ended_at": "2026-01-01T01:00:00",
            "job_states": states,
        });
        let line = |(task, id, _): &(&str, &str, &str)| {
            json!({"task_id": task, "job_id": id, "tags": {"n": 1}, "timestamp": 1.0}).to_string()
        };
        let lines: Vec<String> = jobs.iter().map(line).collect();
        self.write(
            &format!("experiments/{experiment}/{run}/status.json"),
            whole.to_string(),
        );
        self.write(
            &format!("experiments/{experiment}/{run}/jobs.jsonl"),
            lines.join(
                "
",
            ) + "
",
        );
    }

    /// A job's folder with these files.
    pub fn job(&self, task: &str, id: &str, files: &[(&str, &str)]) {
        fs::create_dir_all(self.path(&format!("jobs/{task}/{id}/.experimaestro"))).unwrap();
        for (name, text) in files {
            self.write(&format!("jobs/{task}/{id}/{name}"), text);
        }
    }
}

/// A program that ends with its test.
pub struct Program(pub Child);

impl Program {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test owns the process that it starts"
    )]
    pub fn start(program: &str, args: &[&str], home: &Path) -> Self {
        let mut command = Command::new(program);
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", home)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

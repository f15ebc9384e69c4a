//! Starts the real program in a folder of its own and stops it by the process id it got.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use cupola_client::Client;
use tempfile::TempDir;

/// How long anything that should happen soon may take on a busy machine.
pub const SOON: Duration = Duration::from_mins(1);

/// The administrator's secret in tests.
pub const SECRET: &str = "cupola_admin_0123456789abcdef0123456789";

/// The program, in a data folder, with nothing of the caller's surroundings but PATH.
#[expect(
    clippy::disallowed_methods,
    reason = "the test owns the process that it starts"
)]
pub fn cupola(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupola"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    command
        .env("HOME", data)
        .env("CUPOLA_DATA", data.join("data"))
        .current_dir(data);
    command
}

/// Runs the program to its end.
pub fn run(data: &Path, args: &[&str]) -> Output {
    cupola(data, args).stdin(Stdio::null()).output().unwrap()
}

/// A program that runs, and is killed when the test is done with it.
pub struct Process {
    pub child: Child,
}

impl Process {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as Ctrl-C would and says with which code it went.
    pub fn interrupt(&mut self) -> Option<i32> {
        signal(self.id(), "INT");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "std has no signals")]
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Ends a process and all that it started in its group.
#[expect(clippy::disallowed_methods, reason = "std has no signals")]
pub fn kill_group(pid: u32) {
    // It may be gone already.
    let _ = Command::new("kill")
        .args(["-KILL", "--", &format!("-{pid}")])
        .status();
}

/// A hub in a folder, with the address it listens on.
pub struct TestHub {
    pub folder: TempDir,
    pub process: Process,
    pub url: String,
    database: Option<String>,
}

impl TestHub {
    /// A hub alone, with templates for tests and those of the folder `templates` beside its data.
    pub fn start() -> Self {
        Self::start_on(None)
    }

    /// The same with a configuration.
    pub fn start_with(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cupola.toml"), config).unwrap();
        Self::start_in(folder, None)
    }

    /// The same on a database of its own.
    pub fn start_on(database: Option<String>) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), database)
    }

    fn start_in(folder: TempDir, database: Option<String>) -> Self {
        let (process, url) = start_hub(folder.path(), database.as_deref(), "0");
        Self {
            folder,
            process,
            url,
            database,
        }
    }

    /// A hub alone, with this text as its configuration.
    pub fn start_configured(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cupola.toml"), config).unwrap();
        let (process, url) = start_hub(folder.path(), None, "0");
        Self {
            folder,
            process,
            url,
            database: None,
        }
    }

    /// A new process in the old one's place, at the same address.
    pub fn restart(&mut self) {
        let port = self.url.rsplit(':').next().unwrap();
        let (process, url) = start_hub(self.folder.path(), self.database.as_deref(), port);
        self.process = process;
        self.url = url;
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url, SECRET).unwrap()
    }

    /// A brief of this template's tasks; says the family's id.
    pub async fn submit(&self, template: &str, num_tasks: u32) -> String {
        let brief = serde_json::json!({
            "goal": "test", "template": template, "num_tasks": num_tasks, "time_budget": 600,
        });
        let brief = serde_json::from_value(brief).unwrap();
        let made = self.client().create_brief(&brief).await.unwrap();
        made.brief.family.family_id
    }

    /// The run of the family's first task, once it is in this state.
    pub async fn run_of(&self, family: &str, status: &str) -> String {
        let filter = cupola_client::query::TaskFilter {
            family_id: Some(family.to_owned()),
            status: Some(status.to_owned()),
            ..Default::default()
        };
        eventually("a run", || async {
            let tasks = self.client().tasks(&filter).await.unwrap().items;
            tasks.first().map(|task| task.run_id.clone())
        })
        .await
    }

    /// A token with which a worker of `owner` joins.
    pub async fn worker_token(&self, owner: &str) -> String {
        let token = cupola_protocol::access::NewToken {
            name: "worker".to_owned(),
            role: "worker".to_owned(),
            ttl_secs: None,
            owner: owner.to_owned(),
            team: String::new(),
        };
        self.client().create_token(&token).await.unwrap().secret
    }

    /// A worker of its own process that joins this hub.
    pub async fn start_worker(&self, slots: u32) -> Process {
        self.start_worker_of("", slots, &self.url).await
    }

    /// The same with an owner, by this address of the hub.
    pub async fn start_worker_of(&self, owner: &str, slots: u32, hub: &str) -> Process {
        let secret = self.worker_token(owner).await;
        let slots = slots.to_string();
        let state = self
            .folder
            .path()
            .join(format!("worker-{}", &secret[secret.len() - 8..]));
        let mut command = cupola(self.folder.path(), &["worker", "--slots", &slots]);
        command
            .env("CUPOLA_HUB", hub)
            // Programs find the module without installing it.
            .env(
                "PYTHONPATH",
                concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/python/src"),
            )
            .env("CUPOLA_TOKEN", secret)
            .arg("--state")
            .arg(state);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Process { child }
    }
}

fn start_hub(folder: &Path, database: Option<&str>, port: &str) -> (Process, String) {
    let templates = fixtures().to_string_lossy().into_owned();
    let own = folder.join("templates");
    std::fs::create_dir_all(&own).unwrap();
    let own = own.to_string_lossy().into_owned();
    let args = [
        "hub",
        "--port",
        port,
        "--no-browser",
        "--templates",
        &templates,
        "--templates",
        &own,
    ];
    let mut command = cupola(folder, &args);
    if let Some(database) = database {
        command.args(["--database", database]);
    }
    command
        .env("CUPOLA_TOKEN", SECRET)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let process = Process { child };
    let first = lines
        .next()
        .expect("the hub says where it listens")
        .unwrap();
    let url = first.rsplit(' ').next().unwrap().to_owned();
    assert!(url.contains("://127.0.0.1:"), "{first}");
    (process, url)
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/templates")
}

/// Asks again until the answer is there; fails with what it waited for.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let until = Instant::now() + SOON;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

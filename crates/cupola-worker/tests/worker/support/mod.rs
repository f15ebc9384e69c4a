//! A scripted hub and a worker under test.

pub(crate) mod hub;
pub(crate) mod processes;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use cupola_domain::time::Timestamp;
use cupola_protocol::work::{AccessBody, ProgramToken, RunOrder};
use cupola_worker::{Admits, Clock, Settings, WorkerError};
use serde_json::{Map, Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use hub::FakeHub;

/// Longer than anything here takes; only a failing test waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A worker that runs in this process.
pub(crate) struct TestWorker {
    pub(crate) folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), WorkerError>>,
}

impl TestWorker {
    pub(crate) fn start(hub: &FakeHub) -> Self {
        Self::start_with(hub, |_| {})
    }

    pub(crate) fn start_with(hub: &FakeHub, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut settings = settings(hub, folder.path());
        change(&mut settings);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        Self {
            folder,
            stop: Some(stop),
            task: tokio::spawn(cupola_worker::run(settings, shutdown)),
        }
    }

    pub(crate) fn run_folder(&self, run_id: &str) -> PathBuf {
        self.folder.path().join("runs").join(run_id)
    }

    /// Stops it as SIGTERM would, and gives what `run` answered.
    pub(crate) async fn stop(mut self) -> Result<(), WorkerError> {
        let stop = self.stop.take().expect("it is stopped once");
        let _ = stop.send(());
        self.ended().await
    }

    /// Waits until it stops by itself.
    pub(crate) async fn ended(self) -> Result<(), WorkerError> {
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("the worker stops in time")
            .expect("the worker does not panic")
    }
}

/// Settings that look for no Python, so that a worker starts at once.
pub(crate) fn settings(hub: &FakeHub, folder: &Path) -> Settings {
    #[expect(clippy::disallowed_methods, reason = "here is where the clock is made")]
    let clock = Clock::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    });
    Settings {
        slots: 2,
        grace: Duration::from_millis(500),
        lease_wait: Duration::from_secs(5),
        environment: vec![
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("CUPOLA_TOKEN".into(), "secret".into()),
        ],
        python: Some(PathBuf::from("/bin/false")),
        // The scripted hub has no key.
        admits: Admits::Any,
        ..Settings::new(&hub.url(), "token", folder.to_owned(), clock)
    }
}

/// A run of a shell script.
pub(crate) fn script(run_id: &str, script: &str) -> RunOrder {
    order(run_id, &["sh", "-c", script])
}

/// A run of a command, whose objective is `loss`.
pub(crate) fn order(run_id: &str, command: &[&str]) -> RunOrder {
    RunOrder {
        run_id: run_id.to_owned(),
        task_id: format!("task-of-{run_id}"),
        experiment_id: "e1".to_owned(),
        attempt: 1,
        epoch: 1,
        template: "test".to_owned(),
        command: command
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect(),
        code_hash: String::new(),
        has_bundle: false,
        config: object(json!({"lr": 0.5, "seed": 1, "time_budget_seconds": 50})),
        metric_name: "loss".to_owned(),
        environment: BTreeMap::new(),
        working_folder: None,
        access: AccessBody::default(),
        time_budget_secs: 50.0,
        hard_deadline_secs: 60.0,
        token: ProgramToken::default(),
        signature: String::new(),
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

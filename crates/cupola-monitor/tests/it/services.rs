//! A service of a workspace behind a real `sshd`: it runs here, over files that were fetched.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use cupola_monitor::{
    dial::{Dial, Local, Wire},
    remote::Remote,
    ssh::FarProgram,
    words::quoted,
};
use cupola_workspace::{
    Here,
    model::{RunKey, Service, ServiceState},
    services::{Served, Settings},
    source::{Action, Change, Source as _, SourceError},
};
use serde_json::json;

use super::{
    over_ssh::over,
    pipes::{Heard, LONG, options},
    sshd::Sshd,
    workspaces::{Made, now, our_server, python},
};

/// A file as `TensorBoard` calls its own.
const EVENTS: &str = "events.out.tfevents.1";

/// A program that serves the folder that `TensorBoard` is told to show.
fn board(at: &Path) -> String {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../cupola-workspace/tests/it/small_server.py");
    let text = format!("#!/bin/sh\nexec {} {} \"$@\"\n", python(), script.display());
    fs::write(at, text).unwrap();
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    at.display().to_string()
}

fn fetch(url: &str) -> String {
    let (address, path) = url.trim_start_matches("http://").split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /{path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A workspace with a `TensorBoard` over its `runs`.
fn served() -> (Made, RunKey) {
    let made = Made::new(1);
    let runs = made.root.join("runs");
    fs::create_dir_all(&runs).unwrap();
    fs::write(runs.join(EVENTS), "first").unwrap();
    let folder = made.root.join("experiments/served/20260101_000000");
    fs::create_dir_all(&folder).unwrap();
    let status = json!({"status": "done", "services": {"tensorboard": {
        "class": "my.TensorboardService", "description": "",
        "state_dict": {"path": {"__path__": runs}},
    }}});
    fs::write(folder.join("status.json"), status.to_string()).unwrap();
    let run = RunKey {
        experiment: "served".to_owned(),
        run: "20260101_000000".to_owned(),
    };
    (made, run)
}

/// What runs here over a place that is elsewhere.
fn beside(remote: Remote, made: &Made) -> Served {
    let variables = ["PATH", "HOME"].map(|name| (name.into(), std::env::var_os(name).unwrap()));
    let mut settings = Settings::new(
        made.beside("services"),
        variables.into(),
        Here::new(Arc::new(now)),
    );
    settings.tensorboard = Some(board(&made.beside("board")));
    settings.fetch_every = Duration::from_millis(200);
    Served::new(Arc::new(remote), settings)
}

/// Waits until a run's only service is so.
fn wait(
    served: &Served,
    changes: &Receiver<Change>,
    run: &RunKey,
    is_so: impl Fn(&Service) -> bool,
) -> Service {
    loop {
        let found = served.services(Some(run)).unwrap().remove(0);
        if is_so(&found) {
            return found;
        }
        assert!(found.state != ServiceState::Error, "{:?}", found.error);
        changes.recv_timeout(LONG).expect("it comes");
    }
}

#[test]
fn a_service_runs_here_over_files_that_are_kept_fetched() {
    let (sshd, (made, run)) = (Sshd::start(), served());
    let runs = made.root.join("runs");
    fs::write(runs.join("model.bin"), "large").unwrap();
    let program = FarProgram::Cupola(quoted(&our_server()));
    let route = sshd.route(made.root.to_str().unwrap(), program);
    let remote = over(route, &made.beside("cache"), &Heard::default()).unwrap();
    let served = beside(remote, &made);
    let changes = served.changes();
    let wait = |is_so: &dyn Fn(&Service) -> bool| wait(&served, &changes, &run, is_so);
    let start = Action::StartService(run.clone(), "tensorboard".to_owned());
    served.act(&start).unwrap();
    let running = wait(&|it| it.state == ServiceState::Running);
    let synced = running.synced.unwrap();
    assert!(synced.last.is_some() && synced.problem.is_none());
    let url = running.url.unwrap();
    let page = format!("{url}{EVENTS}");
    assert!(fetch(&page).ends_with("first"));
    let other = fetch(&format!("{url}model.bin"));
    assert!(other.contains("404"), "only events are fetched: {other}");

    fs::write(runs.join(EVENTS), "second").unwrap();
    wait(&|_| fetch(&page).ends_with("second"));
    served
        .act(&Action::StopService(run.clone(), "tensorboard".to_owned()))
        .unwrap();
    wait(&|it| it.state == ServiceState::Stopped);
}

/// A way by which a first file never comes.
struct Slow {
    way: Local,
    /// Told of each who waits for one, with what ends that when it is dropped.
    waiting: Sender<Sender<()>>,
}

impl Dial for Slow {
    fn title(&self) -> String {
        self.way.title()
    }

    fn dial(&self, is_watched: bool) -> io::Result<Wire> {
        self.way.dial(is_watched)
    }

    fn fetch(&self, _: &Path, _: &Path) -> Result<PathBuf, SourceError> {
        let (leash, ended) = channel();
        self.waiting.send(leash).unwrap();
        let _ = ended.recv();
        Err(SourceError::Away("it never came".to_owned()))
    }
}

#[test]
fn nobody_waits_for_files_of_what_was_stopped() {
    let (made, run) = served();
    let (waiting, waits) = channel();
    let words = [
        &our_server(),
        "monitor-server",
        "--workdir",
        made.root.to_str().unwrap(),
    ];
    let way = Local {
        words: words.map(str::to_owned).into(),
    };
    let slow = Box::new(Slow { way, waiting });
    let remote = Remote::connect(slow, options(&Heard::default())).unwrap();
    let served = beside(remote, &made);
    let changes = served.changes();
    let start = Action::StartService(run.clone(), "tensorboard".to_owned());
    let stop = Action::StopService(run.clone(), "tensorboard".to_owned());
    served.act(&start).unwrap();
    let first = waits.recv_timeout(LONG).unwrap();
    served.act(&stop).unwrap();
    wait(&served, &changes, &run, |it| {
        it.state == ServiceState::Stopped
    });
    served.act(&start).unwrap();
    let second = waits.recv_timeout(LONG).unwrap();
    let (to, ended) = channel();
    thread::spawn(move || {
        served.end();
        to.send(served)
    });
    let served = ended.recv_timeout(LONG).expect("it ends");
    // Until now neither came.
    drop((first, second));
    drop(served);
}

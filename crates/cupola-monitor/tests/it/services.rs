//! A service of a workspace behind a real `sshd`: it runs here, over files that were fetched.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use cupola_monitor::{ssh::FarProgram, words::quoted};
use cupola_workspace::{
    Here,
    model::{RunKey, Service, ServiceState},
    services::{Served, Settings},
    source::{Action, Source as _},
};
use serde_json::json;

use super::{
    over_ssh::over,
    pipes::{Heard, LONG},
    sshd::Sshd,
    workspaces::{Made, now, our_server, python},
};

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

#[test]
fn a_service_runs_here_over_files_that_are_kept_fetched() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    let runs = made.root.join("runs");
    fs::create_dir_all(&runs).unwrap();
    fs::write(runs.join("page.txt"), "first").unwrap();
    let folder = made.root.join("experiments/served/20260101_000000");
    fs::create_dir_all(&folder).unwrap();
    let status = json!({"status": "done", "services": {"tensorboard": {
        "class": "my.TensorboardService", "description": "",
        "state_dict": {"path": {"__path__": runs}},
    }}});
    fs::write(folder.join("status.json"), status.to_string()).unwrap();
    let program = FarProgram::Cupola(quoted(&our_server()));
    let route = sshd.route(made.root.to_str().unwrap(), program);
    let remote = over(route, &made.beside("cache"), &Heard::default()).unwrap();

    let variables = ["PATH", "HOME"].map(|name| (name.into(), std::env::var_os(name).unwrap()));
    let mut settings = Settings::new(
        made.beside("services"),
        variables.into(),
        Here::new(Arc::new(now)),
    );
    settings.tensorboard = Some(board(&made.beside("board")));
    settings.fetch_every = Duration::from_millis(200);
    let served = Served::new(Arc::new(remote), settings);
    let changes = served.changes();
    let run = RunKey {
        experiment: "served".to_owned(),
        run: "20260101_000000".to_owned(),
    };
    let wait = |what: &str, is_so: &dyn Fn(&Service) -> bool| loop {
        let found = served.services(Some(&run)).unwrap().remove(0);
        if is_so(&found) {
            return found;
        }
        assert!(found.state != ServiceState::Error, "{:?}", found.error);
        changes
            .recv_timeout(LONG)
            .unwrap_or_else(|_| panic!("{what}: never"));
    };
    let start = Action::StartService(run.clone(), "tensorboard".to_owned());
    served.act(&start).unwrap();
    let running = wait("it runs", &|it| it.state == ServiceState::Running);
    let synced = running.synced.unwrap();
    assert!(synced.last.is_some() && synced.problem.is_none());
    let url = format!("{}page.txt", running.url.unwrap());
    assert!(fetch(&url).ends_with("first"));

    fs::write(runs.join("page.txt"), "second").unwrap();
    wait("what changed there", &|_| fetch(&url).ends_with("second"));
    served
        .act(&Action::StopService(run.clone(), "tensorboard".to_owned()))
        .unwrap();
    wait("it stops", &|it| it.state == ServiceState::Stopped);
}

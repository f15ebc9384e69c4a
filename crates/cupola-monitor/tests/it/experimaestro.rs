//! With the real Experimaestro, in both directions.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use cupola_monitor::{
    dial::{Dial as _, Local},
    remote::{Options, Remote},
};
use cupola_workspace::{
    Folder, Here, Watching,
    model::{JobState, RunStatus},
    source::{Action, Source as _, SourceError},
};
use serde_json::Value;

use super::{
    pipes::{Heard, options},
    sshd::Sshd,
    talking::wait_for,
    workspaces::{Made, experimaestro, id, make, now, our_server, python},
};

/// A remote of Experimaestro's own server on this machine.
fn theirs(folder: &Path) -> Remote {
    let words = [
        &experimaestro(),
        "experiments",
        "--workdir",
        folder.to_str().unwrap(),
    ];
    let mut words: Vec<_> = words.into_iter().map(str::to_owned).collect();
    words.push("monitor-server".to_owned());
    let options = Options {
        clock: Box::new(now),
        ..options(&Heard::default())
    };
    Remote::connect(Box::new(Local { words }), options).unwrap()
}

#[test]
fn its_server_shows_what_its_files_say() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "grid");
    make(folder.path(), "grid");
    make(folder.path(), "failing");
    let remote = theirs(folder.path());
    let here = Here::new(std::sync::Arc::new(now));
    let read = Folder::open(folder.path(), here, Watching::Auto).unwrap();

    let experiments = remote.experiments().unwrap();
    let of = |id: &str| experiments.iter().find(|it| it.id == id).unwrap();
    assert_eq!(of("grid").runs.len(), 2, "`current` is no run");
    assert_eq!(of("failing").runs[0].status, RunStatus::Failed);
    for experiment in read.experiments().unwrap() {
        let seen = &of(&experiment.id).runs[0];
        let there = &experiment.runs[0];
        assert_eq!(seen.key, there.key);
        assert_eq!(seen.status, there.status, "{}", experiment.id);
        assert_eq!(seen.counts.total, there.counts.total);
        assert_eq!(
            (seen.started_at, seen.ended_at),
            (there.started_at, there.ended_at)
        );

        let seen = remote.jobs(Some(&there.key)).unwrap();
        for job in read.jobs(Some(&there.key)).unwrap() {
            let seen = seen.iter().find(|it| it.key == job.key).unwrap();
            assert_eq!(seen.state, job.state, "{}", job.key);
            assert_eq!(seen.tags, job.tags);
            assert_eq!(seen.submitted_at, job.submitted_at);
            assert_eq!(seen.started_at, job.started_at);
            assert_eq!(seen.ended_at, job.ended_at);
        }
    }
    assert_eq!(remote.orphans(false).unwrap(), []);
    assert_eq!(remote.warnings().unwrap(), []);
}

#[test]
fn its_server_deletes_and_refuses_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "grid");
    let remote = theirs(folder.path());
    let jobs = remote.jobs(None).unwrap();
    let learn = jobs
        .iter()
        .find(|job| job.key.task.ends_with("learn"))
        .unwrap();
    remote.act(&Action::Delete(learn.key.clone())).unwrap();
    assert!(!learn.path.exists());
    let error = remote.act(&Action::Start(learn.key.clone())).unwrap_err();
    assert!(matches!(error, SourceError::Unsupported(_)), "{error}");
}

/// An experiment that waits to be told to go on, which it is at the latest when the test is over.
struct Live {
    root: PathBuf,
    making: Option<JoinHandle<()>>,
}

impl Live {
    fn start(root: &Path) -> Self {
        let root = root.to_owned();
        let made = root.clone();
        let making = Some(thread::spawn(move || make(&made, "live")));
        Self { root, making }
    }

    fn go(&self) {
        fs::write(self.root.join("go"), "").unwrap();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.go();
        self.making.take().unwrap().join().unwrap();
    }
}

#[test]
fn its_server_tells_of_jobs_that_run() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let remote = {
        make(&root, "grid");
        theirs(&root)
    };
    let changes = remote.changes();
    assert_eq!(remote.jobs(None).unwrap().len(), 5);
    let live = Live::start(&root);
    let is_patient = |job: &cupola_workspace::model::Job| job.key.task.ends_with("patient");
    wait_for(&remote, &changes, |jobs| {
        let patient = jobs.iter().find(|job| is_patient(job));
        patient.is_some_and(|job| job.state == JobState::Running && job.progress.len() == 2)
    });
    live.go();
    wait_for(&remote, &changes, |jobs| {
        let patient = jobs.iter().find(|job| is_patient(job));
        patient.is_some_and(|job| job.state == JobState::Done)
    });
}

#[test]
fn its_client_sees_our_server_as_its_own() {
    let (sshd, made) = (Sshd::start(), Made::with(3, 2));
    made.write(7, "train.done", b"");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/watch.py");
    let words = [
        python(),
        script.to_str().unwrap().to_owned(),
        "lab".to_owned(),
        sshd.config().to_str().unwrap().to_owned(),
        our_server(),
        made.root.to_str().unwrap().to_owned(),
    ];
    let wire = Local {
        words: words.to_vec(),
    }
    .dial(false)
    .unwrap();
    let mut said = wire.said;
    let said = thread::spawn(move || {
        let mut text = String::new();
        said.read_to_string(&mut text).unwrap();
        text
    });
    let mut lines = BufReader::new(wire.input).lines();
    let Some(line) = lines.next() else {
        panic!("it says nothing: {}", said.join().unwrap());
    };
    let seen: Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert_eq!(seen["workspace"], made.root.to_str().unwrap());
    assert_eq!(seen["experiments"][0][0], "demo");
    assert_eq!(seen["experiments"][0][2], 3);
    assert_eq!(seen["runs"]["demo"], 1);
    assert_eq!((&seen["of_run"], &seen["done"]), (&3.into(), &2.into()));
    assert_eq!(seen["tags"][id(2)]["seed"], 2);
    assert_eq!(seen["jobs"][0]["state"], "done");
    assert_eq!(seen["orphans"][0], id(7));

    let mut output = wire.output;
    made.write(2, "train.failed", br#"{"code": 1, "reason": "failed"}"#);
    writeln!(output, "{}", id(2)).unwrap();
    let Some(line) = lines.next() else {
        panic!("it heard nothing: {}", said.join().unwrap());
    };
    let heard: Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert_eq!(heard["state"], "error", "{heard}");
    drop(output);
    assert!(lines.next().is_none());
}

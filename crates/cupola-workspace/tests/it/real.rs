//! Workspaces that the real Experimaestro makes while they are watched.

use std::path::Path;

use cupola_workspace::{
    Folder, Watching,
    model::{Job, JobState, Reason, RunStatus, ServiceState},
    source::{Action, LogAsked, LogOf, Source as _},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Made, Program, experiment, here, job_of, open, until};

/// Names a Python that has what `.ci/requirements.txt` lists. These tests are not skipped without it.
pub fn python() -> String {
    std::env::var("CUPOLA_TEST_PYTHON").unwrap_or_else(|_| {
        panic!("name a Python with what `.ci/requirements.txt` lists by CUPOLA_TEST_PYTHON; `.ci/run` makes one")
    })
}

fn start(made: &Made, scenario: &str) -> Program {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/make_workspace.py");
    let root = made.folder.path().to_str().unwrap();
    Program::start(
        &python(),
        &[script.to_str().unwrap(), root, scenario],
        made.folder.path(),
    )
}

pub fn make(made: &Made, scenario: &str) {
    assert!(start(made, scenario).0.wait().unwrap().success());
}

fn log(folder: &Folder, of: LogOf, stream: &str) -> String {
    let asked = LogAsked {
        of,
        stream: stream.to_owned(),
        offset: None,
        bytes: 65536,
    };
    String::from_utf8(folder.log(&asked).unwrap().bytes).unwrap()
}

#[test]
fn a_grid_is_read_as_it_was_made_twice() {
    let made = Made::new();
    make(&made, "grid");
    make(&made, "grid");
    let folder = open(made.folder.path());
    let grid = experiment(&folder, "grid");
    assert_eq!(grid.runs.len(), 2, "`current` is no run");
    assert!(grid.runs[0].started_at > grid.runs[1].started_at);
    for run in &grid.runs {
        assert_eq!(
            (run.status, run.counts.done, run.counts.total),
            (RunStatus::Done, 5, 5)
        );
        assert_eq!(run.host.as_deref(), Some(here().host.as_str()));
        assert_eq!(run.problem, None);
        assert_eq!(
            folder.actions(&run.key).unwrap()[0].description,
            "Exports the results"
        );
        let jobs = folder.jobs(Some(&run.key)).unwrap();
        assert_eq!(jobs.len(), 5);
        assert!(jobs.iter().all(|job| job.submitted_at >= run.started_at));
    }
    let jobs = folder.jobs(None).unwrap();
    let learns: Vec<&Job> = jobs
        .iter()
        .map(|job| &**job)
        .filter(|job| job.key.task == "__main__.learn")
        .collect();
    let tags: Vec<String> = learns
        .iter()
        .map(|job| {
            job.tags
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        tags,
        [
            "lr=0.01 seed=1",
            "lr=0.01 seed=2",
            "lr=0.1 seed=1",
            "lr=0.1 seed=2"
        ]
    );
    let prepare = job_of(&folder, ".prepare").unwrap();
    for learn in learns {
        assert_eq!((learn.state, learn.runs.len()), (JobState::Done, 2));
        assert!(learn.started_at.is_some() && learn.started_at < learn.ended_at);
        assert!(learn.submitted_at <= learn.started_at);
        let details = folder.job(&learn.key).unwrap();
        assert_eq!(details.dependencies, std::slice::from_ref(&prepare.key));
        assert_eq!(
            details.parameters["model"],
            json!({"type": "__main__.Model", "depth": 3, "name": "small"})
        );
        assert_eq!(Some(&details.parameters["lr"]), learn.tags.find("lr"));
        assert_eq!(details.logs.len(), 2);
    }
    let needed = folder.dependencies(&grid.runs[0].key).unwrap();
    assert_eq!(needed.len(), 4, "four need one");
    assert_eq!(
        log(&folder, LogOf::Job(jobs[1].key.clone()), "stdout"),
        "step 0\nstep 1\nstep 2\n"
    );
    assert!(folder.orphans(true).unwrap().is_empty());
}

#[test]
fn what_waits_tells_what_it_waits_for() {
    let made = Made::new();
    let folder = open(made.folder.path());
    let changes = folder.changes();
    let _program = start(&made, "waiting");
    let waits = until(&changes, "what waits", || {
        job_of(&folder, ".after").filter(|job| job.state == JobState::Waiting)
    });
    let details = until(&changes, "its parameters", || {
        let details = folder.job(&waits.key).unwrap();
        details.parameters.is_object().then_some(details)
    });
    let first = job_of(&folder, ".patient").unwrap();
    assert!(!details.job.path.join("params.json").exists());
    assert_eq!(details.dependencies, std::slice::from_ref(&first.key));
    let model = json!({"type": "__main__.Model", "depth": 2, "name": "large"});
    assert_eq!(details.parameters["model"], model);
    let run = &experiment(&folder, "waiting").runs[0].key;
    assert_eq!(
        folder.dependencies(run).unwrap()[&waits.key],
        details.dependencies
    );
    made.write("go", "");
}

#[test]
fn a_failure_is_told_though_its_program_said_done() {
    let made = Made::new();
    make(&made, "failing");
    let folder = open(made.folder.path());
    let run = &experiment(&folder, "failing").runs[0];
    assert_eq!(
        (run.status, run.counts.failed, run.counts.done),
        (RunStatus::Failed, 1, 1)
    );
    let fail = job_of(&folder, ".fail").unwrap();
    assert_eq!(
        (fail.state, fail.reason),
        (JobState::Error, Some(Reason::Failed))
    );
    assert_eq!(fail.exit_code, Some(1));
    let told = log(&folder, LogOf::Job(fail.key.clone()), "stderr");
    assert!(told.contains("ValueError: this one fails"), "{told}");
    let workspace = log(&folder, LogOf::Workspace, "stdout");
    assert!(!workspace.is_empty());
}

/// From nothing to the end, by whichever way it is watched.
fn follow(watching: Watching) {
    let made = Made::new();
    let folder = Folder::open(made.folder.path(), here(), watching).unwrap();
    let changes = folder.changes();
    assert!(folder.experiments().unwrap().is_empty());
    let mut program = start(&made, "live");
    let job = until(&changes, "progress on two levels", || {
        job_of(&folder, ".patient").filter(|job| job.progress.len() == 2)
    });
    assert_eq!(job.state, JobState::Running);
    assert_eq!(job.tags.find("word"), Some(&json!("hello")));
    let levels: Vec<_> = job
        .progress
        .iter()
        .map(|level| (level.desc.as_str(), level.progress))
        .collect();
    assert_eq!(levels, [("epoch 1 of 4", 0.25), ("batch 5 of 10", 0.5)]);
    let details = folder.job(&job.key).unwrap();
    let process = details.process.unwrap();
    assert_eq!(process.is_running, Some(true));
    assert!(process.memory_bytes.unwrap() > 1 << 20 && process.threads.unwrap() > 0);
    let run = &experiment(&folder, "live").runs[0];
    assert_eq!((run.status, run.counts.running), (RunStatus::Running, 1));
    let board = until(&changes, "its service", || {
        folder.services(Some(&run.key)).unwrap().pop()
    });
    assert_eq!(
        (board.id.as_str(), board.description.as_str()),
        ("board", "A board")
    );
    assert_eq!(board.class, "__main__.Board");
    assert_eq!(
        board.state,
        ServiceState::Unknown,
        "its program alone knows"
    );
    assert_eq!(board.kept, json!({"path": {"__path__": "/somewhere/runs"}}));
    made.write("go", "");
    until(&changes, "the end", || {
        let run = &experiment(&folder, "live").runs[0];
        (run.status == RunStatus::Done && run.ended_at.is_some()).then_some(())
    });
    assert_eq!(job_of(&folder, ".patient").unwrap().state, JobState::Done);
    program.0.wait().unwrap();
    assert_eq!(
        folder.services(None).unwrap()[0].state,
        ServiceState::Stopped
    );
}

#[test]
fn a_run_is_followed_by_the_kernels_word() {
    follow(Watching::Inotify);
}

#[test]
fn a_run_is_followed_by_looking_again() {
    follow(Watching::Polling(std::time::Duration::from_millis(200)));
}

#[test]
fn a_job_is_ended_when_asked_to() {
    let made = Made::new();
    let folder = open(made.folder.path());
    let changes = folder.changes();
    let _program = start(&made, "live");
    let job = until(&changes, "its output", || {
        job_of(&folder, ".patient").filter(|job| job.progress.len() == 2)
    });
    let refused = folder.act(&Action::Delete(job.key.clone())).unwrap_err();
    assert!(
        refused.to_string().ends_with("is under way: end it first"),
        "{refused}"
    );
    assert_eq!(
        folder.act(&Action::Kill(job.key.clone())).unwrap(),
        "it ended when asked to"
    );
    let ended = until(&changes, "its end", || {
        job_of(&folder, ".patient").filter(|job| job.state == JobState::Error)
    });
    assert_eq!(
        (ended.reason, ended.exit_code),
        (Some(Reason::Cancelled), Some(15))
    );
    until(&changes, "the end of its run", || {
        (experiment(&folder, "live").runs[0].status == RunStatus::Failed).then_some(())
    });
    let again = folder.act(&Action::Kill(job.key.clone())).unwrap_err();
    assert!(again.to_string().ends_with("it has no process"), "{again}");
    folder.act(&Action::Delete(job.key.clone())).unwrap();
    assert_eq!(
        job_of(&folder, ".patient").unwrap().state,
        JobState::Phantom
    );
}

#[test]
fn what_was_killed_without_a_word_is_lost() {
    let made = Made::new();
    let folder = open(made.folder.path());
    let changes = folder.changes();
    let mut program = start(&made, "live");
    let job = until(&changes, "it runs", || {
        job_of(&folder, ".patient").filter(|job| job.progress.len() == 2)
    });
    let _ = program.0.kill();
    until(&changes, "its program is gone", || {
        (experiment(&folder, "live").runs[0].status == RunStatus::Stopped).then_some(())
    });
    let pid: i32 = job.process.as_ref().unwrap().pid.parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    let lost = until(&changes, "it is lost", || {
        job_of(&folder, ".patient").filter(|job| job.state == JobState::Error)
    });
    assert_eq!(lost.reason, Some(Reason::Lost));
    let folder = open(made.folder.path());
    assert_eq!(
        job_of(&folder, ".patient").unwrap().reason,
        Some(Reason::Lost)
    );
}

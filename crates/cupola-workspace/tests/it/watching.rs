//! What changes on disk is told soon, and only what was touched is read again.

use std::{
    fs,
    time::{Duration, Instant},
};

use cupola_workspace::{
    Folder, Watching,
    model::JobState,
    source::{Change, Connection, Source as _},
};

use crate::support::{LIMIT, Made, experiment, hear, here, key, until};

/// Does something to a workspace that is watched in either way, and waits for what should follow.
fn check(what: &str, done: impl Fn(&Made), told: impl Fn(&Folder) -> bool) {
    for watching in [
        Watching::Inotify,
        Watching::Polling(Duration::from_millis(50)),
    ] {
        let made = Made::new();
        made.run("e", "1", &[("t.x", "a", "done"), ("t.x", "b", "done")]);
        made.job("t.x", "a", &[("x.done", "")]);
        made.job(
            "t.x",
            "b",
            &[(
                "x.pid",
                &format!(
                    "{{\"pid\": {}, \"host\": \"{}\"}}",
                    std::process::id(),
                    here().host
                ),
            )],
        );
        let folder = Folder::open(made.folder.path(), here(), watching).unwrap();
        let changes = folder.changes();
        assert!(!told(&folder), "{what}: it is so before");
        done(&made);
        until(&changes, what, || told(&folder).then_some(()));
    }
}

fn state(folder: &Folder, task: &str, id: &str) -> Option<JobState> {
    let jobs = folder.jobs(None).unwrap();
    let job = jobs.iter().find(|job| job.key == key(task, id))?;
    Some(job.state)
}

#[test]
fn a_mark_is_seen() {
    check(
        "done",
        |made| made.write("jobs/t.x/b/x.done", ""),
        |folder| state(folder, "t.x", "b") == Some(JobState::Done),
    );
}

#[test]
fn a_folder_that_goes_is_seen() {
    check(
        "gone",
        |made| fs::remove_dir_all(made.path("jobs/t.x/a")).unwrap(),
        |folder| state(folder, "t.x", "a") == Some(JobState::Phantom),
    );
}

#[test]
fn a_new_experiment_is_seen_with_its_jobs() {
    check(
        "another",
        |made| {
            made.job("t.new", "n", &[("new.done", "")]);
            made.run("f", "1", &[("t.new", "n", "done")]);
        },
        |folder| state(folder, "t.new", "n") == Some(JobState::Done),
    );
}

#[test]
fn a_new_run_is_seen() {
    check(
        "second run",
        |made| made.run("e", "2", &[("t.x", "a", "done")]),
        |folder| {
            let runs = experiment(folder, "e").runs;
            runs.len() == 2 && runs[0].counts.total == 1
        },
    );
}

#[test]
fn a_run_that_goes_is_seen() {
    check(
        "no run",
        |made| fs::remove_dir_all(made.path("experiments/e")).unwrap(),
        |folder| folder.experiments().unwrap().is_empty() && folder.jobs(None).unwrap().is_empty(),
    );
}

#[test]
fn what_could_not_be_read_is_tried_again() {
    check(
        "whole again",
        |made| {
            made.write(
                "jobs/t.x/b/.experimaestro/status.json",
                "{\"retry_count\": ",
            );
            made.write("jobs/t.x/b/x.pid", "{}");
            made.write(
                "jobs/t.x/b/.experimaestro/status.json",
                "{\"retry_count\": 3}",
            );
            made.write("jobs/t.x/b/x.done", "");
        },
        |folder| {
            let jobs = folder.jobs(None).unwrap();
            jobs.iter()
                .any(|job| job.retries == 3 && job.problem.is_none())
        },
    );
}

#[test]
fn a_stream_that_grows_is_told() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "b", "running")]);
    made.job(
        "t.x",
        "b",
        &[(
            "x.pid",
            &format!(
                "{{\"pid\": {}, \"host\": \"{}\"}}",
                std::process::id(),
                here().host
            ),
        )],
    );
    let folder = Folder::open(made.folder.path(), here(), Watching::Inotify).unwrap();
    let changes = folder.changes();
    // The watch may begin only after the first line.
    let grown = Change::Log(key("t.x", "b"));
    let told = (0..100).any(|_| {
        made.write("jobs/t.x/b/x.out", "more\n");
        changes
            .recv_timeout(LIMIT / 100)
            .is_ok_and(|change| change == grown)
    });
    assert!(told, "nobody told of the stream");
}

#[test]
fn a_workspace_that_is_away_stays_as_it_was_and_is_read_anew_when_it_is_back() {
    for watching in [
        Watching::Inotify,
        Watching::Polling(Duration::from_millis(50)),
    ] {
        let made = Made::new();
        made.run("e", "1", &[("t.x", "a", "done"), ("t.x", "b", "done")]);
        made.job("t.x", "a", &[("x.done", "")]);
        made.job("t.x", "b", &[]);
        let root = made.folder.path();
        let folder = Folder::open(root, here(), watching).unwrap();
        let changes = folder.changes();
        let aside = root.with_extension("aside");
        fs::rename(root, &aside).unwrap();
        hear(
            &changes,
            "that it is away",
            |change| matches!(change, Change::Connection(Connection::Away { why, .. }) if why == "the folder is gone"),
        );
        folder.refresh();
        assert_eq!(state(&folder, "t.x", "a"), Some(JobState::Done));
        assert_eq!(folder.experiments().unwrap().len(), 1);
        fs::write(aside.join("jobs/t.x/b/x.done"), "").unwrap();
        fs::rename(&aside, root).unwrap();
        hear(&changes, "that it is back", |change| {
            *change == Change::Connection(Connection::Live)
        });
        assert_eq!(state(&folder, "t.x", "b"), Some(JobState::Done));
        fs::remove_dir_all(made.path("jobs/t.x/a")).unwrap();
        until(&changes, "a change after that", || {
            (state(&folder, "t.x", "a") == Some(JobState::Phantom)).then_some(())
        });
    }
}

#[test]
fn a_folder_is_let_go_at_once() {
    let made = Made::new();
    let folder = Folder::open(made.folder.path(), here(), Watching::Auto).unwrap();
    let changes = folder.changes();
    let start = Instant::now();
    drop(folder);
    assert!(
        start.elapsed() < Duration::from_millis(900),
        "it waits for its next look"
    );
    assert!(changes.recv().is_err(), "nobody tells any more");
}

#[test]
fn what_went_before_anybody_watched_is_seen() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "done"), ("t.x", "b", "done")]);
    made.job("t.x", "a", &[("x.done", "")]);
    made.job("t.x", "b", &[("x.done", "")]);
    // As it looks where nothing came for a while.
    let task = fs::File::open(made.path("jobs/t.x")).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    task.set_modified(long_ago).unwrap();
    let folder = Folder::open(made.folder.path(), here(), Watching::Inotify).unwrap();
    fs::remove_dir_all(made.path("jobs/t.x/a")).unwrap();
    let changes = folder.changes();
    until(&changes, "that it is gone", || {
        let job = folder.job(&key("t.x", "a")).unwrap().job;
        (job.state == JobState::Phantom).then_some(())
    });
    assert_eq!(
        folder.job(&key("t.x", "b")).unwrap().job.state,
        JobState::Done
    );
}

//! Workspaces that are half written, broken, or made to hurt.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use cupola_workspace::{
    Folder, Watching,
    model::{JobState, RunKey, RunStatus},
    source::{Action, LogAsked, LogOf, Source as _, SourceError},
};

use crate::support::{Made, experiment, here, job_of, key, open};

#[test]
fn what_is_no_workspace_is_said_to_be_none() {
    let empty = tempfile::tempdir().unwrap();
    let check = |path: &Path, end: &str| {
        let Err(SourceError::Unknown(text)) = Folder::open(path, here(), Watching::Auto) else {
            panic!("{} was opened", path.display());
        };
        assert!(text.ends_with(end), "{text}");
    };
    check(
        empty.path(),
        "is no workspace: it has neither `experiments` nor `jobs`",
    );
    check(Path::new("/nowhere/at/all"), "no such file or directory");
    let ring = empty.path().join("ring");
    std::os::unix::fs::symlink(&ring, &ring).unwrap();
    check(&ring, "too many levels of symbolic links");
}

#[test]
fn what_is_half_written_is_shown_with_a_word() {
    let made = Made::new();
    made.run(
        "e",
        "1",
        &[("t.learn", "a", "done"), ("t.learn", "b", "done")],
    );
    made.job(
        "t.learn",
        "a",
        &[
            ("learn.done", ""),
            (".experimaestro/status.json", "{\"state\": \"do"),
        ],
    );
    made.job(
        "t.learn",
        "b",
        &[("learn.done", ""), ("params.json", "{\"obj")],
    );
    made.write("experiments/torn/1/status.json", "{\"status\": ");
    made.write(
        "experiments/torn/1/jobs.jsonl",
        "{\"job_id\": \"x\", \"task_id\": \"t.x\"}\n{\"job",
    );
    made.write("experiments/bare/1/other", "");
    let folder = open(made.folder.path());
    let a = folder.job(&key("t.learn", "a")).unwrap().job;
    assert_eq!(a.state, JobState::Done);
    assert!(a.problem.unwrap().starts_with("status.json: half written"));
    let b = folder.job(&key("t.learn", "b")).unwrap().job;
    assert!(b.problem.unwrap().starts_with("params.json: half written"));
    let torn = &experiment(&folder, "torn").runs[0];
    assert!(
        torn.problem
            .as_ref()
            .unwrap()
            .starts_with("status.json: half written")
    );
    assert_eq!(
        torn.counts.total, 1,
        "a whole line counts, half of one is to come"
    );
    assert_eq!(torn.status, RunStatus::Stopped, "nobody holds its lock");
    let bare = &experiment(&folder, "bare").runs[0];
    assert_eq!(bare.problem.as_deref(), Some("status.json: missing"));
    assert_eq!(bare.status, RunStatus::Empty);
}

#[test]
fn wrong_kinds_of_values_are_passed_over() {
    let made = Made::new();
    made.write("experiments/e/1/status.json", r#"{"status": 7, "hostname": [], "started_at": {}, "job_states": [1], "services": "x", "actions": {"a": 1}, "run_tags": "no", "carbon_impact": 1, "events_count": "many"}"#);
    made.write("experiments/e/1/jobs.jsonl", "7\n{}\n[]\n{\"job_id\": 1}\n{\"job_id\": \"a\", \"task_id\": \"t\", \"tags\": 5, \"timestamp\": \"x\"}\n");
    made.job("t", "a", &[(".experimaestro/status.json", r#"{"state": 3, "progress": {"a": 1}, "process": 1, "exit_code": "x", "retry_count": -4}"#)]);
    let folder = open(made.folder.path());
    let job = job_of(&folder, "t").unwrap();
    assert_eq!(
        (job.retries, job.exit_code, job.process.clone()),
        (0, None, None)
    );
    assert_eq!(folder.jobs(None).unwrap().len(), 1);
}

#[test]
fn names_do_not_lead_out_of_the_workspace() {
    let made = Made::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.out"), "secret").unwrap();
    let outside = outside.path().to_str().unwrap();
    let lines = format!(
        "{{\"job_id\": \"x\", \"task_id\": \"../..{outside}\"}}\n{{\"job_id\": \"..\", \"task_id\": \"..\"}}\n"
    );
    made.write("experiments/e/1/status.json", "{}");
    made.write("experiments/e/1/jobs.jsonl", lines);
    let folder = open(made.folder.path());
    assert!(folder.jobs(None).unwrap().is_empty());
    for (task, id) in [
        ("..", "experiments"),
        (&format!("../..{outside}"), "x"),
        ("", ""),
        ("t", ".."),
    ] {
        let key = key(task, id);
        assert!(
            matches!(folder.job(&key), Err(SourceError::Unknown(_))),
            "{key}"
        );
        assert!(folder.act(&Action::Delete(key)).is_err());
    }
    for service in ["../../..", "a/../..", "/etc"] {
        let asked = LogAsked {
            of: LogOf::Service(
                RunKey {
                    experiment: "e".into(),
                    run: "1".into(),
                },
                service.into(),
            ),
            stream: "stdout".into(),
            offset: None,
            bytes: 10,
        };
        assert!(
            matches!(folder.log(&asked), Err(SourceError::Unknown(_))),
            "{service}"
        );
    }
    assert!(matches!(
        folder.fetched(Path::new("/etc/hostname")),
        Err(SourceError::Refused(_))
    ));
    let sneaky = made.path("jobs/../../../../../../etc/hostname");
    assert!(matches!(
        folder.fetched(&sneaky),
        Err(SourceError::Refused(_))
    ));
}

#[test]
fn names_with_escapes_are_kept_as_they_are() {
    let made = Made::new();
    let (task, id) = ("t.\u{1b}[31mred", "a\nb\"c$(touch x)");
    made.run("e\u{1b}]0;x\u{7}", "1", &[(task, id, "done")]);
    made.job(task, id, &[("\u{1b}[31mred.done", "")]);
    let folder = open(made.folder.path());
    let job = folder.job(&key(task, id)).unwrap().job;
    assert_eq!(job.state, JobState::Done);
    assert_eq!(folder.experiments().unwrap()[0].id, "e\u{1b}]0;x\u{7}");
}

#[test]
fn links_in_circles_and_pipes_do_not_hold_a_reader() {
    let made = Made::new();
    made.run(
        "e",
        "1",
        &[("t.x", "ring", "done"), ("t.x", "pipe", "done")],
    );
    let ring = made.path("jobs/t.x/ring");
    fs::create_dir_all(made.path("jobs/t.x/pipe/.experimaestro")).unwrap();
    std::os::unix::fs::symlink(&ring, &ring).unwrap();
    std::os::unix::fs::symlink(made.path("experiments"), made.path("experiments/self")).unwrap();
    std::os::unix::fs::symlink(made.path("jobs"), made.path("jobs/t.x/up")).unwrap();
    for name in [
        "x.pid",
        "x.out",
        ".experimaestro/status.json",
        "params.json",
    ] {
        let path = made.path("jobs/t.x/pipe").join(name);
        let rights = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rights, 0).unwrap();
    }
    let folder = open(made.folder.path());
    assert_eq!(
        folder.experiments().unwrap().len(),
        1,
        "links are no experiments"
    );
    let ring = folder.job(&key("t.x", "ring")).unwrap().job;
    assert!(
        ring.problem
            .unwrap()
            .contains("too many levels of symbolic links")
    );
    let pipe = folder.job(&key("t.x", "pipe")).unwrap().job;
    assert_eq!(
        pipe.problem.as_deref(),
        Some("status.json: not a regular file")
    );
    assert!(
        folder.orphans(true).unwrap().is_empty(),
        "a link is no folder of a job"
    );
}

#[test]
fn what_may_not_be_read_says_so() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "done"), ("t.x", "b", "done")]);
    made.job(
        "t.x",
        "a",
        &[("x.done", ""), (".experimaestro/status.json", "{}")],
    );
    made.job("t.x", "b", &[("x.done", "")]);
    let link = made.path("jobs/t.x/b/.experimaestro/status.json");
    std::os::unix::fs::symlink("/etc/hostname", link).unwrap();
    let closed = made.path("jobs/t.x/a/.experimaestro");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let folder = open(made.folder.path());
    let problem = |id: &str| folder.job(&key("t.x", id)).unwrap().job.problem;
    // Nothing is closed to root.
    let expected =
        (!rustix::process::geteuid().is_root()).then_some("status.json: permission denied");
    assert_eq!(problem("a").as_deref(), expected);
    assert_eq!(
        problem("b").as_deref(),
        Some("status.json: a link, which is not followed")
    );
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn only_the_newest_run_is_at_work() {
    let made = Made::new();
    let events = "{\"event_type\": \"ServiceAddedEvent\", \"service_id\": \"board\"}\n";
    made.write(".events/experiments/e-0.jsonl", events);
    let lock = made.path("experiments/e/lock");
    for (run, host) in [("1", "elsewhere"), ("2", &here().host), ("3", &here().host)] {
        let status = format!("{{\"status\": \"running\", \"hostname\": \"{host}\"}}");
        made.write(&format!("experiments/e/{run}/status.json"), status);
    }
    let lock = fs::File::create(lock).unwrap();
    lock.lock().unwrap();
    let folder = open(made.folder.path());
    let seen = |folder: &Folder| -> Vec<_> {
        let runs = experiment(folder, "e").runs;
        runs.iter()
            .map(|run| (run.key.run.clone(), run.status))
            .collect()
    };
    let expected = [
        ("3".to_owned(), RunStatus::Running),
        ("2".to_owned(), RunStatus::Empty),
        ("1".to_owned(), RunStatus::Empty),
    ];
    assert_eq!(seen(&folder), expected);
    let services = folder.services(None).unwrap();
    let of: Vec<_> = services.iter().map(|service| &service.run.run).collect();
    assert_eq!(of, ["3"], "live events are those of the newest");
    let delete = |run: &str| {
        folder.act(&Action::DeleteExperiment {
            experiment: "e".to_owned(),
            run: Some(run.to_owned()),
            with_jobs: false,
        })
    };
    assert!(delete("3").is_err());
    delete("1").unwrap();
    // One that comes takes over at once.
    let status = format!(
        "{{\"status\": \"running\", \"hostname\": \"{}\"}}",
        here().host
    );
    made.write("experiments/e/4/status.json", status);
    folder.refresh();
    assert_eq!(
        seen(&folder)[..2],
        [
            ("4".to_owned(), RunStatus::Running),
            ("3".to_owned(), RunStatus::Empty),
        ]
    );
    drop(lock);
}

#[test]
fn a_job_that_vanishes_is_a_phantom() {
    let made = Made::new();
    made.run(
        "e",
        "1",
        &[("t.x", "a", "done"), ("t.x", "b", "unscheduled")],
    );
    made.job("t.x", "a", &[("x.done", "")]);
    let folder = open(made.folder.path());
    assert_eq!(
        experiment(&folder, "e").runs[0].status,
        RunStatus::Failed,
        "one was never run"
    );
    fs::remove_dir_all(made.path("jobs/t.x/a")).unwrap();
    let details = folder.job(&key("t.x", "a")).unwrap();
    assert!(details.logs.is_empty());
    folder.refresh();
    assert_eq!(
        folder.job(&key("t.x", "a")).unwrap().job.state,
        JobState::Phantom
    );
    assert_eq!(
        folder.job(&key("t.x", "b")).unwrap().job.state,
        JobState::Unscheduled
    );
}

#[test]
fn what_was_broken_off_lasted_until_it_last_wrote() {
    let check = |host: &str, events: &str, expected: Option<i64>| {
        let made = Made::new();
        made.write(
            "experiments/e/1/status.json",
            format!(r#"{{"status": "running", "hostname": "{host}", "started_at": 1, "last_updated": 2, "events_count": 0}}"#),
        );
        made.write("experiments/e/1/events/event-0.jsonl", events);
        let run = experiment(&open(made.folder.path()), "e").runs.remove(0);
        assert_eq!(
            run.ended_at.map(cupola_domain::time::Timestamp::millis),
            expected,
            "{host} {events}"
        );
    };
    let host = here().host;
    check(&host, "", Some(2000));
    check(
        &host,
        "{\"timestamp\": 3.5}\n{\"timestamp\": 3}\n",
        Some(3500),
    );
    check("elsewhere", "{\"timestamp\": 3.5}\n", None);
}

#[test]
fn a_run_that_was_cleaned_up_is_still_done() {
    let made = Made::new();
    let jobs = [("t.x", "a", "done"), ("t.x", "b", "done")];
    made.run("well", "1", &jobs);
    made.run("ill", "1", &[jobs[0], ("t.x", "c", "error:FAILED")]);
    made.job("t.x", "b", &[("x.done", "")]);
    let folder = open(made.folder.path());
    let shown = |id: &str| {
        let run = &experiment(&folder, id).runs[0];
        let counts = run.counts;
        (run.status, counts.done, counts.failed, counts.gone)
    };
    assert_eq!(shown("well"), (RunStatus::Done, 1, 0, 1));
    assert_eq!(shown("ill"), (RunStatus::Failed, 0, 1, 1));
}

#[test]
fn nothing_is_written_by_whoever_looks() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "running")]);
    made.job(
        "t.x",
        "a",
        &[
            (
                "x.pid",
                "{\"type\": \"local\", \"pid\": 4194305, \"host\": \"elsewhere\"}",
            ),
            ("x.out", "hello\n"),
        ],
    );
    made.job("t.x", "orphan", &[("x.done", "")]);
    let before = listed(made.folder.path());
    let folder = open(made.folder.path());
    let _changes = folder.changes();
    assert_eq!(folder.orphans(true).unwrap().len(), 1);
    folder.job(&key("t.x", "a")).unwrap();
    folder.refresh();
    drop(folder);
    assert_eq!(listed(made.folder.path()), before);
}

fn listed(path: &Path) -> Vec<(String, std::time::SystemTime, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            found.extend(listed(&entry.path()));
        }
        found.push((
            entry.path().display().to_string(),
            metadata.modified().unwrap(),
            metadata.len(),
        ));
    }
    found.sort();
    found
}

//! What may be changed, and what may not.

use std::{fs, time::Instant};

use cupola_workspace::{
    Folder,
    model::{Job, JobState},
    source::{Action, Source as _},
};

use crate::support::{LIMIT, Made, Program, here, key, open};

fn noted(pid: u32, host: &str) -> String {
    format!("{{\"type\": \"local\", \"pid\": {pid}, \"host\": \"{host}\"}}")
}

fn made_with(pid_file: &str) -> (Made, Folder) {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "running")]);
    made.job("t.x", "a", &[("x.pid", pid_file)]);
    let folder = open(made.folder.path());
    (made, folder)
}

fn refused(pid_file: &str, action: &Action, expected: &str) {
    let (made, folder) = made_with(pid_file);
    let error = folder.act(action).unwrap_err();
    assert!(error.to_string().ends_with(expected), "{error}");
    assert!(made.path("jobs/t.x/a/x.pid").exists());
}

/// A job whose script is `script`, started as `sh jobs/t.x/a/x.py`. It is ready when it made `ready`.
fn started(script: &str, leads: bool) -> (Made, Folder, Program) {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "running")]);
    made.job("t.x", "a", &[("x.py", script)]);
    let path = made.path("jobs/t.x/a/x.py");
    let path = path.to_str().unwrap();
    let home = made.folder.path();
    let program = if leads {
        Program::start("setsid", &["sh", path], home)
    } else {
        Program::start("sh", &[path], home)
    };
    let start = Instant::now();
    while !made.path("ready").exists() {
        assert!(start.elapsed() < LIMIT, "it never began");
        std::thread::yield_now();
    }
    made.write("jobs/t.x/a/x.pid", noted(program.0.id(), &here().host));
    let folder = open(made.folder.path());
    (made, folder, program)
}

fn killed(script: &str, leads: bool, expected: &str) -> Made {
    let (made, folder, mut program) = started(script, leads);
    let asked = folder.act(&Action::Kill(key("t.x", "a"))).unwrap();
    assert_eq!(asked, expected);
    assert!(!program.0.wait().unwrap().success());
    made
}

#[test]
fn a_program_ends_when_it_is_asked_to() {
    killed(
        "echo > $HOME/ready; sleep 600",
        true,
        "it ended when asked to",
    );
}

#[test]
fn a_program_that_does_not_listen_is_killed() {
    // It is known by its output: nothing of the job is left in its words.
    killed(
        "trap '' TERM; echo > $HOME/ready; exec sleep 600 > $HOME/jobs/t.x/a/x.out",
        false,
        "it was killed, since it did not end when asked to",
    );
}

#[test]
fn what_a_program_started_does_not_outlive_it() {
    let worker = "sh -c 'trap \"\" TERM; echo $$ > $HOME/ready; exec sleep 600' & wait";
    let made = killed(
        worker,
        true,
        "it ended when asked to; what it had started was killed",
    );
    let worker = fs::read_to_string(made.path("ready")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", worker.trim()));
    assert!(stat.is_err() || stat.unwrap().contains(") Z "), "{worker}");
}

#[test]
fn a_process_that_is_not_the_jobs_is_left_alone() {
    let (made, _, mut program) = started("echo > $HOME/ready; while sleep 1; do :; done", false);
    let pid = program.0.id();
    let expected = format!(
        "process {pid} neither runs its script nor writes its output: end it by hand if it is the job's"
    );
    let kill = |made: &Made| {
        let folder = open(made.folder.path());
        let error = folder.act(&Action::Kill(key("t.x", "a"))).unwrap_err();
        assert!(error.to_string().ends_with(&expected), "{error}");
    };
    // A copy of its workspace has its number, and another script at the same place.
    let (copy, _) = made_with(&noted(pid, &here().host));
    copy.job("t.x", "a", &[("x.py", ""), ("x.out", "")]);
    kill(&copy);
    // What many have open is nobody's output.
    fs::remove_file(copy.path("jobs/t.x/a/x.out")).unwrap();
    std::os::unix::fs::symlink("/dev/null", copy.path("jobs/t.x/a/x.out")).unwrap();
    kill(&copy);
    assert!(program.0.try_wait().unwrap().is_none());
    drop(made);
}

#[test]
fn what_is_not_known_here_is_left_alone() {
    let kill = Action::Kill(key("t.x", "a"));
    refused(
        &noted(1, "elsewhere"),
        &kill,
        "its process (local 1) is on elsewhere, not here",
    );
    refused(
        "{\"type\": \"slurm\", \"pid\": \"77\"}",
        &kill,
        "is on a host that is not noted, not here",
    );
    refused(
        &noted(4_194_305, &here().host),
        &kill,
        "process 4194305 does not run",
    );
    refused(
        &noted(1, "elsewhere"),
        &Action::Delete(key("t.x", "a")),
        "is under way: end it first",
    );
}

#[test]
fn a_run_goes_with_the_jobs_that_only_it_names() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "done"), ("t.x", "both", "done")]);
    made.run("e", "2", &[("t.x", "both", "done")]);
    for id in ["a", "both"] {
        made.job("t.x", id, &[("x.done", "")]);
    }
    std::os::unix::fs::symlink("1", made.path("experiments/e/current")).unwrap();
    let folder = open(made.folder.path());
    let delete = |run: Option<&str>| {
        folder.act(&Action::DeleteExperiment {
            experiment: "e".to_owned(),
            run: run.map(str::to_owned),
            with_jobs: true,
        })
    };
    assert_eq!(
        delete(Some("1")).unwrap(),
        "runs deleted: 1, jobs deleted: 1"
    );
    assert!(!made.path("jobs/t.x/a").exists() && made.path("jobs/t.x/both").exists());
    assert_eq!(
        fs::read_link(made.path("experiments/e/current"))
            .unwrap()
            .to_str(),
        Some("2")
    );
    assert_eq!(folder.jobs(None).unwrap().len(), 1);
    assert!(delete(Some("1")).is_err());
    assert_eq!(delete(None).unwrap(), "runs deleted: 1, jobs deleted: 1");
    assert!(!made.path("experiments/e").exists());
    assert!(folder.experiments().unwrap().is_empty());
    assert!(delete(None).is_err());
}

#[test]
fn nothing_is_deleted_through_a_link() {
    let made = Made::new();
    let outside = tempfile::tempdir().unwrap();
    let names = [("t.away", "thesis", "done"), ("t.x", "a", "done")];
    made.run("e", "1", &names);
    made.run("other", "1", &[("t.x", "a", "done")]);
    made.job("t.x", "a", &[("x.done", "")]);
    fs::create_dir(outside.path().join("thesis")).unwrap();
    std::os::unix::fs::symlink(outside.path(), made.path("jobs/t.away")).unwrap();
    let folder = open(made.folder.path());
    let with_jobs = Action::DeleteExperiment {
        experiment: "e".to_owned(),
        run: None,
        with_jobs: true,
    };
    for action in [Action::Delete(key("t.away", "thesis")), with_jobs] {
        let error = folder.act(&action).unwrap_err();
        let expected = "jobs/t.away is a link: remove what is behind it by hand";
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    assert!(outside.path().join("thesis").exists());
}

#[test]
fn experiments_and_jobs_may_lie_elsewhere() {
    let made = Made::new();
    let outside = tempfile::tempdir().unwrap();
    for name in ["jobs", "experiments"] {
        fs::remove_dir(made.path(name)).unwrap();
        fs::create_dir(outside.path().join(name)).unwrap();
        std::os::unix::fs::symlink(outside.path().join(name), made.path(name)).unwrap();
    }
    made.run("e", "1", &[("t.x", "a", "done")]);
    made.job("t.x", "a", &[("x.done", "")]);
    let folder = open(made.folder.path());
    let with_jobs = Action::DeleteExperiment {
        experiment: "e".to_owned(),
        run: None,
        with_jobs: true,
    };
    assert_eq!(
        folder.act(&with_jobs).unwrap(),
        "runs deleted: 1, jobs deleted: 1"
    );
    assert!(!outside.path().join("experiments/e").exists());
    assert!(!outside.path().join("jobs/t.x/a").exists());
}

#[test]
fn what_came_since_is_looked_at_before_anything_is_deleted() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "done"), ("t.x", "b", "done")]);
    for id in ["a", "b"] {
        made.job("t.x", id, &[("x.done", "")]);
    }
    let folder = open(made.folder.path());
    let delete = |with_jobs: bool| {
        let deleted = folder.act(&Action::DeleteExperiment {
            experiment: "e".to_owned(),
            run: None,
            with_jobs,
        });
        deleted.unwrap_err().to_string()
    };
    // A job was started again.
    fs::remove_file(made.path("jobs/t.x/a/x.done")).unwrap();
    made.write("jobs/t.x/a/x.pid", noted(1, "elsewhere"));
    let error = folder.act(&Action::Delete(key("t.x", "a"))).unwrap_err();
    assert_eq!(error.to_string(), "t.x/a is under way: end it first");
    assert_eq!(delete(true), "t.x/a is under way: end it first");
    // The program took its lock before it wrote anything.
    let lock = fs::File::create(made.path("experiments/e/lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(delete(false), "e is under way: end it first");
    drop(lock);
    // A run has begun.
    let begun = "{\"status\": \"running\", \"hostname\": \"elsewhere\"}";
    made.write("experiments/e/2/status.json", begun);
    assert_eq!(delete(false), "e/2 is under way: end it first");
    assert!(made.path("experiments/e/1").exists());
}

#[test]
fn a_job_that_another_experiment_names_by_now_is_kept() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "done")]);
    made.run("other", "1", &[]);
    made.job("t.x", "a", &[("x.done", "")]);
    let folder = open(made.folder.path());
    let line = "{\"job_id\": \"a\", \"task_id\": \"t.x\"}\n";
    made.write("experiments/other/1/jobs.jsonl", format!("\n{line}"));
    let deleted = folder.act(&Action::DeleteExperiment {
        experiment: "e".to_owned(),
        run: None,
        with_jobs: true,
    });
    assert_eq!(deleted.unwrap(), "runs deleted: 1, jobs deleted: 0");
    assert!(made.path("jobs/t.x/a").exists());
}

#[test]
fn nothing_is_an_orphan_while_names_cannot_be_read() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "a", "done")]);
    made.job("t.x", "a", &[("x.done", "")]);
    let names = made.path("experiments/e/1/jobs.jsonl");
    let kept = fs::read(&names).unwrap();
    let folder = open(made.folder.path());
    let check = |folder: &Folder, why: &str| {
        folder.refresh();
        let refused = folder.orphans(false).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("it is not known which jobs are named: e/1: jobs.jsonl: {why}")
        );
    };
    fs::remove_file(&names).unwrap();
    fs::create_dir(&names).unwrap();
    check(&folder, "not a regular file");
    check(&open(made.folder.path()), "not a regular file");
    fs::remove_dir(&names).unwrap();
    fs::write(&names, "{\"job_id\": \n").unwrap();
    check(&folder, "1 lines are not JSON");
    check(&folder, "1 lines are not JSON");
    fs::write(made.path("kept"), kept).unwrap();
    fs::rename(made.path("kept"), &names).unwrap();
    folder.refresh();
    assert!(folder.orphans(false).unwrap().is_empty());
}

#[test]
fn orphans_are_found_and_deleted_without_following_links() {
    let made = Made::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("keep"), "").unwrap();
    made.run("e", "1", &[("t.x", "named", "done")]);
    made.job("t.x", "named", &[("x.done", "")]);
    made.job("t.x", "old", &[("x.done", ""), ("x.out", "12345")]);
    std::os::unix::fs::symlink(outside.path(), made.path("jobs/t.x/old/link")).unwrap();
    let folder = open(made.folder.path());
    let found = folder.orphans(true).unwrap();
    let shown: Vec<(&Job, bool)> = found
        .iter()
        .map(|orphan| (&orphan.job, orphan.is_stray))
        .collect();
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (&shown[0].0.key, shown[0].0.state, shown[0].1),
        (&key("t.x", "old"), JobState::Done, false)
    );
    assert!(found[0].bytes.unwrap() >= 5);
    folder.act(&Action::Delete(key("t.x", "old"))).unwrap();
    assert!(!made.path("jobs/t.x/old").exists());
    assert!(outside.path().join("keep").exists());
    assert!(folder.orphans(false).unwrap().is_empty());
}

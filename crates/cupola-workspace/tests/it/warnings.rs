//! What the reader itself warns of, and what is done about it.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use cupola_workspace::{
    Folder,
    model::{RunKey, Warning},
    source::{Action, Change, Source as _},
};

use crate::support::{LIMIT, Made, Program, here, key, open, until};

/// `key: action, action`
fn shown(folder: &Folder) -> Vec<String> {
    let words = |warning: &Warning| {
        let actions = warning.actions.iter().map(|(key, _)| key.as_str());
        format!("{}: {}", warning.key, actions.collect::<Vec<_>>().join(" "))
    };
    folder.warnings().unwrap().iter().map(words).collect()
}

fn answer(folder: &Folder, key: &str, action: &str) -> String {
    let done = folder.act(&Action::Warning {
        run: RunKey {
            experiment: String::new(),
            run: String::new(),
        },
        key: key.to_owned(),
        action: action.to_owned(),
    });
    done.unwrap_or_else(|error| format!("refused: {error}"))
}

/// A folder of a job that changed long ago.
fn old(made: &Made, id: &str) {
    made.job("t.x", id, &[("x.done", "")]);
    let folder = fs::File::open(made.path(&format!("jobs/t.x/{id}"))).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    folder.set_modified(long_ago).unwrap();
}

#[test]
fn what_runs_astray_is_told_and_ended() {
    let made = Made::new();
    let script = made.path("jobs/t.x/a/x.py");
    let args = ["-c", "while :; do sleep 1; done", script.to_str().unwrap()];
    let mut program = Program::start("sh", &args, made.folder.path());
    let noted = format!(
        "{{\"type\": \"local\", \"pid\": {}, \"host\": \"{}\"}}",
        program.0.id(),
        here().host
    );
    made.run("e", "1", &[("t.x", "a", "running")]);
    made.job("t.x", "a", &[("x.py", ""), ("x.pid", &noted)]);
    let folder = open(made.folder.path());
    let changes = folder.changes();
    assert_eq!(shown(&folder), [""; 0], "the newest run names it");
    made.run("e", "2", &[("t.x", "b", "done")]);
    until(&changes, "the warning", || {
        (shown(&folder) == ["stray_jobs_1: kill dismiss"]).then_some(())
    });
    assert_eq!(folder.orphans(false).unwrap().len(), 1);
    assert!(answer(&folder, "stray_jobs_2", "kill").contains("no longer so"));
    assert!(answer(&folder, "stray_jobs_1", "delete").starts_with("refused"));
    assert_eq!(answer(&folder, "stray_jobs_1", "kill"), "ended: 1");
    assert!(!program.0.wait().unwrap().success());
    until(&changes, "its end", || {
        shown(&folder).is_empty().then_some(())
    });
}

#[test]
fn what_nothing_names_is_deleted_unless_it_may_be_about_to_be_named() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "named", "done")]);
    for id in ["named", "old", "older"] {
        old(&made, id);
    }
    made.job("t.x", "young", &[("x.done", "")]);
    let folder = open(made.folder.path());
    assert_eq!(shown(&folder), ["orphan_jobs_3: delete dismiss"]);
    old(&made, "untold");
    made.run("e", "2", &[("t.x", "older", "done")]);
    let done = answer(&folder, "orphan_jobs_3", "delete");
    let why = "t.x/young changed within the last ten minutes";
    assert_eq!(done, format!("deleted: 1, not: 1, first: {why}"));
    let left = ["named", "old", "older", "untold", "young"]
        .map(|id| made.path(&format!("jobs/t.x/{id}")).exists());
    assert_eq!(left, [true, false, true, true, true]);
    assert_eq!(shown(&folder), ["orphan_jobs_2: delete dismiss"]);
}

/// What is done to jobs that somebody was asked about.
fn acted(folder: &Folder, action: &Action) -> String {
    let done = folder.act(action);
    done.unwrap_or_else(|error| format!("refused: {error}"))
}

#[test]
fn of_what_was_asked_about_only_what_nothing_names_by_then_is_deleted() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "named", "done")]);
    for id in ["named", "old", "reused", "other"] {
        old(&made, id);
    }
    made.job("t.x", "young", &[("x.done", "")]);
    let folder = open(made.folder.path());
    made.run("e", "2", &[("t.x", "reused", "done")]);
    let asked = ["named", "old", "reused"].map(|id| key("t.x", id));
    let done = acted(&folder, &Action::DeleteOrphans(asked.into()));
    assert_eq!(done, "deleted: 1");
    let young = acted(&folder, &Action::DeleteOrphans(vec![key("t.x", "young")]));
    assert!(young.starts_with("refused: deleted: 0, not: 1"), "{young}");
    let left = ["named", "old", "reused", "other", "young"]
        .map(|id| made.path(&format!("jobs/t.x/{id}")).exists());
    assert_eq!(left, [true, false, true, true, true]);
}

#[test]
fn of_what_was_asked_about_only_what_is_astray_is_ended() {
    let made = Made::new();
    let mut programs = Vec::new();
    for id in ["named", "astray", "unnamed"] {
        let script = made.path(&format!("jobs/t.x/{id}/x.py"));
        let args = ["-c", "while :; do sleep 1; done", script.to_str().unwrap()];
        let program = Program::start("sh", &args, made.folder.path());
        let (pid, host) = (program.0.id(), here().host);
        let noted = format!("{{\"type\": \"local\", \"pid\": {pid}, \"host\": \"{host}\"}}");
        made.job("t.x", id, &[("x.py", ""), ("x.pid", &noted)]);
        programs.push(program);
    }
    made.run("e", "1", &[("t.x", "astray", "running")]);
    made.run("e", "2", &[("t.x", "named", "running")]);
    let folder = open(made.folder.path());
    let asked = ["named", "astray", "unnamed"].map(|id| key("t.x", id));
    let done = acted(&folder, &Action::KillStray(asked.into()));
    assert_eq!(done, "ended: 2");
    assert!(programs[0].0.try_wait().unwrap().is_none());
}

#[test]
fn what_only_its_program_could_do_is_not_offered() {
    let made = Made::new();
    made.run("e", "1", &[]);
    made.write("experiments/e/1/status.json", "{\"status\": \"running\"}");
    let event = serde_json::json!({
        "event_type": "WarningEvent", "warning_key": "full", "description": "the disk is full",
        "actions": {"empty": "Empty it", "dismiss": "Dismiss"},
    });
    made.write(".events/experiments/e-0.jsonl", format!("{event}\n"));
    let folder = open(made.folder.path());
    assert_eq!(shown(&folder), ["full: dismiss"]);
}

#[test]
fn what_a_run_only_links_to_is_no_orphan() {
    let made = Made::new();
    made.run("e", "1", &[]);
    for (id, links) in [
        ("new", "experiments/e/1/jobs"),
        ("first", "xp/old/jobs.bak"),
    ] {
        old(&made, id);
        let links = made.path(&format!("{links}/t.x"));
        fs::create_dir_all(&links).unwrap();
        let job = made.path(&format!("jobs/t.x/{id}"));
        std::os::unix::fs::symlink(job, links.join(id)).unwrap();
    }
    let folder = open(made.folder.path());
    assert_eq!(shown(&folder), [""; 0]);
    assert!(folder.orphans(false).unwrap().is_empty());
}

#[test]
fn nothing_is_deleted_where_not_all_that_names_jobs_was_read() {
    let made = Made::new();
    made.run("e", "1", &[("t.x", "named", "done")]);
    old(&made, "old");
    let folder = open(made.folder.path());
    assert_eq!(shown(&folder), ["orphan_jobs_1: delete dismiss"]);
    made.write("experiments/torn/1/status.json", "{\"status\": ");
    let refused = answer(&folder, "orphan_jobs_1", "delete");
    assert!(
        refused.contains("not known which jobs are named"),
        "{refused}"
    );
    assert!(made.path("jobs/t.x/old").exists());
}

#[test]
fn what_is_dismissed_is_not_told_again() {
    let made = Made::new();
    made.run("e", "1", &[]);
    old(&made, "old");
    let folder = open(made.folder.path());
    let changes = folder.changes();
    assert_eq!(shown(&folder).len(), 1);
    answer(&folder, "orphan_jobs_1", "dismiss");
    let mut told = std::iter::from_fn(|| changes.recv_timeout(LIMIT).ok());
    assert!(told.any(|change| change == Change::Warnings));
    assert_eq!(shown(&folder), [""; 0]);
    old(&made, "another");
    folder.refresh();
    assert_eq!(
        shown(&folder),
        ["orphan_jobs_2: delete dismiss"],
        "this one is new"
    );
}

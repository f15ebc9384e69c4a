//! Read commands with `--workdir`: no hub runs, and none is asked.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::support::run;

const STATUS: &str = r#"{"status": "done", "hostname": "elsewhere", "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T01:00:00Z"}"#;

/// Two jobs of a grid, of which one needs the other and failed.
fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join("xp").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let line = |task: &str, id: &str, lr: f64| {
        json!({"task_id": task, "job_id": id, "tags": {"lr": lr, "name": "one two"}, "timestamp": 1_767_225_600.5}).to_string()
    };
    let object = |id: i64, name: &str, identifier: &str, fields: Value| json!({"id": id, "typename": name, "identifier": identifier, "task": id, "fields": fields});
    let learn = object(
        2,
        "m.Learn",
        "bbb2",
        json!({"data": {"type": "python", "value": 1}, "lr": 0.5}),
    );
    let params =
        json!({"version": 3, "objects": [object(1, "m.Prepare", "aaa1", json!({})), learn]});
    write("experiments/grid/20260101_000000/status.json", STATUS);
    let lines = [line("m.prepare", "aaa1", 0.1), line("m.learn", "bbb2", 0.5)];
    write(
        "experiments/grid/20260101_000000/jobs.jsonl",
        &(lines.join("\n") + "\n"),
    );
    write("jobs/m.prepare/aaa1/prepare.done", "");
    write(
        "jobs/m.prepare/aaa1/prepare.out",
        "one\n\u{1b}[31mtwo\nold\rnew\nlast",
    );
    write("jobs/m.prepare/aaa1/prepare.err", "\u{1b}[2Jx\n");
    write("jobs/m.old/ccc3/old.out", "of old\n");
    write(
        "jobs/m.learn/bbb2/learn.failed",
        r#"{"code": 137, "reason": "memory"}"#,
    );
    write("jobs/m.learn/bbb2/learn.err", "no room\n");
    write("jobs/m.learn/bbb2/params.json", &params.to_string());
    folder
}

fn asked(folder: &Path, arguments: &[&str]) -> Output {
    let workdir = folder.join("xp");
    let mut all = arguments.to_vec();
    all.extend(["--workdir", workdir.to_str().unwrap()]);
    run(folder, &all)
}

fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = asked(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn read(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&told(folder, arguments)).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], expected: &str) {
    let output = asked(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{arguments:?}");
    assert!(error.contains(expected), "{arguments:?}: {error}");
}

#[test]
fn all_of_each_job_is_told() {
    let folder = made();
    let jobs = read(folder.path(), &["run", "list", "--json"]);
    let ids: Vec<_> = jobs
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["id"])
        .collect();
    assert_eq!(ids, ["aaa1", "bbb2"]);
    let learn = &jobs[1];
    for (name, expected) in [
        ("task", json!("m.learn")),
        ("experiments", json!(["grid"])),
        (
            "runs",
            json!([{"experiment": "grid", "run": "20260101_000000"}]),
        ),
        ("state", json!("error")),
        ("reason", json!("memory")),
        ("exit_code", json!(137)),
        ("tags", json!({"lr": 0.5, "name": "one two"})),
        (
            "parameters",
            json!({"data": {"job": "m.prepare/aaa1"}, "lr": 0.5}),
        ),
        ("dependencies", json!([{"task": "m.prepare", "id": "aaa1"}])),
        ("submitted_at", json!("2026-01-01T00:00:00.500Z")),
    ] {
        assert_eq!(learn[name], expected, "{name}");
    }
    let path = folder
        .path()
        .canonicalize()
        .unwrap()
        .join("xp/jobs/m.learn/bbb2");
    assert_eq!(learn["path"].as_str(), path.to_str());
    assert_eq!(
        learn["logs"]["stderr"].as_str(),
        path.join("learn.err").to_str()
    );
    assert_eq!(&read(folder.path(), &["run", "show", "b", "--json"]), learn);
    assert_eq!(
        &read(folder.path(), &["run", "show", "m.learn/b", "--json"]),
        learn
    );
    refused(
        folder.path(),
        &["run", "show", "m.prepare/b"],
        "there is no job m.prepare/b",
    );
    let shown = told(folder.path(), &["run", "show", "bbb2"]);
    assert!(
        shown.contains("data.job = m.prepare/aaa1\n") && shown.contains("lr = 0.5\n"),
        "{shown}"
    );
    let orphan = told(folder.path(), &["run", "logs", "ccc"]);
    assert_eq!(orphan, "of old\n");
}

#[test]
fn jobs_are_searched_and_listed_in_parts() {
    let folder = made();
    let count = |arguments: &[&str]| {
        let all = [&["run", "list", "--json"], arguments].concat();
        read(folder.path(), &all).as_array().unwrap().len()
    };
    for (filter, expected) in [
        ("state = failed", 1),
        ("lr < 0.3 or reason = memory", 2),
        ("params.data.job ~ '.*prepare'", 1),
        ("state = running", 0),
    ] {
        assert_eq!(count(&["--filter", filter]), expected, "{filter}");
    }
    assert_eq!(count(&["--experiment", "grid"]), 2);
    assert_eq!(count(&["--orphans"]), 1);
    refused(
        folder.path(),
        &["run", "list", "--experiment", "other"],
        "there is no experiment other",
    );
    let told = told(
        folder.path(),
        &["run", "list", "--filter", "sate = done or lr > 9"],
    );
    assert_eq!(told, "No jobs match.\nNo job has a tag `sate`.\n");
    assert_eq!(count(&["--per-page", "1", "--page", "2"]), 1);
    refused(
        folder.path(),
        &["run", "list", "--filter", "state ="],
        "--filter:",
    );
    refused(
        folder.path(),
        &["run", "list", "--order", "created"],
        "need a hub",
    );
}

#[test]
fn experiments_are_told_by_their_jobs() {
    let folder = made();
    let experiments = read(folder.path(), &["experiment", "list", "--json"]);
    let run = &experiments[0]["runs"][0];
    assert_eq!(run["status"], "failed", "its program said done");
    assert_eq!(
        (&run["jobs"], &run["done"], &run["failed"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let table = told(folder.path(), &["experiment", "list"]);
    assert!(
        table.contains("1/2") && table.contains("elsewhere"),
        "{table}"
    );
    assert!(
        told(folder.path(), &["experiment", "list", "--search", "x"]).starts_with("No experiments")
    );
    refused(
        folder.path(),
        &["experiment", "list", "--families"],
        "need a hub",
    );
    refused(
        folder.path(),
        &["experiment", "list", "--sort", "size"],
        "choose `created`",
    );
    refused(
        folder.path(),
        &["experiment", "list", "--status", "well"],
        "choose one of",
    );
    let folder = folder.path();
    let write = |run: &str, status: &str| {
        let run = folder.join("xp/experiments").join(run);
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("status.json"), status).unwrap();
    };
    write("alone/2", &STATUS.replace("01-01", "01-02"));
    write("torn/1", "{");
    let names = |arguments: &[&str]| {
        let all = [&["experiment", "list", "--json"], arguments].concat();
        let found = read(folder, &all);
        let names = found.as_array().unwrap().iter();
        names
            .map(|known| known["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names(&[]), "alone grid torn");
    assert_eq!(names(&["--sort", "created"]), "torn grid alone");
    assert_eq!(names(&["--sort", "-name"]), "torn grid alone");
    assert_eq!(names(&["--status", "failed"]), "grid");
    let table = told(folder, &["experiment", "list"]);
    assert!(
        table.contains("torn/1: status.json: half written"),
        "{table}"
    );
}

#[test]
fn streams_are_printed_without_what_commands_a_terminal() {
    let folder = made();
    let log = |arguments: &[&str]| told(folder.path(), &[&["run", "logs"], arguments].concat());
    assert_eq!(log(&["aaa1"]), "one\ntwo\nnew\nlast\n");
    assert_eq!(log(&["aaa1", "--stream", "stderr"]), "\\u{1b}[2Jx\n");
    assert_eq!(log(&["aaa1", "--grep", "TWO"]), "two\n");
    assert_eq!(log(&["aaa1", "-f"]), log(&["aaa1"]), "it is over");
    assert_eq!(log(&["aaa1", "--grep", "NEW"]), "new\n");
    assert_eq!(
        log(&["aaa1", "--raw"]),
        "one\n\u{1b}[31mtwo\nold\rnew\nlast"
    );
    assert_eq!(log(&["bbb2", "--stream", "stderr"]), "no room\n");
    refused(
        folder.path(),
        &["run", "logs", "aaa1", "--level", "warn"],
        "no levels",
    );
    refused(
        folder.path(),
        &["run", "logs", "zzz"],
        "there is no job zzz",
    );
    refused(folder.path(), &["run", "logs", ""], "name more of it");
}

#[test]
fn a_line_without_an_end_is_printed_as_far_as_it_is() {
    let folder = made();
    let streams = folder.path().join("xp/jobs/m.prepare/aaa1");
    let hole = fs::File::create(streams.join("prepare.err")).unwrap();
    hole.set_len(3 << 20).unwrap();
    let printed = told(
        folder.path(),
        &["run", "logs", "aaa1", "--stream", "stderr"],
    );
    assert!(printed.lines().count() > 1, "all of it is one line");
    let bar: Vec<_> = (0..200_000).map(|n| format!("\rstep {n}")).collect();
    let bar = bar.concat();
    fs::write(streams.join("prepare.out"), bar).unwrap();
    assert_eq!(
        told(folder.path(), &["run", "logs", "aaa1"]),
        "step 199999\n"
    );
}

#[test]
fn a_job_that_has_not_begun_has_no_log_yet() {
    let folder = made();
    let lines = folder
        .path()
        .join("xp/experiments/grid/20260101_000000/jobs.jsonl");
    let line = json!({"task_id": "m.wait", "job_id": "ddd4"}).to_string();
    fs::write(lines, line + "\n").unwrap();
    refused(
        folder.path(),
        &["run", "logs", "ddd4"],
        "m.wait/ddd4 has not begun, so it has no stdout yet",
    );
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(folder.path(), &["run", "list"], "no such file or directory");
    fs::create_dir(folder.path().join("xp")).unwrap();
    refused(folder.path(), &["run", "list"], "is no workspace");
}

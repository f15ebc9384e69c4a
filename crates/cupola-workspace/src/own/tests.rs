use std::{fs, sync::Arc};

use serde_json::json;

use super::*;
use crate::{
    Watching,
    model::{JobState, Reason, RunStatus},
};

const EXPERIMENT: &str = "lr-sweep-0123456789ab";

fn here() -> Here {
    Here::new(Arc::new(|| Timestamp::from_millis(0)))
}

/// A data folder with an experiment of these runs, each with the word of its state.
fn folder(runs: &[(&str, &str, i64, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("runs");
    let place = root.join(EXPERIMENT);
    fs::create_dir_all(&place).unwrap();
    fs::write(root.join(MARK), mark(1)).unwrap();
    let row = json!({"id": "e", "name": "LR sweep", "template": "char-lm", "created_at": 0,
        "tags": "{\"team\": \"nlp\"}"});
    let rows = json!({"rows": {"experiment": [row]}});
    fs::write(place.join("experiment.json"), rows.to_string()).unwrap();
    for (id, task, attempt, word) in runs {
        write(&place, id, task, *attempt, word);
    }
    folder
}

fn mark(change: i64) -> String {
    json!({"format": FORMAT, "change": change}).to_string()
}

fn write(place: &Path, id: &str, task: &str, attempt: i64, word: &str) {
    let (phase, outcome) = match word {
        "completed" | "failed" | "cancelled" => ("finished", Some(word)),
        word => (word, None),
    };
    let run = json!({"id": id, "task_id": task, "attempt": attempt, "phase": phase, "outcome": outcome,
        "failure": (word == "failed").then_some("exit_code"), "failure_detail": "3",
        "created_at": 1000, "started_at": 2000, "finished_at": outcome.map(|_| 3000)});
    let rows = json!({
        "files": [{"name": "details.jsonl"}, {"name": "stdout.2.log"}, {"name": "../../secret"}],
        "rows": {
            "run": [run],
            "task": [{"id": task, "config": "{\"model\": {\"lr\": 0.1}}"}],
            "task_dependency": [{"task_id": task, "needs_task_id": "t0"}],
            "result": [{"name": "loss", "value": "0.5"}],
            "run_param": [{"key": "model.lr", "value": "0.1"}],
            "run_tag": [{"key": "note", "value": "7"}],
        },
    });
    let place = place.join(id);
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("run.json.new"), rows.to_string()).unwrap();
    fs::rename(place.join("run.json.new"), place.join("run.json")).unwrap();
    fs::write(place.join("stdout.2.log"), "one\ntwo\n").unwrap();
}

fn open(folder: &tempfile::TempDir) -> Arc<dyn Source> {
    crate::open(folder.path(), here(), Watching::Auto).unwrap()
}

fn key(id: &str) -> JobKey {
    JobKey {
        task: "char-lm".to_owned(),
        id: id.to_owned(),
    }
}

#[test]
fn the_runs_of_a_hub_are_jobs() {
    let folder = folder(&[("a", "t0", 1, "failed"), ("b", "t0", 2, "completed")]);
    let source = open(&folder);
    let experiments = source.experiments().unwrap();
    let run = &experiments[0].runs[0];
    assert_eq!(
        (experiments[0].id.as_str(), run.status),
        ("LR sweep", RunStatus::Done)
    );
    assert_eq!(
        (run.counts.total, run.counts.done, run.tags.join(" ")),
        (1, 1, "team=nlp".into())
    );
    let jobs = source.jobs(Some(&run.key)).unwrap();
    let told = jobs
        .iter()
        .map(|job| (job.state, job.reason, job.exit_code, job.retries));
    let expected = [
        (JobState::Error, Some(Reason::Failed), Some(3), 0),
        (JobState::Done, None, Some(0), 1),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(jobs[0].tags.find("model.lr"), Some(&json!(0.1)));
    assert_eq!(jobs[0].tags.find("note"), Some(&json!("7")));
    let details = source.job(&key("a")).unwrap();
    assert_eq!(
        details.parameters,
        json!({"model": {"lr": 0.1}, "results": {"loss": 0.5}})
    );
    assert_eq!(details.dependencies, [key("b")]);
    let logs: Vec<_> = details
        .logs
        .iter()
        .map(|log| (log.name.as_str(), log.bytes))
        .collect();
    assert_eq!(logs, [("stdout", 8)]);
}

fn check_status(runs: &[(&str, &str, i64, &str)], expected: RunStatus) {
    let folder = folder(runs);
    let experiments = open(&folder).experiments().unwrap();
    assert_eq!(experiments[0].runs[0].status, expected, "{runs:?}");
}

#[test]
fn an_experiment_is_what_the_latest_runs_of_its_tasks_are() {
    check_status(&[], RunStatus::Empty);
    check_status(&[("a", "t", 1, "completed")], RunStatus::Done);
    check_status(
        &[("a", "t", 1, "failed"), ("b", "t", 2, "completed")],
        RunStatus::Done,
    );
    check_status(
        &[("a", "t", 1, "completed"), ("b", "u", 1, "failed")],
        RunStatus::Failed,
    );
    check_status(
        &[("a", "t", 1, "failed"), ("b", "u", 1, "running")],
        RunStatus::Running,
    );
    check_status(&[("a", "t", 1, "leased")], RunStatus::Running);
}

#[test]
fn logs_are_read_and_nothing_else_is() {
    let folder = folder(&[("a", "t", 1, "completed")]);
    let source = open(&folder);
    let asked = |stream: &str| LogAsked {
        of: LogOf::Job(key("a")),
        stream: stream.to_owned(),
        offset: Some(4),
        bytes: 100,
    };
    assert_eq!(source.log(&asked("stdout")).unwrap().bytes, b"two\n");
    for stream in ["stderr", "..", "../../secret", "details"] {
        let refused = source.log(&asked(stream)).unwrap_err();
        assert_eq!(
            refused,
            SourceError::Unknown(format!("there is no stream {stream}"))
        );
    }
    assert!(
        source
            .fetched(&folder.path().join("runs/../other"))
            .is_err()
    );
    assert!(source.act(&Action::Kill(key("a"))).is_err());
}

#[test]
fn what_is_half_written_is_shown_with_a_word() {
    let folder = folder(&[("a", "t", 1, "completed"), ("b", "u", 1, "completed")]);
    let place = folder.path().join("runs").join(EXPERIMENT);
    fs::write(place.join("b/run.json"), "{\"rows\": {").unwrap();
    fs::remove_file(place.join("a/run.json")).unwrap();
    let jobs = open(&folder).jobs(None).unwrap();
    let told: Vec<_> = jobs
        .iter()
        .map(|job| job.problem.clone().unwrap())
        .collect();
    assert_eq!(told[0], "run.json is missing");
    assert!(told[1].starts_with("run.json: half written"), "{told:?}");
    assert!(jobs.iter().all(|job| job.state == JobState::Phantom));
}

#[test]
fn what_the_hub_writes_is_noticed() {
    let folder = folder(&[("a", "t", 1, "running")]);
    let source = open(&folder);
    let changes = source.changes();
    let root = folder.path().join("runs");
    write(&root.join(EXPERIMENT), "a", "t", 1, "completed");
    // What is written before the first look is no change: it is written until one is told.
    let noticed = (2..60).find_map(|change| {
        fs::write(root.join("mark.new"), mark(change)).unwrap();
        fs::rename(root.join("mark.new"), root.join(MARK)).unwrap();
        let wait = std::time::Duration::from_secs(2);
        changes.recv_timeout(wait).ok()
    });
    assert_eq!(noticed, Some(Change::All));
    assert_eq!(source.jobs(None).unwrap()[0].state, JobState::Done);
}

#[test]
fn a_copy_beside_has_a_name_of_its_own_whatever_its_letters() {
    let folder = folder(&[("a", "t", 1, "completed")]);
    let root = folder.path().join("runs");
    for copy in ["a - 副本 2", "é"] {
        fs::create_dir(root.join(copy)).unwrap();
        let row = root.join(EXPERIMENT).join("experiment.json");
        fs::copy(row, root.join(copy).join("experiment.json")).unwrap();
    }
    let experiments = open(&folder).experiments().unwrap();
    let mut names: Vec<_> = experiments.iter().map(|of| of.id.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["LR sweep  - 副本 2", "LR sweep 56789ab", "LR sweep é"]
    );
}

#[test]
fn a_folder_of_neither_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // A file that is only called like a hub's mark.
    fs::write(folder.path().join(MARK), "{\"experiments\": []}").unwrap();
    let refused = crate::open(folder.path(), here(), Watching::Auto)
        .err()
        .unwrap();
    assert!(refused.to_string().contains("is no workspace"), "{refused}");
}

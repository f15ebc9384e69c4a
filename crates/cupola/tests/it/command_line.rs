//! Commands as a person or a script gives them.

use cupola_client::query::PageFilter;
use serde_json::Value;

use crate::support::{Process, TestHub, cupola, eventually, run};

fn json(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

#[test]
fn a_demonstration_ends_with_a_winner() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        folder.path(),
        &["demo", "--tasks", "2", "--time-budget", "2", "--json"],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let result = json(&output.stdout);
    assert_eq!(
        (&result["tasks_total"], &result["tasks_completed"]),
        (&2.into(), &2.into())
    );
    let best = result["best"]["val_bpb"].as_f64().unwrap();
    assert!(best > 0.5 && best < 8.0, "{best} bits per byte");
    assert!(result["best"]["task_id"].is_string() && result["best"]["config"]["lr"].is_f64());
}

#[tokio::test]
async fn every_read_speaks_json_and_finds_the_hub_by_itself() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let at = |args: &[&str]| {
        let output = run(hub.folder.path(), args);
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let made = json(&at(&[
        "brief",
        "create",
        "smallest x",
        "--template",
        "fine",
        "--tasks",
        "2",
        "--time-budget",
        "5",
        "--set",
        "x=choice(0.25, 0.5)",
        "--json",
    ]));
    let brief = made["brief"]["brief_id"].as_str().unwrap();
    let family = made["brief"]["family"]["family_id"].as_str().unwrap();
    eventually("both tasks", || async {
        let detail = hub.client().family(family).await.unwrap();
        (detail.family.status == "completed").then_some(())
    })
    .await;
    assert_eq!(json(&at(&["brief", "list", "--json"]))["total"], 1);
    assert_eq!(
        json(&at(&["family", "show", family, "--json"]))["summary"]["counted"],
        2
    );
    let tasks = json(&at(&["task", "list", "--family", family, "--json"]));
    let task = tasks["items"][0]["task_id"].as_str().unwrap();
    let shown = json(&at(&["task", "show", task, "--json"]));
    let run_id = shown["task"]["run_id"].as_str().unwrap();
    assert_eq!(
        json(&at(&["run", "show", run_id, "--json"]))["run"]["status"],
        "completed"
    );
    let log = String::from_utf8(at(&["run", "logs", "-f", run_id])).unwrap();
    assert!(log.contains("working with 0."), "{log}");
    let workers = json(&at(&["worker", "list", "--json"]));
    assert_eq!(workers["total"], 1);
    let name = workers["items"][0]["name"].as_str().unwrap();
    let said = String::from_utf8(at(&["worker", "drain", name])).unwrap();
    assert!(said.contains("is drained"), "{said}");
    let drained = json(&at(&["worker", "list", "--json"]));
    assert_eq!(drained["items"][0]["drain"], "drained");
    at(&["worker", "drain", name, "--undo"]);
    let working = json(&at(&["worker", "list", "--json"]));
    assert!(working["items"][0]["drain"].is_null());
    assert!(
        String::from_utf8(at(&["brief", "show", brief]))
            .unwrap()
            .contains("smallest x")
    );
    at(&["brief", "delete", brief]);
    assert_eq!(json(&at(&["brief", "list", "--json"]))["total"], 0);
}

#[tokio::test]
async fn an_experiment_is_made_started_and_compared_from_the_command_line() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let at = |args: &[&str]| {
        let output = run(hub.folder.path(), args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {stderr}");
        output.stdout
    };
    let experiment = |args: &[&str]| json(&at(&[&["experiment"], args, &["--json"]].concat()));
    let made = experiment(&[
        "new",
        "first",
        "--template",
        "fine",
        "--set",
        "x=0.25",
        "--tag",
        "team=a",
        "--env",
        "A=b",
        "--time-budget",
        "5",
    ]);
    let id = made["experiment"]["experiment_id"].as_str().unwrap();
    assert_eq!(made["experiment"]["config"]["x"], 0.25);
    // By its name, and by the part of its id that pages show.
    experiment(&["start", "first", "--runs", "1"]);
    let edited = experiment(&["edit", &id[24..], "--set", "x=0.5", "--tag", "team"]);
    assert_eq!(
        (
            &edited["experiment"]["tags"],
            &edited["experiment"]["environment"]["A"]
        ),
        (&serde_json::json!({}), &"b".into())
    );
    experiment(&["start", id]);
    eventually("both runs", || async {
        let detail = hub.client().experiment(id).await.unwrap();
        (detail.experiment.tasks.completed == 2).then_some(())
    })
    .await;
    let runs = experiment(&["runs", "first"]);
    assert_eq!(runs["total"], 2);
    let compared = experiment(&["compare", "first"]);
    let rows = compared["config"].as_array().unwrap().iter();
    let differing: Vec<_> = rows.filter(|row| row["differs"] == true).collect();
    assert_eq!(
        (&differing[0]["path"], &differing[0]["values"][1]),
        (&"x".into(), &0.25.into())
    );
    let table = String::from_utf8(at(&["experiment", "compare", "first"])).unwrap();
    assert!(table.contains("*  x"), "{table}");
    let clone = experiment(&["clone", "first", "--name", "second"]);
    assert_eq!(clone["experiment"]["config"]["x"], 0.5);
    assert_eq!(experiment(&["list", "--search", "SECOND"])["total"], 1);
    at(&["experiment", "delete", "first"]);
    assert_eq!(experiment(&["list"])["total"], 1);
    let gone = run(hub.folder.path(), &["experiment", "show", "first"]);
    let stderr = String::from_utf8_lossy(&gone.stderr);
    assert!(
        stderr.contains("there is no experiment `first`"),
        "{stderr}"
    );
}

/// What `cupola ask` says to lines of its input, and whether it answered all of them.
fn asked(hub: &TestHub, lines: &str) -> (String, bool) {
    let questions = hub.folder.path().join("questions");
    std::fs::write(&questions, lines).unwrap();
    let output = cupola(hub.folder.path(), &["ask", "--no-model"])
        .stdin(std::fs::File::open(questions).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (said, output.status.success())
}

#[test]
fn questions_of_the_input_are_answered_line_by_line() {
    let hub = TestHub::start();
    let (said, is_answered) = asked(&hub, "what is running?\n\nlist experiments\n");
    assert!(said.contains("Nothing is running."), "{said}");
    assert!(said.contains("experiment"), "{said}");
    assert!(is_answered, "{said}");
    let (said, is_answered) = asked(&hub, "why is the sky blue?\nwhat is running?\n");
    assert!(said.contains("Nothing is running."), "{said}");
    assert!(!is_answered, "{said}");
}

#[tokio::test]
async fn mistakes_are_named_with_their_remedy() {
    let hub = TestHub::start();
    let folder = hub.folder.path();
    let fails = |args: &[&str], code: i32, says: &str| {
        let output = run(folder, args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(says), "{args:?}: {stderr}");
    };
    fails(
        &["brief", "create", "x", "--template", "nope"],
        1,
        "choose one of",
    );
    fails(
        &["brief", "create", "x", "--set", "lr=log_uniform(1, 0)"],
        1,
        "space.lr",
    );
    fails(&["task", "show", "nonsense"], 1, "nonsense");
    fails(
        &["task", "list", "--hub", "http://127.0.0.1:1"],
        69,
        "Is a hub running there?",
    );
    fails(&["hub", "--port", "0"], 69, "in use by another hub");
    fails(
        &["hub", "--host", "0.0.0.0", "--port", "0"],
        1,
        "--allow-remote",
    );
    fails(&["no-such-command"], 2, "no-such-command");
}

#[tokio::test]
async fn a_worker_with_a_wrong_token_is_told_so() {
    let hub = TestHub::start();
    let args = [
        "worker",
        "--hub",
        &hub.url,
        "--token",
        "cupola_worker_wrongwrongwrongwrong",
    ];
    let output = cupola(hub.folder.path(), &args).output().unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("turned away"), "{stderr}");
}

#[tokio::test]
async fn ctrl_c_ends_hub_and_worker_cleanly() {
    let mut hub = TestHub::start();
    let mut worker: Process = hub.start_worker(1).await;
    eventually("the worker", || async {
        let page = hub.client().workers(&PageFilter::default()).await.unwrap();
        (page.total == 1).then_some(())
    })
    .await;
    assert_eq!(worker.interrupt(), Some(0));
    let page = hub.client().workers(&PageFilter::default()).await.unwrap();
    assert_eq!(page.items[0].status, "offline", "it said goodbye");
    assert_eq!(hub.process.interrupt(), Some(0));
}

#[test]
fn the_doctor_and_the_shell_get_their_answers() {
    let folder = tempfile::tempdir().unwrap();
    let checks = json(&run(folder.path(), &["doctor", "--json"]).stdout);
    assert!(
        checks
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["what"] == "processor")
    );
    let completion = run(folder.path(), &["completion", "bash"]);
    assert!(String::from_utf8_lossy(&completion.stdout).contains("_cupola"));
}

#[test]
fn a_simulation_ends_with_one_object_that_its_seed_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let simulate = |seed| {
        let args = [
            "simulate",
            "--workers",
            "20",
            "--tasks",
            "400",
            "--json",
            "--seed",
            seed,
        ];
        let output = run(folder.path(), &args);
        assert!(output.status.success());
        output.stdout
    };
    let bytes = simulate("3");
    assert_eq!(bytes, simulate("3"));
    assert_ne!(bytes, simulate("4"));
    let found = json(&bytes);
    assert_eq!(
        (&found["tasks"], &found["violations"]),
        (&400.into(), &0.into())
    );
    assert_eq!(
        found["accepted"].as_u64().unwrap() + found["failed"].as_u64().unwrap(),
        400
    );
    assert!((0.0..0.2).contains(&found["fake_credit_share"].as_f64().unwrap()));
    assert!(found["overhead"].as_f64().unwrap() > 0.0);
}

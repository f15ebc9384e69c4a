//! The real `mlflow` package against the real program: scripts from outside, and a script that knows
//! nothing of us as the program of a run.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cupola_protocol::{experiments::NewExperiment, runs::RunDetail};
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::{
    chromium::Chromium,
    endings::{ended, log_of},
    support::{Process, SECRET, TestHub, eventually},
};

/// Names a Python that has what `.ci/requirements.txt` lists.
const VARIABLE: &str = "CUPOLA_TEST_PYTHON";

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mlflow")
}

/// The Python with the package. These tests are not skipped without it.
fn python() -> PathBuf {
    let python = std::env::var_os(VARIABLE).map(PathBuf::from);
    python.unwrap_or_else(|| {
        panic!("name a Python with what `.ci/requirements.txt` lists by {VARIABLE}; `.ci/run` makes one")
    })
}

/// A Python that finds nothing of ours but what is given.
#[expect(
    clippy::disallowed_methods,
    reason = "the test owns the process that it starts"
)]
fn script(hub: &TestHub, args: &[&str]) -> Command {
    let mut command = Command::new(python());
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", hub.folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("MLFLOW_TRACKING_URI", &hub.url)
        .env("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .current_dir(scripts())
        .stdin(Stdio::null());
    command
}

/// Runs one file of tests against a hub of its own.
fn check(file: &str) {
    let hub = TestHub::start();
    let mut tests = script(&hub, &["-m", "unittest", file]);
    let output = tests.env("MLFLOW_TRACKING_TOKEN", SECRET).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

#[test]
fn the_fluent_interface_logs_and_reads() {
    check("test_fluent");
}

#[test]
fn the_client_makes_searches_and_changes() {
    check("test_client");
}

#[test]
fn models_are_logged_loaded_and_registered() {
    check("test_models");
}

#[test]
fn a_name_and_a_password_open_what_a_token_does() {
    let hub = TestHub::start();
    let log = "import mlflow; mlflow.start_run(experiment_id='0'); mlflow.log_metric('x', 1)";
    let logged = |password: &str| {
        let mut python = script(&hub, &["-c", log]);
        python
            .env("MLFLOW_TRACKING_USERNAME", "anybody")
            .env("MLFLOW_TRACKING_PASSWORD", password);
        python.output().unwrap()
    };
    let output = logged(SECRET);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let output = logged("cupola_admin_of_somebody_else_0000000");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("UNAUTHENTICATED"), "{text}");
}

/// A template whose program is this file, run by the Python with the package.
fn write_template(hub: &TestHub, name: &str, program: &str) {
    let folder = hub.folder.path().join("templates").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("program.py"), program).unwrap();
    let manifest = format!(
        "name = \"{name}\"\ndescription = \"A program for tests.\"\nfiles = [\"program.py\"]\n\
         command = [\"{}\", \"{{code}}/program.py\"]\n",
        python().display()
    );
    std::fs::write(folder.join("template.toml"), manifest).unwrap();
}

/// Starts one run of a template; says its id once a worker has it.
async fn start(hub: &TestHub, template: &str) -> String {
    eventually("the template", || async {
        let known = hub.client().templates().await.unwrap();
        known
            .items
            .iter()
            .any(|one| one.name == template)
            .then_some(())
    })
    .await;
    let experiment: NewExperiment = serde_json::from_value(json!({
        "name": "ours", "template": template, "time_budget_secs": 300.0,
    }))
    .unwrap();
    let client = hub.client();
    let made = client.create_experiment(&experiment).await.unwrap();
    let started = client
        .start_experiment(&made.experiment.experiment_id, 1)
        .await;
    let run = started.unwrap().runs[0].clone();
    eventually("its start", || async {
        let detail = client.run(&run).await.unwrap();
        (detail.run.status == "running").then_some(())
    })
    .await;
    run
}

async fn worked(hub: &TestHub, template: &str, program: &str) -> (Process, String) {
    write_template(hub, template, program);
    let worker = hub.start_worker(1).await;
    let run = start(hub, template).await;
    (worker, run)
}

#[tokio::test]
async fn an_unchanged_script_logs_into_its_own_run_and_is_watched_live() {
    let hub = TestHub::start();
    let program = std::fs::read_to_string(scripts().join("train.py")).unwrap();
    let (_worker, run) = worked(&hub, "iris", &program).await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    chromium
        .goto(&format!("{}/runs/{run}?match=^val_loss$", hub.url))
        .await;
    let points = "const note = document.querySelector('[data-curve-note]'); \
                  document.querySelector('#curves')?.scrollIntoView(); \
                  return Number(note?.textContent.match(/([\\d,]+) points?/)?.[1].replaceAll(',', '')) > ";
    chromium
        .until("the first points", &format!("{points}0"))
        .await;
    chromium.mark().await;
    let header = chromium
        .browser
        .find(Locator::Css("#header .head-badge"))
        .await
        .unwrap();
    assert!(header.text().await.unwrap().contains("running"));
    let first = chromium.text("[data-curve-note]").await;
    let first: String = first.chars().filter(char::is_ascii_digit).collect();
    chromium
        .until("more points", &format!("{points}{first}"))
        .await;
    chromium.assert_marked().await;

    let detail = ended(&hub, &run).await;
    let log = log_of(&hub, &run).await;
    assert_eq!(
        detail.run.status, "completed",
        "{} {log}",
        detail.run.reason
    );
    check_logged(&hub, &run, &detail).await;
    chromium
        .until(
            "its files",
            "return document.body.textContent.includes('notes/report.txt')",
        )
        .await;
    chromium.assert_marked().await;
}

/// What the script said stands in its own run, and no other run was made.
async fn check_logged(hub: &TestHub, run: &str, detail: &RunDetail) {
    for series in ["val_loss", "test_accuracy", "training_score"] {
        let name = series.to_owned();
        assert!(
            detail.series.contains(&name),
            "{series}: {:?}",
            detail.series
        );
    }
    let kept = hub.client().run_artifacts(run).await.unwrap();
    let names: Vec<_> = kept
        .items
        .iter()
        .map(|artifact| artifact.name.as_str())
        .collect();
    assert!(names.contains(&"notes/report.txt"), "{names:?}");
    assert!(names.contains(&"estimator.html"), "{names:?}");
    let seen = by_mlflow(hub, &format!("runs/get?run_id={run}"), SECRET)
        .await
        .1;
    let pairs = |what: &str| {
        let pairs = seen["run"]["data"][what].as_array().unwrap().iter();
        let pairs = pairs.map(|one| format!("{}={}", one["key"], one["value"]));
        pairs.collect::<Vec<_>>().join(" ")
    };
    assert!(pairs("params").contains(r#""epochs"="40""#), "{seen}");
    assert!(pairs("params").contains(r#""max_iter"="500""#), "{seen}");
    assert!(pairs("tags").contains(r#""kind"="example""#), "{seen}");
    let found = hub.client().overview().await.unwrap();
    assert_eq!(found.tasks.completed, 1, "no other run was made");
}

/// Asks as a client does; the status and what is told.
async fn by_mlflow(hub: &TestHub, path: &str, token: &str) -> (u16, Value) {
    let address = format!("{}/api/2.0/mlflow/{path}", hub.url);
    let asked = cupola_client::http_builder(None)
        .build()
        .unwrap()
        .get(address)
        .bearer_auth(token);
    let answer = asked.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

const TELLS: &str = "
import os, pathlib, time
import mlflow
mlflow.log_metric('x', 1)
print(os.environ['MLFLOW_TRACKING_TOKEN'], flush=True)
while not pathlib.Path('go').exists():
    time.sleep(0.05)
";

#[tokio::test]
async fn the_token_of_an_attempt_is_refused_after_it() {
    let hub = TestHub::start();
    let (_worker, run) = worked(&hub, "tells", TELLS).await;
    let token = eventually("the token", || async {
        let log = log_of(&hub, &run).await;
        let mut lines = log.lines();
        lines
            .find(|line| line.starts_with("cupola_run_"))
            .map(str::to_owned)
    })
    .await;
    let own = format!("runs/get?run_id={run}");
    let (status, seen) = by_mlflow(&hub, &own, &token).await;
    assert_eq!(status, 200, "{seen}");
    hub.client().cancel_run(&run).await.unwrap();
    ended(&hub, &run).await;
    let (status, seen) = by_mlflow(&hub, &own, &token).await;
    assert_eq!(
        (status, &seen["error_code"]),
        (401, &json!("UNAUTHENTICATED"))
    );
}

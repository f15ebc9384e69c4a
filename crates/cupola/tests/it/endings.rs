//! Programs that end badly, through the whole system: each ends in a named failure with its log,
//! and nothing of it is left on the machine.

use cupola_client::query::LogFilter;
use cupola_protocol::{briefs::NewBrief, runs::RunDetail};
use serde_json::{Map, Value, json};

use crate::support::{TestHub, eventually};

/// Runs one task of `template` to its end.
pub(crate) async fn end_of(hub: &TestHub, template: &str, time_budget: f64) -> RunDetail {
    let run = submit(hub, template, time_budget).await;
    ended(hub, &run).await
}

async fn submit(hub: &TestHub, template: &str, time_budget: f64) -> String {
    let brief: NewBrief = serde_json::from_value(json!({
        "goal": template, "template": template, "num_tasks": 1, "time_budget": time_budget,
    }))
    .unwrap();
    let made = hub.client().create_brief(&brief).await.unwrap();
    let filter = cupola_client::query::TaskFilter {
        family_id: Some(made.brief.family.family_id),
        ..Default::default()
    };
    hub.client().tasks(&filter).await.unwrap().items[0]
        .run_id
        .clone()
}

pub(crate) async fn ended(hub: &TestHub, run: &str) -> RunDetail {
    eventually("the end of the run", || async {
        let detail = hub.client().run(run).await.unwrap();
        let is_over = ["completed", "failed", "cancelled"].contains(&detail.run.status.as_str());
        is_over.then_some(detail)
    })
    .await
}

pub(crate) async fn log_of(hub: &TestHub, run: &str) -> String {
    let part = hub
        .client()
        .run_log(
            run,
            &LogFilter {
                after: Some(0),
                limit: None,
            },
        )
        .await
        .unwrap();
    part.lines
        .into_iter()
        .map(|line| line.text + "\n")
        .collect()
}

#[tokio::test]
async fn each_bad_program_ends_in_a_named_failure_with_its_log() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(2).await;
    let check = async |template: &str, reason: &str, log: &str| {
        let detail = end_of(&hub, template, 5.0).await;
        assert_eq!(detail.run.status, "failed", "{template}");
        assert!(
            detail.run.reason.contains(reason),
            "{template}: {}",
            detail.run.reason
        );
        let found = log_of(&hub, &detail.run.run_id).await;
        assert!(found.contains(log), "{template}: {found}");
    };
    check("absent", "could not be started", "").await;
    check("silent", "printed no result line", "").await;
    check(
        "garbage",
        "last line is not a result: `not json at all`",
        "not json at all",
    )
    .await;
    check("exits-three", "exit code 3", "about to fail").await;
}

#[tokio::test]
async fn what_hangs_is_stopped_and_what_ignores_that_is_killed() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(2).await;
    for template in ["hangs", "stubborn"] {
        let run = submit(&hub, template, 1000.0).await;
        eventually("the program's first words", || async {
            (!log_of(&hub, &run).await.is_empty()).then_some(())
        })
        .await;
        hub.client().cancel_run(&run).await.unwrap();
        assert_eq!(
            ended(&hub, &run).await.run.status,
            "cancelled",
            "{template}"
        );
    }
    assert_eq!(processes_with("sleep 1000"), 0);
}

#[tokio::test]
async fn what_a_program_leaves_behind_is_gone() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let detail = end_of(&hub, "forks", 5.0).await;
    assert_eq!(detail.run.status, "completed", "{}", detail.run.reason);
    assert_eq!(processes_with("sleep 987654"), 0);
}

#[tokio::test]
async fn a_gigabyte_of_output_fills_neither_worker_nor_hub() {
    let hub = TestHub::start();
    let worker = hub.start_worker(1).await;
    let detail = end_of(&hub, "floods", 60.0).await;
    assert_eq!(detail.run.status, "completed", "{}", detail.run.reason);
    let part = hub
        .client()
        .run_log(&detail.run.run_id, &LogFilter::default())
        .await
        .unwrap();
    assert!(
        part.bytes_omitted > 900_000_000,
        "{} left out",
        part.bytes_omitted
    );
    for (who, pid) in [("worker", worker.id()), ("hub", hub.process.id())] {
        let peak = peak_kib(pid);
        assert!(peak < 200 << 10, "the {who} took {peak} KiB");
    }
}

#[tokio::test]
async fn a_killed_worker_takes_its_programs_along_and_another_does_its_work() {
    let hub = TestHub::start();
    let mut first = hub.start_worker(1).await;
    let run = submit(&hub, "hangs", 1000.0).await;
    eventually("the program's first words", || async {
        (!log_of(&hub, &run).await.is_empty()).then_some(())
    })
    .await;
    first.kill();
    eventually("the death of the program", || async {
        (processes_with("sleep 1000") == 0).then_some(())
    })
    .await;
    hub.client().cancel_run(&run).await.unwrap();
}

#[tokio::test]
async fn broken_templates_stop_nothing() {
    let hub = TestHub::start();
    let templates = hub.client().templates().await.unwrap();
    let names: Vec<_> = templates
        .items
        .iter()
        .map(|template| template.name.as_str())
        .collect();
    assert!(names.contains(&"fine") && names.contains(&"char-lm") && !names.contains(&"broken"));
}

#[tokio::test]
async fn unchanged_results_come_back_as_the_program_wrote_them() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let detail = end_of(&hub, "fine", 5.0).await;
    let config: &Map<String, Value> = &detail.config;
    assert_eq!(detail.results["score"].as_f64(), config["x"].as_f64());
    assert_eq!(config["seed"], 42);
}

#[test]
fn a_hub_on_postgresql_does_the_same_and_comes_back_after_a_kill() {
    // The database is made and deleted by calls that block.
    let database = cupola_testkit::Database::postgres();
    let cupola_store::Location::Postgres(url) = database.location().clone() else {
        panic!("it is PostgreSQL")
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(on_postgresql(url));
}

async fn on_postgresql(url: String) {
    let mut hub = TestHub::start_on(Some(url));
    let worker = hub.start_worker(1).await;
    let detail = end_of(&hub, "fine", 5.0).await;
    assert_eq!(
        detail.results["score"].as_f64(),
        detail.config["x"].as_f64()
    );
    drop(worker);
    hub.process.kill();
    hub.restart();
    let again = hub.client().run(&detail.run.run_id).await.unwrap();
    assert_eq!(again.results, detail.results);
    assert!(
        log_of(&hub, &detail.run.run_id)
            .await
            .contains("working with")
    );
    hub.process.kill();
}

/// How many processes have this in their command line.
pub(crate) fn processes_with(text: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| String::from_utf8_lossy(line).replace('\0', " ").trim() == text)
        .count()
}

/// The most memory that a process ever held.
pub(crate) fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

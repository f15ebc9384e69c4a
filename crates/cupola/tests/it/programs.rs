//! What a program says through the Python module, through the whole system.

use serde_json::json;

use crate::{
    endings::{end_of, log_of},
    support::TestHub,
};

#[tokio::test]
async fn what_a_program_says_arrives() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let detail = end_of(&hub, "speaks", 30.0).await;
    assert_eq!(detail.run.status, "completed", "{}", detail.run.reason);
    assert_eq!(detail.results["loss"], 0.25);
    assert_eq!(detail.results["report"], json!({"steps": [1, 2, 3]}));
    assert_eq!(detail.results.get("too big"), None);
    assert_eq!(detail.series, ["loss"]);
    let log = log_of(&hub, &detail.run.run_id).await;
    for said in [
        "beginning",
        "result `too big` has 5,000,002 bytes; at most 4,194,304 are kept: say it as an artifact",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
}

/// What starts programs is a process of its own memory: a copy of the worker's would hold its token.
#[tokio::test]
async fn what_starts_programs_has_nothing_of_the_worker() {
    let hub = TestHub::start();
    let worker = hub.start_worker(1).await;
    let detail = end_of(&hub, "speaks", 30.0).await;
    assert_eq!(detail.run.status, "completed", "{}", detail.run.reason);
    let of = |pid: u32, file: &str| {
        let read = std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
        String::from_utf8_lossy(&read).into_owned()
    };
    let pid = worker.id();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let children: String = tasks
        .map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).unwrap())
        .collect();
    let children = children.split_whitespace().map(|pid| pid.parse().unwrap());
    let starters: Vec<u32> = children
        .filter(|pid| of(*pid, "comm").trim() == "cupola-starter")
        .collect();
    let [starter] = starters.as_slice() else {
        panic!("{starters:?}");
    };
    assert_eq!(of(*starter, "cmdline"), "cupola-starter\0");
}

#[tokio::test]
async fn an_exception_is_a_failed_run_with_its_trace() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let detail = end_of(&hub, "raises", 30.0).await;
    assert_eq!(detail.run.status, "failed");
    let reason = &detail.run.reason;
    assert!(reason.contains("ValueError: no data"), "{reason}");
    let log = log_of(&hub, &detail.run.run_id).await;
    assert!(log.contains("in main"), "{log}");
}

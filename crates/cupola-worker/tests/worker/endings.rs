//! How programs may end, and what the hub is told of it.

use crate::support::{TestWorker, hub::FakeHub, object, order, processes, script};
use cupola_protocol::work::RunOrder;
use cupola_worker::Mode;
use serde_json::json;

/// Runs `order` and compares how it ended.
async fn check_order(order: RunOrder, outcome: &str, failure: &str, detail: &str) -> FakeHub {
    let run_id = order.run_id.clone();
    let hub = FakeHub::with([order]);
    let worker = TestWorker::start(&hub);
    let finished = hub.finished(&run_id).await;
    let found = (
        finished.outcome.as_str(),
        finished.failure.as_str(),
        finished.failure_detail.as_str(),
    );
    assert_eq!(found, (outcome, failure, detail));
    processes::wait_until_gone(&format!("CUPOLA_RUN_ID={run_id}")).await;
    worker.stop().await.expect("it leaves in order");
    hub
}

async fn check(run_id: &str, text: &str, outcome: &str, failure: &str, detail: &str) -> FakeHub {
    check_order(script(run_id, text), outcome, failure, detail).await
}

#[tokio::test]
async fn a_result_line_completes() {
    let hub = check(
        "e-ok",
        "echo hello; echo '{\"loss\": 0.5}'",
        "completed",
        "",
        "",
    )
    .await;
    let world = hub.world();
    assert_eq!(world.finished["e-ok"].results, object(json!({"loss": 0.5})));
    assert_eq!(world.log("e-ok", "stdout").0, b"hello\n{\"loss\": 0.5}\n");
    assert_eq!(world.departures, 1);
}

#[tokio::test]
async fn an_exit_code_is_told() {
    check(
        "e-code",
        "echo '{\"loss\": 1}'; exit 3",
        "failed",
        "exit_code",
        "3",
    )
    .await;
}

#[tokio::test]
async fn a_signal_is_told() {
    check("e-segv", "kill -SEGV $$", "failed", "signal", "11").await;
}

#[tokio::test]
async fn a_program_that_kills_itself_for_good_is_told() {
    check("e-kill", "kill -KILL $$", "failed", "signal", "9").await;
}

#[tokio::test]
async fn garbage_is_shown() {
    check("e-garbage", "echo done", "failed", "bad_output", "done").await;
}

#[tokio::test]
async fn silence_is_bad_output() {
    check("e-silent", "exit 0", "failed", "bad_output", "").await;
}

#[tokio::test]
async fn a_result_without_the_objective_is_bad_output() {
    let line = "{\"acc\": 1}";
    check(
        "e-other",
        "echo '{\"acc\": 1}'",
        "failed",
        "bad_output",
        line,
    )
    .await;
}

#[tokio::test]
async fn half_lines_are_put_together() {
    let text = "printf '{\"lo'; sleep 0.1; printf 'ss\": 2}'";
    let hub = check("e-half", text, "completed", "", "").await;
    assert_eq!(hub.world().finished["e-half"].results["loss"], 2);
}

#[tokio::test]
async fn a_program_that_is_not_there_cannot_be_started() {
    check_order(
        order("e-missing", &["no-such-program"]),
        "failed",
        "spawn_failed",
        "`no-such-program`: No such file or directory (os error 2)",
    )
    .await;
}

#[tokio::test]
async fn a_worker_without_python_cannot_prepare_a_python_run() {
    let hub = FakeHub::with([order("e-python", &["{python}", "x.py"])]);
    let worker = TestWorker::start_with(&hub, |settings| {
        settings.environment = vec![("PATH".into(), "/nonexistent".into())];
    });
    let finished = hub.finished("e-python").await;
    assert_eq!(finished.failure, "not_prepared");
    assert_eq!(finished.failure_detail, "there is no Python on this worker");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_program_over_its_deadline_is_stopped() {
    let asked = RunOrder {
        hard_deadline_secs: 0.2,
        ..script("e-hang", "sleep 1000")
    };
    check_order(asked, "failed", "timed_out", "").await;
}

#[tokio::test]
async fn a_program_that_ignores_being_asked_is_killed() {
    let asked = RunOrder {
        hard_deadline_secs: 0.2,
        ..script("e-stubborn", "trap '' TERM; while :; do sleep 0.1; done")
    };
    let hub = check_order(asked, "failed", "timed_out", "").await;
    let (said, _) = hub.world().log("e-stubborn", "worker");
    assert_eq!(
        String::from_utf8_lossy(&said),
        "over its deadline of 0.2 s: killed, as it was still there 0.5 s after SIGTERM\n"
    );
}

#[tokio::test]
async fn children_that_outlive_their_program_are_killed() {
    let text = "sleep 1000 & echo '{\"loss\": 1}'";
    check("e-orphan", text, "completed", "", "").await;
}

#[tokio::test]
async fn children_that_leave_the_session_and_fork_twice_are_killed() {
    let text = "( ( setsid sh -c 'trap \"\" TERM HUP; sleep 1000; sleep 1000' & ) & ); echo '{\"loss\": 1}'";
    check("e-daemon", text, "completed", "", "").await;
}

#[tokio::test]
async fn children_of_a_program_that_kills_its_supervisor_are_killed() {
    let text = "( ( setsid sleep 1000 & ) & ); sleep 0.1; kill -KILL $PPID; sleep 1000";
    let hub = FakeHub::with([script("e-parricide", text)]);
    // Behind the sandbox its signal would be refused.
    let worker = TestWorker::start_with(&hub, |settings| settings.sandbox.mode = Mode::Off);
    let finished = hub.finished("e-parricide").await;
    let found = (finished.failure.as_str(), finished.failure_detail.as_str());
    assert_eq!(found, ("signal", "9"));
    processes::wait_until_gone("CUPOLA_RUN_ID=e-parricide").await;
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn children_without_their_environment_are_killed_too() {
    let hub = FakeHub::with([script(
        "e-hidden",
        "( env -i setsid sleep 98765 & ); echo '{\"loss\": 1}'",
    )]);
    let worker = TestWorker::start(&hub);
    hub.finished("e-hidden").await;
    processes::wait_until_gone("98765").await;
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn what_is_said_on_the_events_descriptor_reaches_the_hub() {
    let text = r#"
        echo '{"type":"metrics","step":1,"values":{"loss":NaN,"acc":0.5}}' >&3
        echo '{"type":"metric","step":2,"name":"loss","value":2.5}' >&3
        echo '{"type":"log","level":"info","message":"hi"}' >&3
        echo 'nonsense' >&3
        echo '{"type":"result","key":"loss","value":2.5}' >&3
        test "$CUPOLA_EVENTS_FD" = 3
    "#;
    let hub = check("e-events", text, "completed", "", "").await;
    let world = hub.world();
    let loss = world.series("e-events", "loss");
    assert!(loss[0].is_nan() && (loss[1] - 2.5).abs() < 1e-9, "{loss:?}");
    assert_eq!(world.series("e-events", "acc").len(), 1);
    assert_eq!(
        String::from_utf8_lossy(&world.log("e-events", "event").0),
        "malformed event (not a JSON object): nonsense\n"
    );
    let said = String::from_utf8_lossy(&world.log("e-events", "log").0).into_owned();
    assert!(said.starts_with(r#"{"level":"info","time":"#), "{said}");
    assert!(said.ends_with("\"message\":\"hi\"}\n"), "{said}");
    assert_eq!(world.finished["e-events"].results["loss"], 2.5);
}

#[tokio::test]
async fn a_program_sees_its_run_and_no_secret() {
    let text = r#"
        test -z "$CUPOLA_TOKEN" || exit 1
        test "$CUPOLA_RUN_ID" = e-env || exit 2
        test "$CUPOLA_RUN_DIR" = "$(pwd -P)" || exit 3
        test "$CUPOLA_TASK_ID/$CUPOLA_ATTEMPT" = task-of-e-env/1 || exit 4
        grep -q '"lr":0.5' "$0" || exit 5
        echo '{"loss": 1}'
    "#;
    let asked = order("e-env", &["sh", "-c", text, "{config}"]);
    check_order(asked, "completed", "", "").await;
}

#[tokio::test]
async fn a_program_gets_the_variables_and_the_folder_that_are_asked_for() {
    let there = tempfile::tempdir().unwrap();
    let there = there.path().canonicalize().unwrap();
    let text = r#"
        test "$(pwd -P)" = "$THERE" || exit 1
        test "$LANG" = "a b=c" || exit 2
        test "$PYTHONUNBUFFERED" = 0 || exit 3
        test "$CUPOLA_RUN_ID" = e-asked || exit 4
        test -f "$CUPOLA_RUN_DIR/config.json" || exit 5
        echo '{"loss": 1}'
    "#;
    let variables = [
        ("THERE", there.to_str().unwrap()),
        ("LANG", "a b=c"),
        ("PYTHONUNBUFFERED", "0"),
        // The hub refuses it; a worker does not rely on that.
        ("CUPOLA_RUN_ID", "another"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let asked = RunOrder {
        environment: variables.into(),
        working_folder: there.to_str().map(str::to_owned),
        ..script("e-asked", text)
    };
    check_order(asked, "completed", "", "").await;
}

#[tokio::test]
async fn a_working_folder_that_is_not_there_is_named() {
    for folder in ["/nowhere/at all", "/etc/passwd"] {
        let asked = RunOrder {
            working_folder: Some(folder.to_owned()),
            ..script("e-nowhere", "echo '{\"loss\": 1}'")
        };
        let detail = format!("the working folder `{folder}` is not a folder on this worker");
        check_order(asked, "failed", "spawn_failed", &detail).await;
    }
}

#[tokio::test]
async fn without_an_objective_a_good_end_completes() {
    let asked = RunOrder {
        metric_name: String::new(),
        ..script("e-free", "echo bye")
    };
    let hub = check_order(asked, "completed", "", "").await;
    let finished = &hub.world().finished["e-free"];
    assert_eq!(finished.results, object(json!({})));
    // It ended too soon to be announced.
    assert!(!finished.environment.is_empty());
}

#[tokio::test]
async fn a_run_leaves_a_folder_from_which_it_can_be_known() {
    let hub = FakeHub::with([script("e-folder", "echo a >&2; echo '{\"loss\": 1}'")]);
    let worker = TestWorker::start(&hub);
    hub.finished("e-folder").await;
    let read = |name: &str| {
        let text = std::fs::read_to_string(worker.run_folder("e-folder").join(name));
        text.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    assert_eq!(read("stderr.log"), "a\n");
    assert_eq!(read("stdout.log"), "{\"loss\": 1}\n");
    for name in ["config.json", "environment.json", "results.json"] {
        let value: serde_json::Value = serde_json::from_str(&read(name)).unwrap();
        assert!(value.is_object(), "{name}");
    }
}

#[tokio::test]
async fn a_program_that_made_its_result_up_says_so() {
    let text = "echo '{\"loss\": 1, \"provenance\": \"simulated\"}'";
    let hub = check("e-simulated", text, "completed", "", "").await;
    let provenance = hub.world().finished["e-simulated"].provenance.clone();
    assert_eq!(provenance.as_deref(), Some("simulated"));
}

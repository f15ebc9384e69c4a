//! What programs can say besides logs and points, and how they are stopped.

use std::time::Duration;

use cupola_protocol::work::{Finished, ProgramToken, RunOrder};

use crate::support::{
    TestWorker,
    hub::{FakeHub, World, held},
    processes, script,
};

/// The worker's own words about a run.
fn notes(world: &World, run: &str) -> String {
    String::from_utf8_lossy(&world.log(run, "worker").0).into_owned()
}

/// The names and contents of what a run keeps.
fn kept(world: &World, run: &str) -> Vec<(String, String)> {
    let of_run = world.artifacts.iter().filter(|((of, _), _)| of == run);
    of_run
        .map(|((_, name), bytes)| (name.clone(), String::from_utf8_lossy(bytes).into_owned()))
        .collect()
}

async fn run(hub: &FakeHub, run_id: &str) -> Finished {
    let worker = TestWorker::start(hub);
    let finished = hub.finished(run_id).await;
    worker.stop().await.expect("it leaves in order");
    finished
}

#[tokio::test]
async fn progress_comes_level_by_level() {
    let hub = FakeHub::with([script(
        "p-levels",
        r#"
        echo '{"type":"progress","current":1,"total":4,"message":"epoch 1"}' >&3
        echo '{"type":"progress","current":5,"total":10,"level":1}' >&3
        echo '{"type":"progress","current":NaN}' >&3
        echo '{"loss": 1}'
        "#,
    )]);
    run(&hub, "p-levels").await;
    let world = hub.world();
    let levels: Vec<_> = world.reports["p-levels"]
        .iter()
        .rev()
        .map(|report| report.progress.clone())
        .find(|levels| !levels.is_empty())
        .expect("it was told");
    let seen: Vec<_> = levels.iter().map(|l| (l.current, l.total)).collect();
    assert_eq!(seen, [(1.0, Some(4.0)), (5.0, Some(10.0))]);
    assert_eq!(levels[0].message, "epoch 1");
}

async fn check_failed(run_id: &str, ending: &str) {
    let text = format!(
        "printf '%s\\n' '{{\"type\":\"failed\",\"message\":\"ValueError: <b>x</b>\",\"trace\":\"Traceback\\n  line 1\"}}' >&3
         echo '{{\"type\":\"failed\",\"message\":\"and then this\"}}' >&3
         echo '{{\"loss\": 1}}'; {ending}"
    );
    let hub = FakeHub::with([script(run_id, &text)]);
    let finished = run(&hub, run_id).await;
    let found = (finished.failure.as_str(), finished.failure_detail.as_str());
    assert_eq!(found, ("reported", "ValueError: <b>x</b>"), "{ending}");
    let world = hub.world();
    let reports = &world.reports[run_id];
    let said: Vec<u8> = reports
        .iter()
        .flat_map(|report| &report.log)
        .flat_map(|piece| piece.decoded().expect("it is base 64"))
        .collect();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("Traceback"), "{said}");
}

#[tokio::test]
async fn a_failure_that_is_told_is_the_reason_whatever_the_exit_code() {
    check_failed("p-failed-0", "exit 0").await;
    check_failed("p-failed-3", "exit 3").await;
    check_failed("p-failed-9", "kill -KILL $$").await;
}

/// Cancels a run once its program is ready; how it was stopped, and the steps that were told.
async fn cancel(run_id: &str, text: &str, asking: Duration) -> (Finished, Vec<String>) {
    let order = script(run_id, text);
    let hub = FakeHub::with([order.clone()]);
    let worker = TestWorker::start_with(&hub, |settings| settings.asking = asking);
    hub.said(run_id, "ready").await;
    hub.change(|world| world.cancel.push(held(&order)));
    let finished = hub.finished(run_id).await;
    assert_eq!(finished.outcome, "cancelled");
    processes::wait_until_gone(&format!("CUPOLA_RUN_ID={run_id}")).await;
    let steps = hub.world().reports[run_id]
        .iter()
        .filter_map(|report| report.stopping.clone())
        .map(|stopping| stopping.step)
        .collect();
    worker.stop().await.expect("it leaves in order");
    (finished, steps)
}

const LOOKS: &str = r#"
    echo '{"type":"cancellable"}' >&3; sleep 0.2; echo ready
    trap 'exit 9' TERM
    while [ ! -e "$CUPOLA_CANCEL_FILE" ]; do sleep 0.02; done
"#;

#[tokio::test]
async fn a_program_that_looks_stops_when_asked() {
    let (finished, _) = cancel("p-asked", LOOKS, Duration::from_mins(1)).await;
    assert_eq!(finished.stop.as_deref(), Some("asked"));
}

#[tokio::test]
async fn a_program_that_looks_has_time_to_say_more() {
    let text = format!(
        "{LOOKS} echo saved > state; echo '{{\"type\":\"artifact\",\"path\":\"state\"}}' >&3"
    );
    let order = script("p-saves", &text);
    let hub = FakeHub::with([order.clone()]);
    let worker = TestWorker::start(&hub);
    hub.said("p-saves", "ready").await;
    hub.change(|world| world.cancel.push(held(&order)));
    hub.finished("p-saves").await;
    let expected = [("state".to_owned(), "saved\n".to_owned())];
    assert_eq!(kept(&hub.world(), "p-saves"), expected);
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_program_that_looks_too_late_is_terminated() {
    let text = "echo '{\"type\":\"cancellable\"}' >&3; sleep 0.2; echo ready; exec sleep 1000";
    let (finished, steps) = cancel("p-late", text, Duration::from_millis(600)).await;
    assert_eq!(finished.stop.as_deref(), Some("terminated"));
    assert_eq!(steps[0], "asked");
}

#[tokio::test]
async fn a_program_that_never_looks_is_terminated_at_once() {
    let text = "test -n \"$CUPOLA_CANCEL_FILE\" && echo ready; exec sleep 1000";
    let (finished, steps) = cancel("p-plain", text, Duration::from_mins(1)).await;
    assert_eq!(finished.stop.as_deref(), Some("terminated"));
    assert!(!steps.contains(&"asked".to_owned()), "{steps:?}");
}

#[tokio::test]
async fn a_program_that_ignores_sigterm_is_killed() {
    let text = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
    let (finished, steps) = cancel("p-deaf", text, Duration::from_mins(1)).await;
    assert_eq!(finished.stop.as_deref(), Some("killed"));
    assert_eq!(steps[0], "terminated");
}

#[tokio::test]
async fn a_program_finds_its_configuration_and_its_folder() {
    let text = r#"
        grep -q '"lr":0.5' "$CUPOLA_CONFIG" || exit 1
        test "$CUPOLA_RUN_DIR" = "$(pwd -P)" || exit 2
        test ! -e "$CUPOLA_CANCEL_FILE" || exit 3
        echo '{"loss": 1}'
    "#;
    let hub = FakeHub::with([script("p-env", text)]);
    assert_eq!(run(&hub, "p-env").await.outcome, "completed");
}

/// Lets a program name files, and compares what is kept and what the worker says.
async fn check_artifacts(
    run_id: &str,
    text: &str,
    change: impl FnOnce(&mut World),
    expected: &[(&str, &str)],
    said: &str,
) -> FakeHub {
    let hub = FakeHub::with([script(run_id, &format!("{text}\necho '{{\"loss\": 1}}'"))]);
    hub.change(change);
    let finished = run(&hub, run_id).await;
    assert_eq!(finished.outcome, "completed");
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    assert_eq!(kept(&hub.world(), run_id), expected);
    assert_eq!(notes(&hub.world(), run_id), said);
    hub
}

#[tokio::test]
async fn files_are_kept_as_they_are_named() {
    let text = r#"
        printf one > model.bin; : > empty; mkdir -p plots; printf a > 'plots/<b>'
        echo '{"type":"artifact","path":"model.bin","name":"best/model.bin"}' >&3
        echo '{"type":"artifact","path":"empty"}' >&3
        echo '{"type":"artifact","path":"plots"}' >&3
    "#;
    let expected = [("best/model.bin", "one"), ("empty", ""), ("plots/<b>", "a")];
    check_artifacts("p-files", text, |_| {}, &expected, "").await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_said() {
    let text = r#"
        ln -s /etc/passwd leak
        echo '{"type":"artifact","path":"/etc/passwd"}' >&3
        echo '{"type":"artifact","path":"leak"}' >&3
        echo '{"type":"artifact","path":"missing"}' >&3
        : > a; echo '{"type":"artifact","path":"a","name":"../a"}' >&3
        head -c 1048577 /dev/zero > large; echo '{"type":"artifact","path":"large"}' >&3
    "#;
    let said = "\
artifact `/etc/passwd` was not kept: it lies outside of the run's folders
artifact `leak` was not kept: it lies outside of the run's folders
artifact `missing` was not kept: there is no such file
artifact `../a` was not kept: its name has a part that is empty, `.` or `..`
artifact `large` was not kept: has 1048577 bytes; at most 1048576 are kept of a file
";
    check_artifacts("p-refused", text, |_| {}, &[], said).await;
}

const ONE_FILE: &str = r#"printf x > f; echo '{"type":"artifact","path":"f"}' >&3"#;

#[tokio::test]
async fn a_full_hub_costs_the_file_and_not_the_run() {
    let full = |world: &mut World| world.refuse_uploads = (9, 507);
    let said = "artifact `f` was not kept: the hub refused: as told (507)\n";
    let hub = check_artifacts("p-full", ONE_FILE, full, &[], said).await;
    assert_eq!(hub.world().uploads, 1);
}

#[tokio::test]
async fn an_upload_that_fails_is_tried_again() {
    let stuck = |world: &mut World| world.refuse_uploads = (2, 500);
    check_artifacts("p-stuck", ONE_FILE, stuck, &[("f", "x")], "").await;
    let lost = |world: &mut World| world.lose_first_answers = true;
    check_artifacts("p-lost", ONE_FILE, lost, &[("f", "x")], "").await;
    let before = |world: &mut World| world.refuse_uploads = (5, 503);
    check_artifacts("p-before", ONE_FILE, before, &[("f", "x")], "").await;
}

#[tokio::test]
async fn an_upload_that_is_refused_is_given_up() {
    let mismatch = |world: &mut World| world.refuse_uploads = (99, 422);
    let said = "artifact `f` was not kept: the hub refused: as told (422)\n";
    let hub = check_artifacts("p-mismatch", ONE_FILE, mismatch, &[], said).await;
    assert_eq!(hub.world().uploads, 1);
    let stuck = |world: &mut World| world.refuse_uploads = (99, 500);
    let said = "artifact `f` was not kept: the hub refused: as told (500)\n";
    let hub = check_artifacts("p-stuck-for-good", ONE_FILE, stuck, &[], said).await;
    assert_eq!(hub.world().uploads, 4);
}

#[tokio::test]
async fn an_upload_stops_with_its_run() {
    let order = script("p-stop", &format!("{ONE_FILE}; echo on; sleep 1000"));
    let hub = FakeHub::with([order.clone()]);
    hub.change(|world| world.refuse_uploads = (usize::MAX, 503));
    let worker = TestWorker::start(&hub);
    hub.said("p-stop", "on").await;
    hub.until("an upload", |world| (world.uploads > 0).then_some(()))
        .await;
    hub.change(|world| world.cancel.push(held(&order)));
    assert_eq!(hub.finished("p-stop").await.outcome, "cancelled");
    let said = notes(&hub.world(), "p-stop");
    let expected = "artifact `f` was not kept: the run was cancelled\n";
    assert!(said.starts_with(expected), "{said}");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_pipe_in_the_place_of_the_cancel_file_holds_nobody_up() {
    let text = "mkfifo \"$CUPOLA_CANCEL_FILE\"; echo on; sleep 1000";
    let order = script("p-pipe", text);
    let hub = FakeHub::with([order.clone()]);
    let worker = TestWorker::start(&hub);
    hub.said("p-pipe", "on").await;
    hub.change(|world| world.cancel.push(held(&order)));
    assert_eq!(hub.finished("p-pipe").await.outcome, "cancelled");
    let left = std::fs::symlink_metadata(worker.run_folder("p-pipe").join("cancel"));
    assert!(left.unwrap().is_file());
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_refused_report_is_told_in_the_log() {
    let order = script("p-report", "echo lost; echo '{\"loss\": 1}'");
    let hub = FakeHub::with([order]);
    hub.change(|world| world.refuse_reports = (1, 422));
    assert_eq!(run(&hub, "p-report").await.outcome, "completed");
    let said = notes(&hub.world(), "p-report");
    assert_eq!(said, "the hub refused a report: as told\n");
}

#[tokio::test]
async fn logs_do_not_wait_for_uploads_and_the_end_does() {
    let text = format!("{ONE_FILE}; echo more; echo '{{\"loss\": 1}}'");
    let order: RunOrder = script("p-slow", &text);
    let hub = FakeHub::with([order]);
    hub.change(|world| world.hold_uploads = true);
    let worker = TestWorker::start(&hub);
    hub.said("p-slow", "more").await;
    assert!(hub.world().artifacts.is_empty());
    hub.change(|world| world.hold_uploads = false);
    hub.finished("p-slow").await;
    assert_eq!(hub.world().artifacts.len(), 1);
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_file_waits_for_a_hub_that_is_away() {
    let text = "echo ready; while [ ! -e go ]; do sleep 0.02; done";
    let order = script(
        "p-away",
        &format!("{text}; {ONE_FILE}; echo '{{\"loss\": 1}}'"),
    );
    let mut hub = FakeHub::with([order]);
    let worker = TestWorker::start(&hub);
    hub.said("p-away", "ready").await;
    hub.go_away();
    std::fs::write(worker.run_folder("p-away").join("go"), "").expect("the folder is there");
    processes::wait_until_gone("CUPOLA_RUN_ID=p-away").await;
    hub.come_back();
    hub.finished("p-away").await;
    assert_eq!(hub.world().artifacts.len(), 1);
    worker.stop().await.expect("it leaves in order");
}

/// What a program finds of `MLFLOW_` when its order has a token and its task these variables.
async fn check_tracking(run_id: &str, asked: &[(&str, &str)], expected: &[&str]) {
    let text = "env | grep ^MLFLOW_ | sort > found; grep -c s3''cret \"$CUPOLA_RUN_DIR\"/*.json";
    let mut order = script(
        run_id,
        &format!("{text}; cat found; echo '{{\"loss\": 1}}'"),
    );
    order.token = ProgramToken("s3cret-of-the-run".to_owned());
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    order.environment = asked.iter().map(pair).collect();
    let hub = FakeHub::with([order.clone()]);
    assert!(!format!("{order:?}").contains("s3cret"));
    let finished = run(&hub, run_id).await;
    let told = format!("{:?}", finished.environment);
    assert!(!told.contains("s3cret"), "{told}");
    let said = hub.world().log(run_id, "stdout").0;
    let said = String::from_utf8_lossy(&said).replace(&hub.url(), "HUB");
    let found: Vec<_> = said
        .lines()
        .filter(|line| line.contains("MLFLOW_"))
        .collect();
    assert_eq!(found, expected);
    let in_files = said.lines().filter(|line| line.contains(".json:"));
    assert!(in_files.clone().count() >= 2, "{said}");
    for line in in_files {
        assert!(line.ends_with(":0"), "{line}");
    }
}

#[tokio::test]
async fn a_client_of_mlflow_finds_its_run() {
    let own = [
        "MLFLOW_RUN_ID=p-mlflow",
        "MLFLOW_TRACKING_TOKEN=s3cret-of-the-run",
        "MLFLOW_TRACKING_URI=HUB",
    ];
    check_tracking("p-mlflow", &[("A", "b")], &own).await;
}

#[tokio::test]
async fn a_task_that_names_its_own_run_keeps_it() {
    let expected = [
        "MLFLOW_RUN_ID=mine",
        "MLFLOW_TRACKING_TOKEN=s3cret-of-the-run",
        "MLFLOW_TRACKING_URI=HUB",
    ];
    check_tracking("p-own-run", &[("MLFLOW_RUN_ID", "mine")], &expected).await;
}

#[tokio::test]
async fn another_server_is_shown_no_token() {
    let uri = ("MLFLOW_TRACKING_URI", "https://other");
    check_tracking("p-other", &[uri], &["MLFLOW_TRACKING_URI=https://other"]).await;
}

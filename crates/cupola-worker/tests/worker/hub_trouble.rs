//! What a worker does when the hub is slow, away, or says no.

use std::time::Duration;

use crate::support::{
    TestWorker,
    hub::{FakeHub, held},
    order, processes, script,
};
use cupola_protocol::work::{Bundle, BundleFile, RunOrder};
use cupola_worker::{WorkerError, bundle_hash};

const OK: &str = "echo '{\"loss\": 1}'";

#[tokio::test]
async fn a_cancelled_program_says_by_what_it_stopped() {
    let asked = script("c-asked", "echo on; sleep 1000");
    let hub = FakeHub::with([asked.clone()]);
    let worker = TestWorker::start(&hub);
    hub.said("c-asked", "on").await;
    hub.change(|world| world.cancel.push(held(&asked)));
    let finished = hub.finished("c-asked").await;
    assert_eq!(finished.outcome, "cancelled");
    assert_eq!(finished.failure_detail, "stopped by SIGTERM");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_cancelled_program_that_does_not_stop_is_killed() {
    let text = "trap '' TERM; echo on; while :; do sleep 0.1; done";
    let asked = script("c-killed", text);
    let hub = FakeHub::with([asked.clone()]);
    let _worker = TestWorker::start(&hub);
    hub.said("c-killed", "on").await;
    hub.change(|world| world.cancel.push(held(&asked)));
    let finished = hub.finished("c-killed").await;
    assert_eq!(finished.outcome, "cancelled");
    assert!(finished.failure_detail.starts_with("killed"));
    // The hub repeats its order as long as the run is there; the worker does not ask in a circle.
    let polls = hub.world().polls;
    assert!(polls < 20, "{polls} polls");
    processes::wait_until_gone("CUPOLA_RUN_ID=c-killed").await;
}

#[tokio::test]
async fn a_worker_without_a_free_slot_hears_of_a_cancellation_all_the_same() {
    let asked = script("c-busy", "echo on; sleep 1000");
    let hub = FakeHub::with([asked.clone()]);
    hub.world().heartbeat_secs = 1000.0;
    let worker = TestWorker::start_with(&hub, |settings| settings.slots = 1);
    hub.said("c-busy", "on").await;
    hub.change(|world| world.cancel.push(held(&asked)));
    assert_eq!(hub.finished("c-busy").await.outcome, "cancelled");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn an_abandoned_run_is_stopped_and_nothing_is_said() {
    let asked = script("t-abandoned", "echo on; sleep 1000");
    let hub = FakeHub::with([asked.clone()]);
    let worker = TestWorker::start(&hub);
    hub.said("t-abandoned", "on").await;
    hub.change(|world| {
        world.leased.clear();
        world.abandon.push(held(&asked));
    });
    processes::wait_until_gone("CUPOLA_RUN_ID=t-abandoned").await;
    worker.stop().await.expect("it leaves in order");
    assert!(hub.world().finished.is_empty());
}

#[tokio::test]
async fn a_stale_lease_stops_the_program() {
    let text = "echo on; while :; do sleep 0.05; echo more; done";
    let hub = FakeHub::with([script("t-stale", text)]);
    let worker = TestWorker::start(&hub);
    hub.said("t-stale", "on").await;
    hub.change(|world| {
        world.leased.clear();
        world.refuse_with = Some(409);
    });
    processes::wait_until_gone("CUPOLA_RUN_ID=t-stale").await;
    hub.change(|world| world.refuse_with = None);
    worker.stop().await.expect("it leaves in order");
    assert!(hub.world().finished.is_empty());
}

#[tokio::test]
async fn a_program_runs_on_while_the_hub_is_away() {
    let text = "echo one; until test -e go; do sleep 0.02; done; echo two; echo '{\"loss\": 3}'";
    let mut hub = FakeHub::with([script("t-away", text)]);
    let worker = TestWorker::start(&hub);
    hub.said("t-away", "one").await;
    hub.go_away();
    std::fs::write(worker.run_folder("t-away").join("go"), "").unwrap();
    processes::wait_until_gone("CUPOLA_RUN_ID=t-away").await;
    hub.come_back();
    let finished = hub.finished("t-away").await;
    assert_eq!(finished.outcome, "completed");
    let (said, omitted) = hub.world().log("t-away", "stdout");
    assert_eq!(said, b"one\ntwo\n{\"loss\": 3}\n");
    assert_eq!(omitted, 0);
    hub.change(|world| world.queue.push_back(script("t-after", OK)));
    assert_eq!(hub.finished("t-after").await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_lost_answer_has_no_second_effect() {
    let text = "for i in 1 2 3; do echo line $i; sleep 0.3; done; echo '{\"loss\": 3}'";
    let hub = FakeHub::with([script("t-lost", text)]);
    hub.world().lose_first_answers = true;
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("t-lost").await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
    let world = hub.world();
    assert_eq!(world.repeated, world.reports["t-lost"].len());
    assert!(world.repeated > 1);
    let (said, _) = world.log("t-lost", "stdout");
    assert_eq!(said, b"line 1\nline 2\nline 3\n{\"loss\": 3}\n");
}

#[tokio::test]
async fn a_lease_whose_answer_was_lost_is_taken_when_given_again() {
    let asked = script("t-again", OK);
    let hub = FakeHub::start();
    hub.world().leased.insert(held(&asked), asked);
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("t-again").await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_worker_that_leaves_stops_its_programs_and_says_goodbye() {
    let text = "trap '' TERM; echo on; while :; do sleep 0.1; done";
    let hub = FakeHub::with([script("t-leave", text)]);
    let worker = TestWorker::start(&hub);
    hub.said("t-leave", "on").await;
    worker.stop().await.expect("it leaves in order");
    processes::wait_until_gone("CUPOLA_RUN_ID=t-leave").await;
    let world = hub.world();
    assert_eq!(world.departures, 1);
    assert!(world.finished.is_empty(), "nothing is told as failed");
}

#[tokio::test]
async fn a_worker_whose_hub_is_away_leaves_all_the_same() {
    let mut hub = FakeHub::with([script("t-alone", "echo on; sleep 1000")]);
    let worker = TestWorker::start(&hub);
    hub.said("t-alone", "on").await;
    hub.go_away();
    let stopping = tokio::time::timeout(Duration::from_secs(10), worker.stop());
    stopping.await.expect("in time").expect("in order");
    processes::wait_until_gone("CUPOLA_RUN_ID=t-alone").await;
}

#[tokio::test]
async fn a_worker_that_is_turned_away_says_so_and_stops() {
    for status in [401, 403, 409, 422] {
        let hub = FakeHub::start();
        hub.world().turn_away_with = Some(status);
        let ended = TestWorker::start(&hub).ended().await;
        assert!(matches!(ended, Err(WorkerError::TurnedAway(_))), "{status}");
    }
}

#[tokio::test]
async fn a_worker_whose_token_is_revoked_stops_its_programs() {
    let hub = FakeHub::with([script("t-revoked", "echo on; sleep 1000")]);
    let worker = TestWorker::start(&hub);
    hub.said("t-revoked", "on").await;
    hub.change(|world| world.turn_away_with = Some(401));
    assert!(matches!(worker.ended().await, Err(WorkerError::ShutOut(_))));
    processes::wait_until_gone("CUPOLA_RUN_ID=t-revoked").await;
}

#[tokio::test]
async fn a_worker_keeps_its_id_and_changes_its_session() {
    let hub = FakeHub::start();
    let folder = tempfile::tempdir().unwrap();
    for starts in 1..=2 {
        let state_dir = folder.path().to_owned();
        let worker = TestWorker::start_with(&hub, |settings| settings.state_dir = state_dir);
        hub.until("joined", |world| {
            (world.registrations.len() == starts).then_some(())
        })
        .await;
        // Work shows that the answer to the registration arrived.
        let run_id = format!("t-id-{starts}");
        hub.change(|world| world.queue.push_back(script(&run_id, OK)));
        hub.finished(&run_id).await;
        worker.stop().await.expect("it leaves in order");
    }
    let world = hub.world();
    let [first, second] = world.registrations.as_slice() else {
        panic!("two registrations");
    };
    assert_eq!(first.worker_id, None);
    assert_eq!(second.worker_id.as_deref(), Some("w1"));
    assert_ne!(first.session, second.session);
}

fn bundled(run_id: &str, hash: &str) -> RunOrder {
    RunOrder {
        code_hash: hash.to_owned(),
        has_bundle: true,
        ..order(run_id, &["sh", "{code}/lib/run.sh"])
    }
}

fn bundle() -> Bundle {
    use base64::Engine as _;
    Bundle {
        command: bundled("", "").command,
        files: vec![BundleFile {
            path: "lib/run.sh".to_owned(),
            bytes: base64::engine::general_purpose::STANDARD.encode(OK),
        }],
    }
}

#[tokio::test]
async fn code_is_fetched_once_verified_and_run() {
    let given = bundle();
    let files = [cupola_domain::template::CodeFile {
        path: "lib/run.sh".to_owned(),
        bytes: OK.as_bytes().to_vec(),
    }];
    let hash = bundle_hash(&given.command, &files);
    let hub = FakeHub::with([bundled("t-code-1", &hash)]);
    hub.world().bundles.insert(hash.clone(), given);
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("t-code-1").await.outcome, "completed");
    hub.change(|world| {
        world.bundles.clear();
        world.queue.push_back(bundled("t-code-2", &hash));
    });
    assert_eq!(hub.finished("t-code-2").await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn other_code_than_the_hash_says_is_not_run() {
    let hash = "0".repeat(64);
    let hub = FakeHub::with([bundled("t-forged", &hash)]);
    hub.world().bundles.insert(hash, bundle());
    let _worker = TestWorker::start(&hub);
    let finished = hub.finished("t-forged").await;
    assert_eq!(finished.failure, "not_prepared");
    assert!(finished.failure_detail.contains("hash"), "{finished:?}");
}

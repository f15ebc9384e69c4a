//! What a worker measures reaches its hub once, whatever happens on the way.

use cupola_protocol::telemetry::SampleBody;

use crate::support::{TestWorker, hub::FakeHub};

/// The numbers of all samples that came, in order of arrival.
fn numbers(samples: &[SampleBody]) -> Vec<i64> {
    samples.iter().map(|sample| sample.number).collect()
}

#[tokio::test]
async fn a_machine_without_work_is_measured_too() {
    let hub = FakeHub::start();
    let worker = TestWorker::start(&hub);
    let sample = hub
        .until("a sample", |world| world.samples.first().cloned())
        .await;
    assert!(sample.values["memory.used_bytes"] > 0.0, "{sample:?}");
    assert!(sample.values.contains_key("cpu.percent"), "{sample:?}");
    assert!((0..60_000).contains(&sample.age_millis), "{sample:?}");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_sample_whose_answer_was_lost_is_told_again_under_its_number() {
    let hub = FakeHub::start();
    hub.world().refuse_telemetry = (2, 503);
    let worker = TestWorker::start(&hub);
    let told = hub
        .until("three times", |world| {
            (world.samples.len() >= 3).then(|| numbers(&world.samples))
        })
        .await;
    assert_eq!(told, [0, 0, 0]);
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn what_is_measured_while_the_hub_is_away_is_kept() {
    let mut hub = FakeHub::start();
    let worker = TestWorker::start(&hub);
    hub.until("that it joins", |world| {
        world.registrations.first().cloned()
    })
    .await;
    hub.go_away();
    // As long as it takes until something was measured and could not be told.
    hub.come_back();
    let told = hub
        .until("a sample", |world| {
            (!world.samples.is_empty()).then(|| numbers(&world.samples))
        })
        .await;
    assert_eq!(told, [0]);
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn a_hub_that_refuses_telemetry_is_worked_for_all_the_same() {
    let hub = FakeHub::with([crate::support::script(
        "m-all-the-same",
        "echo '{\"loss\": 1}'",
    )]);
    hub.world().refuse_telemetry = (usize::MAX, 422);
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("m-all-the-same").await.outcome, "completed");
    hub.until("a sample", |world| world.samples.first().cloned())
        .await;
    worker.stop().await.expect("it leaves in order");
}

//! How many trivial runs a worker gets through.

use std::time::Instant;

use crate::support::{TestWorker, hub::FakeHub, script};

/// Far below what an idle machine does, far above what any fixed pause between runs would allow:
/// this test must hold beside other tests on two cores.
const RUNS_PER_SECOND_MIN: f64 = 30.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_trivial_runs_do_not_wait_for_anything() {
    let orders = (0..1000).map(|n| script(&format!("r-{n}"), "echo '{\"loss\": 1}'"));
    let hub = FakeHub::with(orders);
    let since = Instant::now();
    let worker = TestWorker::start(&hub);
    hub.until("all", |world| (world.finished.len() == 1000).then_some(()))
        .await;
    let rate = 1000.0 / since.elapsed().as_secs_f64();
    println!("{rate:.0} trivial runs a second");
    worker.stop().await.expect("it leaves in order");
    let world = hub.world();
    assert!(world.finished.values().all(|f| f.outcome == "completed"));
    assert!(rate > RUNS_PER_SECOND_MIN, "{rate:.0} runs a second");
}

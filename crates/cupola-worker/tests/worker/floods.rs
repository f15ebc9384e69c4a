//! Programs that say more than anybody can take.

use crate::support::{TestWorker, hub::FakeHub, processes, script};

const MIB: u64 = 1 << 20;

/// What a worker may need beyond what it needed before the flood: read buffers, the tails of the
/// streams, a report and its text, and what the allocator does not give back.
const MEMORY_BYTES_MAX: u64 = 48 * MIB;

#[tokio::test]
async fn a_gigabyte_on_stdout_leaves_memory_bounded_and_the_run_ends() {
    let line = "x".repeat(63);
    let text = format!(
        "yes {line} | head -c 1073741824; echo; echo 'the last words'; echo '{{\"loss\": 1}}'"
    );
    let hub = FakeHub::with([script("f-stdout", &text)]);
    let before = processes::peak_memory_bytes();
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("f-stdout").await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
    let world = hub.world();
    let (said, omitted) = world.log("f-stdout", "stdout");
    // This hub keeps all that it is told, in base 64, in this same process.
    let kept_by_hub = 3 * said.len() as u64;
    let grown = processes::peak_memory_bytes() - before;
    assert!(grown < MEMORY_BYTES_MAX + kept_by_hub, "{grown} bytes");
    // Whole lines are kept, in blocks as they were read.
    assert!(said.len() as u64 >= 9 * MIB - 128 * 1024, "head and tail");
    assert!(omitted > 0);
    let written = 1024 * MIB + "\nthe last words\n{\"loss\": 1}\n".len() as u64;
    assert_eq!(
        said.len() as u64 + omitted,
        written,
        "no byte is unaccounted for"
    );
    assert!(said.ends_with(b"\nthe last words\n{\"loss\": 1}\n"));
    println!(
        "1 GiB: worker and hub grew by {} MiB, hub was told {} MiB",
        grown / MIB,
        said.len() as u64 / MIB
    );
}

#[tokio::test]
async fn a_slow_hub_gets_head_and_tail() {
    let text = "yes abcdefg | head -c 67108864; echo '{\"loss\": 1}'";
    let hub = FakeHub::with([script("f-slow", text)]);
    hub.world().report_delay = std::time::Duration::from_millis(100);
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("f-slow").await.outcome, "completed");
    let on_disk = std::fs::metadata(worker.run_folder("f-slow").join("stdout.log"));
    assert!(on_disk.unwrap().len() <= 64 * MIB);
    worker.stop().await.expect("it leaves in order");
    let (said, omitted) = hub.world().log("f-slow", "stdout");
    assert!(said.len() as u64 >= 9 * MIB - 128 * 1024);
    assert_eq!(said.len() as u64 + omitted, 64 * MIB + 12);
}

#[tokio::test]
async fn a_line_without_end_is_cut_and_the_run_ends() {
    let text = "head -c 20000000 /dev/zero; echo; echo '{\"loss\": 1}'";
    let hub = FakeHub::with([script("f-line", text)]);
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("f-line").await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
    let (said, omitted) = hub.world().log("f-line", "stdout");
    assert_eq!(said.len() as u64 + omitted, 20_000_000 + 13);
}

#[tokio::test]
async fn a_hundred_thousand_points_all_arrive_in_order() {
    let text = r#"
        seq 0 99999 | sed 's/.*/{"type":"metric","name":"n","step":&,"value":&}/' >&3
        echo '{"loss": 1}'
    "#;
    let hub = FakeHub::with([script("f-points", text)]);
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished("f-points").await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
    let values = hub.world().series("f-points", "n");
    assert_eq!(values.len(), 100_000);
    assert!(values.is_sorted());
}

//! What a program lays out for the worker, which stands behind no barrier itself.

use std::fs;

use crate::support::{TestWorker, hub::FakeHub, script};

/// Runs a script beside an owner's folder with a file `notes`, which it knows as `$OWNER`, and gives the hub
/// as it is then. Nothing may have changed in that folder.
async fn lured(run_id: &str, text: &str) -> FakeHub {
    let owner = tempfile::tempdir().expect("there is room");
    fs::write(owner.path().join("notes"), "the owner's").expect("there is room");
    let text = format!("OWNER={}\n{text}", owner.path().display());
    let hub = FakeHub::with([script(run_id, &text)]);
    let worker = TestWorker::start(&hub);
    let finished = hub.finished(run_id).await;
    worker.stop().await.expect("it leaves in order");
    assert_eq!(finished.outcome, "completed", "{finished:?}");
    let files = fs::read_dir(owner.path()).expect("it is there");
    let files: Vec<_> = files
        .map(|file| file.expect("it is there").file_name())
        .collect();
    assert_eq!(files, ["notes"]);
    let notes = fs::read_to_string(owner.path().join("notes")).expect("it is there");
    assert_eq!(notes, "the owner's");
    hub
}

fn log(hub: &FakeHub, run_id: &str, stream: &str) -> String {
    String::from_utf8_lossy(&hub.world().log(run_id, stream).0).into_owned()
}

#[tokio::test]
async fn a_log_is_not_written_through_a_link_nor_read_from_one() {
    let text = r#"
        ln -s "$OWNER/notes" "$CUPOLA_RUN_DIR/stdout.log"
        ln -s "$OWNER/notes" "$CUPOLA_RUN_DIR/events.jsonl"
        echo 'any command'
        echo '{"type": "metric", "step": 1, "values": {"x": 1}}' >&3
        echo '{"loss": 1}'
    "#;
    let hub = lured("l-link", text).await;
    assert_eq!(
        log(&hub, "l-link", "stdout"),
        "any command\n{\"loss\": 1}\n"
    );
}

#[tokio::test]
async fn a_pipe_in_a_log_s_place_holds_nobody_up() {
    let text = r#"
        mkfifo "$CUPOLA_RUN_DIR/stderr.log"
        head -c 300000 /dev/zero | tr '\0' x >&2
        echo '{"loss": 1}'
    "#;
    let hub = lured("l-pipe", text).await;
    assert_eq!(log(&hub, "l-pipe", "stderr").len(), 300_000);
}

#[tokio::test]
async fn what_event_files_hold_is_not_written_through_a_link() {
    let fixtures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../cupola-formats/tests/fixtures"
    );
    let text = format!(
        r#"
        ln -s "$OWNER" event-media
        cp {fixtures}/tensorboardx.tfevents events.out.tfevents.1
        echo '{{"loss": 1}}'
        "#
    );
    let hub = lured("l-media", &text).await;
    let said = log(&hub, "l-media", "worker");
    assert!(said.contains("could not be written"), "{said}");
    assert!(hub.world().artifacts.is_empty());
}

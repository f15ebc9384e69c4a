//! Runs of other programs' files.

use cupola_domain::access::Role;
use serde_json::json;

use crate::harness::TestHub;

#[tokio::test]
async fn the_same_part_again_adds_nothing() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let part = json!({
        "experiment": "logs", "run": "train",
        "started_at": "2026-11-20T22:30:00.123Z",
        "from": {"events.1": 0}, "to": {"events.1": 100},
        "points": [{"name": "loss", "points": [[0, 1000, 0.5], [1, 2000, "NaN"]]}],
        "params": {"lr": "0.1"},
        "files": [{"path": "tensorboard/note/1.md", "bytes": "aGk="}],
        "finished_at": "2026-11-20T23:30:00.000Z",
    });
    let imported = researcher.post("/api/v1/imports", &part).await.expect(200);
    assert_eq!(imported["read"], json!({"events.1": 100}));
    assert_eq!(imported["left_out"], json!([]));
    let again = researcher.post("/api/v1/imports", &part).await;
    assert_eq!(again.problem(409), "conflict");

    let id = imported["run_id"].as_str().unwrap();
    let run = researcher
        .get(&format!("/api/v1/runs/{id}"))
        .await
        .expect(200);
    assert_eq!(run["run"]["status"], "completed");
    assert_eq!(run["config"]["lr"], "0.1");
    let csv = researcher
        .get(&format!("/api/v1/export/metrics?runs={id}&format=jsonl"))
        .await;
    assert_eq!(csv.text().lines().count(), 2);
    let kept = researcher
        .get(&format!(
            "/api/v1/runs/{id}/artifacts/tensorboard/note/1.md"
        ))
        .await;
    assert_eq!(kept.text(), "hi");

    // An empty part says how far the files were read, and the run goes on.
    let ask = json!({"experiment": "logs", "run": "train"});
    let asked = researcher.post("/api/v1/imports", &ask).await.expect(200);
    assert_eq!(asked, imported);
    let more = json!({
        "experiment": "logs", "run": "train",
        "from": {"events.1": 100}, "to": {"events.1": 150},
        "points": [{"name": "loss", "points": [[2, 3000, 0.25]]}],
        "params": {"lr": "0.2"},
    });
    researcher.post("/api/v1/imports", &more).await.expect(200);
    let export = format!("/api/v1/export/metrics?runs={id}&format=jsonl");
    assert_eq!(researcher.get(&export).await.text().lines().count(), 3);
}

#[tokio::test]
async fn what_cannot_be_a_name_is_refused() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    for part in [
        json!({"experiment": "", "run": "a"}),
        json!({"experiment": "a", "run": "x".repeat(2000)}),
        json!({"experiment": "a", "run": " "}),
        json!({"experiment": "a", "run": "b", "started_at": "1700000000000000000ms"}),
        json!({"experiment": "a", "run": "b", "files": [{"path": "../x", "bytes": ""}]}),
        json!({"experiment": "a", "run": "b", "files": [{"path": "x", "bytes": "?"}]}),
    ] {
        let answer = researcher.post("/api/v1/imports", &part).await;
        assert_eq!(answer.problem(422), "invalid", "{part}");
    }
}

#[tokio::test]
async fn a_series_without_a_name_does_not_stop_the_rest() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let part = json!({
        "experiment": "logs", "run": "train", "from": {"events.1": 0}, "to": {"events.1": 9},
        "points": [
            {"name": "", "points": [[0, 1000, 0.5]]},
            {"name": "loss", "points": [[0, 1000, 0.5]]},
        ],
    });
    let imported = researcher.post("/api/v1/imports", &part).await.expect(200);
    let said = imported["left_out"][0].as_str().unwrap();
    assert!(said.starts_with("`` is no name of a series"), "{said}");
    let id = imported["run_id"].as_str().unwrap();
    let csv = researcher
        .get(&format!("/api/v1/export/metrics?runs={id}&format=jsonl"))
        .await;
    assert_eq!(csv.text().lines().count(), 1);
}

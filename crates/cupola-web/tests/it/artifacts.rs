//! Files of runs, up and down.

use axum::{body::Body, http::Method};
use bytes::Bytes;
use cupola_domain::access::Role;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::harness::{Answer, Caller, TestHub};

fn hash_of(bytes: &[u8]) -> String {
    cupola_domain::text::hex(&Sha256::digest(bytes))
}

/// A worker that has a run.
struct Holder<'h> {
    worker: Caller<'h>,
    id: String,
    run: String,
}

impl<'h> Holder<'h> {
    async fn new(hub: &'h TestHub) -> Self {
        hub.somebody(Role::Researcher).submit_brief(1).await;
        let worker = hub.somebody(Role::Worker);
        let id = worker.join("s1").await;
        let question = json!({"session": "s1", "free_slots": 1, "holding": [], "wait_secs": 0.0});
        let path = format!("/api/v1/workers/{id}/leases");
        let orders = worker.post(&path, &question).await.expect(200);
        let run = orders["start"][0]["run_id"].as_str().unwrap().to_owned();
        Self { worker, id, run }
    }

    async fn put(&self, name: &str, size: usize, hash: &str, body: Body) -> Answer {
        let path = format!(
            "/api/v1/runs/{}/artifacts/{name}?worker_id={}&epoch=1&size_bytes={size}&sha256={hash}",
            self.run, self.id
        );
        let request = self.worker.request(Method::PUT, &path).body(body);
        self.worker.hub.send(request.unwrap()).await
    }

    async fn keep(&self, name: &str, bytes: &[u8]) -> Answer {
        let body = Body::from(bytes.to_vec());
        self.put(name, bytes.len(), &hash_of(bytes), body).await
    }
}

#[tokio::test]
async fn a_file_comes_back_as_it_went() {
    let hub = TestHub::new();
    let holder = Holder::new(&hub).await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let name = "plots/%3Cb%3E%22a%22%3C%2Fb%3E";
    // `</b>` holds a slash, which parts a name.
    let kept = holder.keep(name, &bytes).await.expect(200);
    assert_eq!(kept["name"], "plots/<b>\"a\"</b>");
    assert_eq!(
        (&kept["size_bytes"], &kept["sha256"]),
        (&json!(3_000_000), &json!(hash_of(&bytes)))
    );
    holder.keep("empty", b"").await.expect(200);

    let viewer = hub.somebody(Role::Viewer);
    let list = viewer
        .get(&format!("/api/v1/runs/{}/artifacts", holder.run))
        .await
        .expect(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["name"]),
        (&json!(2), &json!("empty"))
    );
    for path in ["/api/v1/runs", "/runs"] {
        let asked = viewer
            .request(
                Method::GET,
                &format!("{path}/{}/artifacts/{name}", holder.run),
            )
            .header("accept-encoding", "gzip");
        let answer = hub.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.bytes == bytes, "other bytes came");
        for (header, value) in [
            ("content-length", "3000000"),
            ("content-encoding", ""),
            ("content-type", "application/octet-stream"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            (
                "content-disposition",
                "attachment; filename=\"b_\"; filename*=UTF-8''b%3E",
            ),
        ] {
            assert_eq!(answer.header(header), value, "{header}");
        }
    }
}

#[tokio::test]
async fn what_is_not_as_it_was_said_is_refused() {
    let hub = TestHub::new();
    let holder = Holder::new(&hub).await;
    let one = || Body::from("x");
    let check = async |name: &str, size, hash: &str, body, status, problem: &str| {
        let answer = holder.put(name, size, hash, body).await;
        assert_eq!(answer.problem(status), problem, "{name} {size} {hash}");
    };
    check("x", 1, &hash_of(b"y"), one(), 422, "invalid").await;
    check("x", 2, &hash_of(b"x"), one(), 422, "invalid").await;
    check("x", 0, &hash_of(b"x"), one(), 422, "invalid").await;
    check("x", 1, "short", one(), 422, "invalid").await;
    check("a%2F..%2Fb", 1, &hash_of(b"x"), one(), 422, "invalid").await;
    check("a%00", 1, &hash_of(b"x"), one(), 422, "invalid").await;
    check("x", (4 << 20) + 1, &hash_of(b"x"), one(), 413, "too_large").await;
    let viewer = hub.somebody(Role::Viewer);
    let path = format!("/api/v1/runs/{}/artifacts", holder.run);
    assert_eq!(viewer.get(&path).await.expect(200)["total"], 0);
    assert_eq!(
        viewer.get(&format!("{path}/x")).await.problem(404),
        "not_found"
    );
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_nothing() {
    let hub = TestHub::new();
    let holder = Holder::new(&hub).await;
    let pieces = [
        Ok(Bytes::from_static(b"half")),
        Err(std::io::Error::other("the connection was cut")),
    ];
    let body = Body::from_stream(tokio_stream::iter(pieces));
    let answer = holder.put("x", 8, &hash_of(b"half and"), body).await;
    assert_eq!(answer.problem(503), "unavailable");
    let again = holder.keep("x", b"half and").await.expect(200);
    assert_eq!(again["size_bytes"], 8);
}

#[tokio::test]
async fn a_lease_that_is_gone_keeps_nothing() {
    let hub = TestHub::new();
    let holder = Holder::new(&hub).await;
    let finished = json!({
        "worker_id": holder.id, "epoch": 1, "outcome": "failed", "wall_time_secs": 1.0,
        "failure": "reported", "failure_detail": "ValueError: x", "stop": "killed",
    });
    let path = format!("/api/v1/runs/{}", holder.run);
    holder
        .worker
        .post(&format!("{path}/result"), &finished)
        .await
        .expect(200);
    assert_eq!(holder.keep("x", b"x").await.problem(409), "stale_lease");
    let viewer = hub.somebody(Role::Viewer);
    let run = &viewer.get(&path).await.expect(200)["run"];
    assert_eq!(
        (&run["reason"], &run["stop"]),
        (&json!("ValueError: x"), &json!("killed"))
    );

    let researcher = hub.somebody(Role::Researcher);
    let again = researcher
        .post(&format!("{path}/retry"), &json!(null))
        .await
        .expect(200);
    assert_eq!(
        (&again["attempt"], &again["status"]),
        (&json!(2), &json!("pending"))
    );
}

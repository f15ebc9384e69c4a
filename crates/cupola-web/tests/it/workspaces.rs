//! Workspaces by their pages: what is shown, who may change something, what is told as it changes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::Method;
use cupola_domain::{access::Role, time::Timestamp};
use cupola_web::{
    Settings,
    workspaces::{Workspace, Workspaces},
};
use cupola_workspace::{Folder, Here, Watching, source::Source};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Answer, TestHub};

/// A name that wants to be an element.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// A minute after the jobs ended.
const NOW_MILLIS: i64 = 1_767_229_260_000;

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Three jobs of a hostile experiment: one needs another and failed.
fn make(root: &Path) {
    let run = format!("experiments/{HOSTILE}/20260101_000000");
    let status = json!({
        "status": "done", "hostname": "elsewhere",
        "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T01:00:00Z",
    });
    let line = |task: &str, id: &str, lr: f64| {
        let tags = json!({"lr": lr, "name": HOSTILE});
        json!({"task_id": task, "job_id": id, "tags": tags, "timestamp": 1_767_225_600.5})
            .to_string()
    };
    let lines = [
        line("m.prepare", "aaa1", 0.1),
        line("m.learn", "bbb2", 0.5),
        line("m.learn", "ccc3", 0.7),
    ];
    let object = |id: i64, name: &str, identifier: &str, fields: serde_json::Value| json!({"id": id, "typename": name, "identifier": identifier, "task": id, "fields": fields});
    let data = json!({"data": {"type": "python", "value": 1}, "lr": 0.5, "note": HOSTILE});
    let objects = [
        object(1, "m.Prepare", "aaa1", json!({})),
        object(2, "m.Learn", "bbb2", data),
    ];
    write(root, &format!("{run}/status.json"), &status.to_string());
    write(
        root,
        &format!("{run}/jobs.jsonl"),
        &(lines.join("\n") + "\n"),
    );
    write(root, "jobs/m.prepare/aaa1/prepare.done", "");
    write(
        root,
        "jobs/m.prepare/aaa1/prepare.out",
        "one\n10 %\r20 %\r100 %\ntwo\n",
    );
    write(
        root,
        "jobs/m.learn/bbb2/learn.failed",
        r#"{"code": 137, "reason": "memory"}"#,
    );
    write(
        root,
        "jobs/m.learn/bbb2/learn.err",
        &format!("no room {HOSTILE}\n"),
    );
    write(root, "jobs/m.learn/bbb2/learn.out", "begins\n");
    write(
        root,
        "jobs/m.learn/bbb2/params.json",
        &json!({"version": 3, "objects": objects}).to_string(),
    );
    write(root, "jobs/m.learn/ccc3/learn.done", "");
    write(
        root,
        ".experimaestro/scheduler/20260101_000000/experimaestro.log",
        "hello\n",
    );
    write(
        root,
        "scheduler/20260101_000000/experimaestro.log",
        "hello\n",
    );
}

fn opened(root: &Path) -> Result<Arc<dyn Source>, cupola_workspace::source::SourceError> {
    let here = Here::new(Arc::new(|| Timestamp::from_millis(NOW_MILLIS)));
    Ok(Arc::new(Folder::open(root, here, Watching::Auto)?))
}

fn workspace_in(id: &str, root: PathBuf, kept: Option<TempDir>) -> Workspace {
    let open = move || {
        // The folder is there for as long as somebody may look.
        let _ = &kept;
        opened(&root)
    };
    Workspace::new(id.to_owned(), HOSTILE.to_owned(), false, Box::new(open))
}

/// One with hostile names, and one whose folder is gone.
pub(crate) fn workspaces() -> Workspaces {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let gone = PathBuf::from("/nowhere");
    Workspaces::new(vec![
        workspace_in("lab", folder.path().to_owned(), Some(folder)),
        workspace_in("gone", gone, None),
    ])
}

/// A hub that shows a folder.
struct Shown {
    hub: TestHub,
    folder: TempDir,
}

impl Shown {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        let only = workspace_in("lab", folder.path().to_owned(), None);
        let hub = TestHub::with_settings(Settings {
            port: 7171,
            workspaces: Workspaces::new(vec![only]),
            ..Settings::default()
        });
        Self { hub, folder }
    }

    async fn get(&self, path: &str) -> Answer {
        self.hub.somebody(Role::Operator).get(path).await
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// Ids of the jobs that a query finds, in their order.
    async fn check_jobs(&self, query: &str, expected: &[&str]) {
        let html = self
            .page(&format!("/workspaces/lab/jobs/list?{query}"))
            .await;
        let rows = html.split("<span class=\"mono muted\">").skip(1);
        let ids: Vec<_> = rows.map(|rest| rest.split('<').next().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
}

#[tokio::test]
async fn jobs_are_found_and_sorted() {
    let shown = Shown::new();
    let of = "experiment=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E";
    for (query, expected) in [
        ("sort=task&order=asc", &["bbb2", "ccc3", "aaa1"][..]),
        ("sort=task&order=desc", &["aaa1", "ccc3", "bbb2"]),
        ("filter=state%20%3D%20error", &["bbb2"]),
        (
            "filter=lr%20%3E%200.3&sort=task&order=asc",
            &["bbb2", "ccc3"],
        ),
        ("filter=params.lr%20%3D%200.5", &["bbb2"]),
        (
            &format!("{of}&sort=state&order=desc"),
            &["bbb2", "aaa1", "ccc3"],
        ),
        (
            &format!("{of}&run=20260101_000000&filter=task%20~%20%22.*prepare%22"),
            &["aaa1"],
        ),
        ("filter=state%20%3D%20running", &[]),
        ("page=9&sort=task&order=asc", &["bbb2", "ccc3", "aaa1"]),
    ] {
        shown.check_jobs(query, expected).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_stands_beside_it() {
    let shown = Shown::new();
    let html = shown.page("/workspaces/lab/jobs?filter=state%20%3D").await;
    assert!(
        html.contains("<p class=\"field-error\" role=\"alert\">Filter, column "),
        "{html}"
    );
    let answer = shown.get("/workspaces/lab/jobs?sort=colour").await;
    assert_eq!(answer.status, 422);
    let answer = shown.get("/workspaces/lab/jobs?experiment=other").await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_job_shows_all_that_is_known_of_it() {
    let shown = Shown::new();
    let html = shown.page("/workspaces/lab/jobs/m.learn/bbb2").await;
    for expected in [
        "error",
        "memory",
        "137",
        "prepare aaa1",
        "no room &#60;img src=x",
        "Delete",
        "lr",
    ] {
        assert!(html.contains(expected), "{expected} is not in {html}");
    }
    assert!(
        !html.contains("do=kill"),
        "what does not run cannot be killed"
    );
    let html = shown.page("/workspaces/lab/jobs/m.prepare/aaa1").await;
    assert!(html.contains(">learn bbb2</a>"), "it is needed: {html}");
    assert!(
        html.contains(">100 %<") && !html.contains("20 %<"),
        "{html}"
    );
    let file = shown
        .get("/workspaces/lab/log/file?task=m.prepare&job=aaa1")
        .await;
    assert_eq!(file.text(), "one\n10 %\r20 %\r100 %\ntwo\n");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"aaa1-stdout.log\""
    );
    let missing = shown.get("/workspaces/lab/jobs/m.learn/none").await;
    assert_eq!(missing.status, 404);
    let outside = shown.get("/workspaces/lab/jobs/..%2F..%2Fetc/passwd").await;
    assert_eq!(outside.status, 404);
}

#[tokio::test]
async fn only_an_operator_changes_something_and_is_asked_before() {
    let shown = Shown::new();
    let address = "/workspaces/lab/action?do=delete&task=m.learn&job=ccc3";
    let folder = shown.folder.path().join("jobs/m.learn/ccc3");
    for role in [Role::Viewer, Role::Researcher] {
        for method in [Method::GET, Method::POST] {
            let asked = shown.hub.somebody(role).request(method, address);
            let answer = shown
                .hub
                .send(asked.body(axum::body::Body::empty()).unwrap())
                .await;
            assert_eq!(answer.status, 403);
        }
        let page = shown
            .hub
            .somebody(role)
            .get("/workspaces/lab/jobs/m.learn/ccc3")
            .await;
        assert!(!page.text().contains("/action?"));
    }
    let question = shown.page(address).await;
    assert!(
        question.contains("Delete the job learn ccc3?") && question.contains("jobs/m.learn/ccc3")
    );
    assert!(folder.is_dir());
    let operator = shown.hub.somebody(Role::Operator);
    let asked = operator.request(Method::POST, address);
    let done = shown
        .hub
        .send(asked.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, "/workspaces/lab/jobs")
    );
    assert!(!folder.exists());
    // What does not run cannot be ended: the page says so.
    let kill = "/workspaces/lab/action?do=kill&task=m.prepare&job=aaa1";
    let asked = operator.request(Method::POST, kill);
    let refused = shown
        .hub
        .send(asked.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(refused.status, 409);
    let nothing = shown.get("/workspaces/lab/action?do=dance").await;
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn a_list_of_one_is_passed_over() {
    let shown = Shown::new();
    let answer = shown.get("/workspaces").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/workspaces/lab")
    );
}

#[tokio::test]
async fn a_place_that_is_gone_says_so_and_can_be_tried_again() {
    let hub = TestHub::with_settings(Settings {
        port: 7171,
        workspaces: workspaces(),
        ..Settings::default()
    });
    let viewer = hub.somebody(Role::Viewer);
    let answer = viewer.get("/workspaces/gone/jobs").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("Try again") && answer.text().contains("/nowhere"));
    let list = viewer.get("/workspaces").await.text();
    assert!(
        list.contains("not open") && list.contains("1 of 3 done") || list.contains("2 of 3 done"),
        "{list}"
    );
    let without = TestHub::new();
    let empty = without
        .somebody(Role::Viewer)
        .get("/workspaces")
        .await
        .text();
    assert!(empty.contains("No workspaces") && empty.contains("--workdir"));
}

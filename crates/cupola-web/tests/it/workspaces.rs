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
use cupola_workspace::{
    Folder, Here, Watching,
    source::{Source, SourceError},
};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Answer, TestHub};

/// A name that wants to be an element.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// A minute after the jobs ended.
const NOW_MILLIS: i64 = 1_767_229_260_000;

pub(crate) fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Three jobs of a hostile experiment: one needs another and failed.
pub(crate) fn make(root: &Path) {
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

pub(crate) fn folder(root: &Path) -> Result<Folder, SourceError> {
    let here = Here::new(Arc::new(|| Timestamp::from_millis(NOW_MILLIS)));
    Folder::open(root, here, Watching::Auto)
}

pub(crate) fn opened(root: &Path) -> Result<Arc<dyn Source>, SourceError> {
    Ok(Arc::new(folder(root)?))
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

    async fn post(&self, path: &str) -> Answer {
        let operator = self.hub.somebody(Role::Operator);
        let asked = operator.request(Method::POST, path);
        let asked = asked.body(axum::body::Body::empty()).unwrap();
        self.hub.send(asked).await
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
async fn pages_of_many_jobs_meet() {
    let shown = Shown::new();
    let run = "experiments/many/20260101_000000";
    let ids: Vec<_> = (0..250).map(|number| format!("{number:04}")).collect();
    let line = |id: &String| json!({"task_id": "m.many", "job_id": id}).to_string();
    let lines: Vec<_> = ids.iter().rev().map(line).collect();
    write(shown.folder.path(), &format!("{run}/status.json"), "{}");
    let named = lines.join("\n") + "\n";
    write(shown.folder.path(), &format!("{run}/jobs.jsonl"), &named);
    for (page, expected) in [("1", 0..100), ("2", 100..200), ("3", 200..250)] {
        let expected: Vec<_> = ids[expected].iter().map(String::as_str).collect();
        let query = format!("experiment=many&sort=task&order=asc&page={page}");
        shown.check_jobs(&query, &expected).await;
    }
    // Those that compare alike stand as they were named.
    let last: Vec<_> = ids[..50].iter().rev().map(String::as_str).collect();
    let query = "experiment=many&sort=submitted&page=3";
    shown.check_jobs(query, &last).await;
}

#[tokio::test]
async fn a_run_of_another_experiment_is_its_newest() {
    let shown = Shown::new();
    let run = "experiments/other/20250101_000000";
    write(shown.folder.path(), &format!("{run}/status.json"), "{}");
    for part in ["graph", "graph/view", "jobs"] {
        let asked = format!("/workspaces/lab/{part}?experiment=other&run=20260101_000000");
        shown.page(&asked).await;
    }
}

#[tokio::test]
async fn what_others_do_is_heard_where_it_is_shown() {
    let shown = Shown::new();
    let needed = "/workspaces/lab/jobs/m.learn/bbb2/needed";
    let html = shown.page(needed).await;
    assert!(html.contains("data-live=\"workspace:lab\""), "{html}");
    let log = shown.page("/workspaces/lab/log/lines").await;
    assert!(log.contains(" data-look"), "nobody tells of it: {log}");
    let of_job = "/workspaces/lab/log/lines?task=m.prepare&job=aaa1";
    let log = shown.page(of_job).await;
    assert!(!log.contains(" data-look"), "it is told of: {log}");
}

#[tokio::test]
async fn what_nobody_here_can_do_is_no_button() {
    let shown = Shown::new();
    let run = "experiments/offers/20260101_000000";
    let status = json!({"actions": {"export": {"description": "Export to the hub"}}});
    let root = shown.folder.path();
    write(root, &format!("{run}/status.json"), &status.to_string());
    let html = shown.page("/workspaces/lab/jobs?experiment=offers").await;
    assert!(
        html.contains("its program offers “Export to the hub”"),
        "{html}"
    );
    assert!(!html.contains("do=execute"), "{html}");
    let asked = "/workspaces/lab/action?do=execute&experiment=offers&run=1&name=export";
    assert_eq!(shown.get(asked).await.status, 404);
}

#[tokio::test]
async fn only_what_was_asked_about_is_deleted() {
    let shown = Shown::new();
    let root = shown.folder.path().to_owned();
    for id in ["old", "young"] {
        write(&root, &format!("jobs/m.left/{id}/left.done"), "");
    }
    let old = |id: &str| {
        let folder = fs::File::open(root.join("jobs/m.left").join(id)).unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        folder.set_modified(long_ago).unwrap();
    };
    old("old");
    // By the clock of this workspace a file of today has changed in the future.
    let question = shown.page("/workspaces/lab/action?do=clean").await;
    assert!(question.contains("2 folders"), "{question}");
    let (_, form) = question.split_once("action=\"/workspaces").unwrap();
    let address = form.split('"').next().unwrap().replace("&#38;", "&");
    let address = format!("/workspaces{address}");
    assert!(address.contains("told="), "{address}");
    write(&root, "jobs/m.left/other/left.done", "");
    old("other");
    let others = shown.post(&address).await;
    assert_eq!(others.status, 409);
    assert!(others.text().contains("look again"), "{}", others.text());
    let is_there = |id: &str| root.join("jobs/m.left").join(id).exists();
    assert!(is_there("old"));
    fs::remove_dir_all(root.join("jobs/m.left/other")).unwrap();
    let done = shown.post(&address).await;
    assert_eq!(done.status, 409);
    assert!(
        done.text().contains("changed within the last ten minutes"),
        "{}",
        done.text()
    );
    assert!(!is_there("old") && is_there("young"));
    assert_eq!(
        shown.post("/workspaces/lab/action?do=clean").await.status,
        409
    );
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
    let done = shown.post(address).await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, "/workspaces/lab/jobs")
    );
    assert!(!folder.exists());
    // What does not run cannot be ended: the page says so.
    let kill = "/workspaces/lab/action?do=kill&task=m.prepare&job=aaa1";
    assert_eq!(shown.post(kill).await.status, 409);
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

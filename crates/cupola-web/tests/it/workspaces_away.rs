//! Workspaces that are away, cannot be opened, or are far too slow.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use axum::{body::Body, http::Method};
use cupola_domain::{access::Role, time::Timestamp};
use cupola_web::{
    Settings,
    workspaces::{Workspace, Workspaces},
};
use cupola_workspace::{
    Folder,
    model::{
        Experiment, ExperimentAction, Job, JobDetails, JobKey, Orphan, RunKey, Service, Warning,
    },
    source::{Action, Change, Connection, LogAsked, LogPart, Place, Source, SourceError},
};
use tokio_stream::StreamExt as _;

use crate::{
    harness::TestHub,
    workspaces::{folder, make, opened, write},
};

/// A folder far away whose way there is lost: rows are known, all else has to be asked for there.
struct Lost(Folder);

fn away<T>() -> Result<T, SourceError> {
    Err(SourceError::Away("the link dropped".to_owned()))
}

impl Source for Lost {
    fn place(&self) -> Place {
        Place {
            is_remote: true,
            ..self.0.place()
        }
    }

    fn changes(&self) -> Receiver<Change> {
        let (tell, changes) = channel();
        let lost = Connection::Away {
            why: "the link dropped".to_owned(),
            next: Duration::from_secs(8),
        };
        tell.send(Change::Connection(lost)).unwrap();
        changes
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        self.0.experiments()
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        self.0.jobs(of)
    }

    fn dependencies(&self, _of: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        away()
    }

    fn job(&self, _key: &JobKey) -> Result<JobDetails, SourceError> {
        away()
    }

    fn services(&self, _of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        away()
    }

    fn actions(&self, _of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
        away()
    }

    fn orphans(&self, _with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
        away()
    }

    fn warnings(&self) -> Result<Vec<Warning>, SourceError> {
        away()
    }

    fn log(&self, _asked: &LogAsked) -> Result<LogPart, SourceError> {
        away()
    }

    fn act(&self, _action: &Action) -> Result<String, SourceError> {
        away()
    }

    fn fetched(&self, _path: &Path) -> Result<PathBuf, SourceError> {
        away()
    }

    fn refresh(&self) {}
}

fn lost(root: &Path) -> Result<Arc<dyn Source>, SourceError> {
    Ok(Arc::new(Lost(folder(root)?)))
}

fn hub_of(all: Vec<Workspace>) -> TestHub {
    TestHub::with_settings(Settings {
        port: 7171,
        workspaces: Workspaces::new(all),
        ..Settings::default()
    })
}

async fn page(hub: &TestHub, path: &str) -> String {
    let answer = hub.somebody(Role::Operator).get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// Asks until the page has these words.
async fn until_shown(hub: &TestHub, path: &str, words: &str) {
    let shown = async {
        while !page(hub, path).await.contains(words) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let shown = tokio::time::timeout(Duration::from_secs(30), shown).await;
    shown.unwrap_or_else(|_| panic!("{path} never shows `{words}`"));
}

#[tokio::test]
async fn what_is_known_of_a_place_that_is_away_is_shown() {
    let root = tempfile::tempdir().unwrap();
    make(root.path());
    let path = root.path().to_owned();
    let open = move || lost(&path);
    let far = Workspace::new("far".to_owned(), "far".to_owned(), true, Box::new(open));
    let hub = hub_of(vec![far]);
    let run = "experiment=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&run=20260101_000000";
    until_shown(&hub, "/workspaces/far/head?tab=Jobs", "the link dropped").await;
    for (path, expected) in [
        ("/workspaces/far", "of 3 done"),
        ("/workspaces/far/jobs", "ccc3"),
        (&*format!("/workspaces/far/jobs?{run}"), "Delete this run"),
        (
            &format!("/workspaces/far/graph?{run}"),
            "Lines are not known while the workspace is away.",
        ),
        ("/workspaces/far/log", "the link dropped."),
    ] {
        let html = page(&hub, path).await;
        assert!(html.contains(expected), "{path}: {html}");
        assert!(html.contains("away"), "{path}: {html}");
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_tried_by_who_goes_there() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let open = move || -> Result<Arc<dyn Source>, SourceError> {
        counted.fetch_add(1, Ordering::SeqCst);
        Err(SourceError::Unknown("no workspace yet".to_owned()))
    };
    let none = Workspace::new("none".to_owned(), "none".to_owned(), false, Box::new(open));
    let hub = hub_of(vec![none]);
    until_shown(&hub, "/workspaces/list", "not open").await;
    for _ in 0..3 {
        page(&hub, "/workspaces/list").await;
    }
    assert_eq!(tries.load(Ordering::SeqCst), 1, "by the list");
    let viewer = hub.somebody(Role::Viewer);
    assert_eq!(viewer.get("/workspaces/none").await.status, 503);
    assert_eq!(tries.load(Ordering::SeqCst), 2, "by its page");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_said_to_be_away() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("xp");
    make(&place);
    let path = place.clone();
    let open = move || opened(&path);
    let here = Workspace::new("here".to_owned(), "here".to_owned(), false, Box::new(open));
    let hub = hub_of(vec![here]);
    until_shown(&hub, "/workspaces/list", ">here<").await;
    fs::rename(&place, root.path().join("elsewhere")).unwrap();
    until_shown(&hub, "/workspaces/list", "the folder is gone").await;
}

#[tokio::test]
async fn a_log_that_is_written_anew_breaks_its_download_off() {
    const SIZE: usize = 12 << 20;
    let root = tempfile::tempdir().unwrap();
    make(root.path());
    let log = "jobs/m.prepare/aaa1/prepare.out";
    write(root.path(), log, &"x".repeat(SIZE));
    let path = root.path().to_owned();
    let open = move || opened(&path);
    let lab = Workspace::new("lab".to_owned(), "lab".to_owned(), false, Box::new(open));
    let hub = hub_of(vec![lab]);
    let file = "/workspaces/lab/log/file?task=m.prepare&job=aaa1";
    let whole = hub.somebody(Role::Viewer).get(file).await;
    assert_eq!((whole.status.as_u16(), whole.bytes.len()), (200, SIZE));
    assert_eq!(
        whole.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    let asked = hub.somebody(Role::Viewer).request(Method::GET, file);
    let answer = hub.open(asked.body(Body::empty()).unwrap()).await;
    let mut pieces = answer.into_body().into_data_stream();
    assert!(pieces.next().await.unwrap().is_ok());
    write(root.path(), log, "anew\n");
    let mut is_broken = false;
    while let Some(piece) = pieces.next().await {
        is_broken = piece.is_err();
    }
    assert!(is_broken, "it is taken for whole");
}

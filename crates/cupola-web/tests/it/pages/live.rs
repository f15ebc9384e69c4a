//! A part that shows something else after a change has named a key of that change.

use std::collections::HashSet;

use cupola_domain::access::Role;
use cupola_protocol::events::keys_of_parts;
use serde_json::json;

use super::scene::{Part, Scene, parts};
use crate::harness::Caller;

/// What stands on a page, by part.
async fn read(caller: &Caller<'_>, path: &str) -> Vec<(Part, String)> {
    let mut read = Vec::new();
    for part in parts(&caller.get(path).await.text()) {
        let html = caller.get(&part.src).await.text();
        read.push((part, html));
    }
    read
}

/// Looks at all pages, lets `change` happen, and looks again; says how many parts changed.
async fn check(scene: &Scene, change: impl AsyncFnOnce()) -> usize {
    let caller = scene.hub.somebody(Role::Admin);
    let paths = [
        "/".to_owned(),
        "/briefs".to_owned(),
        "/families".to_owned(),
        "/tasks".to_owned(),
        "/workers".to_owned(),
        "/experiments".to_owned(),
        "/training".to_owned(),
        "/training/models".to_owned(),
        "/training/metrics".to_owned(),
        format!("/experiments/{}", scene.experiment),
        format!("/briefs/{}", scene.brief),
        format!("/families/{}", scene.family),
        format!("/tasks/{}", scene.running.task),
        format!("/tasks/{}", scene.failed.task),
        format!("/tasks/{}", scene.pending.task),
        format!("/runs/{}", scene.running.run),
        format!("/runs/{}", scene.failed.run),
        format!("/runs/{}", scene.pending.run),
        format!("/workers/{}", scene.worker),
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push((read(&caller, &path).await, path));
    }
    let seq = scene.hub.hub.last_change().unwrap();
    change().await;
    cupola_hub::loops::training::tick(&scene.hub.hub).unwrap();
    let rows = scene.hub.hub.changes_after(seq, 1_000).unwrap();
    let told: HashSet<String> = rows
        .iter()
        .flat_map(|row| keys_of_parts(&row.kind, &row.subject, row.parent.as_deref()))
        .collect();
    let mut changed = 0;
    for (parts, path) in before {
        for (part, html) in parts {
            if caller.get(&part.src).await.text() == html {
                continue;
            }
            changed += 1;
            // Curves hear of points inside, where a script goes on drawing them.
            let points = html.split("data-live=\"").skip(1);
            let points = points.filter_map(|rest| rest.split('"').next());
            let mut points = points.filter(|_| part.src.ends_with("/curves"));
            let is_told = part.keys.iter().any(|key| told.contains(key))
                || points.any(|key| told.contains(key));
            assert!(
                is_told,
                "{path}: {} changed, but of {told:?} it hears only {:?}",
                part.src, part.keys
            );
        }
    }
    changed
}

#[tokio::test]
async fn progress_is_told() {
    let scene = Scene::new().await;
    let changed = check(&scene, async || scene.report(&scene.running, 1, 0.7).await).await;
    assert!(changed >= 2, "{changed}");
}

#[tokio::test]
async fn what_a_machine_does_is_told() {
    let scene = Scene::new().await;
    let changed = check(&scene, async || scene.measure(1, 75.0).await).await;
    // The worker's curves, and the hardware of the run that runs there.
    assert!(changed >= 2, "{changed}");
}

#[tokio::test]
async fn a_lease_and_a_start_are_told() {
    let scene = Scene::new().await;
    let change = async || {
        let leased = scene.lease(1).await;
        scene.start(&leased[0]).await;
    };
    let changed = check(&scene, change).await;
    assert!(changed >= 8, "{changed}");
}

#[tokio::test]
async fn an_end_is_told() {
    let scene = Scene::new().await;
    let changed = check(&scene, async || {
        scene.finish(&scene.running, "completed").await;
    })
    .await;
    assert!(changed >= 12, "{changed}");
}

#[tokio::test]
async fn a_retry_is_told() {
    let scene = Scene::new().await;
    let change = async || {
        let path = format!("/tasks/{}/retry", scene.failed.task);
        assert_eq!(scene.post(Role::Researcher, &path, "").await.status, 303);
    };
    let changed = check(&scene, change).await;
    assert!(changed >= 6, "{changed}");
}

#[tokio::test]
async fn a_cancellation_is_told() {
    let scene = Scene::new().await;
    let change = async || {
        let path = format!("/families/{}/cancellation", scene.family);
        assert_eq!(scene.post(Role::Researcher, &path, "").await.status, 303);
    };
    let changed = check(&scene, change).await;
    assert!(changed >= 8, "{changed}");
}

#[tokio::test]
async fn an_experiments_runs_and_its_edit_are_told() {
    let scene = Scene::new().await;
    let page = format!("/experiments/{}", scene.experiment);
    let post = async |part: &str, form: &str| {
        let path = format!("{page}{part}");
        let answer = scene.post(Role::Researcher, &path, form).await;
        assert_eq!(answer.status, 303, "{part}: {}", answer.text());
    };
    assert!(check(&scene, async || post("/start", "runs=2").await).await >= 3);
    let leased = scene.lease(2).await;
    let one = leased.last().unwrap();
    assert!(check(&scene, async || scene.start(one).await).await >= 2);
    assert!(check(&scene, async || scene.report(one, 0, 0.3).await).await >= 1);
    assert!(check(&scene, async || scene.finish(one, "completed").await).await >= 3);
    let edited = "op=save&template=layered&name=Other&config.lr=0.25";
    assert!(check(&scene, async || post("/edit", edited).await).await >= 3);
    assert!(check(&scene, async || post("/cancellation", "").await).await >= 3);
    assert!(check(&scene, async || post("/deletion", "").await).await >= 1);
}

#[tokio::test]
async fn a_brief_and_a_worker_are_told() {
    let scene = Scene::new().await;
    let change = async || {
        scene.hub.somebody(Role::Researcher).submit_brief(2).await;
        let worker = scene.hub.somebody(Role::Worker);
        worker.join("s2").await;
    };
    let changed = check(&scene, change).await;
    assert!(changed >= 5, "{changed}");
    let gone = async || {
        let path = format!("/api/v1/workers/{}/departure", scene.worker);
        let last = json!({"session": "s1", "holding": []});
        scene.as_worker().post(&path, &last).await.expect(204);
    };
    assert!(check(&scene, gone).await >= 1);
}

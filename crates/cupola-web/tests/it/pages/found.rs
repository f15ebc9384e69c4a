//! All runs, by a filter, on the page and as the API has them.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use super::scene::{ESCAPED, HOSTILE, Scene};

/// The scene's metric, as an address says it.
const METRIC: &str = "metrics.%22%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%22";

/// The numbers of the tasks of the runs that the API finds, in order.
async fn found(scene: &Scene, query: &str) -> Vec<u64> {
    let viewer = scene.hub.somebody(Role::Viewer);
    let page = viewer.get(&format!("/api/v1/runs?{query}")).await;
    let items = page.expect(200)["items"].take();
    let items = items.as_array().expect("a list").clone();
    let number = |run: &Value| run["task_number"].as_u64().expect("a number");
    items.iter().map(number).collect()
}

#[tokio::test]
async fn runs_are_found_by_state_by_what_they_used_and_by_what_they_measured() {
    let scene = Scene::new().await;
    let all = found(&scene, "order=task").await;
    assert_eq!(all, [0, 1, 2, 3]);
    let above = format!("filter={METRIC}%20%3E%200.6");
    let missing = format!("filter={METRIC}%20is%20missing");
    for (query, expected) in [
        ("filter=state%20%3D%20running", 1),
        ("filter=state%20in%20(completed,failed)", 2),
        ("filter=not%20state%20%3D%20pending&order=task%20desc", 3),
        (&above, 1),
        (&missing, 2),
        ("experiments=01900000-0000-7000-8000-000000000000", 0),
    ] {
        assert_eq!(found(&scene, query).await.len(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_run_is_given_with_the_columns_that_are_asked_for() {
    let scene = Scene::new().await;
    let viewer = scene.hub.somebody(Role::Viewer);
    let query = format!("filter=state%20%3D%20completed&columns={METRIC},tags.none");
    let page = viewer
        .get(&format!("/api/v1/runs?{query}"))
        .await
        .expect(200);
    assert_eq!(page["total"], 1);
    assert_eq!(page["has_more"], false);
    let run = &page["items"][0];
    assert_eq!(run["run_id"], scene.completed.run.as_str());
    assert_eq!(run["metrics"][HOSTILE]["value"], 0.9);
    assert_eq!(run["params"], json!({}));
    let all = viewer.get("/api/v1/runs?per_page=1").await.expect(200);
    assert!(!all["items"][0]["params"].as_object().unwrap().is_empty());
    assert_eq!(all["has_more"], true);
}

#[tokio::test]
async fn mistakes_are_named_by_the_api_and_shown_by_the_page() {
    let scene = Scene::new().await;
    let viewer = scene.hub.somebody(Role::Viewer);
    let answer = viewer
        .get("/api/v1/runs?filter=params.lr%20%3C&order=x&columns=1")
        .await;
    assert_eq!(answer.problem(422), "invalid");
    let errors = answer.json()["errors"].take();
    assert_eq!(errors.as_array().unwrap().len(), 3);
    assert_eq!(errors[0]["field"], "filter");
    let message = "column 12: the end is not a value; write a number or a text in quotes";
    assert_eq!(errors[0]["message"], message);
    for path in ["/runs", "/runs/list"] {
        let html = scene
            .page(Role::Viewer, &format!("{path}?filter=params.lr%20%3C"))
            .await;
        assert!(
            html.contains("role=\"alert\">Filter, column 12: the end is not a value"),
            "{html}"
        );
        assert!(html.contains("Filters to begin with"), "{html}");
    }
}

#[tokio::test]
async fn the_page_shows_runs_with_their_columns_and_sorts_by_each() {
    let scene = Scene::new().await;
    let columns = format!("/runs?columns={METRIC}.max,name");
    let html = scene.page(Role::Viewer, &columns).await;
    for shown in [
        &scene.completed.run,
        "4 runs",
        &format!("metrics.\"{ESCAPED}\".max").replace('"', "&#34;"),
        "?order=metrics.%22%3Cimg",
        "0.9",
    ] {
        assert!(html.contains(shown), "no `{shown}` in {html}");
    }
    let sorted = scene.page(Role::Viewer, "/runs?order=task").await;
    assert!(sorted.contains("aria-sort=\"ascending\""), "{sorted}");
    assert!(sorted.contains("order=task%20desc"), "{sorted}");
    let none = scene
        .page(Role::Viewer, "/runs?filter=task%20%3D%2099")
        .await;
    assert!(none.contains("No run matches"), "{none}");
    let late = scene.page(Role::Viewer, "/runs?page=9").await;
    assert!(late.contains("No more runs"), "{late}");
    assert!(!html.contains("<img src=x"));
}

#[tokio::test]
async fn names_are_suggested_by_their_beginning() {
    let scene = Scene::new().await;
    let viewer = scene.hub.somebody(Role::Viewer);
    let names = async |prefix: &str| {
        let path = format!("/runs/names?prefix={prefix}");
        viewer.get(&path).await.expect(200)["names"].take()
    };
    assert_eq!(
        names("metrics.%3C").await,
        json!([format!("metrics.\"{HOSTILE}\"")])
    );
    assert_eq!(names("tags.x").await, json!([]));
    let answer = viewer.get("/runs/names?prefix=lr").await;
    assert_eq!(answer.problem(422), "invalid");
    let message = "is `lr`; begin with `params.`, `metrics.` or `tags.`";
    assert_eq!(answer.json()["errors"][0]["message"], message);
}

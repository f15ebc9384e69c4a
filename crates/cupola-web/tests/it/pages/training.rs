//! The pages of training: what is not known says so, names stay names, many models stay one page.

use axum::http::Method;
use cupola_domain::access::Role;
use cupola_hub::{experiments::ExperimentDraft, loops};
use serde_json::Value;

use super::scene::{ESCAPED, HOSTILE, Scene};

const PAGES: [&str; 3] = ["/training", "/training/models", "/training/metrics"];

/// An experiment that trains `model`, with a run that waits.
fn experiment(scene: &Scene, model: &str) {
    let draft = ExperimentDraft {
        name: format!("of {model}"),
        template: "layered".to_owned(),
        config: serde_json::json!({"lr": 0.5}).as_object().unwrap().clone(),
        tags: [("model".to_owned(), model.to_owned())].into(),
        ..ExperimentDraft::default()
    };
    let made = scene.hub.hub.create_experiment(&draft, "ada").unwrap();
    scene
        .hub
        .hub
        .start_experiment(made.experiment.id, 1)
        .unwrap();
}

#[tokio::test]
async fn a_hostile_model_is_a_name_on_every_page() {
    let scene = Scene::new().await;
    experiment(&scene, HOSTILE);
    let leased = scene.lease(3).await;
    for one in &leased {
        scene.start(one).await;
        scene.report(one, 0, 0.4).await;
    }
    for page in &PAGES[..2] {
        let html = scene.page(Role::Viewer, page).await;
        assert!(!html.contains(HOSTILE), "{page}");
        assert!(html.contains(ESCAPED), "{page}: {html}");
    }
}

#[tokio::test]
async fn nothing_is_zero_that_is_not_known() {
    let scene = Scene::new().await;
    experiment(&scene, "majora");
    for one in &scene.lease(9).await {
        scene.start(one).await;
    }
    let html = scene.page(Role::Viewer, "/training").await;
    for why in [
        "no machine that trained it has a price",
        "the machine has no price",
        "its program does not say how far it is",
        "too little was measured, or a program does not say how far it is",
    ] {
        assert!(html.contains(why), "`{why}` is not said: {html}");
    }
    assert!(!html.contains("$0.0000"), "{html}");
}

#[tokio::test]
async fn without_models_it_is_said_what_to_do() {
    let scene = Scene::new().await;
    for page in &PAGES[..2] {
        let html = scene.page(Role::Viewer, page).await;
        assert!(html.contains("No models are trained yet"), "{page}");
    }
}

#[tokio::test]
async fn many_models_are_several_pages() {
    let scene = Scene::new().await;
    for n in 0..120 {
        experiment(&scene, &format!("model-{n:03}"));
    }
    let rows = async |page: &str| {
        let html = scene.page(Role::Viewer, page).await;
        html.matches("<tr id=\"model-").count()
    };
    assert_eq!(rows("/training").await, 25);
    assert_eq!(rows("/training?page=5").await, 20);
    assert_eq!(rows("/training?page=9").await, 20);
    let html = scene.page(Role::Viewer, "/training").await;
    assert!(html.contains("1–25 of 120"), "{html}");
    assert!(
        html.contains("/training/models?page=2#card-"),
        "a card is on another page: {html}"
    );
    assert_eq!(
        scene.open(Role::Viewer, "/training?page=0").await.status,
        422
    );
}

#[tokio::test]
async fn the_models_are_exported_and_no_name_is_a_formula() {
    let scene = Scene::new().await;
    experiment(&scene, "=1+1");
    let csv = scene
        .open(Role::Viewer, "/training/export?format=csv")
        .await;
    assert_eq!(
        csv.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert!(
        csv.text().contains("\r\n'=1+1,'=1+1,pending,measured,"),
        "{}",
        csv.text()
    );
    let json = scene
        .open(Role::Viewer, "/training/export?format=json")
        .await;
    let json: Value = serde_json::from_str(&json.text()).unwrap();
    assert_eq!(
        (&json[0]["key"], &json[0]["cost"]),
        (&"=1+1".into(), &Value::Null)
    );
    let refused = scene
        .open(Role::Viewer, "/training/export?format=xls")
        .await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn what_is_shown_is_told_once_it_was_made_anew() {
    let scene = Scene::new().await;
    experiment(&scene, "majora");
    scene.page(Role::Viewer, "/training").await;
    loops::training::tick(&scene.hub.hub).unwrap();
    let viewer = scene.hub.somebody(Role::Viewer);
    let part = async || {
        let asked = viewer
            .request(Method::GET, "/training/table")
            .header("x-part", "1");
        let answer = scene
            .hub
            .send(asked.body(axum::body::Body::empty()).unwrap())
            .await;
        answer.text()
    };
    assert!(part().await.contains("pending"));
    let seq = scene.hub.hub.last_change().unwrap();
    for one in &scene.lease(9).await {
        scene.start(one).await;
    }
    assert_eq!(loops::training::tick(&scene.hub.hub).unwrap(), 1);
    let rows = scene.hub.hub.changes_after(seq, 100).unwrap();
    assert!(rows.iter().any(|row| row.kind == "monitor"));
    assert!(part().await.contains("running"));
}

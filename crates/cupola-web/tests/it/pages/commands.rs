//! What is asked before something is lost, and what happens then.

use cupola_domain::access::Role;

use super::scene::{ESCAPED, Scene};

/// Answers yes to the question at `path` and follows where that leads.
async fn confirm(scene: &Scene, role: Role, path: &str, to: &str) {
    let question = scene.page(role, path).await;
    assert!(question.contains("data-confirmation"), "{path}");
    assert!(
        question.contains(&format!("action=\"{path}\"")),
        "{path}: {question}"
    );
    let answer = scene.post(role, path, "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, to),
        "{path}: {}",
        answer.text()
    );
}

#[tokio::test]
async fn a_brief_is_deleted_after_a_question() {
    let scene = Scene::new().await;
    let brief = format!("/briefs/{}", scene.brief);
    let deletion = format!("{brief}/deletion");
    let question = scene.page(Role::Researcher, &deletion).await;
    assert!(question.contains(ESCAPED) && question.contains("4 tasks with results"));
    confirm(&scene, Role::Researcher, &deletion, "/briefs").await;
    assert_eq!(scene.open(Role::Viewer, &brief).await.status, 404);
    assert!(
        scene
            .page(Role::Viewer, "/briefs")
            .await
            .contains("No briefs yet")
    );
    assert_eq!(
        scene.post(Role::Researcher, &deletion, "").await.status,
        404
    );
}

#[tokio::test]
async fn a_family_is_deleted_with_its_brief() {
    let scene = Scene::new().await;
    let deletion = format!("/families/{}/deletion", scene.family);
    confirm(&scene, Role::Researcher, &deletion, "/families").await;
    assert!(
        scene
            .page(Role::Viewer, "/families")
            .await
            .contains("No families yet")
    );
}

#[tokio::test]
async fn what_waits_is_cancelled_and_tried_again() {
    let scene = Scene::new().await;
    let task = format!("/tasks/{}", scene.pending.task);
    confirm(
        &scene,
        Role::Researcher,
        &format!("{task}/cancellation"),
        &task,
    )
    .await;
    assert!(
        scene
            .page(Role::Researcher, &task)
            .await
            .contains(">cancelled<")
    );
    let answer = scene
        .post(Role::Researcher, &format!("{task}/retry"), "")
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, task.as_str())
    );
    assert!(
        scene
            .page(Role::Researcher, &task)
            .await
            .contains(">pending<")
    );
    let run = format!("/runs/{}", scene.running.run);
    confirm(
        &scene,
        Role::Researcher,
        &format!("{run}/cancellation"),
        &run,
    )
    .await;
    assert!(
        scene
            .page(Role::Researcher, &run)
            .await
            .contains("cancelling")
    );
}

#[tokio::test]
async fn what_comes_too_late_is_told_in_words() {
    let scene = Scene::new().await;
    let task = |id: &str, part: &str| format!("/tasks/{id}{part}");
    for (path, words, back) in [
        (
            task(&scene.completed.task, "/cancellation"),
            "is already completed",
            task(&scene.completed.task, ""),
        ),
        (
            task(&scene.running.task, "/retry"),
            "only a failed or cancelled one is retried",
            task(&scene.running.task, ""),
        ),
        (
            format!("/runs/{}/cancellation", scene.failed.run),
            "is already failed",
            format!("/runs/{}", scene.failed.run),
        ),
    ] {
        let answer = scene.post(Role::Researcher, &path, "").await;
        let html = answer.text();
        assert_eq!(answer.status, 409, "{path}");
        assert!(
            html.contains("<h1>Not possible now</h1>") && html.contains(words),
            "{path}: {html}"
        );
        assert!(
            html.contains(&format!("href=\"{back}\"")) && html.contains("</html>"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_worker_is_drained_after_a_question_and_let_work_again() {
    let scene = Scene::new().await;
    let worker = format!("/workers/{}", scene.worker);
    let drain = format!("{worker}/drain");
    let question = scene.page(Role::Operator, &drain).await;
    assert!(question.contains("1 run that it has: it finishes them"));
    assert!(
        !scene
            .page(Role::Viewer, &worker)
            .await
            .contains(">Drain</a>")
    );
    confirm(&scene, Role::Operator, &drain, &worker).await;
    let shown = scene.page(Role::Operator, &worker).await;
    assert!(shown.contains("draining") && shown.contains("Let work again"));
    let list = scene.page(Role::Viewer, "/workers").await;
    assert!(list.contains("draining"), "{list}");
    let undrain = format!("{worker}/undrain");
    assert_eq!(scene.post(Role::Researcher, &undrain, "").await.status, 403);
    let answer = scene.post(Role::Operator, &undrain, "").await;
    assert_eq!(answer.status, 303);
    let shown = scene.page(Role::Operator, &worker).await;
    assert!(!shown.contains("draining") && shown.contains(">Drain</a>"));
}

#[tokio::test]
async fn a_worker_is_removed_and_a_token_revoked() {
    let scene = Scene::new().await;
    let removal = format!("/workers/{}/removal", scene.worker);
    assert!(
        scene
            .page(Role::Operator, &removal)
            .await
            .contains("1 run that it has")
    );
    confirm(&scene, Role::Operator, &removal, "/workers").await;
    assert!(
        scene
            .page(Role::Viewer, "/workers")
            .await
            .contains("No workers")
    );
    let revocation = format!("/settings/tokens/{}/revocation", scene.token);
    confirm(&scene, Role::Admin, &revocation, "/settings/tokens").await;
    assert!(
        scene
            .page(Role::Admin, "/settings/tokens")
            .await
            .contains(">revoked<")
    );
}

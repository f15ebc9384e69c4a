//! What pages say of what is there.

use cupola_domain::access::Role;

use super::scene::Scene;

/// A page without its tags, its white space made one.
fn words(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push(' ');
        text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn check(scene: &Scene, path: &str, expected: &[&str]) {
    let words = words(&scene.page(Role::Admin, path).await);
    for expected in expected {
        assert!(
            words.contains(expected),
            "{path}: no `{expected}` in {words}"
        );
    }
}

#[tokio::test]
async fn each_state_is_shown_with_what_goes_with_it() {
    let scene = Scene::new().await;
    let task = |id: &str| format!("/tasks/{id}");
    let run = |id: &str| format!("/runs/{id}");
    check(
        &scene,
        &task(&scene.completed.task),
        &[
            "completed",
            "Success Yes",
            "3.5000 val_bpb",
            "9 s",
            "measured",
        ],
    )
    .await;
    check(
        &scene,
        &task(&scene.failed.task),
        &["failed could not be started", "Success No:", "Retry"],
    )
    .await;
    check(
        &scene,
        &task(&scene.running.task),
        &["running", "The task has not ended yet.", "Cancel"],
    )
    .await;
    check(
        &scene,
        &task(&scene.pending.task),
        &["pending", "The task has not ended yet.", "Cancel"],
    )
    .await;
    check(
        &scene,
        &run(&scene.completed.run),
        &["completed", "3.5000", "last 0.90000"],
    )
    .await;
    check(
        &scene,
        &run(&scene.failed.run),
        &[
            "failed could not be started",
            "The program has sent no points",
        ],
    )
    .await;
    check(
        &scene,
        &run(&scene.running.run),
        &["running", "50 %", "Cancel"],
    )
    .await;
    check(
        &scene,
        &run(&scene.pending.run),
        &["pending", "Known once the program has started."],
    )
    .await;
}

#[tokio::test]
async fn a_campaign_is_summed_up() {
    let scene = Scene::new().await;
    for path in [
        format!("/briefs/{}", scene.brief),
        format!("/families/{}", scene.family),
    ] {
        check(
            &scene,
            &path,
            &[
                "1 completed, 1 failed / 4 total",
                "1 completed 1 failed 1 running 1 pending",
                "Best val_bpb 3.5000 Mean 3.5000 Std dev 0",
                "Successful runs 1",
                "val_bpb against order for 2 tasks.",
                "4 tasks",
                "Cancel what is left",
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn counters_add_up_on_every_page() {
    let scene = Scene::new().await;
    check(
        &scene,
        "/",
        &[
            "Tasks 4",
            "1 pending 1 running 1 completed 1 failed 0 cancelled",
        ],
    )
    .await;
    let chips = "all 4 pending 1 running 1 completed 1 failed 1 cancelled 0";
    check(&scene, "/tasks", &[chips, "4 tasks"]).await;
    check(&scene, "/tasks?state=failed", &[chips, "1 task "]).await;
    let none = "all 0 pending 0 running 0 completed 0 failed 0 cancelled 0";
    check(
        &scene,
        "/tasks?q=nothing-like-this",
        &[none, "No tasks here"],
    )
    .await;
    let one = format!("/tasks?q={}&state=failed", scene.completed.task);
    check(
        &scene,
        &one,
        &["all 1 pending 0 running 0 completed 1 failed 0", "0 tasks"],
    )
    .await;
    check(&scene, "/tasks?sort=value", &["1 task with a value"]).await;
    check(&scene, "/tasks?sort=completed", &["2 tasks that ended"]).await;
}

#[tokio::test]
async fn the_log_is_plain_and_says_what_is_missing() {
    let scene = Scene::new().await;
    scene.report(&scene.running, 1, 0.6).await;
    let html = scene
        .page(Role::Viewer, &format!("/runs/{}/log", scene.running.run))
        .await;
    assert!(html.contains("title=\"stderr\"") && html.contains("title=\"stdout\""));
    assert!(
        html.contains(">line 0</span> &#60;img") && !html.contains("[31m"),
        "{html}"
    );
    assert!(!html.contains('\u{1b}') && !html.contains('\u{7}'));
    assert_eq!(html.matches("2.0 KiB left out here").count(), 2);
    assert!(html.contains("data-over=\"false\""));
    let more = format!("/runs/{}/log?from=after:1", scene.running.run);
    let html = scene.page(Role::Viewer, &more).await;
    assert!(
        html.contains(">line 1<") && !html.contains(">line 0<"),
        "{html}"
    );
    let raw = scene
        .open(
            Role::Viewer,
            &format!("/runs/{}/log.txt", scene.running.run),
        )
        .await;
    assert!(raw.header("content-disposition").starts_with("attachment"));
    assert!(raw.text().contains("\u{1b}[31mline 0"));
}

#[tokio::test]
async fn nobody_is_offered_what_they_may_not_do() {
    let scene = Scene::new().await;
    let brief = format!("/briefs/{}", scene.brief);
    let worker = format!("/workers/{}", scene.worker);
    let running = format!("/runs/{}", scene.running.run);
    for (role, path, offers) in [
        (Role::Viewer, &brief, false),
        (Role::Researcher, &brief, true),
        (Role::Viewer, &running, false),
        (Role::Researcher, &running, true),
        (Role::Researcher, &worker, false),
        (Role::Operator, &worker, true),
    ] {
        let html = scene.page(role, path).await;
        assert_eq!(
            html.contains("data-behavior=\"confirm\""),
            offers,
            "{role} {path}"
        );
    }
    assert!(
        !scene
            .page(Role::Operator, "/")
            .await
            .contains("/settings/tokens")
    );
    assert!(
        scene
            .page(Role::Admin, "/")
            .await
            .contains("/settings/tokens")
    );
}

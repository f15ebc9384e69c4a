//! Parts that are made once for all who look.

use axum::{body::Body, http::Method};
use cupola_domain::access::Role;

use super::scene::Scene;
use crate::harness::Caller;

async fn part(caller: &Caller<'_>, path: &str) -> String {
    let asked = caller.request(Method::GET, path).header("x-part", "1");
    let answer = caller.hub.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.text()
}

/// How many parts were made, and how many were answered from what was kept.
async fn counts(scene: &Scene) -> (u64, u64) {
    let metrics = scene
        .hub
        .somebody(Role::Viewer)
        .get("/metrics")
        .await
        .text();
    let count = |name: &str| {
        let line = metrics.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    (
        count("cupola_parts_total{from=\"made\"}"),
        count("cupola_parts_total{from=\"kept\"}"),
    )
}

#[tokio::test]
async fn a_hundred_who_look_at_once_cost_one_or_two() {
    let scene = Scene::new().await;
    let path = format!("/runs/{}/header", scene.running.run);
    let viewer = scene.hub.somebody(Role::Viewer);
    part(&viewer, &path).await;
    scene.report(&scene.running, 1, 0.7).await;
    let before = counts(&scene).await;
    let all = (0..100).map(|_| part(&viewer, &path));
    let answers = futures(all).await;
    assert!(
        answers.iter().all(|html| html.contains("70")),
        "{}",
        answers[0]
    );
    let after = counts(&scene).await;
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 99));
}

async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut answers = Vec::new();
    // Each is begun before the first is done.
    std::future::poll_fn(|context| {
        all.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    answers
}

#[tokio::test]
async fn whoever_was_answered_sees_what_they_did() {
    let scene = Scene::new().await;
    let path = format!("/runs/{}/header", scene.running.run);
    let viewer = scene.hub.somebody(Role::Viewer);
    for seq in 1..60 {
        let percent = seq + 10;
        let fraction = f64::from(percent) / 100.0;
        scene.report(&scene.running, seq, fraction).await;
        for _ in 0..3 {
            let html = part(&viewer, &path).await;
            assert!(html.contains(&format!("{percent} %")), "{percent}: {html}");
        }
    }
    let (made, kept) = counts(&scene).await;
    assert!(kept >= 100 && made <= 62, "{made} made, {kept} kept");
}

#[tokio::test]
async fn a_role_gets_nothing_that_was_made_for_another() {
    let scene = Scene::new().await;
    let path = format!("/runs/{}/header", scene.running.run);
    let roles = [Role::Researcher, Role::Viewer, Role::Admin, Role::Viewer];
    for role in roles.into_iter().cycle().take(12) {
        let html = part(&scene.hub.somebody(role), &path).await;
        assert_eq!(
            html.contains("data-behavior=\"confirm\""),
            role != Role::Viewer,
            "{role}"
        );
    }
}

#[tokio::test]
async fn who_may_not_look_gets_nothing_that_was_kept() {
    let scene = Scene::new().await;
    let path = format!("/runs/{}/header", scene.running.run);
    let (secret, token) = scene.hub.token_for(Role::Viewer, None);
    let viewer = Caller {
        hub: &scene.hub,
        token: secret,
    };
    part(&viewer, &path).await;
    part(&viewer, &path).await;
    scene.hub.hub.revoke_token(token.id).unwrap();
    let asked = viewer.request(Method::GET, &path).header("x-part", "1");
    let answer = scene.hub.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 401);
}

//! What every page is told of runs that ended.

use cupola_domain::access::Role;

use super::scene::{Scene, attribute};

/// The notices after a change, as words, and where to go on.
async fn look(scene: &Scene, after: &str) -> (Vec<String>, String) {
    let viewer = scene.hub.somebody(Role::Viewer);
    let html = viewer.get(&format!("/toasts{after}")).await;
    assert_eq!(html.status, 200);
    let html = html.text();
    let notices = html.split("<li").skip(1).map(|notice| {
        let words = notice.split('>').filter_map(|text| text.split('<').next());
        words.skip(1).collect::<String>()
    });
    let words = |notice: String| notice.split_whitespace().collect::<Vec<_>>().join(" ");
    let next = attribute(&html, "data-next").unwrap();
    (notices.map(words).collect(), next)
}

#[tokio::test]
async fn what_ended_before_is_not_told_and_what_ends_is_told_once() {
    let scene = Scene::new().await;
    let (notices, next) = look(&scene, "").await;
    assert_eq!(notices, Vec::<String>::new());
    scene.finish(&scene.running, "completed").await;
    let (notices, then) = look(&scene, &format!("?after={next}")).await;
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("completed"), "{notices:?}");
    let (notices, _) = look(&scene, &format!("?after={then}")).await;
    assert_eq!(notices, Vec::<String>::new());
}

#[tokio::test]
async fn what_nobody_had_is_cancelled_silently() {
    let scene = Scene::new().await;
    let (_, next) = look(&scene, "").await;
    let path = format!("/tasks/{}/cancellation", scene.pending.task);
    assert_eq!(scene.post(Role::Researcher, &path, "").await.status, 303);
    let (notices, _) = look(&scene, &format!("?after={next}")).await;
    assert_eq!(notices, Vec::<String>::new());
}

#[tokio::test]
async fn a_number_of_another_database_begins_anew() {
    let scene = Scene::new().await;
    let (notices, next) = look(&scene, "?after=999999").await;
    let last = scene.hub.hub.last_change().unwrap().to_string();
    assert_eq!((notices, next), (Vec::new(), last));
}

#[tokio::test]
async fn what_ended_while_nobody_looked_is_still_told() {
    let scene = Scene::new().await;
    // The scene ended two runs before anybody asked, and one of them opened an alert.
    let (notices, next) = look(&scene, "?after=0").await;
    assert_eq!(notices.len(), 3, "{notices:?}");
    assert!(notices[2].contains("failed: spawn failed"), "{notices:?}");
    let (notices, _) = look(&scene, &format!("?after={next}")).await;
    assert_eq!(notices, Vec::<String>::new());
}

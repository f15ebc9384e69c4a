//! Forms: what is wrong is named beside its field, and what was typed is kept.

use cupola_domain::access::Role;

use super::scene::{ESCAPED, Scene};

const BRIEF: &str = "title=&goal=Find+out&constraints=&template=char-lm&num_tasks=3&time_budget=5\
     &budget_credits=&hardware=small&sampler=random&study_seed=1";

#[tokio::test]
async fn a_brief_leads_to_its_page() {
    let scene = Scene::new().await;
    let form = format!("{BRIEF}&parameter=lr&expression=fixed(0.01)&parameter=&expression=");
    let answer = scene.post(Role::Researcher, "/briefs", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = scene.page(Role::Viewer, answer.header("location")).await;
    assert!(
        page.contains("Find out") && page.contains("fixed(0.01)"),
        "{page}"
    );
    assert!(
        page.contains("random, study seed 1") && page.contains("0 completed, 0 failed / 3 total")
    );
}

/// Sends a form that is wrong and says what its answer must contain.
async fn check(scene: &Scene, form: &str, expected: &[&str]) {
    let answer = scene.post(Role::Researcher, "/briefs", form).await;
    let html = answer.text();
    assert_eq!(answer.status, 422, "{html}");
    for expected in expected {
        assert!(html.contains(expected), "no `{expected}` in {html}");
    }
}

#[tokio::test]
async fn each_wrong_field_is_named_and_kept() {
    let scene = Scene::new().await;
    let form = "title=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&goal=&num_tasks=-3&time_budget=soon\
         &budget_credits=lots&hardware=huge&sampler=lucky&study_seed=x&template=char-lm";
    let kept = [ESCAPED, "value=\"-3\"", "value=\"soon\"", "value=\"lots\""];
    check(&scene, form, &kept).await;
    for field in [
        "goal",
        "num_tasks",
        "time_budget",
        "budget_credits",
        "hardware",
        "sampler",
        "study_seed",
    ] {
        let (error, anchor) = (
            format!("id=\"{field}-error\""),
            format!("href=\"#{field}\""),
        );
        check(&scene, form, &[&error, &anchor]).await;
    }
}

#[tokio::test]
async fn a_wrong_row_of_the_space_is_named_and_kept() {
    let scene = Scene::new().await;
    let row =
        |name: &str, expression: &str| format!("{BRIEF}&parameter={name}&expression={expression}");
    check(
        &scene,
        &row("lr", "uniform(2,+1)"),
        &[
            "id=\"space-1-error\"",
            "value=\"uniform(2, 1)\"",
            "<code>space.lr</code>",
        ],
    )
    .await;
    check(
        &scene,
        &row("lr", ""),
        &["id=\"space-1-error\"", "value=\"lr\""],
    )
    .await;
    check(
        &scene,
        &row("", "fixed(1)"),
        &["belongs to no parameter", "value=\"fixed(1)\""],
    )
    .await;
    check(&scene, &row("colour", "fixed(1)"), &["space.colour"]).await;
    let twice = format!("{}&parameter=lr&expression=fixed(2)", row("lr", "fixed(1)"));
    check(&scene, &twice, &["is there twice", "value=\"fixed(2)\""]).await;
}

#[tokio::test]
async fn another_template_brings_its_own_space_and_keeps_the_rest() {
    let scene = Scene::new().await;
    let page = scene.page(Role::Researcher, "/briefs/new").await;
    assert!(
        page.contains("value=\"lr\"") && page.contains("10 tasks × 1 min ≈ 3 min on 4 slots"),
        "{page}"
    );
    let asked = format!("/briefs/new?{BRIEF}&parameter=x&expression=fixed(1)&use_space=1");
    let page = scene.page(Role::Researcher, &asked).await;
    assert!(
        page.contains("Find out") && page.contains("value=\"lr\""),
        "{page}"
    );
    assert!(!page.contains("value=\"x\"") && page.contains("3 tasks × 5 s ≈ 5 s on 4 slots"));
    let unknown = scene
        .page(Role::Researcher, "/briefs/new?template=nothing")
        .await;
    assert!(unknown.contains("value=\"lr\""));
}

#[tokio::test]
async fn a_form_in_another_form_is_refused_as_a_page() {
    let scene = Scene::new().await;
    let answer = scene.post(Role::Researcher, "/briefs", "").await;
    assert_eq!(answer.status, 422);
    let answer = scene
        .hub
        .somebody(Role::Researcher)
        .post("/briefs", &serde_json::json!({}))
        .await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn a_token_is_shown_once() {
    let scene = Scene::new().await;
    let answer = scene
        .post(
            Role::Admin,
            "/settings/tokens",
            "name=kiln&role=worker&ttl_days=30",
        )
        .await;
    let html = answer.text();
    assert_eq!(answer.status, 200, "{html}");
    let secret = html.split("data-copy=\"").find_map(|rest| {
        rest.split('"')
            .next()
            .filter(|s| s.starts_with("cupola_worker_"))
    });
    let secret = secret.expect("the secret is shown");
    assert!(
        html.contains(&format!(
            "cupola worker --hub http://localhost:7171 --token {secret}"
        )),
        "{html}"
    );
    assert!(scene.hub.hub.authenticate(secret).is_ok());
    let again = scene.page(Role::Admin, "/settings/tokens").await;
    assert!(again.contains("kiln") && !again.contains(secret));
    for (form, field) in [
        ("name=&role=viewer&ttl_days=", "name"),
        ("name=a&role=king&ttl_days=", "role"),
        ("name=a&role=viewer&ttl_days=0", "ttl_days"),
    ] {
        let answer = scene.post(Role::Admin, "/settings/tokens", form).await;
        assert_eq!(answer.status, 422, "{form}");
        assert!(
            answer.text().contains(&format!("id=\"{field}-error\"")),
            "{form}: {}",
            answer.text()
        );
    }
}

//! The page of the assistant: questions, follow-ups, changes that are confirmed.

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::access::Role;
use serde_json::json;

use crate::harness::{Answer, Caller, TestHub};

const PAGE: &str = "/assistant";

async fn submit(caller: &Caller<'_>, path: &str, form: &str) -> Answer {
    let asked = caller.request(Method::POST, path);
    let asked = asked
        .header(header::ACCEPT, "text/html,*/*")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()));
    caller.hub.send(asked.unwrap()).await
}

async fn ask(caller: &Caller<'_>, question: &str) -> String {
    let form = format!("question={}", question.replace(' ', "+"));
    assert_eq!(submit(caller, PAGE, &form).await.status.as_u16(), 303);
    caller.get(PAGE).await.text()
}

/// What confirms the change of the newest turn that a page shows.
fn newest(page: &str) -> String {
    let number = page.rsplit_once("id=\"turn-").unwrap().1;
    format!("turn={}", number.split('"').next().unwrap())
}

#[tokio::test]
async fn a_conversation_ends_in_a_submitted_brief() {
    let hub = TestHub::new();
    let (ada, bob) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    assert!(
        ada.get(PAGE)
            .await
            .text()
            .contains("Ask about what is here")
    );
    ask(&ada, "draft a brief for the smallest loss with char-lm").await;
    ask(&ada, "make it 3 tasks of 1 minute").await;
    let page = ask(&ada, "submit it").await;
    assert!(
        page.contains("submit_brief") && page.contains("Do it"),
        "{page}"
    );
    let briefs = ada.get("/api/v1/briefs").await.expect(200);
    assert_eq!(briefs["total"], json!(0));
    for _ in 0..2 {
        assert_eq!(
            submit(&ada, "/assistant/changes", &newest(&page))
                .await
                .status
                .as_u16(),
            303
        );
    }
    let briefs = ada.get("/api/v1/briefs").await.expect(200);
    assert_eq!(
        briefs["total"],
        json!(1),
        "once, however often it is pressed"
    );
    let page = ada.get(PAGE).await.text();
    assert!(page.contains("Done.") && page.contains("Show it"), "{page}");
    // Nobody else sees it.
    assert!(!bob.get(PAGE).await.text().contains("smallest loss"));
    assert_eq!(
        submit(&ada, "/assistant/anew", "").await.status.as_u16(),
        303
    );
    assert!(!ada.get(PAGE).await.text().contains("smallest loss"));
}

#[tokio::test]
async fn who_may_not_change_anything_is_told_so() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    ask(&viewer, "draft a brief for the smallest loss with char-lm").await;
    let page = ask(&viewer, "submit it").await;
    assert!(page.contains("needs the role"), "{page}");
    assert!(!page.contains("Do it"), "{page}");
    assert_eq!(
        submit(&viewer, "/assistant/changes", &newest(&page))
            .await
            .status
            .as_u16(),
        303
    );
    let briefs = viewer.get("/api/v1/briefs").await.expect(200);
    assert_eq!(briefs["total"], json!(0));
}

#[tokio::test]
async fn markup_and_nonsense_stay_text() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let page = ask(&viewer, "best of <script>alert(1)</script>").await;
    assert!(!page.contains("<script>alert"), "{page}");
    for form in [
        "question=",
        "question=%FF%FE",
        "",
        "turn=x",
        &format!("question={}", "a".repeat(5_000)),
    ] {
        let answer = submit(&viewer, PAGE, form).await;
        assert!([303, 400, 422].contains(&answer.status.as_u16()), "{form}");
    }
    assert_eq!(
        submit(&viewer, "/assistant/changes", "turn=99999999999999999999")
            .await
            .status
            .as_u16(),
        303
    );
}

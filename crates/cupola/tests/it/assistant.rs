//! A conversation in a browser that begins with a question and ends in a submitted brief.

use cupola_client::query::PageFilter;

use crate::{
    chromium::Chromium,
    support::{TestHub, eventually},
    verification::look,
};

/// Asks in the field below, and waits for the answer to that question.
async fn ask(chromium: &Chromium, question: &str) {
    chromium.fill("#question", question).await;
    chromium.click("#ask button").await;
    let answered = format!(
        "return [...document.querySelectorAll('.turn-question')].pop()?.textContent.includes({question:?})"
    );
    chromium.until("the answer", &answered).await;
}

const LATEST: &str = ".turn:last-of-type .turn-answer";

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_ends_in_a_submitted_brief() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let family = hub.submit("fine", 2).await;
    hub.run_of(&family, "completed").await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    let page = format!("{}/assistant", hub.url);
    chromium.goto(&page).await;
    // Nobody knows what to ask at first: an example is a button.
    chromium.click(".turn-asks button").await;
    chromium
        .until(
            "an answer",
            "return document.querySelector('.turn') !== null",
        )
        .await;
    ask(
        &chromium,
        "draft a brief for the least loss with fine, 3 tasks of 1 minute",
    )
    .await;
    assert!(chromium.text(LATEST).await.contains("fine"));
    ask(&chromium, "submit it").await;
    look(&chromium, &page).await;
    chromium.goto(&page).await;
    chromium
        .click(&format!(
            "{LATEST} form[action='/assistant/changes'] button"
        ))
        .await;
    chromium
        .until("it to be made", "return [...document.querySelectorAll('[role=status]')].some((e) => e.textContent.includes('Done.'))")
        .await;
    let briefs = eventually("the brief", || async {
        let found = hub.client().briefs(&PageFilter::default()).await.unwrap();
        (found.total == 2).then_some(found)
    })
    .await;
    let asked = briefs.items.iter().find(|brief| brief.num_tasks == 3);
    assert!(asked.is_some(), "{briefs:?}");
    chromium.click(&format!("{LATEST} [role=status] a")).await;
    chromium
        .until(
            "the family",
            "return location.pathname.startsWith('/families/')",
        )
        .await;
}

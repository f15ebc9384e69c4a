//! Pages that stay open while the hub dies and comes back, while somebody is logged out, and while
//! runs end.

use serde_json::json;

use crate::{
    chromium::Chromium,
    support::{SECRET, TestHub},
};

const IS_ON: &str = "return document.querySelector('#connection').dataset.state === 'on'";
const IS_LOST: &str = "return document.querySelector('#connection').dataset.state === 'lost' \
                       && !document.querySelector('[data-connection=\"lost\"]').hidden";

/// The numbers that the program wrote into the lines that are shown.
const LINES: &str = "[...document.querySelectorAll('#log .log-text')]\
                     .map((line) => Number(/^line (\\d+)$/.exec(line.textContent.trim())?.[1]))\
                     .filter((number) => number > 0)";

#[tokio::test]
async fn open_pages_go_on_when_the_hub_was_killed() {
    let mut hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let family = hub.submit("counts", 1).await;
    let run = hub.run_of(&family, "running").await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;

    // A log that is being read, with something unfolded.
    chromium.goto(&format!("{}/runs/{run}", hub.url)).await;
    chromium.mark().await;
    let has = |count: u64| format!("return {LINES}.length > {count}");
    chromium.until("the first lines", &has(5)).await;
    chromium.until("a connection", IS_ON).await;
    chromium
        .execute("document.querySelector('details.who').open = true")
        .await;
    hub.process.kill();
    chromium.until("the loss to be shown", IS_LOST).await;
    let before = chromium.execute(&format!("return {LINES}.length")).await;
    hub.restart();
    chromium.until("the connection again", IS_ON).await;
    let more = before.as_u64().unwrap() + 10;
    chromium.until("more lines", &has(more)).await;
    let without_gap = format!(
        "const lines = {LINES}; return lines.every((n, at) => at === 0 || n === lines[at - 1] + 1)"
    );
    assert_eq!(
        chromium.execute(&without_gap).await,
        json!(true),
        "lines are missing"
    );
    chromium.assert_marked().await;
    let is_open = "return document.querySelector('details.who').open";
    assert_eq!(chromium.execute(is_open).await, json!(true));

    // A form that is half filled in. It is not sent to where nobody is.
    chromium.goto(&format!("{}/briefs/new", hub.url)).await;
    chromium.mark().await;
    chromium.until("a connection", IS_ON).await;
    chromium.fill("[name=goal]", "half a goal").await;
    hub.process.kill();
    chromium.until("the loss to be shown", IS_LOST).await;
    chromium
        .click("form[action='/briefs'] button.primary")
        .await;
    hub.restart();
    chromium.until("the connection again", IS_ON).await;
    chromium.assert_marked().await;
    let goal = "return document.querySelector('[name=goal]').value === 'half a goal'";
    assert_eq!(chromium.execute(goal).await, json!(true));
    chromium
        .click("form[action='/briefs'] button.primary")
        .await;
    let sent = "return location.pathname !== '/briefs/new'";
    chromium.until("the form to be taken", sent).await;
}

#[tokio::test]
async fn who_is_logged_out_keeps_what_they_typed() {
    let hub = TestHub::start();
    let token = json!({"name": "short", "role": "researcher"});
    let token = serde_json::from_value(token).unwrap();
    let made = hub.client().create_token(&token).await.unwrap();
    let chromium = Chromium::start().await;
    chromium.log_in_with(&hub, &made.secret).await;
    chromium.goto(&format!("{}/briefs/new", hub.url)).await;
    chromium.mark().await;
    chromium.until("a connection", IS_ON).await;
    chromium.fill("[name=goal]", "half a goal").await;
    hub.client()
        .revoke_token(&made.token.token_id)
        .await
        .unwrap();
    let is_said = "return !document.querySelector('[data-connection=\"expired\"]').hidden";
    chromium.until("the page to say it", is_said).await;
    chromium.assert_marked().await;

    // Logging in beside it is enough.
    let page = chromium.browser.window().await.unwrap();
    chromium.new_tab(&format!("{}/login", hub.url)).await;
    chromium.log_in_with(&hub, SECRET).await;
    chromium.browser.switch_to_window(page).await.unwrap();
    chromium.until("the connection again", IS_ON).await;
    let goal = "return document.querySelector('[name=goal]').value === 'half a goal'";
    assert_eq!(chromium.execute(goal).await, json!(true));
    chromium.assert_marked().await;
}

#[tokio::test]
async fn a_run_that_ends_is_told_on_any_page() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(2).await;
    let before = hub.submit("fine", 1).await;
    hub.run_of(&before, "completed").await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    chromium.goto(&format!("{}/briefs/new", hub.url)).await;
    chromium.until("a connection", IS_ON).await;

    let family = hub.submit("fine", 1).await;
    let run = hub.run_of(&family, "completed").await;
    let toasts = "document.querySelectorAll('#toasts .toast')";
    let told = format!(
        "return {toasts}.length === 1 && {toasts}[0].textContent.includes('completed') \
         && {toasts}[0].querySelector('a').pathname === '/runs/{run}'"
    );
    chromium
        .until("the notice of the run, and no other", &told)
        .await;
    chromium.type_keys(&['\u{e00c}']).await;
    let none = format!("return {toasts}.length === 0");
    chromium.until("the notice to be put away", &none).await;

    // Many become one.
    let family = hub.submit("exits-three", 5).await;
    hub.run_of(&family, "failed").await;
    let joined =
        format!("return {toasts}.length === 1 && /\\d+ failed/.test({toasts}[0].textContent)");
    chromium.until("one notice of many", &joined).await;
    chromium.click("#toasts [data-toast-close]").await;
    chromium.until("the notice to be closed", &none).await;
}

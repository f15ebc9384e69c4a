//! A person with a real browser: fills in a form with lists in lists, is told what is wrong before
//! sending it, and follows a run in two tabs until it is cancelled.

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::{chromium::Chromium, support::TestHub};

impl Chromium {
    async fn js(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// Types into a field of the configuration.
    async fn type_into(&self, field: &str, text: &str) {
        let field = self.browser.find(Locator::Id(field)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses a button of the form by its name for everybody, and waits for what it does.
    async fn press(&self, label: &str, done: &str) {
        let script = "const button = [...document.querySelectorAll('button')].find(
            (button) => (button.ariaLabel || button.textContent.trim()) === arguments[0]);
            button.focus(); button.click();";
        self.browser
            .execute(script, vec![json!(label)])
            .await
            .unwrap();
        self.until(label, &format!("return {done}")).await;
    }

    /// Each layer with its heads, as the form has them: `8[1,2] 16[]`.
    async fn layers(&self) -> String {
        let script = "return [...document.querySelectorAll('.item-body')]
            .filter((item) => /^config\\.layers\\.\\d+$/.test(item.id))
            .map((item) => document.getElementById(item.id + '.width').value + '['
                + [...item.querySelectorAll('[name$=\".size\"]')].map((size) => size.value) + ']')
            .join(' ')";
        self.js(script).await.as_str().unwrap().to_owned()
    }

    async fn focused(&self) -> String {
        let focused = self.js("return document.activeElement.id").await;
        focused.as_str().unwrap().to_owned()
    }

    /// The message at a field; empty without one.
    async fn message(&self, field: &str) -> String {
        let script = format!("return document.getElementById('{field}-error')?.textContent ?? ''");
        self.js(&script).await.as_str().unwrap().to_owned()
    }
}

const SETTLED: &str = "!document.querySelector('#form').inert";

/// So many items stand in the list called `name`, and the form may be used again.
fn items(name: &str, number: usize) -> String {
    format!(
        "{SETTLED} && document.getElementById('{name}').querySelectorAll(':scope > .items > li').length === {number}"
    )
}

async fn open_form(hub: &TestHub) -> Chromium {
    let chromium = Chromium::start().await;
    chromium.log_in(hub).await;
    let form = format!("{}/experiments/new?template=layered", hub.url);
    chromium.browser.goto(&form).await.unwrap();
    chromium
}

#[tokio::test]
async fn lists_in_a_form_are_added_to_reordered_folded_and_corrected_before_it_is_sent() {
    let hub = TestHub::start();
    let chromium = open_form(&hub).await;
    chromium.mark().await;
    chromium.type_into("name", "Two layers").await;

    // Items come, go and change places; the focus goes along, and what was typed stays.
    let add = "Add an item to Layers";
    chromium.press(add, &items("config.layers", 1)).await;
    assert_eq!(chromium.focused().await, "config.layers.0.width");
    chromium.type_into("config.layers.0.width", "8").await;
    chromium.press(add, &items("config.layers", 2)).await;
    chromium.type_into("config.layers.1.width", "16").await;
    let heads = "const list = document.getElementById('config.layers.1.heads-add'); list.click()";
    chromium.js(heads).await;
    chromium
        .until(
            "a head",
            &format!("return {}", items("config.layers.1.heads", 1)),
        )
        .await;
    chromium
        .type_into("config.layers.1.heads.0.size", "4")
        .await;
    assert_eq!(chromium.layers().await, "8[] 16[4]");
    let first = "document.getElementById('config.layers.0.width').value";
    let up = "Move item 2 of Layers up";
    chromium
        .press(up, &format!("{SETTLED} && {first} === '16'"))
        .await;
    assert_eq!(chromium.layers().await, "16[4] 8[]");
    assert_eq!(chromium.focused().await, "config.layers.0-down");
    chromium.press(add, &items("config.layers", 3)).await;

    // A folded item stays folded while others change places, and says what is in it.
    chromium
        .js("document.querySelector('[data-fold=\"config.layers.0\"] > summary').click()")
        .await;
    let folded = "return document.querySelector('[data-fold=\"config.layers.0\"] .item-summary').textContent === 'Width 16'";
    chromium.until("the summary", folded).await;
    chromium
        .press("Remove item 3 of Layers", &items("config.layers", 2))
        .await;
    assert_eq!(chromium.focused().await, "config.layers.1-remove");
    let down = "Move item 1 of Layers down";
    chromium
        .press(down, &format!("{SETTLED} && {first} === '8'"))
        .await;
    let open = "return [...document.querySelectorAll('.item-fold')].filter((fold) => /layers\\.\\d+$/.test(fold.dataset.fold)).map((fold) => fold.open).join()";
    assert_eq!(chromium.js(open).await, "true,false");

    // What is wrong is said while one types, in the words of the hub, and only where one was.
    chromium.type_into("config.layers.0.width", "wide").await;
    let wrong = "return document.getElementById('config.layers.0.width-error') !== null";
    chromium.until("the message", wrong).await;
    let told = chromium.message("config.layers.0.width").await;
    assert_eq!(told, "is \"wide\"; give a whole number of at least 1");
    assert_eq!(
        chromium.message("config.lr").await,
        "",
        "nobody was there yet"
    );

    // Sent all the same: nothing is lost, the first mistake has the focus, the words are the same.
    chromium
        .press(
            "Create experiment",
            "document.querySelector('#errors') !== null",
        )
        .await;
    chromium
        .until("the form", &format!("return {SETTLED}"))
        .await;
    assert_eq!(chromium.focused().await, "config.lr");
    assert_eq!(chromium.message("config.layers.0.width").await, told);
    assert_eq!(chromium.layers().await, "wide[] 16[4]");
    chromium.assert_marked().await;

    // The message goes as soon as it is right.
    chromium.type_into("config.lr", "0.5").await;
    chromium.type_into("config.layers.0.width", "8").await;
    chromium
        .until(
            "the summary to go",
            "return document.querySelector('#errors') === null",
        )
        .await;
    chromium
        .press(
            "Create experiment",
            "document.querySelector('#runs') !== null",
        )
        .await;
    let shown = chromium.text("#setup .pairs").await;
    for line in [
        "lr 0.5",
        "layers.0.width 8",
        "layers.1.width 16",
        "layers.1.heads.0.size 4",
    ] {
        assert!(shown.contains(line), "no `{line}` in {shown}");
    }
    chromium.browser.clone().close().await.unwrap();
}

#[tokio::test]
async fn what_was_typed_outlasts_the_hub() {
    let mut hub = TestHub::start();
    let chromium = open_form(&hub).await;
    chromium.mark().await;
    chromium.type_into("name", "Kept").await;
    hub.process.kill();
    let away =
        "document.querySelector('[data-form-state]').textContent.includes('does not answer')";
    chromium
        .press("Create experiment", &format!("{away} && {SETTLED}"))
        .await;
    let name = "return document.querySelector('#name').value";
    assert_eq!(chromium.js(name).await, "Kept");
    chromium.assert_marked().await;
    chromium.browser.clone().close().await.unwrap();
}

#[tokio::test]
async fn two_tabs_stay_in_step_through_start_progress_and_cancel() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let chromium = open_form(&hub).await;
    chromium.type_into("name", "Followed").await;
    chromium.type_into("config.lr", "0.5").await;
    chromium
        .press(
            "Create experiment",
            "document.querySelector('#runs') !== null",
        )
        .await;
    let page = chromium.browser.current_url().await.unwrap();
    let acting = chromium.browser.window().await.unwrap();

    // The other tabs are never touched again: the page, and the list.
    let watching = chromium.new_tab(page.as_str()).await;
    chromium.mark().await;
    let list = chromium.new_tab(&format!("{}/experiments", hub.url)).await;
    chromium.mark().await;
    let to = async |tab: &fantoccini::wd::WindowHandle| {
        chromium
            .browser
            .switch_to_window(tab.clone())
            .await
            .unwrap();
    };
    let shows = |selector: &str, text: &str| {
        format!(
            "return document.querySelector('{selector}')?.textContent.includes('{text}') === true"
        )
    };

    to(&acting).await;
    chromium.click("form.start button").await;
    for tab in [&acting, &watching] {
        to(tab).await;
        chromium
            .until("the run", &shows("#runs tbody", "running"))
            .await;
        let progress = "return document.querySelector('#runs progress')?.value > 0.1";
        chromium.until("progress", progress).await;
    }
    chromium.assert_marked().await;

    // What is ticked stays ticked while the table changes.
    to(&watching).await;
    chromium.click("#runs input[type=checkbox]").await;
    to(&acting).await;
    chromium.click("form.start button").await;
    to(&watching).await;
    let two = "return document.querySelectorAll('#runs tbody tr').length === 2";
    chromium.until("the second run", two).await;
    let ticked = "return [...document.querySelectorAll('#runs input[type=checkbox]')].map((box) => box.checked).join()";
    assert_eq!(chromium.js(ticked).await, "false,true");

    to(&acting).await;
    chromium
        .until(
            "the buttons",
            "return document.querySelector('#header a.danger') !== null",
        )
        .await;
    chromium.js("[...document.querySelectorAll('#header a.danger')].find((link) => link.textContent === 'Cancel what is left').click()").await;
    let asked = "return document.querySelector('dialog[open] form') !== null";
    chromium.until("the question", asked).await;
    chromium.click("dialog[open] form button").await;
    let over = "return [...document.querySelectorAll('#runs tbody .badge')].every((badge) => badge.textContent === 'cancelled') && document.querySelectorAll('#runs tbody .badge').length === 2";
    for tab in [&acting, &watching] {
        to(tab).await;
        chromium.until("the end of both", over).await;
        chromium
            .until("the header", &shows("#header .head-badge", "cancelled"))
            .await;
    }
    chromium.assert_marked().await;
    to(&list).await;
    chromium
        .until("the list", &shows("#list tbody", "cancelled"))
        .await;
    chromium
        .until("the counts", &shows("#list tbody", "2 / 2"))
        .await;
    chromium.assert_marked().await;
    chromium.browser.clone().close().await.unwrap();
}

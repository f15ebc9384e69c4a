//! Somebody holds two groups of seeds against each other in a real browser: chooses groups and metric
//! by clicks and keys, and finds the same picture again at the same address.

use fantoccini::Locator;
use serde_json::Value;

use crate::{
    chromium::Chromium,
    support::{TestHub, eventually},
};

/// Enough for several seeds of each rate.
const TASKS: u32 = 12;

const VERDICT: &str = "“rate 0.1” is better than “rate 0.5”: its loss is lower by about";

/// What can be seen: the verdict, the curves, the legend, and how many runs are faded.
const SEEN: &str = "return [
    document.querySelector('.verdict').textContent,
    document.querySelector('.plot-chart').ariaLabel,
    [...document.querySelectorAll('[data-legend]')].map((box) => box.checked).join(),
    document.querySelectorAll('#table .is-faded').length,
    location.search,
].join('|')";

impl Chromium {
    async fn choose(&self, id: &str, value: &str) {
        let select = self.browser.find(Locator::Id(id)).await.unwrap();
        select.select_by_value(value).await.unwrap();
    }

    async fn until_said(&self, what: &str) {
        let script =
            format!("return document.querySelector('.verdict').textContent.includes('{what}')");
        self.until(what, &script).await;
    }

    async fn until_in_address(&self, what: &str) {
        let script = format!("return decodeURIComponent(location.search).includes('{what}')");
        self.until(what, &script).await;
    }

    /// The curves of these groups are drawn, and no other.
    async fn until_drawn(&self, with: &str, without: &str) {
        let label = "(document.querySelector('.plot-chart')?.ariaLabel ?? '')";
        let script = format!("return {label}.includes('{with}') && !{label}.includes('{without}')");
        self.until("the curves", &script).await;
    }

    async fn seen(&self) -> String {
        let seen: Value = self.execute(SEEN).await;
        seen.as_str().unwrap().to_owned()
    }
}

/// A family of seeds that has completed.
async fn study(hub: &TestHub) -> String {
    let family = hub.submit("learns", TASKS).await;
    let worker = hub.start_worker(4).await;
    eventually("the study", || async {
        let found = hub.client().family(&family).await.unwrap();
        (found.family.tasks.completed == u64::from(TASKS)).then_some(())
    })
    .await;
    drop(worker);
    family
}

#[tokio::test]
async fn two_groups_of_seeds_are_compared_and_the_address_shows_the_same_again() {
    let hub = TestHub::start();
    let family = study(&hub).await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    chromium
        .goto(&format!("{}/families/{family}", hub.url))
        .await;
    chromium.click(".head-actions a[href^='/compare']").await;
    chromium.until_drawn("task 0", "rate").await;
    chromium.until_said("Choose above").await;
    chromium.mark().await;

    // Groups by a parameter: a verdict, and a band for each.
    chromium.choose("compare-by", "params.rate").await;
    chromium.until_said(VERDICT).await;
    chromium.until_in_address("by=params.rate").await;
    chromium.until_drawn("rate 0.1 (", "task 0").await;

    // Another metric, and back by the browser's own button.
    chromium.choose("compare-metric", "metrics.loss.max").await;
    chromium.until_in_address("metric=metrics.loss.max").await;
    chromium.until_said("loss.max is lower by about").await;
    chromium.browser.back().await.unwrap();
    chromium.until_said(VERDICT).await;
    chromium
        .until(
            "the choice",
            "return document.getElementById('compare-metric').value === 'objective'",
        )
        .await;

    // One group is hidden, and a part of an axis looked at by the keyboard alone.
    chromium.click("[data-legend='1']").await;
    chromium.until_in_address("hide=1").await;
    chromium.until_drawn("rate 0.1 (", "rate 0.5 (").await;
    let press = "const axis = [...document.querySelectorAll('.upright')].at(-1); axis.focus();
        for (let n = 0; n < 10; n++) document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))";
    chromium.execute(press).await;
    chromium.until_in_address("brush=objective~0.0~50.0").await;
    let faded = "return document.querySelectorAll('#table .is-faded').length > 0";
    chromium.until("faded runs", faded).await;
    chromium.assert_marked().await;

    // Whoever opens the address sees the same.
    let before = chromium.seen().await;
    chromium.browser.refresh().await.unwrap();
    chromium.until_drawn("rate 0.1 (", "rate 0.5 (").await;
    assert_eq!(chromium.seen().await, before);
}

#[tokio::test]
async fn chosen_runs_of_an_experiment_are_compared() {
    let hub = TestHub::start();
    let family = study(&hub).await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    let table = format!("{}/compare?experiment={family}&sort=metrics.loss", hub.url);
    chromium.goto(&table).await;
    // The best stands first and is marked; a click on the header turns the order round.
    let first = "document.querySelector('#table tbody tr')";
    chromium
        .until(
            "the best",
            &format!("return {first}.classList.contains('is-best')"),
        )
        .await;
    chromium.click("#table th[aria-sort] a").await;
    chromium.until_in_address("order=desc").await;
    chromium
        .until(
            "the worst",
            &format!("return !{first}.classList.contains('is-best')"),
        )
        .await;
}

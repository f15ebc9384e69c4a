//! The pages of training with a real browser, while a real program trains: what it says, what its
//! machine measures and what it costs move without a reload.

use cupola_protocol::experiments::NewExperiment;
use serde_json::{Value, json};

use crate::{chromium::Chromium, support::TestHub};

/// At a cent a second, costs are seen to move.
const CONFIG: &str = r#"
[prices]
currency = "USD"
[[prices.machine]]
kind = "any"
per_hour = 36.0

[[training.model]]
key = "majora"
name = "Majora <b>v1</b>"
description = "Oracle of Secrets expert"
gpu_hours = 4.0
cost_per_hour = 36.0
status = "completed"
progress = 100

[[training.model]]
key = "veran"
name = "Veran v5"
gpu_hours = 3.5
cost_per_hour = 36.0
"#;

/// A run of a program that trains `veran`, on a worker of its own.
async fn train(hub: &TestHub) {
    let experiment = json!({
        "name": "verification", "template": "trains", "config": {}, "tags": {"model": "veran"},
        "time_budget_secs": 3600,
    });
    let experiment: NewExperiment = serde_json::from_value(experiment).unwrap();
    let made = hub.client().create_experiment(&experiment).await.unwrap();
    let id = made.experiment.experiment_id;
    hub.client().start_experiment(&id, 1).await.unwrap();
}

/// Waits until `read`, an expression, says something else than when it first said something, twice.
async fn moves(chromium: &Chromium, what: &str, read: &str) {
    chromium
        .execute("delete window.said; delete window.moves")
        .await;
    let script = format!(
        "const now = {read}; \
         if (now && now !== window.said) {{ \
             window.moves = window.said === undefined ? 0 : window.moves + 1; window.said = now; }} \
         return window.moves >= 2"
    );
    chromium.until(what, &script).await;
}

/// The text of the first element.
fn text(selector: &str) -> String {
    format!("document.querySelector(\"{selector}\")?.textContent.trim()")
}

#[tokio::test]
async fn what_trains_is_watched_without_a_reload() {
    let hub = TestHub::start_with(CONFIG);
    let _worker = hub.start_worker(1).await;
    train(&hub).await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    overview(&hub, &chromium).await;
    cards(&hub, &chromium).await;
    metrics(&hub, &chromium).await;
    chromium.browser.clone().close().await.unwrap();
}

async fn overview(hub: &TestHub, chromium: &Chromium) {
    chromium.goto(&format!("{}/training", hub.url)).await;
    chromium.mark().await;
    let cell = |column: u32| {
        text(&format!(
            "#models tbody tr:nth-child(2) td:nth-child({column})"
        ))
    };
    let running = format!("return {}.startsWith('running')", cell(2));
    chromium.until("the model to run", &running).await;
    moves(chromium, "progress", &cell(3)).await;
    moves(chromium, "the model's cost", &cell(6)).await;
    moves(
        chromium,
        "the session's cost",
        &text("#summary .stat-value"),
    )
    .await;
    moves(
        chromium,
        "the session's time",
        &text("#summary [role=timer]"),
    )
    .await;
    moves(
        chromium,
        "the run's words",
        &text("#training-runs tbody td:nth-child(4) .until"),
    )
    .await;
    chromium
        .until(
            "an estimate of the end",
            "return document.querySelector('#models tbody tr:nth-child(2) td:nth-child(4) time') !== null",
        )
        .await;
    // What nobody measured says so, and a name is a name.
    let first = chromium.text("#models tbody tr:nth-child(1)").await;
    assert!(first.contains("Majora <b>v1</b>"), "{first}");
    assert!(first.contains("configured"), "{first}");
    chromium.assert_marked().await;
}

async fn cards(hub: &TestHub, chromium: &Chromium) {
    chromium.goto(&format!("{}/training/models", hub.url)).await;
    chromium.mark().await;
    let progress = text("#cards .model-card:nth-child(2) .progress-text");
    moves(chromium, "progress on a card", &progress).await;
    chromium.assert_marked().await;
}

async fn metrics(hub: &TestHub, chromium: &Chromium) {
    chromium
        .goto(&format!("{}/training/metrics", hub.url))
        .await;
    chromium.mark().await;
    let now = text("#hardware .curve-values dd");
    let measured = format!("return /^[0-9.]+\\s%$/.test({now})");
    chromium.until("what is measured now", &measured).await;
    // On a busy machine the processor may stand at its most; its memory never does.
    let day = "[...document.querySelectorAll('#utilisation [data-values]')] \
               .map((curve) => curve.dataset.values).join(';')";
    moves(chromium, "the curves of the day", day).await;
    moves(chromium, "the loss", &text("#losses li .muted")).await;
    moves(chromium, "the throughput", &text("#speed-tokens li .muted")).await;
    for id in ["losses", "speed-tokens", "utilisation"] {
        let drawn = format!("return document.querySelector('#{id} canvas') !== null");
        chromium.until(id, &drawn).await;
    }
    // The axes of losses are steps and losses: the chart says so to who cannot see it.
    let label = "return document.querySelector('#losses .plot-chart').getAttribute('aria-label')";
    let label = chromium.execute(label).await;
    assert!(
        matches!(&label, Value::String(label) if label.contains("training: last") && label.contains("validation: last")),
        "{label}"
    );
    chromium.assert_marked().await;
}

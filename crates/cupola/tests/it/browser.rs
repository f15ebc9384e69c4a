//! A person with a real browser: writes a brief, watches it come to life in two tabs, stops one
//! run, reads the winner.

use cupola_client::query::TaskFilter;
use fantoccini::Locator;

use crate::{
    chromium::Chromium,
    support::{TestHub, eventually},
};

#[tokio::test]
async fn a_brief_is_written_watched_in_two_tabs_and_read() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(2).await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    let pages = chromium.browser.window().await.unwrap();

    // The second tab shows the counters and is never touched again.
    let counters = chromium.new_tab(&format!("{}/", hub.url)).await;
    chromium.mark().await;
    chromium
        .browser
        .switch_to_window(pages.clone())
        .await
        .unwrap();

    // A brief with a mistake is refused beside the field, and nothing typed is lost.
    chromium
        .browser
        .goto(&format!("{}/briefs/new", hub.url))
        .await
        .unwrap();
    chromium
        .fill("[name=goal]", "The best model in half a minute")
        .await;
    chromium.fill("[name=num_tasks]", "0").await;
    chromium
        .click("form[action='/briefs'] button.primary")
        .await;
    chromium
        .until(
            "the mistake",
            "return document.querySelector('#errors') !== null",
        )
        .await;
    assert!(chromium.text("#errors").await.contains("num_tasks"));
    let goal = chromium
        .browser
        .find(Locator::Css("[name=goal]"))
        .await
        .unwrap();
    assert_eq!(
        goal.prop("value").await.unwrap().unwrap(),
        "The best model in half a minute"
    );

    chromium.fill("[name=num_tasks]", "4").await;
    chromium.fill("[name=time_budget]", "25").await;
    // Small models, so that a busy machine shows a curve, and a time in which one can be stopped.
    for (parameter, value) in [("n_layers", "2"), ("d_model", "64"), ("batch_size", "32")] {
        chromium
            .set_expression(parameter, &format!("fixed({value})"))
            .await;
    }
    chromium
        .click("form[action='/briefs'] button.primary")
        .await;
    chromium
        .until(
            "the brief",
            "return document.querySelector('#campaign .campaign-progress') !== null",
        )
        .await;
    chromium.mark().await;
    let brief_url = chromium.browser.current_url().await.unwrap();
    let brief = brief_url
        .path_segments()
        .unwrap()
        .next_back()
        .unwrap()
        .to_owned();
    let family = hub
        .client()
        .brief(&brief)
        .await
        .unwrap()
        .brief
        .family
        .family_id;

    // A curve grows while its run trains.
    let filter = TaskFilter {
        family_id: Some(family.clone()),
        status: Some("running".to_owned()),
        ..Default::default()
    };
    let running = eventually("two runs", || async {
        let tasks = hub.client().tasks(&filter).await.unwrap().items;
        (tasks.len() == 2).then_some(tasks)
    })
    .await;
    let run = &running[0].run_id;
    chromium
        .new_tab(&format!("{}/runs/{run}?match=^train_loss$", hub.url))
        .await;
    chromium.mark().await;
    let points = "const note = document.querySelector('[data-curve-note]'); \
                  document.querySelector('#curves').scrollIntoView(); \
                  return Number(note?.textContent.match(/([\\d,]+) points?/)?.[1].replaceAll(',', '')) > ";
    chromium
        .until("the first points", &format!("{points}0"))
        .await;
    let first = chromium.text("[data-curve-note]").await;
    let first: String = first.chars().filter(char::is_ascii_digit).collect();
    chromium
        .until("more points", &format!("{points}{first}"))
        .await;
    chromium.assert_marked().await;

    // Another run is stopped from its page, after a question.
    let stopped = &running[1].run_id;
    chromium
        .browser
        .goto(&format!("{}/runs/{stopped}", hub.url))
        .await
        .unwrap();
    chromium.click("#header a.danger").await;
    chromium
        .until(
            "the question",
            "return document.querySelector('dialog[open] form') !== null",
        )
        .await;
    chromium.click("dialog[open] form button").await;
    let shows = |word: &str| {
        format!(
            "return document.querySelector('#header .head-badge')?.textContent.includes('{word}')"
        )
    };
    chromium.until("the cancellation", &shows("ancel")).await;
    eventually("the end of the run", || async {
        let status = hub.client().run(stopped).await.unwrap().run.status;
        (status == "cancelled").then_some(())
    })
    .await;

    // Both tabs end with the truth, without having been reloaded.
    chromium.browser.switch_to_window(pages).await.unwrap();
    let done =
        "return document.querySelector('.campaign-progress').textContent.includes('3 completed')";
    chromium.until("three results", done).await;
    let winner = "return document.querySelector('.winner-value strong') !== null";
    chromium.until("the winner", winner).await;
    chromium.assert_marked().await;
    let best = hub
        .client()
        .brief(&brief)
        .await
        .unwrap()
        .summary
        .best
        .unwrap();
    let value: f64 = chromium.text(".winner-value strong").await.parse().unwrap();
    assert!(
        (value - best.metric_value).abs() < 1e-3,
        "{value} is not {}",
        best.metric_value
    );
    assert!(value > 0.5 && value < 8.0, "{value} bits per byte");

    chromium.browser.switch_to_window(counters).await.unwrap();
    chromium
        .until(
            "the counters",
            "return [...document.querySelectorAll('#stats .sum li')].map(li => parseInt(li.innerText)).join() \
             === '0,0,3,0,1'",
        )
        .await;
    chromium.assert_marked().await;
    chromium.browser.clone().close().await.unwrap();
}

//! A person with a real browser: writes a brief, watches it come to life in two tabs, stops one
//! run, reads the winner.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use cupola_client::query::TaskFilter;
use fantoccini::{Client as Browser, ClientBuilder, Locator, wd::WindowHandle};
use serde_json::{Value, json};

use crate::support::{Process, SECRET, TestHub, eventually};

/// ChromeDriver on a port of its own, and a browser that it started.
struct Chromium {
    browser: Browser,
    driver: Process,
    _profile: tempfile::TempDir,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        crate::support::kill_group(self.driver.id());
    }
}

impl Chromium {
    async fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the test owns the process that it starts"
        )]
        let mut command = Command::new("chromedriver");
        let mut child = command
            // Chromium is in the group of its driver: both end with the test, however it ends.
            .process_group(0)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ChromeDriver is installed (Debian: chromium-driver)");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let driver = Process { child };
        let started = lines
            .map_while(Result::ok)
            .find(|line| line.contains("started successfully on port"));
        let line = started.expect("ChromeDriver says its port");
        let port: u16 = line
            .rsplit(' ')
            .next()
            .unwrap()
            .trim_end_matches('.')
            .parse()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let browser = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities(profile.path()))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        browser.set_window_size(1440, 1000).await.unwrap();
        Self {
            browser,
            driver,
            _profile: profile,
        }
    }

    async fn log_in(&self, hub: &TestHub) {
        self.browser
            .goto(&format!("{}/login", hub.url))
            .await
            .unwrap();
        self.fill("input[name=token]", SECRET).await;
        self.click("form button").await;
        self.until(
            "the overview",
            "return document.querySelector('#stats') !== null",
        )
        .await;
    }

    async fn fill(&self, selector: &str, text: &str) {
        let field = self.browser.find(Locator::Css(selector)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Types into the row of a search space's parameter.
    async fn set_expression(&self, parameter: &str, expression: &str) {
        let row = format!(
            "//input[@name='parameter' and @value='{parameter}']/ancestor::tr//input[@name='expression']"
        );
        let field = self.browser.find(Locator::XPath(&row)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(expression).await.unwrap();
    }

    async fn click(&self, selector: &str) {
        self.browser
            .find(Locator::Css(selector))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    /// Waits until a script answers true.
    async fn until(&self, what: &str, script: &str) {
        eventually(what, || async {
            let answer = self.browser.execute(script, Vec::new()).await.unwrap();
            (answer == Value::Bool(true)).then_some(())
        })
        .await;
    }

    async fn text(&self, selector: &str) -> String {
        self.browser
            .find(Locator::Css(selector))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// Leaves a mark that a reload would wipe out.
    async fn mark(&self) {
        self.browser
            .execute("window.marked = true", Vec::new())
            .await
            .unwrap();
    }

    async fn assert_marked(&self) {
        let marked = self
            .browser
            .execute("return window.marked === true", Vec::new())
            .await
            .unwrap();
        assert_eq!(marked, Value::Bool(true), "the page was reloaded");
    }

    async fn new_tab(&self, url: &str) -> WindowHandle {
        let tab = self.browser.new_window(true).await.unwrap().handle;
        self.browser.switch_to_window(tab.clone()).await.unwrap();
        self.browser.goto(url).await.unwrap();
        tab
    }
}

fn capabilities(profile: &std::path::Path) -> fantoccini::wd::Capabilities {
    let profile = format!("--user-data-dir={}", profile.display());
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        &profile,
    ];
    let options = json!({"goog:chromeOptions": {"args": args}});
    options.as_object().unwrap().clone()
}

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
        .fill("[name=goal]", "The best model in eight seconds")
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
        "The best model in eight seconds"
    );

    chromium.fill("[name=num_tasks]", "4").await;
    chromium.fill("[name=time_budget]", "8").await;
    // Small models, so that eight seconds on a busy machine show a curve.
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
        .new_tab(&format!("{}/runs/{run}?series=train_loss", hub.url))
        .await;
    chromium.mark().await;
    let points = "const note = document.querySelector('[data-chart-note]'); \
                  return note !== null && parseInt(note.textContent) > ";
    chromium
        .until("the first points", &format!("{points}0"))
        .await;
    let first = chromium.text("[data-chart-note]").await;
    let first: u32 = first.split(' ').next().unwrap().parse().unwrap();
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
            "return document.querySelector('#header .head-badge').textContent.includes('{word}')"
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

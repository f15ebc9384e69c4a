//! A real browser for tests.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use fantoccini::{
    Client as Browser, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    wd::WindowHandle,
};
use serde_json::{Value, json};

use crate::support::{Process, SECRET, TestHub, eventually};

/// ChromeDriver on a port of its own, and a browser that it started.
pub struct Chromium {
    pub browser: Browser,
    driver: Process,
    _profile: tempfile::TempDir,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        crate::support::kill_group(self.driver.id());
    }
}

impl Chromium {
    pub async fn start() -> Self {
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

    pub async fn log_in(&self, hub: &TestHub) {
        self.log_in_with(hub, SECRET).await;
    }

    pub async fn log_in_with(&self, hub: &TestHub, secret: &str) {
        self.goto(&format!("{}/login", hub.url)).await;
        self.fill("input[name=token]", secret).await;
        self.click("form button").await;
        self.until(
            "the overview",
            "return document.querySelector('#stats') !== null",
        )
        .await;
    }

    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.browser.find(Locator::Css(selector)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Types into the row of a search space's parameter.
    pub async fn set_expression(&self, parameter: &str, expression: &str) {
        let row = format!(
            "//input[@name='parameter' and @value='{parameter}']/ancestor::tr//input[@name='expression']"
        );
        let field = self.browser.find(Locator::XPath(&row)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(expression).await.unwrap();
    }

    /// Clicks. Where a live part takes the element's place between the look and the click, again.
    pub async fn click(&self, selector: &str) {
        loop {
            let found = self.browser.find(Locator::Css(selector)).await.unwrap();
            match found.click().await {
                Err(error) if error.is_stale_element_reference() => {}
                clicked => return clicked.unwrap(),
            }
        }
    }

    pub async fn goto(&self, url: &str) {
        self.browser.goto(url).await.unwrap();
    }

    /// What a script returns.
    pub async fn execute(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// Presses keys one after the other wherever the focus is.
    pub async fn type_keys(&self, keys: &[char]) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for &value in keys {
            let (down, up) = (KeyAction::Down { value }, KeyAction::Up { value });
            actions = actions.then(down).then(up);
        }
        self.browser.perform_actions(actions).await.unwrap();
    }

    /// Presses a key while another is held.
    pub async fn type_with(&self, held: char, value: char) {
        let actions = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: held });
        self.browser.perform_actions(actions).await.unwrap();
    }

    /// Waits until a script answers true.
    pub async fn until(&self, what: &str, script: &str) {
        eventually(what, || async {
            let answer = self.browser.execute(script, Vec::new()).await.unwrap();
            (answer == Value::Bool(true)).then_some(())
        })
        .await;
    }

    pub async fn text(&self, selector: &str) -> String {
        self.browser
            .find(Locator::Css(selector))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// Leaves a mark that a reload would wipe out.
    pub async fn mark(&self) {
        self.browser
            .execute("window.marked = true", Vec::new())
            .await
            .unwrap();
    }

    pub async fn assert_marked(&self) {
        let marked = self
            .browser
            .execute("return window.marked === true", Vec::new())
            .await
            .unwrap();
        assert_eq!(marked, Value::Bool(true), "the page was reloaded");
    }

    pub async fn new_tab(&self, url: &str) -> WindowHandle {
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
        "--force-prefers-reduced-motion",
        &profile,
    ];
    let options = json!({"goog:chromeOptions": {"args": args}});
    options.as_object().unwrap().clone()
}

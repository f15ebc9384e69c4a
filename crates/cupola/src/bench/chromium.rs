//! A real browser, by ChromeDriver.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{fixture::Folder, http};

/// A browser with one tab; ends when dropped.
pub(super) struct Chromium {
    driver: Child,
    http: reqwest::Client,
    session: String,
}

impl Chromium {
    pub(super) async fn start(folder: &Folder) -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the measurement needs a browser")]
        let mut command = Command::new("chromedriver");
        let mut driver = command
            // The browser is in the group of its driver, and ends with it.
            .process_group(0)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start ChromeDriver (Debian: chromium-driver)")?;
        let output = driver.stdout.take().context("it has an output")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let line = lines
            .find(|line| line.contains("started successfully on port"))
            .context("ChromeDriver did not say its port")?;
        let port = line.rsplit(' ').next().unwrap_or_default();
        let port = port.trim_end_matches('.');
        let mut browser = Self {
            driver,
            http: http(),
            session: format!("http://127.0.0.1:{port}/session"),
        };
        let profile = format!(
            "--user-data-dir={}",
            folder.path().join("chromium").display()
        );
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            &profile,
        ];
        let capabilities = json!({"goog:chromeOptions": {"args": arguments}});
        let asked = json!({"capabilities": {"alwaysMatch": capabilities}});
        let made = browser.ask("", &asked).await?;
        let id = made["sessionId"].as_str().context("a session has an id")?;
        browser.session = format!("{}/{id}", browser.session);
        Ok(browser)
    }

    pub(super) async fn goto(&self, url: &str) -> anyhow::Result<()> {
        self.ask("/url", &json!({"url": url})).await.map(drop)
    }

    /// What a script returns.
    pub(super) async fn execute(&self, script: &str) -> anyhow::Result<Value> {
        let asked = json!({"script": script, "args": []});
        self.ask("/execute/sync", &asked).await
    }

    /// A command of the browser's own protocol.
    pub(super) async fn command(&self, name: &str, params: &Value) -> anyhow::Result<Value> {
        let asked = json!({"cmd": name, "params": params});
        self.ask("/goog/cdp/execute", &asked).await
    }

    async fn ask(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.session)).json(body);
        let answer: Value = request.send().await?.json().await?;
        let error = answer["value"]["error"].as_str();
        anyhow::ensure!(error.is_none(), "the browser says {}", answer["value"]);
        Ok(answer["value"].clone())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        #[expect(clippy::disallowed_methods, reason = "std has no signals for groups")]
        let mut kill = Command::new("kill");
        let group = format!("-{}", self.driver.id());
        let _ = kill.args(["-KILL", "--", &group]).status();
        let _ = self.driver.wait();
    }
}

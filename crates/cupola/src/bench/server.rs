//! This program as a hub of its own process.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{fixture::Folder, http};

/// The administrator's secret.
pub(super) const SECRET: &str = "cupola_admin_bench_0123456789abcdef";

/// The kernel counts processor time in these, on every machine.
const TICKS_PER_SEC: f64 = 100.0;

/// Requests of one figure.
const REQUESTS: usize = 200;

/// The real program on the filled folder.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
    pub(super) http: reqwest::Client,
    pub(super) answered_after: Duration,
}

impl Server {
    /// A hub on the folder, without a worker.
    pub(super) async fn start(folder: &Folder) -> anyhow::Result<Self> {
        Self::start_as(folder, &["hub"]).await
    }

    /// The same with a command of its own.
    pub(super) async fn start_as(folder: &Folder, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::start_on(folder, arguments, free_port()?).await
    }

    /// The same on a port of its own, where another one may have been.
    pub(super) async fn start_on(
        folder: &Folder,
        arguments: &[&str],
        port: u16,
    ) -> anyhow::Result<Self> {
        let url = format!("http://127.0.0.1:{port}");
        let http = http();
        #[expect(
            clippy::disallowed_methods,
            reason = "the measured program is this one"
        )]
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        command.args(["--no-browser", "--port", &port.to_string()]);
        command
            .arg("--data")
            .arg(folder.path())
            .env("CUPOLA_TOKEN", SECRET);
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut server = Self {
            child,
            url,
            http,
            answered_after: Duration::ZERO,
        };
        while server
            .http
            .get(format!("{}/health", server.url))
            .send()
            .await
            .is_err()
        {
            anyhow::ensure!(
                started.elapsed() < Duration::from_mins(1),
                "the hub did not start"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.answered_after = started.elapsed();
        Ok(server)
    }

    /// Of what so many requests for a page take.
    pub(super) async fn p99_millis(&self, page: &str) -> anyhow::Result<f64> {
        let get = |http: &reqwest::Client, url: &str| http.get(format!("{url}{page}"));
        let millis = self.millis_of(get).await?;
        Ok(millis[millis.len() * 99 / 100])
    }

    /// What so many requests take, in order of size.
    pub(super) async fn millis_of(
        &self,
        request: impl Fn(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> anyhow::Result<Vec<f64>> {
        let mut millis = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let request = request(&self.http, &self.url).bearer_auth(SECRET);
            let started = Instant::now();
            let answer = request.send().await?;
            anyhow::ensure!(
                answer.status().is_success(),
                "{} answers {}",
                answer.url(),
                answer.status()
            );
            answer.bytes().await?;
            millis.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        millis.sort_by(f64::total_cmp);
        Ok(millis)
    }

    /// The processor time that it took so far, to a hundredth of a second.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no exact count")]
    pub(super) fn cpu_secs(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in parentheses, may have spaces.
        let (_, rest) = stat.rsplit_once(") ").unwrap_or_default();
        let ticks = rest.split_whitespace().skip(11).take(2);
        let ticks = ticks.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(ticks as f64 / TICKS_PER_SEC)
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    pub(super) fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap_or_default();
        let kib: u64 = line.split_whitespace().nth(1).unwrap_or("0").parse()?;
        Ok(kib as f64 / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

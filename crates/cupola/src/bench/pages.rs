//! A store with many tasks: how soon a hub answers after its start, what it holds in memory, and
//! how long each list page takes on the server.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
};

const REQUESTS: usize = 200;
const SECRET: &str = "cupola_admin_bench_0123456789abcdef";

/// Every list, with the filters, orders and late pages that cost most.
const PAGES: &[&str] = &[
    "/",
    "/briefs",
    "/families",
    "/workers",
    "/tasks",
    "/tasks?page=1000",
    "/tasks?state=completed&sort=value",
    "/tasks?state=pending&sort=priority&order=desc",
    "/tasks?sort=completed&order=desc",
    "/tasks?q=0.123",
    "/api/v1/tasks?page=1000",
    "/api/v1/tasks?search=0.123",
    "/api/v1/families",
    "/api/v1/results",
];

pub(super) async fn measure(tasks: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("pages")?;
    tokio::task::block_in_place(|| fill(&folder, tasks))?;
    let mut starts = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..runs {
        let server = Server::start(&folder).await?;
        starts.push(server.answered_after.as_secs_f64() * 1000.0);
        memory.push(server.resident_mib()?);
    }
    let start = format!("start to first answer with {tasks} tasks, ms");
    let mut figures = vec![
        Figure::new(start, starts, "≤ 300"),
        Figure::new("idle memory, MiB", memory, "≤ 60"),
    ];
    let server = Server::start(&folder).await?;
    for page in PAGES {
        let mut p99s = Vec::new();
        for _ in 0..runs {
            p99s.push(server.p99_millis(page).await?);
        }
        figures.push(Figure::new(format!("{page}, p99 ms"), p99s, "≤ 30"));
    }
    Ok(figures)
}

/// A tenth of the tasks completed, the rest pending.
fn fill(folder: &Folder, tasks: u32) -> anyhow::Result<()> {
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data)?;
    let hub = BenchHub::open(folder, Durability::Off)?;
    for _ in 0..10 {
        hub.submit(tasks / 10)?;
    }
    let worker = hub.join("filler")?;
    for n in 0..tasks / 10 {
        let Some(order) = hub.lease(worker)? else {
            break;
        };
        hub.finish(&order, f64::from(n % 997))?;
    }
    hub.hub.close();
    Ok(())
}

/// The real program on the filled folder.
pub(super) struct Server {
    child: Child,
    url: String,
    http: reqwest::Client,
    answered_after: Duration,
}

impl Server {
    pub(super) async fn start(folder: &Folder) -> anyhow::Result<Self> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::new();
        #[expect(
            clippy::disallowed_methods,
            reason = "the measured program is this one"
        )]
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["hub", "--no-browser", "--port", &port.to_string()]);
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

    pub(super) async fn p99_millis(&self, page: &str) -> anyhow::Result<f64> {
        let mut millis = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let request = self
                .http
                .get(format!("{}{page}", self.url))
                .bearer_auth(SECRET);
            let started = Instant::now();
            let answer = request.send().await?;
            anyhow::ensure!(
                answer.status().is_success(),
                "{page} answers {}",
                answer.status()
            );
            answer.bytes().await?;
            millis.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        millis.sort_by(f64::total_cmp);
        Ok(millis[millis.len() * 99 / 100])
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    fn resident_mib(&self) -> anyhow::Result<f64> {
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

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

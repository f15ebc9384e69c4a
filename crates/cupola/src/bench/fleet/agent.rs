//! One simulated worker: a connection that stays open, and what an agent says over it. It costs little, so
//! that ten thousand fit into one process.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use cupola_protocol::WORKER_PROTOCOL;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// An agent gives up a request for a sign of life after this.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The pauses of an agent whose hub does not answer, as the real one has them.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Between two signs of life, until the hub has said.
const PERIOD: Duration = Duration::from_secs(5);

/// What all of them share.
pub(super) struct Fleet {
    address: String,
    token: String,
    /// In which round of the measurement it is; who was answered in it is counted once.
    pub(super) round: AtomicU64,
    pub(super) heard: AtomicU64,
    /// Requests that failed, that nobody answered in time, and runs that the hub took away.
    pub(super) failures: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) lost: AtomicU64,
    /// Milliseconds of each request.
    times: Mutex<Vec<f64>>,
    /// What went wrong last.
    pub(super) said: Mutex<String>,
}

impl Fleet {
    pub(super) fn new(address: String, token: String) -> Self {
        Self {
            address,
            token,
            round: AtomicU64::new(1),
            heard: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            late: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            times: Mutex::default(),
            said: Mutex::default(),
        }
    }

    pub(super) fn forget_times(&self) {
        drop(self.take_times());
    }

    /// In order of size.
    pub(super) fn take_times(&self) -> Vec<f64> {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = std::mem::take(&mut *times);
        drop(times);
        taken.sort_by(f64::total_cmp);
        taken
    }

    fn note(&self, took: Duration) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.push(took.as_secs_f64() * 1000.0);
    }
}

/// One worker.
pub(super) struct Agent {
    number: u32,
    fleet: Arc<Fleet>,
    stream: Option<TcpStream>,
    worker: String,
    /// What it has: the run and the epoch of its lease.
    held: Option<(String, i64)>,
    period: Duration,
    round: u64,
    chance: u64,
}

impl Agent {
    pub(super) fn new(number: u32, fleet: Arc<Fleet>) -> Self {
        Self {
            number,
            fleet,
            stream: None,
            worker: String::new(),
            held: None,
            period: PERIOD,
            round: 0,
            chance: u64::from(number) + 1,
        }
    }

    /// Goes on until it is dropped.
    pub(super) async fn work(mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            let waited = match tokio::time::timeout(ANSWER_MAX, self.say()).await {
                Ok(Ok(())) => {
                    pause = PAUSE_MIN;
                    self.period
                }
                failed => {
                    self.fail(failed.map_err(|_| ()));
                    let wait = pause.mul_f64(0.5 + self.chance() / 2.0);
                    pause = (pause * 2).min(PAUSE_MAX);
                    wait
                }
            };
            tokio::time::sleep(waited).await;
        }
    }

    fn fail(&mut self, failed: Result<anyhow::Result<()>, ()>) {
        self.stream = None;
        self.fleet.failures.fetch_add(1, Ordering::Relaxed);
        let text = if let Ok(Err(error)) = failed {
            format!("{error:#}")
        } else {
            self.fleet.late.fetch_add(1, Ordering::Relaxed);
            "nothing in 10 s".to_owned()
        };
        let mut said = self
            .fleet
            .said
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *said = text;
    }

    /// What is to be said now: who it is, or a sign of life and a question for work.
    async fn say(&mut self) -> anyhow::Result<()> {
        if self.worker.is_empty() {
            self.register().await?;
        }
        let holding = self.holding();
        let beat = json!({"session": "bench", "holding": holding});
        let path = format!("/api/v1/workers/{}/heartbeat", self.worker);
        let orders = self.post(&path, &beat).await?;
        let abandoned = orders["abandon"].as_array().map_or(0, Vec::len) as u64;
        self.fleet.lost.fetch_add(abandoned, Ordering::Relaxed);
        if let Some(secs) = orders["next_heartbeat_secs"].as_f64() {
            self.period = Duration::from_secs_f64(secs);
        }
        self.ask().await?;
        self.note_heard();
        Ok(())
    }

    async fn register(&mut self) -> anyhow::Result<()> {
        let gib = 1u64 << 30;
        let body = json!({
            "protocol": WORKER_PROTOCOL, "worker_id": null, "name": format!("bench-{}", self.number),
            "session": "bench", "place": format!("bench/{}", self.number), "slots": 1, "version": "bench",
            "capabilities": {
                "hostname": format!("bench-{}", self.number), "platform": "linux-x86_64", "cpu_model": "",
                "cpu_cores": 4, "memory_bytes": 16 * gib, "disk_bytes": 100 * gib, "gpus": [], "python": null,
            },
        });
        let registered = self.post("/api/v1/workers", &body).await?;
        let id = registered["worker_id"].as_str();
        id.context("no id came back")?.clone_into(&mut self.worker);
        Ok(())
    }

    /// Asks for work, and begins what it is given.
    async fn ask(&mut self) -> anyhow::Result<()> {
        let free = u32::from(self.held.is_none());
        let body = json!({
            "session": "bench", "free_slots": free, "holding": self.holding(), "wait_secs": 0.0,
        });
        let path = format!("/api/v1/workers/{}/leases", self.worker);
        let orders = self.post(&path, &body).await?;
        let Some(order) = orders["start"].get(0) else {
            return Ok(());
        };
        let run = order["run_id"].as_str().context("an order without a run")?;
        let epoch = order["epoch"]
            .as_i64()
            .context("an order without an epoch")?;
        let body = json!({"worker_id": self.worker, "epoch": epoch, "environment": {}});
        self.post(&format!("/api/v1/runs/{run}/start"), &body)
            .await?;
        self.held = Some((run.to_owned(), epoch));
        Ok(())
    }

    fn holding(&self) -> Value {
        let held = self.held.iter();
        held.map(|(run, epoch)| json!({"run_id": run, "epoch": epoch}))
            .collect()
    }

    fn note_heard(&mut self) {
        let round = self.fleet.round.load(Ordering::Relaxed);
        if self.round != round && self.held.is_some() {
            self.round = round;
            self.fleet.heard.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let began = Instant::now();
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.fleet.address).await?,
        };
        stream.set_nodelay(true)?;
        let body = body.to_string();
        let (address, token) = (&self.fleet.address, &self.fleet.token);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let answer = answer(&mut stream).await?;
        self.stream = Some(stream);
        self.fleet.note(began.elapsed());
        Ok(answer)
    }

    /// Anything from 0 to 1.
    fn chance(&mut self) -> f64 {
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let bits = u32::try_from(self.chance >> 32).unwrap_or_default();
        f64::from(bits) / f64::from(u32::MAX)
    }
}

/// Reads one answer with its body.
async fn answer(stream: &mut TcpStream) -> anyhow::Result<Value> {
    let (mut read, mut piece) = (Vec::new(), [0; 2048]);
    loop {
        let count = stream.read(&mut piece).await?;
        ensure!(count > 0, "the hub hung up");
        read.extend_from_slice(&piece[..count]);
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&read[..end])?.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.unwrap_or("0").parse()?;
        if read.len() < end + 4 + length {
            continue;
        }
        let body = &read[end + 4..];
        let is_good = head.starts_with("http/1.1 2");
        ensure!(is_good, "{}", String::from_utf8_lossy(&read));
        return Ok(if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body)?
        });
    }
}

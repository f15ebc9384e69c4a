//! Logs: how many lines of one run become durable in a second, and how long the page of a run with a
//! million of them takes, its filters and searches included.

use std::{
    fs::File,
    io::Write as _,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use cupola_client::Client;
use cupola_domain::{access::Role, ids::RunId, time::Timestamp};
use cupola_hub::work::{LogPiece, Order, Report};
use cupola_protocol::{
    time::Time,
    work::{LeaseRequest, LogPiece as LogPieceBody, Registration, Report as ReportBody},
};
use cupola_store::Durability;
use serde_json::json;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
    server::Server,
};
use crate::{
    config::Config,
    serve::{Running, With},
};

/// Lines of one run.
const LINES: usize = 1_000_000;

/// Bytes of log in one report, as a worker sends it.
const REPORT_BYTES: usize = 704 << 10;

pub(super) async fn measure(runs: usize) -> anyhow::Result<Vec<Figure>> {
    let reports = reports();
    let (mut inside, mut outside, mut ceilings) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let folder = Folder::new("logs")?;
        ceilings.push(tokio::task::block_in_place(|| ceiling(&folder, &reports))?);
        let filling = || fill(&folder, Durability::Full, &reports);
        inside.push(tokio::task::block_in_place(filling)?.1);
        outside.push(over_http(&reports).await?);
    }
    let written = |how: &str| format!("log lines of one run, durable, {how}, lines/s");
    let beside = "written and synced, lines/s";
    let mut figures = vec![
        Figure::new(written("in the hub's process"), inside, "≥ 200000")
            .beside(beside, ceilings.clone()),
        Figure::new(written("over HTTP"), outside, "≥ 200000").beside(beside, ceilings),
    ];
    figures.extend(pages(&reports, runs).await?);
    Ok(figures)
}

/// What a program writes, cut as a worker cuts it.
fn reports() -> Vec<Vec<u8>> {
    let mut reports = vec![Vec::with_capacity(REPORT_BYTES)];
    for n in 0..LINES {
        let level = match n {
            999_000 => "ERROR",
            _ if n % 1000 == 999 => "WARN",
            _ => "INFO",
        };
        let line = format!("2026-11-21T03:04:05.678Z {level} step {n} loss 3.570512 lr 0.001000\n");
        let is_full = |report: &Vec<u8>| report.len() + line.len() > REPORT_BYTES;
        if reports.last().is_none_or(is_full) {
            reports.push(Vec::with_capacity(REPORT_BYTES));
        }
        if let Some(report) = reports.last_mut() {
            report.extend_from_slice(line.as_bytes());
        }
    }
    reports
}

/// Fills one run's log and says at which rate.
fn fill(
    folder: &Folder,
    durability: Durability,
    reports: &[Vec<u8>],
) -> anyhow::Result<(RunId, f64)> {
    let hub = BenchHub::open(folder, durability)?;
    hub.submit(1)?;
    let worker = hub.join("logs")?;
    let order = hub.lease(worker)?.context("there is a task")?;
    let started = Instant::now();
    for (seq, bytes) in (0..).zip(reports) {
        send(&hub, &order, seq, bytes)?;
    }
    let elapsed = started.elapsed();
    hub.hub.close();
    Ok((order.run.id, rate(elapsed)))
}

fn send(hub: &BenchHub, order: &Order, seq: i64, bytes: &[u8]) -> anyhow::Result<()> {
    let piece = LogPiece {
        stream: "stdout".to_owned(),
        at: Timestamp::from_millis(1_795_000_000_000 + seq),
        bytes: bytes.to_vec(),
        omitted: 0,
    };
    let report = Report {
        seq,
        log: vec![piece],
        ..Report::default()
    };
    hub.hub
        .take_report(hub.token, order.run.id, order.lease, report)?;
    Ok(())
}

/// The same by the worker protocol, one report after the other as a worker sends them.
async fn over_http(reports: &[Vec<u8>]) -> anyhow::Result<f64> {
    let folder = Folder::new("logs-http")?;
    let data = folder.path().join("data");
    let config = Config::private(Some(data), vec![folder.with_trivial_template()?], 1);
    let running = Running::start(&config, With::Nobody).await?;
    let client = Client::new(&running.url, &running.token_file(Role::Admin)?)?;
    let brief = json!({"goal": "measure", "template": "trivial", "num_tasks": 1, "time_budget": 5});
    client.create_brief(&serde_json::from_value(brief)?).await?;
    let worker = Client::new(&running.url, &running.token_file(Role::Worker)?)?;
    let (worker_id, run, epoch) = leased(&worker).await?;
    let started = Instant::now();
    for (seq, bytes) in (0..).zip(reports) {
        let at = Time(Timestamp::from_millis(1_795_000_000_000));
        let report: ReportBody = serde_json::from_value(json!({
            "worker_id": worker_id, "epoch": epoch, "seq": seq,
            "log": [LogPieceBody::new("stdout", at, bytes, 0)],
        }))?;
        worker.report(&run, &report).await?;
    }
    let elapsed = started.elapsed();
    running.stop().await;
    Ok(rate(elapsed))
}

/// A worker, a run that it has, and the epoch of its lease.
async fn leased(client: &Client) -> anyhow::Result<(String, String, i64)> {
    let registration: Registration = serde_json::from_value(json!({
        "protocol": cupola_protocol::WORKER_PROTOCOL, "worker_id": null, "name": "bench",
        "session": "bench", "slots": 1, "version": "bench",
        "capabilities": {
            "hostname": "bench", "platform": "linux-x86_64", "cpu_model": "", "cpu_cores": 4,
            "memory_bytes": 16_u64 << 30, "disk_bytes": 100_u64 << 30, "gpus": [], "python": null,
        },
    }))?;
    let worker = client.register(&registration).await?.worker_id;
    let request = LeaseRequest {
        session: "bench".to_owned(),
        free_slots: 1,
        holding: Vec::new(),
        wait_secs: 30.0,
    };
    let orders = client.lease(&worker, &request).await?;
    let order = orders.start.into_iter().next().context("there is a task")?;
    Ok((worker, order.run_id, order.epoch))
}

/// Lines a second if writing were all.
fn ceiling(folder: &Folder, reports: &[Vec<u8>]) -> anyhow::Result<f64> {
    let mut file = File::create(folder.path().join("ceiling"))?;
    let started = Instant::now();
    for report in reports {
        file.write_all(report)?;
        file.sync_data()?;
    }
    Ok(rate(started.elapsed()))
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(elapsed: Duration) -> f64 {
    LINES as f64 / elapsed.as_secs_f64()
}

/// The run's page, windows from anywhere, filters and searches, on a hub of its own.
async fn pages(reports: &[Vec<u8>], runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("logs-pages")?;
    let filling = || fill(&folder, Durability::Off, reports);
    let (run, _) = tokio::task::block_in_place(filling)?;
    let server = Server::start(&folder).await?;
    let mut figures = Vec::new();
    for (what, path, target) in [
        ("run page, 1,000,000 lines", "", "≤ 30"),
        ("200 lines from the middle", "/log?from=500000", "≤ 30"),
        ("the one error", "/log?from=first&level=error", "≤ 30"),
        (
            "200 warnings from the middle",
            "/log?from=500000&level=warn",
            "≤ 30",
        ),
        (
            "one answer of a search for a rare text",
            "/log?from=first&text=step%20999000",
            "≤ 100",
        ),
        (
            "one answer of a count of matches",
            "/log/matches?text=step%20999",
            "≤ 100",
        ),
    ] {
        let mut p99s = Vec::new();
        for _ in 0..runs {
            p99s.push(server.p99_millis(&format!("/runs/{run}{path}")).await?);
        }
        figures.push(Figure::new(format!("{what}, p99 ms"), p99s, target));
    }
    Ok(figures)
}

//! Telemetry: how much of one core a hub needs for what many workers measure of their machines.

use std::fmt::Write as _;

use anyhow::Context as _;
use cupola_domain::{access::Role, ids::WorkerId, resources::Capabilities};
use cupola_hub::work::Registration;
use cupola_protocol::telemetry::TelemetryTaken;
use cupola_store::Durability;

use super::{
    Figure,
    client::Connection,
    fixture::{BenchHub, Folder},
    server::Server,
};

const SESSION: &str = "bench";

/// How often a machine is measured while it runs something.
const SAMPLE_SECS: f64 = 5.0;

/// Of a machine with one graphics processor.
const VALUES: &str = r#"{"cpu.percent":71.25,"cpu.celsius":63.5,"cpu.power_watts":88.125,
    "memory.used_bytes":23714119680,"disk.used_bytes":412316860416,
    "disk.read_bytes_per_second":18022.4,"disk.written_bytes_per_second":1258291.2,
    "network.received_bytes_per_second":20480.0,"network.sent_bytes_per_second":7372.8,
    "gpu.0.percent":97,"gpu.0.memory_used_bytes":9663676416,"gpu.0.celsius":74,
    "gpu.0.power_watts":301.742}"#;

/// Workers, and the secret that they joined with.
struct Fleet {
    workers: Vec<WorkerId>,
    secret: String,
}

pub(super) async fn measure(workers: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("telemetry")?;
    let fleet = tokio::task::block_in_place(|| join(&folder, workers))?;
    let server = Server::start(&folder).await?;
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut connection = Connection::open(&address, &fleet.secret)?;
    // From the first report on the hub knows how many there are, and how often to be told.
    tokio::task::block_in_place(|| tell(&mut connection, &fleet, 0, 1))?;
    let period = period(&server, &fleet).await?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a period is minutes at most"
    )]
    let samples = (period / SAMPLE_SECS).ceil() as u64;
    let mut shares = Vec::with_capacity(runs);
    for round in 0..runs {
        let first = 2 + round as u64 * samples;
        let before = server.cpu_secs()?;
        tokio::task::block_in_place(|| tell(&mut connection, &fleet, first, samples))?;
        shares.push(100.0 * (server.cpu_secs()? - before) / period);
    }
    let what = format!("% of one core for the telemetry of {workers} workers, every {period} s");
    Ok(vec![Figure::new(what, shares, "≤ 3")])
}

fn join(folder: &Folder, count: u32) -> anyhow::Result<Fleet> {
    let hub = BenchHub::open(folder, Durability::Off)?;
    let (secret, token) = hub.hub.create_token("fleet", Role::Worker, None)?;
    let join = |n: u32| {
        let registration = Registration {
            id: None,
            name: format!("worker {n}"),
            session: SESSION.to_owned(),
            place: String::new(),
            slots: 1,
            version: SESSION.to_owned(),
            capabilities: Capabilities::default(),
        };
        Ok(hub.hub.register_worker(token.id, registration)?.id)
    };
    let workers = (0..count).map(join).collect::<anyhow::Result<_>>()?;
    hub.hub.close();
    Ok(Fleet { workers, secret })
}

/// Each worker's report of samples from number `first` on.
fn tell(
    connection: &mut Connection,
    fleet: &Fleet,
    first: u64,
    samples: u64,
) -> anyhow::Result<()> {
    let report = report(first, samples);
    for worker in &fleet.workers {
        let path = format!("/api/v1/workers/{worker}/telemetry");
        connection.post(&path, report.as_bytes())?;
    }
    Ok(())
}

fn report(first: u64, samples: u64) -> String {
    let mut text = format!(r#"{{"session":"{SESSION}","samples":["#);
    for at in 0..samples {
        let (comma, age) = (if at == 0 { "" } else { "," }, 5_000 * (samples - 1 - at));
        let number = first + at;
        let _ = write!(
            text,
            r#"{comma}{{"number":{number},"age_millis":{age},"values":{VALUES}}}"#
        );
    }
    text.push_str("]}");
    text
}

/// How long the hub wants a worker to wait between two reports, now that it knows all of them.
async fn period(server: &Server, fleet: &Fleet) -> anyhow::Result<f64> {
    let worker = fleet.workers.last().context("there are no workers")?;
    let url = format!("{}/api/v1/workers/{worker}/telemetry", server.url);
    let request = server.http.post(url).bearer_auth(&fleet.secret);
    let request = request.header("content-type", "application/json");
    let answer = request
        .body(report(1, 1))
        .send()
        .await?
        .error_for_status()?;
    let taken: TelemetryTaken = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(taken.next_report_secs)
}

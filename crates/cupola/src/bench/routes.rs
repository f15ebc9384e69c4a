//! The training monitor's routes, with many models and a day's telemetry of many workers in the store.

use std::time::Duration;

use cupola_domain::telemetry::{GpuQuantity, Quantity, SAMPLES_MAX, Sample, Values};
use cupola_protocol::paths::afs;
use cupola_store::Durability;
use serde_json::json;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
    server::Server,
    training,
};

/// Workers that measured all day, one sample each half minute.
const WORKERS: u32 = 100;
const EVERY: Duration = Duration::from_secs(30);
const SAMPLES: u32 = 2_880;

/// A model that is there.
const MODEL: &str = "model-0007";

pub(super) async fn measure(models: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("routes")?;
    tokio::task::block_in_place(|| {
        training::fill(&folder, models as usize)?;
        measure_workers(&folder)
    })?;
    let server = Server::start(&folder).await?;
    let mut figures = Vec::new();
    for path in [
        afs::HEALTH,
        afs::TRAINING_STATUS,
        afs::MODELS_STATUS,
        afs::MODEL_STATUS,
        afs::COSTS,
        afs::GPU_UTILIZATION,
        afs::TRAINING_LOSS,
        afs::THROUGHPUT,
        afs::REGISTRY,
        afs::EXPORT_CSV,
        afs::EXPORT_JSON,
    ] {
        let path = path.replace("{key}", MODEL);
        let (mut p50s, mut p99s) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let millis = server
                .millis_of(|http, url| http.get(format!("{url}{path}")))
                .await?;
            p50s.push(millis[millis.len() / 2]);
            p99s.push(millis[millis.len() * 99 / 100]);
        }
        figures.extend(both(&path, models, p50s, p99s));
    }
    figures.extend(updates(&server, models, runs).await?);
    Ok(figures)
}

/// Each of these is durable when it is answered.
async fn updates(server: &Server, models: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let body = json!({"model_key": MODEL, "status": "running", "progress": 50});
    let (mut p50s, mut p99s) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let post = |http: &reqwest::Client, url: &str| {
            http.post(format!("{url}{}", afs::UPDATE_STATUS))
                .json(&body)
        };
        let millis = server.millis_of(post).await?;
        p50s.push(millis[millis.len() / 2]);
        p99s.push(millis[millis.len() * 99 / 100]);
    }
    Ok(both(afs::UPDATE_STATUS, models, p50s, p99s).into())
}

fn both(path: &str, models: u32, p50s: Vec<f64>, p99s: Vec<f64>) -> [Figure; 2] {
    let of = |which: &str| format!("{path}, {models} models, {which} ms");
    [
        Figure::new(of("p50"), p50s, "–"),
        Figure::new(of("p99"), p99s, "≤ 10"),
    ]
}

fn measure_workers(folder: &Folder) -> anyhow::Result<()> {
    let hub = BenchHub::open(folder, Durability::Off)?;
    for n in 0..WORKERS {
        let worker = hub.join(&format!("measured-{n}"))?;
        let samples: Vec<Sample> = (0..SAMPLES).map(sample).collect();
        for part in samples.chunks(SAMPLES_MAX) {
            hub.hub
                .take_telemetry(hub.token, worker, "bench", part.to_vec())?;
        }
    }
    hub.hub.close();
    Ok(())
}

fn sample(number: u32) -> Sample {
    let busy = f64::from(number % 101);
    Sample {
        number: number.into(),
        age: EVERY * (SAMPLES - 1 - number),
        values: Values::from([
            (Quantity::CpuPercent, busy),
            (Quantity::MemoryUsed, busy * 1e8),
            (Quantity::Gpu(0, GpuQuantity::Percent), 100.0 - busy),
            (Quantity::Gpu(0, GpuQuantity::MemoryUsed), busy * 2e8),
            (Quantity::Gpu(0, GpuQuantity::Celsius), 40.0 + busy / 4.0),
        ]),
    }
}
